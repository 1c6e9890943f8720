#include "core/gateway.h"

#include <assert.h>
#include <stdlib.h>

#include "base/cursor.h"

typedef struct refresh {
    lp_peer peer;
    bool on_join;
    lp_time due;
} refresh;

struct lp_gateway {
    lp_mac nic;
    const lp_member *member;
    lp_stats stats;
    lp_time next_due; /* of the refreshes, the earliest */
    size_t refresh_count;
    refresh refresh[LP_MEMBER_MAX_PEERS];
};

lp_gateway *lp_gateway_new(lp_mac nic, const lp_member *member, lp_time now)
{
    lp_gateway *gateway = calloc(1, sizeof *gateway);
    if (!gateway)
        return NULL;
    gateway->nic = nic;
    gateway->member = member;
    gateway->next_due = LP_NEVER;
    lp_member_peer peer;
    for (size_t cursor = 0; lp_member_next_peer(member, &cursor, &peer);)
        lp_gateway_on_peer_joined(gateway, peer.id, now);
    return gateway;
}

void lp_gateway_free(lp_gateway *gateway)
{
    free(gateway);
}

lp_stats *lp_gateway_stats(lp_gateway *gateway)
{
    return &gateway->stats;
}

/* The player of this number, or NULL: strangers and gateways are none. */
static const lp_member_peer *find_player(const lp_gateway *gateway, lp_peer id)
{
    const lp_member_peer *peer = lp_member_find(gateway->member, id);
    return peer && peer->role == LP_ROLE_CLIENT && peer->has_mac ? peer : NULL;
}

static lp_reason counted(lp_gateway *gateway, lp_reason reason)
{
    if (reason != LP_REASON_TAP_MTU)
        gateway->stats.reason[reason]++;
    return reason;
}

/* --- LAN to players --------------------------------------------------------------- */

static lp_reason check_outgoing(const lp_gateway *gateway, lp_bytes frame)
{
    const lp_welcome *welcome = lp_member_welcome(gateway->member);
    lp_frame header;
    lp_reason reason = lp_filter_frame_of_any_size(LP_FROM_LAN, frame);
    if (reason)
        return reason;
    if (lp_frame_read(frame, &header))
        return LP_REASON_MALFORMED;
    if (lp_member_find_mac(gateway->member, header.source))
        return LP_REASON_LOOP;
    if (!welcome || (!lp_mac_is_multicast(header.destination) &&
                     !lp_member_find_mac(gateway->member, header.destination)))
        return LP_REASON_UNKNOWN_DESTINATION;
    if (frame.len > LP_FRAME_HEADER_LEN + welcome->tap_mtu)
        return LP_REASON_TAP_MTU;
    if (LP_DATAGRAM_HEADER_LEN + frame.len > lp_member_budget(gateway->member))
        return LP_REASON_DATAGRAM_BUDGET;
    return LP_REASON_NONE;
}

lp_reason lp_gateway_on_frame(lp_gateway *gateway, lp_space space, size_t frame_len,
                              lp_bytes *out_datagram)
{
    lp_bytes frame = lp_bytes_of(space.at + LP_DATAGRAM_HEADER_LEN, frame_len);
    uint64_t *stat = gateway->stats.stat;
    stat[LP_STAT_FRAMES_RX]++;
    stat[LP_STAT_BYTES_RX] += frame_len;

    lp_reason reason = check_outgoing(gateway, frame);
    if (reason)
        return counted(gateway, reason);

    stat[LP_STAT_DATAGRAMS_TX]++;
    stat[LP_STAT_BROADCAST_FROM_LAN] += frame.at[0] & 1;
    *out_datagram = lp_member_wrap(gateway->member, space, frame_len);
    return LP_REASON_NONE;
}

/* --- players to LAN --------------------------------------------------------------- */

static lp_reason check_incoming(const lp_gateway *gateway, lp_peer sender,
                                lp_bytes bytes, lp_injection *out_injection)
{
    size_t mtu = lp_member_welcome(gateway->member)->tap_mtu;
    const lp_member_peer *player = find_player(gateway, sender);
    lp_frame frame;
    lp_reason reason = lp_filter_frame(LP_FROM_CLIENT, bytes, mtu);
    if (reason)
        return reason;
    if (lp_frame_read(bytes, &frame))
        return LP_REASON_MALFORMED;
    if (!player || !lp_mac_equal(player->mac, frame.source))
        return LP_REASON_UNAUTHORIZED_SOURCE;
    if (lp_member_find_mac(gateway->member, frame.destination))
        return LP_REASON_MISDIRECTED;

    bool for_all = lp_mac_is_multicast(frame.destination);
    bool for_host = lp_mac_equal(frame.destination, gateway->nic);
    *out_injection = (lp_injection){
        .frame = bytes,
        .to_wire = !for_host,
        .to_host = for_host || for_all,
    };
    return LP_REASON_NONE;
}

lp_reason lp_gateway_on_datagram(lp_gateway *gateway, lp_bytes datagram,
                                 lp_injection *out_injection, lp_peer *out_peer)
{
    uint64_t *stat = gateway->stats.stat;
    lp_datagram read;
    stat[LP_STAT_DATAGRAMS_RX]++;
    *out_peer = 0;
    if (!lp_member_unwrap(gateway->member, datagram, &read))
        return counted(gateway, LP_REASON_MALFORMED);
    *out_peer = read.source;
    if (read.type == LP_DATAGRAM_KEEPALIVE) {
        stat[LP_STAT_KEEPALIVES]++;
        *out_injection = (lp_injection){.frame = read.payload};
        return LP_REASON_NONE;
    }

    lp_reason reason =
        check_incoming(gateway, read.source, read.payload, out_injection);
    if (reason)
        return counted(gateway, reason);
    stat[LP_STAT_FRAMES_TX]++;
    stat[LP_STAT_BYTES_TX] += read.payload.len;
    stat[LP_STAT_BROADCAST_TO_LAN] += read.payload.at[0] & 1;
    return LP_REASON_NONE;
}

/* --- CAM refresh ------------------------------------------------------------------ */

/* Drops refreshes of those who left; that always leaves room for a member. */
static void retire_departed(lp_gateway *gateway)
{
    size_t kept = 0;
    for (size_t i = 0; i < gateway->refresh_count; i++) {
        if (find_player(gateway, gateway->refresh[i].peer))
            gateway->refresh[kept++] = gateway->refresh[i];
    }
    gateway->refresh_count = kept;
}

static refresh *find_refresh(lp_gateway *gateway, lp_peer peer)
{
    for (size_t i = 0; i < gateway->refresh_count; i++) {
        if (gateway->refresh[i].peer == peer)
            return &gateway->refresh[i];
    }
    if (gateway->refresh_count == LP_MEMBER_MAX_PEERS)
        retire_departed(gateway);
    return &gateway->refresh[gateway->refresh_count++];
}

void lp_gateway_on_peer_joined(lp_gateway *gateway, lp_peer peer, lp_time now)
{
    refresh first = {.peer = peer, .on_join = true, .due = now};
    if (!find_player(gateway, peer))
        return;
    *find_refresh(gateway, peer) = first;
    gateway->next_due = lp_time_min(gateway->next_due, now);
}

static void fill_cam(const lp_gateway *gateway, const lp_member_peer *player,
                     bool on_join, lp_cam_frame *out_cam)
{
    *out_cam =
        (lp_cam_frame){.peer = player->id, .mac = player->mac, .on_join = on_join};
    memcpy(out_cam->frame, gateway->nic.octet, sizeof gateway->nic.octet);
    memcpy(out_cam->frame + 6, player->mac.octet, sizeof player->mac.octet);
    lp_set_u16(out_cam->frame + 12, LP_ETHERTYPE_LOCAL);
}

/* One that is due, of which there is at least one; and notes when the others are. */
static refresh *take_due(lp_gateway *gateway, lp_time now)
{
    refresh *due = NULL;
    gateway->next_due = LP_NEVER;
    for (size_t i = 0; i < gateway->refresh_count; i++) {
        if (!due && gateway->refresh[i].due <= now)
            due = &gateway->refresh[i];
        else
            gateway->next_due = lp_time_min(gateway->next_due, gateway->refresh[i].due);
    }
    assert(due);
    return due;
}

bool lp_gateway_next_cam(lp_gateway *gateway, lp_time now, lp_cam_frame *out_cam)
{
    while (now >= gateway->next_due) {
        refresh *due = take_due(gateway, now);
        const lp_member_peer *player = find_player(gateway, due->peer);
        if (!player) {
            *due = gateway->refresh[--gateway->refresh_count];
            continue;
        }
        fill_cam(gateway, player, due->on_join, out_cam);
        due->on_join = false;
        due->due = lp_time_after(now, LP_CAM_REFRESH_EVERY);
        gateway->next_due = lp_time_min(gateway->next_due, due->due);
        gateway->stats.stat[LP_STAT_CAM_REFRESHES]++;
        return true;
    }
    return false;
}

lp_time lp_gateway_deadline(const lp_gateway *gateway)
{
    return gateway->next_due;
}
