/* What falls comes back by itself: relays, networks, crashed members, spare gateways.
 */
#include "sim/sim_world.h"
#include "test.h"

enum { GATEWAY = 1, ALICE = 2, BOB = 3, TAG = 0x5a };

static bool is_joined(const sim_player *player)
{
    const lp_member *member = sim_player_member(player);
    return member && lp_member_state_of(member) == LP_MEMBER_JOINED;
}

static size_t joined(sim_player *const *players, size_t count)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += is_joined(players[i]);
    return sum;
}

static void broadcast(sim_player *player, uint8_t tag)
{
    sim_player_send(player, sim_player_mac(player), LP_MAC_BROADCAST, 60, tag);
}

/* The number of events of this kind that a member told. */
static size_t told(const sim_player *player, lp_member_event_kind kind)
{
    size_t cursor = 0, count = 0;
    lp_member_event event;
    while (sim_player_next_event(player, &cursor, &event))
        count += event.kind == kind;
    return count;
}

static sim_world *world_of(uint32_t seed)
{
    lp_relay_config config = sim_relay_config();
    config.max_clients = 200;
    return sim_world_new(&config, seed);
}

/* --- the relay goes --------------------------------------------------------------- */

TEST(a_party_goes_on_after_the_relay_was_restarted)
{
    enum { PLAYERS = 20 };
    sim_world *world = world_of(1);
    sim_player *players[PLAYERS];
    sim_player *gateway =
        sim_world_add(world, LP_ROLE_GATEWAY, "QUAKE", GATEWAY, SIM_PATH_LAN);
    for (uint32_t i = 0; i < PLAYERS; i++)
        players[i] =
            sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE + i, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(40));
    CHECK_EQ(joined(players, PLAYERS), PLAYERS);

    sim_world_kill_relay(world);
    sim_world_run(world, LP_SECONDS(1));
    sim_world_start_relay(world);
    sim_world_run(world, SIM_IDLE_TIMEOUT + LP_SECONDS(2));
    CHECK_EQ(joined(players, PLAYERS), PLAYERS);
    CHECK(is_joined(gateway));
    for (size_t i = 0; i < PLAYERS; i++)
        CHECK(lp_member_gateway_present(sim_player_member(players[i])));

    broadcast(gateway, TAG);
    broadcast(players[0], TAG + 1);
    sim_world_run(world, LP_SECONDS(1));
    for (size_t i = 0; i < PLAYERS; i++)
        CHECK_EQ(sim_player_received(players[i], TAG), 1);
    CHECK_EQ(sim_player_received(gateway, TAG + 1), 1);
    sim_world_free(world);
}

TEST(a_relay_that_is_down_is_asked_ever_more_rarely)
{
    sim_world *world = world_of(2);
    sim_world_kill_relay(world);
    sim_player *alice =
        sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE, SIM_PATH_GOOD);
    sim_conn last = 0;
    for (int i = 0; i < 6000; i++) { /* ten minutes; connections count up */
        sim_world_run(world, LP_MS(100));
        if (sim_player_conn(alice))
            last = sim_player_conn(alice);
    }
    CHECK(!is_joined(alice));
    CHECK(last >= 40); /* a wait is 15 s at most, */
    CHECK(last <= 90); /* and 7.5 s at least but for the first few */

    sim_world_start_relay(world);
    sim_world_run(world, LP_MEMBER_BACKOFF_MAX + LP_SECONDS(1));
    CHECK(is_joined(alice));
    sim_world_free(world);
}

TEST(a_hundred_members_do_not_come_back_in_the_same_moment)
{
    enum { PLAYERS = 100 };
    sim_world *world = world_of(3);
    sim_player *players[PLAYERS];
    for (uint32_t i = 0; i < PLAYERS; i++)
        players[i] =
            sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE + i, SIM_PATH_LAN);
    sim_world_run(world, LP_SECONDS(40));
    CHECK_EQ(joined(players, PLAYERS), PLAYERS);
    sim_world_kill_relay(world);
    sim_world_start_relay(world);

    size_t before = 0, most = 0;
    for (int i = 0; i < 620; i++) {
        sim_world_run(world, LP_MS(50));
        size_t links = lp_relay_link_count(sim_world_relay(world));
        most = links - before > most ? links - before : most;
        before = links;
    }
    CHECK_EQ(joined(players, PLAYERS), PLAYERS);
    CHECK(most <= PLAYERS / 2);
    sim_world_free(world);
}

/* --- networks go ------------------------------------------------------------------ */

TEST(an_unplugged_player_is_missed_and_comes_back)
{
    sim_world *world = world_of(4);
    sim_player *gateway =
        sim_world_add(world, LP_ROLE_GATEWAY, "QUAKE", GATEWAY, SIM_PATH_LAN);
    sim_player *alice =
        sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(40));
    CHECK(is_joined(alice));
    lp_peer id = lp_member_welcome(sim_player_member(alice))->peer_id;
    sim_player_unplug(alice);
    sim_world_run(world, SIM_IDLE_TIMEOUT + LP_SECONDS(60));
    CHECK(!is_joined(alice));
    CHECK_EQ(told(gateway, LP_MEMBER_EVENT_PEER_LEFT), 1);
    CHECK(!lp_member_find_mac(sim_player_member(gateway), sim_mac(ALICE)));

    sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", BOB, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(2));
    sim_player_plug(alice);
    sim_world_run(world, SIM_IDLE_TIMEOUT + LP_MEMBER_BACKOFF_MAX + LP_SECONDS(1));
    CHECK(is_joined(alice));
    CHECK_EQ(lp_member_welcome(sim_player_member(alice))->peer_id, id);
    broadcast(gateway, TAG);
    sim_world_run(world, LP_SECONDS(1));
    CHECK_EQ(sim_player_received(alice, TAG), 1);
    sim_world_free(world);
}

/* How long it takes until `alice` is joined, and hears what the gateway says. */
static lp_duration comes_back(sim_world *world, sim_player *alice, sim_player *gateway)
{
    lp_time began = sim_world_now(world);
    size_t heard = sim_player_received(alice, TAG);
    sim_player_wake(alice);
    while (sim_player_received(alice, TAG) == heard &&
           sim_world_now(world) - began < LP_SECONDS(60)) {
        sim_world_run(world, LP_MS(10));
        if (is_joined(alice))
            broadcast(gateway, TAG);
    }
    return sim_world_now(world) - began;
}

/*
 * The two seconds, whatever the wait for the next try had grown to, and in whatever
 * state the network's return finds us: joined as we believe, dialling, or waiting. What QUIC
 * and DNS add to it, the lab measures (test_play.py, test_trouble.py).
 */
TEST(who_has_a_network_again_is_back_within_two_seconds)
{
    static const struct {
        const char *name;
        lp_duration gone;
        bool rests; /* the machine slept, and had said so */
    } rows[] = {
        {"a moment", LP_MS(700), false},
        {"half a minute", LP_SECONDS(29), false},
        {"just lost", LP_SECONDS(31), false},
        {"a minute", LP_SECONDS(60), false},
        {"ten minutes", LP_SECONDS(600), false},
        {"a nap", LP_SECONDS(2), true},
        {"a night", LP_SECONDS(8 * 3600), true},
    };
    lp_duration longest = 0;
    EACH_ROW (row, rows) {
        for (uint32_t seed = 20; seed < 60; seed++) {
            sim_world *world = world_of(seed);
            sim_player *gateway =
                sim_world_add(world, LP_ROLE_GATEWAY, "QUAKE", GATEWAY, SIM_PATH_LAN);
            sim_player *alice = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE,
                                              seed % 2 ? SIM_PATH_GOOD : SIM_PATH_BAD);
            sim_world_run(world, LP_SECONDS(20));
            CHECK(is_joined(alice));
            lp_peer id = lp_member_welcome(sim_player_member(alice))->peer_id;
            if (row->rests)
                sim_player_rest(alice, "this machine goes to sleep");
            sim_player_unplug(alice);
            sim_world_run(world, row->gone + LP_MS(37) * seed);
            CHECK(!row->rests || told(gateway, LP_MEMBER_EVENT_PEER_LEFT) == 1);
            lp_duration took = comes_back(world, alice, gateway);
            CHECK(took <= LP_SECONDS(2));
            CHECK(is_joined(alice));
            CHECK_EQ(lp_member_welcome(sim_player_member(alice))->peer_id, id);
            longest = took > longest ? took : longest;
            sim_world_free(world);
        }
    }
    printf("       at most %u ms, in virtual time\n", (unsigned)(longest / LP_MS(1)));
}

TEST(everyone_joins_on_a_bad_path_too)
{
    enum { PLAYERS = 30 };
    sim_world *world = world_of(5);
    sim_player *players[PLAYERS];
    for (uint32_t i = 0; i < PLAYERS; i++)
        players[i] =
            sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE + i, SIM_PATH_BAD);
    sim_world_run(world, LP_SECONDS(10));
    CHECK_EQ(joined(players, PLAYERS), PLAYERS);
    sim_world_free(world);
}

/* --- members go ------------------------------------------------------------------- */

/* The relay still believes in the old session: the same key takes it over at once. */
TEST(a_crashed_member_takes_over_its_own_stale_session)
{
    static const struct {
        const char *name;
        lp_role role;
        uint32_t number;
    } rows[] = {
        {"client", LP_ROLE_CLIENT, ALICE},
        {"gateway", LP_ROLE_GATEWAY, GATEWAY},
    };
    EACH_ROW (row, rows) {
        sim_world *world = world_of(6);
        sim_player *bob =
            sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", BOB, SIM_PATH_GOOD);
        sim_player *crashing =
            sim_world_add(world, row->role, "QUAKE", row->number, SIM_PATH_GOOD);
        sim_world_run(world, LP_SECONDS(5));
        CHECK(is_joined(crashing));

        sim_player_kill(crashing);
        sim_world_run(world, LP_MS(500));
        CHECK_EQ(told(bob, LP_MEMBER_EVENT_PEER_LEFT), 0);
        sim_player_start(crashing);
        sim_world_run(world, LP_SECONDS(2));
        CHECK(is_joined(crashing));
        CHECK_EQ(sim_world_events(world, LP_RELAY_TOOK_OVER), 1);
        CHECK_EQ(sim_world_events(world, LP_RELAY_REJECTED), 0);
        CHECK_EQ(told(bob, LP_MEMBER_EVENT_PEER_LEFT), 1);
        CHECK_EQ(told(bob, LP_MEMBER_EVENT_PEER_JOINED), 2);
        CHECK_EQ(lp_member_gateway_present(sim_player_member(bob)),
                 row->role == LP_ROLE_GATEWAY);

        broadcast(bob, TAG);
        sim_world_run(world, LP_SECONDS(1));
        CHECK_EQ(sim_player_received(crashing, TAG), 1);
        sim_world_free(world);
    }
}

/* An identity file that was copied to a second machine must not make a storm. */
TEST(two_machines_with_one_identity_disturb_each_other_ever_more_slowly)
{
    sim_world *world = world_of(7);
    sim_player *first =
        sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE, SIM_PATH_GOOD);
    sim_player *second =
        sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(600));
    size_t turns = sim_world_events(world, LP_RELAY_TOOK_OVER);
    CHECK(turns >= 40);
    CHECK(turns <= 90);
    CHECK(is_joined(first) != is_joined(second));
    CHECK(told(first, LP_MEMBER_EVENT_DISCONNECT) >= turns / 2);
    sim_world_free(world);
}

TEST(a_stranger_with_a_players_address_waits_until_it_is_free)
{
    sim_world *world = world_of(8);
    sim_player *alice =
        sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(1));
    sim_player *stranger =
        sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE, SIM_PATH_GOOD);
    sim_player_set_identity(stranger, BOB);
    sim_world_run(world, LP_SECONDS(60));
    CHECK(is_joined(alice));
    CHECK_EQ(lp_member_reject(sim_player_member(stranger))->code,
             LP_REJECT_DUPLICATE_MAC);

    sim_player_leave(alice, "good night");
    sim_world_run(world, LP_MEMBER_BACKOFF_MAX + LP_SECONDS(1));
    CHECK(is_joined(stranger));
    CHECK(!lp_member_reject(sim_player_member(stranger)));
    sim_world_free(world);
}

TEST(a_spare_gateway_steps_in_when_the_first_one_dies)
{
    sim_world *world = world_of(9);
    sim_player *first =
        sim_world_add(world, LP_ROLE_GATEWAY, "QUAKE", GATEWAY, SIM_PATH_LAN);
    sim_player *alice =
        sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(1));
    sim_player *spare =
        sim_world_add(world, LP_ROLE_GATEWAY, "QUAKE", BOB, SIM_PATH_LAN);
    sim_world_run(world, LP_SECONDS(60));
    CHECK(is_joined(first));
    CHECK_EQ(lp_member_reject(sim_player_member(spare))->code,
             LP_REJECT_SECOND_GATEWAY);

    sim_player_kill(first);
    sim_world_run(world, SIM_IDLE_TIMEOUT + LP_MEMBER_BACKOFF_MAX + LP_SECONDS(1));
    CHECK(is_joined(spare));
    CHECK(lp_member_gateway_present(sim_player_member(alice)));
    broadcast(alice, TAG);
    sim_world_run(world, LP_SECONDS(1));
    CHECK_EQ(sim_player_received(spare, TAG), 1);
    sim_world_free(world);
}

/* --- refused ---------------------------------------------------------------------- */

TEST(a_player_whose_path_is_too_narrow_gets_in_when_it_widens)
{
    sim_world *world = world_of(10);
    sim_player *alice =
        sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", ALICE, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(1));
    CHECK(is_joined(alice));
    sim_player *bob = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", BOB, SIM_PATH_GOOD);
    sim_player_set_budget(bob, 1200);
    sim_world_run(world, LP_SECONDS(10));
    const lp_reject *reject = lp_member_reject(sim_player_member(bob));
    CHECK_EQ(reject->code, LP_REJECT_BUDGET_TOO_SMALL);
    CHECK_EQ(reject->room_mtu, 1280);
    CHECK_EQ(reject->peer_mtu, 1166);

    sim_player_set_budget(bob, SIM_BUDGET);
    sim_world_run(world, LP_MEMBER_BACKOFF_MAX + LP_SECONDS(1));
    CHECK(is_joined(bob));
    sim_world_free(world);
}

TEST(a_mistake_is_refused_once_and_not_tried_again)
{
    sim_world *world = world_of(11);
    sim_player *alice =
        sim_world_add(world, LP_ROLE_CLIENT, "no such room", ALICE, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(120));
    CHECK_EQ(lp_member_state_of(sim_player_member(alice)), LP_MEMBER_REFUSED);
    CHECK_EQ(lp_member_reject(sim_player_member(alice))->code, LP_REJECT_BAD_ROOM);
    CHECK_EQ(sim_world_events(world, LP_RELAY_REJECTED), 1);
    sim_world_free(world);
}
