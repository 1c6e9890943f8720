/*
 * The relay: links, sessions, rooms, switching, safety. It decides; the runtime moves
 * octets.
 *
 * The engine's four faces (STYLE.md section 5): lp_relay_on_* tells it what happened,
 * lp_relay_next_* asks what to do about it, lp_relay_deadline and _on_deadline keep its
 * time. It never calls back, never logs, and allocates for links, rooms and control
 * messages, never for a frame. One relay belongs to one worker: rooms on different
 * workers share nothing.
 *
 * A *link* is one QUIC connection as the relay knows it. Its number says which slot it
 * has and which generation, so that a late event for a link that is gone is harmless.
 */
#pragma once

#include "base/addr.h"
#include "base/lane.h"
#include "base/random.h"
#include "base/tally.h"
#include "base/time.h"
#include "core/guard.h"
#include "core/stats.h"
#include "wire/datagram.h"
#include "wire/message.h"

typedef struct lp_relay lp_relay;
typedef uint32_t lp_link; /* 0 is none */

#define LP_FINGERPRINT_LEN 32 /* SHA-256 of a public key's SubjectPublicKeyInfo */
typedef struct lp_fingerprint {
    uint8_t octet[LP_FINGERPRINT_LEN];
} lp_fingerprint;

#define LP_RELAY_HELLO_TIMEOUT    LP_SECONDS(10) /* from link to a complete hello */
#define LP_RELAY_BUDGET_TIMEOUT   LP_SECONDS(2) /* a hello waits that long for the MTU */
#define LP_RELAY_LATENCY_EVERY    LP_SECONDS(5)
#define LP_RELAY_MAX_STATIONS     4096 /* learned LAN stations in one room */
#define LP_RELAY_ROOM_MTU_DEFAULT 1280
#define LP_RELAY_ROOM_MTU_MIN     576
#define LP_RELAY_MAX_LINKS        65536

/* Control messages that one peer may send: so many at once, so many a second. */
#define LP_RELAY_MESSAGES_BURST 64
#define LP_RELAY_MESSAGES_RATE  16

/* Messages that may wait in lp_relay_next_send: for one link, and in all. */
#define LP_RELAY_MAX_QUEUED_EACH 4096
#define LP_RELAY_MAX_QUEUED      (1u << 20)

typedef struct lp_relay_config {
    uint32_t worker;  /* 0 to 255: the top octet of every peer and room number */
    unsigned workers; /* how many there are; rooms live where base/lane.h says */
    size_t max_links; /* connections, admitted or not; 1 to LP_RELAY_MAX_LINKS */
    size_t max_rooms;
    lp_tally *rooms;    /* counts those of all workers; NULL: this one is alone */
    size_t max_clients; /* in one room; at least 1 */
    uint32_t room_mtu;  /* the most for a room; at least LP_RELAY_ROOM_MTU_MIN */
    lp_guard_limits limits;
    lp_random random;
} lp_relay_config;

/* Limits of 4096, 1024, 64; the default MTU and rates. The only worker, 0; random must
 * be set. */
lp_relay_config lp_relay_default_config(void);

/* NULL when memory runs out. */
lp_relay *lp_relay_new(const lp_relay_config *config, lp_time now);
void lp_relay_free(lp_relay *relay); /* NULL is fine */

/* --- events in -------------------------------------------------------------------- */

/*
 * A QUIC handshake completed; `identity` is the peer's key.
 *   LP_ERR_FULL       max_links are there
 *   LP_ERR_NO_MEMORY
 */
LP_MUST_USE lp_err lp_relay_on_connect(lp_relay *relay, const lp_fingerprint *identity,
                                       const lp_addr *from, lp_time now,
                                       lp_link *out_link);

/*
 * What a DATAGRAM to this link may carry now, and whether path MTU discovery is done
 * with it. Admission waits for `settled`, or until the room's MTU is sure to be
 * carried, but not longer than LP_RELAY_BUDGET_TIMEOUT.
 */
void lp_relay_on_budget(lp_relay *relay, lp_link link, size_t budget, bool settled,
                        lp_time now);
void lp_relay_on_rtt(lp_relay *relay, lp_link link, lp_duration rtt);
/* The peer is reached elsewhere now (QUIC validated it). */
void lp_relay_on_address(lp_relay *relay, lp_link link, const lp_addr *from);

/* Octets of the control stream, in order. A broken message closes the link. */
void lp_relay_on_control(lp_relay *relay, lp_link link, lp_bytes octets, lp_time now);

/*
 * The connection is gone, and now its number and slot are free again: so this is due
 * for every link, also for one that next_close gave. `reason` is what others hear
 * unless the peer said better.
 */
void lp_relay_on_close(lp_relay *relay, lp_link link, const char *reason, lp_time now);

/*
 * Where a datagram goes. `targets` is the engine's, valid until the next
 * lp_relay_on_datagram; the datagram goes out to each unchanged, if it is no longer
 * than lp_relay_budget says of that target. Counted already, but for what happens to it
 * at a target: tell that with lp_relay_on_egress. "Forwarded" may be to nobody: a
 * keepalive, or a broadcast where no one else is.
 */
typedef struct lp_verdict {
    lp_action action;
    lp_reason reason; /* LP_REASON_NONE when forwarded */
    const lp_link *targets;
    size_t target_count;
} lp_verdict;

lp_verdict lp_relay_on_datagram(lp_relay *relay, lp_link from, lp_bytes datagram,
                                lp_time now);

/* What a datagram to this link may be long, now (L-020); 0 for who is no member. */
size_t lp_relay_budget(const lp_relay *relay, lp_link link);

/* A forwarded datagram met `target`: LP_REASON_NONE, EGRESS_BUDGET or QUEUE. */
void lp_relay_on_egress(lp_relay *relay, lp_link target, size_t len, lp_reason reason);

/* --- work out --------------------------------------------------------------------- */

/* One control message, framed, for the link's stream. Drain before writing datagrams.
 */
typedef struct lp_relay_send {
    lp_link link;
    lp_bytes octets; /* valid until the next call */
} lp_relay_send;
bool lp_relay_next_send(lp_relay *relay, lp_relay_send *out_send);

/*
 * A link to close once what next_send gave for it is written; comes after the last of
 * that. It is in no room any more, and all but lp_relay_on_close is ignored for it.
 */
typedef struct lp_relay_close {
    lp_link link;
    uint64_t code; /* application error code, docs/protocol.md "Close codes" */
    char reason[LP_REASON_MAX + 1];
} lp_relay_close;
bool lp_relay_next_close(lp_relay *relay, lp_relay_close *out_close);

/*
 * A link whose hello is for a room of another worker. Take its connection there, call
 * lp_relay_on_connect and lp_relay_on_control with `said` there, and lp_relay_on_close
 * here. It is silent still: nobody has heard of it, and nothing was sent to it.
 */
#define LP_RELAY_MAX_SAID (128 * 1024) /* octets that may come before it is taken */
typedef struct lp_relay_move {
    lp_link link;
    uint32_t worker;
    lp_bytes said; /* its control stream from the first octet on; until on_close */
} lp_relay_move;
bool lp_relay_next_move(lp_relay *relay, lp_relay_move *out_move);

/* For the log. The engine keeps at most 256 of them; older ones are overwritten. */
typedef enum lp_relay_event_kind {
    LP_RELAY_JOINED,
    LP_RELAY_TOOK_OVER, /* joined, replacing its own stale session */
    LP_RELAY_REJECTED,
    LP_RELAY_LEFT,
    LP_RELAY_ROOM_MADE,
    LP_RELAY_ROOM_GONE,
    LP_RELAY_MALFORMED, /* count says how many by now */
    LP_RELAY_MESSAGE_UNKNOWN,
} lp_relay_event_kind;

typedef struct lp_relay_event {
    lp_relay_event_kind kind;
    lp_link link;
    lp_peer peer;
    lp_role role;
    lp_room_code room;
    bool has_mac;
    lp_mac mac;
    lp_addr from;
    uint32_t mtu; /* the room's */
    uint64_t count;
    char text[LP_REASON_MAX + 1]; /* reason, or the sentence sent with a reject */
} lp_relay_event;
bool lp_relay_next_event(lp_relay *relay, lp_relay_event *out_event);

lp_time lp_relay_deadline(const lp_relay *relay);
void lp_relay_on_deadline(lp_relay *relay, lp_time now);

/* Says goodbye to every member (next_send, next_close); no more links are admitted. */
void lp_relay_shut_down(lp_relay *relay, const char *reason, lp_time now);

/* --- looking in, for status and metrics ------------------------------------------- */

typedef struct lp_relay_room_view {
    lp_room_code code;
    uint32_t room_id;
    uint32_t mtu;
    bool has_gateway;
    size_t clients;
    size_t stations;
} lp_relay_room_view;

typedef struct lp_relay_peer_view {
    lp_link link;
    lp_peer peer_id;
    lp_role role;
    bool has_mac;
    lp_mac mac;
    lp_fingerprint identity;
    lp_addr from;
    size_t budget;
    lp_duration rtt;
    lp_time joined_at, last_seen;
    uint64_t malformed;
    lp_stats stats;                   /* what the relay counted of this peer */
    const lp_stats_message *reported; /* its last stats message, or NULL (L-028) */
    char software[LP_SOFTWARE_MAX + 1];
} lp_relay_peer_view;

size_t lp_relay_link_count(const lp_relay *relay);
const lp_stats *lp_relay_stats(const lp_relay *relay); /* all peers, past ones too */

/* `*cursor` starts at 0. False when there are no more. */
bool lp_relay_next_room(const lp_relay *relay, size_t *cursor, lp_time now,
                        lp_relay_room_view *out_view);
bool lp_relay_next_peer(const lp_relay *relay, const char *room, size_t *cursor,
                        lp_relay_peer_view *out_view);

/* The link's slot: below max_links, and its own for as long as the link lives. */
size_t lp_relay_slot_of(const lp_relay *relay, lp_link link);

/* What a frame log line needs to say who sent it. False: not a member. */
bool lp_relay_whois(const lp_relay *relay, lp_link link, lp_peer *out_peer,
                    const char **out_room);
