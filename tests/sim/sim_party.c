/* Parties: who joins when, who hears whom. Hundreds of players, no sleeping. */
#include "core/close.h"
#include "sim/sim_world.h"
#include "test.h"

static bool is_joined(const sim_player *player)
{
    return lp_member_state_of(sim_player_member(player)) == LP_MEMBER_JOINED;
}

static lp_peer id_of(const sim_player *player)
{
    const lp_welcome *welcome = lp_member_welcome(sim_player_member(player));
    return welcome ? welcome->peer_id : 0;
}

static const lp_member_peer *what_knows(const sim_player *player,
                                        const sim_player *other)
{
    return lp_member_find(sim_player_member(player), id_of(other));
}

static void say_to_all(sim_player *player, uint8_t tag)
{
    sim_player_send(player, sim_player_mac(player), LP_MAC_BROADCAST, 60, tag);
}

/* D-018: relay first, gateway second, client last; but client first works too */
TEST(any_order_of_joining_ends_in_the_same_party)
{
    static const struct {
        const char *name;
        lp_duration gateway_at, alice_at, bob_at;
        bool alice_finds_gateway; /* in her welcome */
    } rows[] = {
        {"gateway first", 0, LP_SECONDS(1), LP_SECONDS(2), true},
        {"gateway last", LP_SECONDS(2), 0, LP_SECONDS(1), false},
        {"gateway between", LP_SECONDS(1), 0, LP_SECONDS(2), false},
    };
    EACH_ROW (row, rows) {
        lp_relay_config config = sim_relay_config();
        sim_world *world = sim_world_new(&config, 1);
        sim_player *gateway = NULL, *alice = NULL, *bob = NULL;
        for (lp_time now = 0; now <= LP_SECONDS(2); now += LP_SECONDS(1)) {
            if (now == row->gateway_at)
                gateway =
                    sim_world_add(world, LP_ROLE_GATEWAY, "QUAKE", 1, SIM_PATH_LAN);
            if (now == row->alice_at)
                alice = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 2, SIM_PATH_GOOD);
            if (now == row->bob_at)
                bob = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 3, SIM_PATH_BAD);
            sim_world_run(world, LP_SECONDS(1));
        }
        CHECK(is_joined(gateway) && is_joined(alice) && is_joined(bob));
        CHECK_EQ(lp_member_welcome(sim_player_member(alice))->gateway_present,
                 row->alice_finds_gateway);
        CHECK_EQ(lp_member_gateway(sim_player_member(alice)), id_of(gateway));
        CHECK_EQ(lp_member_gateway(sim_player_member(bob)), id_of(gateway));
        CHECK(what_knows(gateway, alice) && what_knows(gateway, bob));
        CHECK(what_knows(alice, bob) && what_knows(bob, alice));
        CHECK(lp_mac_equal(what_knows(alice, bob)->mac, sim_player_mac(bob)));

        sim_world_run(world, LP_SECONDS(11)); /* D-012 */
        CHECK_EQ(what_knows(alice, gateway)->rtt, LP_US(400));

        say_to_all(alice, 'a');
        sim_player_send(bob, sim_player_mac(bob), sim_player_mac(alice), 600, 'b');
        sim_player_send(gateway, sim_mac(999), sim_player_mac(bob), 600, 'g');
        sim_world_run(world, LP_SECONDS(1));
        CHECK_EQ(sim_player_received(gateway, 'a'), 1);
        CHECK_EQ(sim_player_received(alice, 'a'), 0);
        CHECK_EQ(sim_player_received(alice, 'g'), 0);
        CHECK_EQ(sim_player_received(gateway, 'b'), 0);
        sim_world_free(world);
    }
}

TEST(a_lost_gateway_comes_back_to_the_same_players)
{
    lp_relay_config config = sim_relay_config();
    sim_world *world = sim_world_new(&config, 2);
    sim_player *gateway =
        sim_world_add(world, LP_ROLE_GATEWAY, "QUAKE", 1, SIM_PATH_LAN);
    sim_player *alice = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 2, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(3));
    lp_peer id = id_of(gateway);

    sim_player_kill(gateway);
    sim_player_start(gateway); /* before the relay could notice */
    sim_world_run(world, LP_SECONDS(3));
    CHECK(is_joined(gateway));
    CHECK_EQ(id_of(gateway), id);
    CHECK_EQ(sim_world_events(world, LP_RELAY_TOOK_OVER), 1);
    CHECK_EQ(sim_world_closes(world, LP_CLOSE_REPLACED), 1);
    CHECK_EQ(lp_member_gateway(sim_player_member(alice)), id);

    lp_member_event event;
    size_t cursor = 0, left = 0, joined = 0;
    while (sim_player_next_event(alice, &cursor, &event)) {
        if (event.kind == LP_MEMBER_EVENT_PEER_LEFT) {
            CHECK_STR(event.text, "replaced");
            CHECK_EQ(joined, 1); /* once before */
            left++;
        }
        joined += event.kind == LP_MEMBER_EVENT_PEER_JOINED;
    }
    CHECK_EQ(left, 1);
    CHECK_EQ(joined, 2);
    say_to_all(alice, 'a');
    sim_world_run(world, LP_SECONDS(1));
    CHECK_EQ(sim_player_received(gateway, 'a'), 1);
    sim_world_free(world);
}

/* C-012, C-014 */
TEST(the_others_hear_why_someone_left)
{
    static const struct {
        const char *name;
        bool says_goodbye;
        const char *reason;
    } rows[] = {{"goodbye", true, "good night"}, {"killed", false, "idle timeout"}};
    EACH_ROW (row, rows) {
        lp_relay_config config = sim_relay_config();
        sim_world *world = sim_world_new(&config, 3);
        sim_player *alice =
            sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 2, SIM_PATH_GOOD);
        sim_player *bob =
            sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 3, SIM_PATH_GOOD);
        sim_world_run(world, LP_SECONDS(3));
        lp_peer bobs_id = id_of(bob);
        if (row->says_goodbye)
            sim_player_leave(bob, row->reason);
        else
            sim_player_kill(bob);
        sim_world_run(world, row->says_goodbye ? LP_SECONDS(1)
                                               : SIM_IDLE_TIMEOUT + LP_SECONDS(1));
        lp_member_event event, last = {.kind = LP_MEMBER_EVENT_WELCOME};
        for (size_t cursor = 0; sim_player_next_event(alice, &cursor, &event);)
            last = event;
        CHECK_EQ(last.kind, LP_MEMBER_EVENT_PEER_LEFT);
        CHECK_EQ(last.peer.id, bobs_id);
        CHECK_STR(last.text, row->reason);
        sim_world_free(world);
    }
}

/* L-010 */
TEST(who_cannot_carry_the_room_is_refused_with_both_numbers)
{
    lp_relay_config config = sim_relay_config();
    sim_world *world = sim_world_new(&config, 4);
    sim_player *alice = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 2, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(1));
    sim_player *bob = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 3, SIM_PATH_GOOD);
    sim_player_set_budget(bob, 1220);
    sim_player *carol = sim_world_add(world, LP_ROLE_CLIENT, "DOOM", 4, SIM_PATH_GOOD);
    sim_player_set_budget(carol, 1220);
    sim_world_run(world, LP_SECONDS(1));

    CHECK(is_joined(alice) && !is_joined(bob));
    const lp_reject *reject = lp_member_reject(sim_player_member(bob));
    CHECK(reject != NULL);
    CHECK_EQ(reject->code, LP_REJECT_BUDGET_TOO_SMALL);
    CHECK_EQ(reject->room_mtu, 1280);
    CHECK_EQ(reject->peer_mtu, 1186);
    CHECK(is_joined(carol)); /* the first in her room makes it as narrow as she is */
    CHECK_EQ(lp_member_welcome(sim_player_member(carol))->tap_mtu, 1186);

    /* L-020: a path that became narrower is spared, the others are not */
    sim_player *dave = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 5, SIM_PATH_GOOD);
    sim_player *erin = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 6, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(1));
    lp_relay_peer_view view;
    for (size_t cursor = 0;
         lp_relay_next_peer(sim_world_relay(world), "QUAKE", &cursor, &view);) {
        if (view.peer_id == id_of(dave))
            lp_relay_on_budget(sim_world_relay(world), view.link, 1000, true, 0);
    }
    sim_player_send(alice, sim_player_mac(alice), LP_MAC_BROADCAST, 1200, 'x');
    sim_world_run(world, LP_SECONDS(1));
    CHECK_EQ(sim_player_received(dave, 'x'), 0);
    CHECK_EQ(sim_player_received(erin, 'x'), 1);
    CHECK_EQ(lp_relay_stats(sim_world_relay(world))->reason[LP_REASON_EGRESS_BUDGET],
             1);
    sim_world_free(world);
}

/* L-005 */
TEST(two_rooms_never_see_each_others_frames)
{
    enum { EACH = 8 };
    lp_relay_config config = sim_relay_config();
    sim_world *world = sim_world_new(&config, 5);
    sim_player *players[2][EACH];
    static const char *const rooms[] = {"QUAKE", "DOOM"};
    for (uint32_t room = 0; room < 2; room++) { /* the same addresses in both */
        for (uint32_t i = 0; i < EACH; i++)
            players[room][i] =
                sim_world_add(world, i == 0 ? LP_ROLE_GATEWAY : LP_ROLE_CLIENT,
                              rooms[room], 1 + i, SIM_PATH_GOOD);
    }
    sim_world_run(world, LP_SECONDS(3));
    for (uint32_t i = 1; i < EACH; i++) {
        say_to_all(players[0][i], 'q');
        sim_player_send(players[1][i], sim_mac(1 + i), sim_mac(1 + i % (EACH - 1) + 1),
                        60, 'd');
        sim_player_send(players[1][0], sim_mac(900), sim_mac(1 + i), 60, 'D');
    }
    sim_world_run(world, LP_SECONDS(1));
    for (uint32_t i = 0; i < EACH; i++) {
        CHECK_EQ(sim_player_received(players[0][i], 'q'), i == 0 ? EACH - 1 : EACH - 2);
        CHECK_EQ(sim_player_received(players[1][i], 'q'), 0);
        CHECK_EQ(sim_player_received(players[0][i], 'd'), 0);
        CHECK_EQ(sim_player_received(players[0][i], 'D'), 0);
        CHECK_EQ(sim_player_received(players[1][i], 'd'), i > 0);
        CHECK_EQ(sim_player_received(players[1][i], 'D'), i > 0);
    }
    sim_world_free(world);
}

/* L-005, L-014: and everyone knows of everyone, whatever the paths are like */
TEST(four_hundred_players_in_one_room_know_and_hear_each_other)
{
    enum { ALL = 400 };
    lp_relay_config config = sim_relay_config();
    config.max_clients = ALL;
    sim_world *world = sim_world_new(&config, 6);
    static sim_player *players[ALL];
    for (uint32_t i = 0; i < ALL; i++)
        players[i] =
            sim_world_add(world, i == 7 ? LP_ROLE_GATEWAY : LP_ROLE_CLIENT, "QUAKE",
                          1 + i, i % 5 == 0 ? SIM_PATH_BAD : SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(5));
    for (uint32_t i = 0; i < ALL; i++) {
        CHECK(is_joined(players[i]));
        CHECK(i == 7 ||
              lp_member_gateway(sim_player_member(players[i])) == id_of(players[7]));
        lp_member_peer peer;
        size_t cursor = 0, known = 0;
        while (lp_member_next_peer(sim_player_member(players[i]), &cursor, &peer))
            known++;
        CHECK_EQ(known, ALL - 1);
    }
    say_to_all(players[1], 'x');
    sim_world_run(world, LP_SECONDS(1));
    for (uint32_t i = 0; i < ALL; i++) {
        if (i % 5 != 0) /* a bad path may lose it, or bring it twice */
            CHECK_EQ(sim_player_received(players[i], 'x'), i != 1);
    }
    sim_world_free(world);
}

TEST(hundreds_of_rooms_come_and_go)
{
    enum { ROOMS = 200 };
    lp_relay_config config = sim_relay_config();
    sim_world *world = sim_world_new(&config, 7);
    static sim_player *gateways[ROOMS], *clients[ROOMS];
    for (uint32_t i = 0; i < ROOMS; i++) {
        char room[LP_ROOM_MAX + 1];
        snprintf(room, sizeof room, "ROOM-%u", i);
        gateways[i] = sim_world_add(world, LP_ROLE_GATEWAY, room, 1, SIM_PATH_LAN);
        clients[i] = sim_world_add(world, LP_ROLE_CLIENT, room, 2 + i, SIM_PATH_BAD);
    }
    sim_world_run(world, LP_SECONDS(5));
    CHECK_EQ(sim_world_events(world, LP_RELAY_ROOM_MADE), ROOMS);
    CHECK_EQ(sim_world_events(world, LP_RELAY_JOINED), 2 * ROOMS);
    for (uint32_t i = 0; i < ROOMS; i++) {
        sim_player_leave(gateways[i], "done");
        sim_player_leave(clients[i], "done");
    }
    sim_world_run(world, LP_SECONDS(5));
    CHECK_EQ(sim_world_events(world, LP_RELAY_ROOM_GONE), ROOMS);
    CHECK_EQ(lp_relay_link_count(sim_world_relay(world)), 0);
    sim_world_free(world);
}
