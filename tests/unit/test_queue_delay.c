#include "core/queue_delay.h"

#include "test.h"

/* How often in a second that begins at `now`, with a packet each millisecond. */
static unsigned tells(lp_queue_delay *delay, lp_duration waited, lp_time now)
{
    unsigned count = 0;
    for (lp_time end = now + LP_SECONDS(1); now < end; now += LP_MS(1))
        count += lp_queue_delay_tells(delay, waited, now);
    return count;
}

TEST(a_burst_passes_and_a_standing_queue_does_not)
{
    static const struct {
        const char *name;
        lp_duration waited;
        unsigned least, most;
    } rows[] = {
        {"no queue", 0, 0, 0},
        {"a short one", LP_MS(39), 0, 0},
        {"one that stands", LP_MS(60), 15, 30},
    };
    EACH_ROW (row, rows) {
        lp_queue_delay delay = {0};
        unsigned count = tells(&delay, row->waited, LP_SECONDS(5));
        CHECK(count >= row->least && count <= row->most);
    }
    lp_queue_delay burst = {0};
    for (lp_time now = LP_SECONDS(1); now < LP_SECONDS(1) + LP_MS(99); now += LP_MS(1))
        CHECK(!lp_queue_delay_tells(&burst, LP_MS(90), now));
    CHECK(!lp_queue_delay_tells(&burst, LP_MS(1), LP_SECONDS(1) + LP_MS(100)));
    CHECK(!lp_queue_delay_tells(&burst, LP_MS(90), LP_SECONDS(1) + LP_MS(101)));
}

TEST(it_tells_more_often_the_longer_it_lasts_and_remembers)
{
    lp_queue_delay delay = {0};
    unsigned first = tells(&delay, LP_MS(60), LP_SECONDS(1));
    unsigned second = tells(&delay, LP_MS(60), LP_SECONDS(2));
    CHECK(second > first);
    CHECK(!lp_queue_delay_tells(&delay, 0, LP_SECONDS(3)));
    CHECK(tells(&delay, LP_MS(60), LP_SECONDS(3) + LP_MS(1)) > first);
}

TEST(its_clock_may_go_round)
{
    lp_queue_delay delay = {0};
    lp_time round = LP_US(UINT64_C(1) << 32);
    CHECK(tells(&delay, LP_MS(60), round - LP_MS(500)) >= 15);
}
