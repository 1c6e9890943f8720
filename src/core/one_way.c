#include "core/one_way.h"

/* No queue is that long: a clock was set, or stood still while its machine slept. */
#define ABSURD 1000000 /* us */

void lp_one_way_on_new_path(lp_one_way *ways)
{
    ways->has_least = ways->has_empty = ways->has_news = false;
    ways->told_at = ways->crowded_until = 0;
    ways->queue = ways->quiet_queue = 0;
    ways->rtt = 0;
}

static uint32_t us_of(lp_time now)
{
    return (uint32_t)(now / LP_US(1));
}

/* --- what is heard ---------------------------------------------------------------- */

static void learn_queue(lp_one_way *ways, uint32_t transit)
{
    int32_t more = (int32_t)(transit - ways->least);
    bool is_other_clock = more > ABSURD || more < -ABSURD;
    if (is_other_clock)
        ways->has_empty = false;
    if (!ways->has_least || is_other_clock || more < 0) {
        ways->has_least = true;
        ways->least = transit;
        more = 0;
    }
    ways->queue = LP_US(more);
}

static bool is_quiet(const lp_one_way *ways, lp_time now)
{
    return now >= ways->busy_until && now >= ways->wanted_until;
}

static void compare_with_rtt(lp_one_way *ways, lp_time now)
{
    int64_t rest = (int64_t)ways->rtt - (int64_t)ways->queue;
    if (ways->rtt == 0 || now >= lp_time_after(ways->rtt_at, LP_STAMP_LIFETIME))
        return;
    if (!ways->has_empty) {
        ways->has_empty = true;
        ways->empty = rest;
        ways->hidden = 0;
        ways->quiet_queue = 0;
    }
    if (is_quiet(ways, now)) {
        ways->empty += (rest - ways->empty) / 4;
        ways->quiet_queue = (3 * ways->quiet_queue + ways->queue) / 4;
    }
    ways->hidden += (rest - ways->empty - ways->hidden) / 8;
    if (ways->hidden > (int64_t)LP_CROWDED)
        ways->crowded_until = lp_time_after(now, LP_CROWDED_FOR);
}

bool lp_one_way_hears(lp_one_way *ways, lp_bytes datagram, lp_time now)
{
    lp_stamp stamp;
    if (lp_stamp_read(datagram, &stamp) != LP_OK)
        return false;
    ways->heard++;
    ways->is_understood = true;
    ways->transit = us_of(now) - stamp.sent;
    ways->owes_transit = true;
    if (stamp.wants_answers)
        ways->wanted_until = lp_time_after(now, LP_STAMP_LIFETIME);
    if (stamp.has_transit) {
        learn_queue(ways, stamp.transit);
        compare_with_rtt(ways, now);
        ways->has_news = true;
        ways->told_at = now;
    }
    return true;
}

/* --- what we tell ----------------------------------------------------------------- */

void lp_one_way_be_busy(lp_one_way *ways, lp_time now)
{
    ways->busy_until = lp_time_after(now, LP_STAMP_LIFETIME);
}

/* We give way to what is not ours, unless stamps tell. */
static bool needs_answers(const lp_one_way *ways, lp_time now)
{
    return now < ways->busy_until && now < ways->crowded_until;
}

bool lp_one_way_is_due(const lp_one_way *ways, bool is_free, lp_time now)
{
    lp_duration every = LP_STAMP_EVERY_IDLE;
    if (now < ways->wanted_until || needs_answers(ways, now))
        every = LP_STAMP_EVERY;
    else if (now < ways->busy_until || ways->owes_transit)
        every = LP_STAMP_EVERY_BUSY;
    if (!is_free)
        every *= LP_STAMP_URGENT;
    return ways->is_understood && now >= lp_time_after(ways->sent_at, every);
}

lp_stamp lp_one_way_stamp(const lp_one_way *ways, lp_time now)
{
    return (lp_stamp){
        .sent = us_of(now),
        .transit = ways->owes_transit ? ways->transit : 0,
        .has_transit = ways->owes_transit,
        .wants_answers = needs_answers(ways, now),
    };
}

void lp_one_way_on_sent(lp_one_way *ways, lp_time now)
{
    ways->sent_at = now;
    ways->owes_transit = false;
}

/* --- what follows ----------------------------------------------------------------- */

void lp_one_way_on_rtt(lp_one_way *ways, lp_duration rtt, lp_time now)
{
    ways->rtt = rtt;
    ways->rtt_at = now;
}

lp_duration lp_one_way_queue(const lp_one_way *ways)
{
    return lp_time_until(ways->quiet_queue, ways->queue);
}

bool lp_one_way_counts(const lp_one_way *ways, lp_time now)
{
    return now < ways->crowded_until && ways->has_empty &&
           ways->rtt >= LP_STAMP_EVERY &&
           now < lp_time_after(ways->told_at, LP_STAMP_LIFETIME);
}

lp_duration lp_one_way_take_trip(lp_one_way *ways)
{
    if (!ways->has_news)
        return 0;
    ways->has_news = false;
    int64_t trip = ways->empty + (int64_t)ways->queue;
    if (ways->hidden < 0) /* a queue that round trips do not have: the clocks drift */
        trip += ways->hidden;
    return trip > 0 ? (lp_duration)trip : 0;
}
