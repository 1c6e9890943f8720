/*
 * Was control data sent again? QUIC does that by itself and does not say so. But what is
 * acknowledged only after QUIC's probe timeout (RFC 9002 section 6.2) was sent again by
 * then: that is counted. One piece at a time is watched, from when it first left.
 *
 * What a short path lost and mended within that time is not seen: it did no harm.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

typedef struct lp_ack_watch {
    uint64_t sent, acked; /* octets of the stream */
    uint64_t until;       /* the watched piece ends here */
    lp_time since;
    bool is_watching;
    uint64_t late; /* pieces that were */
} lp_ack_watch;    /* zeroed is new */

void lp_ack_watch_on_sent(lp_ack_watch *watch, size_t len, lp_time now);
void lp_ack_watch_on_acked(lp_ack_watch *watch, size_t len, lp_duration timeout,
                           lp_time now);
