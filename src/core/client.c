#include "core/client.h"

lp_client lp_client_start(lp_mac mac, const lp_member *member)
{
    return (lp_client){.mac = mac, .member = member};
}

static lp_reason counted(lp_client *client, lp_reason reason)
{
    client->stats.reason[reason]++;
    return reason;
}

/* --- adapter to relay ------------------------------------------------------------- */

static lp_reason check_outgoing(const lp_client *client, lp_bytes frame)
{
    const lp_welcome *welcome = lp_member_welcome(client->member);
    lp_frame header;
    if (!welcome)
        return LP_REASON_NO_GATEWAY;
    lp_reason reason = lp_filter_frame(LP_FROM_CLIENT, frame, welcome->tap_mtu);
    if (reason)
        return reason;
    if (lp_frame_read(frame, &header))
        return LP_REASON_MALFORMED;
    if (!lp_mac_equal(header.source, client->mac))
        return LP_REASON_UNAUTHORIZED_SOURCE;
    if (LP_DATAGRAM_HEADER_LEN + frame.len > lp_member_budget(client->member))
        return LP_REASON_DATAGRAM_BUDGET;
    return LP_REASON_NONE;
}

lp_reason lp_client_on_frame(lp_client *client, lp_space space, size_t frame_len,
                             lp_bytes *out_datagram)
{
    lp_bytes frame = lp_bytes_of(space.at + LP_DATAGRAM_HEADER_LEN, frame_len);
    uint64_t *stat = client->stats.stat;
    stat[LP_STAT_FRAMES_RX]++;
    stat[LP_STAT_BYTES_RX] += frame_len;

    lp_reason reason = check_outgoing(client, frame);
    if (reason)
        return counted(client, reason);

    stat[LP_STAT_DATAGRAMS_TX]++;
    stat[LP_STAT_BROADCAST_TO_LAN] += frame.at[0] & 1;
    *out_datagram = lp_member_wrap(client->member, space, frame_len);
    return LP_REASON_NONE;
}

/* --- relay to adapter ------------------------------------------------------------- */

static lp_reason check_owner(const lp_client *client, lp_peer sender, lp_mac source)
{
    if (lp_mac_equal(source, client->mac))
        return LP_REASON_LOOP;
    const lp_member_peer *owner = lp_member_find_mac(client->member, source);
    if (owner && owner->id != sender)
        return sender == lp_member_gateway(client->member)
                   ? LP_REASON_LOOP
                   : LP_REASON_UNAUTHORIZED_SOURCE;
    const lp_member_peer *peer = lp_member_find(client->member, sender);
    if (peer && peer->has_mac && !lp_mac_equal(peer->mac, source))
        return LP_REASON_UNAUTHORIZED_SOURCE;
    return LP_REASON_NONE;
}

static lp_reason check_incoming(const lp_client *client, lp_peer sender, lp_bytes frame)
{
    size_t mtu = lp_member_welcome(client->member)->tap_mtu;
    bool from_lan = sender == lp_member_gateway(client->member);
    lp_frame header;
    lp_reason reason =
        lp_filter_frame(from_lan ? LP_FROM_LAN : LP_FROM_CLIENT, frame, mtu);
    if (reason)
        return reason;
    if (lp_frame_read(frame, &header))
        return LP_REASON_MALFORMED;
    reason = check_owner(client, sender, header.source);
    if (reason)
        return reason;
    if (!lp_mac_is_multicast(header.destination) &&
        !lp_mac_equal(header.destination, client->mac))
        return LP_REASON_MISDIRECTED;
    return LP_REASON_NONE;
}

lp_reason lp_client_on_datagram(lp_client *client, lp_bytes datagram,
                                lp_bytes *out_frame, lp_peer *out_peer)
{
    uint64_t *stat = client->stats.stat;
    lp_datagram read;
    stat[LP_STAT_DATAGRAMS_RX]++;
    *out_peer = 0;
    if (!lp_member_unwrap(client->member, datagram, &read))
        return counted(client, LP_REASON_MALFORMED);
    *out_peer = read.source;
    *out_frame = read.payload;
    if (read.type == LP_DATAGRAM_KEEPALIVE) {
        stat[LP_STAT_KEEPALIVES]++;
        return LP_REASON_NONE;
    }

    lp_reason reason = check_incoming(client, read.source, read.payload);
    if (reason)
        return counted(client, reason);
    stat[LP_STAT_FRAMES_TX]++;
    stat[LP_STAT_BYTES_TX] += read.payload.len;
    if (read.source == lp_member_gateway(client->member))
        stat[LP_STAT_BROADCAST_FROM_LAN] += read.payload.at[0] & 1;
    return LP_REASON_NONE;
}
