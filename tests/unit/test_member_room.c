#include "core/member.h"

#include "unit/membership.h"

/* --- who is there ----------------------------------------------------------------- */

/* W-028 */
TEST(who_leaves_is_named_by_what_was_known)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_member_event event;
    join_room(member, 0);
    drop_events(member);
    CHECK_EQ(announce(member, ALICE, LP_ROLE_CLIENT), LP_OK);
    CHECK_EQ(lp_member_find(member, ALICE)->id, ALICE);
    CHECK_EQ(lp_member_find_mac(member, test_mac(ALICE))->id, ALICE);
    CHECK_EQ(dismiss(member, ALICE, "timed out"), LP_OK);
    CHECK_EQ(dismiss(member, BOB, "who?"), LP_OK);

    CHECK(lp_member_next_event(member, &event));
    CHECK_EQ(event.kind, LP_MEMBER_EVENT_PEER_JOINED);
    CHECK(!event.was_known);
    CHECK(lp_member_next_event(member, &event));
    CHECK_EQ(event.kind, LP_MEMBER_EVENT_PEER_LEFT);
    CHECK(event.was_known);
    CHECK(lp_mac_equal(event.peer.mac, test_mac(ALICE)));
    CHECK_STR(event.text, "timed out");
    CHECK(lp_member_next_event(member, &event));
    CHECK(!event.was_known);
    CHECK_EQ(event.peer.id, BOB);
    CHECK(!lp_member_next_event(member, &event));
    CHECK(!lp_member_find(member, ALICE));
    lp_member_free(member);
}

TEST(a_peer_that_joins_twice_is_replaced)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_message again = {.type = LP_MESSAGE_PEER_JOINED,
                        .peer_joined = {ALICE, LP_ROLE_CLIENT, true, test_mac(500)}};
    lp_member_event event;
    join_room(member, 0);
    CHECK_EQ(announce(member, ALICE, LP_ROLE_CLIENT), LP_OK);
    drop_events(member);
    CHECK_EQ(say(member, &again, 0), LP_OK);
    CHECK(lp_member_next_event(member, &event));
    CHECK(event.was_known);
    CHECK(!lp_member_find_mac(member, test_mac(ALICE)));
    CHECK_EQ(lp_member_find_mac(member, test_mac(500))->id, ALICE);
    lp_member_free(member);
}

TEST(nobody_else_may_join_under_our_number)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    join_room(member, 0);
    CHECK_EQ(announce(member, SELF, LP_ROLE_CLIENT), LP_ERR_MALFORMED);
    CHECK(!lp_member_find(member, SELF));
    lp_member_free(member);
}

/* C-005, W-029: the welcome may name the gateway before, or without, a peer_joined. */
TEST(the_gateways_presence_follows_what_the_relay_says)
{
    static const struct {
        const char *name;
        bool present;
        lp_peer id, joins, leaves;
        bool present_after;
        lp_peer id_after;
    } rows[] = {
        {"named by welcome", true, GATEWAY, 0, 0, true, GATEWAY},
        {"named by welcome, leaves unannounced", true, GATEWAY, 0, GATEWAY, false, 0},
        {"named by both, leaves", true, GATEWAY, GATEWAY, GATEWAY, false, 0},
        {"present, not named", true, 0, 0, 0, true, 0},
        {"present, not named, a stranger leaves", true, 0, 0, BOB, true, 0},
        {"absent", false, 0, 0, 0, false, 0},
        {"absent, comes", false, 0, GATEWAY, 0, true, GATEWAY},
        {"absent, comes and leaves", false, 0, GATEWAY, GATEWAY, false, 0},
        {"another one takes over, the old one leaves", true, GATEWAY, 55, GATEWAY, true,
         55},
    };
    EACH_ROW (row, rows) {
        lp_member *member = new_member(LP_ROLE_CLIENT);
        lp_message message = welcome_message();
        message.welcome.gateway_present = row->present;
        message.welcome.gateway_peer_id = row->id;
        say_hello(member, 1400, 0);
        CHECK_EQ(say(member, &message, 0), LP_OK);
        if (row->joins)
            CHECK_EQ(announce(member, row->joins, LP_ROLE_GATEWAY), LP_OK);
        if (row->leaves)
            CHECK_EQ(dismiss(member, row->leaves, ""), LP_OK);
        CHECK_EQ(lp_member_gateway_present(member), row->present_after);
        CHECK_EQ(lp_member_gateway(member), row->id_after);
        lp_member_free(member);
    }
}

TEST(a_gateway_that_only_the_welcome_named_is_named_when_it_leaves)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_member_event event;
    join_room(member, 0);
    drop_events(member);
    CHECK_EQ(dismiss(member, GATEWAY, "gone"), LP_OK);
    CHECK(lp_member_next_event(member, &event));
    CHECK(event.was_known);
    CHECK_EQ(event.peer.role, LP_ROLE_GATEWAY);
    lp_member_free(member);
}

TEST(latency_is_noted_for_those_who_are_known)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_message far = {.type = LP_MESSAGE_LATENCY, .latency = {ALICE, 23000}};
    join_room(member, 0);
    CHECK_EQ(say(member, &far, 0), LP_OK);
    CHECK(!lp_member_find(member, ALICE));
    CHECK_EQ(announce(member, ALICE, LP_ROLE_CLIENT), LP_OK);
    CHECK_EQ(lp_member_find(member, ALICE)->rtt, 0);
    CHECK_EQ(say(member, &far, 0), LP_OK);
    CHECK_EQ(lp_member_find(member, ALICE)->rtt, LP_MS(23));
    CHECK_EQ(lp_member_find_mac(member, test_mac(ALICE))->rtt, LP_MS(23));
    lp_member_free(member);
}

TEST(a_surplus_peer_is_news_but_not_remembered)
{
    enum { FIRST = 100, SURPLUS = FIRST + LP_MEMBER_MAX_PEERS };
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_member_event event;
    size_t news = 0;
    join_room(member, 0);
    drop_events(member);
    for (lp_peer id = FIRST; id <= SURPLUS; id++)
        CHECK_EQ(announce(member, id, LP_ROLE_CLIENT), LP_OK);
    while (lp_member_next_event(member, &event))
        news++;
    CHECK_EQ(news, LP_MEMBER_MAX_PEERS + 1);
    CHECK(lp_member_find(member, SURPLUS - 1));
    CHECK(!lp_member_find(member, SURPLUS));
    CHECK_EQ(dismiss(member, SURPLUS, ""), LP_OK);
    lp_member_free(member);
}

TEST(news_that_nobody_drains_are_bounded)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_member_event event;
    join_room(member, 0); /* one event */
    for (size_t i = 1; i < LP_MEMBER_MAX_EVENTS; i++)
        CHECK_EQ(dismiss(member, BOB, ""), LP_OK);
    CHECK_EQ(dismiss(member, BOB, ""), LP_ERR_MALFORMED);
    drop_events(member);
    CHECK_EQ(dismiss(member, BOB, ""), LP_OK);
    CHECK(lp_member_next_event(member, &event));
    lp_member_free(member);
}

/* --- budget, stats, goodbye ------------------------------------------------------- */

TEST(the_budget_is_the_least_that_anyone_promised)
{
    static const struct {
        const char *name;
        size_t announced, now;
        uint32_t granted;
        size_t budget;
    } rows[] = {
        {"as announced", 1400, 1400, 1400, 1400},
        {"the relay said nothing", 1400, 1400, 0, 1400},
        {"the relay grants less", 1400, 1400, 1350, 1350},
        {"the relay grants more", 1400, 1400, 1450, 1400},
        {"the path grew after hello", 1400, 1430, 1450, 1400},
        {"the path shrank after hello", 1400, 1200, 1450, 1200},
    };
    EACH_ROW (row, rows) {
        lp_member *member = new_member(LP_ROLE_CLIENT);
        lp_message message = welcome_message();
        message.welcome.datagram_budget = row->granted;
        say_hello(member, row->announced, 0);
        CHECK_EQ(lp_member_budget(member), row->announced);
        CHECK_EQ(say(member, &message, 0), LP_OK);
        lp_member_on_budget(member, row->now, true, 0, 0);
        CHECK_EQ(lp_member_budget(member), row->budget);
        CHECK_EQ(next_said(member).type, LP_MESSAGE_UNKNOWN);
        lp_member_free(member);
    }
}

/* C-013, W-031 */
TEST(counters_are_reported_while_joined)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_stats stats = {0};
    stats.stat[LP_STAT_FRAMES_RX] = 5;
    join_room(member, LP_SECONDS(1));
    CHECK_EQ(lp_member_deadline(member), LP_NEVER);
    lp_member_report(member, &stats, NULL);
    CHECK_EQ(lp_member_deadline(member), LP_SECONDS(11));
    for (lp_time now = LP_SECONDS(11); now <= LP_SECONDS(31); now += LP_SECONDS(10)) {
        lp_member_on_deadline(member, now - 1);
        CHECK_EQ(next_said(member).type, LP_MESSAGE_UNKNOWN);
        lp_member_on_deadline(member, now);
        lp_message said = next_said(member);
        CHECK_EQ(said.type, LP_MESSAGE_STATS);
        CHECK_EQ(said.stats.count, 1);
        CHECK_STR(said.stats.stats[0].name, "frames_rx");
        CHECK_EQ(said.stats.stats[0].value, stats.stat[LP_STAT_FRAMES_RX]++);
    }
    lp_member_free(member);
}

/* C-014, G-021, W-030 */
TEST(leaving_says_goodbye_once_and_for_good)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    join_room(member, 0);
    lp_member_leave(member, "the user left", 0);
    CHECK_EQ(lp_member_state_of(member), LP_MEMBER_ENDED);
    lp_message said = next_said(member);
    CHECK_EQ(said.type, LP_MESSAGE_DISCONNECT);
    CHECK_STR(said.disconnect.reason, "the user left");
    CHECK_EQ(next_said(member).type, LP_MESSAGE_UNKNOWN);
    lp_member_on_lost(member, 0);
    CHECK_EQ(lp_member_state_of(member), LP_MEMBER_ENDED);
    CHECK(!lp_member_wants_connect(member, LP_SECONDS(100)));
    CHECK_EQ(lp_member_deadline(member), LP_NEVER);
    lp_member_free(member);
}

TEST(who_said_no_hello_leaves_without_a_word)
{
    static const struct {
        const char *name;
        bool connects, sends_hello;
    } rows[] = {
        {"offline", false, false},
        {"measuring", true, false},
        {"hello decided, not yet sent", true, true},
    };
    EACH_ROW (row, rows) {
        lp_member *member = new_member(LP_ROLE_CLIENT);
        if (row->connects) {
            CHECK(lp_member_wants_connect(member, 0));
            lp_member_on_connected(member, 0);
            lp_member_on_budget(member, 1180, row->sends_hello, 0, 0);
        }
        lp_member_leave(member, "changed my mind", 0);
        CHECK_EQ(next_said(member).type, LP_MESSAGE_UNKNOWN);
        lp_member_on_connected(member, 0);
        CHECK_EQ(lp_member_state_of(member), LP_MEMBER_ENDED);
        lp_member_free(member);
    }
}

TEST(a_goodbye_is_cut_to_what_the_protocol_allows)
{
    char reason[2 * LP_REASON_MAX];
    memset(reason, 'x', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    lp_member *member = new_member(LP_ROLE_CLIENT);
    join_room(member, 0);
    lp_member_leave(member, reason, 0);
    CHECK_EQ(strlen(next_said(member).disconnect.reason), LP_REASON_MAX);
    lp_member_free(member);
}
