#include "base/time.h"

#include "test.h"

TEST(units_are_nanoseconds)
{
    CHECK_EQ(LP_US(1), 1000);
    CHECK_EQ(LP_MS(1), 1000000);
    CHECK_EQ(LP_SECONDS(1), 1000000000);
    CHECK_EQ(LP_SECONDS(300), INT64_C(300000000000));
}

TEST(sums_saturate_at_never)
{
    CHECK_EQ(lp_time_after(1, 2), 3);
    CHECK(lp_time_after(LP_NEVER, LP_SECONDS(5)) == LP_NEVER);
    CHECK(lp_time_after(LP_SECONDS(5), LP_NEVER) == LP_NEVER);
    CHECK(lp_time_after(LP_NEVER - 5, 5) == LP_NEVER);
    CHECK(lp_time_after(LP_NEVER - 5, 4) == LP_NEVER - 1);
    CHECK(lp_time_after(LP_NEVER - 5, 6) == LP_NEVER);
}

TEST(what_is_left_of_a_wait_is_never_negative)
{
    CHECK_EQ(lp_time_until(3, 5), 2);
    CHECK_EQ(lp_time_until(5, 5), 0);
    CHECK_EQ(lp_time_until(7, 5), 0);
}

TEST(the_earlier_time_wins)
{
    CHECK_EQ(lp_time_min(3, 5), 3);
    CHECK_EQ(lp_time_min(5, 3), 3);
    CHECK_EQ(lp_time_min(LP_NEVER, 3), 3);
}
