#include "core/member.h"

#include "unit/membership.h"

/* --- connecting ------------------------------------------------------------------- */

TEST(a_new_member_wants_to_connect_once)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    CHECK_EQ(lp_member_state_of(member), LP_MEMBER_OFFLINE);
    CHECK_EQ(lp_member_deadline(member), 0);
    CHECK(lp_member_wants_connect(member, 0));
    CHECK(!lp_member_wants_connect(member, LP_SECONDS(60)));
    CHECK_EQ(lp_member_state_of(member), LP_MEMBER_CONNECTING);
    CHECK_EQ(lp_member_deadline(member), LP_NEVER);
    lp_member_free(member);
}

/* W-035 */
TEST(waits_double_up_to_a_limit_and_are_partly_chance)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_duration most = LP_MEMBER_BACKOFF_FIRST;
    lp_time now = 0;
    bool differs_from_all = false;
    for (int i = 0; i < 12; i++) {
        CHECK(lp_member_wants_connect(member, now));
        lp_member_on_lost(member, now);
        lp_duration wait = lp_member_deadline(member) - now;
        CHECK(wait >= most / 2);
        CHECK(wait <= most);
        differs_from_all |= wait != most && wait != most / 2;
        CHECK(!lp_member_wants_connect(member, now + wait - 1));
        now += wait;
        most = 2 * most < LP_MEMBER_BACKOFF_MAX ? 2 * most : LP_MEMBER_BACKOFF_MAX;
    }
    CHECK(differs_from_all);
    lp_member_free(member);
}

TEST(only_a_session_that_lasted_makes_waits_short_again)
{
    static const struct {
        const char *name;
        lp_duration lasted;
        bool is_short;
    } rows[] = {
        {"thrown out at once", LP_MS(10), false},
        {"half a minute", LP_MEMBER_STEADY, false},
        {"longer", LP_MEMBER_STEADY + 1, true},
    };
    EACH_ROW (row, rows) {
        lp_member *member = new_member(LP_ROLE_CLIENT);
        lp_time now = 0;
        for (int i = 0; i < 10; i++) {
            CHECK(lp_member_wants_connect(member, now));
            lp_member_on_lost(member, now);
            now = lp_member_deadline(member);
        }
        join_room(member, now);
        now += row->lasted;
        lp_member_on_lost(member, now);
        CHECK_EQ(lp_member_deadline(member) - now <= LP_MEMBER_BACKOFF_FIRST,
                 row->is_short);
        lp_member_free(member);
    }
}

/* W-035: sleep and networks that come and go */
TEST(a_network_that_is_back_cuts_the_wait_short)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_time now = 0;
    for (int i = 0; i < 10; i++) {
        CHECK(lp_member_wants_connect(member, now));
        lp_member_on_lost(member, now);
        now = lp_member_deadline(member);
    }
    CHECK(lp_member_wants_connect(member, now));
    lp_member_on_lost(member, now);
    CHECK(lp_member_deadline(member) - now > LP_SECONDS(7));

    lp_member_hurry(member, now + LP_SECONDS(3));
    CHECK_EQ(lp_member_deadline(member), now + LP_SECONDS(3));
    CHECK(lp_member_wants_connect(member, now + LP_SECONDS(3)));
    lp_member_on_lost(member, now + LP_SECONDS(3));
    CHECK(lp_member_deadline(member) - now <= LP_SECONDS(3) + LP_MEMBER_BACKOFF_FIRST);
    lp_member_free(member);
}

/* Whatever flaps must not make a member knock faster than it ever would. */
TEST(news_that_never_end_bring_no_more_than_a_try_in_a_quarter_second)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    int tries = 0;
    for (lp_time now = 0; now < LP_SECONDS(10); now += LP_MS(10)) {
        lp_member_hurry(member, now);
        if (!lp_member_wants_connect(member, now))
            continue;
        tries++;
        lp_member_on_lost(member, now);
    }
    CHECK_EQ(tries, 40);
    lp_member_free(member);
}

TEST(nothing_hurries_one_who_was_replaced)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    CHECK(lp_member_wants_connect(member, 0));
    lp_member_on_replaced(member, 0);
    lp_member_hurry(member, LP_SECONDS(1));
    CHECK_EQ(lp_member_deadline(member), LP_MEMBER_AFTER_REPLACED);
    CHECK(lp_member_wants_connect(member, LP_MEMBER_AFTER_REPLACED));
    lp_member_hurry(member, LP_MEMBER_AFTER_REPLACED);
    CHECK_EQ(lp_member_deadline(member), LP_NEVER);
    lp_member_free(member);
}

/* W-030: a machine that goes to sleep */
TEST(who_rests_says_goodbye_and_comes_back_as_after_a_good_session)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_time now = LP_SECONDS(1);
    join_room(member, 0);
    lp_member_rest(member, "to sleep", now);
    lp_message said = next_said(member);
    CHECK_EQ(said.type, LP_MESSAGE_DISCONNECT);
    CHECK_STR(said.disconnect.reason, "to sleep");
    CHECK_EQ(lp_member_state_of(member), LP_MEMBER_OFFLINE);
    CHECK(!lp_member_welcome(member));
    CHECK(lp_member_deadline(member) - now <= LP_MEMBER_BACKOFF_FIRST);

    now += LP_SECONDS(3600);
    lp_member_hurry(member, now);
    CHECK(lp_member_deadline(member) <= now);
    join_room(member, now);
    lp_member_free(member);
}

TEST(who_has_no_session_rests_in_silence)
{
    static const struct {
        const char *name;
        bool connects, connected, is_replaced, has_left;
        lp_member_state state;
    } rows[] = {
        {"offline", false, false, false, false, LP_MEMBER_OFFLINE},
        {"dialling", true, false, false, false, LP_MEMBER_OFFLINE},
        {"measuring", true, true, false, false, LP_MEMBER_OFFLINE},
        {"replaced", true, true, true, false, LP_MEMBER_OFFLINE},
        {"left", true, true, false, true, LP_MEMBER_ENDED},
    };
    EACH_ROW (row, rows) {
        lp_member *member = new_member(LP_ROLE_CLIENT);
        if (row->connects)
            CHECK(lp_member_wants_connect(member, 0));
        if (row->connected)
            lp_member_on_connected(member, 0);
        if (row->is_replaced)
            lp_member_on_replaced(member, 0);
        if (row->has_left)
            lp_member_leave(member, "bedtime", 0);
        lp_member_rest(member, "to sleep", 0);
        CHECK_EQ(next_said(member).type, LP_MESSAGE_UNKNOWN);
        CHECK_EQ(lp_member_state_of(member), row->state);
        if (row->is_replaced)
            CHECK_EQ(lp_member_deadline(member), LP_MEMBER_AFTER_REPLACED);
        lp_member_free(member);
    }
}

TEST(a_lost_session_leaves_nothing_behind)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_member_peer peer;
    size_t cursor = 0;
    join_room(member, 0);
    CHECK_EQ(announce(member, ALICE, LP_ROLE_CLIENT), LP_OK);
    lp_member_on_lost(member, LP_SECONDS(1));
    CHECK_EQ(lp_member_state_of(member), LP_MEMBER_OFFLINE);
    CHECK(!lp_member_welcome(member));
    CHECK(!lp_member_gateway_present(member));
    CHECK_EQ(lp_member_gateway(member), 0);
    CHECK_EQ(lp_member_budget(member), 0);
    CHECK(!lp_member_find(member, ALICE));
    CHECK(!lp_member_find_mac(member, test_mac(ALICE)));
    CHECK(!lp_member_next_peer(member, &cursor, &peer));

    lp_time again = lp_member_deadline(member);
    lp_member_on_lost(member, LP_SECONDS(1)); /* told twice: no second wait */
    CHECK_EQ(lp_member_deadline(member), again);
    lp_member_free(member);
}

/* The half of a message that came before the loss is not glued to the next session's.
 */
TEST(half_a_message_dies_with_its_session)
{
    static const uint8_t half[] = {0, 0, 0, 50, '{', '"'};
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_why why;
    join_room(member, 0);
    CHECK_EQ(lp_member_on_control(member, lp_bytes_of(half, sizeof half), 0, &why),
             LP_OK);
    lp_member_on_lost(member, 0);
    join_room(member, lp_member_deadline(member));
    lp_member_free(member);
}

/* --- hello ------------------------------------------------------------------------ */

TEST(hello_waits_for_the_paths_mtu_but_not_for_ever)
{
    static const struct {
        const char *name;
        size_t budget;
        bool settled;
        lp_duration rtt, hello_after;
    } rows[] = {
        {"settled", 1180, true, LP_MS(20), 0},
        {"all that there is", 1420, true, LP_MS(20), 0},
        {"enough for a default room", 1314, false, LP_MS(20), LP_MS(70)},
        {"enough, far away", 1314, false, LP_MS(800), LP_MS(1630)},
        {"one octet short", 1313, false, LP_MS(20), LP_SECONDS(1)},
        {"still growing", 1180, false, LP_MS(20), LP_SECONDS(1)},
        {"three round trips are longer", 1180, false, LP_MS(800), LP_MS(2400)},
        {"round trips of a minute", 1180, false, LP_SECONDS(60), LP_SECONDS(5)},
        {"round trips of for ever", 1180, false, LP_NEVER, LP_SECONDS(5)},
    };
    EACH_ROW (row, rows) {
        lp_member *member = new_member(LP_ROLE_CLIENT);
        CHECK(lp_member_wants_connect(member, LP_SECONDS(9)));
        lp_member_on_connected(member, LP_SECONDS(9));
        CHECK_EQ(lp_member_state_of(member), LP_MEMBER_MEASURING);
        lp_member_on_budget(member, row->budget, row->settled, row->rtt, LP_SECONDS(9));
        if (row->hello_after) {
            lp_time due = LP_SECONDS(9) + row->hello_after;
            CHECK_EQ(lp_member_deadline(member), due);
            lp_member_on_deadline(member, due - 1);
            CHECK_EQ(next_said(member).type, LP_MESSAGE_UNKNOWN);
            lp_member_on_deadline(member, due);
        }
        lp_message hello = next_said(member);
        CHECK_EQ(hello.type, LP_MESSAGE_HELLO);
        CHECK_EQ(hello.hello.datagram_budget, row->budget);
        CHECK_EQ(lp_member_state_of(member), LP_MEMBER_JOINING);
        lp_member_free(member);
    }
}

TEST(one_who_was_replaced_does_not_come_back_to_fight)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    CHECK(lp_member_wants_connect(member, 0));
    lp_member_on_connected(member, 0);
    lp_member_on_replaced(member, LP_SECONDS(1));
    /* How its connection ended changes nothing. */
    lp_member_on_lost(member, LP_SECONDS(1));
    CHECK_EQ(lp_member_state_of(member), LP_MEMBER_OFFLINE);
    CHECK(!lp_member_wants_connect(member, LP_SECONDS(300)));
    CHECK(lp_member_wants_connect(member, LP_SECONDS(301)));
    lp_member_free(member);
}

TEST(a_path_that_is_never_measured_is_announced_as_no_path)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    CHECK(lp_member_wants_connect(member, 0));
    lp_member_on_connected(member, 0);
    lp_member_on_deadline(member, LP_MEMBER_BUDGET_TIMEOUT);
    lp_message hello = next_said(member);
    CHECK_EQ(hello.type, LP_MESSAGE_HELLO);
    CHECK_EQ(hello.hello.datagram_budget, 0);
    lp_member_free(member);
}

/* C-003, G-003: clients have a MAC, gateways have none. */
TEST(hello_says_who_we_are)
{
    static const struct {
        const char *name;
        lp_role role;
    } rows[] = {{"client", LP_ROLE_CLIENT}, {"gateway", LP_ROLE_GATEWAY}};
    EACH_ROW (row, rows) {
        lp_member *member = new_member(row->role);
        CHECK(lp_member_wants_connect(member, 0));
        lp_member_on_connected(member, 0);
        lp_member_on_budget(member, 1400, true, 0, 0);
        lp_message said = next_said(member);
        CHECK_EQ(said.type, LP_MESSAGE_HELLO);
        CHECK_EQ(said.hello.version, 1);
        CHECK_EQ(said.hello.role, row->role);
        CHECK_EQ(said.hello.has_mac, row->role == LP_ROLE_CLIENT);
        if (said.hello.has_mac)
            CHECK(lp_mac_equal(said.hello.mac, test_mac(SELF)));
        CHECK_STR(said.hello.room, "QUAKE");
        CHECK_STR(said.hello.software, "test 1");
        CHECK_EQ(next_said(member).type, LP_MESSAGE_UNKNOWN);
        lp_member_free(member);
    }
}

TEST(a_hello_without_an_answer_is_given_up)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    say_hello(member, 1400, 0);
    CHECK_EQ(lp_member_deadline(member), LP_MEMBER_WELCOME_TIMEOUT);
    lp_member_on_deadline(member, LP_MEMBER_WELCOME_TIMEOUT);
    CHECK_EQ(lp_member_state_of(member), LP_MEMBER_OFFLINE);
    CHECK(lp_member_deadline(member) > LP_MEMBER_WELCOME_TIMEOUT);
    lp_member_free(member);
}

/* --- welcome and reject ----------------------------------------------------------- */

/* C-015: 1400 octets of budget carry an MTU of 1400 - 16 - 14 - 4. */
TEST(a_welcome_must_make_sense)
{
    static const struct {
        const char *name;
        uint32_t version;
        lp_mode mode;
        lp_peer peer;
        uint32_t room, mtu;
        lp_err err;
    } rows[] = {
        {"good", 1, LP_MODE_RELAY, SELF, ROOM, 1280, LP_OK},
        {"the smallest MTU", 1, LP_MODE_RELAY, SELF, ROOM, 576, LP_OK},
        {"the largest that fits", 1, LP_MODE_RELAY, SELF, ROOM, 1366, LP_OK},
        {"one more", 1, LP_MODE_RELAY, SELF, ROOM, 1367, LP_ERR_MALFORMED},
        {"too small an MTU", 1, LP_MODE_RELAY, SELF, ROOM, 575, LP_ERR_MALFORMED},
        {"another version", 2, LP_MODE_RELAY, SELF, ROOM, 1280, LP_ERR_MALFORMED},
        {"a later mode", 1, LP_MODE_DIRECT_P2P, SELF, ROOM, 1280, LP_ERR_MALFORMED},
        {"nobody", 1, LP_MODE_RELAY, 0, ROOM, 1280, LP_ERR_MALFORMED},
        {"everyone", 1, LP_MODE_RELAY, LP_EVERYONE, ROOM, 1280, LP_ERR_MALFORMED},
        {"nowhere", 1, LP_MODE_RELAY, SELF, 0, 1280, LP_ERR_MALFORMED},
    };
    EACH_ROW (row, rows) {
        lp_member *member = new_member(LP_ROLE_CLIENT);
        lp_message message = welcome_message();
        message.welcome.version = row->version;
        message.welcome.mode = row->mode;
        message.welcome.peer_id = row->peer;
        message.welcome.room_id = row->room;
        message.welcome.tap_mtu = row->mtu;
        say_hello(member, 1400, 0);
        CHECK_EQ(say(member, &message, 0), row->err);
        CHECK_EQ(lp_member_welcome(member) != NULL, row->err == LP_OK);
        lp_member_free(member);
    }
}

TEST(a_welcome_is_an_event_and_says_about_the_gateway)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_member_event event;
    join_room(member, 0);
    CHECK(lp_member_next_event(member, &event));
    CHECK_EQ(event.kind, LP_MEMBER_EVENT_WELCOME);
    CHECK(!lp_member_next_event(member, &event));
    CHECK(lp_member_gateway_present(member));
    CHECK_EQ(lp_member_gateway(member), GATEWAY);
    CHECK_EQ(lp_member_welcome(member)->tap_mtu, 1280);
    lp_member_free(member);
}

/* C-008: conditions pass, mistakes do not. */
TEST(a_reject_is_final_where_trying_again_cannot_help)
{
    static const struct {
        const char *name;
        lp_reject_code code;
        lp_member_state state;
    } rows[] = {
        {"version", LP_REJECT_VERSION, LP_MEMBER_REFUSED},
        {"bad room", LP_REJECT_BAD_ROOM, LP_MEMBER_REFUSED},
        {"bad role or mac", LP_REJECT_BAD_ROLE_OR_MAC, LP_MEMBER_REFUSED},
        {"auth", LP_REJECT_AUTH, LP_MEMBER_REFUSED},
        {"malformed", LP_REJECT_MALFORMED, LP_MEMBER_REFUSED},
        {"duplicate mac", LP_REJECT_DUPLICATE_MAC, LP_MEMBER_OFFLINE},
        {"second gateway", LP_REJECT_SECOND_GATEWAY, LP_MEMBER_OFFLINE},
        {"room full", LP_REJECT_ROOM_FULL, LP_MEMBER_OFFLINE},
        {"relay full", LP_REJECT_RELAY_FULL, LP_MEMBER_OFFLINE},
        {"budget", LP_REJECT_BUDGET_TOO_SMALL, LP_MEMBER_OFFLINE},
        {"another", LP_REJECT_OTHER, LP_MEMBER_OFFLINE},
    };
    EACH_ROW (row, rows) {
        lp_member *member = new_member(LP_ROLE_CLIENT);
        lp_message message = {.type = LP_MESSAGE_REJECT,
                              .reject = {.code = row->code, .reason = "no, because"}};
        lp_member_event event;
        say_hello(member, 1400, 0);
        CHECK_EQ(say(member, &message, 0), LP_OK);
        CHECK_EQ(lp_member_state_of(member), row->state);
        CHECK(lp_member_is_idle(lp_member_state_of(member)));
        CHECK_EQ(lp_member_reject(member)->code, row->code);
        CHECK(lp_member_next_event(member, &event));
        CHECK_EQ(event.kind, LP_MEMBER_EVENT_REJECT);
        CHECK_STR(event.text, "no, because");

        lp_member_on_lost(member, 0); /* the relay closes after a reject */
        CHECK_EQ(lp_member_state_of(member), row->state);
        CHECK_EQ(lp_member_wants_connect(member, LP_SECONDS(60)),
                 row->state == LP_MEMBER_OFFLINE);
        lp_member_free(member);
    }
}

TEST(a_reject_is_remembered_until_the_next_welcome)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_message full = {.type = LP_MESSAGE_REJECT,
                       .reject = {.code = LP_REJECT_ROOM_FULL, .reason = "full"}};
    CHECK(!lp_member_reject(member));
    say_hello(member, 1400, 0);
    CHECK_EQ(say(member, &full, 0), LP_OK);
    CHECK(lp_member_reject(member));
    join_room(member, lp_member_deadline(member));
    CHECK(!lp_member_reject(member));
    lp_member_free(member);
}

/* --- what may be said when -------------------------------------------------------- */

TEST(a_message_out_of_order_breaks_the_session)
{
    static const struct {
        const char *name;
        lp_message_type type;
        lp_err joining, joined;
    } rows[] = {
        {"welcome", LP_MESSAGE_WELCOME, LP_OK, LP_ERR_MALFORMED},
        {"reject", LP_MESSAGE_REJECT, LP_OK, LP_ERR_MALFORMED},
        {"peer_joined", LP_MESSAGE_PEER_JOINED, LP_ERR_MALFORMED, LP_OK},
        {"peer_left", LP_MESSAGE_PEER_LEFT, LP_ERR_MALFORMED, LP_OK},
        {"latency", LP_MESSAGE_LATENCY, LP_ERR_MALFORMED, LP_OK},
        {"disconnect", LP_MESSAGE_DISCONNECT, LP_OK, LP_OK},
        {"hello", LP_MESSAGE_HELLO, LP_ERR_MALFORMED, LP_ERR_MALFORMED},
        {"stats", LP_MESSAGE_STATS, LP_ERR_MALFORMED, LP_ERR_MALFORMED},
    };
    EACH_ROW (row, rows) {
        lp_message message = welcome_message();
        message.type = row->type;
        if (row->type == LP_MESSAGE_REJECT)
            message.reject = (lp_reject){.code = LP_REJECT_OTHER, .reason = "no"};
        else if (row->type == LP_MESSAGE_HELLO)
            message.hello =
                (lp_hello){.version = 1, .role = LP_ROLE_GATEWAY, .room = "A"};
        else if (row->type == LP_MESSAGE_PEER_JOINED)
            message.peer_joined =
                (lp_peer_joined){.peer_id = 5, .role = LP_ROLE_GATEWAY};
        else if (row->type == LP_MESSAGE_PEER_LEFT)
            message.peer_left = (lp_peer_left){.peer_id = 5};
        else if (row->type == LP_MESSAGE_LATENCY)
            message.latency = (lp_latency){.peer_id = 5};
        else if (row->type != LP_MESSAGE_WELCOME)
            memset(&message.stats, 0, sizeof message.stats);

        lp_member *joining = new_member(LP_ROLE_CLIENT);
        say_hello(joining, 1400, 0);
        CHECK_EQ(say(joining, &message, 0), row->joining);
        lp_member_free(joining);

        lp_member *joined = new_member(LP_ROLE_CLIENT);
        join_room(joined, 0);
        CHECK_EQ(say(joined, &message, 0), row->joined);
        lp_member_free(joined);
    }
}

TEST(octets_that_are_no_message_break_the_session)
{
    static const struct {
        const char *name;
        const char *octets;
        size_t len;
    } rows[] = {
        {"an empty message", "\0\0\0\0", 4},
        {"a length over the limit", "\0\0\x40\x01", 4},
        {"a length of text", "HTTP", 4},
        {"not JSON", "\0\0\0\2{x", 6},
        {"no type", "\0\0\0\2{}", 6},
    };
    EACH_ROW (row, rows) {
        lp_member *member = new_member(LP_ROLE_CLIENT);
        lp_why why = {""};
        join_room(member, 0);
        CHECK_EQ(
            lp_member_on_control(member, lp_bytes_of(row->octets, row->len), 0, &why),
            LP_ERR_MALFORMED);
        CHECK(why.text[0]);
        lp_member_free(member);
    }
}

TEST(a_stream_may_be_cut_anywhere)
{
    uint8_t wire[1024];
    lp_message message = welcome_message();
    size_t len = lp_message_write(&message, lp_space_of(wire, sizeof wire));
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_why why;
    say_hello(member, 1400, 0);
    for (size_t i = 0; i < len; i++) {
        CHECK(!lp_member_welcome(member));
        CHECK_EQ(lp_member_on_control(member, lp_bytes_of(wire + i, 1), 0, &why),
                 LP_OK);
    }
    CHECK(lp_member_welcome(member));
    lp_member_free(member);
}

/* C-016 */
TEST(a_message_of_a_later_version_is_only_noted)
{
    static const char later[] = "\0\0\0\x16{\"type\":\"room_update\"}";
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_member_event event;
    lp_why why;
    join_room(member, 0);
    drop_events(member);
    CHECK_EQ(
        lp_member_on_control(member, lp_bytes_of(later, sizeof later - 1), 0, &why),
        LP_OK);
    CHECK(lp_member_next_event(member, &event));
    CHECK_EQ(event.kind, LP_MEMBER_EVENT_UNKNOWN_MESSAGE);
    CHECK_EQ(lp_member_state_of(member), LP_MEMBER_JOINED);
    lp_member_free(member);
}

TEST(the_relays_goodbye_is_an_event)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_message bye = {.type = LP_MESSAGE_DISCONNECT,
                      .disconnect = {.reason = "the relay shuts down"}};
    lp_member_event event;
    join_room(member, 0);
    drop_events(member);
    CHECK_EQ(say(member, &bye, 0), LP_OK);
    CHECK(lp_member_next_event(member, &event));
    CHECK_EQ(event.kind, LP_MEMBER_EVENT_DISCONNECT);
    CHECK_STR(event.text, "the relay shuts down");
    lp_member_free(member);
}

/* --- memory ----------------------------------------------------------------------- */

TEST(a_member_survives_running_out_of_memory)
{
    unsigned survived = 0;
    for (unsigned n = 1;; n++) {
        lp_member *member = NULL;
        lp_message message = welcome_message();
        lp_bytes octets;
        lp_why why;
        uint8_t wire[1024];
        size_t len = lp_message_write(&message, lp_space_of(wire, sizeof wire));
        lp_test_fail_allocation(n);
        member = new_member(LP_ROLE_CLIENT);
        if (member) {
            CHECK(lp_member_wants_connect(member, 0));
            lp_member_on_connected(member, 0);
            lp_member_on_budget(member, 1400, true, 0, 0);
            bool said = lp_member_next_send(member, &octets);
            lp_err err = lp_member_on_control(member, lp_bytes_of(wire, len), 0, &why);
            bool failed = lp_test_allocation_failed();
            CHECK_EQ(said && !err, !failed);
            lp_member_on_lost(member, 0);
            join_room(member, LP_SECONDS(1));
            survived += failed;
        }
        lp_member_free(member);
        if (!lp_test_allocation_failed() && member)
            break;
        lp_test_fail_allocation(0);
    }
    CHECK(survived > 0);
}
