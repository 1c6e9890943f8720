#include <stdio.h>
#include <stdlib.h>

#include "os/clock.h"
#include "runtime/bridge_internal.h"

/* --- who is there ----------------------------------------------------------------- */

/* The kernel's filter follows the members, so that a busy LAN's other unicast never
 * wakes us (G-012, G-014). */
static void renew_filter(lp_bridge *bridge)
{
    const lp_member *member = lp_uplink_member(bridge->uplink);
    lp_mac macs[LP_MEMBER_MAX_PEERS];
    size_t count = 0, cursor = 0;
    lp_member_peer peer;
    while (lp_member_next_peer(member, &cursor, &peer)) {
        if (peer.has_mac)
            macs[count++] = peer.mac;
    }
    if (lp_lan_set_members(bridge->config.lan, macs, count) != LP_OK)
        lp_log(bridge->config.log, LP_WARN,
               "the kernel did not take the capture filter; the old one stands");
}

static void on_welcome(lp_bridge *bridge, lp_time now)
{
    const lp_welcome *welcome = lp_member_welcome(lp_uplink_member(bridge->uplink));
    bridge->is_joined = true;
    bridge->lost_why[0] = '\0';
    lp_log(bridge->config.log, LP_INFO, "joined",
           F_STR("room", bridge->config.join->member.room),
           F_UINT("peer", welcome->peer_id), F_UINT("mtu", welcome->tap_mtu),
           F_STR("interface", lp_lan_look(bridge->config.lan)->name));
}

static void on_peer(lp_bridge *bridge, const lp_member_event *event, lp_time now)
{
    char mac[LP_MAC_TEXT_LEN];
    bool joined = event->kind == LP_MEMBER_EVENT_PEER_JOINED;
    bool is_known = joined || event->was_known;
    lp_log(
        bridge->config.log, LP_INFO, joined ? "player joined" : "player left",
        F_UINT("peer", event->peer.id),
        F_STR("role", is_known ? lp_role_name(event->peer.role) : NULL),
        F_STR("mac", event->peer.has_mac ? lp_mac_write(event->peer.mac, mac) : NULL),
        F_STR("reason", joined ? NULL : event->text));
    renew_filter(bridge);
    if (joined)
        lp_gateway_on_peer_joined(bridge->gateway, event->peer.id, now);
    lp_bridge_refresh_cam(bridge, now);
}

static void on_event(void *state, const lp_member_event *event, lp_time now)
{
    lp_bridge *bridge = state;
    switch (event->kind) {
    case LP_MEMBER_EVENT_WELCOME:
        on_welcome(bridge, now);
        break;
    case LP_MEMBER_EVENT_REJECT:
        lp_log(bridge->config.log, LP_WARN, "the relay refused",
               F_STR("reason", event->text));
        snprintf(bridge->lost_why, sizeof bridge->lost_why, "%s", event->text);
        break;
    case LP_MEMBER_EVENT_PEER_JOINED:
    case LP_MEMBER_EVENT_PEER_LEFT:
        on_peer(bridge, event, now);
        break;
    case LP_MEMBER_EVENT_DISCONNECT:
        lp_log(bridge->config.log, LP_INFO, "the relay said goodbye",
               F_STR("reason", event->text));
        break;
    case LP_MEMBER_EVENT_UNKNOWN_MESSAGE:
        lp_log(bridge->config.log, LP_DEBUG, "unknown message ignored");
        break;
    }
    lp_bridge_check_health(bridge, now);
}

/* --- other news ------------------------------------------------------------------- */

static void on_datagram(void *state, lp_bytes datagram, lp_time now)
{
    lp_bridge *bridge = state;
    if (bridge->is_joined)
        lp_bridge_on_datagram(bridge, datagram, now);
}

static void on_datagrams_end(void *state)
{
    lp_bridge_on_datagrams_end(state);
}

static void on_dial(void *state, const lp_addr *relay, lp_time now)
{
    lp_bridge *bridge = state;
    lp_log(bridge->config.log, LP_DEBUG, "connecting", F_ADDR("relay", relay));
}

static void on_lost(void *state, const char *why, lp_time next, lp_time now)
{
    lp_bridge *bridge = state;
    bool is_new = strcmp(bridge->lost_why, why) != 0;
    bridge->is_joined = false;
    renew_filter(bridge); /* nobody is there now */
    if (!bridge->lost_why[0] || next != LP_NEVER)
        snprintf(bridge->lost_why, sizeof bridge->lost_why, "%s", why);
    if (next == LP_NEVER) {
        bridge->config.on_failed(bridge->config.state, bridge->lost_why);
        return;
    }
    lp_log(bridge->config.log, is_new ? LP_WARN : LP_DEBUG,
           "not connected to the relay", F_STR("why", why),
           F_MS("next_try", lp_time_until(now, next)));
    lp_bridge_check_health(bridge, now);
}

static void on_net_changed(void *state, lp_time now)
{
    lp_bridge_check_health(state, now);
}

static lp_time deadline(void *state)
{
    lp_bridge *bridge = state;
    lp_time cam = bridge->is_joined ? lp_gateway_deadline(bridge->gateway) : LP_NEVER;
    return lp_time_min(bridge->next_tick, cam);
}

static void on_deadline(void *state, lp_time now)
{
    lp_bridge *bridge = state;
    if (bridge->is_joined)
        lp_bridge_refresh_cam(bridge, now);
    if (bridge->next_tick > now)
        return;
    bridge->next_tick = lp_time_after(now, LP_BRIDGE_TICK);
    if (!lp_lan_is_there(bridge->config.lan))
        lp_bridge_lose_lan(bridge, "is gone");
    lp_bridge_check_health(bridge, now);
    if (bridge->config.snapshot > 0 && bridge->next_snapshot <= now) {
        bridge->next_snapshot = lp_time_after(now, bridge->config.snapshot);
        lp_bridge_snapshot(bridge, now);
    }
}

static void on_failed(void *state, const char *why)
{
    lp_bridge *bridge = state;
    bridge->config.on_failed(bridge->config.state, why);
}

static void on_unsent(void *state, lp_reason reason, size_t count)
{
    lp_bridge *bridge = state;
    lp_gateway_stats(bridge->gateway)->reason[reason] += count;
}

void lp_bridge_lose_lan(lp_bridge *bridge, const char *what)
{
    lp_why why;
    if (bridge->has_lost_lan)
        return;
    bridge->has_lost_lan = true;
    uv_poll_stop(&bridge->lan_poll);
    lp_explain(&why, LP_ERR_IO, "the LAN interface %s %s",
               lp_lan_look(bridge->config.lan)->name, what);
    bridge->config.on_failed(bridge->config.state, why.text);
}

static void on_lan(uv_poll_t *poll, int status, int events)
{
    lp_bridge *bridge = poll->data;
    lp_time now = lp_clock_now();
    lp_duration pause = 0;
    /* libuv stops at a socket's error: here, that the link went down. It comes back. */
    if (lp_bridge_read_lan(bridge, now, &pause) && status < 0)
        uv_poll_start(poll, UV_READABLE, on_lan);
    lp_uplink_flush(bridge->uplink, now);
    /* All of this thread rests: what the relay sends meanwhile waits with the frames. A
     * timer would let it wake us in between, which costs half as much again. */
    if (pause > 0)
        lp_clock_sleep(pause);
}

/* --- life ------------------------------------------------------------------------- */

static lp_err open_uplink(lp_bridge *bridge, lp_why *why)
{
    lp_join *join = bridge->config.join;
    lp_uplink_config config = {
        .relay = bridge->config.relay,
        .member = join->member,
        .tls = join->tls,
        .log = bridge->config.log,
        .net = join->net,
        .handler = {bridge, on_datagram, on_event, on_dial, on_lost, on_net_changed,
                    deadline, on_deadline, on_failed, on_unsent, on_datagrams_end},
    };
    lp_err err = lp_uplink_open(bridge->loop, &config, &bridge->uplink, why);
    if (err)
        return err;
    lp_member *member = lp_uplink_member(bridge->uplink);
    bridge->gateway =
        lp_gateway_new(lp_lan_look(bridge->config.lan)->mac, member, lp_clock_now());
    if (!bridge->gateway)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    lp_uplink_report(bridge->uplink, lp_gateway_stats(bridge->gateway));
    return LP_OK;
}

lp_err lp_bridge_open(uv_loop_t *loop, const lp_bridge_config *config,
                      lp_bridge **out_bridge, lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
    lp_bridge *bridge = calloc(1, sizeof *bridge);
    if (!bridge ||
        !(bridge->captured = malloc(LP_LAN_BATCH * (size_t)LP_BRIDGE_ROOM)) ||
        !(bridge->segment = malloc(LP_BRIDGE_ROOM)) ||
        !(bridge->fragment = malloc(LP_BRIDGE_ROOM)) ||
        !(bridge->glue = lp_glue_new())) {
        lp_explain(why, err, "out of memory");
        goto done;
    }
    bridge->config = *config;
    bridge->loop = loop;
    bridge->repair = lp_repair_start(config->repairs, lp_clock_now());
    if (!lp_lan_look(config->lan)->cuts_udp)
        lp_glue_leave_udp(bridge->glue);
    bridge->lan_poll.data = bridge;
    if (uv_poll_init(loop, &bridge->lan_poll, lp_lan_fd(config->lan)) != 0) {
        err = lp_explain(why, LP_ERR_IO,
                         "the event loop does not take the capture socket");
        goto done;
    }
    bridge->lan_polled = true;
    err = open_uplink(bridge, why);
    if (err)
        goto done;

    *out_bridge = bridge;
    bridge = NULL; /* the caller's now */
done:
    lp_bridge_close(bridge);
    return err;
}

void lp_bridge_start(lp_bridge *bridge, lp_time now)
{
    bridge->next_tick = now;
    bridge->next_snapshot = lp_time_after(now, bridge->config.snapshot);
    uv_poll_start(&bridge->lan_poll, UV_READABLE, on_lan);
    lp_uplink_start(bridge->uplink, now);
}

void lp_bridge_leave(lp_bridge *bridge, const char *reason, lp_time now)
{
    bridge->is_joined = false;
    bridge->next_tick = LP_NEVER;
    uv_poll_stop(&bridge->lan_poll);
    lp_uplink_leave(bridge->uplink, reason, now);
}

bool lp_bridge_is_over(const lp_bridge *bridge)
{
    return lp_uplink_is_over(bridge->uplink);
}

static void free_bridge(lp_bridge *bridge)
{
    lp_gateway_free(bridge->gateway);
    free(bridge->captured);
    free(bridge->segment);
    free(bridge->fragment);
    lp_glue_free(bridge->glue);
    free(bridge);
}

static void on_poll_closed(uv_handle_t *handle)
{
    free_bridge(handle->data);
}

void lp_bridge_close(lp_bridge *bridge)
{
    if (!bridge)
        return;
    lp_uplink_close(bridge->uplink);
    if (bridge->lan_polled)
        uv_close((uv_handle_t *)&bridge->lan_poll, on_poll_closed);
    else
        free_bridge(bridge);
}
