#include "base/log.h"

#include "test.h"

static char line[LP_LOG_LINE_MAX];

#define FORMAT(json, event, ...)                                                  \
    lp_log_format((json), LP_INFO, (event), (const lp_field[]){__VA_ARGS__},      \
                  sizeof(const lp_field[]){__VA_ARGS__} / sizeof(lp_field), line, \
                  sizeof line)

TEST(a_line_is_an_event_with_fields)
{
    static const lp_mac mac = {{0x02, 0x5e, 0x10, 0, 0, 1}};
    lp_addr addr;
    CHECK_EQ(lp_addr_read_ip("2001:db8::1", 443, &addr), LP_OK);
    CHECK_STR(FORMAT(false, "peer left", F_STR("room", "QUAKE"), F_UINT("peer", 7),
                     F_INT("change", -3), F_MAC("mac", mac), F_ADDR("from", &addr),
                     F_MS("after", 12345678)),
              "peer left room=QUAKE peer=7 change=-3 mac=02:5e:10:00:00:01 "
              "from=[2001:db8::1]:443 after=12.345ms");
}

TEST(json_says_the_same)
{
    static const lp_mac mac = {{0x02, 0x5e, 0x10, 0, 0, 1}};
    CHECK_STR(FORMAT(true, "peer left", F_STR("room", "QUAKE"), F_UINT("peer", 7),
                     F_INT("change", -3), F_MAC("mac", mac), F_MS("after", 12345678)),
              "{\"level\":\"info\",\"event\":\"peer left\",\"room\":\"QUAKE\","
              "\"peer\":7,\"change\":-3,\"mac\":\"02:5e:10:00:00:01\","
              "\"after\":12.345}");
}

TEST(nobody_writes_a_second_line_or_a_second_field)
{
    static const struct {
        const char *name;
        const char *value;
        const char *text;
        const char *json;
    } rows[] = {
        {"plain", "QUAKE", "e v=QUAKE",
         "{\"level\":\"info\",\"event\":\"e\",\"v\":\"QUAKE\"}"},
        {"empty", "", "e v=\"\"", "{\"level\":\"info\",\"event\":\"e\",\"v\":\"\"}"},
        {"space", "a b", "e v=\"a b\"",
         "{\"level\":\"info\",\"event\":\"e\",\"v\":\"a b\"}"},
        {"equals", "a=b", "e v=\"a=b\"",
         "{\"level\":\"info\",\"event\":\"e\",\"v\":\"a=b\"}"},
        {"quote", "a\" b", "e v=\"a\\\" b\"",
         "{\"level\":\"info\",\"event\":\"e\",\"v\":\"a\\\" b\"}"},
        {"backslash", "a\\", "e v=\"a\\\\\"",
         "{\"level\":\"info\",\"event\":\"e\",\"v\":\"a\\\\\"}"},
        {"newline", "a\nb", "e v=\"a\\u000ab\"",
         "{\"level\":\"info\",\"event\":\"e\",\"v\":\"a\\u000ab\"}"},
        {"escape", "\x1b[2J", "e v=\"\\u001b[2J\"",
         "{\"level\":\"info\",\"event\":\"e\",\"v\":\"\\u001b[2J\"}"},
        {"not ASCII", "\xff\x7f", "e v=\"\\u00ff\\u007f\"",
         "{\"level\":\"info\",\"event\":\"e\",\"v\":\"\\u00ff\\u007f\"}"},
    };
    EACH_ROW (row, rows) {
        CHECK_STR(FORMAT(false, "e", F_STR("v", row->value)), row->text);
        CHECK_STR(FORMAT(true, "e", F_STR("v", row->value)), row->json);
    }
}

TEST(a_text_that_is_not_there_is_left_out)
{
    CHECK_STR(FORMAT(false, "e", F_STR("gone", NULL), F_UINT("n", 1)), "e n=1");
}

TEST(a_field_that_does_not_fit_is_left_out_whole)
{
    char long_text[LP_LOG_LINE_MAX];
    memset(long_text, '\n', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    CHECK_STR(FORMAT(false, "e", F_UINT("a", 1), F_STR("v", long_text), F_UINT("b", 2)),
              "e a=1 b=2");
    CHECK_STR(FORMAT(true, "e", F_STR("v", long_text), F_UINT("b", 2)),
              "{\"level\":\"info\",\"event\":\"e\",\"b\":2}");
}

TEST(a_line_stays_within_its_place_at_every_length)
{
    const lp_field fields[] = {F_STR("room", "a b"), F_UINT("n", 10)};
    static const char whole[] = "e room=\"a b\" n=10";
    for (size_t len = 3; len < sizeof line; len++) {
        memset(line, '#', sizeof line);
        lp_log_format(false, LP_INFO, "e", fields, 2, line, len);
        CHECK(strlen(line) < len);
        CHECK(line[len] == '#');
        if (len > sizeof whole)
            CHECK_STR(line, whole);
    }
}

/* --- the sink --------------------------------------------------------------------- */

static unsigned written;
static lp_log_level written_level;

static void remember(void *state, lp_log_level level, const char *text)
{
    CHECK(state == line);
    snprintf(line, sizeof line, "%s", text);
    written_level = level;
    written++;
}

TEST(only_what_is_wanted_is_written)
{
    const lp_log_sink warnings = {.level = LP_WARN, .write = remember, .state = line};
    const lp_log_sink *nobody = NULL;
    written = 0;
    lp_log(&warnings, LP_INFO, "too quiet", F_UINT("n", 1));
    lp_log(&warnings, LP_DEBUG, "far too quiet", F_UINT("n", 1));
    lp_log(nobody, LP_ERROR, "nobody listens", F_UINT("n", 1));
    CHECK_EQ(written, 0);
    lp_log(&warnings, LP_WARN, "look", F_UINT("n", 1));
    CHECK_EQ(written, 1);
    CHECK_EQ(written_level, LP_WARN);
    CHECK_STR(line, "look n=1");
    lp_log(&warnings, LP_ERROR, "stop", F_STR("why", "disk full"));
    CHECK_EQ(written, 2);
    CHECK_STR(line, "stop why=\"disk full\"");
}

TEST(levels_are_known_by_name)
{
    for (lp_log_level level = LP_ERROR; level <= LP_DEBUG; level++) {
        lp_log_level read = LP_ERROR;
        CHECK_EQ(lp_log_level_read(lp_log_level_name(level), &read), LP_OK);
        CHECK_EQ(read, level);
    }
    lp_log_level level = LP_WARN;
    CHECK_EQ(lp_log_level_read("loud", &level), LP_ERR_UNKNOWN);
    CHECK_EQ(lp_log_level_read("", &level), LP_ERR_UNKNOWN);
    CHECK_EQ(level, LP_WARN);
}
