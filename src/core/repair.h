/*
 * Frames of the LAN that do not fit the room's MTU: repaired honestly, not lost.
 *
 *   IPv4 without DF     fragmented (RFC 791), the players' stacks put it together again
 *   IPv4 with DF        ICMP "fragmentation needed" to the sender (RFC 1191)
 *   IPv6                ICMPv6 "packet too big" to the sender (RFC 4443, RFC 8201)
 *   TCP SYN, any size   its MSS lowered to what fits, both ways (RFC 6691)
 *   only padding        cut off
 *   anything else       LP_REASON_UNREPAIRABLE: no IP, a damaged header, a VLAN tag
 *
 * Never answers multicast, broadcast, ICMP errors, or later fragments (RFC 1122 3.2.2).
 * Answers are rate-limited per repairer. Checksums must be whole: lp_offload_checksum
 * comes first. Pure: no clock, no allocation.
 */
#pragma once

#include "core/bucket.h"
#include "core/stats.h"
#include "wire/packet.h"

typedef struct lp_repair {
    bool enabled;      /* false: --oversize drop */
    lp_bucket replies; /* 100 at once, 50 per second */
} lp_repair;

lp_repair lp_repair_start(bool enabled, lp_time now);

typedef enum lp_repair_kind {
    LP_REPAIR_FRAGMENTS, /* call lp_repair_fragment with index 0, 1, ... */
    LP_REPAIR_REPLY,     /* `reply` goes back to the LAN; the frame is dropped */
    LP_REPAIR_NOTHING,   /* dropped; reason says why */
} lp_repair_kind;

#define LP_REPAIR_REPLY_MAX 1294 /* Ethernet, and 1280 octets as RFC 4443 has it */

typedef struct lp_repair_plan {
    lp_repair_kind kind;
    /* For NOTHING and REPLY, what the frame is counted as: TAP_MTU where it was
     * answered or repair is off, REPLY_LIMIT or UNREPAIRABLE. */
    lp_reason reason;
    size_t fragment_count; /* 1: it fits without its padding */
    size_t reply_len;
    uint8_t reply[LP_REPAIR_REPLY_MAX]; /* a whole frame, in the player's name */
} lp_repair_plan;

/*
 * What to do about `frame`, larger than mtu + 14 and otherwise acceptable.
 * ICMP answers come from the IP address the packet was for: the path beyond it is ours.
 */
lp_repair_plan lp_repair_plan_for(lp_repair *repair, lp_bytes frame, size_t mtu,
                                  lp_time now);

/* Writes fragment `index` as a whole frame; its length, or 0 past the last. */
size_t lp_repair_fragment(lp_bytes frame, size_t mtu, size_t index, lp_space out);

/*
 * Lowers the MSS option of a TCP SYN to what `mtu` carries (40 less for IPv4, 60 for
 * IPv6), in place, checksum included. True if it changed. Does nothing to any other
 * frame.
 */
bool lp_repair_clamp_mss(lp_space frame, size_t mtu);
