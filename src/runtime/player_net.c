/*
 * Routes: the adapter is for the party only (W-019, W-034, D-014). Linux needs no host
 * route pinned as long as the party's subnet is another than the relay's; where it is
 * not, and only then, one is pinned and removed again.
 */
#include "runtime/player_internal.h"

void lp_player_remember_way(lp_player *player, const lp_addr *relay)
{
    lp_route route;
    if (player->is_pinned && !lp_addr_same_ip(&player->relay, relay))
        lp_player_unpin(player);
    player->relay = *relay;
    if (lp_net_route_to(player->config.join->net, relay, &route) != LP_OK ||
        route.ifindex == lp_tap_ifindex(player->tap))
        return;
    player->way = route;
    player->has_way = true;
}

void lp_player_unpin(lp_player *player)
{
    if (player->is_pinned)
        lp_net_unpin(player->config.join->net, &player->relay);
    player->is_pinned = false;
}

/*
 * A game that sends to 255.255.255.255 names no adapter; who runs this program means the
 * party's (W-036). The kernel drops the route with the adapter or its link.
 */
void lp_player_take_broadcasts(lp_player *player)
{
    const lp_addr everyone = {.family = 4, .ip = {255, 255, 255, 255}};
    const lp_route into_party = {.ifindex = lp_tap_ifindex(player->tap)};
    lp_why why;
    lp_err err = lp_net_pin(player->config.join->net, &everyone, &into_party, &why);
    if (err &&
        err != LP_ERR_IN_USE) /* Windows has one, and the adapter's metric decides */
        lp_log(player->config.log, LP_WARN,
               "broadcasts to 255.255.255.255 may leave by another adapter",
               F_STR("why", why.text));
}

static void drop_defaults(lp_player *player, lp_time now)
{
    size_t count =
        lp_net_drop_defaults(player->config.join->net, lp_tap_ifindex(player->tap));
    if (count == 0)
        return;
    player->defaults_dropped += count;
    lp_health_set(&player->health, LP_HEALTH_DEFAULT_ROUTE, true, now,
                  "%llu removed so far", (unsigned long long)player->defaults_dropped);
    lp_log(player->config.log, LP_DEBUG, "default route through the adapter removed",
           F_UINT("count", count));
}

static void guard_relay_route(lp_player *player, lp_time now)
{
    lp_net *net = player->config.join->net;
    lp_route route;
    lp_why why;
    if (!player->relay.family || lp_net_route_to(net, &player->relay, &route) != LP_OK)
        return;
    if (route.ifindex != lp_tap_ifindex(player->tap)) {
        if (!player->is_pinned) {
            player->way = route;
            player->has_way = true;
        }
        lp_health_set(&player->health, LP_HEALTH_RELAY_ROUTE, false, now, "%s", "");
        player->told_of_pin = player->is_pinned;
        return;
    }
    lp_health_set(&player->health, LP_HEALTH_RELAY_ROUTE, true, now,
                  "the party's subnet holds the relay's address");
    /* Once a second at most: pinning is itself a change of routes, which brings us here. */
    if (!player->has_way || now < player->next_pin)
        return;
    player->next_pin = lp_time_after(now, LP_PLAYER_TICK);
    bool is_news = !player->told_of_pin;
    lp_err err = lp_net_pin(net, &player->relay, &player->way, &why);
    player->told_of_pin = true;
    player->is_pinned |= err == LP_OK;
    if (err == LP_OK && is_news)
        lp_log(
            player->config.log, LP_WARN,
            "the party's subnet holds the relay's address: pinned a host route to it",
            F_ADDR("relay", &player->relay), F_UINT("ifindex", player->way.ifindex));
    else if (err != LP_ERR_IN_USE && is_news)
        lp_log(player->config.log, LP_ERROR, "cannot pin the route to the relay",
               F_STR("why", why.text));
}

/* W-016: verified after activation, on every change of routes, and every second. */
void lp_player_guard_routes(lp_player *player, lp_time now)
{
    if (!player->is_bridging)
        return;
    drop_defaults(player, now);
    guard_relay_route(player, now);
}

/* 192.168.0.0/24, .1.0/24 and .178.0/24 are half of all homes (W-033). */
static bool is_common_subnet(const lp_addr *address)
{
    const uint8_t *ip = address->ip;
    return address->family == 4 && ip[0] == 192 && ip[1] == 168 &&
           (ip[2] == 0 || ip[2] == 1 || ip[2] == 178);
}

void lp_player_look_at_address(lp_player *player, lp_time now)
{
    lp_net *net = player->config.join->net;
    unsigned ifindex = lp_tap_ifindex(player->tap);
    char other[16] = "";
    lp_addr address = {0};
    unsigned prefix_len = 0;
    if (player->is_bridging &&
        lp_net_address_of(net, ifindex, &address, &prefix_len) != LP_OK)
        address = (lp_addr){0};
    if (!lp_addr_same_ip(&address, &player->address) || !address.family) {
        player->address = address;
        player->prefix_len = prefix_len;
    }
    if (address.family == 4)
        lp_net_overlap(net, ifindex, other);
    lp_health_set(&player->health, LP_HEALTH_OVERLAP, other[0] != '\0', now,
                  "the other network is on %s", other);
    lp_health_set(&player->health, LP_HEALTH_COMMON_SUBNET, is_common_subnet(&address),
                  now, "%s", "");
    /* Link-local only is what a stack gives itself when nobody answers its DHCP. */
    bool link_local = address.family == 4 ? address.ip[0] == 169 && address.ip[1] == 254
                                          : address.ip[0] == 0xfe;
    lp_health_set(&player->health, LP_HEALTH_NO_ADDRESS,
                  player->is_bridging && (!address.family || link_local), now,
                  "adapter %s", lp_tap_name(player->tap));
}
