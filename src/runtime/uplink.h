/*
 * A client's or gateway's life with its relay: resolve the name, dial, join, stay; when
 * the connection is lost, wait and try again; when this machine's address changes, move.
 *
 * Drives core/member over a driver. The application brings frames (lp_uplink_send) and
 * takes datagrams and events; everything that concerns adapters stays with it.
 */
#pragma once

#include <uv.h>

#include "base/log.h"
#include "core/member.h"
#include "os/net.h"
#include "runtime/driver.h"

typedef struct lp_uplink lp_uplink;

typedef struct lp_uplink_handler {
    void *state;
    /* A datagram from the relay, while joined. */
    void (*on_datagram)(void *state, lp_bytes datagram, lp_time now);
    /* Welcome, joins and leaves: handled before any frame of the same moment (G-018). */
    void (*on_event)(void *state, const lp_member_event *event, lp_time now);
    /* The relay's addresses are known and one is about to be dialled. */
    void (*on_dial)(void *state, const lp_addr *relay, lp_time now);
    /* The uplink was lost (also after every failed try); `next` says when it is tried
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
    /* No more datagrams for now: time for frames that waited for their successors. NULL
     * is fine. */
    void (*on_datagrams_end)(void *state);
    /* After lp_uplink_close: what was borrowed is used no more. NULL is fine. */
    void (*on_closed)(void *state);
} lp_uplink_handler;

typedef struct lp_uplink_config {
    lp_endpoint_name relay;
    lp_member_config member;
    lp_tls *tls;            /* borrowed */
    const lp_log_sink *log; /* borrowed */
    lp_net *net;            /* borrowed; watched by the uplink */
    unsigned inside;        /* the interface that leads into the tunnel; 0: none */
    lp_uplink_handler handler;
} lp_uplink_config;

LP_MUST_USE lp_err lp_uplink_open(uv_loop_t *loop, const lp_uplink_config *config,
                                  lp_uplink **out_session, lp_why *why);

/* Begins: from now on the handler is called. */
void lp_uplink_start(lp_uplink *uplink, lp_time now);

/*
 * The machine is about to sleep: says goodbye to the relay, who would wait for us in vain
 * and others with it, and tries nothing until lp_uplink_wake. The handler is not told.
 */
void lp_uplink_rest(lp_uplink *uplink, const char *reason, lp_time now);
/*
 * The machine slept, says the system; where that did not say so before (lp_uplink_rest),
 * the uplink also notices by itself, late, when the clock has jumped. Everything that waits
 * is tried at once.
 */
void lp_uplink_wake(lp_uplink *uplink, lp_time now);

/* Says goodbye to the relay (G-021, W-030); then lp_uplink_close a moment later. */
void lp_uplink_leave(lp_uplink *uplink, const char *reason, lp_time now);
bool lp_uplink_is_over(
    const lp_uplink *uplink); /* goodbye is said, as far as we can tell */
/* NULL is fine. Freed once libuv has let go. Not from within a handler. */
void lp_uplink_close(lp_uplink *uplink);

/* Queues a datagram for the relay; it leaves with the next lp_uplink_flush. */
void lp_uplink_send(lp_uplink *uplink, lp_bytes datagram, lp_time now);
void lp_uplink_flush(lp_uplink *uplink, lp_time now);

/* Sends these counters, and our own gauges, to the relay now and then. Borrowed for the
 * uplink's life. */
void lp_uplink_report(lp_uplink *uplink, const lp_stats *stats);

/* What holds now: the last connection's as it was where there is none. Valid until the
 * next call. */
const lp_gauges *lp_uplink_look(lp_uplink *uplink);

lp_member *lp_uplink_member(lp_uplink *uplink);
const lp_conn *lp_uplink_conn(const lp_uplink *uplink); /* NULL while there is none */
const lp_addr *
lp_uplink_relay(const lp_uplink *uplink); /* the address that was dialled */

/* When the relay is tried again; LP_NEVER while it is reached, or being tried. */
lp_time lp_uplink_next_try(const lp_uplink *uplink);

/* How often the uplink was lost and came back, for status. */
unsigned lp_uplink_reconnects(const lp_uplink *uplink);
