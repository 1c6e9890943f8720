#include "gui/reply.h"

#include "test.h"

#include <stdlib.h>

static lp_bytes octets(const char *text)
{
    return lp_bytes_of(text, strlen(text));
}

TEST(an_answer_is_done_or_a_sentence)
{
    static const struct {
        const char *name, *text;
        bool ok;
        const char *error, *field;
    } rows[] = {
        {"done", "{\"ok\":true}", true, "", ""},
        {"refused", "{\"error\":\"no such room\",\"field\":\"room\"}", false,
         "no such room", "room"},
        {"without a field", "{\"error\":\"busy\"}", false, "busy", ""},
        {"both", "{\"ok\":true,\"error\":\"but\"}", false, "but", ""},
        {"neither", "{}", false, "did not say why", ""},
        {"an empty one", "{\"error\":\"\",\"field\":\"room\"}", false,
         "did not say why", "room"},
        {"no answer", "", false, "makes no sense", ""},
        {"a list", "[]", false, "makes no sense", ""},
        {"wrong types", "{\"ok\":1,\"error\":2,\"field\":3}", false, "did not say why",
         ""},
    };
    EACH_ROW (row, rows) {
        lp_reply reply;
        lp_reply_read(octets(row->text), &reply);
        CHECK_EQ(reply.ok, row->ok);
        CHECK_HAS(reply.error, row->error);
        CHECK_EQ(reply.error[0] == '\0', row->ok);
        CHECK_STR(reply.field, row->field);
    }
}

TEST(a_repair_tells_how_much_was_given_back)
{
    static const struct {
        const char *name, *text;
        unsigned restored;
    } rows[] = {
        {"some", "{\"ok\":true,\"restored\":3}", 3},
        {"none", "{\"ok\":true,\"restored\":0}", 0},
        {"no word of it", "{\"ok\":true}", 0},
        {"nonsense", "{\"ok\":true,\"restored\":-1}", 0},
        {"too much", "{\"ok\":true,\"restored\":4294967296}", 0},
    };
    EACH_ROW (row, rows) {
        lp_reply reply;
        lp_reply_read(octets(row->text), &reply);
        CHECK_EQ(reply.restored, row->restored);
    }
}

TEST(a_log_becomes_a_file)
{
    static const struct {
        const char *name, *text, *file;
    } rows[] = {
        {"two lines", "{\"lines\":[{\"n\":1,\"text\":\"a\"},{\"n\":2,\"text\":\"b\"}]}",
         "a\r\nb\r\n"},
        {"none", "{\"lines\":[]}", ""},
        {"strange ones", "{\"lines\":[1,{},{\"text\":2},{\"text\":\"a\"}]}", "a\r\n"},
        {"no log", "{\"error\":\"x\"}", NULL},
        {"nothing", "", NULL},
    };
    EACH_ROW (row, rows) {
        char *file = lp_reply_log(octets(row->text));
        CHECK_EQ(file == NULL, row->file == NULL);
        if (file && row->file)
            CHECK_STR(file, row->file);
        free(file);
    }
}

TEST(a_text_becomes_a_file)
{
    char *file = lp_reply_text(octets("{\"text\":\"a\\nb\\r\\nc\"}"));
    CHECK(file != NULL);
    if (file)
        CHECK_STR(file, "a\r\nb\r\nc");
    free(file);
    CHECK(!lp_reply_text(octets("{}")));
    CHECK(!lp_reply_text(octets("x")));
}

TEST(no_memory_is_no_file)
{
    for (unsigned n = 1;; n++) {
        lp_test_fail_allocation(n);
        char *file = lp_reply_log(octets("{\"lines\":[{\"text\":\"a\"}]}"));
        if (!lp_test_allocation_failed()) {
            CHECK(file != NULL);
            free(file);
            break;
        }
        free(file);
    }
}
