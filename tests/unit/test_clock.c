#include "os/clock.h"
#include "ready.h"
#include "test.h"

static bool is_readable(const lp_alarm *alarm, int timeout_ms)
{
    return is_readable_within(alarm->fd, timeout_ms);
}

TEST(time_never_runs_backwards)
{
    lp_time before = lp_clock_now();
    for (int i = 0; i < 1000; i++) {
        lp_time now = lp_clock_now();
        CHECK(now >= before);
        before = now;
    }
}

TEST(a_rest_lasts_as_long_as_it_should)
{
    lp_time before = lp_clock_now();
    lp_clock_sleep(LP_MS(2));
    CHECK(lp_clock_now() - before >= LP_MS(2));
}

TEST(wall_time_is_of_this_century)
{
    CHECK(lp_clock_wall() > 1700000000);
    CHECK(lp_clock_wall() < 4102444800);
}

TEST(an_alarm_goes_off_once_its_moment_came)
{
    static const struct {
        const char *name;
        bool is_soon;
        lp_duration after;
    } rows[] = {
        {"in a millisecond", true, LP_MS(1)},
        {"now", true, 0},
        {"in an hour", false, LP_SECONDS(3600)},
    };
    EACH_ROW (row, rows) {
        lp_alarm alarm;
        lp_why why;
        CHECK_EQ(lp_alarm_open(&alarm, &why), LP_OK);
        lp_time at = lp_time_after(lp_clock_now(), row->after);
        lp_alarm_set(&alarm, at);
        CHECK_EQ(is_readable(&alarm, row->is_soon ? 10000 : 0), row->is_soon);
        if (row->is_soon)
            CHECK(lp_clock_now() >= at);
        lp_alarm_close(&alarm);
    }
}

TEST(a_moment_long_past_goes_off_at_once)
{
    lp_alarm alarm;
    lp_why why;
    CHECK_EQ(lp_alarm_open(&alarm, &why), LP_OK);
    lp_alarm_set(&alarm, 0);
    CHECK(is_readable(&alarm, 10000));
    lp_alarm_close(&alarm);
}

TEST(an_alarm_is_moved_forward_and_never_back)
{
    lp_alarm alarm;
    lp_why why;
    CHECK_EQ(lp_alarm_open(&alarm, &why), LP_OK);
    lp_time at = lp_time_after(lp_clock_now(), LP_SECONDS(3600));
    lp_alarm_set(&alarm, at);
    lp_alarm_set(&alarm, lp_time_after(at, 1));
    CHECK(alarm.at == at);
    lp_alarm_set(&alarm, LP_NEVER);
    CHECK(alarm.at == at);
    lp_alarm_set(&alarm, 1);
    CHECK(is_readable(&alarm, 10000));
    lp_alarm_close(&alarm);
}

TEST(a_cleared_alarm_may_be_set_to_the_same_moment_again)
{
    lp_alarm alarm;
    lp_why why;
    CHECK_EQ(lp_alarm_open(&alarm, &why), LP_OK);
    for (int i = 0; i < 2; i++) {
        lp_alarm_set(&alarm, 1);
        CHECK(is_readable(&alarm, 10000));
        lp_alarm_clear(&alarm);
        CHECK(!is_readable(&alarm, 0));
    }
    lp_alarm_close(&alarm);
}

TEST(clearing_an_alarm_that_did_not_go_off_leaves_it_set)
{
    lp_alarm alarm;
    lp_why why;
    lp_time at = lp_time_after(lp_clock_now(), LP_SECONDS(3600));
    CHECK_EQ(lp_alarm_open(&alarm, &why), LP_OK);
    lp_alarm_set(&alarm, at);
    lp_alarm_clear(&alarm);
    CHECK(alarm.at == at);
    lp_alarm_close(&alarm);
}
