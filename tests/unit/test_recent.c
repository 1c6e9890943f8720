#include "gui/recent.h"

#include "test.h"

#include <stdlib.h>

static lp_recent recent;

static void add(const char *relay, const char *room)
{
    lp_form form = {0};
    snprintf(form.relay, sizeof form.relay, "%s", relay);
    snprintf(form.room, sizeof form.room, "%s", room);
    lp_recent_add(&recent, &form);
}

TEST(the_newest_is_first_and_nothing_stands_twice)
{
    recent = (lp_recent){0};
    add("a", "1");
    add("b", "1");
    add("a", "2");
    add("b", "1");
    CHECK_EQ(recent.count, 3);
    CHECK_STR(recent.party[0].relay, "b");
    CHECK_STR(recent.party[1].room, "2");
    CHECK_STR(recent.party[2].room, "1");
}

TEST(the_oldest_falls_off)
{
    char room[8];
    recent = (lp_recent){0};
    for (int i = 0; i < LP_RECENT_MAX + 2; i++) {
        snprintf(room, sizeof room, "R%d", i);
        add("a", room);
    }
    CHECK_EQ(recent.count, LP_RECENT_MAX);
    CHECK_STR(recent.party[0].room, "R9");
    CHECK_STR(recent.party[LP_RECENT_MAX - 1].room, "R2");
}

TEST(fields_offer_each_text_once)
{
    const char *texts[LP_RECENT_MAX];
    recent = (lp_recent){0};
    add("a", "1");
    add("b", "1");
    add("a", "2");
    CHECK_EQ(lp_recent_relays(&recent, texts), 2);
    CHECK_STR(texts[0], "a");
    CHECK_EQ(lp_recent_rooms(&recent, texts), 2);
    CHECK_STR(texts[1], "1");
    CHECK_STR(lp_recent_at(&recent, "a")->room, "2");
    CHECK(!lp_recent_at(&recent, "c"));
}

TEST(what_is_written_is_read_back)
{
    lp_why why;
    lp_recent again;
    recent = (lp_recent){.told_of_tray = true};
    add("relay.example", "A\"B\\");
    add("[2001:db8::1]:4433", "PARTY");
    snprintf(recent.party[0].fingerprint, sizeof recent.party[0].fingerprint,
             "sha256:00");
    char *text = lp_recent_write(&recent);
    CHECK_EQ(lp_recent_read(lp_bytes_of(text, strlen(text)), &again, &why), LP_OK);
    CHECK_EQ(again.count, 2);
    CHECK(again.told_of_tray);
    CHECK(lp_form_equal(&again.party[0], &recent.party[0]));
    CHECK(lp_form_equal(&again.party[1], &recent.party[1]));
    free(text);
}

TEST(a_damaged_file_counts_as_empty)
{
    static const struct {
        const char *name, *text;
    } rows[] = {
        {"nothing", ""},
        {"no object", "[]"},
        {"no parties", "{}"},
        {"parties that are none",
         "{\"recent\":[1,{},{\"relay\":\"a\"},{\"relay\":1,\"room\":2}]}"},
        {"not a list", "{\"recent\":{\"relay\":\"a\",\"room\":\"b\"}}"},
    };
    EACH_ROW (row, rows) {
        lp_why why;
        recent = (lp_recent){.count = 3};
        lp_err err =
            lp_recent_read(lp_bytes_of(row->text, strlen(row->text)), &recent, &why);
        CHECK(err == LP_OK || err == LP_ERR_MALFORMED);
        CHECK_EQ(recent.count, 0);
    }
}

TEST(half_a_name_is_no_name)
{
    char text[1024], relay[400];
    lp_why why;
    memset(relay, 'a', sizeof relay);
    relay[sizeof relay - 1] = '\0';
    snprintf(text, sizeof text, "{\"recent\":[{\"relay\":\"%s\",\"room\":\"A\"}]}",
             relay);
    CHECK_EQ(lp_recent_read(lp_bytes_of(text, strlen(text)), &recent, &why), LP_OK);
    CHECK_EQ(recent.count, 0);
}

TEST(no_memory_is_no_crash)
{
    recent = (lp_recent){0};
    add("a", "1");
    for (unsigned n = 1;; n++) {
        lp_test_fail_allocation(n);
        char *text = lp_recent_write(&recent);
        if (!lp_test_allocation_failed()) {
            CHECK(text != NULL);
            free(text);
            break;
        }
        free(text);
    }
}
