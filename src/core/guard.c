#include "core/guard.h"

lp_guard_limits lp_guard_default_limits(void)
{
    return (lp_guard_limits){
        .bytes_burst = 16u << 20,
        .bytes_rate = 125000000,
        .broadcast_burst = 1024,
        .broadcast_rate = 256,
        .unknown_burst = 256,
        .unknown_rate = 64,
    };
}

lp_guard lp_guard_start(const lp_guard_limits *limits, lp_time now)
{
    return (lp_guard){
        .bytes = lp_bucket_start(limits->bytes_burst, limits->bytes_rate, now),
        .broadcast =
            lp_bucket_start(limits->broadcast_burst, limits->broadcast_rate, now),
        .unknown = lp_bucket_start(limits->unknown_burst, limits->unknown_rate, now),
    };
}

lp_reason lp_guard_on_frame(lp_guard *guard, size_t len, lp_cast cast, lp_time now)
{
    /* The narrow buckets first: what they refuse must not eat the octets of a storming
     * player's own game. */
    if (cast == LP_CAST_MULTICAST && !lp_bucket_take(&guard->broadcast, 1, now))
        return LP_REASON_BROADCAST_RATE;
    if (cast == LP_CAST_UNKNOWN_UNICAST && !lp_bucket_take(&guard->unknown, 1, now))
        return LP_REASON_UNKNOWN_UNICAST_RATE;
    if (!lp_bucket_take(&guard->bytes, len, now))
        return LP_REASON_TOTAL_RATE;
    return LP_REASON_NONE;
}

bool lp_guard_on_malformed(lp_guard *guard, lp_time now)
{
    lp_time window_end =
        lp_time_after(guard->malformed_since, LP_GUARD_MALFORMED_WINDOW);
    if (guard->malformed == 0 || now >= window_end) {
        guard->malformed = 0;
        guard->malformed_since = now;
    }
    guard->malformed++;
    guard->malformed_total++;
    return guard->malformed >= LP_GUARD_MALFORMED_LIMIT;
}
