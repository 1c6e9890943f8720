/*
 * The safety filter: may this frame cross, whoever carries it?
 *
 * One implementation, run by the client for what it sends and receives, by the relay for
 * everything, and by the gateway as the last word before the wire. The rules are a
 * table in filter.c, first match wins; adding one is one row there, one line in
 * reasons.def and rows in tests/unit/test_filter.c.
 *
 * Pure: no state, no allocation.
 */
#pragma once

#include "core/stats.h"
#include "wire/packet.h"

typedef enum lp_direction {
    LP_FROM_CLIENT, /* a remote player's frame, towards the LAN and other players */
    LP_FROM_LAN,    /* a frame of the gateway's, towards players */
} lp_direction;

/*
 * Checks 3 to 7 of docs/protocol.md, "What a relay forwards", but for who owns the
 * source address: header, MTU, source form, link control, and for clients what only a
 * router or server may say. LP_REASON_NONE: it may cross.
 *
 * `mtu` is the room's; the frame may be LP_FRAME_HEADER_LEN longer.
 */
lp_reason lp_filter_frame(lp_direction from, lp_bytes frame, size_t mtu);

/* The same, without the limit of the room's MTU (for frames that may still be cut). */
lp_reason lp_filter_frame_of_any_size(lp_direction from, lp_bytes frame);
