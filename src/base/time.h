/* Time as the core sees it: handed in by the caller, never read from a clock. */
#pragma once

#include <stdint.h>

typedef uint64_t lp_time;     /* ns since an arbitrary start; only rises */
typedef uint64_t lp_duration; /* ns */

#define LP_NEVER      UINT64_MAX
#define LP_US(n)      ((lp_duration)(n)*1000u)
#define LP_MS(n)      ((lp_duration)(n)*1000000u)
#define LP_SECONDS(n) LP_MS((lp_duration)(n)*1000u)

/* Saturates at LP_NEVER, so "never plus five seconds" is still never. */
static inline lp_time lp_time_after(lp_time start, lp_duration wait)
{
    return wait > LP_NEVER - start ? LP_NEVER : start + wait;
}

/* Zero where `later` is not later: what is left of a wait that is over. */
static inline lp_duration lp_time_until(lp_time now, lp_time later)
{
    return later > now ? later - now : 0;
}

static inline lp_time lp_time_min(lp_time a, lp_time b)
{
    return a < b ? a : b;
}
