/*
 * What travels in a QUIC DATAGRAM (docs/protocol.md, "Datagrams"):
 *
 *   version:4 type:4   1   version 1; type 0 frame, 1 control, 2 keepalive, 3 voice;
 *                          4 is another thing altogether: wire/stamp.h
 *   flags              1   bit 0 sealed; a v1 receiver takes only 0
 *   payload_len        2   must equal what follows
 *   room               4   the number from welcome
 *   source             4   the sender's peer id
 *   destination        4   0 as the frame says; else a peer id, or LP_EVERYONE
 *   payload            *   to the end: one Ethernet frame
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

#define LP_PROTOCOL_VERSION       1
#define LP_DATAGRAM_HEADER_LEN    16
#define LP_DATAGRAM_PAYLOAD_MAX   65535 /* of 16 bits: the capture ceiling */
#define LP_DATAGRAM_SAFETY_MARGIN 4     /* kept free when an MTU is chosen (P-013) */

typedef uint32_t lp_peer; /* 0 is nobody */
#define LP_EVERYONE UINT32_MAX

typedef enum lp_datagram_type {
    LP_DATAGRAM_FRAME = 0,
    LP_DATAGRAM_CONTROL = 1, /* reserved in v1 */
    LP_DATAGRAM_KEEPALIVE = 2,
    LP_DATAGRAM_VOICE = 3, /* reserved in v1 */
    LP_DATAGRAM_STAMP = 4, /* has no such header: see wire/stamp.h */
} lp_datagram_type;

typedef struct lp_datagram {
    lp_datagram_type type;
    uint32_t room;
    lp_peer source;
    lp_peer destination;
    lp_bytes payload; /* borrowed */
} lp_datagram;

/*
 * LP_ERR_TRUNCATED  shorter than a header
 * LP_ERR_VERSION    another version
 * LP_ERR_MALFORMED  a reserved type or flag, a wrong length, a keepalive with payload
 */
LP_MUST_USE lp_err lp_datagram_read(lp_bytes bytes, lp_datagram *out_datagram);

/*
 * Header and payload into `space`; the octets written, or 0 if it does not fit.
 * The payload may already stand at space.at + LP_DATAGRAM_HEADER_LEN: then only the
 * header is written (that is how a frame is captured once and never copied).
 */
size_t lp_datagram_write(const lp_datagram *datagram, lp_space space);

/* The largest inner MTU that a budget carries (P-013); 0 if not even an empty frame. */
size_t lp_mtu_of_budget(size_t datagram_budget);

/* The datagram budget that a given inner MTU needs, safety margin included. */
size_t lp_budget_of_mtu(size_t mtu);
