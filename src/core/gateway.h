/*
 * The gateway's frame path: the party's wire to the relay and back, and the frames that
 * keep the switch knowing where players are. The session itself is core/member.
 *
 * Only players whom the relay announced may speak to the wire, each with its own
 * address and nothing that only a router may say (G-013, G-024).
 *
 * Pure: no clock, no allocation after lp_gateway_new. Frames, datagrams and reasons are
 * counted here, but for LP_REASON_TAP_MTU: that is the caller's to repair or to count.
 */
#pragma once

#include "core/filter.h"
#include "core/member.h"

#define LP_CAM_REFRESH_EVERY LP_SECONDS(60)
#define LP_CAM_FRAME_LEN     LP_FRAME_MIN_LEN

typedef struct lp_gateway lp_gateway;

/* `nic` is the LAN interface's own address. Players who are there already are refreshed
 * at once. NULL when memory runs out. */
lp_gateway *lp_gateway_new(lp_mac nic, const lp_member *member, lp_time now);
void lp_gateway_free(lp_gateway *gateway);

lp_stats *lp_gateway_stats(lp_gateway *gateway);

/*
 * A frame from the LAN (or from this host's own stack), complete and segmented,
 * standing at space.at + LP_DATAGRAM_HEADER_LEN. As lp_client_on_frame;
 * LP_REASON_TAP_MTU is the caller's cue to try core/repair, and is given only for what
 * players would get. LP_REASON_UNKNOWN_DESTINATION while the member is not joined.
 */
lp_reason lp_gateway_on_frame(lp_gateway *gateway, lp_space space, size_t frame_len,
                              lp_bytes *out_datagram);

/* Where an accepted frame of a player goes. */
typedef struct lp_injection {
    lp_bytes frame;
    bool to_wire;
    bool to_host; /* into this host's own stack: for its address, and for all (J-06) */
} lp_injection;

/* A datagram from the relay; keepalives give an empty frame. */
lp_reason lp_gateway_on_datagram(lp_gateway *gateway, lp_bytes datagram,
                                 lp_injection *out_injection, lp_peer *out_peer);

/* A player joined: its CAM refresh is due now (G-016). */
void lp_gateway_on_peer_joined(lp_gateway *gateway, lp_peer peer, lp_time now);

/*
 * The next CAM refresh frame that is due (G-015 to G-017): to the gateway's own NIC, so
 * that the switch learns the source and delivers it to nobody. False: none is due.
 */
typedef struct lp_cam_frame {
    lp_peer peer;
    lp_mac mac;
    bool on_join; /* else periodic */
    uint8_t frame[LP_CAM_FRAME_LEN];
} lp_cam_frame;
bool lp_gateway_next_cam(lp_gateway *gateway, lp_time now, lp_cam_frame *out_cam);
lp_time lp_gateway_deadline(const lp_gateway *gateway);
