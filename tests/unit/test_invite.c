#include "wire/invite.h"

#include "test.h"

#define HALF "000102030405060708090a0b0c0d0e0f"
#define KEY  "sha256:" HALF HALF

TEST(links_are_read_as_people_paste_them)
{
    static const struct {
        const char *name, *text, *host;
        uint16_t port;
        const char *room, *fingerprint, *server_name;
    } rows[] = {
        {"a name", "lanparty://relay.example/PARTY", "relay.example", 443, "PARTY", "",
         ""},
        {"a port", "lanparty://relay.example:4433/PARTY", "relay.example", 4433,
         "PARTY", "", ""},
        {"IPv4", "lanparty://192.0.2.1:4433/a-b_c", "192.0.2.1", 4433, "A-B_C", "", ""},
        {"IPv6", "lanparty://[2001:db8::1]/R", "2001:db8::1", 443, "R", "", ""},
        {"IPv6 and a port", "lanparty://[2001:db8::1]:4433/R", "2001:db8::1", 4433, "R",
         "", ""},
        {"all of it",
         "lanparty://r.example/R?fingerprint=" KEY "&server_name=lan.example",
         "r.example", 443, "R", KEY, "lan.example"},
        {"the other way round",
         "lanparty://r.example/R?server_name=lan.example&fingerprint=" KEY, "r.example",
         443, "R", KEY, "lan.example"},
        {"encoded", "lanparty://r%2Eexample/%52?fingerprint=sha256%3a" HALF HALF,
         "r.example", 443, "R", KEY, ""},
        {"an encoded name of a parameter",
         "lanparty://r.example/R?server%5Fname=x.example", "r.example", 443, "R", "",
         "x.example"},
        {"colons in the key",
         "lanparty://r.example/"
         "R?fingerprint=sha256:00:01:02:03:04:05:06:07:08:09:0a:0b:"
         "0c:0d:0e:0f:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f",
         "r.example", 443, "R", KEY, ""},
        {"upper case", "LanParty://r.example/r", "r.example", 443, "R", "", ""},
        {"blanks around it", " \t\r\nlanparty://r.example/R\r\n ", "r.example", 443,
         "R", "", ""},
        {"parameters of the future", "lanparty://r.example/R?voice=1&b&=&c=%20",
         "r.example", 443, "R", "", ""},
        {"a fragment", "lanparty://r.example/R#?fingerprint=none", "r.example", 443,
         "R", "", ""},
        {"a slash behind it", "lanparty://r.example/R/", "r.example", 443, "R", "", ""},
        {"a slash behind it, and more", "lanparty://r.example/R/?x=1", "r.example", 443,
         "R", "", ""},
    };
    EACH_ROW (row, rows) {
        lp_invite invite;
        lp_why why = {""};
        CHECK_EQ(lp_invite_read(row->text, &invite, &why), LP_OK);
        CHECK_STR(why.text, "");
        CHECK_STR(invite.relay.host, row->host);
        CHECK_EQ(invite.relay.port, row->port);
        CHECK_STR(invite.room, row->room);
        CHECK_STR(invite.fingerprint, row->fingerprint);
        CHECK_STR(invite.server_name, row->server_name);
        CHECK(lp_invite_is_link(row->text));
    }
}

TEST(links_that_are_none_are_told_what_is_wrong)
{
    static const struct {
        const char *name, *text, *says;
    } rows[] = {
        {"nothing", "", "begins with lanparty://"},
        {"another scheme", "https://r.example/R", "begins with lanparty://"},
        {"half a scheme", "lanparty:/", "begins with lanparty://"},
        {"no relay", "lanparty:///R", "is no relay"},
        {"no room", "lanparty://r.example", "names no room"},
        {"no room behind the slash", "lanparty://r.example/", "names no room"},
        {"no room but parameters", "lanparty://r.example?x=1", "names no room"},
        {"more behind the room", "lanparty://r.example/R/S", "goes on"},
        {"a bad port", "lanparty://r.example:99999/R", "is no relay"},
        {"a user", "lanparty://me@r.example/R", "is no relay"},
        {"a bad host", "lanparty://r..example/R", "is no relay"},
        {"a slash in the host", "lanparty://r.example%2Fx/R", "is no relay"},
        {"a bad room", "lanparty://r.example/a%20b", "\"a b\" is not a room code"},
        {"a long room", "lanparty://r.example/123456789012345678901234567890123",
         "is not a room code"},
        {"a bad key", "lanparty://r.example/R?fingerprint=sha256:12", "64 hexadecimal"},
        {"a bad server name", "lanparty://r.example/R?server_name=a/b",
         "name of a server"},
        {"a server name with a port",
         "lanparty://r.example/R?server_name=a.example:443", "name of a server"},
        {"half an octet", "lanparty://r.example/%5", "two hexadecimal digits"},
        {"no octet", "lanparty://r.example/R?x=%zz", "two hexadecimal digits"},
        {"a NUL", "lanparty://r.example/R%00S", "two hexadecimal digits"},
    };
    EACH_ROW (row, rows) {
        lp_invite invite = {.room = "AS-BEFORE"};
        lp_why why;
        CHECK_EQ(lp_invite_read(row->text, &invite, &why), LP_ERR_MALFORMED);
        CHECK_HAS(why.text, row->says);
        CHECK_STR(invite.room, "AS-BEFORE");
    }
}

TEST(a_link_has_a_longest)
{
    static const char begin[] = "lanparty://r.example/R?x=";
    char text[LP_INVITE_MAX + 2];
    lp_invite invite;
    lp_why why;
    memset(text, 'x', sizeof text);
    memcpy(text, begin, sizeof begin - 1);
    text[LP_INVITE_MAX] = '\0';
    CHECK_EQ(lp_invite_read(text, &invite, &why), LP_OK);
    text[LP_INVITE_MAX] = 'x';
    text[LP_INVITE_MAX + 1] = '\0';
    CHECK_EQ(lp_invite_read(text, &invite, &why), LP_ERR_TOO_BIG);
    CHECK_HAS(why.text, "1024");
}

TEST(what_is_written_is_read_again)
{
    static const struct {
        const char *name;
        lp_invite invite;
        const char *text;
    } rows[] = {
        {"short",
         {{"relay.example", 443}, "PARTY", "", ""},
         "lanparty://relay.example/PARTY"},
        {"IPv6",
         {{"2001:db8::1", 4433}, "R", KEY, ""},
         "lanparty://[2001:db8::1]:4433/R?fingerprint=" KEY},
        {"a name alone",
         {{"192.0.2.1", 443}, "R", "", "lan.example"},
         "lanparty://192.0.2.1/R?server_name=lan.example"},
        {"both",
         {{"192.0.2.1", 1}, "R", KEY, "lan.example"},
         "lanparty://192.0.2.1:1/R?fingerprint=" KEY "&server_name=lan.example"},
    };
    EACH_ROW (row, rows) {
        char text[LP_INVITE_MAX + 1];
        lp_invite again;
        lp_why why;
        CHECK_STR(lp_invite_write(&row->invite, text), row->text);
        CHECK_EQ(lp_invite_read(text, &again, &why), LP_OK);
        CHECK_STR(again.relay.host, row->invite.relay.host);
        CHECK_EQ(again.relay.port, row->invite.relay.port);
        CHECK_STR(again.fingerprint, row->invite.fingerprint);
        CHECK_STR(again.server_name, row->invite.server_name);
    }
}

TEST(the_longest_parts_make_a_link_that_fits)
{
    lp_invite invite = {.relay.port = 65535};
    char text[LP_INVITE_MAX + 1];
    memset(invite.relay.host, 'a', LP_HOST_MAX);
    memset(invite.server_name, 'b', LP_HOST_MAX);
    memset(invite.room, 'C', LP_ROOM_MAX);
    snprintf(invite.fingerprint, sizeof invite.fingerprint, "%s", KEY);
    lp_invite_write(&invite, text);
    CHECK(strlen(text) < LP_INVITE_MAX);
    CHECK_STR(text + strlen(text) - 3, "bbb");
}
