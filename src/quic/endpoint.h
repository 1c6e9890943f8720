/*
 * QUIC endpoints and connections over ngtcp2, without sockets and without a clock: the
 * caller brings UDP payloads and the time, and takes UDP payloads away.
 *
 * One endpoint per UDP socket serves any number of connections: a relay's accepts, a
 * client's dials. Not thread-safe; one endpoint belongs to one loop. A relay may have
 * several with sockets on one port: "several endpoints" below.
 *
 * Plaintext is valid only inside the library's own receive call, so what arrives is
 * handed over by the functions of lp_quic_handler. They may queue (lp_conn_send,
 * lp_conn_close, lp_conn_want_write) but must not write packets.
 *
 * After reading a batch of packets, write what is due:
 *
 *     while ((conn = lp_quic_next_due(quic, now)))
 *         for (;;) { ... lp_conn_write(conn, ...) ... until LP_WRITE_NOTHING }
 *     while (lp_quic_next_stateless(quic, ...)) { ... }
 *     sleep until lp_quic_deadline(quic)
 */
#pragma once

#include "base/addr.h"
#include "base/lane.h"
#include "base/random.h"
#include "base/time.h"
#include "quic/census.h"
#include "quic/tls.h"

typedef struct lp_quic lp_quic;
typedef struct lp_conn lp_conn;

#define LP_QUIC_CID_LEN          8
#define LP_UDP_PAYLOAD_MAX       1452 /* largest written: 1500 less IPv6 and UDP headers */
#define LP_QUIC_IDLE_TIMEOUT     LP_SECONDS(30)
#define LP_QUIC_KEEP_ALIVE       LP_SECONDS(5)
#define LP_QUIC_STREAM_QUEUE_MAX (512 * 1024) /* control octets waiting for one peer */

/* One UDP payload with its addresses. */
typedef struct lp_udp_packet {
    lp_addr local; /* ours; the address may be any, the port is known */
    lp_addr remote;
    uint8_t ecn; /* the IP header's two bits, RFC 3168 */
    lp_bytes payload;
} lp_udp_packet;

/* Where a connection that went to another endpoint was known before. */
typedef struct lp_quic_stub {
    uint8_t worker, generation;
    uint16_t slot;
} lp_quic_stub;

typedef struct lp_quic_id {
    uint8_t octet[LP_QUIC_CID_LEN];
} lp_quic_id;

/* What a connection brings along from the endpoint that accepted it. */
#define LP_QUIC_OLD_IDS_MAX 12
typedef struct lp_quic_past {
    lp_quic_stub stub; /* what it left there */
    size_t id_count;   /* ids given there, by which the peer goes on calling it */
    lp_quic_id ids[LP_QUIC_OLD_IDS_MAX];
} lp_quic_past;

/* Why a connection ended. */
typedef struct lp_quic_end {
    lp_err err;       /* LP_OK: the peer closed with `code`; TIMEOUT, UNTRUSTED, REFUSED
                          (a handshake refused by the other side), CLOSED (we did), IO */
    uint64_t code;    /* application error code when err is LP_OK or CLOSED */
    char reason[256]; /* the peer's words, or a sentence of ours: what happened, and for
                          UNTRUSTED what was expected and what came */
} lp_quic_end;

typedef struct lp_quic_handler {
    void *state;
    /* The handshake is complete. False: refuse it (it is closed; on_ended follows). */
    bool (*on_connected)(void *state, lp_conn *conn, lp_time now);
    /* Octets of the control stream, in order. */
    void (*on_stream)(void *state, lp_conn *conn, lp_bytes octets, lp_time now);
    void (*on_datagram)(void *state, lp_conn *conn, lp_bytes datagram, lp_time now);
    /* What a DATAGRAM may carry changed (path MTU discovery, migration), or settled. */
    void (*on_budget)(void *state, lp_conn *conn, size_t budget, bool settled,
                      lp_time now);
    /* The peer's address changed and was validated. */
    void (*on_migrated)(void *state, lp_conn *conn, const lp_addr *remote, lp_time now);
    /* Called once for every connection that on_connected or lp_quic_dial made known, last
     * of all; `conn` is freed after it. */
    void (*on_ended)(void *state, lp_conn *conn, const lp_quic_end *end, lp_time now);

    /* Where there are several endpoints; else NULL. Both become letters to another
     * worker: lp_quic_on_astray there, with a copy of the packet; and lp_quic_forget. */
    void (*on_astray)(void *state, uint8_t worker, const lp_udp_packet *packet);
    void (*on_forget)(void *state, const lp_quic_past *past);
} lp_quic_handler;

/* What keeps a sender from flooding the path: RFC 9002, 9438, draft-ietf-ccwg-bbr. */
typedef enum lp_congestion {
    LP_CONGESTION_BBR, /* loss alone does not throttle it: see docs/decisions/ */
    LP_CONGESTION_CUBIC,
    LP_CONGESTION_RENO,
} lp_congestion;

typedef struct lp_quic_config {
    lp_tls *tls;       /* borrowed for the endpoint's life */
    bool accepts;      /* a relay's */
    uint8_t worker;    /* the first octet of every connection id (steering) */
    unsigned workers;  /* how many share the port and the secret; 1: no others */
    lp_census *census; /* of all endpoints, borrowed; NULL: this is the only one */
    size_t max_conns;  /* handshakes included */
    size_t max_conns_per_ip; /* 0: no limit. Per IPv4 address, per IPv6 /64 */
    /* Unfinished ones. From half of either on, address validation (Retry) is demanded. */
    size_t max_handshakes, max_handshakes_per_ip;
    lp_duration idle_timeout, keep_alive;
    lp_congestion congestion;
    /* For tokens, stateless resets and connection ids. A relay's is kept in its state
     * directory, so that resets survive restarts. */
    uint8_t secret[32];
    lp_random random;
    lp_quic_handler handler;
} lp_quic_config;

/* Limits for a relay of 4096 connections; LP_QUIC_* timeouts. tls, secret, random and
 * handler are left to the caller. */
lp_quic_config lp_quic_default_config(void);

/* What a census for endpoints with this config has to hold. */
lp_census_limits lp_quic_census_limits(const lp_quic_config *config);

LP_MUST_USE lp_err lp_quic_new(const lp_quic_config *config, lp_quic **out_quic,
                               lp_why *why);
/* Ends every connection without a word, to the peer or to the handler. NULL is fine. */
void lp_quic_free(lp_quic *quic);

/* A UDP payload arrived. Garbage is dropped and counted. */
void lp_quic_on_packet(lp_quic *quic, const lp_udp_packet *packet, lp_time now);

/* What dials from now on hint at, where the room lives (base/lane.h); 0 before. */
void lp_quic_set_lane(lp_quic *quic, uint8_t lane);

/*
 * Opens a connection. `local` is where it will be sent from (address any, port known,
 * suffices). on_connected or on_ended follows.
 */
LP_MUST_USE lp_err lp_quic_dial(lp_quic *quic, const lp_addr *local,
                                const lp_addr *remote, lp_time now, lp_conn **out_conn);

/* The next connection with something to write or a timer that ran out; NULL when none. Each
 * is given once until it is due again. A caller that cannot write until LP_WRITE_NOTHING
 * says lp_conn_want_write when it can go on. */
lp_conn *lp_quic_next_due(lp_quic *quic, lp_time now);
lp_time lp_quic_deadline(const lp_quic *quic);
/* Is any due that has more to say than an acknowledgement? */
bool lp_quic_has_more_to_say(const lp_quic *quic);

/* The next packet that belongs to no connection (version negotiation, Retry, stateless
 * reset, refusals). False when none. `packet->payload` is valid until the next call. */
bool lp_quic_next_stateless(lp_quic *quic, lp_udp_packet *out_packet);

/*
 * --- several endpoints -------------------------------------------------------------
 *
 * Endpoints of workers that share a port, a secret and a census. A packet belongs to the
 * endpoint that base/lane.h says, by its connection id; the system steers most of them
 * there. What arrives elsewhere goes to on_astray.
 *
 * A connection whose handshake is complete can be handed over, with all that it is:
 *
 *     lp_quic_part(here, conn, there)    it belongs to no endpoint now
 *     ... a letter ...
 *     lp_quic_join(there, conn, now)
 *
 * The peer notices nothing. It goes on using connection ids that name the old worker, so
 * there a stub stays behind that knows where to send its packets, until on_forget. Whoever
 * steers packets can do better with lp_conn_past.
 */

/* For a packet that was astray. */
void lp_quic_on_astray(lp_quic *quic, const lp_udp_packet *packet, lp_time now);

/* Not from a handler, and once in a connection's life.
 *   LP_ERR_NO_MEMORY  it stays where it is */
LP_MUST_USE lp_err lp_quic_part(lp_quic *quic, lp_conn *conn, uint8_t worker);

/*
 * Takes it in; lp_conn_user is as it was, on_budget and on_ended will come. It is due.
 *   LP_ERR_FULL  it is freed, on_forget was called
 */
LP_MUST_USE lp_err lp_quic_join(lp_quic *quic, lp_conn *conn, lp_time now);

/* One that parted and joins nobody, for the program ends. */
void lp_quic_discard(lp_conn *conn);

/* The connection ended where it went. */
void lp_quic_forget(lp_quic *quic, lp_quic_stub stub);

/* NULL for a connection that never moved. */
const lp_quic_past *lp_conn_past(const lp_conn *conn);

/* --- connections ------------------------------------------------------------------ */

void lp_conn_set_user(lp_conn *conn, void *user);
void *lp_conn_user(const lp_conn *conn);

/* The key that the peer proved to hold; valid from on_connected. */
const lp_key_hash *lp_conn_identity(const lp_conn *conn);
const lp_addr *lp_conn_remote(const lp_conn *conn);
lp_duration lp_conn_rtt(const lp_conn *conn); /* smoothed; 0 before the first sample */
size_t
lp_conn_budget(const lp_conn *conn); /* most octets in one DATAGRAM now; 0: none */

/*
 * Queues octets on the control stream (a client's first stream, opened by need).
 * Delivered in order or not at all.
 *   LP_ERR_FULL    LP_QUIC_STREAM_QUEUE_MAX octets wait already: the peer is not reading
 *   LP_ERR_CLOSED
 */
LP_MUST_USE lp_err lp_conn_send(lp_conn *conn, lp_bytes octets);

/* For the caller who decides how much may be under way (core/governor.h). */
typedef struct lp_conn_pulse {
    lp_duration
        rtt; /* newest round trip, the peer's delay taken off; 0: none since then */
    uint64_t in_flight, cwnd;
    bool is_new_path; /* what was known of the path says nothing any more */
} lp_conn_pulse;
/* What happened since it was asked last. */
lp_conn_pulse lp_conn_feel(lp_conn *conn);

/* Makes the connection due: the caller has datagrams for it. */
void lp_conn_want_write(lp_conn *conn);
/* After LP_WRITE_NOTHING: the caller has datagrams, but will not give them before `at`. */
void lp_conn_want_write_at(lp_conn *conn, lp_time at, lp_time now);

typedef enum lp_write {
    LP_WRITE_NOTHING, /* nothing to say, or congestion control says wait */
    LP_WRITE_PACKET,  /* `out_packet` is to be sent; call again */
    LP_WRITE_MORE,    /* the datagram was taken and the packet has room: call again with
                         the next one, or with an empty view to finish it. Same `space`. */
} lp_write;

/*
 * Writes the next UDP payload into `space` (at least LP_UDP_PAYLOAD_MAX). `datagram` may be
 * empty; whether it was taken is in `*out_taken`. With `more_follow`, small datagrams share
 * a packet. A datagram over lp_conn_budget is never taken: check first.
 */
lp_write lp_conn_write(lp_conn *conn, lp_bytes datagram, bool more_follow,
                       lp_space space, lp_time now, bool *out_taken,
                       lp_udp_packet *out_packet);

/*
 * After LP_WRITE_PACKET, by a caller without another datagram: true when nothing else
 * can be due either, and then it is as if lp_conn_write had said LP_WRITE_NOTHING. Else
 * go on writing. It spares a walk through the library for each lone datagram.
 */
bool lp_conn_rest(lp_conn *conn, lp_time now);

/*
 * Before lp_conn_write, by a caller whose datagrams wait until `next`, or until
 * acknowledgements come: true when all that could be written is an acknowledgement which that
 * datagram can take along, and then it is as if lp_conn_write had said LP_WRITE_NOTHING and
 * lp_conn_want_write_at had been called. It spares a packet.
 */
bool lp_conn_hold(lp_conn *conn, lp_time next, lp_time now);

/* Closes once queued control octets are written, or after a second; on_ended follows from
 * lp_quic_next_due, and nothing but it. Safe to call from a handler. */
void lp_conn_close(lp_conn *conn, uint64_t code, const char *reason);

/*
 * A client's address changed: probe and move to `local` with a fresh connection id
 * (RFC 9000 section 9.2). Not from a handler. Keeps the connection as it is on failure.
 *   LP_ERR_IN_USE       it is at `local` already
 *   LP_ERR_WOULD_BLOCK  the handshake is too young, or the peer has given no spare id yet
 *   LP_ERR_CLOSED, LP_ERR_NO_MEMORY
 */
LP_MUST_USE lp_err lp_conn_migrate(lp_conn *conn, const lp_addr *local, lp_time now);

/* Sends something that asks for an answer, soon: is the path alive? */
void lp_conn_ping(lp_conn *conn);

typedef struct lp_conn_view { /* for status */
    lp_duration rtt, rtt_min;
    uint64_t cwnd, in_flight;
    uint64_t packets_sent, packets_received, packets_lost;
    uint64_t control_late; /* control octets acknowledged too late, and so sent again */
    size_t budget, udp_payload_max;
} lp_conn_view;
lp_conn_view lp_conn_look(const lp_conn *conn);

typedef struct lp_quic_stats {
    uint64_t packets_in, packets_out;
    uint64_t garbage;        /* not QUIC, or for no connection of ours */
    uint64_t refused_limits; /* connections refused by a limit */
    uint64_t retries;        /* address validations demanded */
    uint64_t resets;         /* stateless resets sent */
    uint64_t handshakes;     /* completed */
    uint64_t handshakes_failed;
    uint64_t astray;   /* packets that another worker's endpoint has to read */
    uint64_t moved_in; /* connections that were handed over to this endpoint */
} lp_quic_stats;
const lp_quic_stats *lp_quic_stats_of(const lp_quic *quic);
size_t lp_quic_conn_count(const lp_quic *quic);
