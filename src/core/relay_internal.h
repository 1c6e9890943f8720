/*
 * What the relay's files share, and nobody else sees.
 *
 *   relay.c          links come and go; deadlines
 *   relay_control.c  control messages in
 *   relay_admit.c    from hello to welcome or reject; leaving
 *   relay_move.c     links whose room lives on another worker
 *   relay_forward.c  datagrams: the checks in their order, and where a frame goes
 *   relay_room.[ch]  members of one room
 *   relay_send.c     control messages, closes and events out
 *   relay_view.c     looking in
 *
 * Sessions end in one way only. Whoever finds a reason calls lp_session_end, which
 * marks the session and nothing more; lp_relay_sweep, last in every on_ function, takes
 * the marked ones out of their rooms and tells the others. Telling may fail and mark
 * more: the sweep goes on until none is left, so nothing recurses and no loop over
 * members meets a room that changes under it.
 */
#pragma once

#include "core/bucket.h"
#include "core/close.h"
#include "core/list.h"
#include "core/places.h"
#include "core/relay.h"
#include "core/relay_room.h"
#include "wire/json.h"

#define LP_RELAY_MAX_EVENTS 256

/* One framed message; shared by all who get it. */
typedef struct lp_octets {
    size_t refs, len;
    uint8_t at[];
} lp_octets;

typedef enum lp_session_state {
    LP_SESSION_SILENT,  /* no hello yet; on the list `silent` */
    LP_SESSION_HELD,    /* its hello waits for the path's MTU; on the list `held` */
    LP_SESSION_MEMBER,  /* on no list */
    LP_SESSION_MOVING,  /* for next_move; on the list `moving` */
    LP_SESSION_ENDING,  /* for the sweep; on the list `ending` */
    LP_SESSION_CLOSING, /* for next_close; on the list `closing` */
    LP_SESSION_CLOSED,  /* its slot waits for on_close; on no list */
    LP_SESSION_GONE,    /* only its messages in the outbox still point here */
} lp_session_state;

/* One link, from handshake to close. */
struct lp_session {
    lp_session_state state;
    lp_link link;
    lp_room *room; /* NULL unless a member */
    size_t seat;   /* its index among the room's members */
    lp_peer peer_id;
    lp_role role;
    lp_mac mac;     /* clients */
    size_t accepts; /* what its datagrams may be long: as its welcome said */
    size_t budget;  /* what datagrams to it may be long, now */
    lp_guard guard;
    lp_stats stats;
    lp_time last_seen;
    struct lp_session *next_by_peer;

    lp_node node;  /* in the list of its state */
    lp_time since; /* when it came into that state */
    lp_fingerprint identity;
    lp_addr from;
    size_t path_budget; /* as on_budget said */
    bool is_settled;
    lp_duration rtt;
    lp_time joined_at;
    size_t hello_budget;
    lp_room_code wanted;
    char software[LP_SOFTWARE_MAX + 1];

    lp_message_stream stream;
    lp_bucket messages;
    uint8_t *said; /* what a moving one's control stream said */
    size_t said_len;
    lp_octets *announcement;    /* its peer_joined */
    lp_stats_message *reported; /* its last stats message, or NULL */
    size_t queued;              /* its messages in the outbox */
    uint64_t close_code;
    char farewell[LP_REASON_MAX + 1]; /* why it left, or has to */
};

typedef struct lp_letter {
    lp_session *to;
    lp_octets *octets;
} lp_letter;

struct lp_relay {
    lp_relay_config config;
    bool is_shut_down;
    lp_stats stats;
    lp_link *targets; /* of the last verdict; as many as a room has seats */

    /* Links: a slot and its generation. Freed slots wait in a ring, so that a number
     * comes back as late as possible. */
    lp_session **slots;
    uint32_t *generations;
    uint32_t *free_slots;
    size_t first_free, free_count;
    unsigned slot_bits;

    lp_session **by_peer; /* chains, by the low bits of the peer id */
    size_t by_peer_mask;
    uint32_t last_peer;
    lp_places *places; /* who had which peer id */

    lp_room **rooms; /* the first room_count of them exist */
    size_t room_count;
    lp_room **by_code; /* chains, by a hash of the code */
    size_t by_code_mask;
    uint32_t code_seed, last_room;

    lp_tally own_rooms;                            /* where config.rooms is NULL */
    lp_list silent, held, moving, ending, closing; /* of sessions, oldest first */
    lp_list ticking;                               /* of rooms, soonest first */

    lp_letter *outbox; /* a ring */
    size_t outbox_size, outbox_first, outbox_count;
    lp_octets *sending; /* what next_send gave */

    size_t first_event, event_count;
    lp_relay_event events[LP_RELAY_MAX_EVENTS];
    uint8_t scratch[LP_MESSAGE_MAX + 4];
};

/* --- relay.c ---------------------------------------------------------------------- */

/* NULL for a number that is not, or no longer, a live link. */
lp_session *lp_relay_session(const lp_relay *relay, lp_link link);

void lp_session_enter(lp_session *session, lp_list *list, lp_session_state state,
                      lp_time now);
/* Marks it for the sweep; the first reason stands. Its peer is told nothing. */
void lp_session_end(lp_relay *relay, lp_session *session, uint64_t code,
                    const char *reason);
/* The same after a disconnect message. */
void lp_session_dismiss(lp_relay *relay, lp_session *session, uint64_t code,
                        const char *reason);
void lp_session_free(lp_session *session);
void lp_relay_sweep(lp_relay *relay);

static inline bool lp_session_is_live(const lp_session *session)
{
    return session->state < LP_SESSION_ENDING;
}

/* --- relay_admit.c ---------------------------------------------------------------- */

void lp_relay_refuse(lp_relay *relay, lp_session *session, lp_reject_code code,
                     const char *reason);
/* Its hello is read and its budget is known: welcome or reject. */
void lp_relay_admit(lp_relay *relay, lp_session *session, lp_time now);
/* Can more of path MTU discovery change anything for this hello? Then it waits. */
bool lp_relay_knows_enough(const lp_relay *relay, const lp_session *session);
void lp_relay_leave(lp_relay *relay, lp_session *session, const char *reason);
lp_session *lp_relay_find_peer(const lp_relay *relay, lp_peer id);
lp_room *lp_relay_find_room(const lp_relay *relay, const char *code);

/* --- relay_move.c ----------------------------------------------------------------- */

bool lp_relay_is_home(const lp_relay *relay, const char *room);
/* Its hello is `json`, and `room` lives elsewhere. */
void lp_relay_start_move(lp_relay *relay, lp_session *session, const char *room,
                         lp_bytes json, lp_time now);
/* More of its control stream, before it was taken. */
void lp_relay_add_said(lp_relay *relay, lp_session *session, lp_bytes octets);

/* --- relay_send.c ----------------------------------------------------------------- */

lp_octets *lp_octets_of(lp_relay *relay,
                        const lp_message *message); /* NULL: no memory */
void lp_octets_release(lp_octets *octets);          /* NULL is fine */

/* Who cannot be told ends: half a picture of the room is worse than a new session. */
void lp_relay_post(lp_relay *relay, lp_session *to, lp_octets *octets);
void lp_relay_send_to(lp_relay *relay, lp_session *to, const lp_message *message);
void lp_relay_send_all(lp_relay *relay, const lp_room *room, const lp_session *but,
                       const lp_message *message);

/* The event as far as the session tells; the caller may add to it. */
lp_relay_event *lp_relay_note(lp_relay *relay, lp_relay_event_kind kind,
                              const lp_session *session);
