/*
 * What the service said of itself, read into fixed room.
 *
 * A service may be older or newer than the window, and the window trusts it little: what is
 * missing, of another type or too long is left out or cut, and nothing is ever too much.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

#define LP_STATE_TEXT_MAX (256 * 1024) /* octets of an answer that the window reads */

typedef enum lp_phase {
    LP_PHASE_IDLE,
    LP_PHASE_OFFLINE, /* waits for its next try */
    LP_PHASE_CONNECTING,
    LP_PHASE_MEASURING,
    LP_PHASE_JOINING,
    LP_PHASE_JOINED,
    LP_PHASE_REFUSED,
    LP_PHASE_ENDED,
    LP_PHASE_STRANGE, /* a word of a newer service */
} lp_phase;

typedef enum lp_broadcast {
    LP_BROADCAST_NONE,
    LP_BROADCAST_TO_LAN,
    LP_BROADCAST_FROM_LAN,
    LP_BROADCAST_BOTH,
} lp_broadcast;

#define LP_STATE_UNKNOWN_MS (-1.0)

typedef struct lp_state_peer {
    uint32_t id;
    bool is_gateway;
    char mac[18];  /* "": it has none, or we know none */
    double rtt_ms; /* LP_STATE_UNKNOWN_MS */
} lp_state_peer;

typedef struct lp_state_row { /* of health */
    char code[32], title[128], detail[256], remedy[256];
    char fix[40]; /* what a button says; "": there is none */
    bool is_error;
} lp_state_row;

#define LP_STATE_PEERS_MAX  64
#define LP_STATE_HEALTH_MAX 16

typedef struct lp_state {
    lp_phase phase;
    bool waits_for_orders;
    char version[32];
    char room[64];
    char relay[256], address[80]; /* its name, and where that is */
    uint16_t port;
    double relay_ms, gateway_ms; /* LP_STATE_UNKNOWN_MS */
    char last_error[512];        /* "": there is a connection, or none was tried */
    double next_try_ms;          /* LP_STATE_UNKNOWN_MS: no try is planned */
    double connected_ms;         /* LP_STATE_UNKNOWN_MS: it is not */
    bool has_gateway;
    char ip[64]; /* the adapter's; "": none yet */
    char adapter[128];
    lp_broadcast broadcast;
    lp_state_peer peer[LP_STATE_PEERS_MAX];
    size_t peer_count;
    size_t peers_beyond; /* that did not fit into `peer` */
    lp_state_row health[LP_STATE_HEALTH_MAX];
    size_t health_count;
} lp_state;

/* LP_ERR_MALFORMED, LP_ERR_NO_MEMORY: it is no object; *out_state is as before. */
LP_MUST_USE lp_err lp_state_read(lp_bytes text, lp_state *out_state, lp_why *why);

/* A session is there, or is being made. */
bool lp_state_is_busy(const lp_state *state);
