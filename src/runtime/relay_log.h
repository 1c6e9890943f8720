/* A relay's engine events and frames as log lines (L-020, L-031). */
#pragma once

#include "core/relay.h"
#include "runtime/frame_log.h"

void lp_log_relay_event(const lp_log_sink *log, const lp_relay_event *event);

void lp_log_verdict(lp_frame_log *frame_log, const lp_relay *relay, lp_link from,
                    lp_bytes datagram, const lp_verdict *verdict);

/* A target whose path is too small for what the room agreed on: worth a line each time
 * at debug, because it means that the path shrank. */
void lp_log_egress(const lp_log_sink *log, const lp_relay *relay, lp_link target,
                   lp_bytes datagram, size_t budget);
