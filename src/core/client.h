/*
 * The client's frame path: adapter to relay, relay to adapter. Frames in, decisions
 * out; the session itself is core/member.
 *
 * The relay has checked what it forwards; the client checks again, for itself (W-024,
 * W-025). Whoever is not known to be the gateway is treated as a player: a frame may
 * overtake the peer_joined that says who sent it, and what only a router may say has to
 * wait for that.
 *
 * Pure: no clock, no allocation. Frames, datagrams and reasons are counted here.
 */
#pragma once

#include "core/filter.h"
#include "core/member.h"

typedef struct lp_client {
    lp_mac mac;
    const lp_member *member; /* borrowed */
    lp_stats stats;
} lp_client;

lp_client lp_client_start(lp_mac mac, const lp_member *member);

/*
 * A frame that the adapter sent, standing at space.at + LP_DATAGRAM_HEADER_LEN with
 * room before it: on LP_REASON_NONE `*out_datagram` is the whole datagram in `space`.
 * LP_REASON_NO_GATEWAY while the member is not joined: the LAN is out of reach.
 */
lp_reason lp_client_on_frame(lp_client *client, lp_space space, size_t frame_len,
                             lp_bytes *out_datagram);

/* A datagram from the relay: on LP_REASON_NONE `*out_frame` goes to the adapter; an
 * empty view is a keepalive. `out_peer` is who sent it, also when it is refused (0 if
 * it was malformed). */
lp_reason lp_client_on_datagram(lp_client *client, lp_bytes datagram,
                                lp_bytes *out_frame, lp_peer *out_peer);
