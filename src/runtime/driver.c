#include "runtime/driver.h"

#include <stdlib.h>

#include "os/clock.h"
#include "runtime/batch.h"

/* Reads at most this many batches before writing: answers must not wait for a flood. */
#define READS_PER_WAKE_UP 8

struct lp_driver {
    lp_udp *udp;
    lp_quic *quic;
    lp_alarm alarm;
    lp_batch batch;
    lp_meter meter;
    lp_driver_engine engine;
    uv_poll_t socket_poll, alarm_poll;
    bool socket_polled, alarm_polled; /* handles that libuv knows */
    bool waits_for_room; /* the socket was full: writing goes on when it is writable */
    bool has_failed, is_closing;
};

static void on_socket(uv_poll_t *poll, int status, int events);

static void watch_socket(lp_driver *driver)
{
    int events = UV_READABLE | (driver->waits_for_room ? UV_WRITABLE : 0);
    if (!driver->has_failed && !driver->is_closing)
        uv_poll_start(&driver->socket_poll, events, on_socket);
}

static void fail(lp_driver *driver, lp_err err)
{
    if (driver->is_closing || driver->has_failed)
        return;
    driver->has_failed = true;
    uv_poll_stop(&driver->socket_poll);
    driver->engine.on_failed(driver->engine.state, err);
}

/* --- writing ---------------------------------------------------------------------- */

/* False: the socket is full; the rest must wait. */
static bool send_batch(lp_driver *driver)
{
    size_t packets = driver->batch.packet_count;
    lp_err err = lp_batch_flush(&driver->batch, driver->udp);
    if (!err && packets > 0)
        lp_meter_on_send(&driver->meter, packets);
    bool was_waiting = driver->waits_for_room;
    driver->waits_for_room = err == LP_ERR_WOULD_BLOCK;
    if (driver->waits_for_room != was_waiting)
        watch_socket(driver);
    if (err && err != LP_ERR_WOULD_BLOCK)
        fail(driver, err);
    return err == LP_OK;
}

static void tell_unsent(lp_driver *driver, lp_port *port, const lp_unsent *unsent)
{
    const lp_driver_engine *engine = &driver->engine;
    if (unsent->late > 0)
        engine->on_unsent(engine->state, port, LP_REASON_QUEUE, unsent->late);
    if (unsent->too_long > 0)
        engine->on_unsent(engine->state, port, LP_REASON_EGRESS_BUDGET,
                          unsent->too_long);
}

/* A lone frame's packet does not wait for what we do once it is gone. Packets that others
 * follow leave with them. */
static bool is_alone(const lp_driver *driver, const lp_port *port)
{
    return driver->batch.packet_count == 1 && port->may_rest &&
           !lp_quic_has_more_to_say(driver->quic);
}

/* False: the socket is full, and the connection has more to say. */
static bool write_conn(lp_driver *driver, lp_conn *conn, lp_time now)
{
    lp_port unknown = {.conn = conn}, *port = lp_conn_user(conn);
    lp_unsent unsent = {0};
    lp_write state = LP_WRITE_PACKET;
    if (!port)
        port = &unknown; /* in its handshake: nothing can wait for it */
    lp_port_begin(port, now);
    while (state != LP_WRITE_NOTHING) {
        if (state == LP_WRITE_PACKET && !lp_batch_has_room(&driver->batch) &&
            !send_batch(driver))
            break;
        lp_udp_packet packet;
        state =
            lp_port_write(port, lp_batch_space(&driver->batch), now, &unsent, &packet);
        if (state == LP_WRITE_PACKET) {
            lp_batch_add(&driver->batch, &packet);
            lp_meter_on_packet(&driver->meter, port->frames);
            if (is_alone(driver, port))
                send_batch(driver); /* if it does not leave now, it leaves later */
        }
    }
    tell_unsent(driver, port, &unsent);
    return state == LP_WRITE_NOTHING;
}

/*
 * A connection that ends (in lp_quic_next_due) may give the others something to hear, and
 * what the engine says may end another: quiet is only what is quiet twice.
 */
static bool write_conns(lp_driver *driver, lp_time now)
{
    for (unsigned quiet = 0; quiet < 2;) {
        driver->engine.settle(driver->engine.state, now);
        lp_conn *conn = lp_quic_next_due(driver->quic, now);
        quiet = conn ? 0 : quiet + 1;
        if (conn && !write_conn(driver, conn, now)) {
            lp_conn_want_write(conn);
            return false;
        }
    }
    driver->engine.settle(driver->engine.state, now);
    return true;
}

static bool write_stateless(lp_driver *driver)
{
    lp_udp_packet packet;
    while (lp_batch_has_room(&driver->batch) || send_batch(driver)) {
        if (!lp_quic_next_stateless(driver->quic, &packet))
            return true;
        memcpy(lp_batch_space(&driver->batch).at, packet.payload.at,
               packet.payload.len);
        lp_batch_add(&driver->batch, &packet);
    }
    return false;
}

void lp_driver_flush(lp_driver *driver, lp_time now)
{
    bool may_write = !driver->waits_for_room || send_batch(driver);
    if (may_write && write_conns(driver, now) && write_stateless(driver))
        send_batch(driver);
    if (driver->is_closing)
        return;
    lp_time quic = driver->waits_for_room ? LP_NEVER : lp_quic_deadline(driver->quic);
    lp_alarm_set(&driver->alarm,
                 lp_time_min(quic, driver->engine.deadline(driver->engine.state)));
}

void lp_driver_send(lp_driver *driver, lp_port *port, lp_bytes datagram, lp_time now)
{
    size_t dropped = port->queue ? lp_queue_put(port->queue, datagram, now) : 1;
    if (dropped > 0)
        driver->engine.on_unsent(driver->engine.state, port, LP_REASON_QUEUE, dropped);
    lp_conn_want_write(port->conn);
}

/* --- reading ---------------------------------------------------------------------- */

static void read_socket(lp_driver *driver, lp_time now)
{
    for (int i = 0; i < READS_PER_WAKE_UP && !driver->is_closing; i++) {
        const lp_udp_in *packets;
        size_t count;
        lp_err err = lp_udp_receive(driver->udp, &packets, &count);
        if (err == LP_ERR_WOULD_BLOCK)
            return;
        if (err) {
            fail(driver, err);
            return;
        }
        lp_meter_on_read(&driver->meter, count);
        for (size_t k = 0; k < count; k++) {
            lp_udp_packet packet = {packets[k].local, packets[k].remote, packets[k].ecn,
                                    packets[k].payload};
            lp_quic_on_packet(driver->quic, &packet, now);
        }
        if (count < LP_UDP_BATCH)
            return; /* there were no more */
    }
}

static void on_socket(uv_poll_t *poll, int status, int events)
{
    lp_driver *driver = poll->data;
    lp_time now = lp_clock_now();
    if (events & UV_READABLE || status < 0) {
        read_socket(driver, now);
        if (driver->engine.on_read_end)
            driver->engine.on_read_end(driver->engine.state);
    }
    if (status < 0)
        watch_socket(driver); /* libuv stopped, but the error was read and is over */
    if (!driver->is_closing)
        lp_driver_flush(driver, now);
}

static void on_alarm(uv_poll_t *poll, int status, int events)
{
    lp_driver *driver = poll->data;
    lp_time now = lp_clock_now();
    lp_alarm_clear(&driver->alarm);
    if (driver->engine.deadline(driver->engine.state) <= now)
        driver->engine.on_deadline(driver->engine.state, now);
    if (!driver->is_closing)
        lp_driver_flush(driver, now);
}

/* --- life ------------------------------------------------------------------------- */

static lp_err start_polling(lp_driver *driver, uv_loop_t *loop, lp_why *why)
{
    driver->socket_poll.data = driver->alarm_poll.data = driver;
    if (uv_poll_init_socket(loop, &driver->socket_poll, lp_udp_fd(driver->udp)) != 0)
        return lp_explain(why, LP_ERR_IO,
                          "the event loop does not take the UDP socket");
    driver->socket_polled = true;
    if (uv_poll_init_socket(loop, &driver->alarm_poll, driver->alarm.fd) != 0)
        return lp_explain(why, LP_ERR_IO, "the event loop does not take the alarm");
    driver->alarm_polled = true;
    watch_socket(driver);
    uv_poll_start(&driver->alarm_poll, UV_READABLE, on_alarm);
    return LP_OK;
}

lp_err lp_driver_open(uv_loop_t *loop, const lp_addr *bind_to, bool reuse_port,
                      const lp_quic_config *config, const lp_driver_engine *engine,
                      lp_driver **out_driver, lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
    lp_driver *driver = calloc(1, sizeof *driver);
    if (!driver) {
        lp_explain(why, err, "out of memory");
        goto done;
    }
    driver->engine = *engine;
    driver->alarm.fd = LP_NO_FD;
    err = lp_batch_init(&driver->batch);
    if (err) {
        lp_explain(why, err, "out of memory");
        goto done;
    }
    err = lp_udp_open(bind_to, reuse_port, &driver->udp, why);
    if (err)
        goto done;
    err = lp_alarm_open(&driver->alarm, why);
    if (err)
        goto done;
    err = lp_quic_new(config, &driver->quic, why);
    if (err)
        goto done;
    err = start_polling(driver, loop, why);
    if (err)
        goto done;

    *out_driver = driver;
    driver = NULL; /* the caller's now */
done:
    lp_driver_close(driver);
    return err;
}

static void free_driver(lp_driver *driver)
{
    if (driver->socket_polled || driver->alarm_polled)
        return;
    lp_udp_close(driver->udp);
    if (driver->alarm.fd != LP_NO_FD)
        lp_alarm_close(&driver->alarm);
    lp_batch_fini(&driver->batch);
    free(driver);
}

static void on_socket_closed(uv_handle_t *handle)
{
    lp_driver *driver = handle->data;
    driver->socket_polled = false;
    free_driver(driver);
}

static void on_alarm_closed(uv_handle_t *handle)
{
    lp_driver *driver = handle->data;
    driver->alarm_polled = false;
    free_driver(driver);
}

void lp_driver_close(lp_driver *driver)
{
    if (!driver || driver->is_closing)
        return;
    driver->is_closing = true;
    lp_quic_free(driver->quic);
    driver->quic = NULL;
    bool had_handles = driver->socket_polled || driver->alarm_polled;
    if (driver->socket_polled)
        uv_close((uv_handle_t *)&driver->socket_poll, on_socket_closed);
    if (driver->alarm_polled)
        uv_close((uv_handle_t *)&driver->alarm_poll, on_alarm_closed);
    if (!had_handles)
        free_driver(driver);
}

lp_quic *lp_driver_quic(lp_driver *driver)
{
    return driver->quic;
}

const lp_udp *lp_driver_udp(const lp_driver *driver)
{
    return driver->udp;
}

lp_addr lp_driver_local(const lp_driver *driver)
{
    return lp_udp_local(driver->udp);
}

const lp_meter *lp_driver_meter(const lp_driver *driver)
{
    return &driver->meter;
}
