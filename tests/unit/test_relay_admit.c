#include "core/relay.h"
#include "relay_rig.h"

static bool is_next(lp_relay *relay, lp_link to, lp_message_type type, lp_message *out)
{
    lp_link link;
    *out = rig_hear(relay, &link);
    CHECK_EQ(link, to);
    CHECK_EQ(out->type, type);
    return link == to && out->type == type;
}

static lp_link hello_with(lp_relay *relay, uint32_t identity, lp_role role,
                          const char *room, uint32_t mac)
{
    lp_link link = rig_connect(relay, identity, BUDGET, 0);
    lp_message hello = rig_hello(role, room, mac);
    rig_say(relay, link, &hello, 0);
    return link;
}

/* Says hello with this budget of the path; the answer. */
static lp_message answer_to_budget(lp_relay *relay, const char *room, uint32_t number,
                                   size_t budget)
{
    lp_link link = rig_connect(relay, number, budget, 0);
    lp_message hello = rig_hello(LP_ROLE_CLIENT, room, number);
    rig_say(relay, link, &hello, 0);
    return rig_hear_last(relay, link);
}

/* C-004, C-006, C-009 to C-011, L-004 */
TEST(those_present_hear_first_then_the_joiner_its_welcome_then_who_is_there)
{
    lp_relay *relay = rig_new();
    rig_peer gateway = rig_join(relay, LP_ROLE_GATEWAY, "QUAKE", 1, 0);
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    lp_link bob = hello_with(relay, 3, LP_ROLE_CLIENT, "QUAKE", 3);

    lp_message message;
    lp_peer bobs_id = 0;
    for (size_t i = 0; i < 2; i++) {
        is_next(relay, i == 0 ? gateway.link : alice.link, LP_MESSAGE_PEER_JOINED,
                &message);
        bobs_id = message.peer_joined.peer_id;
        CHECK_EQ(message.peer_joined.role, LP_ROLE_CLIENT);
        CHECK(message.peer_joined.has_mac);
        CHECK(lp_mac_equal(message.peer_joined.mac, rig_mac(3)));
    }
    is_next(relay, bob, LP_MESSAGE_WELCOME, &message);
    CHECK_EQ(message.welcome.version, LP_PROTOCOL_VERSION);
    CHECK_EQ(message.welcome.mode, LP_MODE_RELAY);
    CHECK_EQ(message.welcome.peer_id, bobs_id);
    CHECK_EQ(message.welcome.room_id, alice.room);
    CHECK_EQ(message.welcome.tap_mtu, LP_RELAY_ROOM_MTU_DEFAULT);
    CHECK(message.welcome.gateway_present);
    CHECK_EQ(message.welcome.gateway_peer_id, gateway.id);
    CHECK_EQ(message.welcome.datagram_budget, BUDGET);

    is_next(relay, bob, LP_MESSAGE_PEER_JOINED, &message);
    CHECK_EQ(message.peer_joined.peer_id, gateway.id);
    CHECK_EQ(message.peer_joined.role, LP_ROLE_GATEWAY);
    CHECK(!message.peer_joined.has_mac);
    is_next(relay, bob, LP_MESSAGE_PEER_JOINED, &message);
    CHECK_EQ(message.peer_joined.peer_id, alice.id);
    is_next(relay, 0, LP_MESSAGE_UNKNOWN, &message);
    lp_relay_free(relay);
}

/* C-006 */
TEST(a_gateway_is_told_that_it_is_the_gateway)
{
    lp_relay *relay = rig_new();
    lp_link link = hello_with(relay, 1, LP_ROLE_GATEWAY, "QUAKE", 0);
    lp_message welcome = rig_hear_last(relay, link);
    CHECK_EQ(welcome.type, LP_MESSAGE_WELCOME);
    CHECK(welcome.welcome.gateway_present);
    CHECK_EQ(welcome.welcome.gateway_peer_id, welcome.welcome.peer_id);
    lp_relay_free(relay);
}

/* C-008, L-005 to L-007; the room has a gateway 1 and players 2 to 5, DOOM player 6 */
TEST(a_hello_finds_its_place_or_hears_why_not)
{
    static const struct {
        const char *name;
        uint32_t identity;
        lp_role role;
        const char *room;
        uint32_t mac;
        lp_message_type answer;
        lp_reject_code code;
    } rows[] = {
        {"another's address", 9, LP_ROLE_CLIENT, "QUAKE", 2, LP_MESSAGE_REJECT,
         LP_REJECT_DUPLICATE_MAC},
        {"a second gateway", 9, LP_ROLE_GATEWAY, "QUAKE", 0, LP_MESSAGE_REJECT,
         LP_REJECT_SECOND_GATEWAY},
        {"a fifth player", 9, LP_ROLE_CLIENT, "QUAKE", 9, LP_MESSAGE_REJECT,
         LP_REJECT_ROOM_FULL},
        {"a fifth room", 9, LP_ROLE_CLIENT, "R5", 9, LP_MESSAGE_REJECT,
         LP_REJECT_RELAY_FULL},
        {"its own stale session", 2, LP_ROLE_CLIENT, "QUAKE", 2, LP_MESSAGE_WELCOME, 0},
        {"its own stale gateway", 1, LP_ROLE_GATEWAY, "QUAKE", 0, LP_MESSAGE_WELCOME,
         0},
        {"the same player in another room", 2, LP_ROLE_CLIENT, "DOOM", 2,
         LP_MESSAGE_WELCOME, 0},
        {"the same identity, another address", 6, LP_ROLE_CLIENT, "DOOM", 7,
         LP_MESSAGE_WELCOME, 0},
        {"a gateway's identity as a player", 1, LP_ROLE_CLIENT, "DOOM", 1,
         LP_MESSAGE_WELCOME, 0},
    };
    EACH_ROW (row, rows) {
        lp_relay *relay = rig_new();
        rig_join(relay, LP_ROLE_GATEWAY, "QUAKE", 1, 0);
        for (uint32_t i = 2; i <= 5; i++)
            rig_join(relay, LP_ROLE_CLIENT, "QUAKE", i, 0);
        rig_join(relay, LP_ROLE_CLIENT, "DOOM", 6, 0);
        rig_join(relay, LP_ROLE_CLIENT, "R3", 7, 0);
        rig_join(relay, LP_ROLE_CLIENT, "R4", 8, 0);

        lp_link link = hello_with(relay, row->identity, row->role, row->room, row->mac);
        lp_message answer = {.type = LP_MESSAGE_UNKNOWN};
        lp_link to;
        for (lp_message heard; heard = rig_hear(relay, &to), to != 0;) {
            if (to == link && heard.type != LP_MESSAGE_PEER_JOINED)
                answer = heard;
        }
        CHECK_EQ(answer.type, row->answer);
        if (row->answer == LP_MESSAGE_REJECT) {
            CHECK_EQ(answer.reject.code, row->code);
            CHECK_HAS(answer.reject.reason, ":"); /* what happened: what to do */
            CHECK_EQ(rig_close(relay, &to), LP_CLOSE_REJECTED);
            CHECK_EQ(to, link);
            lp_relay_event event;
            CHECK(rig_event(relay, LP_RELAY_REJECTED, &event));
            CHECK_STR(event.text, answer.reject.reason);
            CHECK_STR(event.room, row->room);
        }
        lp_relay_free(relay);
    }
}

/* L-010, L-011, P-016: 1400 and 1300 octets of budget carry 1366 and 1266, the room's most is
 * 1280 */
TEST(the_first_member_sets_the_mtu_and_the_others_carry_it)
{
    static const struct {
        const char *name;
        size_t first, second;
        lp_message_type first_answer, second_answer;
        uint32_t mtu, second_mtu;
    } rows[] = {
        {"both large", 1400, 1400, LP_MESSAGE_WELCOME, LP_MESSAGE_WELCOME, 1280, 0},
        {"the relay's most", 1500, 1314, LP_MESSAGE_WELCOME, LP_MESSAGE_WELCOME, 1280,
         0},
        {"one octet less", 1500, 1313, LP_MESSAGE_WELCOME, LP_MESSAGE_REJECT, 1280,
         1279},
        {"a narrow first one", 1300, 1300, LP_MESSAGE_WELCOME, LP_MESSAGE_WELCOME, 1266,
         0},
        {"a narrow second one", 1400, 1220, LP_MESSAGE_WELCOME, LP_MESSAGE_REJECT, 1280,
         1186},
        {"the least", 610, 1400, LP_MESSAGE_WELCOME, LP_MESSAGE_WELCOME, 576, 0},
        {"below the least", 609, 1400, LP_MESSAGE_REJECT, LP_MESSAGE_WELCOME, 1280, 0},
        {"no DATAGRAM at all", 1400, 0, LP_MESSAGE_WELCOME, LP_MESSAGE_REJECT, 1280, 0},
    };
    EACH_ROW (row, rows) {
        lp_relay *relay = rig_new();
        lp_message first = answer_to_budget(relay, "QUAKE", 2, row->first);
        CHECK_EQ(first.type, row->first_answer);
        lp_link link = rig_connect(relay, 3, NO_BUDGET, 0);
        lp_relay_on_budget(relay, link, row->second, true, 0);
        lp_message hello = rig_hello(LP_ROLE_CLIENT, "QUAKE", 3);
        rig_say(relay, link, &hello, 0);
        lp_message second = {.type = LP_MESSAGE_UNKNOWN};
        lp_link to;
        for (lp_message heard; heard = rig_hear(relay, &to), to != 0;) {
            if (to == link && heard.type != LP_MESSAGE_PEER_JOINED)
                second = heard;
        }
        CHECK_EQ(second.type, row->second_answer);
        if (row->second_answer == LP_MESSAGE_WELCOME) {
            CHECK_EQ(second.welcome.tap_mtu, row->mtu);
        } else {
            CHECK_EQ(second.reject.code, LP_REJECT_BUDGET_TOO_SMALL);
            CHECK_EQ(second.reject.room_mtu, row->mtu);
            CHECK_EQ(second.reject.peer_mtu, row->second_mtu);
        }
        lp_relay_free(relay);
    }
}

/* L-010 */
TEST(who_cannot_carry_the_room_hears_both_numbers)
{
    lp_relay *relay = rig_new();
    answer_to_budget(relay, "QUAKE", 2, 1400);
    lp_message answer = answer_to_budget(relay, "QUAKE", 3, 1220);
    CHECK_HAS(answer.reject.reason,
              "this room carries packets of 1280 octets, the path "
              "from you only 1186:");
    answer = answer_to_budget(relay, "DOOM", 4, 600);
    CHECK_EQ(answer.reject.room_mtu, LP_RELAY_ROOM_MTU_MIN);
    CHECK_EQ(answer.reject.peer_mtu, 566);
    CHECK_HAS(answer.reject.reason, "at least 576 octets, the path from you only 566:");
    lp_relay_free(relay);
}

/* L-010, L-030 */
TEST(a_rooms_mtu_lasts_until_the_last_member_left)
{
    lp_relay *relay = rig_new();
    lp_message alice = answer_to_budget(relay, "QUAKE", 2, 1000);
    lp_message bob = answer_to_budget(relay, "QUAKE", 3, 1400);
    CHECK_EQ(alice.welcome.tap_mtu, 966);
    CHECK_EQ(bob.type, LP_MESSAGE_PEER_JOINED); /* after its welcome, about alice */

    lp_relay_peer_view view;
    size_t cursor = 0;
    CHECK(lp_relay_next_peer(relay, "QUAKE", &cursor, &view));
    lp_relay_on_close(relay, view.link, "bye", 0);
    rig_drop_sends(relay);
    answer_to_budget(relay, "QUAKE", 4, 1400);
    lp_relay_room_view room;
    cursor = 0;
    CHECK(lp_relay_next_room(relay, &cursor, 0, &room));
    CHECK_EQ(room.mtu, 966);

    cursor = 0;
    while (cursor = 0, lp_relay_next_peer(relay, "QUAKE", &cursor, &view))
        lp_relay_on_close(relay, view.link, "bye", 0);
    cursor = 0;
    CHECK(!lp_relay_next_room(relay, &cursor, 0, &room));
    lp_message carol = answer_to_budget(relay, "QUAKE", 5, 1400);
    CHECK_EQ(carol.welcome.tap_mtu, 1280);
    CHECK(carol.welcome.room_id != alice.welcome.room_id);
    lp_relay_free(relay);
}

/* L-011, P-009 */
TEST(the_smaller_of_both_budgets_counts)
{
    static const struct {
        const char *name;
        size_t path;
        uint32_t hello, welcome;
    } rows[] = {
        {"hello is honest", 1400, 1400, 1400},
        {"hello is bold", 1320, 60000, 1320},
        {"hello is modest", 1400, 1330, 1330},
    };
    EACH_ROW (row, rows) {
        lp_relay *relay = rig_new();
        lp_link link = rig_connect(relay, 2, row->path, 0);
        lp_message hello = rig_hello(LP_ROLE_CLIENT, "QUAKE", 2);
        hello.hello.datagram_budget = row->hello;
        rig_say(relay, link, &hello, 0);
        CHECK_EQ(rig_hear_last(relay, link).welcome.datagram_budget, row->welcome);
        CHECK_EQ(lp_relay_budget(relay, link), row->welcome);

        lp_relay_on_budget(relay, link, 1310, true, 0); /* the path became narrower */
        CHECK_EQ(lp_relay_budget(relay, link), 1310);
        lp_relay_on_budget(relay, link, 65000, true, 0);
        CHECK_EQ(lp_relay_budget(relay, link), row->hello);
        lp_relay_free(relay);
    }
}

TEST(admission_waits_for_the_paths_mtu_but_not_for_ever)
{
    lp_relay *relay = rig_new();
    lp_message hello = rig_hello(LP_ROLE_CLIENT, "QUAKE", 2);
    lp_link link = rig_connect(relay, 2, NO_BUDGET, 0);
    lp_relay_on_budget(relay, link, 1200, false, 0);
    rig_say(relay, link, &hello, LP_MS(10));
    CHECK_EQ(rig_hear_last(relay, link).type, LP_MESSAGE_UNKNOWN);
    lp_relay_on_budget(relay, link, 1300, false, LP_MS(20));
    CHECK_EQ(rig_hear_last(relay, link).type, LP_MESSAGE_UNKNOWN);
    lp_relay_on_budget(relay, link, 1310, true, LP_MS(30));
    CHECK_EQ(rig_hear_last(relay, link).welcome.datagram_budget, 1310);

    hello = rig_hello(LP_ROLE_CLIENT, "DOOM", 3);
    link = rig_connect(relay, 3, NO_BUDGET, LP_SECONDS(1));
    lp_relay_on_budget(relay, link, 1200, false, LP_SECONDS(1));
    rig_say(relay, link, &hello, LP_SECONDS(1));
    CHECK_EQ(lp_relay_deadline(relay), LP_SECONDS(1) + LP_RELAY_BUDGET_TIMEOUT);
    lp_relay_on_deadline(relay, LP_SECONDS(3));
    CHECK_EQ(rig_hear_last(relay, link).welcome.datagram_budget, 1200);
    CHECK_EQ(lp_relay_deadline(relay), LP_NEVER);
    lp_relay_free(relay);
}

TEST(admission_waits_no_longer_than_the_rooms_mtu_needs)
{
    lp_relay *relay = rig_new();
    lp_message hello = rig_hello(LP_ROLE_CLIENT, "QUAKE", 2);
    lp_link first = rig_connect(relay, 2, NO_BUDGET, 0);
    lp_relay_on_budget(relay, first, 1313, false, 0); /* one octet short of MTU 1280 */
    rig_say(relay, first, &hello, LP_MS(10));
    CHECK_EQ(rig_hear_last(relay, first).type, LP_MESSAGE_UNKNOWN);
    lp_relay_on_budget(relay, first, 1314, false, LP_MS(20));
    CHECK_EQ(rig_hear_last(relay, first).welcome.tap_mtu, 1280);

    hello = rig_hello(LP_ROLE_CLIENT, "QUAKE", 3);
    lp_link second = rig_connect(relay, 3, NO_BUDGET, LP_MS(30));
    lp_relay_on_budget(relay, second, 1314, false, LP_MS(30));
    rig_say(relay, second, &hello, LP_MS(30));
    CHECK_EQ(rig_hear_last(relay, first).type, LP_MESSAGE_PEER_JOINED);
    lp_relay_free(relay);
}

/* design section 4: a reconnect takes over the stale session at once */
TEST(a_player_takes_over_its_own_stale_session_under_the_same_id)
{
    static const struct {
        const char *name;
        lp_role role;
        uint32_t number;
    } rows[] = {{"a client", LP_ROLE_CLIENT, 2}, {"a gateway", LP_ROLE_GATEWAY, 1}};
    EACH_ROW (row, rows) {
        lp_relay *relay = rig_new();
        rig_peer stale = rig_join(relay, row->role, "QUAKE", row->number, 0);
        rig_peer bob = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 3, 0);
        lp_link fresh = hello_with(relay, row->number, row->role, "QUAKE", row->number);

        lp_message message;
        is_next(relay, bob.link, LP_MESSAGE_PEER_LEFT, &message);
        CHECK_EQ(message.peer_left.peer_id, stale.id);
        CHECK_STR(message.peer_left.reason, "replaced");
        is_next(relay, stale.link, LP_MESSAGE_DISCONNECT, &message);
        is_next(relay, bob.link, LP_MESSAGE_PEER_JOINED, &message);
        CHECK_EQ(message.peer_joined.peer_id, stale.id);
        is_next(relay, fresh, LP_MESSAGE_WELCOME, &message);
        CHECK_EQ(message.welcome.peer_id, stale.id);
        CHECK_EQ(message.welcome.room_id, stale.room);
        is_next(relay, fresh, LP_MESSAGE_PEER_JOINED, &message);
        CHECK_EQ(message.peer_joined.peer_id, bob.id);

        lp_link closed;
        CHECK_EQ(rig_close(relay, &closed), LP_CLOSE_REPLACED);
        CHECK_EQ(closed, stale.link);
        lp_relay_event event;
        CHECK(rig_event(relay, LP_RELAY_TOOK_OVER, &event));
        CHECK_EQ(event.link, fresh);
        lp_verdict verdict = rig_send(relay, bob, mdns, bob.mac, 0);
        CHECK_EQ(verdict.target_count, 1);
        CHECK_EQ(verdict.targets[0], fresh);
        lp_relay_free(relay);
    }
}

TEST(who_was_alone_takes_over_with_a_new_mtu)
{
    lp_relay *relay = rig_new();
    rig_peer stale = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    lp_message answer = answer_to_budget(relay, "QUAKE", 2, 1000);
    CHECK_EQ(answer.type, LP_MESSAGE_WELCOME);
    CHECK_EQ(answer.welcome.tap_mtu, 966);
    CHECK_EQ(answer.welcome.peer_id, stale.id);
    CHECK(answer.welcome.room_id != stale.room);
    lp_relay_free(relay);
}

TEST(who_is_refused_leaves_its_own_stale_session_alone)
{
    lp_relay *relay = rig_new();
    rig_peer stale = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    rig_peer bob = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 3, 0);
    CHECK_EQ(answer_to_budget(relay, "QUAKE", 2, 1000).type, LP_MESSAGE_REJECT);
    CHECK(rig_is_target(rig_send(relay, bob, mdns, bob.mac, 0), stale));
    lp_relay_free(relay);
}

TEST(numbers_carry_the_worker_and_do_not_come_back_soon)
{
    lp_relay_config config = rig_config();
    config.worker = 255;
    lp_relay *relay = lp_relay_new(&config, 0);
    rig_peer first = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    rig_join(relay, LP_ROLE_GATEWAY, "QUAKE", 1, 0);
    lp_peer last = 0;
    for (unsigned i = 0; i < 5000; i++) {
        rig_peer peer = rig_join(relay, LP_ROLE_CLIENT, "DOOM", 3 + i, 0);
        CHECK_EQ(peer.id >> 24, 255);
        CHECK(peer.id > last && peer.id != first.id && peer.id != LP_EVERYONE);
        last = peer.id;
        lp_relay_on_close(relay, peer.link, "bye", 0);
    }
    CHECK_EQ(first.room >> 24, 255);
    lp_relay_free(relay);
}

TEST(rooms_are_found_among_many)
{
    lp_relay_config config = rig_config();
    config.max_rooms = 300;
    config.max_links = 1000;
    lp_relay *relay = lp_relay_new(&config, 0);
    rig_peer peers[300];
    char code[LP_ROOM_MAX + 1];
    for (uint32_t i = 0; i < 300; i++) {
        snprintf(code, sizeof code, "ROOM-%u", i);
        peers[i] = rig_join(relay, LP_ROLE_CLIENT, code, 2, 0);
    }
    for (uint32_t i = 0; i < 300; i += 2)
        lp_relay_on_close(relay, peers[i].link, "bye", 0);
    for (uint32_t i = 0; i < 300; i++) {
        snprintf(code, sizeof code, "ROOM-%u", i);
        rig_peer friend_of = rig_join(relay, LP_ROLE_CLIENT, code, 3, 0);
        CHECK_EQ(friend_of.room == peers[i].room, i % 2 == 1);
    }
    lp_relay_free(relay);
}
