/*
 * One worker of a relay: a loop, a socket, an endpoint, an engine, and the rooms that
 * live on it. It is alone on its thread. Workers share a port, counts that limits are
 * about, and nothing else; what one has for another goes by mail (relay_crew.h).
 */
#pragma once

#include <jansson.h>

#include "core/relay.h"
#include "os/steer.h"
#include "runtime/driver.h"
#include "runtime/frame_log.h"

typedef struct lp_relay_worker lp_relay_worker;

/* A connection whose room lives on another worker, on its way there. */
typedef struct lp_relay_guest {
    lp_conn *conn;
    size_t said_len;
    uint8_t said[]; /* its control stream so far */
} lp_relay_guest;

void lp_relay_guest_free(lp_relay_guest *guest); /* it arrived nowhere */

/* Letters to other workers; where there is only one, nobody calls these. */
typedef struct lp_relay_mail {
    void *state;
    void (*move)(void *state, unsigned to, lp_relay_guest *guest); /* take it there */
    void (*astray)(void *state, unsigned to, const lp_udp_packet *packet);
    void (*forget)(void *state, lp_quic_stub stub); /* to stub.worker */
} lp_relay_mail;

typedef struct lp_relay_worker_config {
    lp_addr listen;
    bool reuse_port;
    /* Limits, tls, secret, census; worker, workers and handler are set here. */
    lp_quic_config quic;
    lp_relay_config relay; /* worker, workers and random are set here */
    uint8_t worker;
    unsigned workers; /* in all; 0 is 1 */
    lp_relay_mail mail;
    const lp_log_sink *log; /* borrowed */
    lp_frame_log frame_log;
    void (*on_failed)(void *state, const char *why);
    void *state;
} lp_relay_worker_config;

LP_MUST_USE lp_err lp_relay_worker_open(uv_loop_t *loop,
                                        const lp_relay_worker_config *config,
                                        lp_relay_worker **out_worker, lp_why *why);

/* Says goodbye to everyone; then close a moment later. */
void lp_relay_worker_leave(lp_relay_worker *worker, const char *reason, lp_time now);
bool lp_relay_worker_is_over(const lp_relay_worker *worker);
void lp_relay_worker_close(lp_relay_worker *worker); /* NULL is fine */

/* Borrowed: told of connections that arrive from other workers. */
void lp_relay_worker_steer_with(lp_relay_worker *worker, lp_steer *steer);

/* What comes by mail, then lp_relay_worker_flush. `guest` is the worker's now. */
void lp_relay_worker_take(lp_relay_worker *worker, lp_relay_guest *guest, lp_time now);
void lp_relay_worker_on_astray(lp_relay_worker *worker, const lp_udp_packet *packet,
                               lp_time now);
void lp_relay_worker_forget(lp_relay_worker *worker, lp_quic_stub stub);
void lp_relay_worker_flush(lp_relay_worker *worker, lp_time now);

size_t lp_relay_worker_members(const lp_relay_worker *worker);
lp_addr lp_relay_worker_local(const lp_relay_worker *worker);
const lp_udp *lp_relay_worker_udp(const lp_relay_worker *worker);

/* {"rooms": [...], "counters": {...}, "quic": {...}}; NULL when memory ran out. */
json_t *lp_relay_worker_describe(const lp_relay_worker *worker, lp_time now);
