#include "core/relay.h"
#include "relay_rig.h"

#define HELLO(fields)                                                           \
    "{\"type\":\"hello\",\"version\":1,\"role\":\"client\",\"room\":\"QUAKE\"," \
    "\"mac\":\"02:00:00:00:00:02\",\"datagram_budget\":1400" fields "}"

/* C-008, C-015, C-016, L-008 */
TEST(the_first_message_is_a_hello_or_the_last)
{
    static const struct {
        const char *name, *json;
        lp_message_type answer;
        lp_reject_code code;
    } rows[] = {
        {"a hello", HELLO(""), LP_MESSAGE_WELCOME, 0},
        {"fields of a later version", HELLO(",\"colour\":\"red\""), LP_MESSAGE_WELCOME,
         0},
        {"a later version",
         "{\"type\":\"hello\",\"version\":2,\"role\":\"client\",\"room\":\"QUAKE\","
         "\"mac\":\"02:00:00:00:00:02\",\"datagram_budget\":1400}",
         LP_MESSAGE_WELCOME, 0},
        {"version 0",
         "{\"type\":\"hello\",\"version\":0,\"role\":\"client\",\"room\":\"QUAKE\","
         "\"mac\":\"02:00:00:00:00:02\",\"datagram_budget\":1400}",
         LP_MESSAGE_REJECT, LP_REJECT_VERSION},
        {"a bad room",
         "{\"type\":\"hello\",\"version\":1,\"role\":\"client\",\"room\":\"a b\","
         "\"mac\":\"02:00:00:00:00:02\",\"datagram_budget\":1400}",
         LP_MESSAGE_REJECT, LP_REJECT_BAD_ROOM},
        {"a multicast MAC",
         "{\"type\":\"hello\",\"version\":1,\"role\":\"client\",\"room\":\"QUAKE\","
         "\"mac\":\"03:00:00:00:00:02\",\"datagram_budget\":1400}",
         LP_MESSAGE_REJECT, LP_REJECT_BAD_ROLE_OR_MAC},
        {"a client without MAC",
         "{\"type\":\"hello\",\"version\":1,\"role\":\"client\",\"room\":\"QUAKE\","
         "\"datagram_budget\":1400}",
         LP_MESSAGE_REJECT, LP_REJECT_BAD_ROLE_OR_MAC},
        {"not JSON", "hello", LP_MESSAGE_REJECT, LP_REJECT_MALFORMED},
        {"another message", "{\"type\":\"disconnect\",\"reason\":\"bye\"}",
         LP_MESSAGE_REJECT, LP_REJECT_MALFORMED},
        {"an unknown message", "{\"type\":\"ping\"}", LP_MESSAGE_REJECT,
         LP_REJECT_MALFORMED},
    };
    EACH_ROW (row, rows) {
        lp_relay *relay = rig_new();
        lp_link link = rig_connect(relay, 2, BUDGET, 0);
        rig_say_text(relay, link, row->json, 0);
        lp_message answer = rig_hear_last(relay, link);
        CHECK_EQ(answer.type, row->answer);
        if (row->answer == LP_MESSAGE_REJECT) {
            CHECK_EQ(answer.reject.code, row->code);
            CHECK(answer.reject.reason[0] != '\0');
        } else {
            CHECK_EQ(answer.welcome.version, LP_PROTOCOL_VERSION);
        }
        CHECK_EQ(rig_close(relay, NULL),
                 row->answer == LP_MESSAGE_REJECT ? LP_CLOSE_REJECTED : LP_CLOSE_NONE);
        lp_relay_free(relay);
    }
}

TEST(who_breaks_the_protocol_hears_why_and_has_to_go)
{
    static const struct {
        const char *name, *json, *reason;
    } rows[] = {
        {"a second hello", HELLO(""), "hello"},
        {"a welcome",
         "{\"type\":\"welcome\",\"version\":1,\"mode\":\"relay\",\"peer_id\":1,"
         "\"room_id\":1,\"tap_mtu\":1280,\"gateway_present\":false}",
         "only a relay"},
        {"a reject", "{\"type\":\"reject\",\"code\":\"room_full\",\"reason\":\"no\"}",
         "only a relay"},
        {"a peer_joined",
         "{\"type\":\"peer_joined\",\"peer_id\":5,\"role\":\"gateway\"}",
         "only a relay"},
        {"a peer_left", "{\"type\":\"peer_left\",\"peer_id\":5,\"reason\":\"x\"}",
         "only a relay"},
        {"a latency", "{\"type\":\"latency\",\"peer_id\":5,\"rtt_us\":5}",
         "only a relay"},
        {"not JSON", "{", ""},
    };
    EACH_ROW (row, rows) {
        lp_relay *relay = rig_new();
        rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
        rig_peer bob = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 3, 0);
        rig_say_text(relay, bob.link, row->json, 0);
        lp_link to;
        lp_message goodbye = rig_hear(relay, &to);
        CHECK_EQ(to, bob.link);
        CHECK_EQ(goodbye.type, LP_MESSAGE_DISCONNECT);
        CHECK_HAS(goodbye.disconnect.reason, row->reason);
        lp_message left = rig_hear(relay, &to);
        CHECK_EQ(to, alice.link);
        CHECK_EQ(left.type, LP_MESSAGE_PEER_LEFT);
        CHECK_STR(left.peer_left.reason, goodbye.disconnect.reason);
        CHECK_EQ(rig_close(relay, &to), LP_CLOSE_PROTOCOL);
        CHECK_EQ(to, bob.link);
        lp_relay_free(relay);
    }
}

/* C-016 */
TEST(a_message_of_a_newer_protocol_is_skipped)
{
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    rig_say_text(relay, alice.link, "{\"type\":\"call_offer\",\"to\":5}", 0);
    lp_relay_event event;
    CHECK(rig_event(relay, LP_RELAY_MESSAGE_UNKNOWN, &event));
    CHECK_EQ(event.peer, alice.id);
    CHECK_EQ(rig_close(relay, NULL), LP_CLOSE_NONE);
    lp_relay_free(relay);
}

/* C-014, G-021: the others hear the peer's own words, and no more than words */
TEST(a_disconnect_ends_the_session_with_its_reason)
{
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    rig_peer bob = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 3, 0);
    rig_say_text(relay, bob.link,
                 "{\"type\":\"disconnect\",\"reason\":\"going to bed\\u001b[2J\"}", 0);
    lp_link to;
    lp_message left = rig_hear(relay, &to);
    CHECK_EQ(to, alice.link);
    CHECK_STR(left.peer_left.reason, "going to bed [2J");
    CHECK_EQ(rig_close(relay, &to), LP_CLOSE_NORMAL);
    CHECK_EQ(to, bob.link);
    CHECK_EQ(rig_send(relay, bob, mdns, bob.mac, 0).target_count, 0);
    lp_relay_free(relay);
}

/* C-013, L-028 */
TEST(the_newest_stats_are_kept)
{
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    lp_message stats = {.type = LP_MESSAGE_STATS};
    stats.stats.count = 1;
    snprintf(stats.stats.stats[0].name, LP_STAT_NAME_MAX, "frames_rx");
    for (uint64_t i = 5; i <= 6; i++) {
        stats.stats.stats[0].value = i;
        rig_say(relay, alice.link, &stats, LP_SECONDS(i));
    }
    lp_relay_peer_view view;
    size_t cursor = 0;
    CHECK(lp_relay_next_peer(relay, "QUAKE", &cursor, &view));
    CHECK(view.reported != NULL);
    CHECK_EQ(view.reported->count, 1);
    CHECK_EQ(view.reported->stats[0].value, 6);
    CHECK_EQ(view.last_seen, LP_SECONDS(6));
    lp_relay_free(relay);
}

TEST(octets_may_come_one_by_one_and_messages_together)
{
    lp_relay *relay = rig_new();
    lp_link link = rig_connect(relay, 2, BUDGET, 0);
    lp_message hello = rig_hello(LP_ROLE_CLIENT, "QUAKE", 2);
    lp_message goodbye = {.type = LP_MESSAGE_DISCONNECT, .disconnect = {"bye"}};
    static uint8_t octets[2 * LP_MESSAGE_MAX];
    size_t len = lp_message_write(&hello, lp_space_of(octets, sizeof octets));
    for (size_t i = 0; i < len; i++) {
        CHECK_EQ(rig_hear_last(relay, link).type, LP_MESSAGE_UNKNOWN);
        lp_relay_on_control(relay, link, lp_bytes_of(octets + i, 1), 0);
    }
    CHECK_EQ(rig_hear_last(relay, link).type, LP_MESSAGE_WELCOME);

    len = lp_message_write(&goodbye, lp_space_of(octets, sizeof octets));
    memcpy(octets + len, octets, len);
    lp_relay_on_control(relay, link, lp_bytes_of(octets, 2 * len), 0);
    CHECK_EQ(rig_close(relay, NULL), LP_CLOSE_NORMAL);
    CHECK_EQ(rig_close(relay, NULL), LP_CLOSE_NONE);
    lp_relay_free(relay);
}

/* C-019 */
TEST(a_length_out_of_range_ends_the_session)
{
    static const struct {
        const char *name;
        uint8_t octets[4];
    } rows[] = {{"zero", {0, 0, 0, 0}}, {"too long", {0, 1, 0, 0}}};
    EACH_ROW (row, rows) {
        lp_relay *relay = rig_new();
        rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
        lp_relay_on_control(relay, alice.link, lp_bytes_of(row->octets, 4), 0);
        CHECK_HAS(rig_hear_last(relay, alice.link).disconnect.reason, "length");
        CHECK_EQ(rig_close(relay, NULL), LP_CLOSE_PROTOCOL);
        lp_relay_free(relay);
    }
}

TEST(a_peer_may_talk_but_not_chatter)
{
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    for (unsigned i = 1; i < LP_RELAY_MESSAGES_BURST; i++) /* its hello was the first */
        rig_say_text(relay, alice.link, "{\"type\":\"ping\"}", 0);
    CHECK_EQ(rig_close(relay, NULL), LP_CLOSE_NONE);
    for (unsigned i = 1; i <= LP_RELAY_MESSAGES_RATE; i++)
        rig_say_text(relay, alice.link, "{\"type\":\"ping\"}", LP_SECONDS(1));
    CHECK_EQ(rig_close(relay, NULL), LP_CLOSE_NONE);
    rig_say_text(relay, alice.link, "{\"type\":\"ping\"}", LP_SECONDS(1));
    CHECK_HAS(rig_hear_last(relay, alice.link).disconnect.reason, "too many");
    CHECK_EQ(rig_close(relay, NULL), LP_CLOSE_PROTOCOL);
    lp_relay_free(relay);
}

TEST(messages_that_nobody_takes_do_not_pile_up)
{
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    lp_message hello = rig_hello(LP_ROLE_CLIENT, "QUAKE", 3);
    for (unsigned i = 0; i < LP_RELAY_MAX_QUEUED_EACH / 2; i++) { /* two each */
        CHECK(lp_relay_budget(relay, alice.link) > 0);
        lp_link link = rig_connect(relay, 3, BUDGET, 0);
        rig_say(relay, link, &hello, 0);
        lp_relay_on_close(relay, link, "bye", 0);
    }
    CHECK(lp_relay_budget(relay, alice.link) > 0);
    rig_say(relay, rig_connect(relay, 3, BUDGET, 0), &hello, 0);
    CHECK_EQ(lp_relay_budget(relay, alice.link), 0);
    lp_link closed;
    CHECK_EQ(rig_close(relay, &closed), LP_CLOSE_OVERLOADED);
    CHECK_EQ(closed, alice.link);
    lp_relay_free(relay);
}
