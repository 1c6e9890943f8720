/*
 * Controlled delay (CoDel, RFC 8289), for each flow of lp_queue: when its packets have
 * waited too long for too long, its sender is told to slow down, by a mark or a loss, and
 * more often the longer that lasts. Bursts pass; a standing queue does not.
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"

typedef struct lp_queue_delay {
    uint32_t at;    /* us, round after 71 minutes: when to tell next; 0: all is well */
    uint16_t tells; /* since it was well, or nearly */
} lp_queue_delay;

/* True: tell now. `waited` is what the flow's oldest packet did. */
bool lp_queue_delay_tells(lp_queue_delay *delay, lp_duration waited, lp_time now);
