#include "load.h"

#include "base/cursor.h"
#include "core/member.h"
#include "os/random.h"
#include "quic/endpoint.h"
#include "runtime/batch.h"
#include "wire/packet.h"

#include <stdio.h>
#include <stdlib.h>

/* Packets that are on their way: first in, first out, since all take the same time. */
enum { WIRE_ROOM = 1 << 15 };

typedef struct flight {
    lp_time at;
    size_t socket;
    uint8_t ecn;
    size_t len;
    uint8_t octet[LP_UDP_PAYLOAD_MAX];
} flight;

typedef struct wire {
    size_t first, count;
    flight *flights;
} wire;

typedef struct client {
    load *in;
    size_t number;
    lp_conn *conn;
    lp_member *member;
    size_t to_send;
} client;

struct load {
    load_shape shape;
    lp_addr relay;
    lp_credentials *keys;
    lp_tls *tls;
    lp_quic *quic;
    lp_udp **sockets;
    size_t socket_count;
    lp_batch batch;
    client *clients;
    wire up, down;
    size_t dialled;
    size_t ticks;
    bool is_sending;
    uint64_t frames_sent, frames_heard, packets_heard;
};

static void need(bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

/* --- the network ------------------------------------------------------------------ */

static void put_on(wire *it, size_t socket, uint8_t ecn, lp_bytes payload, lp_time at)
{
    need(it->count < WIRE_ROOM, "too much is on its way");
    flight *last = &it->flights[(it->first + it->count++) % WIRE_ROOM];
    last->at = at;
    last->socket = socket;
    last->ecn = ecn;
    last->len = payload.len;
    memcpy(last->octet, payload.at, payload.len);
}

static const flight *take_off(wire *it, lp_time now)
{
    const flight *first = &it->flights[it->first];
    if (it->count == 0 || first->at > now)
        return NULL;
    it->first = (it->first + 1) % WIRE_ROOM;
    it->count--;
    return first;
}

static size_t socket_of(const load *it, const lp_addr *local)
{
    size_t at = 0;
    while (lp_udp_local(it->sockets[at]).port != local->port)
        at++;
    return at;
}

static void receive(load *it, lp_time now)
{
    for (size_t i = 0; i < it->socket_count; i++) {
        const lp_udp_in *packets;
        size_t count;
        while (lp_udp_receive(it->sockets[i], &packets, &count) == LP_OK) {
            it->packets_heard += count;
            for (size_t k = 0; k < count; k++)
                put_on(&it->down, i, packets[k].ecn, packets[k].payload,
                       lp_time_after(now, it->shape.rtt / 2));
        }
    }
}

static void flush(load *it, size_t socket)
{
    need(lp_batch_flush(&it->batch, it->sockets[socket]) == LP_OK, "a socket is full");
}

static void send_due(load *it, lp_time now)
{
    const flight *due;
    size_t socket = 0;
    while ((due = take_off(&it->up, now))) {
        if (due->socket != socket || !lp_batch_has_room(&it->batch))
            flush(it, socket);
        socket = due->socket;
        memcpy(lp_batch_space(&it->batch).at, due->octet, due->len);
        lp_udp_packet packet = {
            .local = lp_udp_local(it->sockets[socket]),
            .remote = it->relay,
            .ecn = due->ecn,
            .payload = lp_bytes_of(due->octet, due->len),
        };
        lp_batch_add(&it->batch, &packet);
    }
    flush(it, socket);
}

/* --- what QUIC tells -------------------------------------------------------------- */

static bool on_connected(void *state, lp_conn *conn, lp_time now)
{
    client *it = lp_conn_user(conn);
    lp_member_on_connected(it->member, now);
    return true;
}

static void on_stream(void *state, lp_conn *conn, lp_bytes octets, lp_time now)
{
    lp_why why;
    lp_member_event event;
    client *it = lp_conn_user(conn);
    need(lp_member_on_control(it->member, octets, now, &why) == LP_OK,
         "the relay's words cannot be read");
    while (lp_member_next_event(it->member, &event))
        need(event.kind != LP_MEMBER_EVENT_REJECT, event.text);
}

static void on_datagram(void *state, lp_conn *conn, lp_bytes datagram, lp_time now)
{
    ((load *)state)->frames_heard++;
}

static void on_budget(void *state, lp_conn *conn, size_t budget, bool settled,
                      lp_time now)
{
    client *it = lp_conn_user(conn);
    lp_member_on_budget(it->member, budget, settled, lp_conn_rtt(conn), now);
}

static void on_migrated(void *state, lp_conn *conn, const lp_addr *remote, lp_time now)
{
}

static void on_ended(void *state, lp_conn *conn, const lp_quic_end *end, lp_time now)
{
    need(false, end->reason[0] ? end->reason : "a connection ended");
}

/* --- clients ---------------------------------------------------------------------- */

/* Where they do not all send in every tick, they take turns. */
static bool sends_now(const load *it, size_t number)
{
    return it->is_sending && (it->ticks + number) % it->shape.every == 0;
}

static lp_mac mac_of(size_t number)
{
    return (lp_mac){{2, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}};
}

size_t load_partner(const load *it, size_t number)
{
    size_t room = number / it->shape.per_room * it->shape.per_room;
    return room + (number - room + it->shape.per_room / 2) % it->shape.per_room;
}

static void dial(load *it, client *one, lp_time now)
{
    lp_addr local = load_addr(it, one->number);
    lp_member_config config = {
        .mac = mac_of(one->number), .software = "bench", .random = lp_os_random()};
    snprintf(config.room, sizeof config.room, "BENCH%zu",
             one->number / it->shape.per_room);
    one->member = lp_member_new(&config, now);
    need(one->member && lp_member_wants_connect(one->member, now), "no memory");
    need(lp_quic_dial(it->quic, &local, &it->relay, now, &one->conn) == LP_OK,
         "cannot dial");
    lp_conn_set_user(one->conn, one);
}

/* A game's: UDP over IPv4, and nobody but us will look at its checksums. */
static lp_bytes make_frame(const load *it, const client *one, lp_space space)
{
    uint8_t *frame = space.at + LP_DATAGRAM_HEADER_LEN;
    memset(frame, 0, it->shape.frame_len);
    memcpy(frame, mac_of(load_partner(it, one->number)).octet, 6);
    memcpy(frame + 6, mac_of(one->number).octet, 6);
    lp_set_u16(frame + 12, LP_ETHERTYPE_IPV4);
    frame[14] = 0x45; /* version 4, no options */
    lp_set_u16(frame + 16, (uint16_t)(it->shape.frame_len - LP_FRAME_HEADER_LEN));
    frame[23] = LP_PROTO_UDP;
    lp_set_u16(frame + 34, 27960);
    lp_set_u16(frame + 36, 27960);
    return lp_member_wrap(one->member, space, it->shape.frame_len);
}

static void write_conn(load *it, client *one, lp_time now)
{
    uint8_t space[LP_UDP_PAYLOAD_MAX], made[LP_UDP_PAYLOAD_MAX];
    lp_bytes frame = {0};
    lp_udp_packet packet;
    lp_write wrote = LP_WRITE_MORE;
    if (one->to_send > 0)
        frame = make_frame(it, one, lp_space_of(made, sizeof made));
    while (wrote != LP_WRITE_NOTHING) {
        bool was_taken;
        bool more = it->shape.coalesces && one->to_send > 1;
        wrote =
            lp_conn_write(one->conn, one->to_send > 0 ? frame : (lp_bytes){0}, more,
                          lp_space_of(space, sizeof space), now, &was_taken, &packet);
        one->to_send -= was_taken;
        it->frames_sent += was_taken;
        if (wrote == LP_WRITE_PACKET)
            put_on(&it->up, socket_of(it, &packet.local), packet.ecn, packet.payload,
                   lp_time_after(now, it->shape.rtt / 2));
    }
}

static void talk(client *one, lp_time now)
{
    lp_bytes octets;
    if (lp_member_deadline(one->member) <= now)
        lp_member_on_deadline(one->member, now);
    while (lp_member_next_send(one->member, &octets))
        need(lp_conn_send(one->conn, octets) == LP_OK, "the relay does not listen");
}

static void tick_quic(load *it, lp_time now)
{
    enum { DIALS_PER_TICK = 8 };
    const flight *due;
    lp_conn *conn;
    while ((due = take_off(&it->down, now))) {
        lp_udp_packet packet = {lp_udp_local(it->sockets[due->socket]), it->relay,
                                due->ecn, lp_bytes_of(due->octet, due->len)};
        lp_quic_on_packet(it->quic, &packet, now);
    }
    for (size_t i = 0; i < DIALS_PER_TICK && it->dialled < it->shape.clients; i++)
        dial(it, &it->clients[it->dialled++], now);
    for (size_t i = 0; i < it->dialled; i++) {
        client *one = &it->clients[i];
        talk(one, now);
        if (sends_now(it, i) && one->to_send == 0) { /* else the path is full */
            one->to_send = it->shape.burst;
            lp_conn_want_write(one->conn);
        }
    }
    while ((conn = lp_quic_next_due(it->quic, now)))
        write_conn(it, lp_conn_user(conn), now);
}

static void tick_plain(load *it, lp_time now)
{
    static const uint8_t frame[LP_UDP_PAYLOAD_MAX];
    while (take_off(&it->down, now))
        it->frames_heard++;
    for (size_t i = 0; i < it->shape.clients; i++)
        for (size_t k = 0; sends_now(it, i) && k < it->shape.burst;
             k++, it->frames_sent++)
            put_on(&it->up, i, 0, lp_bytes_of(frame, it->shape.frame_len),
                   lp_time_after(now, it->shape.rtt / 2));
}

void load_tick(load *it, lp_time now)
{
    it->ticks++;
    receive(it, now);
    if (it->shape.is_plain)
        tick_plain(it, now);
    else
        tick_quic(it, now);
    send_due(it, now);
}

/* --- life ------------------------------------------------------------------------- */

static void open_quic(load *it, const lp_key_hash *relay_key)
{
    lp_why why;
    uint8_t seed[32] = {7};
    lp_trust trust = {.fingerprint = relay_key, .server_name = LP_DEV_SERVER_NAME};
    lp_quic_config config = lp_quic_default_config();
    need(lp_credentials_of_seed(seed, "peer", &it->keys, &why) == LP_OK &&
             lp_tls_client_new(it->keys, &trust, &it->tls, &why) == LP_OK,
         "no TLS");
    config.tls = it->tls;
    config.accepts = false;
    config.max_conns = it->shape.clients;
    config.random = lp_os_random();
    lp_random_fill(config.random, config.secret, sizeof config.secret);
    config.handler = (lp_quic_handler){it,        on_connected, on_stream, on_datagram,
                                       on_budget, on_migrated,  on_ended};
    need(lp_quic_new(&config, &it->quic, &why) == LP_OK, "no endpoint");
}

load *load_open(const load_shape *shape, const lp_addr *relay,
                const lp_key_hash *relay_key)
{
    lp_why why;
    lp_addr any_port = {.family = 4, .ip = {127, 0, 0, 1}};
    load *it = calloc(1, sizeof *it);
    need(it, "no memory");
    it->shape = *shape;
    if (it->shape.every == 0)
        it->shape.every = 1;
    it->relay = *relay;
    it->socket_count = shape->shares_a_socket ? 1 : shape->clients;
    it->sockets = calloc(it->socket_count, sizeof *it->sockets);
    it->clients = calloc(shape->clients, sizeof *it->clients);
    it->up.flights = calloc(WIRE_ROOM, sizeof(flight));
    it->down.flights = calloc(WIRE_ROOM, sizeof(flight));
    need(it->sockets && it->clients && it->up.flights && it->down.flights &&
             lp_batch_init(&it->batch) == LP_OK,
         "no memory");
    for (size_t i = 0; i < it->socket_count; i++)
        need(lp_udp_open(&any_port, false, &it->sockets[i], &why) == LP_OK, why.text);
    for (size_t i = 0; i < shape->clients; i++)
        it->clients[i] = (client){.in = it, .number = i};
    if (!shape->is_plain)
        open_quic(it, relay_key);
    return it;
}

void load_close(load *it)
{
    lp_quic_free(it->quic);
    for (size_t i = 0; i < it->shape.clients; i++)
        lp_member_free(it->clients[i].member);
    for (size_t i = 0; i < it->socket_count; i++)
        lp_udp_close(it->sockets[i]);
    lp_batch_fini(&it->batch);
    lp_tls_free(it->tls);
    lp_credentials_free(it->keys);
    free(it->up.flights);
    free(it->down.flights);
    free(it->sockets);
    free(it->clients);
    free(it);
}

size_t load_joined(const load *it)
{
    size_t joined = 0;
    for (size_t i = 0; i < it->dialled; i++)
        joined += lp_member_state_of(it->clients[i].member) == LP_MEMBER_JOINED;
    return it->shape.is_plain ? it->shape.clients : joined;
}

lp_addr load_addr(const load *it, size_t number)
{
    return lp_udp_local(it->sockets[it->shape.shares_a_socket ? 0 : number]);
}

void load_start_sending(load *it)
{
    it->is_sending = true;
}

uint64_t load_frames_sent(const load *it)
{
    return it->frames_sent;
}

uint64_t load_frames_heard(const load *it)
{
    return it->frames_heard;
}

uint64_t load_packets_heard(const load *it)
{
    return it->packets_heard;
}
