/*
 * Routes: the adapter is for the party only (W-014 to W-019, W-034, D-014), and the relay
 * is reached around it. Windows has a host route to the relay pinned before the adapter is
 * up, and moved when this machine moves; Linux where the party's subnet would take the
 * relay's address over, and only then. And what a lease and a firewall need beside.
 */
#include "os/clock.h"
#include "runtime/player_internal.h"

#define LOOK_AT_TRUST LP_SECONDS(5) /* a network appears some time after its cable */

/* --- the way to the relay --------------------------------------------------------- */

static lp_net *net_of(const lp_player *player)
{
    return player->config.join->net;
}

static unsigned inside(const lp_player *player)
{
    return lp_tap_ifindex(player->tap);
}

static void look_for_way(lp_player *player)
{
    lp_route route;
    bool is_free = player->pin == LP_PIN_NO &&
                   lp_net_route_to(net_of(player), &player->relay, &route) == LP_OK &&
                   route.ifindex != inside(player);
    if (!is_free && lp_net_way_around(net_of(player), &player->relay, inside(player),
                                      &route) != LP_OK)
        return; /* offline: yesterday's way is as good as any */
    player->way = route;
    player->has_way = true;
}

void lp_player_remember_way(lp_player *player, const lp_addr *relay)
{
    if (player->pin != LP_PIN_NO && !lp_addr_same_ip(&player->relay, relay))
        lp_player_unpin(player);
    player->relay = *relay;
    look_for_way(player);
}

void lp_player_unpin(lp_player *player)
{
    if (player->pin == LP_PIN_OURS)
        lp_net_unpin(net_of(player), &player->relay);
    player->pin = LP_PIN_NO;
    player->next_pin = 0; /* who wakes up within a second pins before all else again */
}

/* Does a host route lead to the relay where it should? Ours, or one that was there. */
static bool is_in_order(const lp_player *player, const lp_route *route)
{
    return route->prefix_len == (player->relay.family == 4 ? 32 : 128) &&
           route->ifindex == player->way.ifindex &&
           lp_addr_same_ip(&route->gateway, &player->way.gateway);
}

static void tell_of_pin(lp_player *player, lp_err err, bool leads_inside,
                        const char *why)
{
    const lp_log_sink *log = player->config.log;
    if (err == LP_OK)
        lp_log(
            log, leads_inside ? LP_WARN : LP_INFO,
            leads_inside
                ? "the party's subnet holds the relay's address: pinned a host route "
                  "to it"
                : "pinned a host route to the relay",
            F_ADDR("relay", &player->relay), F_UINT("ifindex", player->way.ifindex));
    else if (err == LP_ERR_IN_USE)
        lp_log(log, LP_INFO, "a host route to the relay was there already, and stays",
               F_ADDR("relay", &player->relay), F_UINT("ifindex", player->way.ifindex));
    else
        lp_log(log, LP_ERROR, "cannot pin the route to the relay", F_STR("why", why));
}

/* Once a second at most: pinning is itself a change of routes, which brings us here. */
static void pin(lp_player *player, bool leads_inside, lp_time now)
{
    lp_why why;
    if (!player->has_way || now < player->next_pin)
        return;
    player->next_pin = lp_time_after(now, LP_PLAYER_TICK);
    lp_err err = lp_net_pin(net_of(player), &player->relay, &player->way, &why);
    player->pin = err == LP_OK           ? LP_PIN_OURS
                  : err == LP_ERR_IN_USE ? LP_PIN_FOUND
                                         : LP_PIN_NO;
    if (err == LP_OK || !player->told_of_pin || player->told_pin_err != err)
        tell_of_pin(player, err, leads_inside, why.text);
    player->told_of_pin = true;
    player->told_pin_err = err;
}

/* W-016: the pin is looked at, set where it is missing, and moved with this machine. */
static void guard_relay_route(lp_player *player, lp_time now)
{
    lp_route route;
    if (!player->relay.family)
        return;
    look_for_way(player);
    if (lp_net_route_to(net_of(player), &player->relay, &route) != LP_OK)
        return;
    bool leads_inside = route.ifindex == inside(player);
    bool wants_pin = leads_inside || player->pin != LP_PIN_NO || lp_net_always_pins();
    /* Where one was there before us, pinning finds that out. */
    if (wants_pin && (player->pin == LP_PIN_NO || !is_in_order(player, &route)))
        pin(player, leads_inside, now);
    player->told_of_pin &= wants_pin;
    lp_health_set(&player->health, LP_HEALTH_RELAY_ROUTE, leads_inside, now,
                  "the party's subnet holds the relay's address");
}

void lp_player_pin_early(lp_player *player, lp_time now)
{
    if (lp_net_always_pins())
        guard_relay_route(player, now);
    if (lp_net_takes_defaults(net_of(player), inside(player)))
        lp_log(player->config.log, LP_INFO,
               "the adapter would take default routes: switched off for now",
               F_STR("adapter", lp_tap_name(player->tap)));
}

/* --- what the adapter must and must not have -------------------------------------- */

static const lp_addr everyone = {.family = 4, .ip = {255, 255, 255, 255}};

/*
 * A game that sends to 255.255.255.255 names no adapter; who runs this program means the
 * party's (W-036). The kernel drops the route with the adapter or its link.
 */
void lp_player_take_broadcasts(lp_player *player)
{
    const lp_route into_party = {.ifindex = inside(player)};
    lp_why why;
    lp_err err = lp_net_pin(net_of(player), &everyone, &into_party, &why);
    if (err &&
        err != LP_ERR_IN_USE) /* Windows has one, and the adapter's metric decides */
        lp_log(player->config.log, LP_WARN,
               "broadcasts to 255.255.255.255 may leave by another adapter",
               F_STR("why", why.text));
}

void lp_player_leave_broadcasts(lp_player *player)
{
    lp_net_unpin(net_of(player), &everyone);
}

static void look_at_broadcasts(lp_player *player, bool has_address, lp_time now)
{
    char name[LP_NET_NAME_LEN];
    unsigned ifindex;
    bool elsewhere =
        has_address &&
        lp_net_broadcasts_leave_by(net_of(player), &ifindex, name) == LP_OK &&
        ifindex != inside(player);
    lp_health_set(&player->health, LP_HEALTH_BROADCASTS, elsewhere, now, "by %s",
                  elsewhere ? name : "");
}

static void drop_defaults(lp_player *player, lp_time now)
{
    size_t count = lp_net_drop_defaults(net_of(player), inside(player));
    if (count == 0)
        return;
    player->defaults_dropped += count;
    lp_health_set(&player->health, LP_HEALTH_DEFAULT_ROUTE, true, now,
                  "%llu removed so far", (unsigned long long)player->defaults_dropped);
    lp_log(player->config.log, LP_DEBUG, "default route through the adapter removed",
           F_UINT("count", count));
}

/* W-016: verified after activation, on every change of routes, and every second. */
void lp_player_guard_routes(lp_player *player, lp_time now)
{
    if (!player->is_bridging)
        return;
    drop_defaults(player, now);
    guard_relay_route(player, now);
    if (now >= player->next_trust) {
        player->next_trust = lp_time_after(now, LOOK_AT_TRUST);
        lp_net_trust(net_of(player), inside(player));
    }
}

void lp_player_distrust(lp_player *player, lp_duration patience)
{
    lp_net_distrust(net_of(player), patience);
    player->next_trust = 0;
}

/* --- what the adapter has --------------------------------------------------------- */

static bool is_link_local(const lp_addr *address)
{
    return address->family == 4 ? address->ip[0] == 169 && address->ip[1] == 254
                                : address->ip[0] == 0xfe;
}

/* Link-local only is what a stack gives itself when nobody answers its DHCP. */
static bool lacks_address(const lp_player *player)
{
    return !player->address.family || is_link_local(&player->address);
}

void lp_player_renew(lp_player *player)
{
    lp_why why;
    lp_err err = lp_net_renew(net_of(player), inside(player), &why);
    lp_log(player->config.log, LP_DEBUG,
           err ? "no address is asked for" : "asking the party for an address",
           F_STR("why", err ? why.text : NULL));
}

lp_err lp_player_fix(lp_player *player, const char *code, lp_why *why)
{
    if (strcmp(code, "relay_unreachable") == 0) {
        lp_player_wake(player, lp_clock_now()); /* ends the wait for the next try */
        return LP_OK;
    }
    if (strcmp(code, "no_address") != 0)
        return lp_explain(why, LP_ERR_UNKNOWN,
                          "no program can do anything about \"%.40s\": see what the "
                          "problem's own lines advise",
                          code);
    if (!player->is_bridging)
        return lp_explain(why, LP_ERR_CLOSED, "not in the room yet: wait until it is");
    return lp_net_renew(net_of(player), inside(player), why);
}

/* At first the system asks by itself; when it heard nobody it waits for minutes. */
void lp_player_renew_if_none(lp_player *player, lp_time now)
{
    if (player->is_bridging && lacks_address(player) && now >= player->renew_from)
        lp_player_renew(player);
}

static void hear_notes(lp_player *player, lp_time now)
{
    lp_net_note note;
    while (lp_net_next_note(net_of(player), &note)) {
        const char *why = note.err ? note.why.text : "";
        switch (note.what) {
        case LP_NET_RENEWED:
            lp_log(player->config.log, note.err ? LP_WARN : LP_INFO,
                   note.err ? "the party gave no address"
                            : "the party was asked for an address, and answered",
                   F_STR("why", note.err ? why : NULL));
            break;
        case LP_NET_TRUSTED:
            lp_health_set(&player->health, LP_HEALTH_PUBLIC_NETWORK, note.err != LP_OK,
                          now, "%.240s", why);
            break;
        }
    }
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
    lp_net *net = net_of(player);
    unsigned ifindex = inside(player);
    char other[LP_NET_NAME_LEN] = "";
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
    lp_health_set(&player->health, LP_HEALTH_NO_ADDRESS,
                  player->is_bridging && lacks_address(player), now, "adapter %s",
                  lp_tap_name(player->tap));
    look_at_broadcasts(player, player->is_bridging && address.family == 4, now);
    hear_notes(player, now);
}
