#include "core/one_way.h"

#include "test.h"

#define START LP_SECONDS(1000)
#define EMPTY LP_MS(20)
/* What the far clock shows more: stamps wrap around on the way. */
#define AHEAD (LP_SECONDS(5000) + LP_US(123))

/* Two ends, and a path of 10 ms each way. */
typedef struct path {
    lp_one_way near, far;
    lp_time now;
    lp_time far_clock; /* what it shows more */
} path;

static path path_new(void)
{
    path it = {.now = START, .far_clock = AHEAD};
    it.near.is_understood = it.far.is_understood = true;
    return it;
}

static bool carry(lp_one_way *from, lp_time sent, lp_one_way *to, lp_time heard)
{
    uint8_t octets[LP_STAMP_LEN];
    lp_stamp stamp = lp_one_way_stamp(from, sent);
    lp_stamp_write(&stamp, octets);
    lp_one_way_on_sent(from, sent);
    return lp_one_way_hears(to, lp_bytes_of(octets, sizeof octets), heard);
}

/* A stamp of the near end's meets `there`, its answer `back`; and the round trip. */
static void probe(path *it, lp_duration there, lp_duration back)
{
    lp_time sent = it->now, arrived = sent + EMPTY / 2 + there;
    CHECK(carry(&it->near, sent, &it->far, arrived + it->far_clock));
    it->now = arrived + EMPTY / 2 + back;
    lp_one_way_on_rtt(&it->near, EMPTY + there + back, it->now);
    CHECK(carry(&it->far, arrived + it->far_clock, &it->near, it->now));
}

/* What the other end sends has filled the way back for a while. */
static path crowded_path(void)
{
    path it = path_new();
    probe(&it, 0, 0);
    for (int i = 0; i < 8; i++) {
        lp_one_way_be_busy(&it.near, it.now);
        probe(&it, 0, LP_MS(5));
    }
    return it;
}

TEST(the_way_back_is_left_out)
{
    static const struct {
        const char *name;
        lp_duration there, back;
    } rows[] = {
        {"none", 0, 0},
        {"our queue", LP_MS(3), 0},
        {"the other's", 0, LP_MS(40)},
        {"both", LP_MS(2), LP_MS(7)},
    };
    EACH_ROW (row, rows) {
        path it = crowded_path();
        probe(&it, row->there, row->back);
        CHECK(lp_one_way_counts(&it.near, it.now));
        CHECK_EQ(lp_one_way_take_trip(&it.near), EMPTY + row->there);
        CHECK_EQ(lp_one_way_take_trip(&it.near), 0); /* nothing new */
    }
}

TEST(one_way_counts_while_the_other_has_a_queue)
{
    path it = path_new();
    for (int i = 0; i < 20; i++) {
        lp_one_way_be_busy(&it.near, it.now);
        probe(&it, LP_MS(30), i % 8 == 7 ? LP_MS(2) : 0);
        CHECK(!lp_one_way_counts(&it.near, it.now));
    }
    it = crowded_path();
    CHECK(lp_one_way_counts(&it.near, it.now));
    for (lp_time end = it.now + 2 * LP_CROWDED_FOR; it.now < end;) {
        lp_one_way_be_busy(&it.near, it.now);
        probe(&it, 0, 0);
    }
    CHECK(!lp_one_way_counts(&it.near, it.now));
}

TEST(no_queue_is_believed_that_round_trips_do_not_have)
{
    path it = crowded_path();
    it.far_clock += LP_MS(5);
    for (int i = 0; i < 60; i++) {
        lp_one_way_be_busy(&it.near, it.now);
        probe(&it, LP_MS(1), 0);
    }
    lp_duration trip = lp_one_way_take_trip(&it.near);
    CHECK(trip >= EMPTY + LP_US(900) && trip <= EMPTY + LP_US(1100));
    CHECK(!lp_one_way_counts(&it.near, it.now));
}

TEST(on_a_quiet_path_clocks_may_drift)
{
    path it = path_new();
    for (int s = 0; s < 1000; s++) { /* 100 ppm, either way */
        probe(&it, 0, 0);
        lp_duration trip = lp_one_way_take_trip(&it.near);
        CHECK(trip >= EMPTY - LP_US(400) && trip <= EMPTY + LP_US(400));
        CHECK(!lp_one_way_counts(&it.near, it.now));
        it.now += LP_SECONDS(1);
        it.far_clock += s < 500 ? LP_US(100) : -LP_US(100);
    }
}

TEST(after_an_hour_of_drift_stamps_are_as_good_as_ever)
{
    path it = path_new();
    for (int s = 0; s < 3600; s++) {
        it.far_clock += LP_US(100);
        probe(&it, 0, 0);
        it.now += LP_SECONDS(1);
    }
    CHECK(lp_one_way_queue(&it.near) < LP_MS(1)); /* there never was one */
    for (int i = 0; i < 8; i++) {
        lp_one_way_be_busy(&it.near, it.now);
        probe(&it, LP_MS(3), LP_MS(5));
    }
    CHECK(lp_one_way_counts(&it.near, it.now));
    lp_duration trip = lp_one_way_take_trip(&it.near),
                queue = lp_one_way_queue(&it.near);
    CHECK(trip > EMPTY + LP_US(2500) && trip < EMPTY + LP_US(3500));
    CHECK(queue > LP_US(2500) && queue < LP_US(3500));
}

TEST(a_clock_that_was_set_starts_over)
{
    static const struct {
        const char *name;
        lp_time step;
    } rows[] = {
        {"ahead", LP_SECONDS(2000)},
        {"back", -LP_SECONDS(2000)},
    };
    EACH_ROW (row, rows) {
        path it = crowded_path();
        it.far_clock += row->step;
        probe(&it, 0, 0);
        CHECK_EQ(lp_one_way_take_trip(&it.near), EMPTY);
        lp_one_way_be_busy(&it.near, it.now);
        probe(&it, LP_MS(3), 0);
        CHECK_EQ(lp_one_way_take_trip(&it.near), EMPTY + LP_MS(3));
    }
}

TEST(who_does_not_answer_any_more_is_asked_no_more)
{
    path it = crowded_path();
    CHECK(lp_one_way_counts(&it.near, it.now + LP_STAMP_LIFETIME - 1));
    CHECK(!lp_one_way_counts(&it.near, it.now + LP_STAMP_LIFETIME));
    lp_one_way_on_new_path(&it.near);
    CHECK(!lp_one_way_counts(&it.near, it.now));
    CHECK_EQ(lp_one_way_take_trip(&it.near), 0);
}

TEST(an_answer_is_given_once)
{
    path it = path_new();
    CHECK(!lp_one_way_stamp(&it.far, it.now).has_transit);
    lp_one_way_on_sent(&it.far, it.now);
    CHECK(carry(&it.near, it.now, &it.far, it.now));
    CHECK(lp_one_way_stamp(&it.far, it.now).has_transit);
    CHECK(!lp_one_way_is_due(&it.far, true, it.now + LP_STAMP_EVERY_BUSY - 1));
    CHECK(lp_one_way_is_due(&it.far, true, it.now + LP_STAMP_EVERY_BUSY));
    lp_one_way_on_sent(&it.far, it.now);
    CHECK(!lp_one_way_stamp(&it.far, it.now).has_transit);
    CHECK(!lp_one_way_is_due(&it.far, true, it.now + LP_STAMP_EVERY_BUSY));
}

TEST(stamps_are_as_many_as_someone_needs)
{
    lp_one_way ways = {0};
    lp_time now = START;
    CHECK(!lp_one_way_is_due(&ways, true, now)); /* nobody would understand it */
    ways.is_understood = true;
    CHECK(lp_one_way_is_due(&ways, true, now));
    lp_one_way_on_sent(&ways, now);
    CHECK(!lp_one_way_is_due(&ways, true, now + LP_STAMP_EVERY_IDLE - 1));
    CHECK(lp_one_way_is_due(&ways, true, now + LP_STAMP_EVERY_IDLE));

    lp_one_way_be_busy(&ways, now);
    CHECK(!lp_one_way_stamp(&ways, now).wants_answers);
    CHECK(!lp_one_way_is_due(&ways, true, now + LP_STAMP_EVERY_BUSY - 1));
    CHECK(lp_one_way_is_due(&ways, true, now + LP_STAMP_EVERY_BUSY));
}

TEST(where_it_counts_stamps_are_many_and_answers_are_wanted)
{
    path it = crowded_path();
    lp_time now = it.now;
    lp_one_way_be_busy(&it.near, now);
    lp_one_way_on_sent(&it.near, now);
    CHECK(lp_one_way_stamp(&it.near, now).wants_answers);
    CHECK(!lp_one_way_is_due(&it.near, true, now + LP_STAMP_EVERY - 1));
    CHECK(lp_one_way_is_due(&it.near, true, now + LP_STAMP_EVERY));
    CHECK(
        !lp_one_way_is_due(&it.near, false, now + LP_STAMP_EVERY)); /* a packet more */
    CHECK(lp_one_way_is_due(&it.near, false, now + LP_STAMP_URGENT * LP_STAMP_EVERY));

    lp_one_way asked = {.is_understood = true};
    lp_one_way_on_sent(&asked, now);
    CHECK(!lp_one_way_is_due(&asked, true, now + LP_STAMP_EVERY));
    CHECK(carry(&it.near, now, &asked, now));
    CHECK(lp_one_way_is_due(&asked, true, now + LP_STAMP_EVERY));
    CHECK(!lp_one_way_stamp(&asked, now).wants_answers);
}

TEST(who_stamps_understands_stamps)
{
    path it = path_new();
    it.far.is_understood = false;
    CHECK(!lp_one_way_is_due(&it.far, true, it.now));
    CHECK(carry(&it.near, it.now, &it.far, it.now));
    CHECK(lp_one_way_is_due(&it.far, true, it.now));
}

TEST(what_is_no_stamp_is_for_somebody_else)
{
    path it = path_new();
    uint8_t frame[] = {0x10, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 10, 0, 0, 0, 0};
    CHECK(!lp_one_way_hears(&it.near, lp_bytes_of(frame, sizeof frame), it.now));
    CHECK(!lp_one_way_hears(&it.near, (lp_bytes){0}, it.now));
}
