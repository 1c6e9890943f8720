#include "runtime/relay_worker.h"

#include "party.h"

static party here;
static player alice, bob, carol;

static void close_all(void)
{
    close_player(&alice);
    close_player(&bob);
    close_player(&carol);
    close_party(&here);
    free_player(&alice);
    free_player(&bob);
    free_player(&carol);
}

/* Alice and Bob in one room; Carol in the room that is named. */
static void join_all(const char *carols_room)
{
    open_party(&here);
    open_player(&alice, &here, 1, "QUAKE");
    CHECK(turn_until(is_joined, &alice));
    open_player(&bob, &here, 2, "QUAKE");
    CHECK(turn_until(is_joined, &bob));
    open_player(&carol, &here, 3, carols_room);
    CHECK(turn_until(is_joined, &carol));
}

static json_int_t counter(const char *name)
{
    json_t *state = lp_relay_worker_describe(here.worker, lp_clock_now());
    json_int_t value =
        json_integer_value(json_object_get(json_object_get(state, "counters"), name));
    json_decref(state);
    return value;
}

TEST(a_frame_goes_to_its_room_and_no_other)
{
    join_all("DOOM");
    send_frame(&alice, LP_MAC_BROADCAST, party_mac(1), "who hosts?");
    CHECK(turn_until(has_frame, &bob));
    CHECK_STR(words_in(&bob), "who hosts?");
    send_frame(&bob, party_mac(1), party_mac(2), "I do");
    CHECK(turn_until(has_frame, &alice));
    CHECK_STR(words_in(&alice), "I do");
    CHECK_EQ(carol.frames, 0);
    CHECK_EQ(bob.frames, 1);
    CHECK_EQ(alice.frames, 1); /* nothing is reflected */
    CHECK_EQ(counter("datagrams_rx"), 2);
    CHECK_EQ(counter("datagrams_tx"), 2); /* nothing is on its way to Carol */
    close_all();
}

TEST(unicast_goes_to_its_peer_only)
{
    join_all("QUAKE");
    send_frame(&alice, party_mac(2), party_mac(1), "between us");
    CHECK(turn_until(has_frame, &bob));
    send_frame(&alice, party_mac(3), party_mac(1), "and you");
    CHECK(turn_until(has_frame, &carol));
    CHECK_STR(words_in(&bob), "between us");
    CHECK_STR(words_in(&carol), "and you");
    CHECK_EQ(bob.frames, 1);
    CHECK_EQ(carol.frames, 1);
    close_all();
}

static void send_one_each_way(void)
{
    alice.frames = bob.frames = 0;
    send_frame(&alice, party_mac(2), party_mac(1), "ping");
    send_frame(&bob, party_mac(1), party_mac(2), "pong");
    CHECK(turn_until(has_frame, &bob));
    CHECK(turn_until(has_frame, &alice));
}

TEST(frames_cost_no_allocation_in_relay_and_uplinks)
{
    join_all("QUAKE");
    CHECK(frames_cost_no_allocation(send_one_each_way));
    close_all();
}

TEST(relay_and_players_stamp_what_they_send)
{
    join_all("QUAKE");
    send_one_each_way(); /* a player goes first */
    send_one_each_way();
    CHECK(lp_uplink_look(alice.uplink)->at[LP_GAUGE_OF_STAMPS] > 0);
    CHECK(lp_uplink_look(bob.uplink)->at[LP_GAUGE_OF_STAMPS] > 0);
    CHECK_EQ(lp_uplink_look(carol.uplink)->at[LP_GAUGE_OF_STAMPS],
             0); /* no frame went */
    close_all();
}

/* G-018: whoever hears a frame has heard of its sender before. */
TEST(those_present_hear_of_a_joiner_before_its_frames)
{
    join_all("QUAKE");
    send_frame(&carol, LP_MAC_BROADCAST, party_mac(3), "hello");
    CHECK(turn_until(has_frame, &alice));
    CHECK(turn_until(has_frame, &bob));
    CHECK_STR(alice.story, "dw++f");
    CHECK_STR(bob.story, "dw++f");
    close_all();
}

static const json_t *room_in(const json_t *state, size_t at)
{
    return json_array_get(json_object_get(state, "rooms"), at);
}

TEST(a_worker_describes_its_rooms_and_peers)
{
    join_all("DOOM");
    send_frame(&alice, LP_MAC_BROADCAST, party_mac(1), "hello");
    CHECK(turn_until(has_frame, &bob));
    json_t *state = lp_relay_worker_describe(here.worker, lp_clock_now());
    CHECK_EQ(json_array_size(json_object_get(state, "rooms")), 2);
    size_t quake = strcmp(json_string_value(json_object_get(room_in(state, 0), "room")),
                          "QUAKE") != 0;
    const json_t *room = room_in(state, quake);
    const json_t *peers = json_object_get(room, "peers");
    CHECK_EQ(json_integer_value(json_object_get(room, "mtu")), 1280);
    CHECK_EQ(json_integer_value(json_object_get(room, "clients")), 2);
    CHECK_EQ(json_array_size(peers), 2);
    size_t i;
    json_t *peer;
    json_array_foreach(peers, i, peer)
    {
        const json_t *conn = json_object_get(peer, "connection");
        CHECK_STR(json_string_value(json_object_get(peer, "role")), "client");
        CHECK_HAS(json_string_value(json_object_get(peer, "address")), "127.0.0.1:");
        CHECK_HAS(json_string_value(json_object_get(peer, "identity")), "sha256:");
        CHECK(json_integer_value(json_object_get(peer, "datagram_budget")) > 1280);
        CHECK(json_number_value(json_object_get(conn, "rtt_ms")) > 0);
        const json_t *live = json_object_get(peer, "live");
        CHECK(json_integer_value(json_object_get(live, "rtt_us")) > 0);
        CHECK(json_integer_value(json_object_get(live, "packets_sent")) > 0);
        CHECK(json_object_get(live, "queue_p99_us") != NULL);
        CHECK(json_object_get(live, "reads") == NULL); /* that is the socket's */
    }
    const json_t *live = json_object_get(state, "live");
    CHECK(json_integer_value(json_object_get(live, "reads")) > 0);
    CHECK(json_integer_value(json_object_get(live, "frames_per_packet_p99")) > 0);
    const json_t *quic = json_object_get(state, "quic");
    CHECK_EQ(json_integer_value(json_object_get(quic, "connections")), 3);
    json_decref(state);
    close_all();
}

static bool two_are_left(void *state)
{
    return lp_relay_worker_members(here.worker) == 2;
}

TEST(joining_and_leaving_are_logged)
{
    join_all("QUAKE");
    lp_uplink_leave(bob.uplink, "bedtime", lp_clock_now());
    CHECK(turn_until(two_are_left, NULL));
    close_all();
    static const char *const parts[] = {"room opened room=QUAKE",
                                        "peer joined room=QUAKE mac=02:00:00:00:00:01",
                                        "peer joined room=QUAKE mac=02:00:00:00:00:02",
                                        "peer joined room=QUAKE mac=02:00:00:00:00:03",
                                        "peer left room=QUAKE mac=02:00:00:00:00:02"};
    CHECK_EQ(here.lines.count, sizeof parts / sizeof *parts);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        CHECK_HAS(here.lines.line[i].text, parts[i]);
    CHECK_HAS(here.lines.line[4].text, "reason=bedtime");
}

static bool relay_is_over(void *state)
{
    return lp_relay_worker_is_over(here.worker);
}

TEST(a_worker_that_leaves_tells_everyone)
{
    join_all("DOOM");
    CHECK(!lp_relay_worker_is_over(here.worker));
    lp_relay_worker_leave(here.worker, "maintenance", lp_clock_now());
    CHECK(turn_until(was_lost, &alice));
    CHECK(turn_until(was_lost, &bob));
    CHECK(turn_until(was_lost, &carol));
    CHECK(turn_until(relay_is_over, NULL));
    CHECK_STR(alice.text, "maintenance");
    CHECK_STR(carol.text, "maintenance");
    CHECK_EQ(lp_relay_worker_members(here.worker), 0);
    close_all();
}

TEST(a_frame_log_says_what_became_of_each_frame)
{
    open_party(&here);
    close_worker(&here);
    here.log = log_to(&here.lines, LP_WARN); /* only what the frame log adds */
    lp_log_sink frames = {.level = LP_INFO, .write = hear, .state = &here.lines};
    CHECK_EQ(lp_frame_log_read("all", &frames, &here.config.frame_log), LP_OK);
    open_worker(&here);
    open_player(&alice, &here, 1, "QUAKE");
    CHECK(turn_until(is_joined, &alice));
    open_player(&bob, &here, 2, "QUAKE");
    CHECK(turn_until(is_joined, &bob));
    send_frame(&alice, party_mac(2), party_mac(9), "not my address");
    send_frame(&alice, party_mac(2), party_mac(1), "mine");
    CHECK(turn_until(has_frame, &bob));
    CHECK_EQ(here.lines.count, 2);
    CHECK_HAS(here.lines.line[0].text, "action=filtered reason=unauthorized_source");
    CHECK_HAS(here.lines.line[1].text, "action=forwarded targets=1");
    close_player(&alice);
    close_player(&bob);
    close_party(&here);
    free_player(&alice);
    free_player(&bob);
}

TEST(a_port_that_is_taken_is_named)
{
    lp_relay_worker *second = NULL;
    lp_why why;
    char text[LP_ADDR_TEXT_LEN];
    open_party(&here);
    CHECK_EQ(lp_relay_worker_open(&loop, &here.config, &second, &why), LP_ERR_IN_USE);
    CHECK_HAS(why.text, lp_addr_write(&here.config.listen, text));
    CHECK(second == NULL);
    close_party(&here);
    lp_relay_worker_close(NULL);
}

TEST(a_worker_without_memory_leaves_nothing_open)
{
    bool failed = true;
    open_party(&here);
    here.config.listen.port = 0;
    here.config.relay.max_links = 16;
    for (unsigned n = 1; failed; n++) {
        lp_relay_worker *worker = NULL;
        lp_why why;
        lp_test_fail_allocation(n);
        lp_err err = lp_relay_worker_open(&loop, &here.config, &worker, &why);
        failed = lp_test_allocation_failed();
        CHECK_EQ(err != LP_OK, failed);
        CHECK_EQ(worker == NULL, failed);
        lp_relay_worker_close(worker);
    }
    close_party(&here);
}
