/*
 * What the relay costs for each frame, beside a plain forwarder. One process and one
 * thread: clients, a network with round trips in virtual time, and the relay's worker
 * over real loopback sockets take turns, and only the relay's turns are counted. Where a
 * relay has more workers, they have threads, and turns at the same time.
 *
 *   bench_relay CASE SECONDS             one of `cases`, for so long in virtual time
 *   bench_relay CASE SECONDS relay-only  the same without the plain forwarder
 *
 * A case may be changed: many-100,clients=512,room=8,len=300. Prints one JSON object.
 * bench/run calls it for all of them.
 */
#include "load.h"
#include "need.h"
#include "subject.h"
#include "virtual_clock.h"

#include <inttypes.h>
#include <string.h>

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
    /* 250 a second in the room, whatever its size */
    {"broadcast-64",
     {ROOM_OF(64), .frame_len = 100, .burst = 1, .every = 8 * 64, .broadcasts = true,
      .tick = LP_US(500)}},
    {"broadcast-256",
     {ROOM_OF(256), .frame_len = 100, .burst = 1, .every = 8 * 256, .broadcasts = true,
      .tick = LP_US(500)}},
    {"broadcast-1024",
     {ROOM_OF(1024), .frame_len = 100, .burst = 1, .every = 8 * 1024,
      .broadcasts = true, .tick = LP_US(500)}},
    {"workers-100",
     {.clients = 128,
      .per_room = 8,
      .frame_len = 100,
      .burst = 1,
      .workers = 2,
      .strangers = 8,
      .tick = LP_US(500)}},
    {"idle", {.clients = 10000, .per_room = 10, .per_socket = 100, .tick = LP_MS(1)}},
};

/* --- cases ------------------------------------------------------------------------ */

/* Beginnings are another matter: handshakes, path MTU discovery, slow start. */
#define WARM_UP LP_SECONDS(3)

typedef struct cost {
    uint64_t frames, packets; /* that reached the clients */
    double ns_per_frame, lost, cpu_share;
    size_t heap_per_client;
    uint64_t handed_over, crossed; /* connections; packets while it was counted */
} cost;

static void take_turns_for(subject *it, load *clients, lp_duration tick,
                           lp_duration time)
{
    lp_time end = lp_time_after(lp_clock_now(), time);
    while (lp_clock_now() < end) {
        virtual_clock_set(lp_time_after(lp_clock_now(), tick));
        load_tick(clients, lp_clock_now());
        subject_turn(it);
    }
}

static subject *open_subject(const load_shape *shape)
{
    subject_shape plain = {.kind =
                               shape->broadcasts ? SUBJECT_FLOODER : SUBJECT_FORWARDER};
    subject_shape relay = {
        .kind = SUBJECT_RELAY,
        .workers = shape->workers ? (unsigned)shape->workers : 1,
        .max_links = shape->clients,
        .max_in_room = shape->per_room,
    };
    return subject_open(shape->is_plain ? &plain : &relay);
}

static load *open_clients(subject *it, const load_shape *shape)
{
    lp_addr at = subject_local(it);
    lp_key_hash key = subject_key(it);
    load *clients = load_open(shape, &at, &key);
    for (size_t i = 0; i < shape->clients; i++) {
        lp_addr from = load_addr(clients, i);
        lp_addr to = load_addr(clients, load_partner(clients, i));
        subject_route(it, &from, &to);
    }
    return clients;
}

static void join(subject *it, load *clients, const load_shape *shape)
{
    enum { DIALS_PER_TICK = 8 };
    while (load_joined(clients) < shape->clients) {
        load_dial(clients, DIALS_PER_TICK, lp_clock_now());
        take_turns_for(it, clients, shape->tick, shape->tick);
    }
}

static cost measure(load_shape shape, lp_duration time)
{
    shape.rtt = ROUND_TRIP;
    subject *it = open_subject(&shape);
    load *clients = open_clients(it, &shape);
    if (shape.frame_len == 0)
        subject_weigh(it); /* it takes long: only where nothing else happens */
    join(it, clients, &shape);
    if (shape.frame_len > 0)
        load_start_sending(clients);
    take_turns_for(it, clients, shape.tick, WARM_UP);

    uint64_t sent = load_frames_sent(clients), heard = load_frames_heard(clients);
    uint64_t packets = load_packets_heard(clients);
    uint64_t astray = subject_quic_count(it, "astray");
    subject_count(it);
    take_turns_for(it, clients, shape.tick, time);
    sent = load_frames_sent(clients) - sent;
    heard = load_frames_heard(clients) - heard;
    subject_cost took = subject_cost_of(it);
    cost found = {
        .frames = heard,
        .packets = load_packets_heard(clients) - packets,
        .ns_per_frame = heard ? (double)took.cpu_ns / (double)heard : 0,
        .lost = sent > heard ? 1 - (double)heard / (double)sent : 0,
        .heap_per_client = took.heap / shape.clients,
        .cpu_share = (double)took.cpu_ns / (double)time,
        .handed_over = subject_quic_count(it, "moved_in"),
        .crossed = subject_quic_count(it, "astray") - astray,
    };
    load_close(clients);
    subject_close(it);
    return found;
}

/* --- what was asked --------------------------------------------------------------- */

static bool change(load_shape *shape, const char *name, size_t value)
{
    bool is_one_room = shape->per_room == shape->clients;
    if (strcmp(name, "clients") == 0) {
        shape->clients = value;
        shape->per_room = is_one_room ? value : shape->per_room;
    } else if (strcmp(name, "room") == 0) {
        shape->per_room = value;
    } else if (strcmp(name, "workers") == 0) {
        shape->workers = value;
    } else if (strcmp(name, "len") == 0) {
        shape->frame_len = value;
    } else {
        return false;
    }
    return value > 0;
}

/* NAME, or NAME,clients=512,room=8. Takes `words` apart. */
static load_shape read_case(char *words)
{
    enum { SMALLEST = 42, LARGEST = 1300 }; /* UDP over IPv4; what a room carries */
    const char *name = strtok(words, ",");
    const bench_case *found = NULL;
    for (size_t i = 0; name && i < sizeof cases / sizeof *cases; i++)
        if (strcmp(cases[i].name, name) == 0)
            found = &cases[i];
    need(found, "there is no such case");
    load_shape shape = found->shape;
    for (char *word; (word = strtok(NULL, ","));) {
        char *value = strchr(word, '=');
        need(value, "a change is NAME=NUMBER");
        *value++ = '\0';
        need(change(&shape, word, strtoul(value, NULL, 10)), "there is no such change");
    }
    need(shape.clients % shape.per_room == 0, "rooms must be full");
    need(shape.frame_len == 0 ||
             (shape.frame_len >= SMALLEST && shape.frame_len <= LARGEST),
         "frames of that length are none");
    return shape;
}

int main(int argc, char **argv)
{
    need(argc >= 3, "which case, and for how many seconds?");
    load_shape shape = read_case(argv[1]);
    lp_duration time = LP_SECONDS(1) * strtoull(argv[2], NULL, 10);
    cost relay = measure(shape, time), floor = {0};
    shape.is_plain = true;
    if (shape.frame_len > 0 && argc == 3)
        floor = measure(shape, time);
    printf("{\"ns\": %.0f, \"floor_ns\": %.0f, \"frames\": %" PRIu64
           ", \"packets\": %" PRIu64 ", \"lost\": %.4f, "
           "\"heap_per_client\": %zu, \"cpu_share\": %.4f, \"handed_over\": %" PRIu64
           ", \"crossed\": %" PRIu64 "}\n",
           relay.ns_per_frame, floor.ns_per_frame, relay.frames, relay.packets,
           relay.lost, relay.heap_per_client, relay.cpu_share, relay.handed_over,
           relay.crossed);
    return 0;
}
