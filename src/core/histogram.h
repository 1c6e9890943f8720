/*
 * How a number that comes up again and again is spread: half of them are at most this,
 * 99 in 100 at most that. For counters that people look at while something is slow.
 *
 * Log-linear: four buckets for each power of two, so that what is said is at most a
 * quarter too much. It forgets: whenever LP_HISTOGRAM_MEMORY values are counted, every
 * count is halved, so that what is said is about lately.
 *
 * Pure; 154 octets in place, no allocation; adding takes a few nanoseconds.
 */
#pragma once

#include <stdint.h>

#define LP_HISTOGRAM_MEMORY 32768
#define LP_HISTOGRAM_MAX    ((1u << 20) - 1) /* what is larger counts as this */

typedef struct lp_histogram {
    uint16_t total;
    uint16_t count[76];
} lp_histogram; /* zeroed is empty */

void lp_histogram_add(lp_histogram *histogram, uint64_t value);

/* The least bound that so many of a hundred values keep; 0 when there are none. */
uint32_t lp_histogram_percentile(const lp_histogram *histogram, unsigned percent);
