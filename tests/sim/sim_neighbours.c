/*
 * Several downloads behind one line, each with a governor of its own, and none knows of the
 * others: on the same way, where each takes the others' queue for the path's, and on the
 * way back, where each round trip has the others' queue in it, unless stamps take it off
 * (core/one_way.h). What must hold: the queue in the modem stays short, and the line is used.
 */
#include <stdlib.h>

#include "core/governor.h"
#include "core/one_way.h"
#include "test.h"

#define STEP    LP_US(50) /* the world's grain */
#define DELAY   LP_MS(10) /* each way */
#define BEGIN   LP_SECONDS(5)
#define LENGTH  LP_SECONDS(20)
#define SETTLED LP_SECONDS(4)
#define FULL    1310 /* a datagram */
#define ON_WIRE 74   /* QUIC, UDP, IPv4 and Ethernet around it */
#define ANSWER  77   /* an acknowledgement on the wire */
#define PATIENT LP_US(2500)
#define RING    4096
#define SENDERS 4

#define AHEAD LP_SECONDS(777) /* what the receivers' clock shows more */

typedef struct flight {
    lp_time sent, arrives;
    bool has_stamp;
    uint8_t stamp[LP_STAMP_LEN];
} flight;

typedef struct sender {
    lp_governor governor;
    lp_one_way near, far; /* its own, and the receiver's */
    unsigned way;         /* 0 down, 1 up */
    lp_time begins;
    flight ring[RING];
    size_t sent, arrived, acked;
    lp_time unheard_since;
    struct {
        lp_time at;
        size_t upto;
        lp_duration held; /* after the last one had arrived */
        bool has_stamp;
        uint8_t stamp[LP_STAMP_LEN];
    } answers[RING];
    size_t answers_in, answers_out;
} sender;

typedef struct world {
    lp_time now, wire_free[2];
    double rate[2]; /* bit/s */
    uint64_t carried[2];
    sender *senders;
    unsigned count;
} world;

static lp_time cross(world *w, unsigned way, size_t len)
{
    if (w->wire_free[way] < w->now)
        w->wire_free[way] = w->now;
    w->wire_free[way] += (lp_time)((double)len * 8e9 / w->rate[way]);
    if (w->now > BEGIN + SETTLED)
        w->carried[way] += len;
    return w->wire_free[way] + DELAY;
}

static bool put_stamp(lp_one_way *from, lp_time clock, uint8_t out[LP_STAMP_LEN])
{
    bool is_due = lp_one_way_is_due(from, true, clock);
    lp_stamp stamp = lp_one_way_stamp(from, clock);
    lp_stamp_write(&stamp, out);
    if (is_due)
        lp_one_way_on_sent(from, clock);
    return is_due;
}

static void send_all(world *w, sender *s)
{
    while (w->now >= s->begins && s->sent - s->acked < RING &&
           lp_governor_allows(&s->governor, false, w->now)) {
        flight *next = &s->ring[s->sent++ % RING];
        next->has_stamp = put_stamp(&s->near, w->now, next->stamp);
        next->sent = w->now;
        next->arrives = cross(w, s->way, FULL + ON_WIRE);
        lp_governor_on_sent(&s->governor, FULL, w->now);
    }
}

/* Acknowledged after an eighth of the round trip, as ngtcp2 does. */
static void receive(world *w, sender *s)
{
    for (; s->arrived < s->sent && s->ring[s->arrived % RING].arrives <= w->now;
         s->arrived++) {
        const flight *it = &s->ring[s->arrived % RING];
        if (it->has_stamp)
            lp_one_way_hears(&s->far, lp_bytes_of(it->stamp, LP_STAMP_LEN),
                             w->now + AHEAD);
        if (s->unheard_since == 0)
            s->unheard_since = w->now;
    }
    if (s->unheard_since == 0 || w->now < s->unheard_since + PATIENT)
        return;
    size_t at = s->answers_in++ % RING;
    s->answers[at].at = cross(w, !s->way, ANSWER);
    s->answers[at].upto = s->arrived;
    s->answers[at].has_stamp = put_stamp(&s->far, w->now + AHEAD, s->answers[at].stamp);
    s->answers[at].held = w->now - s->ring[(s->arrived - 1) % RING].arrives;
    s->unheard_since = 0;
}

static void hear(world *w, sender *s)
{
    lp_duration rtt = 0;
    while (s->answers_out < s->answers_in &&
           s->answers[s->answers_out % RING].at <= w->now) {
        size_t at = s->answers_out++ % RING;
        if (s->answers[at].has_stamp)
            lp_one_way_hears(&s->near, lp_bytes_of(s->answers[at].stamp, LP_STAMP_LEN),
                             w->now);
        s->acked = s->answers[at].upto;
        rtt = w->now - s->ring[(s->acked - 1) % RING].sent - s->answers[at].held;
    }
    uint64_t in_flight = (s->sent - s->acked) * (FULL + 32);
    lp_governor_look(&s->governor, (lp_governor_view){in_flight, UINT64_MAX});
    bool is_quiet = in_flight < 4000;
    if (!is_quiet)
        lp_one_way_be_busy(&s->near, w->now);
    if (rtt)
        lp_one_way_on_rtt(&s->near, rtt, w->now);
    if (lp_one_way_counts(&s->near, w->now))
        lp_governor_on_one_way(&s->governor, lp_one_way_take_trip(&s->near), w->now);
    else
        lp_governor_on_rtt(&s->governor, rtt, w->now);
}

/* Before the streams there was a quiet time: the ends have met on an empty path. */
static void introduce(sender *s)
{
    uint8_t stamp[LP_STAMP_LEN];
    lp_bytes octets = lp_bytes_of(stamp, sizeof stamp);
    put_stamp(&s->near, LP_SECONDS(1), stamp);
    lp_one_way_hears(&s->far, octets, LP_SECONDS(1) + DELAY + AHEAD);
    put_stamp(&s->far, LP_SECONDS(1) + DELAY + AHEAD, stamp);
    lp_one_way_on_rtt(&s->near, 2 * DELAY, LP_SECONDS(1) + 2 * DELAY);
    lp_one_way_hears(&s->near, octets, LP_SECONDS(1) + 2 * DELAY);
}

static int in_order(const void *a, const void *b)
{
    lp_duration left = *(const lp_duration *)a, right = *(const lp_duration *)b;
    return left < right ? -1 : left > right;
}

/* Of each moment: what a game's packet would wait there and back. */
static lp_duration percentile_99(lp_duration *waits, size_t count)
{
    qsort(waits, count, sizeof *waits, in_order);
    return waits[count * 99 / 100];
}

static lp_duration run(world *w)
{
    size_t count = 0;
    lp_duration *waits = calloc(LENGTH / STEP, sizeof *waits);
    for (w->now = BEGIN; w->now < BEGIN + LENGTH; w->now += STEP) {
        for (unsigned i = 0; i < w->count; i++) {
            receive(w, &w->senders[i]);
            hear(w, &w->senders[i]);
            send_all(w, &w->senders[i]);
        }
        if (w->now > BEGIN + SETTLED)
            waits[count++] = lp_time_until(w->now, w->wire_free[0]) +
                             lp_time_until(w->now, w->wire_free[1]);
    }
    lp_duration added = percentile_99(waits, count);
    free(waits);
    return added;
}

TEST(neighbours_do_not_fill_the_modem)
{
    static const struct {
        const char *name;
        unsigned down, up;
        double rate, up_rate;
        lp_duration may_add;
        unsigned percent[2]; /* of the line, down and up */
        bool stamps;
    } rows[] = {
        {"one", 1, 0, 20e6, 20e6, LP_MS(4), {95, 0}},
        {"two players", 2, 0, 20e6, 20e6, LP_MS(6), {95, 0}},
        {"four players", 4, 0, 20e6, 20e6, LP_MS(8), {95, 0}},
        {"two players, fast", 2, 0, 100e6, 100e6, LP_MS(6), {95, 0}},
        {"there and back", 1, 1, 20e6, 20e6, LP_MS(9), {60, 60}},
        {"there and back, a slow way back", 1, 1, 20e6, 5e6, LP_MS(16), {40, 60}},
        {"one, stamped", 1, 0, 20e6, 20e6, LP_MS(4), {95, 0}, true},
        {"four players, stamped", 4, 0, 20e6, 20e6, LP_MS(5), {95, 0}, true},
        {"there and back, stamped", 1, 1, 20e6, 20e6, LP_MS(9), {90, 90}, true},
        {"a slow way back, stamped", 1, 1, 20e6, 5e6, LP_MS(9), {75, 90}, true},
    };
    EACH_ROW (row, rows) {
        sender *senders = calloc(SENDERS, sizeof *senders);
        world w = {.rate = {row->rate, row->up_rate},
                   .senders = senders,
                   .count = row->down + row->up};
        for (unsigned i = 0; i < w.count; i++) {
            senders[i].governor = lp_governor_start();
            senders[i].near.is_understood = row->stamps;
            senders[i].way = i >= row->down;
            senders[i].begins = BEGIN + LP_MS(700) * i;
            if (row->stamps)
                introduce(&senders[i]);
        }
        lp_duration added = run(&w);
        for (unsigned way = 0; way < 2; way++) {
            double time = (double)(LENGTH - SETTLED) / 1e9;
            double percent = (double)w.carried[way] * 800 / (w.rate[way] * time);
            if (getenv("CALM"))
                printf("%-32s +%.2f ms, %.1f %%\n", row->name, (double)added / 1e6,
                       percent);
            CHECK((unsigned)percent >= row->percent[way]);
        }
        CHECK(added <= row->may_add);
        free(senders);
    }
}
