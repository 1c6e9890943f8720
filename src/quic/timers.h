/*
 * Deadlines in order: a binary heap of timers that live inside what they time.
 * Setting, clearing and taking the first cost O(log n); nothing is ever scanned.
 */
#pragma once

#include "base/error.h"
#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct lp_timer {
    lp_time at;
    size_t place; /* in the heap, from 1; 0: not set */
} lp_timer;

typedef struct lp_timers {
    lp_timer **heap; /* from index 1 */
    size_t count, max_count;
} lp_timers;

/* LP_ERR_NO_MEMORY leaves a struct that fini accepts. */
LP_MUST_USE lp_err lp_timers_init(lp_timers *timers, size_t max_count);
void lp_timers_fini(lp_timers *timers);

/* LP_NEVER clears it. At most max_count timers are set at once: the caller's promise.
 */
void lp_timers_set(lp_timers *timers, lp_timer *timer, lp_time at);

/* The first one that is due, cleared; NULL when none is. */
lp_timer *lp_timers_take_due(lp_timers *timers, lp_time now);

lp_time lp_timers_next(const lp_timers *timers); /* LP_NEVER when none is set */
