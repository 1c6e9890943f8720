/*
 * Any octets as a frame, with an MTU. Fragments fit it, are sound, and hold the
 * packet's payload, all of it and in order; an answer is sound, short, goes back to the
 * sender and quotes what it sent; a lowered MSS keeps the checksum as right as it was.
 *
 *   mtu    2   its highest bit: make the IPv4 header's checksum right first, which no
 *              fuzzer finds by itself
 *   frame  *
 */
#include "core/repair.h"

#include <stdio.h>
#include <stdlib.h>

#include "../ip.h"
#include "base/cursor.h"

#define PROMISE(cond) ((cond) ? (void)0 : broken(#cond))

static void broken(const char *promise)
{
    fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On the heap and no longer than said, so that the sanitizer sees a step outside. */
static uint8_t *copy_of(lp_bytes bytes)
{
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    PROMISE(copy != NULL);
    if (bytes.len > 0)
        memcpy(copy, bytes.at, bytes.len);
    return copy;
}

static size_t check_fragment(lp_bytes frame, lp_bytes out, size_t done, bool is_last)
{
    const uint8_t *theirs = frame.at + IP_ETH, *ours = out.at + IP_ETH;
    size_t header_len = (size_t)(theirs[0] & 15) * 4;
    size_t field = ip_u16(theirs + 6), slice_len = out.len - IP_ETH - header_len;
    PROMISE(ip_u16(ours + 2) == out.len - IP_ETH);
    PROMISE(ip_sum(0, ours, header_len) == 0xffff);
    PROMISE(ip_u16(ours + 4) == ip_u16(theirs + 4));
    PROMISE(ip_u16(ours + 6) == field + done / 8 || !is_last);
    PROMISE(ip_u16(ours + 6) == ((field + done / 8) | 0x2000) || is_last);
    PROMISE(is_last || slice_len % 8 == 0);
    PROMISE(memcmp(ours + header_len, theirs + header_len + done, slice_len) == 0);
    return done + slice_len;
}

static void check_fragments(lp_bytes frame, size_t mtu, size_t count)
{
    uint8_t *out = malloc(IP_ETH + mtu);
    PROMISE(out != NULL && count > 0);
    lp_packet packet = lp_packet_walk(frame);
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        size_t len = lp_repair_fragment(frame, mtu, i, lp_space_of(out, IP_ETH + mtu));
        PROMISE(len > IP_ETH && len <= IP_ETH + mtu);
        if (count > 1)
            done = check_fragment(frame, lp_bytes_of(out, len), done, i + 1 == count);
        else
            PROMISE(len == IP_ETH + packet.ip_len && memcmp(out, frame.at, len) == 0);
    }
    if (count > 1)
        PROMISE(done + (size_t)(frame.at[IP_ETH] & 15) * 4 == packet.ip_len);
    PROMISE(lp_repair_fragment(frame, mtu, count, lp_space_of(out, IP_ETH + mtu)) == 0);
    free(out);
}

static void check_answer(lp_bytes frame, size_t mtu, lp_bytes reply)
{
    const uint8_t *ip = reply.at + IP_ETH;
    bool is_ipv4 = ip[0] >> 4 == 4;
    size_t header_len = is_ipv4 ? 20 : 40, ip_len = reply.len - IP_ETH;
    const uint8_t *icmp = ip + header_len;
    size_t icmp_len = ip_len - header_len;

    PROMISE(reply.len <= LP_REPAIR_REPLY_MAX);
    PROMISE(memcmp(reply.at, frame.at + 6, 6) == 0);
    PROMISE(memcmp(reply.at + 6, frame.at, 6) == 0);
    PROMISE((frame.at[0] & 1) == 0 && (frame.at[6] & 1) == 0);
    PROMISE(ip_u16(icmp + 6) == (mtu & 0xffff));
    PROMISE(memcmp(icmp + 8, frame.at + IP_ETH, icmp_len - 8) == 0);
    if (is_ipv4) {
        PROMISE(ip_len <= 576 && ip_u16(ip + 2) == ip_len);
        PROMISE(ip_sum(0, ip, 20) == 0xffff && ip_sum(0, icmp, icmp_len) == 0xffff);
        PROMISE(icmp[0] == 3 && icmp[1] == 4 && ip[16] < 224);
    } else {
        PROMISE(ip_len <= 1280 && ip_u16(ip + 4) == icmp_len);
        PROMISE(ip_sum(ip_pseudo(ip, 6, 58, icmp_len), icmp, icmp_len) == 0xffff);
        PROMISE(icmp[0] == 2 && icmp[1] == 0 && ip[24] != 0xff);
    }
}

static void check_mss(lp_bytes frame, size_t mtu)
{
    uint8_t *out = copy_of(frame);
    lp_packet packet = lp_packet_walk(frame);
    bool changed = lp_repair_clamp_mss(lp_space_of(out, frame.len), mtu);
    if (!changed) {
        PROMISE(frame.len == 0 || memcmp(out, frame.at, frame.len) == 0);
    } else {
        size_t tcp = packet.transport_at, len = packet.network_at + packet.ip_len - tcp;
        size_t header_len = (size_t)(frame.at[tcp + 12] >> 4) * 4;
        PROMISE(packet.protocol == LP_PROTO_TCP && (frame.at[tcp + 13] & 2) != 0);
        PROMISE(ip_sum(0, out + tcp, len) % 0xffff ==
                ip_sum(0, frame.at + tcp, len) % 0xffff);
        PROMISE(memcmp(out, frame.at, tcp + 16) == 0);
        PROMISE(memcmp(out + tcp + header_len, frame.at + tcp + header_len,
                       frame.len - tcp - header_len) == 0);
        PROMISE(!lp_repair_clamp_mss(lp_space_of(out, frame.len), mtu));
    }
    free(out);
}

static void make_header_sound(uint8_t *frame, size_t len)
{
    size_t header_len = len > IP_ETH ? (size_t)(frame[IP_ETH] & 15) * 4 : 0;
    if (header_len < 20 || len < IP_ETH + header_len || ip_u16(frame + 12) != 0x0800)
        return;
    ip_set_u16(frame + 24, 0);
    ip_set_u16(frame + 24, 0xffff ^ ip_sum(0, frame + IP_ETH, header_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lp_cursor in = {.rest = lp_bytes_of(data, size)};
    size_t mtu = lp_take_u16(&in);
    if (in.failed)
        return 0;
    uint8_t *copy = copy_of(in.rest);
    if (mtu & 0x8000)
        make_header_sound(copy, in.rest.len);
    mtu &= 0x7fff;
    lp_bytes frame = lp_bytes_of(copy, in.rest.len);
    lp_repair repair = lp_repair_start(true, 0);
    lp_repair_plan plan = lp_repair_plan_for(&repair, frame, mtu, 0);
    switch (plan.kind) {
    case LP_REPAIR_FRAGMENTS:
        check_fragments(frame, mtu, plan.fragment_count);
        break;
    case LP_REPAIR_REPLY:
        check_answer(frame, mtu, lp_bytes_of(plan.reply, plan.reply_len));
        break;
    case LP_REPAIR_NOTHING:
        PROMISE(plan.reason == LP_REASON_UNREPAIRABLE);
        break;
    }
    check_mss(frame, mtu);
    free(copy);
    return 0;
}
