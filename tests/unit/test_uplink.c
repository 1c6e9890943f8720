#include "runtime/uplink.h"

#include "party.h"
#include "runtime/describe_uplink.h"

static party here;
static player alice, bob;

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

TEST(an_uplink_dials_joins_and_says_so)
{
    open_party(&here);
    open_player(&alice, &here, 1, "QUAKE");
    CHECK(turn_until(is_joined, &alice));
    CHECK_STR(alice.story, "dw");
    CHECK(lp_addr_equal(&alice.dialled, &here.config.listen));
    CHECK(lp_addr_equal(lp_uplink_relay(alice.uplink), &here.config.listen));
    CHECK(lp_uplink_conn(alice.uplink) != NULL);
    CHECK_EQ(lp_member_welcome(lp_uplink_member(alice.uplink))->tap_mtu,
             LP_RELAY_ROOM_MTU_DEFAULT);
    CHECK(lp_member_welcome(lp_uplink_member(alice.uplink))->stamps);
    CHECK_EQ(lp_uplink_reconnects(alice.uplink), 0);
    close_player(&alice);
    close_party(&here);
    free_player(&alice);
}

TEST(what_an_uplink_is_at_any_moment_can_be_described)
{
    lp_endpoint_name name = {"relay.example", 443};
    open_party(&here);
    open_player(&alice, &here, 1, "QUAKE");
    json_t *state = lp_describe_uplink(alice.uplink, &name);
    CHECK_STR(text_of(state, "state"), "connecting");
    CHECK(json_is_false(json_object_get(json_object_get(state, "relay"), "reachable")));
    json_decref(state);

    open_player_expecting(&bob, &here, 2, LP_ROLE_GATEWAY, "QUAKE", NULL);
    CHECK(turn_until(is_joined, &alice));
    CHECK(turn_until(is_joined, &bob));
    state = lp_describe_uplink(bob.uplink, &name);
    const json_t *relay = json_object_get(state, "relay");
    CHECK_STR(text_of(state, "state"), "joined");
    CHECK_STR(text_of(relay, "name"), "relay.example");
    CHECK(json_is_true(json_object_get(relay, "reachable")));
    CHECK(json_integer_value(json_object_get(relay, "datagram_budget")) > 1280);
    CHECK_EQ(json_integer_value(json_object_get(state, "tap_mtu")), 1280);
    const json_t *live = json_object_get(state, "live");
    CHECK(json_integer_value(json_object_get(live, "cwnd")) > 0);
    CHECK(json_integer_value(json_object_get(live, "sends")) > 0);
    const json_t *peer = json_array_get(json_object_get(state, "peers"), 0);
    CHECK_STR(text_of(peer, "mac"), "02:00:00:00:00:01");
    CHECK_STR(text_of(peer, "role"), "client");
    json_decref(state);
    close_player(&alice);
    close_player(&bob);
    close_party(&here);
    free_player(&alice);
    free_player(&bob);
}

TEST(a_relay_with_another_key_is_not_joined_and_both_hashes_are_named)
{
    char expected_text[LP_KEY_HASH_TEXT_LEN], came_text[LP_KEY_HASH_TEXT_LEN];
    lp_key_hash expected = {{0xab, 0xcd}};
    open_party(&here);
    lp_key_hash came = lp_credentials_hash(here.keys);
    open_player_expecting(&alice, &here, 1, LP_ROLE_CLIENT, "QUAKE", &expected);
    CHECK(turn_until(was_lost, &alice));
    CHECK_HAS(alice.lost_why, lp_key_hash_write(&expected, expected_text));
    CHECK_HAS(alice.lost_why, lp_key_hash_write(&came, came_text));
    CHECK_STR(alice.story, "dl");
    CHECK_EQ(lp_relay_worker_members(here.worker), 0);
    /* The operator may put the right key back: it is tried again, a little later. */
    CHECK(alice.lost_next > lp_clock_now() && alice.lost_next != LP_NEVER);
    close_player(&alice);
    close_party(&here);
    free_player(&alice);
}

TEST(a_refusal_is_told_in_the_relays_words)
{
    static const struct {
        const char *name;
        lp_role role;
        const char *says;
    } rows[] = {
        {"the room is full", LP_ROLE_CLIENT, "full"},
        {"a second gateway", LP_ROLE_GATEWAY, "gateway"},
    };
    EACH_ROW (row, rows) {
        open_party_for(&here, 1);
        open_player_expecting(&alice, &here, 1, row->role, "QUAKE", NULL);
        CHECK(turn_until(is_joined, &alice));
        open_player_expecting(&bob, &here, 2, row->role, "QUAKE", NULL);
        CHECK(turn_until(was_lost, &bob));
        CHECK_STR(bob.story, "drl");
        CHECK_HAS(bob.lost_why, row->says);
        close_player(&alice);
        close_player(&bob);
        close_party(&here);
        free_player(&alice);
        free_player(&bob);
    }
}

/* The same identity again, as after a crash: nobody waits for the stale session. */
TEST(a_player_takes_its_own_place_over)
{
    open_party(&here);
    open_player(&alice, &here, 1, "QUAKE");
    CHECK(turn_until(is_joined, &alice));
    open_player(&bob, &here, 1, "QUAKE");
    CHECK(turn_until(is_joined, &bob));
    CHECK(turn_until(was_lost, &alice));
    CHECK_HAS(alice.lost_why, "this identity");
    CHECK_EQ(bob.losses, 0);
    close_player(&alice);
    close_player(&bob);
    close_party(&here);
    free_player(&alice);
    free_player(&bob);
}

static bool has_come_back(void *state)
{
    player *it = state;
    return it->losses > 0 && is_joined(it);
}

static bool relay_is_over(void *state)
{
    return lp_relay_worker_is_over(((party *)state)->worker);
}

static bool has_heard(const heard *lines, const char *words)
{
    bool found = false;
    for (size_t i = 0; i < lines->count && i < HEARD_MAX; i++)
        found |= strstr(lines->line[i].text, words) != NULL;
    return found;
}

static bool has_dialled(void *state)
{
    return strchr(((player *)state)->story, 'd') != NULL;
}

/* W-035 */
TEST(an_uplink_comes_back_by_itself_when_its_relay_does)
{
    static const struct {
        const char *name;
        bool says_goodbye;
        const char *lost_why;
    } rows[] = {
        {"after a goodbye", true, "maintenance"},
        /* A killed relay forgets; a datagram that it cannot read makes it say so. */
        {"after a crash", false, ""},
    };
    EACH_ROW (row, rows) {
        open_party(&here);
        open_player(&alice, &here, 1, "QUAKE");
        CHECK(turn_until(is_joined, &alice));
        if (row->says_goodbye) {
            lp_relay_worker_leave(here.worker, "maintenance", lp_clock_now());
            CHECK(turn_until(relay_is_over, &here));
        }
        close_worker(&here);
        open_worker(&here);
        if (!row->says_goodbye)
            send_frame(&alice, LP_MAC_BROADCAST, party_mac(1), "anybody there?");
        CHECK(turn_until(has_come_back, &alice));
        CHECK_HAS(alice.lost_why, row->lost_why);
        CHECK_EQ(alice.losses, 1);
        CHECK_EQ(lp_uplink_reconnects(alice.uplink), 1);
        CHECK_EQ(lp_relay_worker_members(here.worker), 1);
        close_player(&alice);
        close_party(&here);
        free_player(&alice);
    }
}

TEST(who_wakes_up_does_not_wait_for_the_next_try)
{
    open_party(&here);
    open_player(&alice, &here, 1, "QUAKE");
    CHECK(turn_until(is_joined, &alice));
    lp_relay_worker_leave(here.worker, "maintenance", lp_clock_now());
    CHECK(turn_until(relay_is_over, &here));
    close_worker(&here);
    CHECK(turn_until(was_lost, &alice));
    open_worker(&here);
    lp_time woke_at = lp_clock_now();
    lp_uplink_wake(alice.uplink, woke_at);
    const lp_member *member = lp_uplink_member(alice.uplink);
    CHECK(lp_member_state_of(member) == LP_MEMBER_CONNECTING ||
          lp_member_deadline(member) <=
              lp_time_after(woke_at, LP_MEMBER_BACKOFF_FIRST / 2));
    CHECK(turn_until(has_come_back, &alice));
    CHECK(has_heard(&alice.lines, "this machine slept"));
    close_player(&alice);
    close_party(&here);
    free_player(&alice);
}

TEST(waking_up_twice_while_dialling_dials_on)
{
    open_party(&here);
    open_player(&alice, &here, 1, "QUAKE");
    lp_uplink_wake(alice.uplink, lp_clock_now()); /* while the name is looked up */
    lp_uplink_wake(alice.uplink, lp_clock_now());
    CHECK(turn_until(has_dialled, &alice));
    lp_uplink_wake(alice.uplink, lp_clock_now());
    lp_uplink_wake(alice.uplink, lp_clock_now());
    CHECK(turn_until(is_joined, &alice));
    CHECK_EQ(alice.losses, 0);
    close_player(&alice);
    close_party(&here);
    free_player(&alice);
}

static bool bob_saw_alice_leave(void *state)
{
    return strchr(bob.story, '-') != NULL;
}

/* G-021, W-030 */
TEST(leaving_is_said_and_heard)
{
    open_party(&here);
    open_player(&bob, &here, 2, "QUAKE");
    CHECK(turn_until(is_joined, &bob));
    open_player(&alice, &here, 1, "QUAKE");
    CHECK(turn_until(is_joined, &alice));
    lp_uplink_leave(alice.uplink, "bedtime", lp_clock_now());
    CHECK(turn_until(is_over, &alice));
    CHECK(turn_until(bob_saw_alice_leave, NULL));
    CHECK_STR(bob.story, "dw+-");
    CHECK_STR(bob.text, "bedtime");
    CHECK_EQ(alice.losses, 0); /* it was no loss */
    close_player(&alice);
    close_player(&bob);
    close_party(&here);
    free_player(&alice);
    free_player(&bob);
}

static bool is_let_go(void *state)
{
    player *it = state;
    return lp_relay_worker_members(here.worker) == 1 && !lp_uplink_conn(it->uplink);
}

/* W-030: the machine sleeps, as who it is it comes back. */
TEST(who_rests_is_gone_and_who_wakes_up_has_the_place_it_had)
{
    open_party(&here);
    open_player(&bob, &here, 2, "QUAKE");
    CHECK(turn_until(is_joined, &bob));
    open_player(&alice, &here, 1, "QUAKE");
    CHECK(turn_until(is_joined, &alice));
    lp_peer id = lp_member_welcome(lp_uplink_member(alice.uplink))->peer_id;
    lp_uplink_rest(alice.uplink, "to sleep", lp_clock_now());
    lp_uplink_rest(alice.uplink, "again", lp_clock_now());
    CHECK(turn_until(bob_saw_alice_leave, NULL));
    CHECK_STR(bob.text, "to sleep");
    CHECK(turn_until(is_let_go, &alice));
    lp_time until = lp_time_after(lp_clock_now(), LP_MEMBER_BACKOFF_FIRST);
    while (lp_clock_now() < until) /* longer than anybody awake would wait */
        uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_STR(alice.story, "dw+");

    lp_uplink_wake(alice.uplink, lp_clock_now());
    CHECK(turn_until(is_joined, &alice));
    CHECK_EQ(lp_member_welcome(lp_uplink_member(alice.uplink))->peer_id, id);
    CHECK_EQ(alice.losses, 0); /* it was no loss */
    close_player(&alice);
    close_player(&bob);
    close_party(&here);
    free_player(&alice);
    free_player(&bob);
}

/* Before the connection that was let go is gone, and while another is made. */
TEST(who_wakes_up_at_once_comes_back_all_the_same)
{
    open_party(&here);
    open_player(&alice, &here, 1, "QUAKE");
    lp_uplink_rest(alice.uplink, "to sleep", lp_clock_now()); /* no name known yet */
    lp_uplink_wake(alice.uplink, lp_clock_now());
    CHECK(turn_until(has_dialled, &alice));
    for (int i = 0; i < 3; i++) {
        lp_uplink_rest(alice.uplink, "to sleep", lp_clock_now());
        lp_uplink_wake(alice.uplink, lp_clock_now());
        CHECK(turn_until(is_joined, &alice));
    }
    CHECK_EQ(alice.losses, 0);
    CHECK_EQ(lp_relay_worker_members(here.worker), 1);
    close_player(&alice);
    close_party(&here);
    free_player(&alice);
}

TEST(leaving_before_anything_was_said_is_over_at_once)
{
    open_party(&here);
    open_player(&alice, &here, 1, "QUAKE");
    lp_uplink_leave(alice.uplink, "second thoughts", lp_clock_now());
    CHECK(turn_until(is_over, &alice));
    close_player(&alice);
    close_party(&here);
    CHECK_EQ(alice.losses, 0);
    free_player(&alice);
}

TEST(an_uplink_may_be_closed_while_its_name_is_looked_up)
{
    open_party(&here);
    open_player(&alice, &here, 1, "QUAKE");
    close_player(&alice);
    close_party(&here);
    CHECK_STR(alice.story, "");
    free_player(&alice);
    lp_uplink_close(NULL);
}

TEST(a_frame_for_nobody_is_no_loss)
{
    open_party(&here);
    open_player(&alice, &here, 1, "QUAKE");
    uint8_t octets[100] = {0};
    lp_uplink_send(alice.uplink, lp_bytes_of(octets, sizeof octets), lp_clock_now());
    CHECK(turn_until(is_joined, &alice));
    CHECK_EQ(alice.unsent, 0);
    close_player(&alice);
    close_party(&here);
    free_player(&alice);
}
