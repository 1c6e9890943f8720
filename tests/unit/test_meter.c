#include "core/meter.h"

#include "test.h"

TEST(a_meter_says_how_large_batches_are)
{
    lp_meter meter = {0};
    lp_gauges gauges = {0};
    for (unsigned i = 0; i < 99; i++)
        lp_meter_on_read(&meter, 2);
    lp_meter_on_read(&meter, 64);
    lp_meter_on_send(&meter, 7);
    lp_meter_on_packet(&meter, 0); /* an acknowledgement: not a packet with frames */
    lp_meter_on_packet(&meter, 3);
    lp_meter_look(&meter, &gauges);
    CHECK_EQ(gauges.at[LP_GAUGE_OF_READS], 100);
    CHECK_EQ(gauges.at[LP_GAUGE_OF_READ_P50], 2);
    CHECK_EQ(gauges.at[LP_GAUGE_OF_READ_P99], 2);
    CHECK_EQ(gauges.at[LP_GAUGE_OF_SENDS], 1);
    CHECK_EQ(gauges.at[LP_GAUGE_OF_SEND_P99], 7);
    CHECK_EQ(gauges.at[LP_GAUGE_OF_FRAMES_P50], 3);
    lp_meter_on_read(&meter, 64);
    lp_meter_look(&meter, &gauges);
    CHECK_EQ(gauges.at[LP_GAUGE_OF_READ_P99], 79); /* 64 to 79 are one bucket */
}

TEST(a_meter_sets_what_belongs_to_a_socket_and_nothing_else)
{
    lp_meter meter = {0};
    lp_gauges gauges;
    memset(&gauges, 0xff, sizeof gauges);
    lp_meter_look(&meter, &gauges);
    for (int i = 0; i < LP_GAUGE_COUNT; i++)
        CHECK_EQ(gauges.at[i] == 0, lp_gauge_scope_of((lp_gauge)i) == LP_GAUGE_SOCKET);
}
