#include "runtime/port.h"

/* Waiting and under way: less, and it is a game's; more, and it is worth knowing what it
 * meets. */
#define BUSY 4000
/* A DATAGRAM frame's own octets (RFC 9221 section 4) around a stamp. */
#define STAMP_COST (LP_STAMP_LEN + 2)

lp_err lp_port_init(lp_port *port, lp_conn *conn, lp_random random)
{
    lp_queue_limits limits = lp_queue_default_limits();
    port->conn = conn;
    port->governor = lp_governor_start();
    port->ways = (lp_one_way){0};
    port->queue = lp_queue_new(&limits, lp_random_u32(random));
    lp_conn_set_user(conn, port);
    return port->queue ? LP_OK : LP_ERR_NO_MEMORY;
}

void lp_port_fini(lp_port *port)
{
    lp_queue_free(port->queue);
    *port = (lp_port){0};
}

void lp_port_look(const lp_port *port, lp_gauges *out_gauges)
{
    uint64_t *at = out_gauges->at;
    lp_conn_view view = lp_conn_look(port->conn);
    at[LP_GAUGE_OF_RTT] = view.rtt / LP_US(1);
    at[LP_GAUGE_OF_RTT_MIN] = view.rtt_min / LP_US(1);
    at[LP_GAUGE_OF_CWND] = view.cwnd;
    at[LP_GAUGE_OF_IN_FLIGHT] = view.in_flight;
    at[LP_GAUGE_OF_PACKETS_SENT] = view.packets_sent;
    at[LP_GAUGE_OF_PACKETS_LOST] = view.packets_lost;
    at[LP_GAUGE_OF_CONTROL_LATE] = view.control_late;
    at[LP_GAUGE_OF_PATH_QUEUE] = lp_one_way_queue(&port->ways) / LP_US(1);
    at[LP_GAUGE_OF_STAMPS] = port->ways.heard;
    at[LP_GAUGE_OF_QUEUE_P50] = lp_histogram_percentile(&port->waited, 50);
    at[LP_GAUGE_OF_QUEUE_P99] = lp_histogram_percentile(&port->waited, 99);
    at[LP_GAUGE_OF_QUEUE_DATAGRAMS] = port->queue ? lp_queue_count(port->queue) : 0;
    at[LP_GAUGE_OF_QUEUE_OCTETS] = port->queue ? lp_queue_bytes(port->queue) : 0;
}

bool lp_port_hears(lp_port *port, lp_bytes datagram, lp_time now)
{
    return lp_one_way_hears(&port->ways, datagram, now);
}

void lp_port_stamp(lp_port *port)
{
    port->ways.is_understood = true;
}

/* What acknowledgements and stamps told. */
static void feel(lp_port *port, lp_time now)
{
    lp_conn_pulse pulse = lp_conn_feel(port->conn);
    if (pulse.is_new_path) {
        port->governor = lp_governor_start();
        lp_one_way_on_new_path(&port->ways);
    }
    bool is_quiet = lp_queue_bytes(port->queue) + pulse.in_flight < BUSY;
    if (!is_quiet)
        lp_one_way_be_busy(&port->ways, now);
    lp_governor_look(&port->governor, (lp_governor_view){pulse.in_flight, pulse.cwnd});
    if (pulse.rtt > 0)
        lp_one_way_on_rtt(&port->ways, pulse.rtt, now);
    if (lp_one_way_counts(&port->ways, now))
        lp_governor_on_one_way(&port->governor, lp_one_way_take_trip(&port->ways), now);
    else
        lp_governor_on_rtt(&port->governor, pulse.rtt, now);
}

void lp_port_begin(lp_port *port, lp_time now)
{
    port->is_held = port->may_rest = false;
    if (port->queue && !lp_queue_is_empty(port->queue))
        feel(port, now);
}

/* The next datagram that the connection can carry, or an empty view. */
static lp_bytes next_datagram(lp_port *port, lp_time now, lp_unsent *out_unsent)
{
    for (;;) {
        lp_bytes datagram = lp_queue_peek(port->queue, now, &out_unsent->late);
        if (datagram.len <= lp_conn_budget(port->conn))
            return datagram;
        lp_queue_pop(port->queue);
        out_unsent->too_long++;
    }
}

/* The same, if it may leave now. */
static lp_bytes allowed_datagram(lp_port *port, lp_time now, lp_unsent *out_unsent)
{
    lp_bytes datagram = {0};
    if (port->queue)
        datagram = next_datagram(port, now, out_unsent);
    port->is_held =
        datagram.len > 0 &&
        !lp_governor_allows(&port->governor, lp_queue_is_thin(port->queue), now);
    return port->is_held ? (lp_bytes){0} : datagram;
}

static void note_sent(lp_port *port, size_t len, lp_time now)
{
    port->frames++;
    lp_governor_on_sent(&port->governor, len, now);
    lp_histogram_add(&port->waited, lp_queue_waited(port->queue, now) / LP_US(1));
    lp_queue_pop(port->queue);
}

/* Before the first datagram of a packet. */
static bool wants_stamp(const lp_port *port, lp_bytes datagram, lp_time now)
{
    bool is_free = datagram.len + STAMP_COST <= lp_conn_budget(port->conn);
    return datagram.len > 0 && !port->is_open &&
           lp_one_way_is_due(&port->ways, is_free, now);
}

static lp_write write_stamp(lp_port *port, lp_space space, lp_time now,
                            lp_udp_packet *out_packet)
{
    uint8_t octets[LP_STAMP_LEN];
    bool was_taken = false;
    lp_stamp stamp = lp_one_way_stamp(&port->ways, now);
    lp_stamp_write(&stamp, octets);
    lp_write state = lp_conn_write(port->conn, lp_bytes_of(octets, sizeof octets), true,
                                   space, now, &was_taken, out_packet);
    if (was_taken)
        lp_one_way_on_sent(&port->ways, now);
    return state;
}

static lp_write rest(lp_port *port, lp_time now)
{
    if (port->is_held)
        lp_conn_want_write_at(port->conn, lp_governor_deadline(&port->governor), now);
    return LP_WRITE_NOTHING;
}

lp_write lp_port_write(lp_port *port, lp_space space, lp_time now,
                       lp_unsent *out_unsent, lp_udp_packet *out_packet)
{
    if (port->may_rest && lp_conn_rest(port->conn, now))
        return rest(port, now);
    lp_bytes datagram = allowed_datagram(port, now, out_unsent);
    if (port->is_held && !port->is_open &&
        lp_conn_hold(port->conn, lp_governor_deadline(&port->governor), now))
        return LP_WRITE_NOTHING;
    port->frames = port->is_open ? port->frames : 0;
    if (wants_stamp(port, datagram, now)) {
        lp_write state = write_stamp(port, space, now, out_packet);
        port->is_open = state == LP_WRITE_MORE;
        port->may_rest = false;
        port->frames = 0;
        return state == LP_WRITE_NOTHING ? rest(port, now) : state;
    }
    bool more_follow = datagram.len > 0 && lp_queue_count(port->queue) > 1;
    bool was_taken = false;
    lp_write state = lp_conn_write(port->conn, datagram, more_follow, space, now,
                                   &was_taken, out_packet);
    if (was_taken)
        note_sent(port, datagram.len, now);
    port->is_open = state == LP_WRITE_MORE;
    port->may_rest =
        was_taken && state == LP_WRITE_PACKET && lp_queue_is_empty(port->queue);
    return state == LP_WRITE_NOTHING ? rest(port, now) : state;
}
