/*
 * A count with a limit that several threads keep together: how many rooms there are on
 * all workers of a relay, say. For what happens now and then, not for every frame.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct lp_tally {
    atomic_size_t count;
    size_t limit;
} lp_tally;

/* One more, if the limit allows it. */
static inline bool lp_tally_take(lp_tally *tally)
{
    size_t count = atomic_load_explicit(&tally->count, memory_order_relaxed);
    while (count < tally->limit)
        if (atomic_compare_exchange_weak(&tally->count, &count, count + 1))
            return true;
    return false;
}

/* Another thread may change that at any time. */
static inline bool lp_tally_is_full(lp_tally *tally)
{
    return atomic_load(&tally->count) >= tally->limit;
}

static inline void lp_tally_give(lp_tally *tally)
{
    atomic_fetch_sub(&tally->count, 1);
}
