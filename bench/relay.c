/*
 * What the relay costs for each frame, beside a plain forwarder. One process and one
 * thread: clients, a network with round trips in virtual time, and the relay's worker
 * over real loopback sockets take turns, and only the relay's turns are counted.
 *
 *   bench_relay NAME SECONDS             one of `cases`, for so long in virtual time
 *   bench_relay NAME SECONDS relay-only  the same without the plain forwarder
 *
 * Prints one JSON object. bench/run calls it for all of them.
 */
#include "forwarder.h"
#include "load.h"
#include "virtual_clock.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "os/random.h"
#include "runtime/relay_worker.h"

#define ROUND_TRIP LP_MS(20)

typedef struct bench_case {
    const char *name;
    load_shape shape;
} bench_case;

#define ROOM_OF(n) .clients = (n), .per_room = (n)

static const bench_case cases[] = {
    {"many-100", {ROOM_OF(128), .frame_len = 100, .burst = 1, .tick = LP_US(500)}},
    {"trains-100", {ROOM_OF(2), .frame_len = 100, .burst = 32, .tick = LP_MS(1)}},
    {"trains-1200", {ROOM_OF(2), .frame_len = 1200, .burst = 32, .tick = LP_MS(1)}},
    {"coalesced-100",
     {ROOM_OF(2), .frame_len = 100, .burst = 96, .coalesces = true, .tick = LP_MS(1)}},
    /* 60 frames a second each: four of the clients at a time */
    {"game-100",
     {ROOM_OF(128), .frame_len = 100, .burst = 1, .every = 32, .tick = LP_US(521)}},
    {"idle",
     {.clients = 2000, .per_room = 100, .shares_a_socket = true, .tick = LP_MS(1)}},
};

typedef struct subject {
    uv_loop_t loop;
    lp_log_sink log;
    lp_credentials *keys;
    lp_tls *tls;
    lp_relay_worker *worker;
    forwarder *forwarder;
    bool is_counting; /* CPU time, spent in its turns */
    uint64_t cpu_ns;
    bool is_weighing; /* memory, taken in its turns and not given back */
    size_t heap;
} subject;

static void fail(const char *what)
{
    fprintf(stderr, "bench_relay: %s\n", what);
    exit(1);
}

static void on_failed(void *state, const char *why)
{
    fail(why);
}

static void ignore_line(void *state, lp_log_level level, const char *line)
{
    if (level >= LP_WARN)
        fprintf(stderr, "bench_relay: %s\n", line);
}

/* --- the relay's turns ------------------------------------------------------------ */

static uint64_t cpu_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * LP_SECONDS(1) + (uint64_t)now.tv_nsec;
}

static size_t heap_now(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* callgrind counts what happens in here and nothing else (bench/run). */
static __attribute__((noinline)) void counted_turn(uv_loop_t *loop)
{
    uv_run(loop, UV_RUN_NOWAIT);
}

static void take_turns(subject *it, load *clients, lp_duration tick)
{
    virtual_clock_set(lp_time_after(lp_clock_now(), tick));
    load_tick(clients, lp_clock_now());
    if (it->is_counting) {
        uint64_t cpu = cpu_now();
        counted_turn(&it->loop);
        it->cpu_ns += cpu_now() - cpu;
    } else {
        size_t heap = it->is_weighing ? heap_now() : 0;
        uv_run(&it->loop, UV_RUN_NOWAIT);
        it->heap += it->is_weighing ? heap_now() - heap : 0;
    }
}

static void take_turns_for(subject *it, load *clients, lp_duration tick,
                           lp_duration time)
{
    lp_time end = lp_time_after(lp_clock_now(), time);
    while (lp_clock_now() < end)
        take_turns(it, clients, tick);
}

/* --- who is measured -------------------------------------------------------------- */

static void open_worker(subject *it)
{
    lp_why why;
    lp_relay_worker_config config = {
        .listen = {.family = 4, .ip = {127, 0, 0, 1}},
        .quic = lp_quic_default_config(),
        .relay = lp_relay_default_config(),
        .log = &it->log,
        .on_failed = on_failed,
    };
    it->log = (lp_log_sink){.level = LP_WARN, .write = ignore_line};
    if (lp_credentials_generate(LP_DEV_SERVER_NAME, &it->keys, &why) != LP_OK ||
        lp_tls_server_new(it->keys, &it->tls, &why) != LP_OK)
        fail(why.text);
    config.quic.tls = it->tls;
    config.quic.max_conns_per_ip = 0;
    config.quic.max_handshakes = config.quic.max_handshakes_per_ip = 1 << 16;
    config.relay.max_clients = 256;
    lp_random_fill(lp_os_random(), config.quic.secret, sizeof config.quic.secret);
    if (lp_relay_worker_open(&it->loop, &config, &it->worker, &why) != LP_OK)
        fail(why.text);
}

static void open_subject(subject *it, bool is_plain)
{
    *it = (subject){0};
    uv_loop_init(&it->loop);
    if (!is_plain)
        open_worker(it);
    else if (!(it->forwarder = forwarder_open(&it->loop)))
        fail("no forwarder");
}

static load *open_clients(subject *it, const load_shape *shape)
{
    lp_addr at =
        it->worker ? lp_relay_worker_local(it->worker) : forwarder_local(it->forwarder);
    lp_key_hash key = it->keys ? lp_credentials_hash(it->keys) : (lp_key_hash){0};
    load *clients = load_open(shape, &at, &key);
    for (size_t i = 0; it->forwarder && i < shape->clients; i++) {
        lp_addr to = load_addr(clients, load_partner(clients, i));
        forwarder_route(it->forwarder, load_addr(clients, i).port, &to);
    }
    return clients;
}

static void close_subject(subject *it)
{
    if (it->worker)
        lp_relay_worker_close(it->worker);
    else
        forwarder_close(it->forwarder);
    uv_run(&it->loop, UV_RUN_DEFAULT);
    uv_loop_close(&it->loop);
    lp_tls_free(it->tls);
    lp_credentials_free(it->keys);
}

/* --- cases ------------------------------------------------------------------------ */

/* Beginnings are another matter: handshakes, path MTU discovery, slow start. */
#define WARM_UP LP_SECONDS(3)

typedef struct cost {
    uint64_t frames, packets; /* that reached the clients */
    double ns_per_frame, lost, cpu_share;
    size_t heap_per_client;
} cost;

static cost measure(load_shape shape, lp_duration time)
{
    subject it;
    shape.rtt = ROUND_TRIP;
    open_subject(&it, shape.is_plain);
    load *clients = open_clients(&it, &shape);
    it.is_weighing = shape.frame_len == 0;
    while (load_joined(clients) < shape.clients)
        take_turns(&it, clients, shape.tick);
    if (shape.frame_len > 0)
        load_start_sending(clients);
    take_turns_for(&it, clients, shape.tick, WARM_UP);

    uint64_t sent = load_frames_sent(clients), heard = load_frames_heard(clients);
    uint64_t packets = load_packets_heard(clients);
    it.is_counting = true;
    take_turns_for(&it, clients, shape.tick, time);
    sent = load_frames_sent(clients) - sent;
    heard = load_frames_heard(clients) - heard;
    cost found = {
        .frames = heard,
        .packets = load_packets_heard(clients) - packets,
        .ns_per_frame = heard ? (double)it.cpu_ns / (double)heard : 0,
        .lost = sent > heard ? 1 - (double)heard / (double)sent : 0,
        .heap_per_client = it.heap / shape.clients,
        .cpu_share = (double)it.cpu_ns / (double)time,
    };
    load_close(clients);
    close_subject(&it);
    return found;
}

static const bench_case *find_case(const char *name)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].name, name) == 0)
            return &cases[i];
    }
    fail("there is no such case");
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        fail("which case, and for how many seconds?");
    const bench_case *chosen = find_case(argv[1]);
    lp_duration time = LP_SECONDS(1) * strtoull(argv[2], NULL, 10);
    cost relay = measure(chosen->shape, time), floor = {0};
    load_shape plain = chosen->shape;
    plain.is_plain = true;
    if (plain.frame_len > 0 && argc == 3)
        floor = measure(plain, time);
    printf("{\"case\": \"%s\", \"ns\": %.0f, \"floor_ns\": %.0f, \"frames\": %" PRIu64
           ", \"packets\": %" PRIu64 ", \"lost\": %.4f, "
           "\"heap_per_client\": %zu, \"cpu_share\": %.4f}\n",
           chosen->name, relay.ns_per_frame, floor.ns_per_frame, relay.frames,
           relay.packets, relay.lost, relay.heap_per_client, relay.cpu_share);
    return 0;
}
