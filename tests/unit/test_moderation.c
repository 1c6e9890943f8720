#include "core/moderation.h"

#include "test.h"

/* Looks that find `count` frames each, `gap` apart, for a second: how many were followed
 * by a rest. What comes in a rest is found after it, as in life. */
static size_t rests_in_a_second(size_t count, lp_duration gap)
{
    lp_moderation moderation = {0};
    size_t rests = 0;
    for (lp_time now = 0; now < LP_SECONDS(1); now += gap)
        rests += lp_moderation_on_look(&moderation, count, now) > 0;
    return rests;
}

TEST(games_voice_and_pings_never_wait)
{
    static const struct {
        const char *name;
        size_t count;
        lp_duration gap;
    } rows[] = {
        {"a ping each second", 1, LP_SECONDS(1)},
        {"a game, 60 packets a second", 1, LP_US(16667)},
        {"a server's tick for 32 players", 32, LP_US(16667)},
        {"a flood of pings", 1, LP_MS(1)},
        {"just below the limit", 1, LP_US(255)},
    };
    EACH_ROW (row, rows)
        CHECK_EQ(rests_in_a_second(row->count, row->gap), 0);
}

TEST(frames_that_come_often_and_one_by_one_wait_for_each_other)
{
    static const struct {
        const char *name;
        size_t count;
        lp_duration gap;
    } rows[] = {
        {"10,000 a second", 1, LP_US(100)},
        {"50,000 a second", 1, LP_US(20)},
        {"threes, as rests bring them", 3, LP_US(300)},
    };
    EACH_ROW (row, rows) {
        size_t looks = LP_SECONDS(1) / row->gap;
        size_t first_window = LP_MODERATION_WINDOW / row->gap + 1;
        CHECK(rests_in_a_second(row->count, row->gap) >= looks - first_window - 1);
    }
}

TEST(a_rest_has_one_length)
{
    lp_moderation moderation = {0};
    CHECK_EQ(lp_moderation_on_look(&moderation, LP_MODERATION_BUSY, 0), 0);
    CHECK_EQ(lp_moderation_on_look(&moderation, 1, LP_MODERATION_WINDOW),
             LP_MODERATION_REST);
}

TEST(many_frames_at_once_are_worth_a_look_without_a_rest)
{
    CHECK_EQ(rests_in_a_second(LP_MODERATION_PLENTY, LP_US(100)), 0);
    CHECK(rests_in_a_second(LP_MODERATION_PLENTY - 1, LP_US(100)) > 0);
}

TEST(after_a_silence_the_first_frame_does_not_wait)
{
    static const struct {
        const char *name;
        lp_duration silence;
        lp_duration rest;
    } rows[] = {
        {"none", 0, LP_MODERATION_REST},
        {"just short of a window", LP_MODERATION_WINDOW - 1, LP_MODERATION_REST},
        {"a window", LP_MODERATION_WINDOW, 0},
        {"a minute", LP_SECONDS(60), 0},
    };
    EACH_ROW (row, rows) {
        lp_moderation moderation = {0};
        lp_time now = LP_SECONDS(5);
        CHECK_EQ(lp_moderation_on_look(&moderation, 0, now), 0);
        CHECK_EQ(lp_moderation_on_look(&moderation, LP_MODERATION_BUSY, now), 0);
        now += LP_MODERATION_WINDOW + row->silence;
        CHECK_EQ(lp_moderation_on_look(&moderation, 1, now), row->rest);
    }
}
