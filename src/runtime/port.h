/*
 * What the driver keeps for a connection: the datagrams that wait for it, and how fast
 * they leave. The queue says who is next, the governor how much may be under way, QUIC
 * seals it.
 *
 *     lp_port_begin(&port, now);
 *     while ((wrote = lp_port_write(&port, ...)) != LP_WRITE_NOTHING)
 *         if (wrote == LP_WRITE_PACKET) send it
 *
 * No socket and no clock.
 */
#pragma once

#include "core/gauges.h"
#include "core/governor.h"
#include "core/histogram.h"
#include "core/one_way.h"
#include "core/queue.h"
#include "quic/endpoint.h"

/* Embed it: lp_conn_user of the connection points to it. */
typedef struct lp_port {
    lp_conn *conn;
    lp_queue *queue;
    lp_governor governor;
    lp_one_way ways;
    lp_histogram waited; /* what was sent, in the queue: us */
    size_t frames;       /* in the packet that was written, or is being written */
    bool is_open;        /* it has room */
    bool is_held;        /* the governor keeps the next datagram back */
    bool may_rest;       /* the last packet took the last datagram */
} lp_port;

lp_err lp_port_init(lp_port *port, lp_conn *conn, lp_random random);
void lp_port_fini(lp_port *port); /* a zeroed port is fine */

/* Sets the gauges whose scope is a connection. It must have one. */
void lp_port_look(const lp_port *port, lp_gauges *out_gauges);

/* True: it was for the port, and is not a datagram for the program. */
bool lp_port_hears(lp_port *port, lp_bytes datagram, lp_time now);

/* The other end said that it understands stamps. */
void lp_port_stamp(lp_port *port);

/* Once before each round of writing: hears what acknowledgements told. */
void lp_port_begin(lp_port *port, lp_time now);

/* Datagrams that will never be sent. */
typedef struct lp_unsent {
    size_t late;     /* waited too long, or made their sender slow down */
    size_t too_long; /* the path shrank while they waited */
} lp_unsent;

/*
 * The next packet, as lp_conn_write does it, with what waits. `*out_unsent` is increased.
 * After LP_WRITE_NOTHING the connection is due again by itself when more may leave.
 */
lp_write lp_port_write(lp_port *port, lp_space space, lp_time now,
                       lp_unsent *out_unsent, lp_udp_packet *out_packet);
