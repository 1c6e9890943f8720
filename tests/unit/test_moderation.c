#include "core/moderation.h"
#include "test.h"

#define START LP_SECONDS(1000)

typedef struct source {
    lp_moderation moderation;
    lp_time now;
    lp_duration pause; /* the last answer */
    size_t looks;
} source;

/* Frames of `octets` come every `gap` for `length`; whoever waits for them looks as soon
 * as one is there, unless he was told to pause. */
static void run(source *it, lp_duration gap, size_t octets, lp_duration length)
{
    lp_time end = lp_time_after(it->now, length);
    lp_time next = lp_time_after(it->now, gap);
    for (it->looks = 0; it->now < end; it->looks++) {
        lp_time look = lp_time_after(it->now, it->pause);
        it->now = it->pause == 0 && next > look ? next : look;
        size_t frames = 0;
        for (; next <= it->now; next = lp_time_after(next, gap))
            frames++;
        it->pause =
            lp_moderation_on_look(&it->moderation, frames, frames * octets, it->now);
    }
}

TEST(what_a_person_waits_for_is_looked_at_at_once)
{
    static const struct {
        const char *name;
        unsigned per_second;
        size_t octets;
    } rows[] = {
        {"a ping each second", 1, 98},
        {"voice", 50, 200},
        {"a game", 128, 80},
        {"voice, games and pings", 600, 120},
        {"a server with 16 players", 2048, 150},
        {"acknowledgements of 100 Mbit/s", 4000, 90},
    };
    EACH_ROW (row, rows) {
        source it = {.now = START};
        lp_duration gap = LP_SECONDS(1) / row->per_second;
        for (int i = 0; i < 50; i++) {
            run(&it, gap, row->octets, LP_MS(20));
            CHECK_EQ(it.pause, 0);
        }
    }
}

TEST(thousands_of_small_frames_are_gathered)
{
    static const struct {
        const char *name;
        unsigned per_second;
        lp_duration pause;
    } rows[] = {
        {"7,000", 7000, LP_MODERATION_PAUSE},
        {"10,000", 10000, LP_MODERATION_PAUSE},
        {"40,000", 40000, LP_US(400)},
        {"100,000", 100000, LP_US(160)},
    };
    EACH_ROW (row, rows) {
        source it = {.now = START};
        run(&it, LP_SECONDS(1) / row->per_second, 142, LP_SECONDS(1));
        CHECK(it.pause >= row->pause * 9 / 10 && it.pause <= row->pause * 11 / 10);
        run(&it, LP_SECONDS(1) / row->per_second, 142, LP_SECONDS(1));
        CHECK(it.looks <= LP_SECONDS(1) / row->pause * 11 / 10);
    }
}

TEST(large_frames_are_not_held)
{
    source it = {.now = START};
    run(&it, LP_SECONDS(1) / 50000, 1400, LP_SECONDS(1));
    CHECK_EQ(it.pause, 0);
}

TEST(a_burst_is_one_look_and_holds_nobody_up)
{
    lp_moderation moderation = {0};
    for (int i = 0; i < 100; i++) {
        lp_time now = lp_time_after(START, LP_MS(16) * (lp_duration)i);
        CHECK_EQ(lp_moderation_on_look(&moderation, 64, 64 * 100, now), 0);
    }
}

TEST(the_pauses_end_when_the_frames_do)
{
    source it = {.now = START};
    run(&it, LP_SECONDS(1) / 10000, 142, LP_MS(100));
    CHECK_EQ(it.pause, LP_MODERATION_PAUSE);
    run(&it, LP_SECONDS(1) / 500, 142, LP_MS(50));
    CHECK_EQ(it.pause, 0);
}

TEST(pauses_do_not_come_and_go)
{
    source it = {.now = START};
    run(&it, LP_SECONDS(1) / 6200, 142, LP_MS(100));
    CHECK_EQ(it.pause, LP_MODERATION_PAUSE);
    for (int i = 0; i < 50; i++) {
        run(&it, LP_SECONDS(1) / 5000, 142, LP_MS(20));
        CHECK_EQ(it.pause, LP_MODERATION_PAUSE);
    }
}
