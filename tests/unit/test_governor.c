#include "core/governor.h"

#include "test.h"

/* How it fares on links is shown by tests/sim/sim_calm.c; these are its single promises. */

#define PACKET 1400
#define AMPLE  ((lp_governor_view){0, UINT64_C(1) << 30})

typedef struct bench {
    lp_governor governor;
    lp_time now;
} bench;

static bench begun(void)
{
    return (bench){lp_governor_start(), LP_SECONDS(1)};
}

/* Fat packets until it says no; how many. */
static unsigned fill(bench *it, bool is_thin)
{
    unsigned count = 0;
    while (count < 100000 && lp_governor_allows(&it->governor, is_thin, it->now)) {
        lp_governor_on_sent(&it->governor, PACKET, it->now);
        count++;
    }
    return count;
}

/* One round trip with a full window; all of it is acknowledged in the end. */
static void go_round(bench *it, lp_duration rtt)
{
    lp_governor_look(&it->governor, AMPLE);
    for (int i = 0; i < 40; i++) { /* more often than pacing lets fall behind */
        fill(it, false);
        it->now += rtt / 40;
    }
    it->governor.in_flight = it->governor.window;
    lp_governor_allows(&it->governor, false, it->now); /* the window is what holds it */
    lp_governor_on_rtt(&it->governor, rtt, it->now);
}

TEST(before_the_first_round_trip_ten_packets_may_go)
{
    bench it = begun();
    CHECK_EQ(fill(&it, false), 11); /* the eleventh began with room for a part of it */
    CHECK_EQ(lp_governor_deadline(&it.governor), LP_NEVER);
}

TEST(the_window_grows_while_round_trips_stay_short)
{
    bench it = begun();
    uint64_t before = it.governor.window;
    for (int i = 0; i < 5; i++)
        go_round(&it, LP_MS(20));
    CHECK(it.governor.window >= 8 * before);
}

/* One that is as long as the last ends with the second round trip. */
static void go_rounds(bench *it, lp_duration rtt, unsigned count)
{
    for (unsigned i = 0; i < 2 * count; i++)
        go_round(it, rtt);
}

TEST(it_shrinks_when_packets_queue_but_not_without_end)
{
    bench it = begun();
    for (int i = 0; i < 6; i++)
        go_round(&it, LP_MS(20));
    uint64_t before = it.governor.window;
    go_rounds(&it, LP_MS(30), 2);
    CHECK(it.governor.window < before);
    before = it.governor.window;
    for (int i = 0; i < 100; i++) /* another path, or others' queue: it stays */
        go_round(&it, LP_MS(60));
    CHECK(it.governor.window >= before / 2);
    CHECK(it.governor.base > LP_MS(50));
}

TEST(one_long_round_does_not_end_the_fast_start)
{
    bench it = begun();
    go_rounds(&it, LP_MS(20), 2);
    uint64_t before = it.governor.window;
    for (int i = 0; i < 6; i++) { /* a burst's, or a machine's that stood still */
        it.now = it.governor.round.end - (i < 5);
        it.governor.in_flight = before;
        lp_governor_on_rtt(&it.governor, LP_MS(30), it.now);
    }
    CHECK_EQ(it.governor.window, before);
    go_rounds(&it, LP_MS(20), 1);
    CHECK_EQ(it.governor.window, 2 * before);
    go_rounds(&it, LP_MS(30), 2);
    CHECK(it.governor.window < 2 * before);
    CHECK(!it.governor.is_starting);
}

TEST(a_shorter_path_is_believed_after_two_rounds)
{
    bench it = begun();
    go_rounds(&it, LP_MS(40), 10);
    go_rounds(&it, LP_MS(20), 1);
    CHECK(it.governor.base >= LP_MS(30)); /* it may have been luck */
    go_rounds(&it, LP_MS(20), 2);
    CHECK(it.governor.base <= LP_MS(21));
}

TEST(a_short_queue_of_others_is_the_paths_own_only_in_part)
{
    bench it = begun();
    go_rounds(&it, LP_MS(20), 6);
    go_rounds(&it, LP_MS(26), 20); /* a drain or two, and it stays */
    CHECK(it.governor.base > LP_MS(21));
    CHECK(it.governor.base < LP_MS(25));
    go_rounds(&it, LP_MS(26), 300); /* for so long that it is the path's after all */
    CHECK(it.governor.base > LP_MS(25));
    go_rounds(&it, LP_MS(20), 3);
    CHECK(it.governor.base <= LP_MS(21));
}

TEST(what_stays_empty_is_filled_in_growing_steps)
{
    enum { ROUNDS = 10 };
    bench it = begun();
    go_rounds(&it, LP_MS(20), 3);
    go_rounds(&it, LP_MS(30), 2); /* full: no fast start any more */
    go_rounds(&it, LP_MS(20), 2);
    uint64_t step[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t before = it.governor.window;
        go_rounds(&it, LP_MS(20), 1);
        step[i] = 100 * (it.governor.window - before) / before;
    }
    CHECK(step[0] <= 5);
    CHECK(step[ROUNDS - 1] >= 20 && step[ROUNDS - 1] <= 25);
}

TEST(a_thin_flow_goes_beyond_the_window_up_to_a_bound)
{
    bench it = begun();
    unsigned fat = fill(&it, false), thin = fill(&it, true);
    CHECK(fat > 0);
    CHECK(thin >= 4 && thin <= 16);
}

TEST(fat_packets_are_spaced_out_and_thin_ones_are_not)
{
    bench it = begun();
    for (int i = 0; i < 3; i++)
        go_round(&it, LP_MS(20));
    it.governor.in_flight = 0;
    it.now += LP_SECONDS(1);
    fill(&it, false);
    lp_time next = lp_governor_deadline(&it.governor);
    CHECK(next > it.now && next < it.now + LP_MS(10));
    CHECK(!lp_governor_allows(&it.governor, false, it.now));
    CHECK(lp_governor_allows(&it.governor, true, it.now));
    CHECK(lp_governor_allows(&it.governor, false, next));
}

TEST(congestion_control_is_the_ceiling_and_keeps_room_for_thin_flows)
{
    bench it = begun();
    lp_governor_look(&it.governor, (lp_governor_view){0, 8000});
    unsigned fat = fill(&it, false);
    CHECK(fat * PACKET < 8000 + PACKET);
    lp_governor_look(&it.governor, (lp_governor_view){7200, 8000});
    CHECK(!lp_governor_allows(&it.governor, false, it.now));
    CHECK(lp_governor_allows(&it.governor, true, it.now));
}

TEST(the_room_for_thin_flows_does_not_keep_congestion_control_narrow)
{
    bench it = begun();
    bool was_all_used = false;
    for (int i = 0; i < 40; i++) { /* 20 ms each */
        lp_governor_look(&it.governor, (lp_governor_view){7200, 8000});
        was_all_used = lp_governor_allows(&it.governor, false, it.now);
        CHECK(!was_all_used ||
              i * LP_MS(20) > LP_MS(400)); /* BBR's silence is 200 ms */
        it.now += LP_MS(20);
        lp_governor_on_rtt(&it.governor, LP_MS(20), it.now);
    }
    CHECK(was_all_used);
    lp_governor_look(&it.governor, (lp_governor_view){0, 100000});
    lp_governor_on_rtt(&it.governor, LP_MS(20), it.now += LP_MS(20));
    lp_governor_look(&it.governor, (lp_governor_view){7200, 8000}); /* narrow again */
    CHECK(!lp_governor_allows(&it.governor, false, it.now));
}

/* A round trip of an empty path is a full packet's time longer for full packets. */
TEST(a_base_of_small_packets_leaves_room_for_full_ones)
{
    bench it = begun();
    for (int i = 0; i < 20; i++) { /* a game */
        lp_governor_look(&it.governor, AMPLE);
        lp_governor_on_sent(&it.governor, 150, it.now);
        it.now += LP_MS(20);
        lp_governor_on_rtt(&it.governor, LP_MS(20), it.now);
    }
    for (int i = 0; i < 12; i++)
        go_round(&it, LP_US(22300)); /* 5 Mbit/s: 2.3 ms a packet, and nothing waits */
    CHECK(it.governor.window >= 5000000 / 8 * 22 / 1000);
    for (int i = 0; i < 4; i++) { /* many small ones: no window tells them apart */
        lp_governor_look(&it.governor, AMPLE);
        for (int k = 0; k < 60; k++)
            lp_governor_on_sent(&it.governor, 150, it.now);
        it.now += LP_MS(20);
        lp_governor_on_rtt(&it.governor, LP_MS(20), it.now);
    }
    CHECK(it.governor.is_base_of_small);
}

/* Growing fast, a queue of 1.1 ms is seen: how large the window becomes. */
static uint64_t window_with_queue(void (*hear)(lp_governor *, lp_duration, lp_time))
{
    bench it = begun();
    for (unsigned i = 0; i < 12; i++) {
        lp_governor_look(&it.governor, AMPLE);
        it.governor.in_flight = it.governor.window;
        lp_governor_allows(&it.governor, false, it.now);
        lp_governor_on_sent(&it.governor, PACKET, it.now);
        it.now += LP_MS(22);
        hear(&it.governor, i < 4 ? LP_MS(20) : LP_US(21100), it.now);
    }
    return it.governor.window;
}

TEST(where_both_ways_have_a_queue_each_is_kept_shorter)
{
    uint64_t of_both = window_with_queue(lp_governor_on_rtt),
             of_one = window_with_queue(lp_governor_on_one_way);
    CHECK(of_one < 300000);
    CHECK(of_both > 10 * of_one); /* it may be that long, and goes on growing */
}
