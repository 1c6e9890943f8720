/*
 * Keeps BBR from falling silent while it has no reason to. For 200 ms of every five
 * seconds it halves its window, to see what a round trip takes on an empty path, unless
 * one was shorter than all before within that time. Under core/governor.h the path is
 * nearly empty always, and what the silence would tell is known.
 *
 * So before the five seconds are over, a packet is stamped a little later than it is, and
 * its round trip comes out shorter: the library's clock goes ahead and stands still until
 * the time has caught up. Each takes about a hundredth off the round trip that the library
 * knows. A quarter, and it gets its silence, and the truth. So it does when the path has
 * become longer.
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"

typedef struct lp_hush { /* zero to begin with */
    lp_time clock;       /* the library's, where it is ahead */
    lp_duration low;     /* shortest round trip that the library saw; 0: none */
    lp_time low_at;
    lp_time tried_at;
    unsigned strength; /* of the next try */
} lp_hush;

/* What the library is told the time is. */
lp_time lp_hush_clock(const lp_hush *hush, lp_time now);

/* The library measured a round trip. */
void lp_hush_on_rtt(lp_hush *hush, lp_duration rtt, lp_time now);

/* Before a packet of a connection with much under way; `usual`: its round trips. */
void lp_hush_on_packet(lp_hush *hush, lp_duration usual, lp_time now);
