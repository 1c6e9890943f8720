#include "runtime/health.h"

#include "heard.h"

#include <stdlib.h>

static heard lines;

/* NO_GATEWAY must hold for two seconds, RELAY for none. */
TEST(a_problem_shows_once_it_has_lasted)
{
    static const struct {
        const char *name;
        lp_health_code code;
        lp_time at;
        bool shows;
    } rows[] = {
        {"at once", LP_HEALTH_CARRIER, LP_SECONDS(10), true},
        {"not yet", LP_HEALTH_NO_GATEWAY, LP_SECONDS(10), false},
        {"still not", LP_HEALTH_NO_GATEWAY, LP_SECONDS(12) - 1, false},
        {"now", LP_HEALTH_NO_GATEWAY, LP_SECONDS(12), true},
        {"and on", LP_HEALTH_NO_GATEWAY, LP_SECONDS(1000), true},
    };
    EACH_ROW (row, rows) {
        lp_health health = {0};
        lp_health_set(&health, row->code, true, LP_SECONDS(10), "%s", "");
        CHECK_EQ(lp_health_shows(&health, row->code, row->at), row->shows);
    }
}

TEST(a_fact_that_is_repeated_does_not_begin_anew)
{
    lp_health health = {0};
    for (lp_time now = 0; now <= LP_SECONDS(2); now += LP_MS(100))
        lp_health_set(&health, LP_HEALTH_NO_GATEWAY, true, now, "%s", "");
    CHECK(lp_health_shows(&health, LP_HEALTH_NO_GATEWAY, LP_SECONDS(2)));
}

TEST(a_hiccup_is_no_problem)
{
    lp_health health = {0};
    lp_log_sink log = log_to(&lines, LP_DEBUG);
    for (lp_time now = 0; now < LP_SECONDS(60); now += LP_SECONDS(1)) {
        bool holds = now % LP_SECONDS(2) == 0;
        lp_health_set(&health, LP_HEALTH_NO_GATEWAY, holds, now, "%s", "");
        lp_health_log(&health, &log, now);
    }
    CHECK_EQ(lines.count, 0);
}

TEST(a_problem_is_logged_once_when_it_comes_and_once_when_it_goes)
{
    lp_health health = {0};
    lp_log_sink log = log_to(&lines, LP_DEBUG);
    for (int i = 0; i < 3; i++) {
        lp_health_set(&health, LP_HEALTH_CARRIER, true, LP_SECONDS(1), "try %d", i);
        lp_health_log(&health, &log, LP_SECONDS(1));
    }
    CHECK_EQ(lines.count, 1);
    CHECK_EQ(lines.line[0].level, LP_ERROR);
    CHECK_HAS(lines.line[0].text, "The LAN cable is unplugged detail=\"try 0\" do=");
    for (int i = 0; i < 3; i++) {
        lp_health_set(&health, LP_HEALTH_CARRIER, false, LP_SECONDS(2), "%s", "");
        lp_health_log(&health, &log, LP_SECONDS(2));
    }
    CHECK_EQ(lines.count, 2);
    CHECK_EQ(lines.line[1].level, LP_INFO);
    CHECK_STR(lines.line[1].text, "solved problem=\"The LAN cable is unplugged\"");
    lp_health_set(&health, LP_HEALTH_CARRIER, true, LP_SECONDS(3), "%s", "");
    lp_health_log(&health, &log, LP_SECONDS(3));
    CHECK_EQ(lines.count, 3);
    CHECK(!strstr(lines.line[2].text, "detail="));
}

TEST(a_system_has_words_of_its_own_for_a_remedy)
{
    lp_health health = {0};
    lp_log_sink log = log_to(&lines, LP_DEBUG);
    health.row[LP_HEALTH_CARRIER].remedy = "look behind the sofa";
    lp_health_set(&health, LP_HEALTH_CARRIER, true, 0, "%s", "");
    lp_health_log(&health, &log, 0);
    CHECK_HAS(lines.line[0].text, "do=\"look behind the sofa\"");
    json_t *rows = lp_health_describe(&health, 0);
    CHECK_STR(json_string_value(json_object_get(json_array_get(rows, 0), "remedy")),
              "look behind the sofa");
    json_decref(rows);
}

TEST(rows_that_show_are_described_and_no_others)
{
    lp_health health = {0};
    lp_health_set(&health, LP_HEALTH_NO_GATEWAY, true, 0, "room %s", "QUAKE");
    lp_health_set(&health, LP_HEALTH_CARRIER, false, 0, "%s", "");
    json_t *rows = lp_health_describe(&health, LP_SECONDS(1));
    CHECK(json_is_array(rows));
    CHECK_EQ(json_array_size(rows), 0);
    json_decref(rows);

    rows = lp_health_describe(&health, LP_SECONDS(2));
    char *text = json_dumps(rows, JSON_COMPACT);
    CHECK_STR(text,
              "[{\"code\":\"no_gateway\",\"severity\":\"warn\",\"title\":"
              "\"No LAN gateway in the room\",\"detail\":\"room QUAKE\","
              "\"remedy\":\"ask the host to start lanparty-gateway with this room "
              "code\"}]");
    free(text);
    json_decref(rows);
}

TEST(every_row_has_a_name_of_its_own_and_something_to_do)
{
    lp_health health = {0};
    for (int i = 0; i < LP_HEALTH_COUNT; i++)
        lp_health_set(&health, (lp_health_code)i, true, 0, "%s", "");
    json_t *rows = lp_health_describe(&health, LP_SECONDS(60));
    json_t *names = json_object();
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        json_object_set(names, json_string_value(json_object_get(row, "code")), row);
        CHECK(json_string_length(json_object_get(row, "title")) > 0);
        CHECK(json_string_length(json_object_get(row, "remedy")) > 0);
    }
    CHECK_EQ(json_array_size(rows), LP_HEALTH_COUNT);
    CHECK_EQ(json_object_size(names), LP_HEALTH_COUNT);
    json_decref(names);
    json_decref(rows);
}

TEST(a_long_detail_is_cut)
{
    lp_health health = {0};
    lp_health_set(&health, LP_HEALTH_CARRIER, true, 0, "%01000d", 7);
    CHECK_EQ(strlen(health.row[LP_HEALTH_CARRIER].detail), LP_HEALTH_DETAIL_MAX - 1);
}

TEST(running_out_of_memory_loses_the_description_and_nothing_else)
{
    lp_health health = {0};
    bool failed = true;
    json_set_alloc_funcs(malloc, free);
    lp_health_set(&health, LP_HEALTH_CARRIER, true, 0, "%s", "");
    for (unsigned n = 1; failed; n++) {
        lp_test_fail_allocation(n);
        json_t *rows = lp_health_describe(&health, 0);
        failed = lp_test_allocation_failed();
        CHECK(failed || json_array_size(rows) == 1);
        json_decref(rows);
    }
}
