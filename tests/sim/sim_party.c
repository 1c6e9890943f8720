#include "sim/sim_world.h"
#include "test.h"
TEST(smoke)
{
    lp_relay_config config = sim_relay_config();
    sim_world *world = sim_world_new(&config, 1);
    sim_player *gateway = sim_world_add(world, LP_ROLE_GATEWAY, "QUAKE", 1, SIM_PATH_LAN);
    sim_player *alice = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 2, SIM_PATH_GOOD);
    sim_player *bob = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 3, SIM_PATH_BAD);
    sim_world_run(world, LP_SECONDS(20));
    CHECK(lp_member_welcome(sim_player_member(alice)) != NULL);
    CHECK(lp_member_welcome(sim_player_member(gateway)) != NULL);
    CHECK(lp_member_welcome(sim_player_member(bob)) != NULL);
    sim_player_send(alice, sim_mac(2), LP_MAC_BROADCAST, 60, 7);
    sim_world_run(world, LP_SECONDS(1));
    CHECK_EQ(sim_player_received(gateway, 7), 1);
    CHECK_EQ(sim_player_received(alice, 7), 0);
    sim_world_free(world);
}
