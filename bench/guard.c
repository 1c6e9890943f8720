/*
 * What one frame costs in instructions, on the whole way through a relay and through a
 * client but for the adapter: two clients with their uplinks and a relay's worker, each
 * with an event loop of its own over real loopback sockets, take turns of a millisecond
 * of virtual time. callgrind collects within one of the two counted_* functions.
 *
 *   bench_guard           prints how many frames each of the two handled meanwhile
 *
 * bench/guard calls it. What it costs in time is bench/relay.c's question.
 */
#include "need.h"
#include "virtual_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "core/client.h"
#include "os/random.h"
#include "runtime/relay_worker.h"
#include "runtime/uplink.h"
#include "wire/packet.h"

enum { FRAME_LEN = 100, TRAIN = 8, WARM_UP = 300, COUNTED = 300, GIVE_UP = 1000000 };

typedef struct relay {
    uv_loop_t loop;
    lp_credentials *keys;
    lp_tls *tls;
    lp_relay_worker *worker;
} relay;

typedef struct player {
    uv_loop_t loop;
    uint8_t number;
    lp_credentials *keys;
    lp_tls *tls;
    lp_net *net;
    lp_uplink *uplink;
    lp_client client;
    uint8_t space[LP_UDP_PAYLOAD_MAX]; /* a datagram's header, and the frame it sends */
    uint64_t sent, heard;
} player;

static lp_log_sink quiet = {.level = LP_ERROR};

static void ignore_line(void *state, lp_log_level level, const char *line)
{
}

static void on_failed(void *state, const char *why)
{
    need(false, why);
}

/* --- the relay -------------------------------------------------------------------- */

static void open_relay(relay *it)
{
    lp_why why;
    lp_relay_worker_config config = {
        .listen = {.family = 4, .ip = {127, 0, 0, 1}},
        .quic = lp_quic_default_config(),
        .relay = lp_relay_default_config(),
        .log = &quiet,
        .on_failed = on_failed,
    };
    need(uv_loop_init(&it->loop) == 0 &&
             lp_credentials_generate(LP_DEV_SERVER_NAME, &it->keys, &why) == LP_OK &&
             lp_tls_server_new(it->keys, &it->tls, &why) == LP_OK,
         "no relay");
    config.quic.tls = it->tls;
    lp_random_fill(lp_os_random(), config.quic.secret, sizeof config.quic.secret);
    need(lp_relay_worker_open(&it->loop, &config, &it->worker, &why) == LP_OK,
         "no worker");
}

static __attribute__((noinline)) void counted_relay(relay *it)
{
    uv_run(&it->loop, UV_RUN_NOWAIT);
}

/* --- a client --------------------------------------------------------------------- */

static void on_datagram(void *state, lp_bytes datagram, lp_time now)
{
    player *it = state;
    lp_bytes frame;
    lp_peer peer;
    it->heard +=
        lp_client_on_datagram(&it->client, datagram, &frame, &peer) == LP_REASON_NONE;
}

static void on_event(void *state, const lp_member_event *event, lp_time now)
{
}

static void on_dial(void *state, const lp_addr *to, lp_time now)
{
}

static void on_lost(void *state, const char *why, lp_time next, lp_time now)
{
    need(false, why);
}

static void on_net_changed(void *state, lp_time now)
{
}

static lp_time no_deadline(void *state)
{
    return LP_NEVER;
}

static void on_deadline(void *state, lp_time now)
{
}

static void on_unsent(void *state, lp_reason reason, size_t count)
{
    need(false, "a frame was not sent");
}

static lp_mac mac_of(uint8_t number)
{
    return (lp_mac){{2, 0, 0, 0, 0, number}};
}

/* A game's, to the other of the two. */
static void make_frame(player *it)
{
    uint8_t *frame = it->space + LP_DATAGRAM_HEADER_LEN;
    memcpy(frame, mac_of(3 - it->number).octet, 6);
    memcpy(frame + 6, mac_of(it->number).octet, 6);
    lp_set_u16(frame + 12, LP_ETHERTYPE_IPV4);
    frame[14] = 0x45; /* version 4, no options */
    lp_set_u16(frame + 16, FRAME_LEN - LP_FRAME_HEADER_LEN);
    frame[23] = LP_PROTO_UDP;
    lp_set_u16(frame + 34, 27960);
    lp_set_u16(frame + 36, 27960);
}

static void open_player(player *it, const relay *at, uint8_t number)
{
    lp_why why;
    uint8_t seed[32] = {number};
    lp_key_hash key = lp_credentials_hash(at->keys);
    lp_trust trust = {.fingerprint = &key, .server_name = LP_DEV_SERVER_NAME};
    it->number = number;
    need(uv_loop_init(&it->loop) == 0 &&
             lp_credentials_of_seed(seed, "peer", &it->keys, &why) == LP_OK &&
             lp_tls_client_new(it->keys, &trust, &it->tls, &why) == LP_OK &&
             lp_net_open(&it->net, &why) == LP_OK,
         "no client");
    lp_uplink_config config = {
        .relay = {"127.0.0.1", lp_relay_worker_local(at->worker).port},
        .member = {.role = LP_ROLE_CLIENT,
                   .room = "BENCH",
                   .mac = mac_of(number),
                   .random = lp_os_random()},
        .tls = it->tls,
        .log = &quiet,
        .net = it->net,
        .handler = {it, on_datagram, on_event, on_dial, on_lost, on_net_changed,
                    no_deadline, on_deadline, on_failed, on_unsent},
    };
    need(lp_uplink_open(&it->loop, &config, &it->uplink, &why) == LP_OK, "no uplink");
    it->client = lp_client_start(config.member.mac, lp_uplink_member(it->uplink));
    make_frame(it);
    lp_uplink_start(it->uplink, lp_clock_now());
}

static bool is_joined(const player *it)
{
    return lp_member_state_of(lp_uplink_member(it->uplink)) == LP_MEMBER_JOINED;
}

static void send_train(player *it, lp_time now)
{
    for (int i = 0; i < TRAIN; i++) {
        lp_bytes datagram;
        lp_space space = lp_space_of(it->space, sizeof it->space);
        need(lp_client_on_frame(&it->client, space, FRAME_LEN, &datagram) ==
                 LP_REASON_NONE,
             "a frame was refused");
        lp_uplink_send(it->uplink, datagram, now);
        it->sent++;
    }
    lp_uplink_flush(it->uplink, now);
}

static void take_turn(player *it, bool sends)
{
    if (sends)
        send_train(it, lp_clock_now());
    uv_run(&it->loop, UV_RUN_NOWAIT);
}

static __attribute__((noinline)) void counted_client(player *it)
{
    take_turn(it, true);
}

/* --- turns ------------------------------------------------------------------------ */

static void take_turns(relay *at, player *one, player *other, bool are_sending)
{
    virtual_clock_set(lp_time_after(lp_clock_now(), LP_MS(1)));
    take_turn(one, are_sending);
    take_turn(other, are_sending);
    uv_run(&at->loop, UV_RUN_NOWAIT);
}

static void take_counted_turns(relay *at, player *one, player *other)
{
    virtual_clock_set(lp_time_after(lp_clock_now(), LP_MS(1)));
    counted_client(one);
    take_turn(other, true);
    counted_relay(at);
}

int main(void)
{
    static relay at;
    static player one, other;
    unsigned turns = 0;
    quiet.write = ignore_line;
    open_relay(&at);
    open_player(&one, &at, 1);
    open_player(&other, &at, 2);
    while (!is_joined(&one) || !is_joined(&other)) {
        take_turns(&at, &one, &other, false);
        need(++turns < GIVE_UP, "they do not join");
    }
    for (int i = 0; i < WARM_UP; i++)
        take_turns(&at, &one, &other, true);
    uint64_t sent = one.sent, heard = one.heard, forwarded = one.heard + other.heard;
    for (int i = 0; i < COUNTED; i++)
        take_counted_turns(&at, &one, &other);
    printf("{\"relay\": %" PRIu64 ", \"client\": %" PRIu64 "}\n",
           one.heard + other.heard - forwarded, one.sent - sent + one.heard - heard);
    return 0;
}
