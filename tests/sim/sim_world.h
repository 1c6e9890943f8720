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

#define SIM_PATH_LAN   (&(sim_path){.delay = LP_US(200)})
#define SIM_PATH_GOOD  (&(sim_path){.delay = LP_MS(15), .jitter = LP_MS(2)})
#define SIM_PATH_BAD   (&(sim_path){LP_MS(60), LP_MS(40), 50, 10})
#define SIM_BUDGET     1400
#define SIM_FRAME_MAX  1600
#define SIM_BYTES_RATE 12500000u /* a player: less than the default, to meet it soon */

/* The defaults, with the world's random numbers in place of any others. */
lp_relay_config sim_relay_config(void);

sim_world *sim_world_new(const lp_relay_config *config, uint32_t seed);
void sim_world_free(sim_world *world);

lp_relay *sim_world_relay(sim_world *world); /* NULL while it is down */
simnet *sim_world_net(sim_world *world);
lp_time sim_world_now(const sim_world *world);

/* How many events of this kind the relay told, since it last started. */
size_t sim_world_events(const sim_world *world, lp_relay_event_kind kind);
/* How often the relay closed a link with this code, since it last started. */
size_t sim_world_closes(const sim_world *world, uint64_t code);

/* The relay dies without a word (kill -9), and comes back empty. */
void sim_world_kill_relay(sim_world *world);
void sim_world_start_relay(sim_world *world);

/*
 * A host that joins by itself, and again whenever it was lost. `number` (up to 65535)
 * is who it is: its identity key, and for clients the MAC 02:00:00:00:<number>.
 */
sim_player *sim_world_add(sim_world *world, lp_role role, const char *room,
                          uint32_t number, const sim_path *path);
void sim_player_set_budget(sim_player *player,
                           size_t budget); /* of its next connection */
void sim_player_set_identity(sim_player *player, uint32_t number); /* the MAC stays */

/* A connection of nobody: it opens, and says nothing. */
void sim_world_add_mute(sim_world *world, const sim_path *path);

lp_mac sim_mac(uint32_t number);
const lp_member *
sim_player_member(const sim_player *player); /* NULL while it is dead */
lp_mac sim_player_mac(const sim_player *player);
sim_conn sim_player_conn(const sim_player *player); /* 0: none is open or opening */

/* Its network goes away: what it sends is lost, calls fail, nobody is told. */
void sim_player_unplug(sim_player *player);
void sim_player_plug(sim_player *player);
/*
 * It is there again, and the system says so: as lp_uplink does then, a dial begins anew,
 * what had a connection finds it dead, and nobody waits for the next try. The system itself
 * is at rest meanwhile where sim_player_rest said so.
 */
void sim_player_wake(sim_player *player);
void sim_player_rest(sim_player *player, const char *reason);
/* kill -9: the engine is gone; start makes a new one with the same identity. */
void sim_player_kill(sim_player *player);
void sim_player_start(sim_player *player);
void sim_player_leave(sim_player *player, const char *reason);

/*
 * Sends a frame of `len` octets whose payload is `tag`s, as one datagram. Does nothing
 * unless it has joined. `sim_player_send_raw` sends any octets.
 */
void sim_player_send(sim_player *player, lp_mac source, lp_mac destination, size_t len,
                     uint8_t tag);
void sim_player_send_raw(sim_player *player, lp_bytes datagram);
void sim_player_send_control(sim_player *player, lp_bytes octets);

/* What the relay sends to this player's line goes there instead of onto the simnet. */
void sim_player_divert(sim_player *player, void (*take)(void *state, lp_bytes datagram),
                       void *state);

/* How many frames with this tag it received. */
size_t sim_player_received(const sim_player *player, uint8_t tag);

/* The member's events so far, oldest first; `*cursor` starts at 0. */
bool sim_player_next_event(const sim_player *player, size_t *cursor,
                           lp_member_event *out_event);

/* Lets time pass. */
void sim_world_run(sim_world *world, lp_duration how_long);
