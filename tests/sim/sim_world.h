/*
 * A relay and its members on a simnet: the engines as the runtime drives them, with
 * nothing in between but delay, loss and time.
 */
#pragma once

#include "core/member.h"
#include "core/relay.h"
#include "sim/simnet.h"

typedef struct sim_world sim_world;
typedef struct sim_player sim_player; /* a host with an lp_member: client or gateway */

#define SIM_PATH_LAN     (&(sim_path){.delay = LP_US(200)})
#define SIM_PATH_GOOD    (&(sim_path){.delay = LP_MS(15), .jitter = LP_MS(2)})
#define SIM_PATH_BAD     (&(sim_path){LP_MS(60), LP_MS(40), 50, 10})
#define SIM_BUDGET       1400
#define SIM_FRAME_MAX    1600

/* NULL config: the defaults. config->random is replaced by the world's own. */
sim_world *sim_world_new(const lp_relay_config *config, uint32_t seed);
void sim_world_free(sim_world *world);

lp_relay *sim_world_relay(sim_world *world); /* NULL while it is down */
simnet *sim_world_net(sim_world *world);
lp_time sim_world_now(const sim_world *world);

/* The relay dies without a word (kill -9), and comes back empty. */
void sim_world_kill_relay(sim_world *world);
void sim_world_start_relay(sim_world *world);

/*
 * A host that joins by itself, and again whenever it was lost. `number` is who it is:
 * its identity key, and for clients the MAC 02:00:<number>. Two may share a number.
 */
sim_player *sim_world_add(sim_world *world, lp_role role, const char *room,
                          uint32_t number, const sim_path *path);
void sim_player_set_budget(sim_player *player, size_t budget); /* before it connects */
void sim_player_set_mac(sim_player *player, lp_mac mac);       /* before it connects */

lp_member *sim_player_member(sim_player *player);
lp_mac sim_player_mac(const sim_player *player);
sim_conn sim_player_conn(const sim_player *player); /* 0: none open or opening */

/* Its network goes away and comes back: connections die, new ones fail meanwhile. */
void sim_player_unplug(sim_player *player);
void sim_player_plug(sim_player *player, const sim_path *path);
/* kill -9: the member engine is gone; start makes a new one, same identity. */
void sim_player_kill(sim_player *player);
void sim_player_start(sim_player *player);

/* Sends `len` octets of frame from `source` to `destination` (an EtherType of 0x0800 and
 * a payload of `tag`s) as one datagram. */
void sim_player_send(sim_player *player, lp_mac source, lp_mac destination, size_t len,
                     uint8_t tag);

/* What it received since the last sim_player_forget: frames, and those tagged `tag`. */
size_t sim_player_received(const sim_player *player);
size_t sim_player_received_tag(const sim_player *player, uint8_t tag);
void sim_player_forget(sim_player *player);

/* The member's events so far, oldest first; `*cursor` starts at 0. */
bool sim_player_next_event(const sim_player *player, size_t *cursor,
                           lp_member_event *out_event);

/* Lets time pass. */
void sim_world_run(sim_world *world, lp_duration how_long);
