#include "runtime/describe.h"

json_t *lp_json_ms(lp_duration duration)
{
    return json_real((double)(duration / 1000) / 1000.0);
}

json_t *lp_json_mac(bool has_mac, lp_mac mac)
{
    char text[LP_MAC_TEXT_LEN];
    return has_mac ? json_string(lp_mac_write(mac, text)) : json_null();
}

json_t *lp_json_addr(const lp_addr *addr)
{
    char text[LP_ADDR_TEXT_LEN];
    return addr->family ? json_string(lp_addr_write(addr, text)) : json_null();
}

json_t *lp_describe_reported(const lp_stats_message *message)
{
    json_t *object = json_object();
    for (size_t i = 0; message && i < message->count; i++)
        json_object_set_new(object, message->stats[i].name,
                            json_integer((json_int_t)message->stats[i].value));
    return object;
}

json_t *lp_describe_stats(const lp_stats *stats)
{
    lp_stats_message message;
    lp_stats_to_message(stats, &message);
    return lp_describe_reported(&message);
}

json_t *lp_describe_conn(const lp_conn *conn)
{
    lp_conn_view view = lp_conn_look(conn);
    return json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "address",
                     lp_json_addr(lp_conn_remote(conn)), "rtt_ms", lp_json_ms(view.rtt),
                     "rtt_min_ms", lp_json_ms(view.rtt_min), "datagram_budget",
                     (json_int_t)view.budget, "udp_payload", (json_int_t)view.udp_payload_max,
                     "cwnd", (json_int_t)view.cwnd, "in_flight", (json_int_t)view.in_flight,
                     "packets_sent", (json_int_t)view.packets_sent, "packets_received",
                     (json_int_t)view.packets_received, "packets_lost",
                     (json_int_t)view.packets_lost);
}

json_t *lp_describe_quic(const lp_quic *quic)
{
    const lp_quic_stats *stats = lp_quic_stats_of(quic);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "connections",
                     (json_int_t)lp_quic_conn_count(quic), "packets_in",
                     (json_int_t)stats->packets_in, "packets_out",
                     (json_int_t)stats->packets_out, "garbage", (json_int_t)stats->garbage,
                     "refused_limits", (json_int_t)stats->refused_limits, "retries",
                     (json_int_t)stats->retries, "resets", (json_int_t)stats->resets,
                     "handshakes", (json_int_t)stats->handshakes, "handshakes_failed",
                     (json_int_t)stats->handshakes_failed);
}
