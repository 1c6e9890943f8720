/*
 * The answers that a router would give: ICMP "fragmentation needed" (RFC 792, 1191) and
 * ICMPv6 "packet too big" (RFC 4443 3.2), and when it must keep quiet (RFC 1122 3.2.2,
 * RFC 4443 2.4 e). In doubt, quiet: an answer that is not due is an amplifier.
 */
#include "base/cursor.h"
#include "core/offload.h"
#include "core/repair_parts.h"

#define IPV4_HEADER_LEN 20
#define IPV6_HEADER_LEN 40
#define ICMP_HEADER_LEN 8
#define ICMP_QUOTE_MAX  548 /* 576 in all, RFC 1812 4.3.2.3 */
#define ICMPV6_TOTAL    1280
#define ANSWER_TTL      64
#define ANSWER_TOS      0xc0 /* internetwork control, RFC 1812 4.3.2.5 */
#define DONT_FRAGMENT   0x4000

enum { ICMP_UNREACHABLE = 3, ICMP_SOURCE_QUENCH = 4, ICMP_REDIRECT = 5 };
enum { ICMP_TIME_EXCEEDED = 11, ICMP_PARAMETER = 12, ICMP_LAST_KNOWN = 18 };
enum { ICMP_NEED_FRAG_CODE = 4 };
enum { ICMPV6_TOO_BIG = 2, ICMPV6_FIRST_QUERY = 128, ICMPV6_REDIRECT = 137 };

_Static_assert(LP_REPAIR_REPLY_MAX == LP_FRAME_HEADER_LEN + ICMPV6_TOTAL,
               "the longest answer is a packet too big");

/* --- when to keep quiet ----------------------------------------------------------- */

static bool is_unicast_ipv4(const uint8_t *address)
{
    /* Not "this network", loopback, multicast, class E and broadcast. */
    return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

static bool is_unicast_ipv6(const uint8_t *address)
{
    static const uint8_t zeros[15];
    bool is_unspecified_or_loopback =
        memcmp(address, zeros, sizeof zeros) == 0 && address[15] <= 1;
    return address[0] != 0xff && !is_unspecified_or_loopback;
}

static bool is_icmp_error(const lp_packet *packet)
{
    switch (packet->icmp_type) {
    case ICMP_UNREACHABLE:
    case ICMP_SOURCE_QUENCH:
    case ICMP_REDIRECT:
    case ICMP_TIME_EXCEEDED:
    case ICMP_PARAMETER:
        return true;
    default: /* what is not known might be an error */
        return packet->icmp_type > ICMP_LAST_KNOWN;
    }
}

static bool is_icmpv6_error(const lp_packet *packet)
{
    return packet->icmp_type < ICMPV6_FIRST_QUERY ||
           packet->icmp_type == ICMPV6_REDIRECT;
}

static bool may_answer_ipv4(const uint8_t *ip, const lp_packet *packet)
{
    if (packet->protocol == LP_PROTO_ICMP &&
        (!packet->has_icmp || is_icmp_error(packet)))
        return false;
    return is_unicast_ipv4(ip + 12) && is_unicast_ipv4(ip + 16);
}

static bool may_answer_ipv6(const uint8_t *ip, const lp_packet *packet)
{
    if (packet->protocol == LP_PROTO_ICMPV6 &&
        (!packet->has_icmp || is_icmpv6_error(packet)))
        return false;
    /* RFC 4443 would allow it for multicast; one packet could then call up a crowd. */
    return is_unicast_ipv6(ip + 8) && is_unicast_ipv6(ip + 24);
}

bool lp_repair_may_answer(lp_bytes frame, const lp_packet *packet)
{
    lp_mac destination, source;
    memcpy(destination.octet, frame.at, sizeof destination);
    memcpy(source.octet, frame.at + sizeof destination, sizeof source);
    if (lp_mac_is_multicast(destination) || lp_mac_is_multicast(source) ||
        lp_mac_is_zero(source))
        return false;
    if (packet->truncated || !packet->is_first)
        return false;
    const uint8_t *ip = frame.at + packet->network_at;
    return packet->ip_version == 4 ? may_answer_ipv4(ip, packet)
                                   : may_answer_ipv6(ip, packet);
}

/* --- what to say ------------------------------------------------------------------ */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Back to where the frame came from, out of the player's mouth. */
static void put_ethernet(lp_writer *out, lp_bytes frame)
{
    lp_put(out, lp_bytes_of(frame.at + 6, 6));
    lp_put(out, lp_bytes_of(frame.at, 6));
    lp_put(out, lp_bytes_of(frame.at + 12, 2));
}

static void put_icmp(lp_writer *out, uint8_t type, uint8_t code, uint32_t mtu,
                     lp_bytes quote)
{
    lp_put_u8(out, type);
    lp_put_u8(out, code);
    lp_put_u16(out, 0); /* checksum */
    lp_put_u32(out, mtu);
    lp_put(out, quote);
}

static void finish_checksum(uint8_t *field, uint32_t sum, lp_bytes covered)
{
    lp_set_u16(field, lp_checksum_finish(lp_checksum_add(sum, covered)));
}

static size_t write_need_frag(lp_bytes frame, size_t ip_len, size_t mtu, lp_space space)
{
    const uint8_t *theirs = frame.at + LP_FRAME_HEADER_LEN;
    lp_bytes quote = lp_bytes_of(theirs, smaller(ip_len, ICMP_QUOTE_MAX));
    size_t icmp_len = ICMP_HEADER_LEN + quote.len;

    lp_writer out = {.rest = space};
    put_ethernet(&out, frame);
    lp_put_u8(&out, 0x45);
    lp_put_u8(&out, ANSWER_TOS);
    lp_put_u16(&out, (uint16_t)(IPV4_HEADER_LEN + icmp_len));
    lp_put_u16(&out, 0); /* identification: never fragmented, so it needs none */
    lp_put_u16(&out, DONT_FRAGMENT);
    lp_put_u8(&out, ANSWER_TTL);
    lp_put_u8(&out, LP_PROTO_ICMP);
    lp_put_u16(&out, 0); /* checksum */
    lp_put(&out, lp_bytes_of(theirs + 16, 4));
    lp_put(&out, lp_bytes_of(theirs + 12, 4));
    put_icmp(&out, ICMP_UNREACHABLE, ICMP_NEED_FRAG_CODE, (uint32_t)mtu, quote);

    uint8_t *ip = space.at + LP_FRAME_HEADER_LEN;
    uint8_t *icmp = ip + IPV4_HEADER_LEN;
    finish_checksum(ip + 10, 0, lp_bytes_of(ip, IPV4_HEADER_LEN));
    finish_checksum(icmp + 2, 0, lp_bytes_of(icmp, icmp_len));
    return out.len;
}

static size_t write_too_big(lp_bytes frame, size_t ip_len, size_t mtu, lp_space space)
{
    const uint8_t *theirs = frame.at + LP_FRAME_HEADER_LEN;
    size_t quote_max = ICMPV6_TOTAL - IPV6_HEADER_LEN - ICMP_HEADER_LEN;
    lp_bytes quote = lp_bytes_of(theirs, smaller(ip_len, quote_max));
    size_t icmp_len = ICMP_HEADER_LEN + quote.len;

    lp_writer out = {.rest = space};
    put_ethernet(&out, frame);
    lp_put_u32(&out, 0x60000000);
    lp_put_u16(&out, (uint16_t)icmp_len);
    lp_put_u8(&out, LP_PROTO_ICMPV6);
    lp_put_u8(&out, ANSWER_TTL);
    lp_put(&out, lp_bytes_of(theirs + 24, 16));
    lp_put(&out, lp_bytes_of(theirs + 8, 16));
    put_icmp(&out, ICMPV6_TOO_BIG, 0, (uint32_t)mtu, quote);

    uint8_t *ip = space.at + LP_FRAME_HEADER_LEN;
    uint8_t *icmp = ip + IPV6_HEADER_LEN;
    uint32_t pseudo = (uint32_t)icmp_len + LP_PROTO_ICMPV6;
    pseudo = lp_checksum_add(pseudo, lp_bytes_of(ip + 8, 32));
    finish_checksum(icmp + 2, pseudo, lp_bytes_of(icmp, icmp_len));
    return out.len;
}

size_t lp_repair_write_answer(lp_bytes frame, const lp_packet *packet, size_t mtu,
                              uint8_t out[LP_REPAIR_REPLY_MAX])
{
    lp_space space = lp_space_of(out, LP_REPAIR_REPLY_MAX);
    return packet->ip_version == 4 ? write_need_frag(frame, packet->ip_len, mtu, space)
                                   : write_too_big(frame, packet->ip_len, mtu, space);
}
