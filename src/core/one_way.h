/*
 * Tells the two ways of a connection apart. A round trip has the queues of both in it, so
 * a governor that goes by it gives way to what the other end sends. Here each end stamps
 * some of its packets, and hears from the other how long they were under way, by a clock
 * that nobody compared with ours: what they take more than the least is the queue that
 * they met (as in LEDBAT, RFC 6817).
 *
 * While the way back is free a round trip says as much, and more often. So one way counts
 * only while round trips hide something: LP_CROWDED, on average, beyond the queue that our
 * stamps meet and what both ways take on a quiet path.
 *
 * Nothing is sent for a stamp's sake: it travels with datagrams that leave anyway, each
 * second; while an end is busy, more often; most often while it counts.
 *
 * The two clocks drift apart. On a quiet path nothing comes of it: what both ways take is
 * learnt again with each answer. On a busy one the least is undercut by each drain of the
 * governor's; and a queue that round trips do not have is not believed.
 *
 * Pure: no clock. A plain value; zeroed is new, and sends nothing.
 */
#pragma once

#include "base/time.h"
#include "wire/stamp.h"

#define LP_STAMP_EVERY      LP_MS(5)  /* while it counts */
#define LP_STAMP_EVERY_BUSY LP_MS(20) /* and to answer */
#define LP_STAMP_EVERY_IDLE LP_SECONDS(1)
#define LP_STAMP_URGENT     4 /* times that: then it may cost a packet of its own */
/* An answer, or a wish for answers, is of no use any more. */
#define LP_STAMP_LIFETIME LP_MS(100)
#define LP_CROWDED        LP_US(600)
#define LP_CROWDED_FOR    LP_SECONDS(1) /* after it was seen last */

typedef struct lp_one_way {
    bool is_understood; /* by the other end; it may be set where that is known */
    lp_time sent_at;    /* the last stamp */
    lp_time busy_until, wanted_until;
    uint64_t heard;   /* stamps */
    uint32_t transit; /* of the last one heard; the other end waits for it */
    bool owes_transit;

    /* Of our stamps, as the other end told. */
    bool has_least, has_empty;
    bool has_news;           /* nobody asked yet */
    uint32_t least;          /* transit without a queue: us, modulo 2^32 */
    lp_duration queue;       /* that the newest one met */
    lp_duration quiet_queue; /* on a quiet path, smoothed: what clocks drifted */
    lp_time told_at;
    int64_t
        empty; /* ns: a round trip on a quiet path, less the queue that it seemed to meet */
    int64_t hidden; /* ns: what round trips have beyond that and the queue, smoothed */
    lp_time crowded_until;

    lp_duration rtt; /* the newest; 0: unknown */
    lp_time rtt_at;
} lp_one_way;

/* The path is another: what was learnt about it counts no more. */
void lp_one_way_on_new_path(lp_one_way *ways);

/* True: it was a stamp, and nobody else's business. */
bool lp_one_way_hears(lp_one_way *ways, lp_bytes datagram, lp_time now);

/* Much is under way. */
void lp_one_way_be_busy(lp_one_way *ways, lp_time now);

/* Shall the next packet have a stamp? `is_free`: it has room beside what it carries. */
bool lp_one_way_is_due(const lp_one_way *ways, bool is_free, lp_time now);
lp_stamp lp_one_way_stamp(const lp_one_way *ways, lp_time now);
void lp_one_way_on_sent(lp_one_way *ways, lp_time now);

void lp_one_way_on_rtt(lp_one_way *ways, lp_duration rtt, lp_time now);

/* What the newest stamp of ours that was answered waited on its way; 0 where none was. */
lp_duration lp_one_way_queue(const lp_one_way *ways);

/* The way back has a queue, and the other end answers. Where stamps are farther apart than
 * a round trip is long, that tells more all the same. */
bool lp_one_way_counts(const lp_one_way *ways, lp_time now);

/* The round trip of a path whose way back is empty; 0: nothing new. */
lp_duration lp_one_way_take_trip(lp_one_way *ways);
