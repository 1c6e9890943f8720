#include "core/governor.h"

/* Standing queue that is aimed for, beyond one packet's own time on the wire: what keeps
 * the bottleneck busy between two acknowledgements. */
#define TARGET LP_US(1100)
/* The same where the way back has a queue, too: a ping waits in both. One way is seen
 * without the other's noise, so it keeps busy with less. */
#define TARGET_OF_TWO LP_US(700)

#define PACKET          1452 /* a full one, on the wire */
#define PACKET_TIME_MAX LP_MS(12)
#define GRAIN           8 /* part of a packet's time */
#define WINDOW_MIN      PACKET
#define WINDOW_START    (10 * PACKET) /* RFC 6928 */
#define WINDOW_MAX      (UINT64_C(64) << 20)
#define THIN_EXTRA      (8 * PACKET) /* beyond the window, for thin flows */
#define THIN_RESERVE    1000         /* of congestion control's window, for them */
#define HINDERED        LP_MS(500)   /* BBR is silent for 200 */
#define OVERHEAD        32           /* of QUIC, for a datagram */

#define ROUND_MIN     LP_MS(4) /* shorter ones see the machine's noise, not the path */
#define BASE_LIFETIME LP_SECONDS(5)
#define EMPTY_ROUNDS  5
#define LEAPS         3 /* after them: how often they grow */
#define STUCK_ROUNDS  6
#define FAR           4 /* times the target */

#define DRAIN_ROUNDS 5
#define DRAIN_SEEN   3 /* the last of them: the path is empty then */

/* What others keep filled, and we count as the path's. */
#define OTHERS  LP_MS(2)
#define FARTHER LP_MS(8) /* so much more, and the path is another */
#define MOVES   3        /* drains until it is known */

#define PACING_NUMER 103
#define PACING_DENOM 100
#define BURST        LP_US(500) /* sent at once; a timer for each packet costs too much */
#define CATCH_UP     LP_US(1000) /* a timer was late: at most this much at once */

lp_governor lp_governor_start(void)
{
    return (lp_governor){
        .window = WINDOW_START,
        .ceiling = UINT64_MAX,
        .is_starting = true,
        .is_base_of_small = true,
        .sent_small = true,
    };
}

static uint64_t clamped(uint64_t value, uint64_t least, uint64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* Congestion control widens its window only while all of it is used, so a reserve must not
 * keep it narrow for good. */
static uint64_t reserve(const lp_governor *governor, uint64_t window)
{
    if (governor->is_hindered && window < governor->window + 2 * THIN_RESERVE)
        return 0;
    return window > 4 * THIN_RESERVE ? THIN_RESERVE : window / 4;
}

void lp_governor_look(lp_governor *governor, lp_governor_view view)
{
    governor->in_flight = view.in_flight;
    governor->ceiling = view.window - reserve(governor, view.window);
}

static uint64_t window_now(const lp_governor *governor)
{
    uint64_t window =
        governor->drain.rounds ? governor->drain.window : governor->window;
    return window < governor->ceiling ? window : governor->ceiling;
}

/* --- rounds ----------------------------------------------------------------------- */

/* What a full packet's round trip has over a small one's. */
static lp_duration packet_time(const lp_governor *governor)
{
    lp_duration packet = PACKET * governor->usual / governor->window;
    return packet < PACKET_TIME_MAX ? packet : PACKET_TIME_MAX;
}

/* As much over the base as a round trip may have. A packet's time is the base's, or nearly,
 * where that is of small ones; and a little of the jitter is only the grain of packets. */
static lp_duration target_of(const lp_governor *governor)
{
    lp_duration target = governor->is_one_way ? TARGET_OF_TWO : TARGET;
    lp_duration jitter = governor->is_one_way ? governor->spread : 2 * governor->spread;
    lp_duration packet = packet_time(governor);
    if (governor->is_base_of_small && jitter < packet * 3 / 4)
        return target + packet * 3 / 4;
    if (governor->is_base_of_small)
        return target + jitter;
    return target + lp_time_until(packet / GRAIN, jitter); /* the base has the packet */
}

/* The window at which the queue is as long as it may be, when with `window` a round trip
 * takes `rtt`. */
static uint64_t corrected(const lp_governor *governor, uint64_t window, lp_duration rtt)
{
    return window * (governor->base + target_of(governor)) / rtt;
}

/* A part of the way there: what a round tells is late, and true within a packet. */
static uint64_t moved(uint64_t from, uint64_t to)
{
    return (3 * from + to) / 4;
}

/* Not by chance: the link became slower, or the path another. */
static bool is_far(const lp_governor *governor, lp_duration queue)
{
    return queue > FAR * target_of(governor);
}

/* Not below half of what it was: then a drain must show first that the queue is ours. */
static uint64_t least_window(lp_governor *governor, lp_duration queue)
{
    if (governor->stuck_rounds == 0)
        governor->untroubled =
            governor->round.was_full ? governor->window : 2 * WINDOW_START;
    governor->stuck_rounds += queue > target_of(governor) * 5 / 4;
    governor->stuck_rounds += is_far(governor, queue);
    return governor->untroubled / 2;
}

static void shrink(lp_governor *governor, lp_duration rtt, lp_duration queue)
{
    uint64_t used = clamped(governor->round.peak, 0, governor->window);
    uint64_t aim = corrected(governor, used, rtt),
             least = least_window(governor, queue);
    governor->empty_rounds = 0;
    if (governor->is_starting)
        governor->window = aim * 5 / 6; /* so that the queue goes away, too */
    else if (governor->window > least)
        governor->window = clamped(is_far(governor, queue) ? aim : moved(used, aim),
                                   least, governor->window);
    governor->is_starting = false;
}

/* The path has room when it stays empty although the window is full, but nobody knows how
 * much: a little more at first, and more each time. */
static uint64_t leap(const lp_governor *governor)
{
    if (governor->empty_rounds < EMPTY_ROUNDS)
        return 0;
    return governor->window >> (2 + EMPTY_ROUNDS + LEAPS - governor->empty_rounds);
}

static void grow(lp_governor *governor, lp_duration rtt)
{
    uint64_t window = governor->window,
             aim = moved(window, corrected(governor, window, rtt));
    bool is_empty = lp_time_until(governor->base, rtt) <= target_of(governor) / 2;
    governor->stuck_rounds = 0;
    if (!is_empty)
        governor->empty_rounds = 0;
    else if (governor->empty_rounds < EMPTY_ROUNDS + LEAPS)
        governor->empty_rounds++;
    if (governor->is_starting)
        governor->window = 2 * window;
    else
        governor->window = clamped(aim, window + leap(governor), window * 5 / 4);
}

static void adjust(lp_governor *governor, lp_duration rtt)
{
    lp_duration queue = lp_time_until(governor->base, rtt);
    bool is_long = queue > target_of(governor);
    bool is_ours = governor->round.peak >= governor->window / 2;
    /* At the start one long round may be a burst's. What a second one says is true of the
     * window as it is: it did not grow in between. */
    bool is_first = governor->is_starting && is_long && !governor->was_long;
    governor->was_long = is_long;
    if (is_first)
        return;
    if (is_long && is_ours)
        shrink(governor, rtt, queue);
    else if (!is_long && governor->round.was_full)
        grow(governor, rtt);
    governor->window = clamped(governor->window, WINDOW_MIN, WINDOW_MAX);
}

/* Two rounds in a row: one alone may have been lucky. */
static void lower_base(lp_governor *governor, lp_duration rtt, bool is_small)
{
    lp_duration both = rtt > governor->latest ? rtt : governor->latest;
    if (governor->latest != 0 && both < governor->base) {
        governor->base = both;
        governor->is_base_of_small = is_small;
    }
    if (governor->floor == 0 || governor->base < governor->floor)
        governor->floor = governor->base;
    governor->latest = rtt;
}

/* Others of our kind take our queue for the path's, as we take theirs, on the same link or
 * on its way back: each would have to allow for more and more. So a little is allowed, and
 * what stays is believed only slowly. Of another path the first drain saw only a part. */
static void raise_base(lp_governor *governor, lp_duration seen)
{
    lp_duration above = lp_time_until(governor->floor, seen);
    if (above > FARTHER)
        governor->moves = MOVES;
    governor->floor += governor->moves > 0 ? above : above / 8;
    governor->moves -= governor->moves > 0;
    lp_duration most = governor->floor + OTHERS;
    if (governor->base < most)
        governor->base = seen < most ? seen : most;
}

/* The path ran empty of us: what a round trip takes now is what it takes. That it became
 * shorter is seen without a drain. */
static void rebase(lp_governor *governor, lp_time now)
{
    lp_duration seen = governor->drain.total / DRAIN_SEEN;
    lp_duration left = lp_time_until(governor->base, seen);
    /* Most of the queue stayed: another path, or others fill it. */
    if (left > target_of(governor) && left > governor->drain.queue / 2)
        governor->window = clamped(governor->untroubled, governor->window, WINDOW_MAX);
    if (governor->is_base_of_small) /* and what was seen is of full ones */
        governor->floor += packet_time(governor);
    if (seen > governor->base)
        raise_base(governor, seen);
    governor->is_base_of_small = false;
    governor->usual = seen;
    governor->stuck_rounds = 0;
    governor->based_at = now;
}

static void go_on_draining(lp_governor *governor, lp_duration rtt, lp_time now)
{
    if (governor->drain.rounds <= DRAIN_SEEN)
        governor->drain.total += rtt;
    if (--governor->drain.rounds == 0)
        rebase(governor, now);
}

static void consider_draining(lp_governor *governor, lp_time now)
{
    bool is_old = now > lp_time_after(governor->based_at, BASE_LIFETIME);
    bool can_shrink = governor->window > 4 * WINDOW_MIN;
    if (!(is_old && can_shrink && governor->round.was_full) &&
        governor->stuck_rounds < STUCK_ROUNDS)
        return;
    uint64_t window = governor->window * 7 / 8 * governor->base / governor->usual;
    governor->drain.window = clamped(window, governor->window / 2, WINDOW_MAX);
    governor->drain.rounds = DRAIN_ROUNDS;
    governor->drain.total = 0;
    governor->drain.queue = lp_time_until(governor->base, governor->usual);
}

/* Little was under way for two rounds: the path was empty of us. */
static bool was_idle(lp_governor *governor)
{
    uint64_t little = governor->is_starting ? 2 * PACKET : governor->window * 5 / 8;
    uint64_t peak = governor->round.peak, before = governor->round.peak_before;
    governor->round.peak_before = peak;
    return peak <= little && before <= little;
}

/* Of which kind the packets were whose round trips this round has: mostly the last round's. A
 * base of small ones that passes for one of full ones leaves no room for any queue. */
static bool is_of_small(lp_governor *governor)
{
    bool sent_small = 2 * governor->round.sent_large <= governor->round.sent;
    bool is_small = sent_small || governor->sent_small;
    governor->sent_small = sent_small;
    return is_small;
}

/* Jitter makes single rounds stray below what is usual: they move the base a little. */
static void learn(lp_governor *governor, lp_duration rtt, lp_time now)
{
    if (governor->usual == 0)
        governor->usual = governor->base = rtt;
    governor->usual = (3 * governor->usual + rtt) / 4;
    bool is_idle = was_idle(governor) && governor->drain.rounds == 0;
    bool is_small = is_of_small(governor);
    if (is_idle && is_small != governor->is_base_of_small) {
        governor->is_base_of_small = is_small;
        governor->base = governor->floor = governor->usual;
    } else if (is_idle || governor->usual < governor->base) {
        governor->base = (7 * governor->base + governor->usual) / 8;
    }
    lower_base(governor, rtt, is_small);
    if (is_idle || rtt < governor->base + packet_time(governor) + TARGET / 4)
        governor->based_at = now;
}

/* Of the round's samples: a late timer or a lone small packet does not move it. */
static lp_duration median(lp_governor *governor)
{
    uint32_t *sample = governor->round.sample, count = governor->round.count;
    if (count > LP_GOVERNOR_SAMPLES)
        count = LP_GOVERNOR_SAMPLES;
    for (uint32_t i = 1; i < count; i++)
        for (uint32_t k = i; k > 0 && sample[k] < sample[k - 1]; k--) {
            uint32_t larger = sample[k - 1];
            sample[k - 1] = sample[k];
            sample[k] = larger;
        }
    lp_duration spread = LP_US(sample[count / 2] - sample[count / 4]);
    governor->spread = (7 * governor->spread + spread) / 8;
    return LP_US(sample[count / 2]) + 1;
}

static void notice_hindrance(lp_governor *governor, lp_time now)
{
    if (governor->unhindered_at == 0 ||
        governor->ceiling > governor->window + THIN_RESERVE ||
        governor->in_flight < governor->ceiling / 2)
        governor->unhindered_at = now;
    governor->is_hindered = now > lp_time_after(governor->unhindered_at, HINDERED);
}

static void end_round(lp_governor *governor, lp_time now)
{
    lp_duration rtt = median(governor);
    learn(governor, rtt, now);
    if (governor->drain.rounds > 0) {
        go_on_draining(governor, rtt, now);
    } else {
        adjust(governor, rtt);
        consider_draining(governor, now);
    }
    notice_hindrance(governor, now);
    governor->round.end = lp_time_after(now, rtt > ROUND_MIN ? rtt : ROUND_MIN);
    governor->round.count = 0;
    governor->round.was_full = false;
    governor->round.peak = 0;
    governor->round.sent = governor->round.sent_large = 0;
}

static void hear(lp_governor *governor, lp_duration rtt, lp_time now)
{
    if (rtt == 0)
        return;
    uint32_t us = rtt < LP_SECONDS(10) ? (uint32_t)(rtt / LP_US(1)) : 10000000;
    governor->round.sample[governor->round.count++ % LP_GOVERNOR_SAMPLES] = us;
    if (now >= governor->round.end)
        end_round(governor, now);
}

void lp_governor_on_rtt(lp_governor *governor, lp_duration rtt, lp_time now)
{
    governor->is_one_way = false;
    hear(governor, rtt, now);
}

void lp_governor_on_one_way(lp_governor *governor, lp_duration trip, lp_time now)
{
    governor->is_one_way = true;
    hear(governor, trip, now);
}

/* --- sending ---------------------------------------------------------------------- */

/* What is under way is spaced out over a round trip, a little closer: the window decides
 * how much it is. */
static lp_duration spacing(const lp_governor *governor, uint64_t len)
{
    uint64_t window = window_now(governor);
    if (governor->is_starting && !governor->was_long)
        window *= 2;
    return len * governor->usual / window * PACING_DENOM / PACING_NUMER;
}

bool lp_governor_allows(lp_governor *governor, bool is_thin, lp_time now)
{
    uint64_t window = window_now(governor);
    bool is_full = governor->in_flight >= window + (is_thin ? THIN_EXTRA : 0);
    if (is_full && window == governor->window)
        governor->round.was_full = true;
    governor->is_waiting = is_full;
    return !is_full && (is_thin || governor->paced_to <= now);
}

void lp_governor_on_sent(lp_governor *governor, size_t len, lp_time now)
{
    governor->in_flight += len + OVERHEAD;
    governor->round.sent++;
    governor->round.sent_large += len >= PACKET / 2;
    if (governor->round.peak < governor->in_flight)
        governor->round.peak = governor->in_flight;
    if (governor->usual == 0)
        return;
    lp_time earliest = now > CATCH_UP ? now - CATCH_UP : 0;
    if (governor->paced_to < earliest)
        governor->paced_to = earliest;
    governor->paced_to += spacing(governor, len + OVERHEAD);
    /* Thin flows do not wait for it; fat ones need not make up for all of them. */
    lp_time latest = now + spacing(governor, 2 * PACKET);
    if (governor->paced_to > latest)
        governor->paced_to = latest;
}

lp_time lp_governor_deadline(const lp_governor *governor)
{
    if (governor->is_waiting)
        return LP_NEVER;
    lp_duration packet = spacing(governor, PACKET);
    return packet < BURST ? governor->paced_to + BURST - packet : governor->paced_to;
}
