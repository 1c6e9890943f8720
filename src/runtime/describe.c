#include "runtime/describe.h"

void lp_tell_take(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, value);
}

void lp_tell_uint(json_t *object, const char *name, uint64_t value)
{
    lp_tell_take(object, name, json_integer((json_int_t)value));
}

void lp_tell_text(json_t *object, const char *name, const char *value)
{
    lp_tell_take(object, name, value ? json_string(value) : json_null());
}

void lp_tell_bool(json_t *object, const char *name, bool value)
{
    lp_tell_take(object, name, json_boolean(value));
}

void lp_tell_ms(json_t *object, const char *name, lp_duration value)
{
    lp_tell_take(object, name, json_real((double)(value / 1000) / 1000.0));
}

void lp_tell_mac(json_t *object, const char *name, bool has_mac, lp_mac mac)
{
    char text[LP_MAC_TEXT_LEN];
    lp_tell_text(object, name, has_mac ? lp_mac_write(mac, text) : NULL);
}

void lp_tell_addr(json_t *object, const char *name, const lp_addr *addr)
{
    char text[LP_ADDR_TEXT_LEN];
    lp_tell_text(object, name, addr->family ? lp_addr_write(addr, text) : NULL);
}

void lp_tell_ip(json_t *object, const char *name, const lp_addr *addr)
{
    char text[LP_ADDR_TEXT_LEN];
    lp_tell_text(object, name, addr->family ? lp_addr_write_ip(addr, text) : NULL);
}

json_t *lp_describe_reported(const lp_stats_message *message)
{
    json_t *object = json_object();
    for (size_t i = 0; message && i < message->count; i++)
        lp_tell_uint(object, message->stats[i].name, message->stats[i].value);
    return object;
}

json_t *lp_describe_stats(const lp_stats *stats)
{
    lp_stats_message message;
    lp_stats_to_message(stats, NULL, &message);
    return lp_describe_reported(&message);
}

json_t *lp_describe_gauges(const lp_gauges *gauges, unsigned scopes)
{
    json_t *object = json_object();
    for (int i = 0; i < LP_GAUGE_COUNT; i++) {
        lp_gauge gauge = (lp_gauge)i;
        if (scopes & 1u << lp_gauge_scope_of(gauge))
            lp_tell_uint(object, lp_gauge_name(gauge), gauges->at[i]);
    }
    return object;
}

json_t *lp_describe_conn(const lp_conn *conn)
{
    lp_conn_view view = lp_conn_look(conn);
    json_t *object = json_object();
    lp_tell_addr(object, "address", lp_conn_remote(conn));
    lp_tell_ms(object, "rtt_ms", view.rtt);
    lp_tell_ms(object, "rtt_min_ms", view.rtt_min);
    lp_tell_uint(object, "datagram_budget", view.budget);
    lp_tell_uint(object, "udp_payload", view.udp_payload_max);
    lp_tell_uint(object, "cwnd", view.cwnd);
    lp_tell_uint(object, "in_flight", view.in_flight);
    lp_tell_uint(object, "packets_sent", view.packets_sent);
    lp_tell_uint(object, "packets_received", view.packets_received);
    lp_tell_uint(object, "packets_lost", view.packets_lost);
    return object;
}

json_t *lp_describe_quic(const lp_quic *quic)
{
    const lp_quic_stats *stats = lp_quic_stats_of(quic);
    json_t *object = json_object();
    lp_tell_uint(object, "connections", lp_quic_conn_count(quic));
    lp_tell_uint(object, "packets_in", stats->packets_in);
    lp_tell_uint(object, "packets_out", stats->packets_out);
    lp_tell_uint(object, "garbage", stats->garbage);
    lp_tell_uint(object, "refused_limits", stats->refused_limits);
    lp_tell_uint(object, "retries", stats->retries);
    lp_tell_uint(object, "resets", stats->resets);
    lp_tell_uint(object, "handshakes", stats->handshakes);
    lp_tell_uint(object, "handshakes_failed", stats->handshakes_failed);
    lp_tell_uint(object, "astray", stats->astray);
    lp_tell_uint(object, "moved_in", stats->moved_in);
    return object;
}
