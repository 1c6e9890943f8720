/*
 * What endpoint.c, accept.c and conn*.c share.
 *
 *   endpoint.c    slots, timers, the due list; who a packet is for
 *   accept.c      packets for nobody yet: new connections, Retry, limits, resets
 *   handover.c    connections that go to another worker's endpoint
 *   conn.c        one connection: from new to free, and the library's callbacks
 *   conn_write.c  what goes out
 *   conn_end.c    why it ended, in words, and what is left of it
 */
#pragma once

#include "quic/ack_watch.h"
#include "quic/cid.h"
#include "quic/endpoint.h"
#include "quic/hush.h"
#include "quic/keymap.h"
#include "quic/mtu.h"
#include "quic/outbox.h"
#include "quic/path.h"
#include "quic/session.h"
#include "quic/timers.h"

/* --- a connection ----------------------------------------------------------------- */

typedef enum lp_conn_state {
    CONN_ALIVE,
    CONN_CLOSING, /* control octets are flushed, then CONNECTION_CLOSE is written */
    CONN_ENDED,   /* nothing more is read or written; waits for next_due to bury it */
} lp_conn_state;

typedef struct lp_slot lp_slot;

struct lp_conn {
    lp_quic *quic; /* NULL, like slot, between lp_quic_part and lp_quic_join */
    lp_slot *slot;
    lp_quic_past *past; /* on its way only; then it is the slot's */
    ngtcp2_conn *ngtcp2;
    void *user;
    lp_conn *next_due; /* the due list; is_due says whether it is in it */
    lp_tls_session session;

    lp_conn_state state;
    bool is_due;
    bool is_due_to_answer; /* what was heard, and for nothing else */
    bool is_blocked;       /* a datagram waits for pacing or congestion control */
    bool is_client;
    bool is_up;           /* the handshake is complete */
    bool has_open_packet; /* LP_WRITE_MORE was the last answer */
    bool was_reset;       /* by a stateless reset */
    bool wants_ping;
    bool told_settled;

    lp_addr remote;     /* validated */
    lp_addr validating; /* what a path validation is about; family 0: none runs */
    lp_addr counted_as; /* the address that limits count it under */
    lp_key_hash identity;
    ngtcp2_cid first_dcid; /* chosen by the client, known to lp_quic.foreign_ids */

    int64_t stream; /* the control stream; -1: not open yet */
    lp_outbox outbox;
    lp_ack_watch ack_watch; /* of the outbox */

    lp_mtu mtu;
    size_t told_budget;

    lp_hush hush;            /* and what the library is told the time is */
    ngtcp2_tstamp packet_ts; /* the open packet's */
    ngtcp2_pkt_info packet_info;
    struct {                          /* round trips */
        lp_duration latest, smoothed; /* the library's, at the last packet */
        lp_duration rtt;              /* new since lp_conn_feel; 0: none */
        bool is_new_path;             /* likewise */
        uint64_t in_flight;           /* at the last packet */
    } felt;
    lp_time touched_at; /* last packet in or out */
    lp_time walked_at;  /* the library was asked, and had nothing more to send */

    size_t unanswered; /* octets that no packet has acknowledged yet */
    lp_time unanswered_since;
    bool brought_datagrams; /* the packet being read: datagrams, or word of ours */

    ngtcp2_ccerr close; /* what CONNECTION_CLOSE will say; its reason is `end`'s */
    lp_time close_by;   /* when it is said although octets wait */
    lp_quic_end end;
    uint8_t *last_words; /* the CONNECTION_CLOSE packet, for those who did not hear */
    size_t last_words_len;
};

/* NULL when memory runs out or the library refuses. A server's has read nothing yet. */
lp_conn *lp_conn_dial(lp_quic *quic, lp_slot *slot, const lp_addr *local,
                      const lp_addr *remote, lp_time now);

typedef struct lp_first_packet { /* a client's Initial that was found good */
    const lp_udp_packet *udp;
    ngtcp2_pkt_hd header;
    bool is_validated;        /* the client has shown that it is at its address */
    ngtcp2_cid original_dcid; /* before Retry */
} lp_first_packet;

lp_conn *lp_conn_accept(lp_quic *quic, lp_slot *slot, const lp_first_packet *first,
                        lp_time now);
void lp_conn_free(lp_conn *conn); /* NULL is fine */

void lp_conn_on_packet(lp_conn *conn, const lp_udp_packet *packet, lp_time now);
void lp_conn_on_timer(lp_conn *conn, lp_time now);

/* All that there can be to write is an acknowledgement, which may still wait for a datagram
 * to travel with. Until `*out_until`. */
bool lp_conn_may_hold(const lp_conn *conn, lp_time now, lp_time *out_until);

/* When lp_conn_on_timer wants to be called; after `now`. */
lp_time lp_conn_deadline(const lp_conn *conn, lp_time now);
void lp_conn_tell_budget(lp_conn *conn, lp_time now);

/* The library said no (NGTCP2_ERR_...): says goodbye where that is proper, and ends. */
void lp_conn_fail(lp_conn *conn, int liberr, lp_time now);
/* Closes with a transport error of ours. The first reason to end is the one that
 * counts. */
void lp_conn_abort(lp_conn *conn, lp_err err, uint64_t transport_code,
                   const char *reason, lp_time now);

/* --- an endpoint ------------------------------------------------------------------ */

/* What is left of a connection while packets for it may still be on their way. */
typedef struct lp_tomb {
    lp_addr local, remote;
    uint32_t heard; /* packets since */
    size_t len;     /* 0: the peer closed; be silent */
    uint8_t packet[];
} lp_tomb;

struct lp_slot {
    lp_timer timer;
    lp_conn *conn; /* one of the two, or neither: free, or a stub */
    lp_tomb *tomb;
    lp_quic_past *past; /* of who came from elsewhere; its ids are in foreign_ids */
    lp_slot *next_free;
    uint8_t generation;
    bool is_stub;     /* its connection went away, */
    uint8_t moved_to; /* to that worker */
};

/* Outgoing packets without a connection. Bursts beyond this are lost, as on any wire.
 */
#define LP_STATELESS_MAX 64

typedef struct lp_stateless {
    lp_addr local, remote;
    size_t len;
    uint8_t packet[LP_UDP_PAYLOAD_MAX];
} lp_stateless;

struct lp_quic {
    lp_quic_config config;
    lp_quic_stats stats;
    lp_cid_codec cids;
    uint8_t lane; /* of dials */

    lp_slot *slots, *free_slots;
    size_t slot_count;
    size_t conn_count;
    lp_timers timers;
    lp_conn *first_due, **last_due;

    /* NULL in an endpoint that does not accept. */
    lp_keymap *foreign_ids; /* what clients called us first, and ids that other
                               workers gave to those who joined us -> slot */
    lp_census *census;      /* the config's, or our own */

    lp_time resets_since; /* the second in which `resets` were sent */
    unsigned resets;

    size_t stateless_first, stateless_count;
    lp_stateless stateless[LP_STATELESS_MAX];
};

lp_slot *lp_quic_take_slot(lp_quic *quic); /* NULL: all are taken */
void lp_quic_give_slot(lp_quic *quic, lp_slot *slot);
lp_place lp_quic_place_of(const lp_quic *quic, const lp_slot *slot);

/* Known to the endpoint from now on, and due. */
void lp_quic_adopt(lp_quic *quic, lp_conn *conn, lp_time now);
void lp_quic_make_due(lp_conn *conn);
void lp_quic_make_not_due(lp_conn *conn);
/* The same, but only for what was heard: see lp_conn_may_hold. */
void lp_quic_make_due_to_answer(lp_conn *conn);
void lp_quic_on_handshake_over(lp_conn *conn); /* complete or failed: counted no more */

/* A buffer for one stateless packet; NULL when too many wait. The packet is queued once
 * `len` is set with lp_quic_queue. */
lp_stateless *lp_quic_stateless_space(lp_quic *quic, const lp_addr *local,
                                      const lp_addr *remote);
void lp_quic_queue(lp_quic *quic, ngtcp2_ssize len);

/* --- accept.c --------------------------------------------------------------------- */

/* A packet that no connection of ours knows. */
void lp_accept_packet(lp_quic *quic, const lp_udp_packet *packet, lp_time now);
/* It speaks a version that we do not. */
void lp_accept_version(lp_quic *quic, const lp_udp_packet *packet,
                       const ngtcp2_version_cid *ids);

/* --- handover.c ------------------------------------------------------------------- */

/* The slot is given back: who had it is known no more, here and where it came from. */
void lp_quic_drop_past(lp_quic *quic, lp_slot *slot);

/* --- conn_end.c ------------------------------------------------------------------- */

/* Takes the connection out of the endpoint, tells on_ended, and frees it. */
void lp_conn_bury(lp_conn *conn, lp_time now);
/* A packet for a connection that is no more. */
void lp_tomb_on_packet(lp_quic *quic, lp_tomb *tomb);
