/*
 * Any octets as a frame. What passes from a client also passes from the LAN and is,
 * read in the plainest way, nothing that a client may not send; and no beginning of a
 * refused frame passes.
 */
#include "core/filter.h"

#include "base/cursor.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOM 1280

#define PROMISE(cond) ((cond) ? (void)0 : broken(#cond))

static void broken(const char *promise)
{
    fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

static void check_ipv4(const uint8_t *ip, size_t len)
{
    PROMISE(len >= 20);
    size_t header_len = 4u * (ip[0] & 15);
    bool is_first = (lp_get_u16(ip + 6) & 0x1fff) == 0;
    if (ip[9] != LP_PROTO_UDP || !is_first)
        return;
    PROMISE(len >= header_len + 4);
    PROMISE(lp_get_u16(ip + header_len) != 67);
    PROMISE(lp_get_u16(ip + header_len + 2) != 68);
}

static void check_ipv6(const uint8_t *ip, size_t len)
{
    PROMISE(len >= 40);
    PROMISE(ip[6] != LP_PROTO_FRAGMENT);
    if (ip[6] == LP_PROTO_ICMPV6)
        PROMISE(len > 40 && ip[40] != 134 && ip[40] != 137);
    if (ip[6] == LP_PROTO_UDP)
        PROMISE(len >= 44 && lp_get_u16(ip + 40) != 547 && lp_get_u16(ip + 42) != 546);
}

static void check_passed(const uint8_t *at, size_t len)
{
    PROMISE(len >= LP_FRAME_HEADER_LEN && len <= LP_FRAME_MAX_LEN);
    PROMISE((at[6] & 1) == 0);
    PROMISE(memcmp(at, "\x01\x80\xc2\x00\x00", 5) != 0 || at[5] > 15);

    uint16_t ethertype = lp_get_u16(at + 12);
    PROMISE(!lp_ethertype_is_tag(ethertype));
    PROMISE(ethertype != LP_ETHERTYPE_EAPOL && ethertype != LP_ETHERTYPE_LLDP &&
            ethertype != LP_ETHERTYPE_SLOW);
    if (ethertype < LP_ETHERTYPE_MIN)
        PROMISE(len > LP_FRAME_HEADER_LEN && at[14] != 0x42);
    if (ethertype == LP_ETHERTYPE_IPV4)
        check_ipv4(at + LP_FRAME_HEADER_LEN, len - LP_FRAME_HEADER_LEN);
    if (ethertype == LP_ETHERTYPE_IPV6)
        check_ipv6(at + LP_FRAME_HEADER_LEN, len - LP_FRAME_HEADER_LEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lp_bytes frame = lp_bytes_of(data, size);
    lp_reason reason = lp_filter_frame_of_any_size(LP_FROM_CLIENT, frame);
    lp_reason in_room = lp_filter_frame(LP_FROM_CLIENT, frame, ROOM);
    PROMISE(in_room == reason || in_room == LP_REASON_TAP_MTU);

    if (reason == LP_REASON_NONE) {
        PROMISE(lp_filter_frame_of_any_size(LP_FROM_LAN, frame) == LP_REASON_NONE);
        check_passed(data, size);
        return 0;
    }
    if (reason == LP_REASON_JUMBO)
        return 0;
    for (size_t len = 0; len < size; len++) {
        lp_bytes cut = lp_bytes_of(data, len);
        PROMISE(lp_filter_frame_of_any_size(LP_FROM_CLIENT, cut) != LP_REASON_NONE);
    }
    return 0;
}
