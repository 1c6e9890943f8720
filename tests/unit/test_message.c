#include "wire/message.h"

#include <jansson.h>
#include <stdlib.h>

#include "test.h"

/* Which texts are read and refused is in tests/vectors; here is what they mean. */

#define HELLO                                                                   \
    "{\"type\":\"hello\",\"version\":1,\"role\":\"client\",\"room\":\"quake\"," \
    "\"mac\":\"02:5e:10:00:00:01\",\"datagram_budget\":1314,"                   \
    "\"software\":\"softlan 0.1.0\",\"auth\":\"token\"}"

static lp_why why;

static lp_err read_text(const char *text, lp_message *message)
{
    return lp_message_read(lp_bytes_of(text, strlen(text)), message, &why);
}

static lp_message read_ok(const char *text)
{
    lp_message message = {.type = LP_MESSAGE_UNKNOWN};
    CHECK_EQ(read_text(text, &message), LP_OK);
    return message;
}

TEST(a_hello_says_who_wants_in) /* C-003, C-017 */
{
    lp_message message = read_ok(HELLO);
    CHECK_EQ(message.type, LP_MESSAGE_HELLO);
    CHECK_EQ(message.hello.version, 1);
    CHECK_EQ(message.hello.role, LP_ROLE_CLIENT);
    CHECK_STR(message.hello.room, "QUAKE");
    CHECK(message.hello.has_mac);
    CHECK_EQ(message.hello.mac.octet[5], 1);
    CHECK_EQ(message.hello.datagram_budget, 1314);
    CHECK_STR(message.hello.software, "softlan 0.1.0");
    CHECK_STR(message.hello.auth, "token");
}

TEST(a_welcome_says_who_one_is) /* C-004 */
{
    lp_message message = read_ok(
        "{\"type\":\"welcome\",\"version\":1,\"mode\":\"direct-p2p\",\"peer_id\":10,"
        "\"room_id\":258,\"tap_mtu\":1280,\"gateway_present\":true,"
        "\"gateway_peer_id\":7,\"datagram_budget\":1314,\"software\":\"s\"}");
    CHECK_EQ(message.type, LP_MESSAGE_WELCOME);
    CHECK_EQ(message.welcome.version, 1);
    CHECK_EQ(message.welcome.mode, LP_MODE_DIRECT_P2P);
    CHECK_EQ(message.welcome.peer_id, 10);
    CHECK_EQ(message.welcome.room_id, 258);
    CHECK_EQ(message.welcome.tap_mtu, 1280);
    CHECK(message.welcome.gateway_present);
    CHECK_EQ(message.welcome.gateway_peer_id, 7);
    CHECK_EQ(message.welcome.datagram_budget, 1314);
    CHECK_STR(message.welcome.software, "s");
}

TEST(an_old_welcome_without_ids_still_says_that_a_gateway_is_there) /* C-005, Q-008 */
{
    lp_message message =
        read_ok("{\"type\":\"welcome\",\"version\":1,\"mode\":\"relay\",\"peer_id\":10,"
                "\"room_id\":258,\"tap_mtu\":1280,\"gateway_present\":true}");
    CHECK(message.welcome.gateway_present);
    CHECK_EQ(message.welcome.gateway_peer_id, 0);
    CHECK_EQ(message.welcome.datagram_budget, 0);
    CHECK_STR(message.welcome.software, "");
}

TEST(the_other_messages_say_what_their_fields_do) /* C-008 to C-014 */
{
    lp_message message =
        read_ok("{\"type\":\"reject\",\"code\":\"budget_too_small\","
                "\"reason\":\"no\",\"room_mtu\":1280,\"peer_mtu\":1134}");
    CHECK_EQ(message.type, LP_MESSAGE_REJECT);
    CHECK_EQ(message.reject.code, LP_REJECT_BUDGET_TOO_SMALL);
    CHECK_STR(message.reject.reason, "no");
    CHECK_EQ(message.reject.room_mtu, 1280);
    CHECK_EQ(message.reject.peer_mtu, 1134);

    message = read_ok("{\"type\":\"peer_joined\",\"peer_id\":11,\"role\":\"client\","
                      "\"mac\":\"02:5e:10:00:00:02\"}");
    CHECK_EQ(message.type, LP_MESSAGE_PEER_JOINED);
    CHECK_EQ(message.peer_joined.peer_id, 11);
    CHECK_EQ(message.peer_joined.role, LP_ROLE_CLIENT);
    CHECK(message.peer_joined.has_mac);
    CHECK_EQ(message.peer_joined.mac.octet[5], 2);

    message = read_ok("{\"type\":\"peer_left\",\"peer_id\":11,\"reason\":\"bye\"}");
    CHECK_EQ(message.type, LP_MESSAGE_PEER_LEFT);
    CHECK_EQ(message.peer_left.peer_id, 11);
    CHECK_STR(message.peer_left.reason, "bye");

    message = read_ok("{\"type\":\"latency\",\"peer_id\":11,\"rtt_us\":23456}");
    CHECK_EQ(message.type, LP_MESSAGE_LATENCY);
    CHECK_EQ(message.latency.peer_id, 11);
    CHECK_EQ(message.latency.rtt_us, 23456);

    message = read_ok("{\"type\":\"stats\",\"counters\":{\"a\":1,\"b_2\":2}}");
    CHECK_EQ(message.type, LP_MESSAGE_STATS);
    CHECK_EQ(message.stats.count, 2);
    CHECK_STR(message.stats.stats[1].name, "b_2");
    CHECK_EQ(message.stats.stats[1].value, 2);

    message = read_ok("{\"type\":\"disconnect\",\"reason\":\"bye\"}");
    CHECK_EQ(message.type, LP_MESSAGE_DISCONNECT);
    CHECK_STR(message.disconnect.reason, "bye");
}

TEST(a_refused_message_changes_nothing_and_its_field_is_named) /* C-015, C-019 */
{
    lp_message message = {.type = LP_MESSAGE_LATENCY, .latency.peer_id = 7};
    CHECK_EQ(read_text("{\"type\":\"latency\",\"peer_id\":9,\"rtt_us\":-1}", &message),
             LP_ERR_MALFORMED);
    CHECK_EQ(message.latency.peer_id, 7);
    CHECK_EQ(strncmp(why.text, "rtt_us: ", 8), 0);
}

TEST(nobody_and_everyone_are_no_peers) /* C-015 */
{
    static const struct {
        const char *name;
        const char *text;
        lp_err err;
    } rows[] = {
        {"nobody", "{\"type\":\"peer_left\",\"peer_id\":0,\"reason\":\"\"}",
         LP_ERR_MALFORMED},
        {"first", "{\"type\":\"peer_left\",\"peer_id\":1,\"reason\":\"\"}", LP_OK},
        {"last", "{\"type\":\"peer_left\",\"peer_id\":4294967294,\"reason\":\"\"}",
         LP_OK},
        {"everyone", "{\"type\":\"peer_left\",\"peer_id\":4294967295,\"reason\":\"\"}",
         LP_ERR_MALFORMED},
    };
    EACH_ROW (row, rows) {
        lp_message message;
        CHECK_EQ(read_text(row->text, &message), row->err);
    }
}

TEST(a_message_has_at_most_16384_octets) /* C-019 */
{
    static char text[LP_MESSAGE_MAX + 2];
    lp_message message;
    memset(text, ' ', sizeof text);
    memcpy(text, HELLO, strlen(HELLO));
    text[LP_MESSAGE_MAX] = '\0';
    CHECK_EQ(read_text(text, &message), LP_OK);
    text[LP_MESSAGE_MAX] = ' ';
    text[LP_MESSAGE_MAX + 1] = '\0';
    CHECK_EQ(read_text(text, &message), LP_ERR_TOO_BIG);
    CHECK_EQ(lp_reject_code_of_hello(lp_bytes_of(text, strlen(text))),
             LP_REJECT_MALFORMED);
}

TEST(a_hello_without_fault_is_not_blamed_for_its_fields)
{
    CHECK_EQ(lp_reject_code_of_hello(lp_bytes_of(HELLO, strlen(HELLO))),
             LP_REJECT_MALFORMED);
    static const char other[] = "{\"type\":\"disconnect\",\"reason\":\"bye\"}";
    CHECK_EQ(lp_reject_code_of_hello(lp_bytes_of(other, strlen(other))),
             LP_REJECT_MALFORMED);
}

/* --- stats ------------------------------------------------------------------------ */

static lp_message largest_stats(void)
{
    lp_message message = {.type = LP_MESSAGE_STATS, .stats.count = LP_STATS_MAX};
    for (unsigned i = 0; i < LP_STATS_MAX; i++) {
        lp_stat *stat = &message.stats.stats[i];
        memset(stat->name, 'x', LP_STAT_NAME_MAX);
        stat->name[0] = (char)('a' + i / 10);
        stat->name[1] = (char)('0' + i % 10);
        stat->value = LP_STAT_MAX - i;
    }
    return message;
}

TEST(the_largest_stats_message_goes_through_whole) /* C-013 */
{
    uint8_t space[4 + LP_MESSAGE_MAX];
    lp_message sent = largest_stats(), got;
    size_t len = lp_message_write(&sent, lp_space_of(space, sizeof space));
    CHECK(len > 4);
    CHECK_EQ(lp_message_read(lp_bytes_of(space + 4, len - 4), &got, &why), LP_OK);
    CHECK_EQ(got.stats.count, LP_STATS_MAX);
    for (size_t i = 0; i < got.stats.count; i++) {
        CHECK_STR(got.stats.stats[i].name, sent.stats.stats[i].name);
        CHECK_EQ(got.stats.stats[i].value, sent.stats.stats[i].value);
    }
}

TEST(surplus_stats_and_names_that_are_too_long_are_left_out) /* C-013 */
{
    char text[LP_MESSAGE_MAX] = "{\"type\":\"stats\",\"counters\":{";
    size_t at = strlen(text);
    for (int i = 0; i < LP_STATS_MAX + 5; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "\"a%d\":%d,", i, i);
    snprintf(text + at, sizeof text - at, "\"last\":1}}");
    lp_message message = read_ok(text);
    CHECK_EQ(message.stats.count, LP_STATS_MAX);
    CHECK_STR(message.stats.stats[LP_STATS_MAX - 1].name, "a95");

    snprintf(text, sizeof text,
             "{\"type\":\"stats\",\"counters\":{\"%040d\":1,\"%041d\":2}}", 0, 0);
    message = read_ok(text);
    CHECK_EQ(message.stats.count, 1);
    CHECK_EQ(message.stats.stats[0].value, 1);
}

TEST(a_counter_beyond_the_safe_integers_is_written_as_the_last_of_them)
{
    uint8_t space[4 + LP_MESSAGE_MAX];
    lp_message message = {.type = LP_MESSAGE_STATS, .stats.count = 1};
    message.stats.stats[0] = (lp_stat){"frames_rx", UINT64_MAX};
    size_t len = lp_message_write(&message, lp_space_of(space, sizeof space));
    CHECK_EQ(lp_message_read(lp_bytes_of(space + 4, len - 4), &message, &why), LP_OK);
    CHECK_EQ(message.stats.stats[0].value, LP_STAT_MAX);
}

/* --- writing ---------------------------------------------------------------------- */

TEST(a_message_is_written_whole_or_not_at_all)
{
    uint8_t space[4 + LP_MESSAGE_MAX];
    lp_message message = read_ok(HELLO);
    size_t whole = lp_message_write(&message, lp_space_of(space, sizeof space));
    for (size_t room = 0; room < whole; room++)
        CHECK_EQ(lp_message_write(&message, lp_space_of(space, room)), 0);
    CHECK_EQ(lp_message_write(&message, lp_space_of(space, whole)), whole);
}

TEST(the_longest_texts_go_through_whole)
{
    uint8_t space[4 + LP_MESSAGE_MAX];
    lp_message sent = read_ok(HELLO), got;
    memset(sent.hello.room, 'R', LP_ROOM_MAX);
    memset(sent.hello.software, '"', LP_SOFTWARE_MAX);
    memset(sent.hello.auth, '\\', LP_AUTH_MAX);
    size_t len = lp_message_write(&sent, lp_space_of(space, sizeof space));
    CHECK_EQ(lp_message_read(lp_bytes_of(space + 4, len - 4), &got, &why), LP_OK);
    CHECK_STR(got.hello.room, sent.hello.room);
    CHECK_STR(got.hello.software, sent.hello.software);
    CHECK_STR(got.hello.auth, sent.hello.auth);
}

TEST(a_reason_that_was_cut_inside_a_character_can_still_be_sent) /* C-014 */
{
    uint8_t space[4 + LP_MESSAGE_MAX];
    lp_message message = {.type = LP_MESSAGE_DISCONNECT,
                          .disconnect.reason = "gone\xe2\x82"};
    size_t len = lp_message_write(&message, lp_space_of(space, sizeof space));
    CHECK_EQ(lp_message_read(lp_bytes_of(space + 4, len - 4), &message, &why), LP_OK);
    CHECK_STR(message.disconnect.reason, "gone??");
}

/* --- memory ----------------------------------------------------------------------- */

static unsigned allocations_left;

static void *fail_some(size_t size)
{
    return allocations_left > 0 && --allocations_left == 0 ? NULL : malloc(size);
}

TEST(reading_survives_running_out_of_memory_anywhere)
{
    json_malloc_t old_malloc;
    json_free_t old_free;
    json_get_alloc_funcs(&old_malloc, &old_free);
    json_set_alloc_funcs(fail_some, free);
    lp_err err = LP_ERR_NO_MEMORY;
    unsigned n = 1;
    for (; err != LP_OK && n < 1000; n++) {
        lp_message message = {.type = LP_MESSAGE_LATENCY};
        allocations_left = n;
        err = read_text(HELLO, &message);
        CHECK(err == LP_OK || err == LP_ERR_NO_MEMORY || err == LP_ERR_MALFORMED);
        CHECK_EQ(message.type, err ? LP_MESSAGE_LATENCY : LP_MESSAGE_HELLO);
    }
    allocations_left = 0;
    CHECK_EQ(err, LP_OK);
    CHECK(n > 10);
    json_set_alloc_funcs(old_malloc, old_free);
}

/* --- names ------------------------------------------------------------------------ */

TEST(room_codes_are_spoken_aloud_and_so_have_one_case) /* C-015 */
{
    static const struct {
        const char *name;
        const char *canonical; /* NULL: refused */
    } rows[] = {
        {"a", "A"},
        {"Quake-3_arena", "QUAKE-3_ARENA"},
        {"0123456789", "0123456789"},
        {"abcdefghijklmnopqrstuvwxyzABCDEF", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF"},
        {"abcdefghijklmnopqrstuvwxyzABCDEFG", NULL},
        {"", NULL},
        {"a b", NULL},
        {"a/b", NULL},
        {"a.b", NULL},
        {"caf\xc3\xa9", NULL},
        {"a\n", NULL},
        {"a@", NULL},
        {"a[", NULL},
        {"a`", NULL},
        {"a{", NULL},
        {"a:", NULL},
    };
    EACH_ROW (row, rows) {
        lp_room_code room = "before";
        lp_err err = lp_room_code_read(row->name, room);
        CHECK_EQ(err, row->canonical ? LP_OK : LP_ERR_MALFORMED);
        CHECK_STR(room, row->canonical ? row->canonical : "before");
    }
}

TEST(every_role_mode_and_code_has_its_name) /* C-007, C-008 */
{
    CHECK_STR(lp_role_name(LP_ROLE_CLIENT), "client");
    CHECK_STR(lp_role_name(LP_ROLE_GATEWAY), "gateway");
    CHECK_STR(lp_mode_name(LP_MODE_RELAY), "relay");
    CHECK_STR(lp_mode_name(LP_MODE_DIRECT_P2P), "direct-p2p");
    CHECK_STR(lp_mode_name(LP_MODE_DIRECT_FAILED_RELAY_FALLBACK),
              "direct-failed-relay-fallback");
    CHECK_STR(lp_reject_code_name(LP_REJECT_OTHER), "other");
    CHECK_STR(lp_reject_code_name(LP_REJECT_DUPLICATE_MAC), "duplicate_mac");
    CHECK_STR(lp_reject_code_name(LP_REJECT_MALFORMED), "malformed");
}
