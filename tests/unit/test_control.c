#include "wire/control.h"

#include "test.h"

#define HALF  "000102030405060708090a0b0c0d0e0f"
#define KEY   "sha256:" HALF HALF
#define WHERE "\"relay\":\"relay.example\",\"room\":\"party\""

static lp_control request;
static lp_control_fault fault;

static lp_err read_text(const char *text)
{
    return lp_control_read(lp_bytes_of(text, strlen(text)), &request, &fault);
}

TEST(each_request_is_read)
{
    static const struct {
        const char *name, *text;
        lp_control_verb verb;
    } rows[] = {
        {"the old word", "status", LP_CONTROL_STATUS},
        {"from a terminal of Windows", "status\r", LP_CONTROL_STATUS},
        {"status", "{\"do\":\"status\"}", LP_CONTROL_STATUS},
        {"connect", "{\"do\":\"connect\"," WHERE "}", LP_CONTROL_CONNECT},
        {"disconnect", "{\"do\":\"disconnect\"}", LP_CONTROL_DISCONNECT},
        {"log", "{\"do\":\"log\"}", LP_CONTROL_LOG},
        {"system", " {\"do\":\"system\"}" + 1, LP_CONTROL_SYSTEM},
        {"fix", "{\"do\":\"fix\",\"code\":\"no_address\"}", LP_CONTROL_FIX},
        {"repair", "{\"do\":\"repair\"}", LP_CONTROL_REPAIR},
        {"members of the future", "{\"do\":\"repair\",\"how\":[1,{}]}",
         LP_CONTROL_REPAIR},
        {"null is absent", "{\"do\":\"log\",\"after\":null}", LP_CONTROL_LOG},
    };
    EACH_ROW (row, rows) {
        CHECK_EQ(read_text(row->text), LP_OK);
        CHECK_EQ(request.verb, row->verb);
        CHECK(fault.field == NULL);
    }
}

TEST(connect_says_where_to_and_whom_to_trust)
{
    CHECK_EQ(read_text("{\"do\":\"connect\"," WHERE "}"), LP_OK);
    CHECK_STR(request.party.relay.host, "relay.example");
    CHECK_EQ(request.party.relay.port, LP_DEFAULT_PORT);
    CHECK_STR(request.party.room, "PARTY");
    CHECK_STR(request.party.fingerprint, "");
    CHECK_STR(request.party.server_name, "");
    CHECK_STR(request.ca_cert, "");
    CHECK_EQ(
        read_text("{\"do\":\"connect\",\"relay\":\"[2001:db8::1]:4433\",\"room\":\"R\","
                  "\"fingerprint\":\"" KEY "\",\"server_name\":\"lan.example\"}"),
        LP_OK);
    CHECK_STR(request.party.relay.host, "2001:db8::1");
    CHECK_EQ(request.party.relay.port, 4433);
    CHECK_STR(request.party.fingerprint, KEY);
    CHECK_STR(request.party.server_name, "lan.example");
    CHECK_EQ(
        read_text("{\"do\":\"connect\"," WHERE ",\"ca_cert\":\"-----\\r\\nAB=\\n\"}"),
        LP_OK);
    CHECK_STR(request.ca_cert, "-----\nAB=\n");
}

TEST(what_is_wrong_is_told_with_the_member_that_is)
{
    static const struct {
        const char *name, *text, *field, *says;
    } rows[] = {
        {"nothing", "", NULL, "unknown request"},
        {"a word", "stats", NULL, "unknown request"},
        {"an array", "[]", NULL, "unknown request"},
        {"half an object", "{\"do\":\"status\"", NULL, "not valid"},
        {"two objects", "{\"do\":\"status\"}{}", NULL, "not valid"},
        {"a name twice", "{\"do\":\"status\",\"do\":\"log\"}", NULL, "not valid"},
        {"no verb", "{}", "do", "missing"},
        {"a verb that is a number", "{\"do\":1}", "do", "must be a text"},
        {"a verb of the future", "{\"do\":\"dance\"}", "do", "what can be asked for"},
        {"no relay", "{\"do\":\"connect\",\"room\":\"R\"}", "relay", "missing"},
        {"no room", "{\"do\":\"connect\",\"relay\":\"r.example\"}", "room", "missing"},
        {"a bad relay", "{\"do\":\"connect\",\"relay\":\"10.0.0.300\",\"room\":\"R\"}",
         "relay", "\"10.0.0.300\" is no relay"},
        {"a bad room", "{\"do\":\"connect\",\"relay\":\"r.example\",\"room\":\"a b\"}",
         "room", "\"a b\" is not a room code"},
        {"a bad key", "{\"do\":\"connect\"," WHERE ",\"fingerprint\":\"sha256:12\"}",
         "fingerprint", "64 hexadecimal digits"},
        {"a bad name", "{\"do\":\"connect\"," WHERE ",\"server_name\":\"a b\"}",
         "server_name", "name of a server"},
        {"a file", "{\"do\":\"connect\"," WHERE ",\"ca_file\":\"/etc/shadow\"}",
         "ca_file", "opens no files"},
        {"a certificate that is no text",
         "{\"do\":\"connect\"," WHERE ",\"ca_cert\":\"\\u0007\"}", "ca_cert", "PEM"},
        {"a certificate and a key",
         "{\"do\":\"connect\"," WHERE ",\"fingerprint\":\"" KEY "\",\"ca_cert\":\"x\"}",
         "ca_cert", "exclude each other"},
        {"a line before the first", "{\"do\":\"log\",\"after\":-1}", "after",
         "whole number"},
        {"a line too far", "{\"do\":\"log\",\"after\":4294967296}", "after",
         "whole number"},
        {"no code", "{\"do\":\"fix\"}", "code", "missing"},
        {"a long code",
         "{\"do\":\"fix\",\"code\":\"123456789012345678901234567890123\"}", "code",
         "too long"},
    };
    EACH_ROW (row, rows) {
        CHECK(read_text(row->text) != LP_OK);
        CHECK_HAS(fault.why.text, row->says);
        CHECK_STR(fault.field ? fault.field : "-", row->field ? row->field : "-");
    }
}

TEST(octets_that_are_no_text_are_refused)
{
    static const struct {
        const char *name, *at;
        size_t len;
    } rows[] = {
        {"a NUL behind the word", "status\0", 7},
        {"a NUL inside", "{\"do\":\"status\"\0}", 15},
        {"not UTF-8", "{\"do\":\"\xff\"}", 10},
        {"deep", "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 40},
    };
    EACH_ROW (row, rows) {
        CHECK(lp_control_read(lp_bytes_of(row->at, row->len), &request, &fault) !=
              LP_OK);
        CHECK(fault.why.text[0] != '\0');
    }
}

TEST(a_request_and_a_certificate_have_a_longest)
{
    static char text[LP_CONTROL_MAX + 64];
    static const char before[] = "{\"do\":\"connect\"," WHERE ",\"ca_cert\":\"";
    memset(text, ' ', sizeof text);
    memcpy(text, "{\"do\":\"repair\"}", 15);
    CHECK_EQ(lp_control_read(lp_bytes_of(text, LP_CONTROL_MAX), &request, &fault),
             LP_OK);
    CHECK_EQ(lp_control_read(lp_bytes_of(text, LP_CONTROL_MAX + 1), &request, &fault),
             LP_ERR_TOO_BIG);
    for (size_t more = 0; more < 2; more++) {
        size_t len = sizeof before - 1;
        memcpy(text, before, len);
        memset(text + len, 'x', LP_CONTROL_CA_MAX + more);
        strcpy(text + len + LP_CONTROL_CA_MAX + more, "\"}");
        CHECK_EQ(read_text(text), more ? LP_ERR_MALFORMED : LP_OK);
        CHECK_STR(fault.field ? fault.field : "-", more ? "ca_cert" : "-");
    }
}

TEST(what_is_written_is_read_again)
{
    static const struct {
        const char *name, *text;
    } rows[] = {
        {"status", "{\"do\":\"status\"}"},
        {"connect",
         "{\"do\":\"connect\",\"relay\":\"relay.example:443\",\"room\":\"PARTY\"}"},
        {"all of it", "{\"do\":\"connect\",\"relay\":\"[2001:db8::1]:4433\",\"room\":"
                      "\"R\",\"fingerprint\":"
                      "\"" KEY "\",\"server_name\":\"lan.example\"}"},
        {"a certificate",
         "{\"do\":\"connect\",\"relay\":\"192.0.2.1:443\",\"room\":\"R\",\"ca_cert\":"
         "\"--\\\"\\\\\\n\\tAB=\\n\"}"},
        {"disconnect", "{\"do\":\"disconnect\"}"},
        {"log", "{\"do\":\"log\",\"after\":4294967295}"},
        {"system", "{\"do\":\"system\"}"},
        {"fix", "{\"do\":\"fix\",\"code\":\"no_address\"}"},
        {"repair", "{\"do\":\"repair\"}"},
    };
    EACH_ROW (row, rows) {
        uint8_t text[1024];
        CHECK_EQ(read_text(row->text), LP_OK);
        size_t len = lp_control_write(&request, lp_space_of(text, sizeof text));
        CHECK_EQ(len, strlen(row->text));
        CHECK_STR((char *)text, row->text);
        CHECK_EQ(lp_control_write(&request, lp_space_of(text, len)), 0);
        CHECK_EQ(lp_control_write(&request, lp_space_of(text, len + 1)), len);
    }
}

TEST(without_memory_a_request_is_not_read)
{
    bool failed = true;
    for (unsigned n = 1; failed; n++) {
        lp_test_fail_allocation(n);
        lp_err err = read_text("{\"do\":\"connect\"," WHERE "}");
        failed = lp_test_allocation_failed();
        CHECK_EQ(err == LP_OK, !failed);
    }
}
