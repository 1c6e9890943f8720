#include "runtime/describe_uplink.h"

#include "runtime/describe.h"

static const char *state_name(lp_member_state state)
{
    switch (state) {
    case LP_MEMBER_OFFLINE:
        return "offline";
    case LP_MEMBER_CONNECTING:
        return "connecting";
    case LP_MEMBER_MEASURING:
        return "measuring";
    case LP_MEMBER_JOINING:
        return "joining";
    case LP_MEMBER_JOINED:
        return "joined";
    case LP_MEMBER_REFUSED:
        return "refused";
    case LP_MEMBER_ENDED:
        return "ended";
    }
    return "?";
}

static json_t *describe_peers(const lp_member *member)
{
    json_t *peers = json_array();
    size_t cursor = 0;
    lp_member_peer peer;
    while (lp_member_next_peer(member, &cursor, &peer)) {
        json_t *object = json_object();
        lp_tell_uint(object, "peer_id", peer.id);
        lp_tell_text(object, "role", lp_role_name(peer.role));
        lp_tell_mac(object, "mac", peer.has_mac, peer.mac);
        lp_tell_ms(object, "rtt_ms", peer.rtt);
        json_array_append_new(peers, object);
    }
    return peers;
}

static json_t *describe_relay(const lp_uplink *uplink, const lp_endpoint_name *name)
{
    const lp_conn *conn = lp_uplink_conn(uplink);
    json_t *relay = conn ? lp_describe_conn(conn) : json_object();
    if (!conn)
        lp_tell_addr(relay, "address", lp_uplink_relay(uplink));
    lp_tell_text(relay, "name", name->host);
    lp_tell_uint(relay, "port", name->port);
    lp_tell_bool(relay, "reachable", conn != NULL);
    return relay;
}

json_t *lp_describe_uplink(lp_uplink *uplink, const lp_endpoint_name *relay)
{
    const lp_member *member = lp_uplink_member(uplink);
    const lp_welcome *welcome = lp_member_welcome(member);
    json_t *object = json_object();
    lp_tell_text(object, "state", state_name(lp_member_state_of(member)));
    lp_tell_uint(object, "room_id", welcome ? welcome->room_id : 0);
    lp_tell_uint(object, "peer_id", welcome ? welcome->peer_id : 0);
    lp_tell_uint(object, "tap_mtu", welcome ? welcome->tap_mtu : 0);
    lp_tell_bool(object, "gateway_present", lp_member_gateway_present(member));
    lp_tell_uint(object, "gateway_peer_id", lp_member_gateway(member));
    lp_tell_take(object, "relay", describe_relay(uplink, relay));
    lp_tell_take(object, "peers", describe_peers(member));
    lp_tell_uint(object, "reconnects", lp_uplink_reconnects(uplink));
    lp_tell_take(
        object, "live",
        lp_describe_gauges(lp_uplink_look(uplink), LP_OF_CONNECTION | LP_OF_SOCKET));
    return object;
}
