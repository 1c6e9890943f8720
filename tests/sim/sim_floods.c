/* Storms, liars and chatterers: who suffers is who sends. */
#include "core/close.h"
#include "core/guard.h"
#include "sim/sim_world.h"
#include "test.h"

/* Two rooms of a gateway and two players each. */
typedef struct stage {
    sim_world *world;
    sim_player *gateway, *villain, *alice;
    sim_player *other_gateway, *other_alice;
} stage;

static stage stage_new(uint32_t seed)
{
    lp_relay_config config = sim_relay_config();
    sim_world *world = sim_world_new(&config, seed);
    stage on = {
        .world = world,
        .gateway = sim_world_add(world, LP_ROLE_GATEWAY, "QUAKE", 1, SIM_PATH_LAN),
        .villain = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 2, SIM_PATH_GOOD),
        .alice = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 3, SIM_PATH_GOOD),
        .other_gateway = sim_world_add(world, LP_ROLE_GATEWAY, "DOOM", 4, SIM_PATH_LAN),
        .other_alice = sim_world_add(world, LP_ROLE_CLIENT, "DOOM", 5, SIM_PATH_GOOD),
    };
    sim_world_run(world, LP_SECONDS(3));
    return on;
}

static bool is_joined(const sim_player *player)
{
    return lp_member_state_of(sim_player_member(player)) == LP_MEMBER_JOINED;
}

static uint64_t refused(const stage *on, lp_reason reason)
{
    return lp_relay_stats(sim_world_relay(on->world))->reason[reason];
}

/* A game of sixty frames a second in both rooms; each end hears all that was sent. */
static void check_others_play(stage *on)
{
    enum { FRAMES = 120 };
    size_t before[] = {
        sim_player_received(on->gateway, 'p'),
        sim_player_received(on->other_gateway, 'p'),
        sim_player_received(on->other_alice, 'g'),
    };
    for (unsigned i = 0; i < FRAMES; i++) {
        sim_player_send(on->alice, sim_player_mac(on->alice), LP_MAC_BROADCAST, 80,
                        'p');
        sim_player_send(on->other_alice, sim_player_mac(on->other_alice),
                        LP_MAC_BROADCAST, 80, 'p');
        sim_player_send(on->other_gateway, sim_mac(999),
                        sim_player_mac(on->other_alice), 80, 'g');
        sim_world_run(on->world, LP_MS(16));
    }
    sim_world_run(on->world, LP_SECONDS(1));
    CHECK_EQ(sim_player_received(on->gateway, 'p') - before[0], FRAMES);
    CHECK_EQ(sim_player_received(on->other_gateway, 'p') - before[1], FRAMES);
    CHECK_EQ(sim_player_received(on->other_alice, 'g') - before[2], FRAMES);
}

/* L-026 */
TEST(a_storm_of_one_player_is_cut_down_to_its_rate)
{
    static const struct {
        const char *name;
        lp_mac destination;
        unsigned burst, rate;
        lp_reason reason;
    } rows[] = {
        {"broadcast",
         {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
         1024,
         256,
         LP_REASON_BROADCAST_RATE},
        {"unknown unicast",
         {{2, 9, 9, 9, 9, 9}},
         256,
         64,
         LP_REASON_UNKNOWN_UNICAST_RATE},
    };
    EACH_ROW (row, rows) {
        stage on = stage_new(1);
        for (unsigned ms = 0; ms < 4000; ms++) { /* 5000 a second for four seconds */
            for (unsigned i = 0; i < 5; i++)
                sim_player_send(on.villain, sim_player_mac(on.villain),
                                row->destination, 80, 's');
            sim_world_run(on.world, LP_MS(1));
        }
        sim_world_run(on.world, LP_SECONDS(1));
        size_t passed = sim_player_received(on.gateway, 's');
        CHECK(passed >= row->burst + 3 * row->rate);
        CHECK(passed <= row->burst + 5 * row->rate);
        CHECK_EQ(refused(&on, row->reason), 20000 - passed);
        CHECK(is_joined(on.villain)); /* a storm is no crime: its host may not know */
        CHECK_EQ(sim_player_received(on.other_gateway, 's'), 0);
        check_others_play(&on);
        sim_world_free(on.world);
    }
}

/* L-026: SIM_BYTES_RATE after 16 MiB at once */
TEST(one_player_cannot_take_all_the_bandwidth)
{
    enum { LEN = 1280 };
    stage on = stage_new(2);
    for (unsigned ms = 0; ms < 1500; ms++) { /* 40 MB/s */
        for (unsigned i = 0; i < 31; i++)
            sim_player_send(on.villain, sim_player_mac(on.villain),
                            sim_player_mac(on.alice), LEN, 'd');
        sim_world_run(on.world, LP_MS(1));
    }
    sim_world_run(on.world, LP_SECONDS(1));
    uint64_t octets = (uint64_t)sim_player_received(on.alice, 'd') * LEN;
    CHECK(octets > (16u << 20) + SIM_BYTES_RATE);
    CHECK(octets < (16u << 20) + 2u * SIM_BYTES_RATE);
    CHECK(refused(&on, LP_REASON_TOTAL_RATE) > 0);
    check_others_play(&on);
    sim_world_free(on.world);
}

/* L-027 */
TEST(who_sends_garbage_is_shown_the_door)
{
    static const struct {
        const char *name;
        uint8_t octets[20];
        size_t len;
    } rows[] = {
        {"noise", {0xde, 0xad, 0xbe, 0xef}, 4},
        {"nothing", {0}, 0},
        {"another version", {0x20}, 16},
        {"a reserved type", {0x11}, 16},
        {"a flag", {0x10, 0x02}, 16},
        {"a wrong length", {0x10, 0, 0, 99}, 20},
    };
    EACH_ROW (row, rows) {
        stage on = stage_new(3);
        for (unsigned i = 0; i < LP_GUARD_MALFORMED_LIMIT; i++)
            sim_player_send_raw(on.villain, lp_bytes_of(row->octets, row->len));
        sim_world_run(on.world, LP_MS(100));
        CHECK_EQ(sim_world_closes(on.world, LP_CLOSE_MALFORMED), 1);
        CHECK(!is_joined(on.villain));
        CHECK_EQ(lp_relay_link_count(sim_world_relay(on.world)), 4);
        check_others_play(&on);
        sim_world_free(on.world);
    }
}

/* L-017: its own traffic goes on, the forged frames go nowhere */
TEST(who_forges_addresses_reaches_nobody_with_them)
{
    stage on = stage_new(4);
    for (unsigned i = 0; i < 1000; i++) {
        sim_player_send(on.villain, sim_mac(1000 + i), LP_MAC_BROADCAST, 80, 'f');
        sim_player_send(on.villain, sim_player_mac(on.alice), LP_MAC_BROADCAST, 80,
                        'f');
    }
    sim_player_send(on.villain, sim_player_mac(on.villain), LP_MAC_BROADCAST, 80, 'v');
    sim_world_run(on.world, LP_SECONDS(1));
    CHECK_EQ(refused(&on, LP_REASON_UNAUTHORIZED_SOURCE), 2000);
    CHECK_EQ(sim_player_received(on.gateway, 'f'), 0);
    CHECK_EQ(sim_player_received(on.alice, 'f'), 0);
    CHECK_EQ(sim_player_received(on.gateway, 'v'), 1);
    check_others_play(&on);
    sim_world_free(on.world);
}

TEST(who_floods_with_control_messages_is_shown_the_door)
{
    static const char ping[] = "\0\0\0\x0f{\"type\":\"ping\"}";
    stage on = stage_new(5);
    for (unsigned i = 0; i < 200; i++)
        sim_player_send_control(on.villain, lp_bytes_of(ping, sizeof ping - 1));
    sim_world_run(on.world, LP_MS(100));
    CHECK_EQ(sim_world_closes(on.world, LP_CLOSE_PROTOCOL), 1);
    CHECK(sim_world_events(on.world, LP_RELAY_MESSAGE_UNKNOWN) < 100);
    check_others_play(&on);
    sim_world_free(on.world);
}

/* The LAN is loud, and a game's probes come in bursts of 32 to 15 ports (L-038). */
TEST(what_games_do_is_no_storm)
{
    stage on = stage_new(6);
    for (unsigned second = 0; second < 10; second++) {
        for (unsigned i = 0; i < 15 * 32; i++) {
            if (second % 5 == 0)
                sim_player_send(on.villain, sim_player_mac(on.villain),
                                LP_MAC_BROADCAST, 100, 'q');
            sim_player_send(on.gateway, sim_mac(999), LP_MAC_BROADCAST, 100, 'l');
        }
        sim_world_run(on.world, LP_SECONDS(1));
    }
    CHECK_EQ(sim_player_received(on.gateway, 'q'), 2 * 15 * 32);
    CHECK_EQ(sim_player_received(on.alice, 'q'), 2 * 15 * 32);
    CHECK_EQ(sim_player_received(on.alice, 'l'), 10 * 15 * 32);
    sim_world_free(on.world);
}

TEST(a_thousand_silent_connections_end_by_themselves)
{
    lp_relay_config config = sim_relay_config();
    config.max_links = 1200;
    sim_world *world = sim_world_new(&config, 8);
    lp_relay *relay = sim_world_relay(world);
    sim_player *alice = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 2, SIM_PATH_GOOD);
    sim_player *bob = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 3, SIM_PATH_GOOD);
    for (unsigned i = 0; i < 1000; i++)
        sim_world_add_mute(world, SIM_PATH_GOOD);
    sim_world_run(world, LP_SECONDS(5));
    CHECK_EQ(lp_relay_link_count(relay), 1002);
    sim_player_send(alice, sim_player_mac(alice), sim_player_mac(bob), 80, 'x');
    sim_world_run(world, LP_SECONDS(6));
    CHECK_EQ(sim_player_received(bob, 'x'), 1);
    CHECK_EQ(sim_world_closes(world, LP_CLOSE_TIMEOUT), 1000);
    CHECK_EQ(lp_relay_link_count(relay), 2);
    sim_world_free(world);
}
