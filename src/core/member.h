/*
 * A member of a room, as the client and the gateway are: hello, welcome, who else is
 * there, goodbye. The part of client.h and gateway.h that is the same.
 *
 * Pure: the engine shape of STYLE.md section 5. One member lives across reconnects:
 * lp_member_on_connected begins a session, lp_member_on_lost ends it, and what was
 * known about others is cleared.
 */
#pragma once

#include "base/random.h"
#include "base/time.h"
#include "core/roster.h"
#include "core/stats.h"
#include "wire/message.h"

#define LP_MEMBER_MAX_PEERS       LP_ROSTER_MAX /* others who are remembered */
#define LP_MEMBER_WELCOME_TIMEOUT LP_SECONDS(10)
#define LP_MEMBER_STATS_EVERY     LP_SECONDS(10)
#define LP_MEMBER_MTU_MIN         576 /* a welcome with less is an error */

/* Hello waits for the path's MTU to settle: a second or three round trips, whichever is
 * longer, but well within the relay's patience. Once it suffices for a default room only
 * what one more probe takes: there may be a larger room to be had, but nobody waits long
 * for it. */
#define LP_MEMBER_MTU_ENOUGH         1280
#define LP_MEMBER_ONE_MORE_PROBE     LP_MS(30) /* and two round trips */
#define LP_MEMBER_BUDGET_TIMEOUT     LP_SECONDS(1)
#define LP_MEMBER_BUDGET_TIMEOUT_MAX LP_SECONDS(5)

/* Reconnecting: 0.5 s doubling to 15 s, each wait drawn from its upper half. After a
 * session that lasted LP_MEMBER_STEADY it starts over. */
#define LP_MEMBER_BACKOFF_FIRST  LP_MS(500)
#define LP_MEMBER_BACKOFF_MAX    LP_SECONDS(15)
#define LP_MEMBER_STEADY         LP_SECONDS(30)
#define LP_MEMBER_AFTER_REPLACED LP_SECONDS(300)

typedef struct lp_member lp_member;

typedef struct lp_member_config {
    lp_role role;
    lp_room_code room;
    lp_mac mac; /* clients */
    char software[LP_SOFTWARE_MAX + 1];
    lp_random random;
} lp_member_config;

typedef enum lp_member_state {
    LP_MEMBER_OFFLINE,    /* no connection, waiting for the next try */
    LP_MEMBER_CONNECTING, /* the runtime is asked to connect, or does */
    LP_MEMBER_MEASURING,  /* connected; hello waits for the path's MTU */
    LP_MEMBER_JOINING,    /* hello sent */
    LP_MEMBER_JOINED,
    LP_MEMBER_REFUSED, /* the relay said no, for good: see lp_member_reject */
    LP_MEMBER_ENDED,   /* lp_member_leave was called */
} lp_member_state;

/* True in the states that have no use for a connection: where one still stands, the
 * runtime sends what lp_member_next_send has left and closes it. */
static inline bool lp_member_is_idle(lp_member_state state)
{
    return state == LP_MEMBER_OFFLINE || state >= LP_MEMBER_REFUSED;
}

/* NULL when memory runs out. Starts by wanting to connect. */
lp_member *lp_member_new(const lp_member_config *config, lp_time now);
void lp_member_free(lp_member *member);

lp_member_state lp_member_state_of(const lp_member *member);

/* The runtime's part: true once whenever a connection should be opened now. */
bool lp_member_wants_connect(lp_member *member, lp_time now);
void lp_member_on_connected(lp_member *member, lp_time now);
/* Also: the name did not resolve, the handshake failed. Schedules the next try. */
void lp_member_on_lost(lp_member *member, lp_time now);
/* Lost because our own identity joined from elsewhere (LP_CLOSE_REPLACED): a copied file,
 * or a second program. The next try comes late, or the two would take turns. */
void lp_member_on_replaced(lp_member *member, lp_time now);

/*
 * There is a network again, or the machine woke up: waits start over at the shortest, and
 * one that runs ends, but no sooner than half of LP_MEMBER_BACKOFF_FIRST after the last
 * try. One who was replaced waits all the same.
 */
void lp_member_hurry(lp_member *member, lp_time now);

/* The path's DATAGRAM budget as measured, and whether it is final. Resends nothing. */
void lp_member_on_budget(lp_member *member, size_t budget, bool settled,
                         lp_duration rtt, lp_time now);
/* The most octets that a datagram may have now: what the path carries, and once joined
 * no more than hello announced and the relay granted. */
size_t lp_member_budget(const lp_member *member);

/*
 * Control stream octets. On failure: close with LP_CLOSE_PROTOCOL, then on_lost.
 *   LP_ERR_MALFORMED  cannot be read, out of order, out of range, or more news at once
 *                     than LP_MEMBER_MAX_EVENTS
 *   LP_ERR_NO_MEMORY
 */
LP_MUST_USE lp_err lp_member_on_control(lp_member *member, lp_bytes octets, lp_time now,
                                        lp_why *why);

/* Framed control octets to send, valid until the next call; call until false. */
bool lp_member_next_send(lp_member *member, lp_bytes *out_octets);

typedef enum lp_member_event_kind {
    LP_MEMBER_EVENT_WELCOME,
    LP_MEMBER_EVENT_REJECT, /* final or not: lp_member_state_of tells */
    LP_MEMBER_EVENT_PEER_JOINED,
    LP_MEMBER_EVENT_PEER_LEFT,  /* peer.id is always set; the rest when it was known */
    LP_MEMBER_EVENT_DISCONNECT, /* the relay said goodbye; text says why */
    LP_MEMBER_EVENT_UNKNOWN_MESSAGE,
} lp_member_event_kind;

typedef struct lp_member_event {
    lp_member_event_kind kind;
    lp_member_peer peer;
    bool was_known;
    char text[LP_REASON_MAX + 1];
} lp_member_event;
/* Everyone in the room may join and leave between two drains. */
#define LP_MEMBER_MAX_EVENTS (2 * LP_MEMBER_MAX_PEERS)

/* In order, none lost; lifecycle before frames is the runtime's duty (G-018). */
bool lp_member_next_event(lp_member *member, lp_member_event *out_event);

const lp_welcome *lp_member_welcome(const lp_member *member); /* NULL unless joined */
/* The last since a welcome; NULL if none. */
const lp_reject *lp_member_reject(const lp_member *member);

/* The gateway as far as known: present, its peer id (0 if not told), its latency. */
bool lp_member_gateway_present(const lp_member *member);
lp_peer lp_member_gateway(const lp_member *member);

const lp_member_peer *lp_member_find(const lp_member *member, lp_peer id);
const lp_member_peer *lp_member_find_mac(const lp_member *member, lp_mac mac);
bool lp_member_next_peer(const lp_member *member, size_t *cursor,
                         lp_member_peer *out_peer);

/*
 * A frame of `frame_len` octets stands at space.at + LP_DATAGRAM_HEADER_LEN: writes our
 * header before it. The whole datagram. Only while joined.
 */
lp_bytes lp_member_wrap(const lp_member *member, lp_space space, size_t frame_len);

/* False: not joined, not a datagram of version 1, or of another room. */
bool lp_member_unwrap(const lp_member *member, lp_bytes datagram,
                      lp_datagram *out_datagram);

/* Counters and gauges (NULL: none) to send when the time comes. Borrowed for the member's
 * life. */
void lp_member_report(lp_member *member, const lp_stats *stats,
                      const lp_gauges *gauges);

/* Sends disconnect with this reason if hello was sent; the state becomes ENDED. */
void lp_member_leave(lp_member *member, const char *reason, lp_time now);
/* The same for a while: it is offline afterwards, and the next try comes as the first one
 * after a good session would. Nothing new where it was refused, replaced or has ended. */
void lp_member_rest(lp_member *member, const char *reason, lp_time now);

lp_time lp_member_deadline(const lp_member *member);
void lp_member_on_deadline(lp_member *member, lp_time now);
