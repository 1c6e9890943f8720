#include "os/report.h"

#include "test.h"

TEST(lines_follow_each_other)
{
    char text[32];
    lp_report report = lp_report_start(text, sizeof text);
    CHECK_STR(text, "");
    lp_report_say(&report, "one %d\n", 1);
    lp_report_say(&report, "two\n");
    CHECK_STR(text, "one 1\ntwo\n");
    CHECK_EQ(report.len, 10);
}

TEST(what_does_not_fit_whole_is_left_out)
{
    static const struct {
        const char *name;
        size_t room;
        const char *want;
    } rows[] = {
        {"no room", 1, ""},
        {"not for the first", 5, "six\n"},
        {"for the first", 6, "first"},
        {"for both", 10, "firstsix\n"},
    };
    char text[16];
    EACH_ROW (row, rows) {
        lp_report report = lp_report_start(text, row->room);
        lp_report_say(&report, "first");
        lp_report_say(&report, "six\n");
        CHECK_STR(text, row->want);
    }
}
