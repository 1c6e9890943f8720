#include "core/stats.h"

#include "test.h"

static bool is_wire_name(const char *name, size_t max)
{
    for (const char *at = name; *at; at++) {
        bool is_allowed = (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9');
        if (!is_allowed && *at != '_')
            return false;
    }
    return *name && strlen(name) <= max;
}

TEST(every_counter_has_a_name_for_the_wire_and_a_meaning)
{
    size_t max = LP_STAT_NAME_MAX;
    for (int i = 0; i < LP_STAT_COUNT; i++) {
        CHECK(is_wire_name(lp_stat_name((lp_stat_code)i), max));
        CHECK(*lp_stat_meaning((lp_stat_code)i));
    }
    for (int i = 0; i < LP_REASON_COUNT; i++) {
        CHECK(is_wire_name(lp_reason_name((lp_reason)i), max - strlen("drop_")));
        CHECK(*lp_reason_meaning((lp_reason)i));
    }
}

TEST(no_two_counters_share_a_name)
{
    for (int i = 0; i < LP_STAT_COUNT; i++)
        for (int j = 0; j < i; j++)
            CHECK(strcmp(lp_stat_name((lp_stat_code)i), lp_stat_name((lp_stat_code)j)));
    for (int i = 0; i < LP_REASON_COUNT; i++)
        for (int j = 0; j < i; j++)
            CHECK(strcmp(lp_reason_name((lp_reason)i), lp_reason_name((lp_reason)j)));
}

/* L-032 */
TEST(a_reason_says_which_action_was_taken)
{
    static const struct {
        const char *name;
        lp_reason reason;
        const char *action;
    } rows[] = {
        {"none", LP_REASON_NONE, "forwarded"},
        {"tap_mtu", LP_REASON_TAP_MTU, "dropped"},
        {"dhcp_server", LP_REASON_DHCP_SERVER, "filtered"},
        {"jumbo", LP_REASON_JUMBO, "filtered"},
        {"broadcast_rate", LP_REASON_BROADCAST_RATE, "rate-limited"},
    };
    EACH_ROW (row, rows) {
        CHECK_STR(lp_reason_name(row->reason), row->name);
        CHECK_STR(lp_action_name(lp_reason_action(row->reason)), row->action);
    }
}

TEST(only_no_reason_at_all_means_forwarded)
{
    for (int i = 0; i < LP_REASON_COUNT; i++)
        CHECK_EQ(lp_reason_action((lp_reason)i) == LP_ACTION_FORWARDED,
                 i == LP_REASON_NONE);
}

TEST(drops_are_the_sum_of_all_reasons_but_none)
{
    lp_stats stats = {.stat[LP_STAT_FRAMES_RX] = 1000};
    stats.reason[LP_REASON_NONE] = 500;
    CHECK_EQ(lp_stats_drops(&stats), 0);
    stats.reason[LP_REASON_MALFORMED] = 1;
    stats.reason[LP_REASON_COUNT - 1] = 20;
    CHECK_EQ(lp_stats_drops(&stats), 21);
}

TEST(adding_adds_every_counter)
{
    lp_stats sum, more;
    for (int i = 0; i < LP_STAT_COUNT; i++) {
        sum.stat[i] = (uint64_t)i;
        more.stat[i] = 1000;
    }
    for (int i = 0; i < LP_REASON_COUNT; i++) {
        sum.reason[i] = (uint64_t)i;
        more.reason[i] = 2000;
    }
    lp_stats_add(&sum, &more);
    for (int i = 0; i < LP_STAT_COUNT; i++)
        CHECK_EQ(sum.stat[i], i + 1000);
    for (int i = 0; i < LP_REASON_COUNT; i++)
        CHECK_EQ(sum.reason[i], i + 2000);
}

/* C-013 */
TEST(a_stats_message_holds_the_counters_that_are_not_zero)
{
    lp_stats stats = {.stat[LP_STAT_BYTES_TX] = UINT64_MAX};
    stats.reason[LP_REASON_NONE] = 7;
    stats.reason[LP_REASON_IPV6_RA] = 3;
    lp_stats_message message;
    lp_stats_to_message(&stats, NULL, &message);
    CHECK_EQ(message.count, 2);
    CHECK_STR(message.stats[0].name, "bytes_tx");
    CHECK(message.stats[0].value == UINT64_MAX);
    CHECK_STR(message.stats[1].name, "drop_ipv6_ra");
    CHECK_EQ(message.stats[1].value, 3);
}

TEST(a_stats_message_holds_the_gauges_that_are_not_zero)
{
    lp_stats stats = {.stat[LP_STAT_FRAMES_RX] = 5};
    lp_gauges gauges = {.at[LP_GAUGE_OF_QUEUE_P99] = 3900};
    lp_stats_message message;
    lp_stats_to_message(&stats, &gauges, &message);
    CHECK_EQ(message.count, 2);
    CHECK_STR(message.stats[0].name, "frames_rx");
    CHECK_STR(message.stats[1].name, "queue_p99_us");
    CHECK_EQ(message.stats[1].value, 3900);
}

TEST(a_stats_message_has_room_for_every_counter)
{
    lp_stats stats;
    for (int i = 0; i < LP_STAT_COUNT; i++)
        stats.stat[i] = 1;
    for (int i = 0; i < LP_REASON_COUNT; i++)
        stats.reason[i] = 1;
    lp_gauges gauges;
    for (int i = 0; i < LP_GAUGE_COUNT; i++)
        gauges.at[i] = UINT64_MAX;
    lp_message message = {.type = LP_MESSAGE_STATS};
    uint8_t octets[LP_MESSAGE_MAX + 4];
    lp_stats_to_message(&stats, &gauges, &message.stats);
    CHECK_EQ(message.stats.count, LP_STAT_COUNT + LP_REASON_COUNT - 1 + LP_GAUGE_COUNT);
    CHECK(lp_message_write(&message, lp_space_of(octets, sizeof octets)) > 0);
}
