#include "core/filter.h"

#include "base/cursor.h"

/* All that a rule may look at. */
typedef struct view {
    lp_bytes bytes;
    lp_frame frame;
    lp_packet packet;
} view;

#define ABSENT UINT64_MAX /* what a field is worth in a frame that has none */

typedef struct rule {
    lp_reason reason;
    enum { BOTH_WAYS, FROM_CLIENTS } when;
    uint64_t (*field)(const view *seen);
    uint64_t first, last; /* the values it must not have */
} rule;

#define IS(value)       (value), (value)
#define ABOVE(value)    (value) + 1, ABSENT - 1
#define IS_TRUE         IS(true)
#define LLC_SPANNING    0x42
#define LLC_SNAP        0xaa
#define LLC_SNAP_LEN    8 /* DSAP, SSAP, control, then organisation and protocol */
#define TAG_LEN         4
#define DHCP_SERVER     67
#define DHCP_CLIENT     68
#define DHCPV6_CLIENT   546
#define DHCPV6_SERVER   547
#define ICMPV6_RA       134
#define ICMPV6_REDIRECT 137
#define ETHERTYPE_PAUSE 0x8808 /* MAC control, IEEE 802.3 annex 31B */

/* --- fields ----------------------------------------------------------------------- */

static uint64_t length(const view *seen)
{
    return seen->bytes.len;
}

static uint64_t source_is_invalid(const view *seen)
{
    return lp_mac_is_multicast(seen->frame.source) ||
           lp_mac_is_zero(seen->frame.source);
}

/* As a number, first octet highest, so that a block of addresses is a range. */
static uint64_t destination(const view *seen)
{
    const uint8_t *octet = seen->frame.destination.octet;
    return (uint64_t)lp_get_u16(octet) << 32 | lp_get_u32(octet + 2);
}

static uint64_t ethertype(const view *seen)
{
    return seen->packet.ethertype;
}

static uint64_t tag_count(const view *seen)
{
    return seen->packet.tag_count;
}

/* The lowest bit says individual or group, IEEE 802.2 3.3.1.1: listeners ignore it. */
static uint64_t llc_dsap(const view *seen)
{
    return seen->packet.is_llc ? seen->packet.llc_dsap & 0xfe : ABSENT;
}

/* Organisation (3 octets) and protocol (2) of a SNAP header that names no ethertype. */
static uint64_t snap(const view *seen)
{
    size_t at = LP_FRAME_HEADER_LEN + TAG_LEN * seen->packet.tag_count;
    if (llc_dsap(seen) != LLC_SNAP || seen->bytes.len < at + LLC_SNAP_LEN)
        return ABSENT;
    const uint8_t *header = seen->bytes.at + at;
    return (uint64_t)header[3] << 32 | lp_get_u32(header + 4);
}

static bool has_udp(const view *seen, uint8_t ip_version)
{
    return seen->packet.ip_version == ip_version &&
           seen->packet.protocol == LP_PROTO_UDP && seen->packet.has_ports;
}

static uint64_t udp4_source(const view *seen)
{
    return has_udp(seen, 4) ? seen->packet.source_port : ABSENT;
}

static uint64_t udp4_destination(const view *seen)
{
    return has_udp(seen, 4) ? seen->packet.destination_port : ABSENT;
}

static uint64_t udp6_source(const view *seen)
{
    return has_udp(seen, 6) ? seen->packet.source_port : ABSENT;
}

static uint64_t udp6_destination(const view *seen)
{
    return has_udp(seen, 6) ? seen->packet.destination_port : ABSENT;
}

static uint64_t icmpv6_type(const view *seen)
{
    const lp_packet *packet = &seen->packet;
    bool has_type = packet->protocol == LP_PROTO_ICMPV6 && packet->has_icmp;
    return packet->ip_version == 6 && has_type ? packet->icmp_type : ABSENT;
}

static uint64_t is_ipv6_fragment(const view *seen)
{
    return seen->packet.ip_version == 6 && seen->packet.is_fragment;
}

/* Doubt means no: a host, or another frame, may complete what ends too early here. */
static uint64_t is_opaque(const view *seen)
{
    bool is_short_snap = llc_dsap(seen) == LLC_SNAP && snap(seen) == ABSENT;
    return seen->packet.truncated || is_short_snap;
}

/* --- rules ------------------------------------------------------------------------ */

/* The first that matches names the reason. */
static const rule rules[] = {
    {LP_REASON_JUMBO, BOTH_WAYS, length, ABOVE(LP_FRAME_MAX_LEN)},
    {LP_REASON_INVALID_SOURCE, BOTH_WAYS, source_is_invalid, IS_TRUE},

    /* Nobody stacks that many tags; whoever does hides something behind them. */
    {LP_REASON_OPAQUE, BOTH_WAYS, tag_count, ABOVE(LP_PACKET_MAX_TAGS - 1)},

    /* What switches say to each other stays on its own side (L-022). */
    {LP_REASON_EAPOL, BOTH_WAYS, ethertype, IS(LP_ETHERTYPE_EAPOL)},
    {LP_REASON_LLDP, BOTH_WAYS, ethertype, IS(LP_ETHERTYPE_LLDP)},
    {LP_REASON_SLOW, BOTH_WAYS, ethertype, IS(LP_ETHERTYPE_SLOW)},
    {LP_REASON_LINK_LOCAL, BOTH_WAYS, ethertype, IS(ETHERTYPE_PAUSE)},
    {LP_REASON_BPDU, BOTH_WAYS, llc_dsap, IS(LLC_SPANNING)},
    {LP_REASON_BPDU, BOTH_WAYS, snap, IS(0x00000c010b)}, /* Cisco's PVST+ */
    {LP_REASON_BPDU, BOTH_WAYS, snap, IS(0x0080c2000e)}, /* bridged, RFC 2684 */
    {LP_REASON_LINK_LOCAL, BOTH_WAYS, destination, 0x0180c2000000, 0x0180c200000f},
    /* Every multicast address and SNAP protocol of Cisco's is some switch's control. */
    {LP_REASON_CISCO, BOTH_WAYS, destination, 0x01000c000000, 0x01000cffffff},
    {LP_REASON_CISCO, BOTH_WAYS, snap, 0x00000c0000, 0x00000cffff},

    /* What only the LAN's own router and servers may say (L-023 to L-025). DHCP servers
     * are known by either port: clients do not look where an answer comes from, and a
     * server's answer to a relay agent goes from 67 to 67. */
    {LP_REASON_VLAN, FROM_CLIENTS, tag_count, ABOVE(0)},
    {LP_REASON_DHCP_SERVER, FROM_CLIENTS, udp4_source, IS(DHCP_SERVER)},
    {LP_REASON_DHCP_SERVER, FROM_CLIENTS, udp4_destination, IS(DHCP_CLIENT)},
    {LP_REASON_IPV6_FRAGMENT, FROM_CLIENTS, is_ipv6_fragment, IS_TRUE},
    {LP_REASON_DHCPV6_SERVER, FROM_CLIENTS, udp6_source, IS(DHCPV6_SERVER)},
    {LP_REASON_DHCPV6_SERVER, FROM_CLIENTS, udp6_destination, IS(DHCPV6_CLIENT)},
    {LP_REASON_IPV6_RA, FROM_CLIENTS, icmpv6_type, IS(ICMPV6_RA)},
    {LP_REASON_IPV6_REDIRECT, FROM_CLIENTS, icmpv6_type, IS(ICMPV6_REDIRECT)},
    {LP_REASON_OPAQUE, FROM_CLIENTS, is_opaque, IS_TRUE},
};

lp_reason lp_filter_frame_of_any_size(lp_direction from, lp_bytes frame)
{
    view seen = {.bytes = frame};
    if (lp_frame_read(frame, &seen.frame) != LP_OK)
        return LP_REASON_MALFORMED;
    seen.packet = lp_packet_walk(frame);

    /* Unrolled, the table is code: a third of the instructions. */
#pragma GCC unroll 64
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const rule *row = &rules[i];
        if (row->when == FROM_CLIENTS && from != LP_FROM_CLIENT)
            continue;
        uint64_t value = row->field(&seen);
        if (value >= row->first && value <= row->last)
            return row->reason;
    }
    return LP_REASON_NONE;
}

lp_reason lp_filter_frame(lp_direction from, lp_bytes frame, size_t mtu)
{
    bool is_jumbo = frame.len > LP_FRAME_MAX_LEN;
    if (!is_jumbo && frame.len > mtu + LP_FRAME_HEADER_LEN)
        return LP_REASON_TAP_MTU;
    return lp_filter_frame_of_any_size(from, frame);
}
