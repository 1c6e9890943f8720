/*
 * Everything at once, and a game does not notice its neighbours: the LAN sends one
 * player more than her line takes, another player broadcasts as fast as he can, and the
 * gateway reminds the switch of everybody. Games and voices go to both players' lines
 * through gateway, relay, guard, queue and governor: none is lost, none is late.
 */
#include <stdlib.h>

#include "base/cursor.h"
#include "core/gateway.h"
#include "core/governor.h"
#include "core/queue.h"
#include "ip.h"
#include "sim/sim_world.h"
#include "test.h"

#define STEP    LP_US(50) /* the world's grain */
#define QUIET   LP_SECONDS(1)
#define LOADED  LP_SECONDS(8)
#define SETTLED LP_SECONDS(2) /* of load: the governor has found the window */
#define MAY_ADD LP_MS(5)
#define DELAY   LP_MS(10) /* of a line */
#define RATE    20e6      /* likewise, bit/s */
#define ON_WIRE 74        /* QUIC, UDP, IPv4 and Ethernet around a datagram */
#define MODEM   (256 * 1024)
#define RING    16384
#define INSIDE  42 /* Ethernet, IPv4 and UDP before what a frame says */

enum { GAME, VOICE, THIN_FLOWS, BULK = THIN_FLOWS, BULKS = 16, STORM = BULK + BULKS };

typedef struct flight {
    lp_time sent, arrives;
    uint16_t len;
    uint8_t flow;
    uint32_t number;
} flight;

/* From the relay to a player: the port of a connection, and a modem. */
typedef struct line {
    lp_queue *queue;
    lp_governor governor;
    lp_time now, wire_free;
    uint64_t in_flight, carried;
    flight way[RING];
    size_t sent, arrived, acked; /* indices into `way`, ever rising */
    lp_time said[THIN_FLOWS][RING];
    uint32_t told[THIN_FLOWS], heard[THIN_FLOWS];
    lp_duration quiet[THIN_FLOWS]; /* the longest that one took before the load */
    lp_duration took[THIN_FLOWS][RING];
    size_t loaded[THIN_FLOWS];
} line;

typedef struct stage {
    sim_world *world;
    sim_player *host, *alice, *bob, *carol;
    line *to_alice, *to_carol;
    lp_gateway *gateway;
    lp_time begin;
    unsigned refreshes;
    uint32_t bulk_number;
} stage;

static const lp_mac nic = {{0x00, 0x1b, 0x21, 9, 9, 9}};
static const lp_mac server = {{0x00, 0x1b, 0x21, 1, 2, 3}};

/* --- a line ----------------------------------------------------------------------- */

static void take(void *state, lp_bytes datagram)
{
    line *l = state;
    lp_queue_put(l->queue, datagram, l->now);
}

static line *line_new(void)
{
    lp_queue_limits limits = lp_queue_default_limits();
    line *l = calloc(1, sizeof *l);
    l->queue = lp_queue_new(&limits, 1);
    l->governor = lp_governor_start();
    return l;
}

static void line_free(line *l)
{
    lp_queue_free(l->queue);
    free(l);
}

static void transmit(line *l, lp_bytes datagram)
{
    lp_time start = l->wire_free > l->now ? l->wire_free : l->now;
    size_t len = datagram.len + ON_WIRE;
    const uint8_t *says = datagram.at + LP_DATAGRAM_HEADER_LEN + INSIDE;
    flight *f = &l->way[l->sent++ % RING];
    CHECK((double)(start - l->now) * RATE / 8e9 + (double)len <= MODEM);
    l->wire_free = start + (lp_time)((double)len * 8e9 / RATE);
    *f = (flight){l->now, l->wire_free + DELAY, (uint16_t)len, says[0], 0};
    memcpy(&f->number, says + 1, sizeof f->number);
    l->in_flight += len;
}

/* As the driver does it. */
static void send_all(line *l)
{
    size_t late = 0;
    lp_bytes datagram;
    lp_governor_look(&l->governor, (lp_governor_view){l->in_flight, UINT64_MAX});
    while ((datagram = lp_queue_peek(l->queue, l->now, &late)).len > 0 &&
           lp_governor_allows(&l->governor, lp_queue_is_thin(l->queue), l->now)) {
        transmit(l, datagram);
        lp_governor_on_sent(&l->governor, datagram.len, l->now);
        lp_queue_pop(l->queue);
    }
}

static void hear(line *l, const flight *f, lp_time loaded_from)
{
    l->carried += l->now >= loaded_from + SETTLED ? f->len : 0;
    if (f->flow >= THIN_FLOWS)
        return;
    lp_duration trip = l->now - l->said[f->flow][f->number % RING];
    l->heard[f->flow]++;
    if (l->now >= loaded_from + SETTLED)
        l->took[f->flow][l->loaded[f->flow]++ % RING] = trip;
    else if (l->now < loaded_from && trip > l->quiet[f->flow])
        l->quiet[f->flow] = trip;
}

static void line_step(line *l, lp_time now, lp_time loaded_from)
{
    l->now = now;
    for (; l->arrived < l->sent && l->way[l->arrived % RING].arrives <= now;
         l->arrived++)
        hear(l, &l->way[l->arrived % RING], loaded_from);
    for (; l->acked < l->arrived && l->way[l->acked % RING].arrives + DELAY <= now;
         l->acked++) {
        const flight *f = &l->way[l->acked % RING];
        l->in_flight -= f->len;
        lp_governor_look(&l->governor, (lp_governor_view){l->in_flight, UINT64_MAX});
        lp_governor_on_rtt(&l->governor, now - f->sent, now);
    }
    send_all(l);
}

/* --- who sends what --------------------------------------------------------------- */

static size_t frame_of(uint8_t *frame, lp_mac from, lp_mac to, uint8_t flow,
                       uint32_t number, size_t len)
{
    uint32_t random = 1;
    ip_spec spec = {.version = 4, .protocol = IP_UDP, .payload_len = len};
    size_t total = ip_build(&spec, &random, frame);
    memcpy(frame, to.octet, 6);
    memcpy(frame + 6, from.octet, 6);
    ip_set_u16(frame + 34, 2000u + flow);
    frame[INSIDE] = flow;
    memcpy(frame + INSIDE + 1, &number, sizeof number);
    return total;
}

/* A machine on the LAN, through the gateway's engine. */
static void lan_sends(stage *on, sim_player *to, uint8_t flow, uint32_t number,
                      size_t len)
{
    uint8_t octets[LP_DATAGRAM_HEADER_LEN + SIM_FRAME_MAX];
    lp_bytes datagram;
    size_t total = frame_of(octets + LP_DATAGRAM_HEADER_LEN, server, sim_player_mac(to),
                            flow, number, len);
    CHECK_EQ(lp_gateway_on_frame(on->gateway, lp_space_of(octets, sizeof octets), total,
                                 &datagram),
             LP_REASON_NONE);
    sim_player_send_raw(on->host, datagram);
}

static void player_sends(sim_player *from, lp_mac to, uint8_t flow, uint32_t number,
                         size_t len)
{
    uint8_t frame[SIM_FRAME_MAX], octets[LP_DATAGRAM_HEADER_LEN + SIM_FRAME_MAX];
    const lp_welcome *welcome = lp_member_welcome(sim_player_member(from));
    size_t total = frame_of(frame, sim_player_mac(from), to, flow, number, len);
    lp_datagram datagram = {.room = welcome->room_id,
                            .source = welcome->peer_id,
                            .payload = lp_bytes_of(frame, total)};
    size_t written = lp_datagram_write(&datagram, lp_space_of(octets, sizeof octets));
    sim_player_send_raw(from, lp_bytes_of(octets, written));
}

static uint32_t next_of(line *l, uint8_t flow, lp_time now)
{
    l->said[flow][l->told[flow] % RING] = now;
    return l->told[flow]++;
}

static bool is_time(lp_duration since, unsigned per_second)
{
    lp_duration tick = LP_SECONDS(1) / per_second;
    return since / tick != (since - STEP) / tick;
}

/* The game's server is on the LAN; the players talk to each other. */
static void play(stage *on, lp_time now)
{
    lp_duration since = now - on->begin;
    if (is_time(since, 60)) {
        lan_sends(on, on->alice, GAME, next_of(on->to_alice, GAME, now), 80);
        lan_sends(on, on->carol, GAME, next_of(on->to_carol, GAME, now), 80);
    }
    if (is_time(since, 50)) {
        player_sends(on->carol, sim_player_mac(on->alice), VOICE,
                     next_of(on->to_alice, VOICE, now), 160);
        player_sends(on->alice, sim_player_mac(on->carol), VOICE,
                     next_of(on->to_carol, VOICE, now), 160);
    }
}

/* Half as much again as her line takes, in flows that slow down for nobody. */
static void disturb(stage *on, lp_time now)
{
    lp_duration since = now - on->begin;
    if (is_time(since, 2900))
        lan_sends(on, on->alice, (uint8_t)(BULK + on->bulk_number++ % BULKS), 0, 1240);
    if (is_time(since, 5000))
        player_sends(on->bob, LP_MAC_BROADCAST, STORM, 0, 400);
}

static void remind_the_switch(stage *on, lp_time now)
{
    lp_cam_frame cam;
    while (lp_gateway_next_cam(on->gateway, now, &cam))
        on->refreshes += !cam.on_join;
}

/* --- the run ---------------------------------------------------------------------- */

static stage stage_new(void)
{
    lp_relay_config config = sim_relay_config();
    sim_world *world = sim_world_new(&config, 1);
    stage on = {
        .world = world,
        .host = sim_world_add(world, LP_ROLE_GATEWAY, "QUAKE", 1, SIM_PATH_LAN),
        .alice = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 2, SIM_PATH_LAN),
        .bob = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 3, SIM_PATH_LAN),
        .carol = sim_world_add(world, LP_ROLE_CLIENT, "QUAKE", 4, SIM_PATH_LAN),
        .to_alice = line_new(),
        .to_carol = line_new(),
    };
    sim_world_run(world, LP_SECONDS(3));
    sim_player_divert(on.alice, take, on.to_alice);
    sim_player_divert(on.carol, take, on.to_carol);
    on.gateway = lp_gateway_new(nic, sim_player_member(on.host), sim_world_now(world));
    remind_the_switch(&on, sim_world_now(world));
    /* So that the next reminder comes in the middle of the load. */
    sim_world_run(world, LP_CAM_REFRESH_EVERY - QUIET - LOADED / 2);
    on.begin = sim_world_now(world);
    return on;
}

static void stage_free(stage *on)
{
    lp_gateway_free(on->gateway);
    line_free(on->to_alice);
    line_free(on->to_carol);
    sim_world_free(on->world);
}

static void run(stage *on)
{
    lp_time loaded_from = on->begin + QUIET, end = loaded_from + LOADED;
    for (lp_time now; (now = sim_world_now(on->world)) < end + LP_SECONDS(1);) {
        line_step(on->to_alice, now, loaded_from);
        line_step(on->to_carol, now, loaded_from);
        if (now > on->begin && now < end)
            play(on, now);
        if (now >= loaded_from && now < end)
            disturb(on, now);
        remind_the_switch(on, now);
        sim_world_run(on->world, STEP);
    }
}

static int in_order(const void *a, const void *b)
{
    lp_duration left = *(const lp_duration *)a, right = *(const lp_duration *)b;
    return left < right ? -1 : left > right;
}

static void check_thin(line *l, uint8_t flow)
{
    size_t count = l->loaded[flow];
    CHECK(count > 200);
    CHECK_EQ(l->heard[flow], l->told[flow]); /* none is lost */
    qsort(l->took[flow], count, sizeof *l->took[flow], in_order);
    if (getenv("CALM"))
        printf("flow %d: quiet %.2f, then %.2f %.2f %.2f ms of %zu\n", flow,
               (double)l->quiet[flow] / 1e6, (double)l->took[flow][count / 2] / 1e6,
               (double)l->took[flow][count * 99 / 100] / 1e6,
               (double)l->took[flow][count - 1] / 1e6, count);
    CHECK(l->took[flow][count * 99 / 100] <= l->quiet[flow] + MAY_ADD);
}

TEST(bulk_a_storm_and_refreshes_at_once_leave_games_and_voices_alone)
{
    stage on = stage_new();
    run(&on);
    for (uint8_t flow = 0; flow < THIN_FLOWS; flow++) {
        check_thin(on.to_alice, flow);
        check_thin(on.to_carol, flow);
    }
    /* The load was one. */
    const lp_stats *stats = lp_relay_stats(sim_world_relay(on.world));
    CHECK(stats->reason[LP_REASON_BROADCAST_RATE] > 10000);
    CHECK(on.to_alice->carried * 8 > (uint64_t)(RATE * 0.85 * 6));
    CHECK_EQ(on.refreshes, 3);
    stage_free(&on);
}
