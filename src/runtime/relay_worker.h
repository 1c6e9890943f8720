/*
 * One worker of a relay: a loop, a socket, an endpoint, an engine, and the rooms that
 * live on it. Workers share nothing; today there is one.
 */
#pragma once

#include <jansson.h>

#include "core/relay.h"
#include "runtime/driver.h"
#include "runtime/frame_log.h"

typedef struct lp_relay_worker lp_relay_worker;

typedef struct lp_relay_worker_config {
    lp_addr listen;
    bool reuse_port;
    lp_quic_config quic;   /* limits, tls, secret; worker and handler are set here */
    lp_relay_config relay; /* worker and random are set here */
    uint8_t worker;
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

size_t lp_relay_worker_members(const lp_relay_worker *worker);
lp_addr lp_relay_worker_local(const lp_relay_worker *worker);

/* {"rooms": [...], "counters": {...}, "quic": {...}}; NULL when memory ran out. */
json_t *lp_relay_worker_describe(const lp_relay_worker *worker, lp_time now);
