#include "runtime/relay_worker.h"

#include <stdlib.h>

#include "core/close.h"
#include "os/clock.h"
#include "os/random.h"
#include "runtime/describe.h"
#include "runtime/relay_log.h"

#define RTT_EVERY_MS 1000 /* how often round trips are told to the engine */

typedef struct relay_port {
    lp_port port; /* first: it is the connection's user pointer */
    lp_link link;
} relay_port;

struct lp_relay_worker {
    lp_relay_worker_config config;
    lp_relay *relay;
    lp_driver *driver;
    relay_port **ports; /* by slot of the link */
    lp_steer *steer;    /* NULL: nobody steers */
    uv_timer_t rtt_timer;
    lp_relay_log log;
    bool is_timing;
    bool is_leaving;
};

static void free_port(lp_relay_worker *worker, relay_port *port)
{
    worker->ports[lp_relay_slot_of(worker->relay, port->link)] = NULL;
    lp_port_fini(&port->port);
    free(port);
}

static relay_port *port_of(const lp_relay_worker *worker, lp_link link)
{
    relay_port *port = worker->ports[lp_relay_slot_of(worker->relay, link)];
    return port && port->link == link ? port : NULL;
}

/* --- what QUIC tells -------------------------------------------------------------- */

static bool on_connected(void *state, lp_conn *conn, lp_time now)
{
    lp_relay_worker *worker = state;
    lp_fingerprint identity;
    _Static_assert(sizeof identity == sizeof *lp_conn_identity(conn), "the same hash");
    memcpy(&identity, lp_conn_identity(conn), sizeof identity);

    relay_port *port = calloc(1, sizeof *port);
    if (!port)
        return false;
    if (lp_port_init(&port->port, conn, lp_os_random()) != LP_OK ||
        lp_relay_on_connect(worker->relay, &identity, lp_conn_remote(conn), now,
                            &port->link) != LP_OK) {
        lp_conn_set_user(conn, NULL);
        lp_port_fini(&port->port);
        free(port);
        lp_log(worker->config.log, LP_WARN, "connection refused, the relay is full",
               F_ADDR("from", lp_conn_remote(conn)));
        return false;
    }
    worker->ports[lp_relay_slot_of(worker->relay, port->link)] = port;
    lp_log(worker->config.log, LP_DEBUG, "connected", F_UINT("link", port->link),
           F_ADDR("from", lp_conn_remote(conn)));
    return true;
}

static void on_stream(void *state, lp_conn *conn, lp_bytes octets, lp_time now)
{
    lp_relay_worker *worker = state;
    relay_port *port = lp_conn_user(conn);
    if (port)
        lp_relay_on_control(worker->relay, port->link, octets, now);
}

static void forward(lp_relay_worker *worker, lp_link to, lp_bytes datagram, lp_time now)
{
    relay_port *target = port_of(worker, to);
    if (!target)
        return;
    size_t budget = lp_relay_budget(worker->relay, to);
    if (datagram.len > budget) {
        lp_relay_on_egress(worker->relay, to, datagram.len, LP_REASON_EGRESS_BUDGET);
        lp_log_egress(worker->config.log, worker->relay, to, datagram,
                      budget); /* L-020 */
        return;
    }
    lp_relay_on_egress(worker->relay, to, datagram.len, LP_REASON_NONE);
    lp_driver_send(worker->driver, &target->port, datagram, now);
}

static void on_datagram(void *state, lp_conn *conn, lp_bytes datagram, lp_time now)
{
    lp_relay_worker *worker = state;
    relay_port *port = lp_conn_user(conn);
    if (!port || lp_port_hears(&port->port, datagram, now))
        return;
    lp_verdict verdict = lp_relay_on_datagram(worker->relay, port->link, datagram, now);
    if (worker->config.frame_log.on)
        lp_log_verdict(&worker->config.frame_log, worker->relay, port->link, datagram,
                       &verdict);
    for (size_t i = 0; i < verdict.target_count; i++)
        forward(worker, verdict.targets[i], datagram, now);
}

static void on_budget(void *state, lp_conn *conn, size_t budget, bool settled,
                      lp_time now)
{
    lp_relay_worker *worker = state;
    relay_port *port = lp_conn_user(conn);
    if (!port)
        return;
    lp_relay_on_rtt(worker->relay, port->link, lp_conn_rtt(conn));
    lp_relay_on_budget(worker->relay, port->link, budget, settled, now);
}

static void on_migrated(void *state, lp_conn *conn, const lp_addr *remote, lp_time now)
{
    lp_relay_worker *worker = state;
    relay_port *port = lp_conn_user(conn);
    if (!port)
        return;
    lp_relay_on_address(worker->relay, port->link, remote);
    lp_log(worker->config.log, LP_INFO, "peer moved", F_UINT("link", port->link),
           F_ADDR("to", remote));
}

static void on_ended(void *state, lp_conn *conn, const lp_quic_end *end, lp_time now)
{
    lp_relay_worker *worker = state;
    relay_port *port = lp_conn_user(conn);
    if (!port)
        return;
    const char *why = end->reason[0] ? end->reason
                      : end->err     ? lp_err_text(end->err)
                                     : "left";
    lp_relay_on_close(worker->relay, port->link, why, now);
    free_port(worker, port);
}

/* --- other workers ---------------------------------------------------------------- */

static void on_astray(void *state, uint8_t to, const lp_udp_packet *packet)
{
    const lp_relay_mail *mail = &((lp_relay_worker *)state)->config.mail;
    mail->astray(mail->state, to, packet);
}

static void on_forget(void *state, const lp_quic_past *past)
{
    lp_relay_worker *worker = state;
    const lp_relay_mail *mail = &worker->config.mail;
    for (size_t i = 0; worker->steer && i < past->id_count; i++)
        lp_steer_unpin(worker->steer, past->ids[i].octet);
    mail->forget(mail->state, past->stub);
}

/* Its packets come straight to this worker from now on. Where that cannot be told to the
 * system, the worker that it left passes them on. */
static void pin(lp_relay_worker *worker, const lp_quic_past *past)
{
    lp_err err = LP_OK;
    for (size_t i = 0; worker->steer && i < past->id_count && !err; i++)
        err = lp_steer_pin(worker->steer, past->ids[i].octet, worker->config.worker);
}

void lp_relay_guest_free(lp_relay_guest *guest)
{
    lp_quic_discard(guest->conn);
    free(guest);
}

static void send_off(lp_relay_worker *worker, const lp_relay_move *move, lp_time now)
{
    relay_port *port = port_of(worker, move->link);
    const lp_relay_mail *mail = &worker->config.mail;
    lp_conn *conn = port->port.conn;
    lp_relay_guest *guest = malloc(sizeof *guest + move->said.len);
    if (!guest || lp_quic_part(lp_driver_quic(worker->driver), conn,
                               (uint8_t)move->worker) != LP_OK) {
        free(guest);
        lp_conn_close(conn, LP_CLOSE_INTERNAL, "the relay is out of memory");
        return;
    }
    *guest = (lp_relay_guest){conn, move->said.len};
    memcpy(guest->said, move->said.at, move->said.len);
    lp_log(worker->config.log, LP_DEBUG, "handed over", F_UINT("link", move->link),
           F_UINT("to_worker", move->worker));
    lp_relay_on_close(worker->relay, move->link, "", now);
    free_port(worker, port);
    mail->move(mail->state, move->worker, guest);
}

void lp_relay_worker_take(lp_relay_worker *worker, lp_relay_guest *guest, lp_time now)
{
    lp_conn *conn = guest->conn;
    lp_conn_set_user(conn, NULL);
    if (lp_quic_join(lp_driver_quic(worker->driver), conn, now) != LP_OK) {
        lp_log(worker->config.log, LP_WARN, "no place for a connection handed over");
    } else if (!on_connected(worker, conn, now)) {
        lp_conn_close(conn, LP_CLOSE_INTERNAL, "the relay is full");
    } else {
        pin(worker, lp_conn_past(conn));
        on_stream(worker, conn, lp_bytes_of(guest->said, guest->said_len), now);
    }
    free(guest);
}

void lp_relay_worker_on_astray(lp_relay_worker *worker, const lp_udp_packet *packet,
                               lp_time now)
{
    lp_quic_on_astray(lp_driver_quic(worker->driver), packet, now);
}

void lp_relay_worker_forget(lp_relay_worker *worker, lp_quic_stub stub)
{
    lp_quic_forget(lp_driver_quic(worker->driver), stub);
}

void lp_relay_worker_flush(lp_relay_worker *worker, lp_time now)
{
    lp_driver_flush(worker->driver, now);
}

void lp_relay_worker_steer_with(lp_relay_worker *worker, lp_steer *steer)
{
    worker->steer = steer;
}

/* --- what the driver asks --------------------------------------------------------- */

static void settle(void *state, lp_time now)
{
    lp_relay_worker *worker = state;
    lp_relay_send send;
    lp_relay_move move;
    lp_relay_close end;
    lp_relay_event event;
    while (lp_relay_next_send(worker->relay, &send)) {
        relay_port *port = port_of(worker, send.link);
        if (port && lp_conn_send(port->port.conn, send.octets) == LP_ERR_FULL)
            lp_conn_close(port->port.conn, LP_CLOSE_OVERLOADED,
                          "does not read its messages");
    }
    while (lp_relay_next_move(worker->relay, &move))
        send_off(worker, &move, now);
    while (lp_relay_next_close(worker->relay, &end)) {
        relay_port *port = port_of(worker, end.link);
        if (port)
            lp_conn_close(port->port.conn, end.code, end.reason);
    }
    while (lp_relay_next_event(worker->relay, &event))
        lp_relay_log_event(&worker->log, &event, now);
}

static lp_time deadline(void *state)
{
    lp_relay_worker *worker = state;
    return lp_relay_deadline(worker->relay);
}

static void on_deadline(void *state, lp_time now)
{
    lp_relay_worker *worker = state;
    lp_relay_on_deadline(worker->relay, now);
}

static void on_unsent(void *state, lp_port *port, lp_reason reason, size_t count)
{
    lp_relay_worker *worker = state;
    lp_link link = ((relay_port *)port)->link;
    for (size_t i = 0; i < count; i++)
        lp_relay_on_egress(worker->relay, link, 0, reason);
}

static void on_socket_failed(void *state, lp_err err)
{
    lp_relay_worker *worker = state;
    worker->config.on_failed(worker->config.state, "the UDP socket broke");
}

static void on_rtt_timer(uv_timer_t *timer)
{
    lp_relay_worker *worker = timer->data;
    for (size_t i = 0; i < worker->config.relay.max_links; i++) {
        relay_port *port = worker->ports[i];
        if (port)
            lp_relay_on_rtt(worker->relay, port->link, lp_conn_rtt(port->port.conn));
    }
}

/* --- life ------------------------------------------------------------------------- */

lp_err lp_relay_worker_open(uv_loop_t *loop, const lp_relay_worker_config *config,
                            lp_relay_worker **out_worker, lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
    lp_relay_worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        goto no_memory;
    worker->config = *config;
    worker->log = lp_relay_log_start(config->log, lp_clock_now());
    worker->config.relay.worker = worker->config.quic.worker = config->worker;
    if (config->workers > 1)
        worker->config.relay.workers = worker->config.quic.workers = config->workers;
    worker->config.relay.random = worker->config.quic.random = lp_os_random();
    worker->config.quic.accepts = true;
    worker->config.quic.max_conns = config->relay.max_links;
    worker->config.quic.handler =
        (lp_quic_handler){worker,      on_connected, on_stream, on_datagram, on_budget,
                          on_migrated, on_ended,     on_astray, on_forget};
    worker->ports = calloc(config->relay.max_links, sizeof *worker->ports);
    worker->relay = lp_relay_new(&worker->config.relay, lp_clock_now());
    if (!worker->ports || !worker->relay)
        goto no_memory;

    lp_driver_engine engine = {worker,      settle,    deadline,
                               on_deadline, on_unsent, on_socket_failed};
    err = lp_driver_open(loop, &config->listen, config->reuse_port,
                         &worker->config.quic, &engine, &worker->driver, why);
    if (err)
        goto done;
    worker->rtt_timer.data = worker;
    uv_timer_init(loop, &worker->rtt_timer);
    uv_timer_start(&worker->rtt_timer, on_rtt_timer, RTT_EVERY_MS, RTT_EVERY_MS);
    worker->is_timing = true;

    *out_worker = worker;
    worker = NULL; /* the caller's now */
    goto done;
no_memory:
    lp_explain(why, err, "out of memory");
done:
    lp_relay_worker_close(worker);
    return err;
}

void lp_relay_worker_leave(lp_relay_worker *worker, const char *reason, lp_time now)
{
    worker->is_leaving = true;
    lp_relay_shut_down(worker->relay, reason, now);
    lp_driver_flush(worker->driver, now);
}

bool lp_relay_worker_is_over(const lp_relay_worker *worker)
{
    return worker->is_leaving && lp_relay_link_count(worker->relay) == 0 &&
           lp_quic_conn_count(lp_driver_quic(worker->driver)) == 0;
}

static void free_worker(lp_relay_worker *worker)
{
    for (size_t i = 0; worker->ports && i < worker->config.relay.max_links; i++) {
        if (worker->ports[i])
            lp_port_fini(&worker->ports[i]->port);
        free(worker->ports[i]);
    }
    free(worker->ports);
    lp_relay_free(worker->relay);
    free(worker);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free_worker(handle->data);
}

void lp_relay_worker_close(lp_relay_worker *worker)
{
    if (!worker)
        return;
    lp_driver_close(worker->driver);
    if (worker->is_timing)
        uv_close((uv_handle_t *)&worker->rtt_timer, on_timer_closed);
    else
        free_worker(worker);
}

size_t lp_relay_worker_members(const lp_relay_worker *worker)
{
    return lp_relay_link_count(worker->relay);
}

lp_addr lp_relay_worker_local(const lp_relay_worker *worker)
{
    return lp_driver_local(worker->driver);
}

const lp_udp *lp_relay_worker_udp(const lp_relay_worker *worker)
{
    return lp_driver_udp(worker->driver);
}

/* --- status ----------------------------------------------------------------------- */

static json_t *describe_peer(const lp_relay_worker *worker,
                             const lp_relay_peer_view *view, lp_time now)
{
    const relay_port *port = port_of(worker, view->link);
    char identity[LP_KEY_HASH_TEXT_LEN];
    lp_key_hash hash;
    memcpy(&hash, &view->identity, sizeof hash);

    json_t *peer = json_object();
    lp_tell_uint(peer, "peer_id", view->peer_id);
    lp_tell_text(peer, "role", lp_role_name(view->role));
    lp_tell_mac(peer, "mac", view->has_mac, view->mac);
    lp_tell_addr(peer, "address", &view->from);
    lp_tell_ms(peer, "rtt_ms", view->rtt);
    lp_tell_uint(peer, "datagram_budget", view->budget);
    lp_tell_ms(peer, "joined_ms", lp_time_until(view->joined_at, now));
    lp_tell_ms(peer, "last_seen_ms", lp_time_until(view->last_seen, now));
    lp_tell_uint(peer, "malformed", view->malformed);
    lp_tell_text(peer, "identity", lp_key_hash_write(&hash, identity));
    lp_tell_text(peer, "software", view->software);
    lp_tell_take(peer, "counters", lp_describe_stats(&view->stats));
    lp_tell_take(peer, "reported", lp_describe_reported(view->reported));
    if (port) {
        lp_gauges gauges = {{0}};
        lp_port_look(&port->port, &gauges);
        lp_tell_take(peer, "connection", lp_describe_conn(port->port.conn));
        lp_tell_take(peer, "live", lp_describe_gauges(&gauges, LP_OF_CONNECTION));
    }
    return peer;
}

static json_t *describe_room(const lp_relay_worker *worker,
                             const lp_relay_room_view *view, lp_time now)
{
    json_t *peers = json_array();
    size_t cursor = 0;
    lp_relay_peer_view peer;
    while (lp_relay_next_peer(worker->relay, view->code, &cursor, &peer))
        json_array_append_new(peers, describe_peer(worker, &peer, now));

    json_t *room = json_object();
    lp_tell_text(room, "room", view->code);
    lp_tell_uint(room, "room_id", view->room_id);
    lp_tell_uint(room, "mtu", view->mtu);
    lp_tell_bool(room, "gateway_present", view->has_gateway);
    lp_tell_uint(room, "clients", view->clients);
    lp_tell_uint(room, "stations", view->stations);
    lp_tell_take(room, "peers", peers);
    return room;
}

json_t *lp_relay_worker_describe(const lp_relay_worker *worker, lp_time now)
{
    json_t *rooms = json_array();
    size_t cursor = 0;
    lp_relay_room_view room;
    while (lp_relay_next_room(worker->relay, &cursor, now, &room))
        json_array_append_new(rooms, describe_room(worker, &room, now));

    lp_gauges gauges = {{0}};
    lp_meter_look(lp_driver_meter(worker->driver), &gauges);
    json_t *all = json_object();
    lp_tell_take(all, "rooms", rooms);
    lp_tell_take(all, "live", lp_describe_gauges(&gauges, LP_OF_SOCKET));
    lp_tell_take(all, "counters", lp_describe_stats(lp_relay_stats(worker->relay)));
    lp_tell_take(all, "quic", lp_describe_quic(lp_driver_quic(worker->driver)));
    return all;
}
