#include "runtime/log_sink.h"

#include "capture.h"

#include <jansson.h>
#include <sys/socket.h>

static const char *said(bool json, lp_log_level level, const char *event)
{
    capture captured = begin_capture(stderr);
    lp_log_keeper keeper = {.ring = NULL};
    lp_log_sink log = lp_log_to(&keeper, LP_DEBUG, json);
    lp_log(&log, level, event, F_UINT("peer", 7));
    return end_capture(&captured);
}

TEST(text_lines_have_a_time_and_a_level)
{
    static const struct {
        const char *name;
        lp_log_level level;
        const char *after_time;
    } rows[] = {
        {"error", LP_ERROR, " error it happened peer=7\n"},
        {"warn", LP_WARN, " warn  it happened peer=7\n"},
        {"info", LP_INFO, " info  it happened peer=7\n"},
        {"debug", LP_DEBUG, " debug it happened peer=7\n"},
    };
    unsetenv("JOURNAL_STREAM");
    EACH_ROW (row, rows) {
        const char *line = said(false, row->level, "it happened");
        unsigned hour, minute, second;
        CHECK_EQ(sscanf(line, "%2u:%2u:%2u", &hour, &minute, &second), 3);
        CHECK(strlen(line) > 8);
        CHECK_STR(line + strnlen(line, 8), row->after_time);
    }
}

TEST(lines_for_the_journal_have_its_levels_and_no_time)
{
    static const struct {
        const char *name;
        lp_log_level level;
        const char *line;
    } rows[] = {
        {"error", LP_ERROR, "<3>it happened peer=7\n"},
        {"warn", LP_WARN, "<4>it happened peer=7\n"},
        {"info", LP_INFO, "<6>it happened peer=7\n"},
        {"debug", LP_DEBUG, "<7>it happened peer=7\n"},
    };
    setenv("JOURNAL_STREAM", "8:12345", 1);
    EACH_ROW (row, rows)
        CHECK_STR(said(false, row->level, "it happened"), row->line);
    unsetenv("JOURNAL_STREAM");
}

TEST(json_lines_are_objects_with_a_time)
{
    static const struct {
        const char *name, *journal;
    } rows[] = {{"alone", NULL}, {"under systemd, too", "8:12345"}};
    EACH_ROW (row, rows) {
        if (row->journal)
            setenv("JOURNAL_STREAM", row->journal, 1);
        json_t *line = json_loads(said(true, LP_WARN, "it \"happened\""), 0, NULL);
        CHECK(json_integer_value(json_object_get(line, "time")) > 1700000000);
        CHECK_EQ(json_integer_value(json_object_get(line, "peer")), 7);
        json_object_del(line, "time");
        CHECK_EQ(json_object_size(line), 3);
        CHECK(json_is_string(json_object_get(line, "level")));
        CHECK_HAS(json_string_value(json_object_get(line, "event")), "\"happened\"");
        json_decref(line);
        unsetenv("JOURNAL_STREAM");
    }
}

TEST(what_is_below_the_level_is_not_written)
{
    capture captured = begin_capture(stderr);
    lp_log_keeper keeper = {.ring = NULL};
    lp_log_sink log = lp_log_to(&keeper, LP_WARN, false);
    lp_log(&log, LP_INFO, "a story");
    lp_log(&log, LP_DEBUG, "a detail");
    CHECK_STR(end_capture(&captured), "");
}

/* Lines of several programs on one terminal or in one file must not mix. */
TEST(a_line_is_one_write)
{
    static const struct {
        const char *name;
        bool json, is_used_before;
        size_t value_len;
    } rows[] = {
        {"text", false, false, 10},
        {"text, after a complaint of another kind", false, true, 10},
        {"the longest text", false, false, LP_LOG_LINE_MAX - 20},
        {"json", true, false, 10},
        {"the longest json", true, true, LP_LOG_LINE_MAX - 60},
    };
    static char value[LP_LOG_LINE_MAX];
    EACH_ROW (row, rows) {
        int ends[2], original = dup(STDERR_FILENO);
        char message[2 * LP_LOG_LINE_MAX];
        CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
        memset(value, 'x', row->value_len);
        value[row->value_len] = '\0';
        dup2(ends[1], STDERR_FILENO);
        if (row->is_used_before)
            fprintf(stderr, "%s", "-\n");
        lp_log_keeper keeper = {.ring = NULL};
        lp_log_sink log = lp_log_to(&keeper, LP_INFO, row->json);
        lp_log(&log, LP_INFO, "event", F_STR("value", value), F_UINT("peer", 7));
        dup2(original, STDERR_FILENO);
        close(original);
        close(ends[1]);
        if (row->is_used_before)
            CHECK_EQ(read(ends[0], message, sizeof message), 2);
        ssize_t len = read(ends[0], message, sizeof message);
        CHECK(len > (ssize_t)row->value_len);
        CHECK_EQ(len > 0 ? message[len - 1] : 0, '\n');
        CHECK_EQ(read(ends[0], message, sizeof message), 0);
        close(ends[0]);
    }
}
