/*
 * Lowers the maximum segment size that a TCP SYN announces, so that both ends send what
 * fits without having to learn it from lost segments.
 */
#include "base/cursor.h"
#include "core/repair.h"

/* Fixed headers only: the option does not count what varies (RFC 6691). */
#define IPV4_TCP_LEN 40
#define IPV6_TCP_LEN 60

enum { TCP_DATA_OFFSET_AT = 12, TCP_FLAGS_AT = 13, TCP_CHECKSUM_AT = 16 };
enum { TCP_HEADER_LEN = 20, TCP_SYN = 0x02 };
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTION_MSS_LEN = 4 };

/* The TCP header with its options, or nothing where this is no whole SYN. */
static lp_space find_syn(lp_space frame, const lp_packet *packet)
{
    lp_space none = {0};
    if (packet->protocol != LP_PROTO_TCP || !packet->has_ports || packet->is_fragment)
        return none;
    size_t end = packet->network_at + packet->ip_len;
    if (end > frame.len || packet->transport_at + TCP_HEADER_LEN > end)
        return none;
    uint8_t *tcp = frame.at + packet->transport_at;
    size_t header_len = (size_t)(tcp[TCP_DATA_OFFSET_AT] >> 4) * 4;
    if (header_len < TCP_HEADER_LEN || header_len > end - packet->transport_at)
        return none;
    return tcp[TCP_FLAGS_AT] & TCP_SYN ? lp_space_of(tcp, header_len) : none;
}

static uint16_t swapped(uint16_t value)
{
    return (uint16_t)(value << 8 | value >> 8);
}

/* Equation 3 of RFC 1624: HC' = ~(~HC + ~m + m'). */
static void replace(lp_space tcp, size_t at, uint16_t value)
{
    uint16_t old = lp_get_u16(tcp.at + at);
    lp_set_u16(tcp.at + at, value);
    if (at % 2 != 0) { /* options need not be aligned: it lies across two words */
        old = swapped(old);
        value = swapped(value);
    }
    uint16_t checksum = lp_get_u16(tcp.at + TCP_CHECKSUM_AT);
    uint32_t sum = (uint16_t)~checksum + (uint32_t)(uint16_t)~old + value;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    lp_set_u16(tcp.at + TCP_CHECKSUM_AT, (uint16_t)~sum);
}

static bool clamp_options(lp_space tcp, uint16_t max_segment)
{
    bool changed = false;
    size_t at = TCP_HEADER_LEN;
    while (at < tcp.len && tcp.at[at] != OPTION_END) {
        if (tcp.at[at] == OPTION_NOP) {
            at++;
            continue;
        }
        size_t left = tcp.len - at;
        size_t option_len = left >= 2 ? tcp.at[at + 1] : 0;
        if (option_len < 2 || option_len > left)
            break;
        if (tcp.at[at] == OPTION_MSS && option_len == OPTION_MSS_LEN &&
            lp_get_u16(tcp.at + at + 2) > max_segment) {
            replace(tcp, at + 2, max_segment);
            changed = true;
        }
        at += option_len;
    }
    return changed;
}

bool lp_repair_clamp_mss(lp_space frame, size_t mtu)
{
    lp_packet packet = lp_packet_walk(lp_bytes_of(frame.at, frame.len));
    lp_space tcp = find_syn(frame, &packet);
    size_t headers_len = packet.ip_version == 6 ? IPV6_TCP_LEN : IPV4_TCP_LEN;
    if (tcp.len == 0 || mtu <= headers_len || mtu - headers_len > UINT16_MAX)
        return false;
    return clamp_options(tcp, (uint16_t)(mtu - headers_len));
}
