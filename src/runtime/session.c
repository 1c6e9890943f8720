#include "runtime/session.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/close.h"
#include "os/clock.h"
#include "os/random.h"
#include "os/resolve.h"

#define MAX_ADDRESSES    8
#define DIAL_PATIENCE    LP_SECONDS(8) /* a handshake that takes longer goes to the next address */
#define NET_SETTLE       LP_MS(50)     /* address changes come in bursts */

struct lp_session {
    uv_loop_t *loop;
    lp_session_config config;
    lp_member *member;
    lp_driver *driver;
    lp_port port; /* conn is NULL while there is none */
    bool is_connected;
    bool is_leaving;

    /* What the name resolved to, and which of it is being tried. */
    lp_addr addresses[MAX_ADDRESSES];
    size_t address_count, address_at;
    bool is_resolving;
    uv_work_t resolve_work;
    lp_addr resolved[MAX_ADDRESSES];
    size_t resolved_count;
    lp_why resolve_why;
    lp_err resolve_err;
    lp_time dial_until;

    uv_poll_t net_poll;
    bool net_polled;
    lp_time net_check_at; /* LP_NEVER: nothing changed */
    lp_addr source;       /* where packets to the relay come from now */

    unsigned welcomes;
    bool is_closing;
};

/* --- losing ------------------------------------------------------------------------------ */

static void lose(lp_session *session, const char *why, lp_time now)
{
    lp_member_on_lost(session->member, now);
    session->is_connected = false;
    session->dial_until = LP_NEVER;
    if (session->is_leaving)
        return;
    bool is_final = lp_member_state_of(session->member) == LP_MEMBER_REFUSED;
    lp_time next = is_final ? LP_NEVER : lp_member_deadline(session->member);
    session->config.handler.on_lost(session->config.handler.state, why, next, now);
}

/* --- dialling ------------------------------------------------------------------------------ */

static void dial(lp_session *session, lp_time now)
{
    const lp_addr *relay = &session->addresses[session->address_at];
    lp_addr local = lp_driver_local(session->driver);
    lp_route route;
    lp_conn *conn;
    session->config.handler.on_dial(session->config.handler.state, relay, now);
    if (lp_net_route_to(session->config.net, relay, &route) == LP_OK) {
        uint16_t port = local.port;
        local = session->source = route.source;
        local.port = port;
    }
    if (lp_quic_dial(lp_driver_quic(session->driver), &local, relay, now, &conn) != LP_OK) {
        lose(session, "out of memory", now);
        return;
    }
    if (lp_port_init(&session->port, conn, lp_os_random()) != LP_OK) {
        lp_conn_close(conn, LP_CLOSE_INTERNAL, "out of memory");
        return;
    }
    session->dial_until = lp_time_after(now, DIAL_PATIENCE);
    lp_log(session->config.log, LP_DEBUG, "dialling relay", F_ADDR("address", relay));
}

static void resolve(uv_work_t *work) /* on a thread of libuv's pool: touches resolve_* only */
{
    lp_session *session = work->data;
    session->resolve_err = lp_resolve(&session->config.relay, session->resolved, MAX_ADDRESSES,
                                      &session->resolved_count, &session->resolve_why);
}

static void free_session(lp_session *session);

static void on_resolved(uv_work_t *work, int status)
{
    lp_session *session = work->data;
    lp_time now = lp_clock_now();
    session->is_resolving = false;
    if (session->is_closing) {
        free_session(session);
        return;
    }
    if (session->resolve_err) {
        lose(session, session->resolve_why.text, now);
    } else {
        memcpy(session->addresses, session->resolved, sizeof session->addresses);
        session->address_count = session->resolved_count;
        session->address_at = 0;
        dial(session, now);
    }
    lp_driver_flush(session->driver, now);
}

/* Each try resolves anew: a relay may have moved while we were away (N-003). */
static void connect_if_wanted(lp_session *session, lp_time now)
{
    if (session->is_resolving || session->port.conn ||
        !lp_member_wants_connect(session->member, now))
        return;
    session->resolve_work.data = session;
    session->is_resolving = true;
    if (uv_queue_work(session->loop, &session->resolve_work, resolve, on_resolved) != 0) {
        session->is_resolving = false;
        lose(session, "no thread to look up the relay's name", now);
    }
}

/* --- what QUIC tells ----------------------------------------------------------------------- */

static bool on_connected(void *state, lp_conn *conn, lp_time now)
{
    lp_session *session = state;
    session->is_connected = true;
    session->dial_until = LP_NEVER;
    lp_member_on_connected(session->member, now);
    return true;
}

static void on_stream(void *state, lp_conn *conn, lp_bytes octets, lp_time now)
{
    lp_session *session = state;
    lp_why why;
    if (lp_member_on_control(session->member, octets, now, &why) != LP_OK) {
        lp_log(session->config.log, LP_WARN, "relay broke the protocol", F_STR("why", why.text));
        lp_conn_close(conn, LP_CLOSE_PROTOCOL, why.text);
    }
}

static void on_datagram(void *state, lp_conn *conn, lp_bytes datagram, lp_time now)
{
    lp_session *session = state;
    /* What the stream brought in this same batch happened before this frame. */
    lp_member_event event;
    while (lp_member_next_event(session->member, &event))
        session->config.handler.on_event(session->config.handler.state, &event, now);
    session->config.handler.on_datagram(session->config.handler.state, datagram, now);
}

static void on_budget(void *state, lp_conn *conn, size_t budget, bool settled, lp_time now)
{
    lp_session *session = state;
    lp_member_on_budget(session->member, budget, settled, lp_conn_rtt(conn), now);
}

static void on_migrated(void *state, lp_conn *conn, const lp_addr *remote, lp_time now)
{
    lp_session *session = state;
    lp_log(session->config.log, LP_INFO, "relay reached over a new path",
           F_ADDR("relay", remote));
}

static void on_ended(void *state, lp_conn *conn, const lp_quic_end *end, lp_time now)
{
    lp_session *session = state;
    char why[LP_WHY_MAX];
    if (end->reason[0])
        snprintf(why, sizeof why, "%s", end->reason);
    else
        snprintf(why, sizeof why, "%s", lp_err_text(end->err));
    lp_port_fini(&session->port);

    bool has_another = session->address_at + 1 < session->address_count;
    bool never_connected = !session->is_connected;
    if (never_connected && has_another && end->err != LP_ERR_UNTRUSTED && !session->is_leaving) {
        session->address_at++;
        lp_log(session->config.log, LP_INFO, "relay does not answer, trying its next address",
               F_STR("why", why));
        dial(session, now);
        return;
    }
    lose(session, why, now);
}

/* --- what the driver asks --------------------------------------------------------------------- */

static void settle(void *state, lp_time now)
{
    lp_session *session = state;
    lp_bytes octets;
    lp_member_event event;
    while (lp_member_next_send(session->member, &octets)) {
        if (session->port.conn && lp_conn_send(session->port.conn, octets) != LP_OK)
            lp_conn_close(session->port.conn, LP_CLOSE_INTERNAL, "the relay does not read");
    }
    while (lp_member_next_event(session->member, &event)) {
        if (event.kind == LP_MEMBER_EVENT_WELCOME)
            session->welcomes++;
        session->config.handler.on_event(session->config.handler.state, &event, now);
    }
    if (!session->is_leaving)
        connect_if_wanted(session, now);
}

static lp_time deadline(void *state)
{
    lp_session *session = state;
    lp_time own = lp_time_min(session->net_check_at, session->dial_until);
    lp_time member = lp_member_deadline(session->member);
    /* While the name is being looked up, connecting again is not due. */
    if (session->is_resolving || (session->port.conn && !session->is_connected))
        member = LP_NEVER;
    lp_time app = session->config.handler.deadline(session->config.handler.state);
    return lp_time_min(own, lp_time_min(member, app));
}

static void check_net(lp_session *session, lp_time now);

static void on_deadline(void *state, lp_time now)
{
    lp_session *session = state;
    if (lp_member_deadline(session->member) <= now)
        lp_member_on_deadline(session->member, now);
    if (session->dial_until <= now) {
        session->dial_until = LP_NEVER;
        lp_conn_close(session->port.conn, LP_CLOSE_NORMAL, "no answer from the relay");
    }
    if (session->net_check_at <= now)
        check_net(session, now);
    if (session->config.handler.deadline(session->config.handler.state) <= now)
        session->config.handler.on_deadline(session->config.handler.state, now);
}

static void on_unsent(void *state, lp_port *port, lp_reason reason, size_t count)
{
    lp_session *session = state;
    session->config.handler.on_unsent(session->config.handler.state, reason, count);
}

static void on_socket_failed(void *state, lp_err err)
{
    lp_session *session = state;
    session->config.handler.on_failed(session->config.handler.state,
                                      "the UDP socket broke and cannot be used any more");
}

/* --- when this machine moves ----------------------------------------------------------------- */

/*
 * The route to the relay may lead another way now: another address, another interface.
 * QUIC moves the connection there (RFC 9000 section 9); joined stays joined.
 */
static void check_net(lp_session *session, lp_time now)
{
    lp_route route;
    session->net_check_at = LP_NEVER;
    session->config.handler.on_net_changed(session->config.handler.state, now);
    if (!session->port.conn || !session->is_connected ||
        lp_net_route_to(session->config.net, lp_session_relay(session), &route) != LP_OK)
        return;
    if (lp_addr_same_ip(&route.source, &session->source)) {
        lp_conn_ping(session->port.conn); /* the same address, but is the way still there? */
        return;
    }
    lp_addr local = route.source;
    local.port = lp_driver_local(session->driver).port;
    lp_log(session->config.log, LP_INFO, "this machine's address changed, moving the tunnel",
           F_ADDR("from", &session->source), F_ADDR("to", &route.source));
    session->source = route.source;
    if (lp_conn_migrate(session->port.conn, &local, now) != LP_OK)
        lp_conn_ping(session->port.conn);
}

static void on_net(uv_poll_t *poll, int status, int events)
{
    lp_session *session = poll->data;
    lp_time now = lp_clock_now();
    if (!lp_net_changed(session->config.net))
        return;
    session->net_check_at = lp_time_min(session->net_check_at, lp_time_after(now, NET_SETTLE));
    lp_driver_flush(session->driver, now);
}

/* --- life -------------------------------------------------------------------------------------- */

static lp_err open_driver(lp_session *session, lp_why *why)
{
    lp_quic_config quic = lp_quic_default_config();
    lp_addr any = {.family = 6};
    lp_driver_engine engine = {session,     settle,    deadline,
                               on_deadline, on_unsent, on_socket_failed};
    quic.tls = session->config.tls;
    quic.accepts = false;
    quic.max_conns = 8;
    quic.random = lp_os_random();
    lp_random_fill(quic.random, quic.secret, sizeof quic.secret);
    quic.handler = (lp_quic_handler){session,   on_connected, on_stream, on_datagram,
                                     on_budget, on_migrated,  on_ended};
    return lp_driver_open(session->loop, &any, false, &quic, &engine, &session->driver, why);
}

lp_err lp_session_open(uv_loop_t *loop, const lp_session_config *config,
                       lp_session **out_session, lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
    lp_session *session = calloc(1, sizeof *session);
    if (!session) {
        lp_explain(why, err, "out of memory");
        goto done;
    }
    session->loop = loop;
    session->config = *config;
    session->net_check_at = session->dial_until = LP_NEVER;
    session->member = lp_member_new(&config->member, lp_clock_now());
    if (!session->member) {
        lp_explain(why, err, "out of memory");
        goto done;
    }
    err = open_driver(session, why);
    if (err)
        goto done;
    session->net_poll.data = session;
    uv_poll_init(loop, &session->net_poll, lp_net_fd(config->net));
    session->net_polled = true;

    *out_session = session;
    session = NULL; /* the caller's now */
done:
    lp_session_close(session);
    return err;
}

void lp_session_start(lp_session *session, lp_time now)
{
    uv_poll_start(&session->net_poll, UV_READABLE, on_net);
    lp_driver_flush(session->driver, now);
}

void lp_session_leave(lp_session *session, const char *reason, lp_time now)
{
    session->is_leaving = true;
    lp_member_leave(session->member, reason, now);
    settle(session, now);
    if (session->port.conn)
        lp_conn_close(session->port.conn, LP_CLOSE_NORMAL, reason);
    lp_driver_flush(session->driver, now);
}

bool lp_session_is_over(const lp_session *session)
{
    return session->is_leaving && !session->port.conn;
}

static void free_session(lp_session *session)
{
    if (session->net_polled || session->is_resolving)
        return;
    lp_member_free(session->member);
    free(session);
}

static void on_net_closed(uv_handle_t *handle)
{
    lp_session *session = handle->data;
    session->net_polled = false;
    free_session(session);
}

void lp_session_close(lp_session *session)
{
    if (!session)
        return;
    session->is_closing = true;
    lp_port_fini(&session->port);
    lp_driver_close(session->driver);
    if (session->net_polled)
        uv_close((uv_handle_t *)&session->net_poll, on_net_closed);
    else
        free_session(session);
}

void lp_session_send(lp_session *session, lp_bytes datagram, lp_time now)
{
    if (session->port.conn)
        lp_driver_send(session->driver, &session->port, datagram, now);
}

void lp_session_flush(lp_session *session, lp_time now)
{
    lp_driver_flush(session->driver, now);
}

lp_member *lp_session_member(lp_session *session)
{
    return session->member;
}

const lp_conn *lp_session_conn(const lp_session *session)
{
    return session->is_connected ? session->port.conn : NULL;
}

const lp_addr *lp_session_relay(const lp_session *session)
{
    return &session->addresses[session->address_at];
}

unsigned lp_session_reconnects(const lp_session *session)
{
    return session->welcomes > 1 ? session->welcomes - 1 : 0;
}
