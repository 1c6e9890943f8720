/*
 * The network between a benchmark's clients and the relay: real loopback sockets, and
 * packets that take their time on the way, in both directions, by whatever clock the
 * program is linked with.
 *
 * It ends the program when something is missing: a benchmark has nothing to go on with.
 */
#pragma once

#include "base/addr.h"
#include "base/time.h"
#include "quic/endpoint.h"

typedef struct network network;

/* A packet that arrived at a client's socket. */
typedef struct network_packet {
    lp_time at;
    size_t socket;
    uint8_t ecn;
    size_t len;
    uint8_t octet[LP_UDP_PAYLOAD_MAX];
} network_packet;

typedef struct network_shape {
    lp_addr relay;
    size_t sockets;
    bool own_addresses; /* each socket one of 127.0.0.0/8; else all 127.0.0.1 */
    lp_duration one_way;
} network_shape;

network *network_open(const network_shape *shape);
void network_close(network *it);

lp_addr network_local(const network *it, size_t socket);

/* A packet sets out for the relay. */
void network_send(network *it, size_t socket, uint8_t ecn, lp_bytes payload,
                  lp_time now);

/* What sockets have heard sets out for the clients; what is due goes to the relay. */
void network_hear(network *it, lp_time now);
void network_deliver(network *it, lp_time now);

/* The next packet that reached its client; NULL when none. Valid until the next
 * network_hear. */
const network_packet *network_next(network *it, lp_time now);

uint64_t network_heard(const network *it); /* packets from the relay */
