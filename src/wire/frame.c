#include "wire/frame.h"

#include "base/cursor.h"

lp_err lp_frame_read(lp_bytes bytes, lp_frame *out_frame)
{
    if (bytes.len < LP_FRAME_HEADER_LEN)
        return LP_ERR_TRUNCATED;
    memcpy(out_frame->destination.octet, bytes.at, 6);
    memcpy(out_frame->source.octet, bytes.at + 6, 6);
    out_frame->ethertype = lp_get_u16(bytes.at + 12);
    out_frame->payload = lp_bytes_after(bytes, LP_FRAME_HEADER_LEN);
    return LP_OK;
}

bool lp_ethertype_is_tag(uint16_t ethertype)
{
    return ethertype == LP_ETHERTYPE_VLAN || ethertype == LP_ETHERTYPE_SVLAN ||
           ethertype == LP_ETHERTYPE_QINQ_OLD || ethertype == LP_ETHERTYPE_QINQ_OLD2;
}
