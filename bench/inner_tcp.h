/*
 * A TCP sender and its receiver, as far as a tunnel notices: CUBIC (RFC 9438) with slow
 * start, losses found by what was sent later and arrived, a timeout. Octets do not exist,
 * only segments; a lost one is sent again as a new one. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

#define INNER_TCP_RING 8192 /* segments under way, at most */

typedef struct inner_tcp {
    double window, w_max, slow_start_until; /* segments */
    lp_time epoch;                          /* of CUBIC's curve; 0: none */
    lp_duration rtt_min, rtt_smoothed;
    lp_time heard_at; /* last acknowledgement, or the first segment after silence */
    uint32_t next, oldest,
        recover; /* segments: to send, not acknowledged, see on_loss */
    uint32_t under_way;
    struct {
        lp_time sent;
        enum { IS_UNDER_WAY, IS_ACKED, IS_LOST } state;
    } ring[INNER_TCP_RING];

    uint32_t
        log[INNER_TCP_RING]; /* the receiver's: segments in their order of arrival */
    uint32_t arrived, answered, heard; /* entries written, acknowledged, read */
} inner_tcp;

void inner_tcp_start(inner_tcp *tcp);

/* The next segment's number, if one may leave. */
bool inner_tcp_next(inner_tcp *tcp, lp_time now, uint32_t *out_number);

/* At the receiver. True: acknowledge, with `answered` as the number. */
bool inner_tcp_on_segment(inner_tcp *tcp, uint32_t number);

/* At the sender: an acknowledgement of the receiver's first `count` segments. */
void inner_tcp_on_ack(inner_tcp *tcp, uint32_t count, lp_time now);

/* When silence is a timeout; LP_NEVER when nothing is under way. */
lp_time inner_tcp_deadline(const inner_tcp *tcp);
void inner_tcp_on_deadline(inner_tcp *tcp, lp_time now);
