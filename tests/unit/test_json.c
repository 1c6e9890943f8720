#include "wire/json.h"

#include "test.h"

static lp_why why;

static lp_err open_text(const char *text, lp_json *json)
{
    return lp_json_open(lp_bytes_of(text, strlen(text)), json, &why);
}

TEST(only_one_whole_object_is_opened) /* C-019 */
{
    static const struct {
        const char *name;
    } rows[] = {
        {""},
        {" "},
        {"{"},
        {"{}x"},
        {"{}{}"},
        {"[]"},
        {"1"},
        {"\"type\""},
        {"null"},
        {"{\"a\":}"},
        {"{\"a\":1,}"},
        {"{\"a\":1,\"a\":2}"},
        {"{\"a\":\"\xff\"}"},
        {"{\"a\":\"\xed\xa0\x80\"}"},
        {"{\"a\":\"\\u0000\"}"},
        {"{\"a\":\"\\ud800\"}"},
        {"{\"a\":99999999999999999999}"},
        {"{\"a\":1e999}"},
        {"{'a':1}"},
        {"\xef\xbb\xbf{}"},
    };
    EACH_ROW (row, rows) {
        lp_json json;
        CHECK_EQ(open_text(row->name, &json), LP_ERR_MALFORMED);
        CHECK_HAS(why.text, "json: ");
        lp_json_close(&json);
    }
    lp_json json;
    CHECK_EQ(open_text(" {} ", &json), LP_OK);
    lp_json_close(&json);
    CHECK_EQ(lp_json_open(lp_bytes_of("{}\0", 3), &json, &why), LP_ERR_MALFORMED);
    lp_json_close(&json);
}

static lp_err open_nested(size_t depth)
{
    char text[4 * LP_JSON_DEPTH_MAX] = "{\"a\":";
    memset(text + 5, '[', depth - 1);
    memset(text + 5 + depth - 1, ']', depth - 1);
    text[5 + 2 * (depth - 1)] = '}';
    lp_json json;
    lp_err err = open_text(text, &json);
    lp_json_close(&json);
    return err;
}

TEST(nesting_is_bounded_before_anything_recurses) /* C-019 */
{
    CHECK_EQ(open_nested(LP_JSON_DEPTH_MAX), LP_OK);
    CHECK_EQ(open_nested(LP_JSON_DEPTH_MAX + 1), LP_ERR_MALFORMED);
    CHECK_HAS(why.text, "nested");
}

TEST(brackets_in_texts_do_not_nest)
{
    lp_json json;
    CHECK_EQ(open_text("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\\\\\"}",
                       &json),
             LP_OK);
    lp_json_close(&json);
}

TEST(fields_are_read_by_name_and_type)
{
    lp_json json;
    CHECK_EQ(open_text("{\"n\":4294967295,\"yes\":true,\"no\":false,\"t\":\"text\","
                       "\"mac\":\"02:5e:10:00:00:01\",\"z\":null,\"unknown\":[{}]}",
                       &json),
             LP_OK);
    CHECK_EQ(lp_json_u32(&json, "n", 0, UINT32_MAX), UINT32_MAX);
    CHECK(lp_json_bool(&json, "yes"));
    CHECK(!lp_json_bool(&json, "no"));
    CHECK_STR(lp_json_text(&json, "t"), "text");
    CHECK_EQ(lp_json_identity_mac(&json, "mac").octet[5], 1);
    CHECK(lp_json_has(&json, "n"));
    CHECK(!lp_json_has(&json, "z"));
    CHECK(!lp_json_has(&json, "absent"));
    CHECK_EQ(lp_json_result(&json), LP_OK);
    lp_json_close(&json);
}

TEST(a_field_outside_its_range_or_type_is_blamed)
{
    static const struct {
        const char *name; /* the value of "f" */
        const char *as_number, *as_bool, *as_text, *as_mac;
    } rows[] = {
        {"null", "f: missing", "f: missing", "f: missing", "f: missing"},
        {"0", "f: must be a whole number from 1 to 9", "f: must be true",
         "f: must be a", "f: must be a"},
        {"10", "f: must be a whole number", "f: must be true", "f: must be a",
         "f: must be a"},
        {"-1", "f: must be a whole number", "f: must be true", "f: must be a",
         "f: must be a"},
        {"4294967297", "f: must be a whole number", "f: must be true", "f: must be a",
         "f: must be a"},
        {"1.0", "f: must be a whole number", "f: must be true", "f: must be a",
         "f: must be a"},
        {"\"1\"", "f: must be a whole number", "f: must be true", NULL,
         "f: must be a locally"},
        {"\"00:1b:21:00:00:01\"", "f: must be a whole", "f: must be true", NULL,
         "f: must be a locally"},
        {"\"ff:ff:ff:ff:ff:ff\"", "f: must be a whole", "f: must be true", NULL,
         "f: must be a locally"},
        {"true", "f: must be a whole number", NULL, "f: must be a text",
         "f: must be a"},
        {"[]", "f: must be a whole number", "f: must be true", "f: must be a text",
         "f: must be a text"},
    };
    EACH_ROW (row, rows) {
        char text[64];
        snprintf(text, sizeof text, "{\"f\":%s}", row->name);
        for (int getter = 0; getter < 4; getter++) {
            const char *want = (const char *[]){row->as_number, row->as_bool,
                                                row->as_text, row->as_mac}[getter];
            lp_json json;
            CHECK_EQ(open_text(text, &json), LP_OK);
            if (getter == 0)
                CHECK_EQ(lp_json_u32(&json, "f", 1, 9), 0);
            else if (getter == 1)
                CHECK_EQ(lp_json_bool(&json, "f"), want == NULL);
            else if (getter == 2)
                CHECK_EQ(lp_json_text(&json, "f")[0] == '\0', want != NULL);
            else
                CHECK(lp_mac_is_zero(lp_json_identity_mac(&json, "f")));
            CHECK_EQ(lp_json_result(&json), want ? LP_ERR_MALFORMED : LP_OK);
            if (want)
                CHECK_HAS(why.text, want);
            lp_json_close(&json);
        }
    }
}

TEST(the_first_blame_sticks)
{
    lp_json json;
    CHECK_EQ(open_text("{\"b\":1,\"c\":true}", &json), LP_OK);
    CHECK_EQ(lp_json_u32(&json, "a", 0, 9), 0);
    CHECK_EQ(lp_json_u32(&json, "b", 0, 9), 0);
    CHECK(!lp_json_bool(&json, "c"));
    lp_json_refuse(&json, "d", "late");
    CHECK_STR(json.bad, "a");
    CHECK_STR(why.text, "a: missing");
    lp_json_close(&json);
}

TEST(a_copied_text_is_bounded_and_printable)
{
    static const struct {
        const char *name;
        const char *text;
        const char *blame;
    } rows[] = {
        {"fits", "12345", NULL},
        {"empty", "", NULL},
        {"UTF-8", "a\xc3\xa9", NULL},
        {"too long", "123456", "f: too long"},
        {"newline", "a\\nb", "f: must not hold control"},
        {"delete", "a\x7f", "f: must not hold control"},
    };
    EACH_ROW (row, rows) {
        char text[64], out[6] = "#####";
        lp_json json;
        snprintf(text, sizeof text, "{\"f\":\"%s\"}", row->text);
        CHECK_EQ(open_text(text, &json), LP_OK);
        lp_json_copy_text(&json, "f", out, sizeof out);
        CHECK_STR(out, row->blame ? "" : row->text);
        if (row->blame)
            CHECK_HAS(why.text, row->blame);
        CHECK_EQ(json.bad != NULL, row->blame != NULL);
        lp_json_close(&json);
    }
}

TEST(a_sentence_is_made_safe_rather_than_refused)
{
    static const struct {
        const char *name;
        const char *text;
        const char *want; /* in a place for 8 octets */
    } rows[] = {
        {"fits", "1234567", "1234567"},
        {"cut", "12345678", "1234567"},
        {"empty", "", ""},
        {"control characters",
         "a\r\n\x1b\x7f"
         "b",
         "a    b"},
        {"C1 control character",
         "a\xc2\x9b"
         "b",
         "a  b"},
        {"first after C1", "a\xc2\xa0", "a\xc2\xa0"},
        {"two octets", "12345\xc3\xa9", "12345\xc3\xa9"},
        {"cut before two octets", "123456\xc3\xa9", "123456"},
        {"cut before three octets", "12345\xe2\x82\xac", "12345"},
        {"four octets", "\xf0\x9f\x8e\xae", "\xf0\x9f\x8e\xae"},
        {"lone continuation",
         "a\x80"
         "b",
         "a?b"},
        {"cut character", "a\xc3", "a?"},
        {"overlong two", "\xc0\xaf", "??"},
        {"overlong three", "\xe0\x80\xaf", "???"},
        {"overlong four", "\xf0\x80\x80\xaf", "????"},
        {"surrogate", "\xed\xa0\x80", "???"},
        {"beyond Unicode", "\xf4\x90\x80\x80", "????"},
        {"no lead octet", "\xff\xfe", "??"},
    };
    EACH_ROW (row, rows) {
        char out[9] = "########";
        lp_sentence_copy(row->text, out, 8);
        CHECK_STR(out, row->want);
        CHECK_EQ(out[8], '\0');
    }
}

TEST(fields_are_written_in_order_without_spaces)
{
    char text[128] = "";
    lp_json_writer json = {.out.rest = lp_space_of((uint8_t *)text, sizeof text - 1)};
    lp_json_begin(&json, NULL);
    lp_json_put_text(&json, "t", "a\"\\\n\xff");
    lp_json_begin(&json, "o");
    lp_json_end(&json);
    lp_json_begin(&json, "p");
    lp_json_put_number(&json, "n", UINT64_MAX);
    lp_json_put_bool(&json, "yes", true);
    lp_json_end(&json);
    lp_json_put_bool(&json, "no", false);
    lp_json_end(&json);
    CHECK(!json.out.failed);
    CHECK_STR(text, "{\"t\":\"a\\\"\\\\ ?\",\"o\":{},\"p\":{\"n\":18446744073709551615,"
                    "\"yes\":true},\"no\":false}");
}

TEST(what_does_not_fit_fails_the_writer)
{
    uint8_t text[7];
    lp_json_writer json = {.out.rest = lp_space_of(text, sizeof text)};
    lp_json_begin(&json, NULL);
    lp_json_put_number(&json, "n", 12);
    CHECK(!json.out.failed);
    lp_json_end(&json);
    CHECK(json.out.failed);
}
