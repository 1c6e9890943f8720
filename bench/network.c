#include "network.h"

#include "need.h"
#include "os/udp.h"
#include "runtime/batch.h"

#include <stdlib.h>

/* Packets that are on their way: first in, first out, since all take the same time. */
enum { WIRE_ROOM = 1 << 15 };

typedef struct wire {
    size_t first, count;
    network_packet *packets;
} wire;

struct network {
    network_shape shape;
    lp_udp **sockets;
    lp_batch batch;
    wire up, down;
    uint64_t heard;
};

/* --- wires ------------------------------------------------------------------------ */

static void put_on(wire *it, size_t socket, uint8_t ecn, lp_bytes payload, lp_time at)
{
    need(it->count < WIRE_ROOM, "too much is on its way");
    need(payload.len <= LP_UDP_PAYLOAD_MAX, "a packet is too large");
    network_packet *last = &it->packets[(it->first + it->count++) % WIRE_ROOM];
    last->at = at;
    last->socket = socket;
    last->ecn = ecn;
    last->len = payload.len;
    memcpy(last->octet, payload.at, payload.len);
}

static const network_packet *take_off(wire *it, lp_time now)
{
    const network_packet *first = &it->packets[it->first];
    if (it->count == 0 || first->at > now)
        return NULL;
    it->first = (it->first + 1) % WIRE_ROOM;
    it->count--;
    return first;
}

/* --- the clients' side ------------------------------------------------------------ */

void network_send(network *it, size_t socket, uint8_t ecn, lp_bytes payload,
                  lp_time now)
{
    put_on(&it->up, socket, ecn, payload, lp_time_after(now, it->shape.one_way));
}

const network_packet *network_next(network *it, lp_time now)
{
    return take_off(&it->down, now);
}

/* --- the relay's side ------------------------------------------------------------- */

void network_hear(network *it, lp_time now)
{
    lp_time arrival = lp_time_after(now, it->shape.one_way);
    for (size_t i = 0; i < it->shape.sockets; i++) {
        const lp_udp_in *packets;
        size_t count;
        while (lp_udp_receive(it->sockets[i], &packets, &count) == LP_OK) {
            it->heard += count;
            for (size_t k = 0; k < count; k++)
                put_on(&it->down, i, packets[k].ecn, packets[k].payload, arrival);
        }
    }
}

static void flush(network *it, size_t socket)
{
    need(lp_batch_flush(&it->batch, it->sockets[socket]) == LP_OK, "a socket is full");
}

void network_deliver(network *it, lp_time now)
{
    const network_packet *due;
    size_t socket = 0;
    while ((due = take_off(&it->up, now))) {
        if (due->socket != socket || !lp_batch_has_room(&it->batch))
            flush(it, socket);
        socket = due->socket;
        memcpy(lp_batch_space(&it->batch).at, due->octet, due->len);
        lp_udp_packet packet = {
            .local = lp_udp_local(it->sockets[socket]),
            .remote = it->shape.relay,
            .ecn = due->ecn,
            .payload = lp_bytes_of(due->octet, due->len),
        };
        lp_batch_add(&it->batch, &packet);
    }
    flush(it, socket);
}

/* --- life ------------------------------------------------------------------------- */

/* 127.0.0.1, 127.0.0.2, ...: loopback has them all. */
static lp_addr address_of(const network_shape *shape, size_t socket)
{
    size_t host = 1 + (shape->own_addresses ? socket : 0);
    return (lp_addr){
        .family = 4,
        .ip = {127, (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host}};
}

network *network_open(const network_shape *shape)
{
    lp_why why;
    network *it = calloc(1, sizeof *it);
    need(it, "no memory");
    it->shape = *shape;
    it->sockets = calloc(shape->sockets, sizeof(lp_udp *));
    it->up.packets = calloc(WIRE_ROOM, sizeof(network_packet));
    it->down.packets = calloc(WIRE_ROOM, sizeof(network_packet));
    need(it->sockets && it->up.packets && it->down.packets &&
             lp_batch_init(&it->batch) == LP_OK,
         "no memory");
    for (size_t i = 0; i < shape->sockets; i++) {
        lp_addr local = address_of(shape, i);
        need(lp_udp_open(&local, false, &it->sockets[i], &why) == LP_OK, why.text);
    }
    return it;
}

void network_close(network *it)
{
    for (size_t i = 0; i < it->shape.sockets; i++)
        lp_udp_close(it->sockets[i]);
    lp_batch_fini(&it->batch);
    free(it->up.packets);
    free(it->down.packets);
    free(it->sockets);
    free(it);
}

lp_addr network_local(const network *it, size_t socket)
{
    return lp_udp_local(it->sockets[socket]);
}

uint64_t network_heard(const network *it)
{
    return it->heard;
}
