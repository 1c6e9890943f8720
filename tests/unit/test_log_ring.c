#include "runtime/log_ring.h"

#include "test.h"

TEST(a_code_is_hidden_wherever_it_stands_as_a_word)
{
    static const struct {
        const char *name, *line, *kept;
    } rows[] = {
        {"a field", "joined room=PARTY peer=7", "joined room=(room) peer=7"},
        {"json", "{\"event\":\"joined\",\"room\":\"PARTY\"}",
         "{\"event\":\"joined\",\"room\":\"(room)\"}"},
        {"in a sentence", "there is no room PARTY.", "there is no room (room)."},
        {"all of the line", "PARTY", "(room)"},
        {"twice", "PARTY PARTY", "(room) (room)"},
        {"another code", "room=X-1", "room=(room)"},
        {"a part of a word", "PARTYX XPARTY PARTY-1 X-PARTY",
         "PARTYX XPARTY PARTY-1 X-PARTY"},
        {"prose", "the party's subnet", "the party's subnet"},
        {"nothing", "", ""},
    };
    lp_log_secrets secrets = {.next = 0};
    lp_log_secrets_add(&secrets, "PARTY");
    lp_log_secrets_add(&secrets, "X-1");
    EACH_ROW (row, rows) {
        char kept[LP_LOG_LINE_MAX];
        CHECK_STR(lp_log_secrets_hide(&secrets, row->line, kept, sizeof kept),
                  row->kept);
    }
}

TEST(the_oldest_code_gives_way_and_the_same_one_takes_one_place)
{
    lp_log_secrets secrets = {.next = 0};
    char code[8], kept[64];
    lp_log_secrets_add(&secrets, "FIRST");
    for (int i = 1; i < LP_LOG_SECRETS_MAX; i++) {
        snprintf(code, sizeof code, "R%d", i);
        lp_log_secrets_add(&secrets, code);
        lp_log_secrets_add(&secrets, code);
    }
    CHECK_STR(lp_log_secrets_hide(&secrets, "FIRST R1", kept, sizeof kept),
              "(room) (room)");
    lp_log_secrets_add(&secrets, "NINTH");
    CHECK_STR(lp_log_secrets_hide(&secrets, "FIRST R1 NINTH", kept, sizeof kept),
              "FIRST (room) (room)");
}

TEST(a_line_of_nothing_but_codes_stays_within_its_bounds)
{
    lp_log_secrets secrets = {.next = 0};
    char line[LP_LOG_LINE_MAX], kept[LP_LOG_LINE_MAX];
    for (size_t i = 0; i < sizeof line - 1; i++)
        line[i] = i % 2 ? ' ' : 'A';
    line[sizeof line - 1] = '\0';
    lp_log_secrets_add(&secrets, "A");
    lp_log_secrets_hide(&secrets, line, kept, sizeof kept);
    CHECK(strlen(kept) < sizeof kept);
    CHECK(strchr(kept, 'A') == NULL);
}

static size_t lines_after(lp_log_ring *ring, uint32_t after, json_int_t *first,
                          json_int_t *last)
{
    json_t *answer = lp_log_ring_after(ring, after);
    json_t *lines = json_object_get(answer, "lines");
    size_t count = json_array_size(lines);
    *first = json_integer_value(json_object_get(json_array_get(lines, 0), "n"));
    *last = json_integer_value(json_object_get(answer, "last"));
    json_decref(answer);
    return count;
}

TEST(the_last_lines_are_kept_and_no_more)
{
    lp_log_ring *ring = lp_log_ring_new();
    json_int_t first, last;
    CHECK_EQ(lines_after(ring, 0, &first, &last), 0);
    CHECK_EQ(last, 0);
    for (int i = 1; i <= LP_LOG_RING_LINES; i++)
        lp_log_ring_put(ring, "line");
    CHECK_EQ(lines_after(ring, 0, &first, &last), LP_LOG_RING_LINES);
    CHECK_EQ(first, 1);
    lp_log_ring_put(ring, "one more");
    CHECK_EQ(lines_after(ring, 0, &first, &last), LP_LOG_RING_LINES);
    CHECK_EQ(first, 2);
    CHECK_EQ(last, LP_LOG_RING_LINES + 1);
    lp_log_ring_free(ring);
}

TEST(who_asks_again_gets_what_is_new)
{
    static const struct {
        const char *name;
        uint32_t after;
        size_t count;
        json_int_t first;
    } rows[] = {
        {"from the beginning", 0, 3, 1},
        {"the last", 2, 1, 3},
        {"nothing new", 3, 0, 0},
        {"numbers of a program before us", 4000, 3, 1},
    };
    lp_log_ring *ring = lp_log_ring_new();
    for (int i = 0; i < 3; i++)
        lp_log_ring_put(ring, "line");
    EACH_ROW (row, rows) {
        json_int_t first, last;
        CHECK_EQ(lines_after(ring, row->after, &first, &last), row->count);
        CHECK_EQ(first, row->first);
        CHECK_EQ(last, 3);
    }
    lp_log_ring_free(ring);
}

TEST(a_ring_without_memory_loses_lines_and_keeps_counting)
{
    lp_log_ring *ring = lp_log_ring_new();
    json_int_t first, last;
    lp_test_fail_allocation(1);
    lp_log_ring *none = lp_log_ring_new();
    CHECK(lp_test_allocation_failed());
    CHECK(none == NULL);
    lp_log_ring_free(NULL);
    lp_log_ring_put(ring, "line");
    CHECK_EQ(lines_after(ring, 0, &first, &last), 1);
    lp_log_ring_free(ring);
}
