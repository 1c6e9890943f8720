/*
 * How much of one connection may be on its way at once, so that what must wait waits in
 * lp_queue, where it can be ordered, and not in a modem's buffer (design section 5).
 *
 * Congestion control asks how much the path will bear; this asks how little it needs. From
 * round trips alone: the window grows while they are as short as those of an empty path,
 * and shrinks once packets have begun to queue (as in FAST TCP: Wei, Jin, Low, Hegde 2006).
 * What leaves is spaced out, so that acknowledgements in bunches do not queue either.
 *
 * What an empty path takes is measured while little is under way, and now and then by a
 * drain: a few rounds with less than the path holds. So jitter is part of it, a longer
 * route is noticed, and so is a queue that others keep filled: it stays whatever we do, and
 * is taken for the path's own, or we would give way to them until nothing is left. A short
 * queue is so only in part: others may be of our kind, and see ours in the same way.
 *
 * A thin flow's packet is never kept waiting by a fat flow's: it may go beyond the window,
 * up to a bound, and is not spaced out.
 *
 * Pure: no clock, no allocation. A plain value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

#define LP_GOVERNOR_SAMPLES 15

typedef struct lp_governor {
    uint64_t window;     /* octets that the path needs, as far as is known */
    uint64_t untroubled; /* the window before rounds began to be too long */
    uint64_t in_flight;
    uint64_t ceiling;   /* congestion control's own window, less what thin flows need */
    lp_duration base;   /* round trip of an empty path; 0: unknown */
    lp_duration floor;  /* the least that it was, or nearly */
    lp_duration latest; /* of the last round */
    lp_duration usual;  /* smoothed over rounds */
    lp_duration spread; /* how far round trips stray from the round's median */
    lp_time based_at;   /* when the path was last seen empty */
    lp_time paced_to;   /* what was sent so far is spaced out up to then */
    struct {
        lp_time end;
        uint32_t sample[LP_GOVERNOR_SAMPLES]; /* its round trips in us, the last ones */
        uint32_t count;
        uint32_t sent, sent_large;  /* datagrams */
        uint64_t peak, peak_before; /* most octets under way, now and in the last one */
        bool was_full;              /* the window kept something waiting */
    } round;
    struct {
        uint8_t rounds;    /* left; 0: none is under way */
        uint64_t window;   /* a little less than the path holds without any queue */
        lp_duration queue; /* that there was before */
        lp_duration total; /* of the round trips seen */
    } drain;
    uint8_t empty_rounds;  /* full window, yet no queue: how many in a row (bounded) */
    uint8_t stuck_rounds;  /* a long queue, whatever we do: likewise */
    uint8_t moves;         /* drains that may find another path farther still */
    lp_time unhindered_at; /* congestion control left us room */
    bool is_base_of_small; /* packets, which take less on the wire than full ones */
    bool sent_small;  /* in the last round, or nothing: whose round trips come now */
    bool is_starting; /* no queue was seen yet: grow fast */
    bool was_long;    /* the last round: one alone does not end the start */
    bool is_hindered; /* by congestion control, for longer than it is ever silent */
    bool is_one_way;  /* what was heard last; its spread is of one way only */
    bool is_waiting;  /* the last refusal was for want of room in the window */
} lp_governor;

lp_governor lp_governor_start(void);

/* What congestion control knows now, in octets. */
typedef struct lp_governor_view {
    uint64_t in_flight, window;
} lp_governor_view;
void lp_governor_look(lp_governor *governor, lp_governor_view view);

/* A round trip was measured, from packet to acknowledgement. */
void lp_governor_on_rtt(lp_governor *governor, lp_duration rtt, lp_time now);

/* The same, less what the way back had of queue (core/one_way.h). */
void lp_governor_on_one_way(lp_governor *governor, lp_duration trip, lp_time now);

/* May a datagram go now? `is_thin`: its flow is not one that keeps the queue filled. */
bool lp_governor_allows(lp_governor *governor, bool is_thin, lp_time now);

void lp_governor_on_sent(lp_governor *governor, size_t len, lp_time now);

/* After a refusal: when to ask again. LP_NEVER: once acknowledgements arrive. */
lp_time lp_governor_deadline(const lp_governor *governor);
