/* What a player is told: health, short lines (D-009 to D-016), snapshots, --status. */
#include <stdarg.h>
#include <stdio.h>

#include "runtime/describe.h"
#include "runtime/describe_uplink.h"
#include "runtime/player_internal.h"

static const char *const pin_names[] = {
    [LP_PIN_NO] = "no", [LP_PIN_OURS] = "pinned", [LP_PIN_FOUND] = "found"};

static lp_member *member_of(const lp_player *player)
{
    return lp_uplink_member(player->uplink);
}

static bool is_joined(const lp_player *player)
{
    return lp_member_state_of(member_of(player)) == LP_MEMBER_JOINED;
}

static uint64_t count_of(const lp_player *player, lp_stat_code code)
{
    return player->client.stats.stat[code];
}

void lp_player_check_health(lp_player *player, lp_time now)
{
    lp_health *health = &player->health;
    bool joined = is_joined(player);
    bool refused =
        !joined && lp_member_reject(member_of(player)); /* for now, or for good */
    lp_health_set(health, LP_HEALTH_RELAY, !joined && !refused && player->lost_why[0],
                  now, "%.240s", player->lost_why);
    lp_health_set(health, LP_HEALTH_REFUSED, refused, now, "%.240s", player->lost_why);
    lp_health_set(health, LP_HEALTH_NO_GATEWAY,
                  joined && !lp_member_gateway_present(member_of(player)), now,
                  "room %s", player->config.join->member.room);
    lp_health_set(health, LP_HEALTH_ONE_WAY,
                  joined && lp_member_gateway_present(member_of(player)) &&
                      count_of(player, LP_STAT_BROADCAST_TO_LAN) > 0 &&
                      count_of(player, LP_STAT_BROADCAST_FROM_LAN) == 0,
                  now, "%llu sent",
                  (unsigned long long)count_of(player, LP_STAT_BROADCAST_TO_LAN));
    lp_health_log(health, player->config.log, now);
}

/* --- short lines ------------------------------------------------------------------ */

typedef struct lines {
    lp_player_line *at;
    size_t count;
} lines;

__attribute__((format(LP_PRINTF, 2, 3))) static void say(lines *out, const char *fmt,
                                                         ...)
{
    va_list args;
    if (out->count == LP_PLAYER_LINE_MAX)
        return;
    va_start(args, fmt);
    vsnprintf(out->at[out->count++].text, LP_PLAYER_LINE_LEN, fmt, args);
    va_end(args);
}

static lp_duration gateway_latency(const lp_player *player)
{
    const lp_conn *conn = lp_uplink_conn(player->uplink);
    const lp_member_peer *gateway =
        lp_member_find(member_of(player), lp_member_gateway(member_of(player)));
    return conn && gateway && gateway->rtt ? lp_conn_rtt(conn) + gateway->rtt : 0;
}

static void say_broadcast(const lp_player *player, lines *out)
{
    if (!lp_member_gateway_present(member_of(player)))
        return; /* nowhere to flow */
    bool to_lan = count_of(player, LP_STAT_BROADCAST_TO_LAN) > 0;
    bool from_lan = count_of(player, LP_STAT_BROADCAST_FROM_LAN) > 0;
    if (to_lan && from_lan)
        say(out, "Broadcast traffic flowing");
    else if (to_lan || from_lan) /* D-008 */
        say(out, "Broadcast traffic one-way: only %s the LAN", to_lan ? "to" : "from");
}

size_t lp_player_lines(const lp_player *player, lp_time now,
                       lp_player_line out[LP_PLAYER_LINE_MAX])
{
    lines said = {out, 0};
    char ip[LP_ADDR_TEXT_LEN];
    if (!is_joined(player)) {
        say(&said, "Not connected to relay%s%.120s", player->lost_why[0] ? ": " : "",
            player->lost_why);
        return said.count;
    }
    say(&said, "Connected to relay");
    say(&said, lp_member_gateway_present(member_of(player))
                   ? "Connected to LAN gateway"
                   : "No LAN gateway in the room yet");
    if (player->address.family == 4)
        say(&said, "DHCP received: %s", lp_addr_write_ip(&player->address, ip));
    else if (!player->address.family)
        say(&said, "No address on %s yet", lp_tap_name(player->tap));
    say_broadcast(player, &said);
    if (lp_health_shows(&player->health, LP_HEALTH_DEFAULT_ROUTE, now))
        say(&said, "Warning: TAP received default route, removed it");
    if (lp_health_shows(&player->health, LP_HEALTH_RELAY_ROUTE, now))
        say(&said, "Warning: the route to the relay leads into the tunnel");
    lp_duration latency = gateway_latency(player);
    if (latency > 0)
        say(&said, "Gateway latency: %llu ms",
            (unsigned long long)(latency / LP_MS(1)));
    return said.count;
}

static bool was_said(const lp_player *player, const char *text)
{
    for (size_t i = 0; i < player->said_count; i++) {
        if (strcmp(player->said[i].text, text) == 0)
            return true;
    }
    return false;
}

/* Latency moves all the time: it is in snapshots, and said once when it becomes known.
 * What went wrong on the way to the relay was said when it did. */
static bool is_worth_saying(const lp_player *player, const char *text)
{
    static const char latency[] = "Gateway latency", lost[] = "Not connected";
    if (strncmp(text, lost, sizeof lost - 1) == 0)
        return false;
    if (strncmp(text, latency, sizeof latency - 1) != 0)
        return !was_said(player, text);
    for (size_t i = 0; i < player->said_count; i++) {
        if (strncmp(player->said[i].text, latency, sizeof latency - 1) == 0)
            return false;
    }
    return true;
}

/* One line for `systemctl status`. */
static void tell_manager(lp_player *player)
{
    char status[LP_SERVICE_STATUS_MAX], ip[LP_ADDR_TEXT_LEN] = "no address yet";
    const lp_member *member = member_of(player);
    if (player->address.family)
        lp_addr_write_ip(&player->address, ip);
    if (is_joined(player))
        snprintf(status, sizeof status, "in room %s%s, %s: %s",
                 player->config.join->member.room,
                 lp_member_gateway_present(member) ? "" : " without a LAN gateway",
                 lp_tap_name(player->tap), ip);
    else if (player->lost_why[0])
        snprintf(status, sizeof status, "not connected to the relay: %.160s",
                 player->lost_why);
    else
        snprintf(status, sizeof status, "connecting to the relay");
    lp_service_tell(player->told, status);
}

void lp_player_say_news(lp_player *player, lp_time now)
{
    lp_player_line news[LP_PLAYER_LINE_MAX];
    size_t count = lp_player_lines(player, now, news);
    for (size_t i = 0; i < count; i++) {
        if (is_worth_saying(player, news[i].text))
            lp_log(player->config.log, LP_INFO, news[i].text);
    }
    memcpy(player->said, news, sizeof news);
    player->said_count = count;
    tell_manager(player);
}

/* D-016: the short lines as well as the counters, in one line of the log. */
void lp_player_snapshot(lp_player *player, lp_time now)
{
    lp_player_line line[LP_PLAYER_LINE_MAX];
    char all[LP_PLAYER_LINE_MAX * (LP_PLAYER_LINE_LEN + 2)] = "";
    char ip[LP_ADDR_TEXT_LEN] = "none";
    size_t len = 0, count = lp_player_lines(player, now, line);
    const lp_conn *conn = lp_uplink_conn(player->uplink);
    const lp_stats *stats = &player->client.stats;
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i ? "; " : "",
                                line[i].text);
    if (player->address.family)
        lp_addr_write_ip(&player->address, ip);
    lp_log(player->config.log, LP_INFO, "snapshot", F_STR("says", all),
           F_STR("relay", conn ? "yes" : "no"),
           F_MS("rtt", conn ? lp_conn_rtt(conn) : 0),
           F_UINT("budget", conn ? lp_conn_budget(conn) : 0), F_STR("ip", ip),
           F_STR("route_pinned", pin_names[player->pin]),
           F_UINT("frames_rx", stats->stat[LP_STAT_FRAMES_RX]),
           F_UINT("frames_tx", stats->stat[LP_STAT_FRAMES_TX]),
           F_UINT("datagrams_rx", stats->stat[LP_STAT_DATAGRAMS_RX]),
           F_UINT("datagrams_tx", stats->stat[LP_STAT_DATAGRAMS_TX]),
           F_UINT("drops", lp_stats_drops(stats)));
}

/* --- --status --------------------------------------------------------------------- */

static json_t *describe_lines(const lp_player *player, lp_time now)
{
    lp_player_line line[LP_PLAYER_LINE_MAX];
    size_t count = lp_player_lines(player, now, line);
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(line[i].text));
    return array;
}

/* D-008 */
static const char *broadcast_word(const lp_player *player)
{
    bool to_lan = count_of(player, LP_STAT_BROADCAST_TO_LAN) > 0;
    bool from_lan = count_of(player, LP_STAT_BROADCAST_FROM_LAN) > 0;
    return to_lan && from_lan ? "both"
           : to_lan           ? "to_lan"
           : from_lan         ? "from_lan"
                              : "none";
}

/* Why there is no connection and what comes of it; or for how long there is one. */
static void describe_connection(const lp_player *player, json_t *state, lp_time now)
{
    lp_time next = lp_uplink_next_try(player->uplink);
    bool joined = is_joined(player);
    lp_tell_text(state, "last_error",
                 !joined && player->lost_why[0] ? player->lost_why : NULL);
    if (next != LP_NEVER)
        lp_tell_ms(state, "next_try_ms", lp_time_until(now, next));
    if (joined)
        lp_tell_ms(state, "connected_ms", lp_time_until(player->joined_at, now));
}

static json_t *describe_tap(const lp_player *player)
{
    const lp_welcome *welcome = lp_member_welcome(member_of(player));
    json_t *tap = json_object();
    lp_tell_text(tap, "name", lp_tap_name(player->tap));
    lp_tell_uint(tap, "ifindex", lp_tap_ifindex(player->tap));
    lp_tell_mac(tap, "mac", true, player->client.mac);
    lp_tell_uint(tap, "mtu", welcome ? welcome->tap_mtu : 0);
    lp_tell_ip(tap, "ip", &player->address);
    lp_tell_bool(tap, "up", player->is_bridging);
    if (*lp_tap_driver(player->tap))
        lp_tell_text(tap, "driver", lp_tap_driver(player->tap));
    return tap;
}

json_t *lp_player_describe(const lp_player *player, lp_time now)
{
    json_t *state = lp_describe_uplink(player->uplink, &player->config.relay);
    lp_tell_text(state, "room", player->config.join->member.room);
    lp_tell_take(state, "tap", describe_tap(player));
    describe_connection(player, state, now);
    lp_tell_ms(state, "gateway_latency_ms", gateway_latency(player));
    lp_tell_text(state, "broadcast", broadcast_word(player));
    lp_tell_text(state, "route_pinned", pin_names[player->pin]);
    lp_tell_uint(state, "default_routes_removed", player->defaults_dropped);
    lp_tell_take(state, "says", describe_lines(player, now));
    lp_tell_take(state, "health", lp_health_describe(&player->health, now));
    lp_tell_take(state, "counters", lp_describe_stats(&player->client.stats));
    return state;
}
