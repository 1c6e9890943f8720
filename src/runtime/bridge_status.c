/* What the gateway's host is told: health, snapshots, --status. */
#include <stdio.h>

#include "runtime/bridge_internal.h"
#include "runtime/describe.h"
#include "runtime/describe_uplink.h"

static size_t player_count(const lp_bridge *bridge)
{
    size_t count = 0, cursor = 0;
    lp_member_peer peer;
    while (lp_member_next_peer(lp_uplink_member(bridge->uplink), &cursor, &peer))
        count += peer.role == LP_ROLE_CLIENT;
    return count;
}

/* One line for `systemctl status`. */
static void tell_manager(lp_bridge *bridge)
{
    char status[LP_SERVICE_STATUS_MAX];
    size_t players = player_count(bridge);
    if (bridge->is_joined)
        snprintf(status, sizeof status, "%s is in room %s: %zu player%s",
                 lp_lan_look(bridge->config.lan)->name,
                 bridge->config.join->member.room, players, players == 1 ? "" : "s");
    else if (bridge->lost_why[0])
        snprintf(status, sizeof status, "not connected to the relay: %.160s",
                 bridge->lost_why);
    else
        snprintf(status, sizeof status, "connecting to the relay");
    lp_service_tell(bridge->told, status);
}

void lp_bridge_check_health(lp_bridge *bridge, lp_time now)
{
    lp_health *health = &bridge->health;
    lp_lan *lan = bridge->config.lan;
    const lp_lan_info *info = lp_lan_look(lan);
    const lp_stats *stats = lp_gateway_stats(bridge->gateway);
    bool refused = !bridge->is_joined &&
                   lp_member_reject(lp_uplink_member(bridge->uplink)); /* or for now */
    uint64_t drops = lp_lan_take_kernel_drops(lan);
    bridge->kernel_drops += drops;
    if (drops > 0)
        bridge->overrun_until = lp_time_after(now, LP_BRIDGE_OVERRUN_SHOWS);
    lp_health_set(health, LP_HEALTH_RELAY,
                  !bridge->is_joined && !refused && bridge->lost_why[0], now, "%.240s",
                  bridge->lost_why);
    lp_health_set(health, LP_HEALTH_REFUSED, refused, now, "%.240s", bridge->lost_why);
    lp_health_set(health, LP_HEALTH_CARRIER,
                  lp_lan_is_there(lan) && !lp_lan_has_carrier(lan), now, "interface %s",
                  info->name);
    lp_health_set(health, LP_HEALTH_OWN_HOST, !info->can_reach_host, now, "%s", "");
    lp_health_set(health, LP_HEALTH_TAGGED, stats->reason[LP_REASON_VLAN] > 0, now,
                  "%llu tagged frames were dropped", /* J-05 */
                  (unsigned long long)stats->reason[LP_REASON_VLAN]);
    lp_health_set(health, LP_HEALTH_OVERRUN, now < bridge->overrun_until, now,
                  "%llu frames lost so far", (unsigned long long)bridge->kernel_drops);
    lp_health_log(health, bridge->config.log, now);
    tell_manager(bridge);
}

void lp_bridge_snapshot(lp_bridge *bridge, lp_time now)
{
    const lp_conn *conn = lp_uplink_conn(bridge->uplink);
    const lp_stats *stats = lp_gateway_stats(bridge->gateway);
    lp_log(bridge->config.log, LP_INFO, "snapshot", F_STR("relay", conn ? "yes" : "no"),
           F_MS("rtt", conn ? lp_conn_rtt(conn) : 0),
           F_UINT("players", player_count(bridge)),
           F_UINT("frames_rx", stats->stat[LP_STAT_FRAMES_RX]),
           F_UINT("frames_tx", stats->stat[LP_STAT_FRAMES_TX]),
           F_UINT("datagrams_rx", stats->stat[LP_STAT_DATAGRAMS_RX]),
           F_UINT("datagrams_tx", stats->stat[LP_STAT_DATAGRAMS_TX]),
           F_UINT("drops", lp_stats_drops(stats)));
}

static json_t *describe_lan(const lp_bridge *bridge)
{
    const lp_lan_info *info = lp_lan_look(bridge->config.lan);
    json_t *lan = json_object();
    lp_tell_text(lan, "interface", info->name);
    lp_tell_mac(lan, "mac", true, info->mac);
    lp_tell_uint(lan, "mtu", info->mtu);
    lp_tell_bool(lan, "carrier", lp_lan_has_carrier(bridge->config.lan));
    lp_tell_bool(lan, "reaches_own_host", info->can_reach_host);
    lp_tell_uint(lan, "kernel_drops", bridge->kernel_drops);
    return lan;
}

json_t *lp_bridge_describe(const lp_bridge *bridge, lp_time now)
{
    json_t *state = lp_describe_uplink(bridge->uplink, &bridge->config.relay);
    lp_tell_text(state, "room", bridge->config.join->member.room);
    lp_tell_take(state, "lan", describe_lan(bridge));
    lp_tell_take(state, "health", lp_health_describe(&bridge->health, now));
    lp_tell_take(state, "counters",
                 lp_describe_stats(lp_gateway_stats(bridge->gateway)));
    return state;
}
