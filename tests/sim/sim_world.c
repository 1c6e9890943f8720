#include "sim/sim_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "core/close.h"
#include "wire/frame.h"

#define MAX_CLOSE_CODE 8
#define MAX_EVENT_KIND (LP_RELAY_MESSAGE_UNKNOWN + 1)

struct sim_player {
    sim_world *world;
    size_t index;
    lp_member_config config;
    lp_fingerprint identity;
    sim_path path;
    size_t budget;
    bool is_unplugged, rests;
    void (*take)(void *state, lp_bytes datagram); /* NULL: the simnet has it */
    void *take_state;
    lp_member *member;
    sim_conn conn;
    size_t received[256];
    lp_member_event *events;
    size_t event_count;
};

/* A connection as the world knows it, by its number. */
typedef struct wire {
    sim_player *player;
    lp_link link; /* 0: the relay does not have it */
} wire;

struct sim_world {
    simnet *net;
    lp_relay_config config;
    lp_relay *relay;
    sim_conn *conn_of_slot;
    size_t events[MAX_EVENT_KIND], closes[MAX_CLOSE_CODE];
    sim_player **players;
    lp_time *deadlines; /* of the players */
    size_t player_count;
    wire *wires;
    size_t wire_count;
};

static void *must(void *at)
{
    if (!at) {
        fputs("sim_world: out of memory\n", stderr);
        abort();
    }
    return at;
}

static void fill(void *state, uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)simnet_random(state);
}

static void fill_with_nothing(void *state, uint8_t *at, size_t len)
{
    (void)state;
    memset(at, 0, len);
}

lp_relay_config sim_relay_config(void)
{
    lp_relay_config config = lp_relay_default_config();
    config.limits.bytes_rate = SIM_BYTES_RATE;
    config.random.fill = fill_with_nothing;
    return config;
}

/* --- the world -------------------------------------------------------------------- */

sim_world *sim_world_new(const lp_relay_config *config, uint32_t seed)
{
    sim_world *world = must(calloc(1, sizeof *world));
    world->net = simnet_new(seed);
    world->config = *config;
    world->config.random = (lp_random){fill, world->net};
    world->conn_of_slot = must(calloc(config->max_links, sizeof *world->conn_of_slot));
    sim_world_start_relay(world);
    return world;
}

void sim_world_free(sim_world *world)
{
    for (size_t i = 0; i < world->player_count; i++) {
        lp_member_free(world->players[i]->member);
        free(world->players[i]->events);
        free(world->players[i]);
    }
    free(world->players);
    free(world->deadlines);
    free(world->wires);
    free(world->conn_of_slot);
    lp_relay_free(world->relay);
    simnet_free(world->net);
    free(world);
}

lp_relay *sim_world_relay(sim_world *world)
{
    return world->relay;
}

simnet *sim_world_net(sim_world *world)
{
    return world->net;
}

lp_time sim_world_now(const sim_world *world)
{
    return simnet_now(world->net);
}

size_t sim_world_events(const sim_world *world, lp_relay_event_kind kind)
{
    return world->events[kind];
}

size_t sim_world_closes(const sim_world *world, uint64_t code)
{
    return world->closes[code];
}

void sim_world_start_relay(sim_world *world)
{
    memset(world->events, 0, sizeof world->events);
    memset(world->closes, 0, sizeof world->closes);
    world->relay = must(lp_relay_new(&world->config, simnet_now(world->net)));
}

void sim_world_kill_relay(sim_world *world)
{
    lp_relay_free(world->relay);
    world->relay = NULL;
    for (sim_conn conn = 1; conn < world->wire_count; conn++) {
        if (world->wires[conn].link)
            simnet_abandon(world->net, conn, SIM_ACCEPTOR);
        world->wires[conn].link = 0;
    }
}

/* --- players ---------------------------------------------------------------------- */

lp_mac sim_mac(uint32_t number)
{
    return (lp_mac){{2, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}};
}

static lp_fingerprint identity_of(uint32_t number)
{
    lp_fingerprint identity = {{0}};
    lp_set_u32(identity.octet, number);
    return identity;
}

sim_player *sim_world_add(sim_world *world, lp_role role, const char *room,
                          uint32_t number, const sim_path *path)
{
    sim_player *player = must(calloc(1, sizeof *player));
    size_t count = ++world->player_count;
    world->players = must(realloc(world->players, count * sizeof(sim_player *)));
    world->deadlines = must(realloc(world->deadlines, count * sizeof(lp_time)));
    world->players[count - 1] = player;
    player->world = world;
    player->index = count - 1;
    player->path = *path;
    player->budget = SIM_BUDGET;
    player->identity = identity_of(number);
    player->config.role = role;
    player->config.mac = sim_mac(number);
    player->config.random = world->config.random;
    snprintf(player->config.room, sizeof player->config.room, "%s", room);
    sim_player_start(player);
    return player;
}

void sim_player_set_budget(sim_player *player, size_t budget)
{
    player->budget = budget;
}

void sim_player_set_identity(sim_player *player, uint32_t number)
{
    player->identity = identity_of(number);
}

const lp_member *sim_player_member(const sim_player *player)
{
    return player->member;
}

lp_mac sim_player_mac(const sim_player *player)
{
    return player->config.mac;
}

sim_conn sim_player_conn(const sim_player *player)
{
    return player->conn;
}

size_t sim_player_received(const sim_player *player, uint8_t tag)
{
    return player->received[tag];
}

bool sim_player_next_event(const sim_player *player, size_t *cursor,
                           lp_member_event *out_event)
{
    if (*cursor >= player->event_count)
        return false;
    *out_event = player->events[(*cursor)++];
    return true;
}

static void keep_event(sim_player *player, const lp_member_event *event)
{
    size_t count = player->event_count++;
    if ((count & (count - 1)) == 0) /* full at every power of two */
        player->events = must(realloc(player->events, (count > 0 ? 2 * count : 1) *
                                                          sizeof *player->events));
    player->events[count] = *event;
}

static sim_conn open_wire(sim_world *world, sim_player *player, const sim_path *path)
{
    sim_conn conn = simnet_connect(world->net, path);
    world->wires = must(realloc(world->wires, (conn + 1) * sizeof *world->wires));
    memset(world->wires + world->wire_count, 0,
           (conn + 1 - world->wire_count) * sizeof *world->wires);
    world->wire_count = conn + 1;
    world->wires[conn].player = player;
    return conn;
}

void sim_world_add_mute(sim_world *world, const sim_path *path)
{
    open_wire(world, NULL, path);
}

static void open_connection(sim_player *player)
{
    sim_world *world = player->world;
    player->conn = open_wire(world, player, &player->path);
    if (player->is_unplugged)
        simnet_cut(world->net, player->conn);
}

/* Takes from the member's engine all that it wants done. */
static void settle_player(sim_player *player)
{
    simnet *net = player->world->net;
    lp_member *member = player->member;
    lp_bytes octets;
    lp_member_event event;
    if (!member)
        return;
    while (player->rests && lp_member_next_send(member, &octets))
        simnet_send_control(net, player->conn, SIM_OPENER, octets); /* goodbye */
    if (lp_member_state_of(member) == LP_MEMBER_OFFLINE && player->conn) {
        simnet_close(net, player->conn, SIM_OPENER,
                     LP_CLOSE_TIMEOUT); /* no welcome came */
        player->conn = 0;
    }
    if (!player->rests && lp_member_wants_connect(member, simnet_now(net)))
        open_connection(player);
    while (lp_member_next_send(member, &octets))
        simnet_send_control(net, player->conn, SIM_OPENER, octets);
    while (lp_member_next_event(member, &event))
        keep_event(player, &event);
    player->world->deadlines[player->index] =
        player->rests ? LP_NEVER : lp_member_deadline(member);
}

void sim_player_start(sim_player *player)
{
    player->member = must(lp_member_new(&player->config, sim_world_now(player->world)));
    settle_player(player);
}

void sim_player_kill(sim_player *player)
{
    lp_member_free(player->member);
    player->member = NULL;
    player->world->deadlines[player->index] = LP_NEVER;
    if (player->conn)
        simnet_abandon(player->world->net, player->conn, SIM_OPENER);
    player->conn = 0;
}

void sim_player_leave(sim_player *player, const char *reason)
{
    lp_member_leave(player->member, reason, sim_world_now(player->world));
    settle_player(player);
    simnet_close(player->world->net, player->conn, SIM_OPENER, LP_CLOSE_NORMAL);
    player->conn = 0;
}

void sim_player_unplug(sim_player *player)
{
    player->is_unplugged = true;
    if (player->conn)
        simnet_cut(player->world->net, player->conn);
}

void sim_player_plug(sim_player *player)
{
    player->is_unplugged = false;
}

void sim_player_wake(sim_player *player)
{
    simnet *net = player->world->net;
    lp_time now = simnet_now(net);
    bool dials = lp_member_state_of(player->member) == LP_MEMBER_CONNECTING;
    sim_player_plug(player);
    player->rests = false;
    if (player->conn)
        simnet_abandon(net, player->conn, SIM_OPENER);
    player->conn = 0;
    if (dials)
        open_connection(player);
    else
        lp_member_on_lost(player->member, now);
    lp_member_hurry(player->member, now);
    settle_player(player);
}

void sim_player_rest(sim_player *player, const char *reason)
{
    lp_member_rest(player->member, reason, sim_world_now(player->world));
    player->rests = true;
    settle_player(player);
}

void sim_player_send_raw(sim_player *player, lp_bytes datagram)
{
    simnet_send_datagram(player->world->net, player->conn, SIM_OPENER, datagram);
}

void sim_player_divert(sim_player *player, void (*take)(void *state, lp_bytes datagram),
                       void *state)
{
    player->take = take;
    player->take_state = state;
}

void sim_player_send_control(sim_player *player, lp_bytes octets)
{
    simnet_send_control(player->world->net, player->conn, SIM_OPENER, octets);
}

void sim_player_send(sim_player *player, lp_mac source, lp_mac destination, size_t len,
                     uint8_t tag)
{
    uint8_t frame[SIM_FRAME_MAX], space[LP_DATAGRAM_HEADER_LEN + SIM_FRAME_MAX];
    const lp_welcome *welcome =
        player->member ? lp_member_welcome(player->member) : NULL;
    if (!welcome)
        return;
    memset(frame, tag, sizeof frame);
    memcpy(frame, destination.octet, 6);
    memcpy(frame + 6, source.octet, 6);
    lp_set_u16(frame + 12, LP_ETHERTYPE_ARP); /* which nobody looks into */
    lp_datagram datagram = {
        .room = welcome->room_id,
        .source = welcome->peer_id,
        .payload = lp_bytes_of(frame, len),
    };
    size_t written = lp_datagram_write(&datagram, lp_space_of(space, sizeof space));
    sim_player_send_raw(player, lp_bytes_of(space, written));
}

/* --- the relay's side ------------------------------------------------------------- */

static void settle_relay(sim_world *world)
{
    lp_relay *relay = world->relay;
    lp_relay_send send;
    lp_relay_close end;
    lp_relay_event event;
    if (!relay)
        return;
    while (lp_relay_next_send(relay, &send)) {
        sim_conn conn = world->conn_of_slot[lp_relay_slot_of(relay, send.link)];
        simnet_send_control(world->net, conn, SIM_ACCEPTOR, send.octets);
    }
    while (lp_relay_next_close(relay, &end)) {
        sim_conn conn = world->conn_of_slot[lp_relay_slot_of(relay, end.link)];
        simnet_close(world->net, conn, SIM_ACCEPTOR, end.code);
        world->closes[end.code]++;
        world->wires[conn].link = 0;
        lp_relay_on_close(relay, end.link, end.reason, simnet_now(world->net));
    }
    while (lp_relay_next_event(relay, &event))
        world->events[event.kind]++;
}

static void relay_accepts(sim_world *world, sim_conn conn)
{
    wire *on = &world->wires[conn];
    lp_fingerprint identity = on->player ? on->player->identity : identity_of(0);
    lp_addr from = {.family = 4, .ip = {192, 0, 2, 1}, .port = (uint16_t)conn};
    lp_time now = simnet_now(world->net);
    if (!world->relay ||
        lp_relay_on_connect(world->relay, &identity, &from, now, &on->link) != LP_OK) {
        simnet_close(world->net, conn, SIM_ACCEPTOR, LP_CLOSE_OVERLOADED);
        return;
    }
    simnet_accept(world->net, conn);
    world->conn_of_slot[lp_relay_slot_of(world->relay, on->link)] = conn;
    lp_relay_on_rtt(world->relay, on->link, 2 * simnet_path(world->net, conn)->delay);
    lp_relay_on_budget(world->relay, on->link,
                       on->player ? on->player->budget : SIM_BUDGET, true, now);
}

static void relay_forwards(sim_world *world, lp_link from, lp_bytes datagram)
{
    lp_relay *relay = world->relay;
    lp_verdict verdict =
        lp_relay_on_datagram(relay, from, datagram, simnet_now(world->net));
    for (size_t i = 0; i < verdict.target_count; i++) {
        lp_link to = verdict.targets[i];
        bool fits = datagram.len <= lp_relay_budget(relay, to);
        sim_conn conn = world->conn_of_slot[lp_relay_slot_of(relay, to)];
        sim_player *player = world->wires[conn].player;
        if (fits && player && player->take)
            player->take(player->take_state, datagram);
        else if (fits)
            simnet_send_datagram(world->net, conn, SIM_ACCEPTOR, datagram);
        lp_relay_on_egress(relay, to, datagram.len,
                           fits ? LP_REASON_NONE : LP_REASON_EGRESS_BUDGET);
    }
}

static void relay_hears(sim_world *world, const sim_event *event)
{
    wire *on = &world->wires[event->conn];
    lp_time now = simnet_now(world->net);
    if (event->kind == SIM_OPENED) {
        relay_accepts(world, event->conn);
    } else if (world->relay && event->kind == SIM_CONTROL) {
        lp_relay_on_control(world->relay, on->link, event->octets, now);
    } else if (world->relay && event->kind == SIM_DATAGRAM) {
        relay_forwards(world, on->link, event->octets);
    } else if (world->relay) {
        lp_relay_on_close(world->relay, on->link,
                          event->kind == SIM_LOST ? "idle timeout" : "closed", now);
        on->link = 0;
    }
}

/* --- the player's side ------------------------------------------------------------ */

static void take_datagram(sim_player *player, lp_bytes octets)
{
    lp_datagram datagram;
    if (lp_datagram_read(octets, &datagram) == LP_OK &&
        datagram.payload.len > LP_FRAME_HEADER_LEN)
        player->received[datagram.payload.at[LP_FRAME_HEADER_LEN]]++;
}

static void end_connection(sim_player *player, lp_time now)
{
    player->conn = 0;
    lp_member_on_lost(player->member, now);
}

static void player_hears(sim_player *player, const sim_event *event)
{
    simnet *net = player->world->net;
    lp_time now = simnet_now(net);
    lp_why why;
    if (player->conn != event->conn)
        return;
    if (event->kind == SIM_OPENED) {
        lp_member_on_connected(player->member, now);
        lp_member_on_budget(player->member, player->budget, true,
                            2 * player->path.delay, now);
    } else if (event->kind == SIM_DATAGRAM) {
        take_datagram(player, event->octets);
    } else if (event->kind != SIM_CONTROL) {
        end_connection(player, now);
    } else if (lp_member_on_control(player->member, event->octets, now, &why) !=
               LP_OK) {
        simnet_close(net, event->conn, SIM_OPENER, LP_CLOSE_PROTOCOL);
        end_connection(player, now);
    }
}

/* --- time ------------------------------------------------------------------------- */

static lp_time next_moment(const sim_world *world)
{
    lp_time next = simnet_deadline(world->net);
    if (world->relay)
        next = lp_time_min(next, lp_relay_deadline(world->relay));
    for (size_t i = 0; i < world->player_count; i++)
        next = lp_time_min(next, world->deadlines[i]);
    return next;
}

static void keep_deadlines(sim_world *world)
{
    lp_time now = simnet_now(world->net);
    if (world->relay && lp_relay_deadline(world->relay) <= now)
        lp_relay_on_deadline(world->relay, now);
    settle_relay(world);
    for (size_t i = 0; i < world->player_count; i++) {
        if (world->deadlines[i] > now)
            continue;
        lp_member_on_deadline(world->players[i]->member, now);
        settle_player(world->players[i]);
    }
}

void sim_world_run(sim_world *world, lp_duration how_long)
{
    lp_time end = simnet_now(world->net) + how_long;
    settle_relay(world);
    for (lp_time next; (next = next_moment(world)) <= end;) {
        sim_event event;
        if (!simnet_next(world->net, next, &event)) {
            keep_deadlines(world);
        } else if (event.side == SIM_ACCEPTOR) {
            relay_hears(world, &event);
            settle_relay(world);
        } else {
            sim_player *player = world->wires[event.conn].player;
            if (!player)
                continue;
            player_hears(player, &event);
            settle_player(player);
        }
    }
    sim_event none;
    simnet_next(world->net, end, &none);
}
