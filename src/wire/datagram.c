#include "wire/datagram.h"

#include "base/cursor.h"
#include "wire/frame.h"

#define OVERHEAD \
    (LP_DATAGRAM_HEADER_LEN + LP_FRAME_HEADER_LEN + LP_DATAGRAM_SAFETY_MARGIN)
#define MTU_MAX (LP_DATAGRAM_PAYLOAD_MAX - LP_FRAME_HEADER_LEN)

lp_err lp_datagram_read(lp_bytes bytes, lp_datagram *out_datagram)
{
    lp_cursor in = {.rest = bytes};
    uint8_t version_and_type = lp_take_u8(&in);
    uint8_t flags = lp_take_u8(&in);
    uint16_t payload_len = lp_take_u16(&in);
    lp_datagram datagram = {.type = version_and_type & 15};
    datagram.room = lp_take_u32(&in);
    datagram.source = lp_take_u32(&in);
    datagram.destination = lp_take_u32(&in);
    datagram.payload = in.rest;

    if (in.failed)
        return LP_ERR_TRUNCATED;
    if (version_and_type >> 4 != LP_PROTOCOL_VERSION)
        return LP_ERR_VERSION;
    if (flags != 0 || payload_len != datagram.payload.len)
        return LP_ERR_MALFORMED;
    bool is_keepalive = datagram.type == LP_DATAGRAM_KEEPALIVE && payload_len == 0;
    if (datagram.type != LP_DATAGRAM_FRAME && !is_keepalive)
        return LP_ERR_MALFORMED;
    *out_datagram = datagram;
    return LP_OK;
}

size_t lp_datagram_write(const lp_datagram *datagram, lp_space space)
{
    size_t payload_len = datagram->payload.len;
    if (payload_len > LP_DATAGRAM_PAYLOAD_MAX ||
        space.len < LP_DATAGRAM_HEADER_LEN + payload_len)
        return 0;
    uint8_t *at = space.at;
    at[0] = (uint8_t)(LP_PROTOCOL_VERSION << 4 | datagram->type);
    at[1] = 0;
    lp_set_u16(at + 2, (uint16_t)payload_len);
    lp_set_u32(at + 4, datagram->room);
    lp_set_u32(at + 8, datagram->source);
    lp_set_u32(at + 12, datagram->destination);
    uint8_t *payload_at = at + LP_DATAGRAM_HEADER_LEN;
    if (payload_len > 0 && datagram->payload.at != payload_at)
        memcpy(payload_at, datagram->payload.at, payload_len);
    return LP_DATAGRAM_HEADER_LEN + payload_len;
}

size_t lp_mtu_of_budget(size_t datagram_budget)
{
    if (datagram_budget < OVERHEAD)
        return 0;
    size_t mtu = datagram_budget - OVERHEAD;
    return mtu < MTU_MAX ? mtu : MTU_MAX;
}

size_t lp_budget_of_mtu(size_t mtu)
{
    return mtu + OVERHEAD;
}
