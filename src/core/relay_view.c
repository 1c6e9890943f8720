#include "core/relay_internal.h"

const lp_stats *lp_relay_stats(const lp_relay *relay)
{
    return &relay->stats;
}

bool lp_relay_next_room(const lp_relay *relay, size_t *cursor, lp_time now,
                        lp_relay_room_view *out_view)
{
    if (*cursor >= relay->room_count)
        return false;
    const lp_room *room = relay->rooms[(*cursor)++];
    memcpy(out_view->code, room->code, sizeof out_view->code);
    out_view->room_id = room->id;
    out_view->mtu = room->mtu;
    out_view->has_gateway = room->gateway != NULL;
    out_view->clients = lp_room_clients(room);
    out_view->stations = lp_switch_stations(room->sw, now);
    return true;
}

static void view_of(const lp_session *session, lp_relay_peer_view *out_view)
{
    *out_view = (lp_relay_peer_view){
        .link = session->link,
        .peer_id = session->peer_id,
        .role = session->role,
        .has_mac = session->role == LP_ROLE_CLIENT,
        .mac = session->mac,
        .identity = session->identity,
        .from = session->from,
        .budget = session->budget,
        .rtt = session->rtt,
        .joined_at = session->joined_at,
        .last_seen = session->last_seen,
        .malformed = session->guard.malformed_total,
        .stats = session->stats,
        .reported = session->reported,
    };
    memcpy(out_view->software, session->software, sizeof out_view->software);
}

bool lp_relay_next_peer(const lp_relay *relay, const char *code, size_t *cursor,
                        lp_relay_peer_view *out_view)
{
    const lp_room *room = lp_relay_find_room(relay, code);
    if (!room || *cursor >= room->member_count)
        return false;
    view_of(room->members[(*cursor)++], out_view);
    return true;
}

bool lp_relay_whois(const lp_relay *relay, lp_link link, lp_peer *out_peer,
                    const char **out_room)
{
    const lp_session *session = lp_relay_session(relay, link);
    if (!session || !session->room)
        return false;
    *out_peer = session->peer_id;
    *out_room = session->room->code;
    return true;
}
