#include "runtime/describe_uplink.h"

#include "runtime/describe.h"

static const char *state_name(lp_member_state state)
{
    switch (state) {
    case LP_MEMBER_OFFLINE: return "offline";
    case LP_MEMBER_CONNECTING: return "connecting";
    case LP_MEMBER_MEASURING: return "measuring";
    case LP_MEMBER_JOINING: return "joining";
    case LP_MEMBER_JOINED: return "joined";
    case LP_MEMBER_REFUSED: return "refused";
    case LP_MEMBER_ENDED: return "ended";
    }
    return "?";
}

static json_t *describe_peers(const lp_member *member)
{
    json_t *peers = json_array();
    size_t cursor = 0;
    lp_member_peer peer;
    while (lp_member_next_peer(member, &cursor, &peer))
        json_array_append_new(
            peers, json_pack("{s:I, s:s, s:o, s:o}", "peer_id", (json_int_t)peer.id, "role",
                             lp_role_name(peer.role), "mac", lp_json_mac(peer.has_mac, peer.mac),
                             "rtt_ms", lp_json_ms(peer.rtt)));
    return peers;
}

static json_t *describe_relay(const lp_uplink *uplink, const lp_endpoint_name *name)
{
    const lp_conn *conn = lp_uplink_conn(uplink);
    json_t *relay = conn ? lp_describe_conn(conn)
                         : json_pack("{s:o}", "address", lp_json_addr(lp_uplink_relay(uplink)));
    json_object_set_new(relay, "name", json_string(name->host));
    json_object_set_new(relay, "port", json_integer(name->port));
    json_object_set_new(relay, "reachable", json_boolean(conn != NULL));
    return relay;
}

json_t *lp_describe_uplink(lp_uplink *uplink, const lp_endpoint_name *relay)
{
    const lp_member *member = lp_uplink_member(uplink);
    const lp_welcome *welcome = lp_member_welcome(member);
    return json_pack(
        "{s:s, s:I, s:I, s:I, s:b, s:I, s:o, s:o, s:I}", "state",
        state_name(lp_member_state_of(member)), "room_id",
        (json_int_t)(welcome ? welcome->room_id : 0), "peer_id",
        (json_int_t)(welcome ? welcome->peer_id : 0), "tap_mtu",
        (json_int_t)(welcome ? welcome->tap_mtu : 0), "gateway_present",
        lp_member_gateway_present(member), "gateway_peer_id",
        (json_int_t)lp_member_gateway(member), "relay", describe_relay(uplink, relay), "peers",
        describe_peers(member), "reconnects", (json_int_t)lp_uplink_reconnects(uplink));
}
