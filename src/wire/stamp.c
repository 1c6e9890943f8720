#include "wire/stamp.h"

#include "base/cursor.h"
#include "wire/datagram.h"

#define FIRST_OCTET   (LP_PROTOCOL_VERSION << 4 | LP_DATAGRAM_STAMP)
#define HAS_TRANSIT   1
#define WANTS_ANSWERS 2

lp_err lp_stamp_read(lp_bytes bytes, lp_stamp *out_stamp)
{
    if (bytes.len != LP_STAMP_LEN || bytes.at[0] != FIRST_OCTET)
        return LP_ERR_MALFORMED;
    uint8_t flags = bytes.at[1];
    lp_stamp stamp = {
        .sent = lp_get_u32(bytes.at + 2),
        .transit = lp_get_u32(bytes.at + 6),
        .has_transit = flags & HAS_TRANSIT,
        .wants_answers = flags & WANTS_ANSWERS,
    };
    if (flags & ~(HAS_TRANSIT | WANTS_ANSWERS) || (stamp.transit && !stamp.has_transit))
        return LP_ERR_MALFORMED;
    *out_stamp = stamp;
    return LP_OK;
}

void lp_stamp_write(const lp_stamp *stamp, uint8_t out[LP_STAMP_LEN])
{
    out[0] = FIRST_OCTET;
    out[1] = (uint8_t)((stamp->has_transit ? HAS_TRANSIT : 0) |
                       (stamp->wants_answers ? WANTS_ANSWERS : 0));
    lp_set_u32(out + 2, stamp->sent);
    lp_set_u32(out + 6, stamp->has_transit ? stamp->transit : 0);
}
