#include "core/bucket.h"

#include "test.h"

/* Takes single tokens until it is refused. */
static unsigned drain(lp_bucket *bucket, lp_time now)
{
    unsigned taken = 0;
    while (taken < 100000 && lp_bucket_take(bucket, 1, now))
        taken++;
    return taken;
}

TEST(a_bucket_starts_full_and_holds_no_more_than_its_burst)
{
    lp_bucket bucket = lp_bucket_start(10, 5, LP_SECONDS(1));
    CHECK_EQ(drain(&bucket, LP_SECONDS(1)), 10);
    CHECK_EQ(drain(&bucket, LP_SECONDS(1000)), 10);
}

TEST(tokens_come_back_at_the_rate_and_no_fraction_is_lost)
{
    static const struct {
        const char *name;
        lp_duration step;
        unsigned steps, tokens;
    } rows[] = {
        {"one second at once", LP_SECONDS(1), 1, 3},
        {"milliseconds", LP_MS(1), 1000, 3},
        {"uneven steps", LP_MS(7), 1000, 21},
        {"nanoseconds short of one", 333333333, 1, 0},
        {"the nanosecond that makes it one", 333333334, 1, 1},
    };
    EACH_ROW (row, rows) {
        lp_bucket bucket = lp_bucket_start(100, 3, 0);
        lp_time now = 0;
        unsigned taken = 0;
        CHECK(lp_bucket_take(&bucket, 100, now));
        for (unsigned i = 0; i < row->steps; i++) {
            now += row->step;
            taken += drain(&bucket, now);
        }
        CHECK_EQ(taken, row->tokens);
    }
}

TEST(a_refused_cost_takes_nothing)
{
    lp_bucket bucket = lp_bucket_start(10, 1, 0);
    CHECK(!lp_bucket_take(&bucket, 11, 0));
    CHECK(lp_bucket_take(&bucket, 10, 0));
    CHECK(!lp_bucket_take(&bucket, 1, 0));
    CHECK(lp_bucket_take(&bucket, 0, 0));
}

TEST(time_that_stands_still_or_runs_back_brings_nothing)
{
    lp_bucket bucket = lp_bucket_start(10, 1, LP_SECONDS(100));
    CHECK_EQ(drain(&bucket, LP_SECONDS(100)), 10);
    CHECK_EQ(drain(&bucket, LP_SECONDS(50)), 0);
    CHECK_EQ(drain(&bucket, LP_SECONDS(101)), 1);
}

TEST(the_largest_bucket_does_not_overflow)
{
    const uint64_t most = (uint64_t)1 << 32;
    lp_bucket bucket = lp_bucket_start(most, most, 0);
    CHECK(lp_bucket_take(&bucket, most, 0));
    CHECK(!lp_bucket_take(&bucket, 1, 0));
    CHECK(!lp_bucket_take(&bucket, most, LP_SECONDS(1) - 1));
    CHECK(lp_bucket_take(&bucket, most, LP_SECONDS(1)));
    CHECK(!lp_bucket_take(&bucket, UINT64_MAX, LP_NEVER));
    CHECK(lp_bucket_take(&bucket, most, LP_NEVER));
}

TEST(a_rate_of_zero_never_refills_and_a_burst_of_zero_never_gives)
{
    lp_bucket once = lp_bucket_start(2, 0, 0);
    CHECK_EQ(drain(&once, 0), 2);
    CHECK_EQ(drain(&once, LP_NEVER), 0);

    lp_bucket never = lp_bucket_start(0, 1000, 0);
    CHECK_EQ(drain(&never, LP_SECONDS(10)), 0);
}
