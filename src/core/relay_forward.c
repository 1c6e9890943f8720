/*
 * The frame path. The order of the checks is that of docs/protocol.md, "What a relay
 * forwards"; what they look for inside a frame is core/filter's.
 */
#include "core/filter.h"
#include "core/relay_internal.h"

/* --- where a frame goes ----------------------------------------------------------- */

typedef struct lp_way {
    lp_cast cast;
    lp_session *one; /* NULL: nobody, for want of `reason` */
    lp_reason reason;
} lp_way;

/* What the frame's destination implies; for LP_CAST_MULTICAST that is everyone else. */
static lp_way find_way(const lp_relay *relay, const lp_session *from,
                       lp_mac destination, lp_time now)
{
    lp_way way = {.cast = LP_CAST_MULTICAST, .reason = LP_REASON_UNKNOWN_DESTINATION};
    if (lp_mac_is_multicast(destination))
        return way;
    const lp_room *room = from->room;
    lp_peer peer = lp_switch_route(room->sw, destination, now);
    way.cast = peer ? LP_CAST_UNICAST : LP_CAST_UNKNOWN_UNICAST;
    if (peer) {
        way.one = lp_relay_find_peer(relay, peer);
    } else if (from->role == LP_ROLE_CLIENT) {
        way.one = room->gateway; /* L-015; the LAN's switch knows better */
        way.reason = LP_REASON_NO_GATEWAY;
    }
    if (way.one == from) /* L-012 */
        way.one = NULL;
    return way;
}

/* Narrows the way to the peer that the header names, or leaves nobody. */
static void narrow(const lp_relay *relay, const lp_session *from, lp_peer destination,
                   lp_way *way)
{
    lp_session *named = lp_relay_find_peer(relay, destination);
    bool is_other = named && named->room == from->room && named != from;
    if (way->cast == LP_CAST_MULTICAST)
        way->one = is_other ? named : NULL;
    else if (way->one && way->one != named) {
        way->one = NULL;
        way->reason = LP_REASON_UNKNOWN_DESTINATION;
    }
}

static lp_reason choose_targets(lp_relay *relay, lp_session *from,
                                const lp_datagram *datagram, lp_way *way,
                                size_t *out_count)
{
    lp_peer destination = datagram->destination;
    bool is_named = destination != 0 && destination != LP_EVERYONE;
    if (is_named)
        narrow(relay, from, destination, way);
    if (way->cast == LP_CAST_MULTICAST && !is_named) {
        *out_count = lp_room_others(from->room, from, relay->targets);
        return LP_REASON_NONE;
    }
    if (!way->one)
        return way->reason;
    relay->targets[0] = way->one->link;
    *out_count = 1;
    return LP_REASON_NONE;
}

/* --- may it ----------------------------------------------------------------------- */

/* Check 5, the half that needs to know who is in the room. */
static lp_reason check_owner(const lp_session *from, lp_mac source)
{
    if (from->role == LP_ROLE_CLIENT)
        return lp_mac_equal(source, from->mac) ? LP_REASON_NONE
                                               : LP_REASON_UNAUTHORIZED_SOURCE;
    return lp_switch_pinned(from->room->sw, source) ? LP_REASON_LOOP : LP_REASON_NONE;
}

/* What lp_filter_frame says before it is the owner's turn; the rest comes after. */
static bool precedes_owner(lp_reason reason)
{
    return reason == LP_REASON_MALFORMED || reason == LP_REASON_TAP_MTU ||
           reason == LP_REASON_JUMBO || reason == LP_REASON_INVALID_SOURCE;
}

/* Checks 3 to 7. */
static lp_reason check_frame(const lp_session *from, lp_bytes bytes,
                             lp_frame *out_frame)
{
    lp_direction direction =
        from->role == LP_ROLE_CLIENT ? LP_FROM_CLIENT : LP_FROM_LAN;
    lp_reason reason = lp_filter_frame(direction, bytes, from->room->mtu);
    if (precedes_owner(reason) || lp_frame_read(bytes, out_frame))
        return reason;
    lp_reason owner = check_owner(from, out_frame->source);
    return owner ? owner : reason;
}

static void count(lp_relay *relay, lp_session *session, lp_stat_code code, uint64_t by)
{
    relay->stats.stat[code] += by;
    session->stats.stat[code] += by;
}

static void count_broadcast(lp_relay *relay, lp_session *from)
{
    if (from->role == LP_ROLE_GATEWAY)
        count(relay, from, LP_STAT_BROADCAST_FROM_LAN, 1);
    else if (from->room->gateway)
        count(relay, from, LP_STAT_BROADCAST_TO_LAN, 1);
}

/* Checks 3 to 9. */
static lp_reason forward(lp_relay *relay, lp_session *from, const lp_datagram *datagram,
                         lp_time now, size_t *out_count)
{
    lp_frame frame;
    lp_reason reason = check_frame(from, datagram->payload, &frame);
    if (reason)
        return reason;
    lp_way way = find_way(relay, from, frame.destination, now);
    if (from->role == LP_ROLE_GATEWAY)
        lp_switch_learn(from->room->sw, frame.source, from->peer_id, now);
    else
        reason = lp_guard_on_frame(&from->guard, datagram->payload.len, way.cast, now);
    if (!reason)
        reason = choose_targets(relay, from, datagram, &way, out_count);
    if (!reason && way.cast == LP_CAST_MULTICAST)
        count_broadcast(relay, from);
    return reason;
}

/* Every check, in the order that is written down. */
static lp_reason judge(lp_relay *relay, lp_session *from, lp_bytes bytes, lp_time now,
                       size_t *out_count)
{
    lp_datagram datagram;
    if (from->state != LP_SESSION_MEMBER)
        return LP_REASON_MALFORMED;
    if (bytes.len > from->accepts)
        return LP_REASON_DATAGRAM_BUDGET;
    if (lp_datagram_read(bytes, &datagram) || datagram.room != from->room->id ||
        datagram.source != from->peer_id)
        return LP_REASON_MALFORMED;
    from->last_seen = now;
    if (datagram.type == LP_DATAGRAM_FRAME)
        return forward(relay, from, &datagram, now, out_count);
    count(relay, from, LP_STAT_KEEPALIVES, 1);
    return LP_REASON_NONE;
}

static void on_malformed(lp_relay *relay, lp_session *from, lp_time now)
{
    bool is_too_much = lp_guard_on_malformed(&from->guard, now);
    uint64_t total = from->guard.malformed_total;
    bool is_power_of_two = (total & (total - 1)) == 0;
    if (is_power_of_two || is_too_much) /* one who sends only garbage fills no log */
        lp_relay_note(relay, LP_RELAY_MALFORMED, from)->count = total;
    if (!is_too_much)
        return;
    lp_session_dismiss(relay, from, LP_CLOSE_MALFORMED, "too many malformed datagrams");
    lp_relay_sweep(relay);
}

lp_verdict lp_relay_on_datagram(lp_relay *relay, lp_link link, lp_bytes datagram,
                                lp_time now)
{
    lp_session *from = lp_relay_session(relay, link);
    if (!from)
        return (lp_verdict){.action = LP_ACTION_DROPPED, .reason = LP_REASON_MALFORMED};
    count(relay, from, LP_STAT_DATAGRAMS_RX, 1);
    count(relay, from, LP_STAT_BYTES_RX, datagram.len);

    lp_verdict verdict = {.targets = relay->targets};
    verdict.reason = judge(relay, from, datagram, now, &verdict.target_count);
    verdict.action = lp_reason_action(verdict.reason);
    relay->stats.reason[verdict.reason]++;
    from->stats.reason[verdict.reason]++;
    if (verdict.reason == LP_REASON_MALFORMED)
        on_malformed(relay, from, now);
    return verdict;
}

size_t lp_relay_budget(const lp_relay *relay, lp_link link)
{
    const lp_session *session = lp_relay_session(relay, link);
    return session && session->state == LP_SESSION_MEMBER ? session->budget : 0;
}

void lp_relay_on_egress(lp_relay *relay, lp_link target, size_t len, lp_reason reason)
{
    lp_session *session = lp_relay_session(relay, target);
    if (!session)
        return;
    if (reason) {
        relay->stats.reason[reason]++;
        session->stats.reason[reason]++;
        return;
    }
    count(relay, session, LP_STAT_DATAGRAMS_TX, 1);
    count(relay, session, LP_STAT_BYTES_TX, len);
}
