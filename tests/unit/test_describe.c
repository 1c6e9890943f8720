#include "runtime/describe.h"

#include "test.h"

#include <stdlib.h>

/* Compact text, and the reference is gone. */
static const char *text_of(json_t *json)
{
    static char text[1024];
    size_t len =
        json_dumpb(json, text, sizeof text - 1, JSON_COMPACT | JSON_ENCODE_ANY);
    text[len < sizeof text ? len : 0] = '\0';
    json_decref(json);
    return text;
}

TEST(durations_are_milliseconds_to_the_microsecond)
{
    static const struct {
        const char *name;
        lp_duration duration;
        double ms;
    } rows[] = {
        {"none", 0, 0},
        {"a LAN's", LP_US(123), 0.123},
        {"below a microsecond", 999, 0},
        {"not rounded up", LP_US(2) - 1, 0.001},
        {"a party's", LP_MS(12) + LP_US(345), 12.345},
        {"a night's", LP_SECONDS(36000), 36000000},
    };
    EACH_ROW (row, rows) {
        json_t *object = json_object();
        lp_tell_ms(object, "ms", row->duration);
        const json_t *json = json_object_get(object, "ms");
        CHECK(json_is_real(json));
        CHECK(json_real_value(json) == row->ms);
        json_decref(object);
    }
}

TEST(what_is_not_known_is_null)
{
    lp_mac mac = {{0x02, 0, 0, 0, 0, 0xff}};
    lp_addr addr = {.family = 4, .ip = {192, 0, 2, 1}, .port = 443}, none = {0};
    json_t *object = json_object();
    lp_tell_mac(object, "mac", true, mac);
    lp_tell_mac(object, "no_mac", false, mac);
    lp_tell_addr(object, "addr", &addr);
    lp_tell_addr(object, "no_addr", &none);
    lp_tell_ip(object, "ip", &addr);
    lp_tell_ip(object, "no_ip", &none);
    lp_tell_text(object, "no_text", NULL);
    CHECK_STR(text_of(object), "{\"mac\":\"02:00:00:00:00:ff\",\"no_mac\":null,"
                               "\"addr\":\"192.0.2.1:443\",\"no_addr\":null,"
                               "\"ip\":\"192.0.2.1\",\"no_ip\":null,\"no_text\":null}");
}

TEST(counters_are_described_where_they_are_not_zero)
{
    lp_stats stats = {0};
    CHECK_STR(text_of(lp_describe_stats(&stats)), "{}");
    stats.stat[LP_STAT_FRAMES_RX] = 12;
    stats.reason[LP_REASON_BPDU] = 3;
    CHECK_STR(text_of(lp_describe_stats(&stats)), "{\"frames_rx\":12,\"drop_bpdu\":3}");
}

TEST(every_counter_is_described_under_its_own_name)
{
    lp_stats stats;
    for (size_t i = 0; i < LP_STAT_COUNT; i++)
        stats.stat[i] = 1000 + i;
    for (size_t i = 0; i < LP_REASON_COUNT; i++)
        stats.reason[i] = 2000 + i;
    json_t *json = lp_describe_stats(&stats);
    CHECK_EQ(json_integer_value(json_object_get(json, "frames_rx")), 1000);
    for (size_t i = 0; i < LP_STAT_COUNT; i++)
        CHECK_EQ(
            json_integer_value(json_object_get(json, lp_stat_name((lp_stat_code)i))),
            1000 + i);
    /* "forwarded" is a reason's number, but no reason to drop. */
    CHECK_EQ(json_object_size(json), LP_STAT_COUNT + LP_REASON_COUNT - 1);
    json_decref(json);
}

TEST(gauges_are_described_by_scope_zeros_and_all)
{
    lp_gauges gauges;
    for (size_t i = 0; i < LP_GAUGE_COUNT; i++)
        gauges.at[i] = i;
    json_t *both = lp_describe_gauges(&gauges, LP_OF_CONNECTION | LP_OF_SOCKET);
    json_t *sockets = lp_describe_gauges(&gauges, LP_OF_SOCKET);
    CHECK_EQ(json_object_size(both), LP_GAUGE_COUNT);
    for (size_t i = 0; i < LP_GAUGE_COUNT; i++) {
        lp_gauge gauge = (lp_gauge)i;
        CHECK_EQ(json_integer_value(json_object_get(both, lp_gauge_name(gauge))), i);
        CHECK_EQ(json_object_get(sockets, lp_gauge_name(gauge)) != NULL,
                 lp_gauge_scope_of(gauge) == LP_GAUGE_SOCKET);
    }
    json_decref(both);
    json_decref(sockets);
}

TEST(what_a_peer_reported_is_repeated)
{
    lp_stats_message message = {.count = 1, .stats = {{"frames_rx", LP_STAT_MAX}}};
    CHECK_STR(text_of(lp_describe_reported(NULL)), "{}");
    CHECK_STR(text_of(lp_describe_reported(&message)),
              "{\"frames_rx\":9007199254740991}");
}

TEST(running_out_of_memory_gives_nothing_and_loses_nothing)
{
    lp_stats stats = {.stat = {1, 2, 3}};
    bool failed = true;
    json_set_alloc_funcs(malloc, free);
    for (unsigned n = 1; failed; n++) {
        lp_test_fail_allocation(n);
        json_t *json = lp_describe_stats(&stats);
        failed = lp_test_allocation_failed();
        CHECK(failed || json_object_size(json) == 3);
        json_decref(json);
    }
}
