/*
 * Drives one UDP socket: socket -> QUIC -> engine -> queues -> QUIC -> socket, and one
 * deadline. The same for a relay's worker, a gateway and a client.
 *
 * Once per wake-up everything readable is read, then everything due is written, in
 * batches. Control messages go before datagrams: QUIC's stream first, and engines are
 * drained (lp_driver_engine.settle) before any connection is written.
 *
 * Not thread-safe: one driver belongs to one libuv loop.
 */
#pragma once

#include <uv.h>

#include "core/meter.h"
#include "core/stats.h"
#include "os/udp.h"
#include "quic/endpoint.h"
#include "runtime/port.h"

typedef struct lp_driver lp_driver;

/* The engine behind the driver. All but `state` and the last are required. */
typedef struct lp_driver_engine {
    void *state;
    /* Hand over what the engine wants sent or closed (lp_conn_send, lp_conn_close). Called
     * before connections are written, often: cheap when there is nothing. */
    void (*settle)(void *state, lp_time now);
    lp_time (*deadline)(void *state);
    void (*on_deadline)(void *state, lp_time now);
    /* `count` datagrams for this port will not be sent: LP_REASON_QUEUE or EGRESS_BUDGET. */
    void (*on_unsent)(void *state, lp_port *port, lp_reason reason, size_t count);
    /* The socket broke: nothing works any more. */
    void (*on_failed)(void *state, lp_err err);
    /* What was readable has been read: time for what waited for more. NULL is fine. */
    void (*on_read_end)(void *state);
} lp_driver_engine;

/*
 * Binds the socket and makes the endpoint. `config->tls` and `->handler` are the
 * caller's; secret and random too.
 */
LP_MUST_USE lp_err lp_driver_open(uv_loop_t *loop, const lp_addr *bind_to,
                                  bool reuse_port, const lp_quic_config *config,
                                  const lp_driver_engine *engine,
                                  lp_driver **out_driver, lp_why *why);

/* Ends every connection without a word. Freed once libuv has let go of the handles: run
 * the loop to its end. Not from within a callback of the driver's. NULL is fine. */
void lp_driver_close(lp_driver *driver);

lp_quic *lp_driver_quic(lp_driver *driver);
const lp_udp *lp_driver_udp(const lp_driver *driver);
lp_addr lp_driver_local(const lp_driver *driver);
const lp_meter *lp_driver_meter(const lp_driver *driver);

/* Queues a datagram. Nothing leaves before lp_driver_flush (or the end of the batch that
 * is being read). A port without a queue (memory ran out) drops it. */
void lp_driver_send(lp_driver *driver, lp_port *port, lp_bytes datagram, lp_time now);

/* Writes what is due. Call after telling an engine something from outside the socket:
 * frames read from an adapter, a deadline, a signal. */
void lp_driver_flush(lp_driver *driver, lp_time now);
