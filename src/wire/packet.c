#include "wire/packet.h"

#include "base/cursor.h"

#define MAX_EXTENSIONS 16

#define IPV4_HEADER_LEN 20 /* without options */
#define IPV6_HEADER_LEN 40
#define IPV4_DF         0x4000
#define IPV4_MF         0x2000
#define IPV4_OFFSET     0x1fff

typedef struct walk {
    lp_bytes frame;
    lp_cursor in;
    lp_packet packet;
} walk;

static size_t here(const walk *w)
{
    return (size_t)(w->in.rest.at - w->frame.at);
}

static void give_up(walk *w)
{
    w->in.failed = true;
}

/* A length field says where the data ends: behind it is padding, before it is doubt. */
static void trim(walk *w, size_t len)
{
    if (len > w->in.rest.len)
        w->packet.truncated = true;
    else
        w->in.rest.len = len;
}

/* --- behind the Ethernet addresses ------------------------------------------------ */

static uint16_t take_tags(walk *w, uint16_t ethertype)
{
    while (lp_ethertype_is_tag(ethertype) && !w->in.failed) {
        if (w->packet.tag_count == LP_PACKET_MAX_TAGS) {
            give_up(w);
            break;
        }
        w->packet.tag_count++;
        lp_take_u16(&w->in); /* priority and VLAN id */
        ethertype = lp_take_u16(&w->in);
    }
    return w->in.failed ? 0 : ethertype;
}

/* IEEE 802.2; the group, response and poll bits do not change what a stack reads. */
static bool is_snap(lp_bytes llc)
{
    return (llc.at[0] & 0xfe) == 0xaa && (llc.at[1] & 0xfe) == 0xaa &&
           (llc.at[2] & 0xef) == 0x03;
}

/* RFC 1042, and IEEE 802.1H bridge tunnels: both mean "an ethertype follows". */
static bool is_ethertype_oui(lp_bytes oui)
{
    return oui.at[0] == 0 && oui.at[1] == 0 && (oui.at[2] == 0 || oui.at[2] == 0xf8);
}

/* The ethertype of a SNAP header; 0 where there is only LLC. */
static uint16_t take_llc(walk *w, size_t len)
{
    trim(w, len);
    lp_bytes llc = lp_take(&w->in, 3);
    if (w->in.failed)
        return 0;
    w->packet.llc_dsap = llc.at[0];
    w->packet.is_llc = true;
    if (!is_snap(llc))
        return 0;

    lp_bytes oui = lp_take(&w->in, 3);
    uint16_t ethertype = lp_take_u16(&w->in);
    if (w->in.failed || !is_ethertype_oui(oui))
        return 0;
    w->packet.is_llc = false;
    w->packet.llc_dsap = 0;
    w->packet.is_snap = true;
    return take_tags(w, ethertype);
}

static uint16_t take_ethertype(walk *w)
{
    uint16_t ethertype = take_tags(w, lp_take_u16(&w->in));
    if (w->in.failed || ethertype >= LP_ETHERTYPE_MIN)
        return ethertype;
    return take_llc(w, ethertype);
}

/* --- IP --------------------------------------------------------------------------- */

static void take_transport(walk *w, uint8_t protocol)
{
    lp_packet *packet = &w->packet;
    packet->protocol = protocol;
    packet->transport_at = here(w);
    if (protocol == LP_PROTO_TCP || protocol == LP_PROTO_UDP) {
        packet->source_port = lp_take_u16(&w->in);
        packet->destination_port = lp_take_u16(&w->in);
        packet->has_ports = !w->in.failed;
    } else if (protocol == LP_PROTO_ICMP || protocol == LP_PROTO_ICMPV6) {
        packet->icmp_type = lp_take_u8(&w->in);
        packet->has_icmp = !w->in.failed;
    }
}

static void take_ipv4(walk *w)
{
    lp_packet *packet = &w->packet;
    lp_bytes ip = lp_take(&w->in, IPV4_HEADER_LEN);
    if (w->in.failed)
        return;
    size_t header_len = 4u * (ip.at[0] & 15);
    size_t total_len = lp_get_u16(ip.at + 2);
    if (ip.at[0] >> 4 != 4 || header_len < IPV4_HEADER_LEN || total_len < header_len)
        give_up(w);
    else
        lp_take(&w->in, header_len - IPV4_HEADER_LEN);
    if (w->in.failed)
        return;

    uint16_t fragment = lp_get_u16(ip.at + 6);
    packet->ip_version = 4;
    packet->ip_len = total_len;
    packet->dont_fragment = fragment & IPV4_DF;
    packet->is_fragment = fragment & (IPV4_MF | IPV4_OFFSET);
    packet->is_first = (fragment & IPV4_OFFSET) == 0;
    trim(w, total_len - header_len);
    if (packet->is_first)
        take_transport(w, ip.at[9]);
    else
        packet->protocol = ip.at[9];
}

static bool is_extension(uint8_t protocol)
{
    switch (protocol) {
    case LP_PROTO_HOPOPTS:
    case LP_PROTO_ROUTING:
    case LP_PROTO_FRAGMENT:
    case LP_PROTO_AH:
    case LP_PROTO_DSTOPTS:
    case LP_PROTO_MOBILITY:
    case LP_PROTO_HIP:
    case LP_PROTO_SHIM6:
        return true;
    default:
        return false;
    }
}

/* Returns what follows it. RFC 8200 section 4; AH counts in fours, RFC 4302 2.2. */
static uint8_t take_extension(walk *w, uint8_t protocol)
{
    uint8_t next = lp_take_u8(&w->in);
    size_t len = lp_take_u8(&w->in);
    if (protocol == LP_PROTO_FRAGMENT) {
        w->packet.is_fragment = true;
        if (lp_take_u16(&w->in) >> 3 != 0)
            w->packet.is_first = false;
        lp_take_u32(&w->in);
    } else {
        lp_take(&w->in, (protocol == LP_PROTO_AH ? (len + 2) * 4 : (len + 1) * 8) - 2);
    }
    return next;
}

static void take_ipv6(walk *w)
{
    lp_packet *packet = &w->packet;
    lp_bytes ip = lp_take(&w->in, IPV6_HEADER_LEN);
    if (!w->in.failed && ip.at[0] >> 4 != 6)
        give_up(w);
    if (w->in.failed)
        return;

    size_t payload_len = lp_get_u16(ip.at + 4);
    packet->ip_version = 6;
    packet->ip_len = IPV6_HEADER_LEN + payload_len;
    packet->dont_fragment = true;
    trim(w, payload_len);

    uint8_t next = ip.at[6];
    for (int i = 0; packet->is_first && is_extension(next); i++) {
        if (i == MAX_EXTENSIONS)
            give_up(w);
        next = take_extension(w, next);
        if (w->in.failed)
            return;
    }
    if (packet->is_first)
        take_transport(w, next);
    else
        packet->protocol = next; /* of the whole packet's rest, which is not here */
}

lp_packet lp_packet_walk(lp_bytes frame)
{
    walk w = {.frame = frame, .in = {.rest = frame}, .packet = {.is_first = true}};
    lp_take(&w.in, 2 * sizeof(lp_mac));
    w.packet.ethertype = take_ethertype(&w);
    if (!w.in.failed) {
        w.packet.network_at = here(&w);
        if (w.packet.ethertype == LP_ETHERTYPE_IPV4)
            take_ipv4(&w);
        else if (w.packet.ethertype == LP_ETHERTYPE_IPV6)
            take_ipv6(&w);
    }
    w.packet.truncated |= w.in.failed;
    return w.packet;
}
