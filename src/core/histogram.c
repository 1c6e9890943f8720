#include "core/histogram.h"

#include <stddef.h>

/* Values below 4 have a bucket each; above, the two bits behind the highest one choose
 * among the four of their power of two. */
#define LINEAR_BITS 2
#define LINEAR      (1u << LINEAR_BITS)
#define BUCKETS     (sizeof((lp_histogram *)0)->count / sizeof(uint16_t))

static size_t bucket_of(uint32_t value)
{
    if (value < LINEAR)
        return value;
    unsigned power = 31 - (unsigned)__builtin_clz(value);
    unsigned shift = power - LINEAR_BITS;
    return shift * LINEAR + (value >> shift);
}

/* The largest value that belongs to the bucket. */
static uint32_t top_of(size_t bucket)
{
    if (bucket < LINEAR)
        return (uint32_t)bucket;
    unsigned shift = (unsigned)(bucket / LINEAR) - 1;
    return (uint32_t)(((bucket % LINEAR + LINEAR + 1) << shift) - 1);
}

static void forget_half(lp_histogram *histogram)
{
    histogram->total = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        histogram->count[i] /= 2;
        histogram->total = (uint16_t)(histogram->total + histogram->count[i]);
    }
}

void lp_histogram_add(lp_histogram *histogram, uint64_t value)
{
    uint32_t counted = value < LP_HISTOGRAM_MAX ? (uint32_t)value : LP_HISTOGRAM_MAX;
    histogram->count[bucket_of(counted)]++;
    if (++histogram->total == LP_HISTOGRAM_MEMORY)
        forget_half(histogram);
}

uint32_t lp_histogram_percentile(const lp_histogram *histogram, unsigned percent)
{
    uint32_t wanted = (histogram->total * percent + 99) / 100, seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += histogram->count[i];
        if (seen >= wanted && seen > 0)
            return top_of(i);
    }
    return 0;
}
