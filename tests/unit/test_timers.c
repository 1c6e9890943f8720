#include "quic/timers.h"
#include "test.h"

enum { MANY = 200 };

TEST(timers_come_due_in_order_however_they_were_set)
{
    lp_timers timers;
    lp_timer all[MANY] = {{0}};
    uint32_t seed = 7;
    CHECK_EQ(lp_timers_init(&timers, MANY), LP_OK);
    for (int i = 0; i < 5000; i++) { /* set, moved either way, cleared */
        seed = seed * 1664525 + 1013904223;
        lp_time at = seed >> 29 == 0 ? LP_NEVER : seed >> 8;
        lp_timers_set(&timers, &all[(seed >> 4) % MANY], at);
    }
    size_t count = timers.count, taken = 0;
    CHECK(count > MANY / 2);
    lp_time last = 0;
    for (lp_timer *timer; (timer = lp_timers_take_due(&timers, LP_NEVER)); taken++) {
        CHECK(timer->at >= last);
        CHECK_EQ(timer->place, 0);
        last = timer->at;
    }
    CHECK_EQ(taken, count);
    lp_timers_fini(&timers);
}

TEST(a_timer_is_due_at_its_time_and_once)
{
    lp_timers timers;
    lp_timer timer = {0};
    CHECK_EQ(lp_timers_init(&timers, 1), LP_OK);
    CHECK_EQ(lp_timers_next(&timers), LP_NEVER);
    CHECK(!lp_timers_take_due(&timers, LP_NEVER));
    lp_timers_set(&timers, &timer, 10);
    CHECK_EQ(lp_timers_next(&timers), 10);
    CHECK(!lp_timers_take_due(&timers, 9));
    CHECK(lp_timers_take_due(&timers, 10) == &timer);
    CHECK(!lp_timers_take_due(&timers, 10));
    lp_timers_set(&timers, &timer, 10);
    lp_timers_set(&timers, &timer, LP_NEVER);
    CHECK(!lp_timers_take_due(&timers, 10));
    lp_timers_fini(&timers);
}

TEST(timers_need_their_memory)
{
    lp_timers timers;
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_timers_init(&timers, 1), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
    lp_timers_fini(&timers);
}
