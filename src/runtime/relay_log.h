/* A relay's engine events and frames as log lines (L-020, L-031). */
#pragma once

#include "core/bucket.h"
#include "core/relay.h"
#include "runtime/frame_log.h"

void lp_log_relay_event(const lp_log_sink *log, const lp_relay_event *event);

/*
 * The same, but no more than a disk can bear: strangers can come and go as often as they
 * like. What is left out is counted in a line of its own.
 */
#define LP_RELAY_LOG_BURST 1000
#define LP_RELAY_LOG_RATE  50 /* lines a second after that */

typedef struct lp_relay_log {
    const lp_log_sink *sink; /* borrowed */
    lp_bucket lines;
    uint64_t left_out;
} lp_relay_log;

lp_relay_log lp_relay_log_start(const lp_log_sink *sink, lp_time now);
void lp_relay_log_event(lp_relay_log *log, const lp_relay_event *event, lp_time now);

void lp_log_verdict(lp_frame_log *frame_log, const lp_relay *relay, lp_link from,
                    lp_bytes datagram, const lp_verdict *verdict);

/* A target whose path is too small for what the room agreed on: worth a line each time
 * at debug, because it means that the path shrank. */
void lp_log_egress(const lp_log_sink *log, const lp_relay *relay, lp_link target,
                   lp_bytes datagram, size_t budget);
