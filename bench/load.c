#include "load.h"

#include "base/cursor.h"
#include "base/lane.h"
#include "core/member.h"
#include "need.h"
#include "network.h"
#include "os/random.h"
#include "quic/endpoint.h"
#include "wire/packet.h"

/* A member's own timers are looked at every so many ticks, not all at once. */
enum { ROUND = 16 };

typedef struct client {
    load *in;
    size_t number;
    lp_conn *conn;
    lp_member *member;
    lp_time dialled;
    lp_duration join_time;
    size_t to_send;
} client;

struct load {
    load_shape shape;
    lp_addr relay;
    lp_credentials *keys;
    lp_tls *tls;
    lp_quic *quic;
    network *network;
    size_t socket_count;
    client *clients;
    size_t dialled, joined;
    size_t ticks;
    bool is_sending;
    uint64_t frames_sent, frames_heard;
};

/* Those that come one after another come from different places. */
static size_t socket_of(const load *it, size_t number)
{
    return number % it->socket_count;
}

/* --- a client talks with the relay ------------------------------------------------ */

static void talk(client *one, lp_time now)
{
    lp_bytes octets;
    if (lp_member_deadline(one->member) <= now)
        lp_member_on_deadline(one->member, now);
    while (lp_member_next_send(one->member, &octets))
        need(lp_conn_send(one->conn, octets) == LP_OK, "the relay does not listen");
}

static void note_welcome(client *one, lp_time now)
{
    if (one->join_time || lp_member_state_of(one->member) != LP_MEMBER_JOINED)
        return;
    one->join_time = lp_time_until(one->dialled, now) + 1; /* 0 would be "not yet" */
    one->in->joined++;
}

static bool on_connected(void *state, lp_conn *conn, lp_time now)
{
    client *one = lp_conn_user(conn);
    lp_member_on_connected(one->member, now);
    talk(one, now);
    return true;
}

static void on_stream(void *state, lp_conn *conn, lp_bytes octets, lp_time now)
{
    lp_why why;
    lp_member_event event;
    client *one = lp_conn_user(conn);
    need(lp_member_on_control(one->member, octets, now, &why) == LP_OK,
         "the relay's words cannot be read");
    while (lp_member_next_event(one->member, &event))
        need(event.kind != LP_MEMBER_EVENT_REJECT, event.text);
    note_welcome(one, now);
    talk(one, now);
}

static void on_datagram(void *state, lp_conn *conn, lp_bytes datagram, lp_time now)
{
    ((load *)state)->frames_heard++;
}

static void on_budget(void *state, lp_conn *conn, size_t budget, bool settled,
                      lp_time now)
{
    client *one = lp_conn_user(conn);
    lp_member_on_budget(one->member, budget, settled, lp_conn_rtt(conn), now);
    talk(one, now);
}

static void on_migrated(void *state, lp_conn *conn, const lp_addr *remote, lp_time now)
{
}

static void on_ended(void *state, lp_conn *conn, const lp_quic_end *end, lp_time now)
{
    need(false, end->reason[0] ? end->reason : "a connection ended");
}

/* --- joining ---------------------------------------------------------------------- */

static lp_mac mac_of(size_t number)
{
    return (lp_mac){{2, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}};
}

/* The name tells the lane, and that the worker (base/lane.h): each has as many rooms. */
static uint8_t name_room(const load *it, size_t number, char *out, size_t size)
{
    uint8_t lane;
    size_t tries = 0;
    do {
        snprintf(out, size, "BENCH%zu", number + it->shape.clients * tries++);
        lane = lp_lane_of_room(out);
    } while (lane % it->shape.workers != number % it->shape.workers);
    return lane;
}

static void dial(load *it, client *one, lp_time now)
{
    lp_addr local = network_local(it->network, socket_of(it, one->number));
    lp_member_config config = {
        .mac = mac_of(one->number), .software = "bench", .random = lp_os_random()};
    uint8_t lane = name_room(it, one->number / it->shape.per_room, config.room,
                             sizeof config.room);
    bool is_stranger =
        it->shape.strangers > 0 && one->number % it->shape.strangers == 0;
    lp_quic_set_lane(it->quic, (uint8_t)((lane + is_stranger) % LP_LANES));
    one->dialled = now;
    one->member = lp_member_new(&config, now);
    need(one->member && lp_member_wants_connect(one->member, now), "no memory");
    need(lp_quic_dial(it->quic, &local, &it->relay, now, &one->conn) == LP_OK,
         "cannot dial");
    lp_conn_set_user(one->conn, one);
}

void load_dial(load *it, size_t count, lp_time now)
{
    while (count-- > 0 && it->dialled < it->shape.clients && !it->shape.is_plain)
        dial(it, &it->clients[it->dialled++], now);
}

/* --- frames ----------------------------------------------------------------------- */

/* Where they do not all send in every tick, they take turns. */
static bool sends_now(const load *it, size_t number)
{
    size_t every = it->shape.every;
    size_t stride = every > it->shape.clients ? every / it->shape.clients : 1;
    return it->is_sending && (it->ticks + number * stride) % every == 0;
}

static size_t hearers(const load *it)
{
    return it->shape.broadcasts ? it->shape.per_room - 1 : 1;
}

size_t load_partner(const load *it, size_t number)
{
    size_t room = number / it->shape.per_room * it->shape.per_room;
    return room + (number - room + it->shape.per_room / 2) % it->shape.per_room;
}

/* A game's: UDP over IPv4, and nobody but us will look at its checksums. */
static lp_bytes make_frame(const load *it, const client *one, lp_space space)
{
    static const lp_mac everyone = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    lp_mac to = it->shape.broadcasts ? everyone : mac_of(load_partner(it, one->number));
    uint8_t *frame = space.at + LP_DATAGRAM_HEADER_LEN;
    memset(frame, 0, it->shape.frame_len);
    memcpy(frame, to.octet, 6);
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
        it->frames_sent += was_taken ? hearers(it) : 0;
        if (wrote == LP_WRITE_PACKET)
            network_send(it->network, socket_of(it, one->number), packet.ecn,
                         packet.payload, now);
    }
}

static void begin_to_send(load *it)
{
    for (size_t i = 0; it->is_sending && i < it->dialled; i++) {
        client *one = &it->clients[i];
        if (sends_now(it, i) && one->to_send == 0) { /* else the path is full */
            one->to_send = it->shape.burst;
            lp_conn_want_write(one->conn);
        }
    }
}

/* --- ticks ------------------------------------------------------------------------ */

static void tick_quic(load *it, lp_time now)
{
    const network_packet *came;
    lp_conn *conn;
    while ((came = network_next(it->network, now))) {
        lp_udp_packet packet = {network_local(it->network, came->socket), it->relay,
                                came->ecn, lp_bytes_of(came->octet, came->len)};
        lp_quic_on_packet(it->quic, &packet, now);
    }
    for (size_t i = it->ticks % ROUND; i < it->dialled; i += ROUND)
        talk(&it->clients[i], now);
    begin_to_send(it);
    while ((conn = lp_quic_next_due(it->quic, now)))
        write_conn(it, lp_conn_user(conn), now);
}

static void tick_plain(load *it, lp_time now)
{
    static const uint8_t frame[LP_UDP_PAYLOAD_MAX];
    while (network_next(it->network, now))
        it->frames_heard++;
    for (size_t i = 0; i < it->shape.clients; i++) {
        for (size_t k = 0; sends_now(it, i) && k < it->shape.burst; k++) {
            network_send(it->network, socket_of(it, i), 0,
                         lp_bytes_of(frame, it->shape.frame_len), now);
            it->frames_sent += hearers(it);
        }
    }
}

void load_tick(load *it, lp_time now)
{
    it->ticks++;
    network_hear(it->network, now);
    if (it->shape.is_plain)
        tick_plain(it, now);
    else
        tick_quic(it, now);
    network_deliver(it->network, now);
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
    load *it = calloc(1, sizeof *it);
    need(it, "no memory");
    it->shape = *shape;
    it->shape.every += shape->every == 0;
    it->shape.per_socket += shape->per_socket == 0;
    it->shape.workers += shape->workers == 0;
    it->relay = *relay;
    it->socket_count =
        (shape->clients + it->shape.per_socket - 1) / it->shape.per_socket;
    network_shape paths = {
        .relay = *relay,
        .sockets = it->socket_count,
        .own_addresses = shape->per_socket > 0,
        .one_way = shape->rtt / 2,
    };
    it->network = network_open(&paths);
    it->clients = calloc(shape->clients, sizeof *it->clients);
    need(it->clients, "no memory");
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
    network_close(it->network);
    lp_tls_free(it->tls);
    lp_credentials_free(it->keys);
    free(it->clients);
    free(it);
}

size_t load_dialled(const load *it)
{
    return it->dialled;
}

size_t load_joined(const load *it)
{
    return it->shape.is_plain ? it->shape.clients : it->joined;
}

lp_duration load_join_time(const load *it, size_t number)
{
    return it->clients[number].join_time;
}

lp_addr load_addr(const load *it, size_t number)
{
    return network_local(it->network, socket_of(it, number));
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
    return network_heard(it->network);
}
