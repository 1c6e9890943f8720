#include "runtime/relay_log.h"

static const struct {
    lp_log_level level;
    const char *text;
} events[] = {
    [LP_RELAY_JOINED] = {LP_INFO, "peer joined"},
    [LP_RELAY_TOOK_OVER] = {LP_INFO, "peer came back, replacing its stale session"},
    [LP_RELAY_REJECTED] = {LP_INFO, "peer rejected"},
    [LP_RELAY_LEFT] = {LP_INFO, "peer left"},
    [LP_RELAY_ROOM_MADE] = {LP_INFO, "room opened"},
    [LP_RELAY_ROOM_GONE] = {LP_INFO, "room closed"},
    [LP_RELAY_MALFORMED] = {LP_WARN, "malformed datagrams"},
    [LP_RELAY_MESSAGE_UNKNOWN] = {LP_DEBUG, "unknown message ignored"},
};

void lp_log_relay_event(const lp_log_sink *log, const lp_relay_event *event)
{
    lp_log_level level = events[event->kind].level;
    if (!lp_log_wants(log, level))
        return;
    char mac[LP_MAC_TEXT_LEN];
    lp_field fields[8];
    size_t count = 0;
    fields[count++] = F_STR("room", event->room[0] ? event->room : NULL);
    fields[count++] =
        F_STR("mac", event->has_mac ? lp_mac_write(event->mac, mac) : NULL);
    fields[count++] = F_STR("reason", event->text[0] ? event->text : NULL);
    if (event->peer) {
        fields[count++] = F_UINT("peer", event->peer);
        fields[count++] = F_STR("role", lp_role_name(event->role));
    }
    if (event->from.family)
        fields[count++] = F_ADDR("from", &event->from);
    if (event->mtu)
        fields[count++] = F_UINT("mtu", event->mtu);
    if (event->count)
        fields[count++] = F_UINT("count", event->count);
    lp_log_fields(log, level, events[event->kind].text, fields, count);
}

lp_relay_log lp_relay_log_start(const lp_log_sink *sink, lp_time now)
{
    return (lp_relay_log){
        .sink = sink,
        .lines = lp_bucket_start(LP_RELAY_LOG_BURST, LP_RELAY_LOG_RATE, now)};
}

void lp_relay_log_event(lp_relay_log *log, const lp_relay_event *event, lp_time now)
{
    if (!lp_log_wants(log->sink, events[event->kind].level))
        return;
    if (!lp_bucket_take(&log->lines, 1, now)) {
        log->left_out++;
        return;
    }
    if (log->left_out > 0)
        lp_log(log->sink, LP_WARN, "peers come and go too fast for this log",
               F_UINT("lines_left_out", log->left_out));
    log->left_out = 0;
    lp_log_relay_event(log->sink, event);
}

void lp_log_verdict(lp_frame_log *frame_log, const lp_relay *relay, lp_link from,
                    lp_bytes datagram, const lp_verdict *verdict)
{
    lp_frame_line line = {.direction = "relay",
                          .reason = verdict->reason,
                          .target_count = verdict->target_count};
    lp_datagram parsed;
    lp_relay_whois(relay, from, &line.peer, &line.room);
    if (lp_datagram_read(datagram, &parsed) == LP_OK)
        line.frame = parsed.payload;
    lp_frame_log_note(frame_log, &line);
}

void lp_log_egress(const lp_log_sink *log, const lp_relay *relay, lp_link target,
                   lp_bytes datagram, size_t budget)
{
    lp_datagram parsed = {0};
    lp_peer peer = 0;
    const char *room = NULL;
    if (!lp_log_wants(log, LP_DEBUG) || lp_datagram_read(datagram, &parsed) != LP_OK)
        return;
    lp_relay_whois(relay, target, &peer, &room);
    lp_log(log, LP_DEBUG, "datagram skipped, too large for its target",
           F_STR("reason", lp_reason_name(LP_REASON_EGRESS_BUDGET)),
           F_STR("room", room), F_UINT("peer", parsed.source), F_UINT("target", peer),
           F_UINT("len", datagram.len), F_UINT("budget", budget));
}
