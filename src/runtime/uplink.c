#include "runtime/uplink.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/close.h"
#include "os/clock.h"
#include "os/random.h"
#include "os/resolve.h"

#define MAX_ADDRESSES 8
#define DIAL_PATIENCE LP_SECONDS(8) /* for a handshake */
/* The same where the name has another address: one of them often leads nowhere. */
#define DIAL_PATIENCE_OF_MANY LP_SECONDS(3)
#define NET_SETTLE            LP_MS(50) /* address changes come in bursts */
/* A deadline that was missed by so much was slept through, or this program was stopped. */
#define SLEPT LP_SECONDS(5)
/* So long after a network came back, or the machine woke up, losses are tried again at
 * once: what was there before is found dead one by one. */
#define HURRY LP_SECONDS(5)

struct lp_uplink {
    uv_loop_t *loop;
    lp_uplink_config config;
    lp_member *member;
    lp_driver *driver;
    lp_port port; /* conn is NULL while there is none */
    bool is_connected;
    bool is_leaving;
    bool is_resting; /* between lp_uplink_rest and lp_uplink_wake */
    bool was_let_go; /* this connection, by lp_uplink_rest: its end is no news */

    /* What the name resolved to, and which of it is being tried. */
    lp_addr addresses[MAX_ADDRESSES];
    size_t address_count, address_at;
    bool has_tried;
    lp_lookup *lookup; /* NULL while there is none */
    uv_poll_t lookup_poll;
    bool lookup_polled;
    bool looks_up_again; /* the one that runs was asked when there was no network */
    bool dials_again;    /* the same of a dial */
    bool skips_lookup;   /* the address that is known is tried first */
    lp_time dial_until;

    uv_poll_t net_poll;
    bool net_polled;
    lp_time net_check_at; /* LP_NEVER: nothing changed */
    lp_addr source;       /* where packets to the relay come from now */
    lp_route way; /* to the relay, as last looked at; ifindex 0: there was none */
    lp_time hurries_until;
    lp_time expected_at; /* the deadline that was told last */

    unsigned welcomes;
    lp_gauges gauges; /* as last looked at */
    bool is_closing;
};

/* Nothing is tried while the machine sleeps, nor once we leave. */
static bool is_away(const lp_uplink *uplink)
{
    return uplink->is_leaving || uplink->is_resting;
}

/* Not so any more, where a rest came between. */
static bool is_connecting(const lp_uplink *uplink)
{
    return lp_member_state_of(uplink->member) == LP_MEMBER_CONNECTING;
}

/* --- losing ----------------------------------------------------------------------- */

/* The connection is gone, or never came to be: tell, and wait for the next try. */
static void lose(lp_uplink *uplink, const char *why, lp_time now)
{
    const lp_reject *reject = lp_member_reject(uplink->member);
    if (reject && uplink->is_connected)
        why = reject->reason; /* the relay's words say more than how QUIC ended */
    lp_member_on_lost(uplink->member, now); /* nothing new where it was replaced */
    uplink->is_connected = false;
    uplink->dial_until = LP_NEVER;
    if (uplink->is_leaving)
        return;
    if (now < uplink->hurries_until)
        lp_member_hurry(uplink->member, now);
    bool is_final = lp_member_state_of(uplink->member) == LP_MEMBER_REFUSED;
    lp_time next = is_final ? LP_NEVER : lp_member_deadline(uplink->member);
    uplink->config.handler.on_lost(uplink->config.handler.state, why, next, now);
}

/* --- dialling --------------------------------------------------------------------- */

static bool has_another_address(const lp_uplink *uplink)
{
    return uplink->address_at + 1 < uplink->address_count;
}

/* Passes over addresses that no route leads to: IPv6 where a network has none, say. */
static bool find_way(lp_uplink *uplink, lp_route *out_route)
{
    while (lp_net_route_to(uplink->config.net, lp_uplink_relay(uplink), out_route) !=
           LP_OK) {
        if (!has_another_address(uplink))
            return false;
        uplink->address_at++;
    }
    return true;
}

static void dial(lp_uplink *uplink, lp_time now)
{
    lp_route route;
    lp_conn *conn;
    if (!find_way(uplink, &route)) {
        lose(uplink, "no route leads to the relay: is this machine online?", now);
        return;
    }
    const lp_addr *relay = lp_uplink_relay(uplink);
    uplink->way = route;
    lp_addr local = uplink->source = route.source;
    local.port = lp_driver_local(uplink->driver).port;
    uplink->config.handler.on_dial(uplink->config.handler.state, relay, now);
    if (lp_quic_dial(lp_driver_quic(uplink->driver), &local, relay, now, &conn) !=
        LP_OK) {
        lose(uplink, "out of memory", now);
        return;
    }
    if (lp_port_init(&uplink->port, conn, lp_os_random()) != LP_OK) {
        lp_conn_close(conn, LP_CLOSE_INTERNAL, "out of memory");
        return;
    }
    uplink->dial_until = lp_time_after(
        now, has_another_address(uplink) ? DIAL_PATIENCE_OF_MANY : DIAL_PATIENCE);
    lp_log(uplink->config.log, LP_DEBUG, "dialling relay", F_ADDR("address", relay));
}

static void free_uplink(lp_uplink *uplink);
static void start_lookup(lp_uplink *uplink, lp_time now);

static void on_lookup_closed(uv_handle_t *handle)
{
    lp_uplink *uplink = handle->data;
    lp_time now = lp_clock_now();
    lp_lookup_drop(uplink->lookup);
    uplink->lookup = NULL;
    uplink->lookup_polled = false;
    if (uplink->is_closing) {
        free_uplink(uplink);
        return;
    }
    if (uplink->looks_up_again && !is_away(uplink))
        start_lookup(uplink, now);
    uplink->looks_up_again = false;
    lp_driver_flush(uplink->driver, now); /* another may be wanted */
}

static void on_lookup(uv_poll_t *poll, int status, int events)
{
    lp_uplink *uplink = poll->data;
    lp_time now = lp_clock_now();
    lp_why why;
    lp_err err = lp_lookup_answer(uplink->lookup, uplink->addresses, MAX_ADDRESSES,
                                  &uplink->address_count, &why);
    uv_close((uv_handle_t *)poll, on_lookup_closed);
    uplink->address_at = 0;
    if (is_away(uplink) || !is_connecting(uplink))
        return;
    if (err)
        lose(uplink, why.text, now);
    else
        dial(uplink, now);
    lp_driver_flush(uplink->driver, now);
}

static bool look_up(lp_uplink *uplink)
{
    lp_log(uplink->config.log, uplink->has_tried ? LP_DEBUG : LP_INFO,
           "connecting to the relay", F_STR("name", uplink->config.relay.host),
           F_UINT("port", uplink->config.relay.port));
    uplink->has_tried = true;
    if (lp_lookup_start(&uplink->config.relay, &uplink->lookup) != LP_OK)
        return false;
    uplink->lookup_poll.data = uplink;
    if (uv_poll_init_socket(uplink->loop, &uplink->lookup_poll,
                            lp_lookup_fd(uplink->lookup)) != 0) {
        lp_lookup_drop(uplink->lookup);
        uplink->lookup = NULL;
        return false;
    }
    uplink->lookup_polled = true;
    uv_poll_start(&uplink->lookup_poll, UV_READABLE, on_lookup);
    return true;
}

static void start_lookup(lp_uplink *uplink, lp_time now)
{
    if (!look_up(uplink))
        lose(uplink, "no memory or thread to look up the relay's name", now);
}

/* Each try resolves anew: a relay may have moved while we were away (N-003). But where only
 * we were away, a name server may take longer to come back than the relay. */
static void connect_if_wanted(lp_uplink *uplink, lp_time now)
{
    if (uplink->lookup_polled || uplink->port.conn ||
        !lp_member_wants_connect(uplink->member, now))
        return;
    bool knows = uplink->skips_lookup && uplink->address_count > 0;
    uplink->skips_lookup = false;
    if (knows)
        dial(uplink, now);
    else
        start_lookup(uplink, now);
}

/* --- what QUIC tells -------------------------------------------------------------- */

static bool on_connected(void *state, lp_conn *conn, lp_time now)
{
    lp_uplink *uplink = state;
    uplink->is_connected = true;
    uplink->dial_until = LP_NEVER;
    lp_member_on_connected(uplink->member, now);
    return true;
}

static void on_stream(void *state, lp_conn *conn, lp_bytes octets, lp_time now)
{
    lp_uplink *uplink = state;
    lp_why why;
    if (lp_member_on_control(uplink->member, octets, now, &why) != LP_OK) {
        lp_log(uplink->config.log, LP_WARN, "relay broke the protocol",
               F_STR("why", why.text));
        lp_conn_close(conn, LP_CLOSE_PROTOCOL, why.text);
    }
}

static void tell_events(lp_uplink *uplink, lp_time now)
{
    lp_member_event event;
    while (lp_member_next_event(uplink->member, &event)) {
        if (event.kind == LP_MEMBER_EVENT_WELCOME) {
            const lp_welcome *welcome = lp_member_welcome(uplink->member);
            uplink->welcomes++;
            if (welcome && welcome->stamps)
                lp_port_stamp(&uplink->port);
        }
        uplink->config.handler.on_event(uplink->config.handler.state, &event, now);
    }
}

static void on_datagram(void *state, lp_conn *conn, lp_bytes datagram, lp_time now)
{
    lp_uplink *uplink = state;
    /* What the stream brought in this same batch happened before this frame. */
    tell_events(uplink, now);
    if (!lp_port_hears(&uplink->port, datagram, now))
        uplink->config.handler.on_datagram(uplink->config.handler.state, datagram, now);
}

static void on_read_end(void *state)
{
    lp_uplink *uplink = state;
    if (uplink->config.handler.on_datagrams_end)
        uplink->config.handler.on_datagrams_end(uplink->config.handler.state);
}

static void on_budget(void *state, lp_conn *conn, size_t budget, bool settled,
                      lp_time now)
{
    lp_uplink *uplink = state;
    lp_member_on_budget(uplink->member, budget, settled, lp_conn_rtt(conn), now);
}

static void on_migrated(void *state, lp_conn *conn, const lp_addr *remote, lp_time now)
{
    lp_uplink *uplink = state;
    lp_log(uplink->config.log, LP_INFO, "relay reached over a new path",
           F_ADDR("relay", remote));
}

static void on_ended(void *state, lp_conn *conn, const lp_quic_end *end, lp_time now)
{
    lp_uplink *uplink = state;
    char why[LP_WHY_MAX];
    if (end->reason[0])
        snprintf(why, sizeof why, "%s", end->reason);
    else
        snprintf(why, sizeof why, "%s", lp_err_text(end->err));
    lp_port_fini(&uplink->port);

    if (uplink->was_let_go) {
        uplink->was_let_go = uplink->is_connected = false;
        uplink->dial_until = LP_NEVER;
        return;
    }
    bool never_connected = !uplink->is_connected;
    if (uplink->dials_again && !is_away(uplink)) {
        uplink->dials_again = false;
        dial(uplink, now);
        return;
    }
    if (never_connected && has_another_address(uplink) &&
        end->err != LP_ERR_UNTRUSTED && !is_away(uplink)) {
        uplink->address_at++;
        lp_log(uplink->config.log, LP_INFO,
               "relay does not answer, trying its next address", F_STR("why", why));
        dial(uplink, now);
        return;
    }
    if (end->err == LP_OK && end->code == LP_CLOSE_REPLACED) {
        lp_member_on_replaced(uplink->member, now);
        snprintf(why, sizeof why,
                 "another program joined with this identity; a copy of its "
                 "file must not be used on two machines");
    }
    lose(uplink, why, now);
}

/* --- what the driver asks --------------------------------------------------------- */

/* The member gave the session up by itself (its hello was not answered), or the relay
 * refused it: the connection is of no use any more. */
static bool has_given_up(const lp_uplink *uplink)
{
    return uplink->port.conn && uplink->is_connected &&
           lp_member_is_idle(lp_member_state_of(uplink->member));
}

static void settle(void *state, lp_time now)
{
    lp_uplink *uplink = state;
    lp_bytes octets;
    while (lp_member_next_send(uplink->member, &octets)) {
        if (uplink->port.conn && lp_conn_send(uplink->port.conn, octets) != LP_OK)
            lp_conn_close(uplink->port.conn, LP_CLOSE_INTERNAL,
                          "the relay does not read");
    }
    if (has_given_up(uplink))
        lp_conn_close(uplink->port.conn, LP_CLOSE_NORMAL, "not joined");
    tell_events(uplink, now);
    if (!is_away(uplink))
        connect_if_wanted(uplink, now);
}

static lp_time deadline(void *state)
{
    lp_uplink *uplink = state;
    lp_time own = lp_time_min(uplink->net_check_at, uplink->dial_until);
    lp_time member = lp_member_deadline(uplink->member);
    /* While the name is being looked up, a dial runs or an old connection is still
     * closing, connecting again is not due. */
    if (uplink->lookup_polled || (uplink->port.conn && !uplink->is_connected) ||
        has_given_up(uplink) || uplink->is_resting)
        member = LP_NEVER;
    lp_time app = uplink->config.handler.deadline(uplink->config.handler.state);
    uplink->expected_at = lp_time_min(own, lp_time_min(member, app));
    return uplink->expected_at;
}

static void check_net(lp_uplink *uplink, lp_time now);

static void notice_sleep(lp_uplink *uplink, lp_time now)
{
    if (!uplink->is_resting && now > lp_time_after(uplink->expected_at, SLEPT))
        lp_uplink_wake(uplink, now);
}

static void on_deadline(void *state, lp_time now)
{
    lp_uplink *uplink = state;
    notice_sleep(uplink, now);
    if (lp_member_deadline(uplink->member) <= now) {
        lp_uplink_look(uplink); /* it may be a report that is due */
        lp_member_on_deadline(uplink->member, now);
    }
    if (uplink->dial_until <= now) {
        uplink->dial_until = LP_NEVER;
        lp_conn_close(uplink->port.conn, LP_CLOSE_NORMAL, "no answer from the relay");
    }
    if (uplink->net_check_at <= now)
        check_net(uplink, now);
    if (uplink->config.handler.deadline(uplink->config.handler.state) <= now)
        uplink->config.handler.on_deadline(uplink->config.handler.state, now);
}

static void on_unsent(void *state, lp_port *port, lp_reason reason, size_t count)
{
    lp_uplink *uplink = state;
    uplink->config.handler.on_unsent(uplink->config.handler.state, reason, count);
}

static void on_socket_failed(void *state, lp_err err)
{
    lp_uplink *uplink = state;
    uplink->config.handler.on_failed(
        uplink->config.handler.state,
        "the UDP socket broke and cannot be used any more");
}

/* --- when this machine moves ------------------------------------------------------ */

/*
 * The route to the relay may lead another way now: another address, another interface.
 * QUIC moves the connection there (RFC 9000 section 9); joined stays joined.
 */
static void follow_route(lp_uplink *uplink, lp_time now)
{
    lp_route route;
    if (!uplink->port.conn || !uplink->is_connected ||
        lp_net_route_to(uplink->config.net, lp_uplink_relay(uplink), &route) != LP_OK ||
        route.ifindex == uplink->config.inside)
        return;
    if (lp_addr_same_ip(&route.source, &uplink->source))
        return;
    lp_addr local = route.source;
    local.port = lp_driver_local(uplink->driver).port;
    lp_log(uplink->config.log, LP_INFO,
           "this machine's address changed, moving the tunnel",
           F_ADDR("from", &uplink->source), F_ADDR("to", &route.source));
    uplink->source = route.source;
    if (lp_conn_migrate(uplink->port.conn, &local, now) != LP_OK)
        lp_conn_ping(uplink->port.conn); /* the relay follows what it hears */
}

/* The network is there again, or another one is: nothing that waited for the old one goes
 * on waiting. */
static void hurry(lp_uplink *uplink, lp_time now)
{
    bool dials = uplink->port.conn && !uplink->is_connected && !uplink->was_let_go;
    uplink->hurries_until = lp_time_after(now, HURRY);
    uplink->skips_lookup = true;
    lp_member_hurry(uplink->member, now);
    if (uplink->lookup_polled && is_connecting(uplink) &&
        !uv_is_closing((uv_handle_t *)&uplink->lookup_poll)) {
        uplink->looks_up_again = true;
        uv_close((uv_handle_t *)&uplink->lookup_poll, on_lookup_closed);
    }
    if (dials && !uplink->dials_again) { /* its next packet may be seconds away */
        uplink->dials_again = true;
        lp_conn_close(uplink->port.conn, LP_CLOSE_NORMAL, "the network changed");
    }
}

/* Has a way to the relay come up, or another one, since this was last asked? Changes that
 * lead nowhere else, our own among them, are none. */
static bool has_new_way(lp_uplink *uplink)
{
    lp_route way = {0};
    if (uplink->address_count == 0)
        return true; /* nobody knows where to; the member's limit holds */
    if (lp_net_route_to(uplink->config.net, lp_uplink_relay(uplink), &way) != LP_OK ||
        (uplink->config.inside && way.ifindex == uplink->config.inside))
        way = (lp_route){0};
    bool is_new =
        way.ifindex != 0 && (way.ifindex != uplink->way.ifindex ||
                             !lp_addr_same_ip(&way.source, &uplink->way.source) ||
                             !lp_addr_same_ip(&way.gateway, &uplink->way.gateway));
    uplink->way = way;
    return is_new;
}

/* After the dust has settled: is the way still there, also where the address stayed? */
static void check_net(lp_uplink *uplink, lp_time now)
{
    uplink->net_check_at = LP_NEVER;
    if (has_new_way(uplink))
        hurry(uplink, now);
    follow_route(uplink, now);
    if (uplink->port.conn && uplink->is_connected)
        lp_conn_ping(uplink->port.conn);
}

static void on_net(uv_poll_t *poll, int status, int events)
{
    lp_uplink *uplink = poll->data;
    lp_time now = lp_clock_now();
    if (status < 0) /* more news than the socket could hold: libuv stopped listening */
        uv_poll_start(poll, UV_READABLE, on_net);
    notice_sleep(uplink, now);
    if (!lp_net_changed(uplink->config.net))
        return;
    /* A route that leads the tunnel into itself must go at once. */
    uplink->config.handler.on_net_changed(uplink->config.handler.state, now);
    /* So must we: until QUIC moves, packets leave from the new address with the old
     * connection id. The relay takes that for a NAT's doing, and when the real move
     * overtakes its validation of that, ngtcp2 (1.24) there miscounts connection ids and
     * ends the connection. */
    follow_route(uplink, now);
    uplink->net_check_at =
        lp_time_min(uplink->net_check_at, lp_time_after(now, NET_SETTLE));
    lp_driver_flush(uplink->driver, now);
}

void lp_uplink_rest(lp_uplink *uplink, const char *reason, lp_time now)
{
    if (is_away(uplink))
        return;
    uplink->is_resting = true;
    uplink->dials_again = uplink->looks_up_again = false;
    lp_member_rest(uplink->member, reason, now);
    settle(uplink, now);
    uplink->was_let_go = uplink->port.conn != NULL;
    if (uplink->port.conn)
        lp_conn_close(uplink->port.conn, LP_CLOSE_NORMAL, reason);
    lp_driver_flush(uplink->driver, now);
}

void lp_uplink_wake(lp_uplink *uplink, lp_time now)
{
    if (uplink->is_leaving)
        return;
    uplink->is_resting = false;
    lp_log(uplink->config.log, LP_INFO, "this machine slept, looking for the relay");
    uplink->expected_at = LP_NEVER; /* told once */
    hurry(uplink, now);
    check_net(uplink, now);
    uplink->net_check_at = lp_time_after(now, NET_SETTLE);
    lp_driver_flush(uplink->driver, now);
}

/* --- life ------------------------------------------------------------------------- */

static lp_err open_driver(lp_uplink *uplink, lp_why *why)
{
    lp_quic_config quic = lp_quic_default_config();
    lp_addr any = {.family = 6};
    lp_driver_engine engine = {uplink,    settle,           deadline,   on_deadline,
                               on_unsent, on_socket_failed, on_read_end};
    quic.tls = uplink->config.tls;
    quic.accepts = false;
    quic.max_conns = 8;
    quic.random = lp_os_random();
    lp_random_fill(quic.random, quic.secret, sizeof quic.secret);
    quic.handler = (lp_quic_handler){uplink,    on_connected, on_stream, on_datagram,
                                     on_budget, on_migrated,  on_ended};
    lp_err err =
        lp_driver_open(uplink->loop, &any, false, &quic, &engine, &uplink->driver, why);
    if (!err)
        lp_quic_set_lane(lp_driver_quic(uplink->driver),
                         lp_lane_of_room(uplink->config.member.room));
    return err;
}

lp_err lp_uplink_open(uv_loop_t *loop, const lp_uplink_config *config,
                      lp_uplink **out_session, lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
    lp_uplink *uplink = calloc(1, sizeof *uplink);
    if (!uplink) {
        lp_explain(why, err, "out of memory");
        goto done;
    }
    uplink->loop = loop;
    uplink->config = *config;
    uplink->net_check_at = uplink->dial_until = uplink->expected_at = LP_NEVER;
    uplink->member = lp_member_new(&config->member, lp_clock_now());
    if (!uplink->member) {
        lp_explain(why, err, "out of memory");
        goto done;
    }
    err = open_driver(uplink, why);
    if (err)
        goto done;
    uplink->net_poll.data = uplink;
    if (uv_poll_init_socket(loop, &uplink->net_poll, lp_net_fd(config->net)) != 0) {
        err = lp_explain(why, LP_ERR_IO,
                         "the event loop does not take the routing socket");
        goto done;
    }
    uplink->net_polled = true;

    *out_session = uplink;
    uplink = NULL; /* the caller's now */
done:
    if (uplink)
        uplink->config.handler.on_closed = NULL; /* it was never open */
    lp_uplink_close(uplink);
    return err;
}

void lp_uplink_start(lp_uplink *uplink, lp_time now)
{
    uv_poll_start(&uplink->net_poll, UV_READABLE, on_net);
    lp_driver_flush(uplink->driver, now);
}

void lp_uplink_leave(lp_uplink *uplink, const char *reason, lp_time now)
{
    uplink->is_leaving = true;
    lp_member_leave(uplink->member, reason, now);
    settle(uplink, now);
    if (uplink->port.conn)
        lp_conn_close(uplink->port.conn, LP_CLOSE_NORMAL, reason);
    lp_driver_flush(uplink->driver, now);
}

bool lp_uplink_is_over(const lp_uplink *uplink)
{
    return uplink->is_leaving && !uplink->port.conn;
}

static void free_uplink(lp_uplink *uplink)
{
    lp_uplink_handler handler = uplink->config.handler;
    if (uplink->net_polled || uplink->lookup_polled)
        return;
    lp_member_free(uplink->member);
    free(uplink);
    if (handler.on_closed)
        handler.on_closed(handler.state);
}

static void on_net_closed(uv_handle_t *handle)
{
    lp_uplink *uplink = handle->data;
    uplink->net_polled = false;
    free_uplink(uplink);
}

void lp_uplink_close(lp_uplink *uplink)
{
    if (!uplink)
        return;
    uplink->is_closing = true;
    lp_port_fini(&uplink->port);
    lp_driver_close(uplink->driver);
    if (uplink->lookup_polled && !uv_is_closing((uv_handle_t *)&uplink->lookup_poll))
        uv_close((uv_handle_t *)&uplink->lookup_poll, on_lookup_closed);
    if (uplink->net_polled)
        uv_close((uv_handle_t *)&uplink->net_poll, on_net_closed);
    else
        free_uplink(uplink);
}

void lp_uplink_send(lp_uplink *uplink, lp_bytes datagram, lp_time now)
{
    if (uplink->port.conn)
        lp_driver_send(uplink->driver, &uplink->port, datagram, now);
}

void lp_uplink_flush(lp_uplink *uplink, lp_time now)
{
    lp_driver_flush(uplink->driver, now);
}

void lp_uplink_report(lp_uplink *uplink, const lp_stats *stats)
{
    lp_member_report(uplink->member, stats, &uplink->gauges);
}

const lp_gauges *lp_uplink_look(lp_uplink *uplink)
{
    if (uplink->port.conn)
        lp_port_look(&uplink->port, &uplink->gauges);
    lp_meter_look(lp_driver_meter(uplink->driver), &uplink->gauges);
    return &uplink->gauges;
}

lp_member *lp_uplink_member(lp_uplink *uplink)
{
    return uplink->member;
}

const lp_conn *lp_uplink_conn(const lp_uplink *uplink)
{
    return uplink->is_connected ? uplink->port.conn : NULL;
}

const lp_addr *lp_uplink_relay(const lp_uplink *uplink)
{
    return &uplink->addresses[uplink->address_at];
}

lp_time lp_uplink_next_try(const lp_uplink *uplink)
{
    bool waits = lp_member_state_of(uplink->member) == LP_MEMBER_OFFLINE &&
                 !uplink->lookup_polled && !uplink->is_leaving;
    return waits ? lp_member_deadline(uplink->member) : LP_NEVER;
}

unsigned lp_uplink_reconnects(const lp_uplink *uplink)
{
    return uplink->welcomes > 1 ? uplink->welcomes - 1 : 0;
}
