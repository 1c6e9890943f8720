#include "core/bucket.h"

#include <assert.h>

#define NS_PER_SECOND 1000000000u
#define LIMIT         ((uint64_t)1 << 32)

lp_bucket lp_bucket_start(uint64_t burst, uint64_t rate, lp_time now)
{
    assert(burst <= LIMIT && rate <= LIMIT);
    return (lp_bucket){burst, rate, burst * NS_PER_SECOND, now};
}

/* Tokens are counted in billionths, so one nanosecond brings exactly `rate` of them. */
static void refill(lp_bucket *bucket, lp_time now)
{
    lp_duration elapsed = lp_time_until(bucket->filled_at, now);
    uint64_t space = bucket->burst * NS_PER_SECOND - bucket->tokens;
    bool is_full = bucket->rate > 0 && elapsed > space / bucket->rate;
    bucket->tokens += is_full ? space : elapsed * bucket->rate;
    bucket->filled_at += elapsed;
}

bool lp_bucket_take(lp_bucket *bucket, uint64_t cost, lp_time now)
{
    refill(bucket, now);
    if (cost > bucket->tokens / NS_PER_SECOND)
        return false;
    bucket->tokens -= cost * NS_PER_SECOND;
    return true;
}
