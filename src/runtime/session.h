/*
 * A client's or gateway's life with its relay: resolve the name, dial, join, stay; when
 * the connection is lost, wait and try again; when this machine's address changes, move.
 *
 * Drives core/member over a driver. The application brings frames (lp_session_send) and
 * takes datagrams and events; everything that concerns adapters stays with it.
 */
#pragma once

#include <uv.h>

#include "base/log.h"
#include "core/member.h"
#include "os/net.h"
#include "runtime/driver.h"

typedef struct lp_session lp_session;

typedef struct lp_session_handler {
    void *state;
    /* A datagram from the relay, while joined. */
    void (*on_datagram)(void *state, lp_bytes datagram, lp_time now);
    /* Welcome, joins and leaves: handled before any frame of the same moment (G-018). */
    void (*on_event)(void *state, const lp_member_event *event, lp_time now);
    /* The relay's addresses are known and one is about to be dialled. */
    void (*on_dial)(void *state, const lp_addr *relay, lp_time now);
    /* The session was lost (also after every failed try); `next` says when it is tried
     * again, LP_NEVER when the relay refused for good. */
    void (*on_lost)(void *state, const char *why, lp_time next, lp_time now);
    /* This host's addresses or routes changed. */
    void (*on_net_changed)(void *state, lp_time now);
    /* Deadlines of the application's own engine. */
    lp_time (*deadline)(void *state);
    void (*on_deadline)(void *state, lp_time now);
    /* Nothing works any more; the program should end with this sentence. */
    void (*on_failed)(void *state, const char *why);
    /* Datagrams that were queued but never left. */
    void (*on_unsent)(void *state, lp_reason reason, size_t count);
} lp_session_handler;

typedef struct lp_session_config {
    lp_endpoint_name relay;
    lp_member_config member;
    lp_tls *tls;             /* borrowed */
    const lp_log_sink *log;  /* borrowed */
    lp_net *net;             /* borrowed; watched by the session */
    lp_session_handler handler;
} lp_session_config;

LP_MUST_USE lp_err lp_session_open(uv_loop_t *loop, const lp_session_config *config,
                                   lp_session **out_session, lp_why *why);

/* Begins: from now on the handler is called. */
void lp_session_start(lp_session *session, lp_time now);

/* Says goodbye to the relay (G-021, W-030); then lp_session_close a moment later. */
void lp_session_leave(lp_session *session, const char *reason, lp_time now);
bool lp_session_is_over(const lp_session *session); /* goodbye said and acknowledged */
/* NULL is fine. Freed once libuv has let go. Not from within a handler. */
void lp_session_close(lp_session *session);

/* Queues a datagram for the relay; it leaves with the next lp_session_flush. */
void lp_session_send(lp_session *session, lp_bytes datagram, lp_time now);
void lp_session_flush(lp_session *session, lp_time now);

lp_member *lp_session_member(lp_session *session);
const lp_conn *lp_session_conn(const lp_session *session); /* NULL while there is none */
const lp_addr *lp_session_relay(const lp_session *session); /* the address that was dialled */

/* How often a session was lost and came back, for status. */
unsigned lp_session_reconnects(const lp_session *session);
