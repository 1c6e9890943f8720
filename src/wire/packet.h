/*
 * What is inside a frame, as far as safety and repair need to know: behind VLAN tags,
 * behind LLC/SNAP, behind IPv6 extension headers.
 *
 * Everything here reads hostile bytes. A walk that ends early says so (`truncated`)
 * and leaves the rest zero: the caller decides whether doubt means no.
 */
#pragma once

#include "wire/frame.h"

enum { /* IANA protocol numbers */
       LP_PROTO_HOPOPTS = 0,
       LP_PROTO_ICMP = 1,
       LP_PROTO_TCP = 6,
       LP_PROTO_UDP = 17,
       LP_PROTO_ROUTING = 43,
       LP_PROTO_FRAGMENT = 44,
       LP_PROTO_ESP = 50,
       LP_PROTO_AH = 51,
       LP_PROTO_ICMPV6 = 58,
       LP_PROTO_NONE = 59,
       LP_PROTO_DSTOPTS = 60,
       LP_PROTO_MOBILITY = 135,
       LP_PROTO_HIP = 139,
       LP_PROTO_SHIM6 = 140,
};

#define LP_PACKET_MAX_TAGS 8 /* that are walked past; more is `truncated` */

typedef struct lp_packet {
    unsigned tag_count; /* VLAN tags passed */
    bool is_llc;        /* IEEE 802.3 with LLC, no (known) SNAP behind it */
    bool is_snap;       /* `ethertype` came from an RFC 1042 SNAP header */
    uint8_t llc_dsap;   /* when is_llc */
    uint16_t ethertype; /* the innermost; 0 when is_llc */
    size_t network_at;  /* where the payload of `ethertype` begins, from the frame */

    uint8_t ip_version;  /* 4, 6, or 0: not IP, or its header does not hold together */
    size_t ip_len;       /* header and payload, by the IP header's own length field;
                            reaches beyond the frame only if truncated */
    bool is_fragment;    /* any fragment, the first too */
    bool is_first;       /* offset zero (always so where it is no fragment) */
    bool dont_fragment;  /* IPv4 DF; always so for IPv6 */
    uint8_t protocol;    /* behind every extension header */
    size_t transport_at; /* where `protocol` begins, from the frame; 0 if unknown or not
                            here: a later fragment */

    bool has_ports; /* TCP and UDP, not behind a later fragment */
    uint16_t source_port, destination_port;
    bool has_icmp; /* ICMP and ICMPv6 likewise */
    uint8_t icmp_type;

    bool truncated; /* doubt: the frame ends before the walk could or before a length
                            field says, or a header contradicts itself */
} lp_packet;

/*
 * Walks the frame. Never fails: what cannot be read is zero and `truncated` is set.
 * Bounded: at most 8 tags and 16 extension headers, more counts as truncated.
 */
lp_packet lp_packet_walk(lp_bytes frame);
