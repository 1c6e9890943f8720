#include "gui/form.h"

#include "test.h"

#define PRINT "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

TEST(a_link_fills_every_field)
{
    static const struct {
        const char *name, *link;
        lp_form form;
    } rows[] = {
        {"short", "lanparty://relay.example/PARTY", {"relay.example", "PARTY", "", ""}},
        {"with a port",
         " lanparty://relay.example:4433/PARTY\n",
         {"relay.example:4433", "PARTY", "", ""}},
        {"of a number",
         "lanparty://[2001:db8::1]:443/A",
         {"[2001:db8::1]", "A", "", ""}},
        {"with a pin and a name",
         "lanparty://192.0.2.1/A?fingerprint=" PRINT
         "&server_name=lanparty-relay.local",
         {"192.0.2.1", "A", PRINT, "lanparty-relay.local"}},
    };
    EACH_ROW (row, rows) {
        lp_form form = {"old", "old", "old", "old"};
        lp_why why;
        CHECK(lp_form_is_link(row->link));
        CHECK_EQ(lp_form_take_link(row->link, &form, &why), LP_OK);
        CHECK(lp_form_equal(&form, &row->form));
    }
}

TEST(a_link_that_is_none_changes_nothing)
{
    static const struct {
        const char *name, *link;
    } rows[] = {{"no room", "lanparty://relay.example"},
                {"a bad room", "lanparty://relay.example/a%20b"},
                {"a bad pin", "lanparty://relay.example/A?fingerprint=sha256:1"},
                {"another kind", "https://relay.example/A"}};
    EACH_ROW (row, rows) {
        lp_form form = {"old", "old", "old", "old"};
        lp_why why = {""};
        CHECK(lp_form_take_link(row->link, &form, &why) != LP_OK);
        CHECK(why.text[0]);
        CHECK_STR(form.relay, "old");
        CHECK_STR(form.room, "old");
    }
}

TEST(the_first_field_that_is_wrong_is_blamed_with_a_sentence)
{
    static const struct {
        const char *name;
        lp_form form;
        lp_form_field field;
        const char *sentence;
    } rows[] = {
        {"all well", {"relay.example", "PARTY", "", ""}, LP_FORM_NONE, ""},
        {"with a pin", {"relay.example", "PARTY", PRINT, ""}, LP_FORM_NONE, ""},
        {"no relay", {"", "", "", ""}, LP_FORM_RELAY, "Type the relay"},
        {"no room", {"relay.example", "", "", ""}, LP_FORM_ROOM, "Type the room code"},
        {"a bad relay", {"10.0.0.300", "PARTY", "", ""}, LP_FORM_RELAY, "10.0.0.300"},
        {"a bad port",
         {"relay.example:0", "PARTY", "", ""},
         LP_FORM_RELAY,
         "relay.example:0"},
        {"a bad room",
         {"relay.example", "QUAKE NIGHT", "", ""},
         LP_FORM_ROOM,
         "QUAKE NIGHT"},
        {"a bad pin",
         {"relay.example", "PARTY", "sha256:12", ""},
         LP_FORM_FINGERPRINT,
         ""},
    };
    EACH_ROW (row, rows) {
        lp_form_fault fault;
        CHECK_EQ(lp_form_check(&row->form, &fault), row->field == LP_FORM_NONE);
        CHECK_EQ(fault.field, row->field);
        CHECK_EQ(fault.why.text[0] != '\0', row->field != LP_FORM_NONE);
        CHECK_HAS(fault.why.text, row->sentence);
    }
}

TEST(a_form_becomes_a_request)
{
    static const struct {
        const char *name;
        lp_form form;
        const char *has;
    } rows[] = {
        {"relay and room",
         {"relay.example:4433", "party", "", ""},
         "\"room\":\"PARTY\""},
        {"a pin",
         {"relay.example", "PARTY", PRINT, ""},
         "\"fingerprint\":\"" PRINT "\""},
        {"a name",
         {"192.0.2.1", "PARTY", "", "r.local"},
         "\"server_name\":\"r.local\""},
    };
    EACH_ROW (row, rows) {
        char request[1024];
        CHECK(lp_form_request(&row->form, request, sizeof request) == request);
        CHECK_HAS(request, "\"do\":\"connect\"");
        CHECK_HAS(request, row->has);
        CHECK(!strchr(request, '\n'));
        CHECK(!lp_form_request(&row->form, request, 20));
    }
    char request[64];
    CHECK(!lp_form_request(&(lp_form){"", "", "", ""}, request, sizeof request));
    CHECK(lp_form_fix_request("no_address", request, sizeof request) == request);
    CHECK_HAS(request, "\"code\":\"no_address\"");
}

TEST(the_field_that_the_service_blames_is_found)
{
    static const struct {
        const char *name;
        lp_form_field field;
    } rows[] = {{"relay", LP_FORM_RELAY},
                {"room", LP_FORM_ROOM},
                {"fingerprint", LP_FORM_FINGERPRINT},
                {"server_name", LP_FORM_NONE},
                {"", LP_FORM_NONE}};
    EACH_ROW (row, rows)
        CHECK_EQ(lp_form_field_named(row->name), row->field);
}
