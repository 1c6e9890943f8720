#include "gui/text.h"

#include "test.h"

TEST(what_does_not_fit_is_cut_at_a_whole_character)
{
    static const struct {
        const char *name, *text, *cut; /* to five octets */
    } rows[] = {
        {"fits", "abcde", "abcde"},
        {"too long", "abcdef", "abcde"},
        {"two octets, whole", "abc\xc3\xa9", "abc\xc3\xa9"},
        {"two octets, cut", "abcd\xc3\xa9", "abcd"},
        {"three octets, cut after two", "abc\xe2\x80\xa6", "abc"},
        {"three octets, cut after one", "abcd\xe2\x80\xa6", "abcd"},
        {"four octets", "ab\xf0\x9f\x8e\xae", "ab"},
        {"nothing but rests", "\x80\x80\x80\x80\x80\x80", "\x80\x80\x80\x80\x80"},
    };
    EACH_ROW (row, rows) {
        char out[6];
        CHECK_STR(lp_put_text(out, sizeof out, "%s", row->text), row->cut);
    }
}

TEST(a_text_is_added_after_another)
{
    char out[8] = "ab";
    CHECK_STR(lp_add_text(out, sizeof out, "%d", 42), "ab42");
    CHECK_STR(lp_add_text(out, sizeof out, "%s", "wxyz"), "ab42wxy");
    CHECK_STR(lp_add_text(out, sizeof out, "%s", "more"), "ab42wxy");
}
