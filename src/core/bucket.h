/* A token bucket: so much at once, so much per second. Pure; a plain value. */
#pragma once

#include <stdbool.h>

#include "base/time.h"

typedef struct lp_bucket {
    uint64_t burst;  /* most tokens it holds */
    uint64_t rate;   /* tokens that come back per second */
    uint64_t tokens; /* what it holds, times 10^9: no fraction is ever lost */
    lp_time filled_at;
} lp_bucket;

/* Starts full. burst and rate at most 2^32, so that no sum overflows. */
lp_bucket lp_bucket_start(uint64_t burst, uint64_t rate, lp_time now);

/* Takes `cost` tokens if that many are there; else takes none and is false. */
bool lp_bucket_take(lp_bucket *bucket, uint64_t cost, lp_time now);
