/*
 * Endpoints on a simulated network with virtual time: delay, loss, reordering,
 * duplication, a largest packet, and NATs that change their mind. Seeded: every run is
 * the same run.
 */
#pragma once

#include "quic/internal.h"
#include "test.h"

#include <stdlib.h>

#define NODES_MAX   4
#define FLIGHTS_MAX 4096

typedef struct sim_flight {
    lp_time at;
    lp_addr from, to;
    uint8_t ecn;
    size_t len;
    uint8_t octet[LP_UDP_PAYLOAD_MAX];
} sim_flight;

/* One program's side, and what it has seen. */
typedef struct sim_node {
    lp_quic *quic;
    lp_addr addr;       /* what it thinks it has */
    lp_addr moved;      /* where it also is after a migration */
    lp_addr nat;        /* what others see instead of `addr`, when it has a family */
    bool is_deaf;       /* all it is sent gets lost */
    bool has_all_ports; /* of its address */

    lp_conn *conn; /* the latest */
    bool refuses;  /* in on_connected */
    unsigned connected, ended, migrated;
    lp_key_hash peer;
    lp_quic_end end;

    uint64_t stream_in;   /* octets of the control stream */
    bool stream_is_wrong; /* one was not what it had to be */
    unsigned datagrams_in;
    size_t longest_in;

    size_t budget;
    bool is_settled;
    lp_time settled_at;

    unsigned datagrams_out; /* still to be sent */
    size_t datagram_len;
    bool coalesces;
    lp_time held_until; /* as a governor does it: no datagram leaves before */
} sim_node;

typedef struct sim_net {
    lp_time now;
    lp_duration delay, jitter;
    unsigned loss, duplicates, damage; /* per cent */
    size_t mtu;                        /* the largest payload */
    uint64_t seed;
    unsigned sent;
    lp_tls *relay_tls, *client_tls;
    sim_node nodes[NODES_MAX];
    /* Which of several relay endpoints at one address gets it; NULL: all that live there */
    const sim_node *(*steer)(const struct sim_net *net, const sim_flight *flight);
    size_t flight_count;
    sim_flight flights[FLIGHTS_MAX];
} sim_net;

static uint32_t draw(sim_net *net)
{
    net->seed ^= net->seed << 13;
    net->seed ^= net->seed >> 7;
    net->seed ^= net->seed << 17;
    return (uint32_t)(net->seed >> 16);
}

static void draw_octets(void *state, uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)draw(state);
}

static uint8_t stream_octet(uint64_t offset)
{
    return (uint8_t)(offset * 31 + offset / 251);
}

enum { RELAY, CLIENT, OTHER, SECOND /* endpoint of the relay's */ };

/* --- what an application sees ----------------------------------------------------- */

static bool note_connected(void *state, lp_conn *conn, lp_time now)
{
    sim_node *node = state;
    node->conn = conn;
    node->connected++;
    node->peer = *lp_conn_identity(conn);
    return !node->refuses;
}

static void note_stream(void *state, lp_conn *conn, lp_bytes octets, lp_time now)
{
    sim_node *node = state;
    for (size_t i = 0; i < octets.len; i++)
        node->stream_is_wrong |= octets.at[i] != stream_octet(node->stream_in++);
}

static void note_datagram(void *state, lp_conn *conn, lp_bytes datagram, lp_time now)
{
    sim_node *node = state;
    node->datagrams_in++;
    if (datagram.len > node->longest_in)
        node->longest_in = datagram.len;
}

static void note_budget(void *state, lp_conn *conn, size_t budget, bool settled,
                        lp_time now)
{
    sim_node *node = state;
    CHECK_EQ(budget, lp_conn_budget(conn));
    node->budget = budget;
    if (settled && !node->is_settled)
        node->settled_at = now;
    node->is_settled = settled;
}

static void note_migrated(void *state, lp_conn *conn, const lp_addr *remote,
                          lp_time now)
{
    sim_node *node = state;
    CHECK(lp_addr_equal(remote, lp_conn_remote(conn)));
    node->migrated++;
}

static void note_ended(void *state, lp_conn *conn, const lp_quic_end *end, lp_time now)
{
    sim_node *node = state;
    node->ended++;
    node->end = *end;
    if (node->conn == conn)
        node->conn = NULL;
    lp_conn_want_write(conn); /* a careless program's; it must be harmless */
}

/* --- the network ------------------------------------------------------------------ */

static lp_addr addr_of(const char *ip, uint16_t port)
{
    lp_addr addr = {0};
    CHECK_EQ(lp_addr_read_ip(ip, port, &addr), LP_OK);
    return addr;
}

static void put_on_wire(sim_net *net, const sim_node *from, const lp_udp_packet *packet)
{
    unsigned copies = draw(net) % 100 < net->duplicates ? 2 : 1;
    net->sent++;
    CHECK(packet->payload.len > 0);
    CHECK(packet->payload.len <= LP_UDP_PAYLOAD_MAX);
    if (packet->payload.len > net->mtu || draw(net) % 100 < net->loss)
        return;
    while (copies-- && net->flight_count < FLIGHTS_MAX) {
        sim_flight *flight = &net->flights[net->flight_count++];
        lp_duration jitter = net->jitter ? draw(net) % net->jitter : 0;
        bool hides = from->nat.family && lp_addr_equal(&packet->local, &from->addr);
        flight->at = net->now + net->delay + jitter;
        flight->from = hides ? from->nat : packet->local;
        flight->to = packet->remote;
        flight->ecn = packet->ecn;
        flight->len = packet->payload.len;
        memcpy(flight->octet, packet->payload.at, packet->payload.len);
        if (draw(net) % 100 < net->damage)
            flight->octet[draw(net) % flight->len] ^= 1 << draw(net) % 8;
    }
}

static bool lives_at(const sim_node *node, const lp_addr *addr)
{
    const lp_addr *own = node->nat.family ? &node->nat : &node->addr;
    return (node->has_all_ports && lp_addr_same_ip(own, addr)) ||
           lp_addr_equal(own, addr) || lp_addr_equal(&node->moved, addr);
}

static void deliver(sim_net *net, const sim_flight *flight)
{
    for (size_t i = 0; i < NODES_MAX; i++) {
        sim_node *node = &net->nodes[i];
        if (!node->quic || node->is_deaf || !lives_at(node, &flight->to))
            continue;
        if (net->steer && lp_addr_equal(&flight->to, &net->nodes[RELAY].addr) &&
            net->steer(net, flight) != node)
            continue;
        lp_udp_packet packet = {
            .local = node->addr,
            .remote = flight->from,
            .ecn = flight->ecn,
            .payload = lp_bytes_of(flight->octet, flight->len),
        };
        lp_quic_on_packet(node->quic, &packet, net->now);
    }
}

/* In the order of arrival; those of one moment in the order of sending. */
static bool deliver_first_due(sim_net *net)
{
    size_t first = net->flight_count;
    for (size_t i = 0; i < net->flight_count; i++)
        if (net->flights[i].at <= net->now &&
            (first == net->flight_count || net->flights[i].at < net->flights[first].at))
            first = i;
    if (first == net->flight_count)
        return false;
    sim_flight due = net->flights[first];
    net->flight_count--;
    memmove(&net->flights[first], &net->flights[first + 1],
            (net->flight_count - first) * sizeof due);
    deliver(net, &due);
    return true;
}

static lp_bytes next_datagram(const sim_node *node, const lp_conn *conn, bool is_held)
{
    static const uint8_t octets[LP_UDP_PAYLOAD_MAX] = {1};
    bool has_one = node->datagrams_out > 0 && conn == node->conn && !is_held;
    return lp_bytes_of(octets, has_one ? node->datagram_len : 0);
}

static void write_burst(sim_net *net, sim_node *node, lp_conn *conn)
{
    uint8_t space[LP_UDP_PAYLOAD_MAX];
    lp_udp_packet packet;
    bool is_held =
        conn == node->conn && node->datagrams_out > 0 && net->now < node->held_until;
    if (is_held && lp_conn_hold(conn, node->held_until, net->now))
        return;
    for (;;) {
        bool taken;
        lp_write wrote =
            lp_conn_write(conn, next_datagram(node, conn, is_held),
                          node->coalesces && node->datagrams_out > 1,
                          lp_space_of(space, sizeof space), net->now, &taken, &packet);
        node->datagrams_out -= taken;
        if (wrote == LP_WRITE_PACKET)
            put_on_wire(net, node, &packet);
        bool is_last = taken && wrote == LP_WRITE_PACKET && node->datagrams_out == 0;
        if (wrote == LP_WRITE_NOTHING && is_held)
            lp_conn_want_write_at(conn, node->held_until, net->now);
        if (wrote == LP_WRITE_NOTHING || (is_last && lp_conn_rest(conn, net->now)))
            return;
    }
}

static void write_all(sim_net *net)
{
    for (size_t i = 0; i < NODES_MAX; i++) {
        sim_node *node = &net->nodes[i];
        lp_udp_packet packet;
        lp_conn *conn;
        if (!node->quic)
            continue;
        while ((conn = lp_quic_next_due(node->quic, net->now)))
            write_burst(net, node, conn);
        while (lp_quic_next_stateless(node->quic, &packet))
            put_on_wire(net, node, &packet);
    }
}

static lp_time next_event(const sim_net *net)
{
    lp_time at = LP_NEVER;
    for (size_t i = 0; i < net->flight_count; i++)
        at = lp_time_min(at, net->flights[i].at);
    for (size_t i = 0; i < NODES_MAX; i++)
        if (net->nodes[i].quic)
            at = lp_time_min(at, lp_quic_deadline(net->nodes[i].quic));
    return at;
}

/* Lets `time` go by, or less when `is_enough` says so. True: it did. */
static bool run_until(sim_net *net, lp_duration time,
                      bool (*is_enough)(const struct sim_net *))
{
    lp_time end = net->now + time;
    for (;;) {
        write_all(net);
        if (is_enough && is_enough(net))
            return true;
        lp_time at = next_event(net);
        if (at > end) {
            net->now = end;
            return false;
        }
        if (at > net->now)
            net->now = at;
        while (deliver_first_due(net))
            ;
    }
}

__attribute__((unused)) static void run(sim_net *net, lp_duration time)
{
    run_until(net, time, NULL);
}

/* --- a relay and its clients ------------------------------------------------------ */

/* (Re)starts the node's program. */
static void start_endpoint(sim_net *net, size_t which, void (*adjust)(lp_quic_config *))
{
    lp_why why;
    sim_node *node = &net->nodes[which];
    bool accepts = which == RELAY || which == SECOND;
    lp_quic_config config = lp_quic_default_config();
    config.tls = accepts ? net->relay_tls : net->client_tls;
    config.accepts = accepts;
    config.random = (lp_random){draw_octets, net};
    memset(config.secret, accepts ? 0x5a : 0xa5, sizeof config.secret);
    config.handler = (lp_quic_handler){
        .state = node,
        .on_connected = note_connected,
        .on_stream = note_stream,
        .on_datagram = note_datagram,
        .on_budget = note_budget,
        .on_migrated = note_migrated,
        .on_ended = note_ended,
    };
    if (!accepts) {
        config.max_conns = 600;
        config.max_handshakes = 600;
    }
    if (adjust)
        adjust(&config);
    lp_quic_free(node->quic);
    CHECK_EQ(lp_quic_new(&config, &node->quic, &why), LP_OK);
}

static lp_credentials *credentials_of(uint8_t seed_octet, const char *name)
{
    uint8_t seed[32];
    lp_credentials *credentials = NULL;
    lp_why why;
    memset(seed, seed_octet, sizeof seed);
    CHECK_EQ(lp_credentials_of_seed(seed, name, &credentials, &why), LP_OK);
    return credentials;
}

static void make_tls(sim_net *net)
{
    lp_why why;
    lp_credentials *relay = credentials_of(1, LP_DEV_SERVER_NAME);
    lp_credentials *client = credentials_of(2, "client");
    lp_key_hash expected = lp_credentials_hash(relay);
    lp_trust trust = {.fingerprint = &expected, .server_name = LP_DEV_SERVER_NAME};
    CHECK_EQ(lp_tls_server_new(relay, &net->relay_tls, &why), LP_OK);
    CHECK_EQ(lp_tls_client_new(client, &trust, &net->client_tls, &why), LP_OK);
    lp_credentials_free(relay);
    lp_credentials_free(client);
}

/* No endpoint yet. */
static sim_net *net_new(void)
{
    sim_net *net = calloc(1, sizeof *net);
    make_tls(net);
    net->now = LP_SECONDS(1000);
    net->delay = LP_MS(10);
    net->mtu = LP_UDP_PAYLOAD_MAX;
    net->seed = 0x9e3779b97f4a7c15u;
    net->nodes[RELAY].addr = addr_of("192.0.2.1", 443);
    net->nodes[CLIENT].addr = addr_of("198.51.100.7", 50000);
    net->nodes[OTHER].addr = addr_of("198.51.100.9", 50000);
    return net;
}

static void net_free(sim_net *net)
{
    for (size_t i = 0; i < NODES_MAX; i++)
        lp_quic_free(net->nodes[i].quic);
    lp_tls_free(net->relay_tls);
    lp_tls_free(net->client_tls);
    free(net);
}

static lp_conn *dial(sim_net *net, size_t from)
{
    sim_node *node = &net->nodes[from];
    CHECK_EQ(lp_quic_dial(node->quic, &node->addr, &net->nodes[RELAY].addr, net->now,
                          &node->conn),
             LP_OK);
    return node->conn;
}

static bool both_connected(const sim_net *net)
{
    return net->nodes[RELAY].connected && net->nodes[CLIENT].connected;
}
