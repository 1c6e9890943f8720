#include "quic/ack_watch.h"

#include "test.h"

TEST(what_is_acknowledged_in_time_was_sent_once)
{
    lp_ack_watch watch = {0};
    for (lp_time now = 0; now < LP_SECONDS(10); now += LP_SECONDS(1)) {
        lp_ack_watch_on_sent(&watch, 100, now);
        lp_ack_watch_on_acked(&watch, 100, LP_MS(60), now + LP_MS(60));
    }
    CHECK_EQ(watch.late, 0);
}

TEST(what_is_acknowledged_late_is_counted_once)
{
    lp_ack_watch watch = {0};
    lp_ack_watch_on_sent(&watch, 100, 0);
    lp_ack_watch_on_acked(&watch, 60, LP_MS(60), LP_MS(100)); /* not all of it */
    CHECK_EQ(watch.late, 0);
    lp_ack_watch_on_acked(&watch, 40, LP_MS(60), LP_MS(100));
    CHECK_EQ(watch.late, 1);
    lp_ack_watch_on_acked(&watch, 0, LP_MS(60), LP_MS(200));
    CHECK_EQ(watch.late, 1);
}

TEST(the_next_piece_is_watched_from_when_it_left)
{
    lp_ack_watch watch = {0};
    lp_ack_watch_on_sent(&watch, 100, 0);
    lp_ack_watch_on_sent(&watch, 100, LP_MS(50)); /* not watched */
    lp_ack_watch_on_acked(&watch, 100, LP_MS(60), LP_MS(40));
    lp_ack_watch_on_sent(&watch, 100, LP_MS(200));
    lp_ack_watch_on_acked(&watch, 100, LP_MS(60), LP_MS(220)); /* the second's */
    lp_ack_watch_on_acked(&watch, 100, LP_MS(60), LP_MS(250));
    CHECK_EQ(watch.late, 0);
    lp_ack_watch_on_sent(&watch, 1, LP_MS(300));
    lp_ack_watch_on_acked(&watch, 1, LP_MS(60), LP_MS(361));
    CHECK_EQ(watch.late, 1);
}

TEST(an_acknowledgement_of_nothing_that_is_watched_counts_nothing)
{
    lp_ack_watch watch = {0};
    lp_ack_watch_on_acked(&watch, 0, LP_MS(1), LP_SECONDS(1));
    CHECK_EQ(watch.late, 0);
}
