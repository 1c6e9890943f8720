#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/intake.h"
#include "os/clock.h"
#include "runtime/player_internal.h"

#define FRAMES_PER_WAKE_UP 64 /* and what a super-frame more becomes */
#define FRAME_ROOM         (LP_DATAGRAM_HEADER_LEN + 65536 + 64) /* any frame */
/* A relay that restarts must not make every DHCP client start over. */
#define LINK_DOWN_AFTER LP_SECONDS(15)
/* A cable that is plugged in makes the system ask for an address by itself. */
#define RENEW_AFTER LP_SECONDS(5)
/* For the firewall to forget the party. Who is about to sleep has two seconds for all. */
#define LEAVING_PATIENCE  LP_SECONDS(3)
#define SLEEPING_PATIENCE LP_MS(800)

/* W-026: told once, by whoever notices first. */
static void lose_tap(lp_player *player)
{
    lp_why why;
    if (player->has_lost_tap)
        return;
    player->has_lost_tap = true;
    uv_poll_stop(&player->tap_poll);
    lp_explain(
        &why, LP_ERR_IO,
        "the adapter %s broke: did something remove or disable it? See that it is "
        "there, then connect again",
        lp_tap_name(player->tap));
    player->config.on_failed(player->config.state, why.text);
}

/* --- adapter to relay ------------------------------------------------------------- */

static void note(lp_player *player, lp_space frame, lp_reason reason)
{
    lp_frame_line line = {
        .direction = "to_relay",
        .frame = lp_bytes_of(frame.at, frame.len),
        .reason = reason,
    };
    lp_frame_log_note(&player->config.frame_log, &line);
}

/* Before the frame there is room for a datagram's header. */
static void send_frame(lp_player *player, lp_space frame, lp_time now)
{
    lp_bytes datagram;
    lp_space space = lp_space_of(frame.at - LP_DATAGRAM_HEADER_LEN, FRAME_ROOM);
    lp_reason reason = lp_client_on_frame(&player->client, space, frame.len, &datagram);
    note(player, frame, reason);
    if (reason == LP_REASON_NONE)
        lp_uplink_send(player->uplink, datagram, now);
}

/* How many frames it became. */
static size_t take_captured(lp_player *player, lp_space frame,
                            const lp_offload *offload, lp_time now)
{
    lp_space room = lp_space_of(player->segment + LP_DATAGRAM_HEADER_LEN,
                                FRAME_ROOM - LP_DATAGRAM_HEADER_LEN);
    lp_intake intake;
    size_t count = 0;
    lp_reason reason =
        lp_intake_start(&intake, frame, offload, room, &player->client.stats);
    if (reason) {
        player->client.stats.reason[reason]++;
        note(player, frame, reason);
        return 1;
    }
    for (; lp_intake_next(&intake, &frame); count++)
        send_frame(player, frame, now);
    return count;
}

/* How many frames there were, of how many octets together; about `most` are read. */
static size_t read_tap(lp_player *player, size_t most, lp_time now, size_t *out_octets)
{
    lp_space frame = lp_space_of(player->captured + LP_DATAGRAM_HEADER_LEN,
                                 FRAME_ROOM - LP_DATAGRAM_HEADER_LEN);
    size_t count = 0;
    while (count < most) {
        size_t len;
        lp_offload offload;
        lp_err err = lp_tap_read(player->tap, frame, &len, &offload);
        if (err == LP_ERR_WOULD_BLOCK)
            break;
        if (err) {
            lose_tap(player);
            break;
        }
        count += take_captured(player, lp_space_of(frame.at, len), &offload, now);
        *out_octets += len;
    }
    return count;
}

static void on_tap(uv_poll_t *poll, int status, int events)
{
    lp_player *player = poll->data;
    lp_time now = lp_clock_now();
    size_t octets = 0, count = 0;
    /* Where frames come alone, one leaves before we look whether another came. */
    if (player->was_alone) {
        count = read_tap(player, 1, now, &octets);
        lp_uplink_flush(player->uplink, now);
    }
    size_t more = read_tap(player, FRAMES_PER_WAKE_UP, now, &octets);
    count += more;
    if (more > 0 || !player->was_alone)
        lp_uplink_flush(player->uplink, now);
    player->was_alone = count == 1;
    /* All of this thread rests: what the relay sends meanwhile waits with the frames. */
    lp_duration rest = lp_moderation_on_look(&player->moderation, count, octets, now);
    if (rest > 0)
        lp_clock_sleep(rest);
}

/* --- relay to adapter ------------------------------------------------------------- */

static void write_glued(lp_player *player)
{
    lp_bytes frame;
    lp_offload offload;
    while (lp_glue_next(player->glue, &frame, &offload)) {
        player->client.stats.stat[LP_STAT_GLUED] += offload.gso != LP_GSO_NONE;
        lp_err err = lp_tap_write(player->tap, frame, &offload);
        if (err == LP_ERR_WOULD_BLOCK)
            player->client.stats.reason[LP_REASON_QUEUE]++;
        else if (err)
            lose_tap(player);
    }
}

static void on_datagrams_end(void *state)
{
    lp_player *player = state;
    lp_glue_flush(player->glue);
    write_glued(player);
}

static void on_datagram(void *state, lp_bytes datagram, lp_time now)
{
    lp_player *player = state;
    lp_bytes frame = {0};
    lp_peer peer = 0;
    lp_reason reason = lp_client_on_datagram(&player->client, datagram, &frame, &peer);
    if (player->config.frame_log.on && datagram.len >= LP_DATAGRAM_HEADER_LEN) {
        lp_frame_line line = {.direction = "from_relay",
                              .peer = peer,
                              .frame = lp_bytes_after(datagram, LP_DATAGRAM_HEADER_LEN),
                              .reason = reason};
        lp_frame_log_note(&player->config.frame_log, &line);
    }
    if (reason != LP_REASON_NONE || frame.len == 0 || !player->is_bridging)
        return;
    lp_glue_put(player->glue, frame);
    write_glued(player);
}

/* --- the story -------------------------------------------------------------------- */

/* NULL where interfaces have none. */
static const char *luid_text(const lp_player *player, char out[24])
{
    uint64_t luid = lp_net_luid(lp_tap_ifindex(player->tap));
    snprintf(out, 24, "%" PRIx64, luid);
    return luid ? out : NULL;
}

static void begin_bridging(lp_player *player, lp_time now)
{
    char luid[24];
    const lp_welcome *welcome = lp_member_welcome(lp_uplink_member(player->uplink));
    lp_why why;
    bool was_bridging = player->is_bridging;
    player->link_down_at = LP_NEVER;
    lp_player_pin_early(player, now);
    if (lp_tap_set_mtu(player->tap, welcome->tap_mtu, &why) != LP_OK ||
        lp_tap_set_link(player->tap, true, &why) != LP_OK) {
        player->config.on_failed(player->config.state, why.text);
        return;
    }
    if (!player->is_bridging) {
        player->is_bridging = true;
        lp_clock_be_sharp(true);
        player->renew_from = lp_time_after(now, RENEW_AFTER);
        uv_poll_start(&player->tap_poll, UV_READABLE, on_tap);
    }
    lp_player_take_broadcasts(player);
    lp_player_guard_routes(player, now);
    lp_log(player->config.log, LP_INFO, "adapter is up",
           F_STR("adapter", lp_tap_name(player->tap)),
           F_UINT("ifindex", lp_tap_ifindex(player->tap)),
           F_STR("luid", luid_text(player, luid)), F_MAC("mac", player->client.mac),
           F_UINT("mtu", welcome->tap_mtu));
    if (was_bridging)
        lp_player_renew(player);
}

static void stop_bridging(lp_player *player)
{
    lp_why why;
    player->link_down_at = LP_NEVER;
    if (!player->is_bridging)
        return;
    player->is_bridging = false;
    lp_clock_be_sharp(false);
    uv_poll_stop(&player->tap_poll);
    if (lp_tap_set_link(player->tap, false, &why) != LP_OK)
        lp_log(player->config.log, LP_DEBUG, "adapter stays up",
               F_STR("why", why.text));
}

static const char *role_of(const lp_member_event *event)
{
    return event->was_known ? lp_role_name(event->peer.role) : NULL;
}

static void on_event(void *state, const lp_member_event *event, lp_time now)
{
    lp_player *player = state;
    const lp_log_sink *log = player->config.log;
    char mac[LP_MAC_TEXT_LEN];
    const char *mac_text =
        event->peer.has_mac ? lp_mac_write(event->peer.mac, mac) : NULL;
    const lp_welcome *welcome = lp_member_welcome(lp_uplink_member(player->uplink));
    switch (event->kind) {
    case LP_MEMBER_EVENT_WELCOME:
        lp_log(log, LP_INFO, "joined", F_STR("room", player->config.join->member.room),
               F_UINT("peer", welcome->peer_id), F_UINT("mtu", welcome->tap_mtu),
               F_STR("gateway", welcome->gateway_present ? "yes" : "no"));
        player->lost_why[0] = '\0';
        player->joined_at = now;
        begin_bridging(player, now);
        break;
    case LP_MEMBER_EVENT_REJECT:
        lp_log(log, LP_WARN, "the relay refused", F_STR("reason", event->text));
        snprintf(player->lost_why, sizeof player->lost_why, "%s", event->text);
        break;
    case LP_MEMBER_EVENT_PEER_JOINED:
        lp_log(log, LP_INFO, "peer joined", F_UINT("peer", event->peer.id),
               F_STR("role", lp_role_name(event->peer.role)), F_STR("mac", mac_text));
        if (event->peer.role == LP_ROLE_GATEWAY)
            lp_player_renew_if_none(player, now);
        break;
    case LP_MEMBER_EVENT_PEER_LEFT:
        lp_log(log, LP_INFO, "peer left", F_UINT("peer", event->peer.id),
               F_STR("role", role_of(event)), F_STR("mac", mac_text),
               F_STR("reason", event->text));
        break;
    case LP_MEMBER_EVENT_DISCONNECT:
        lp_log(log, LP_INFO, "the relay said goodbye", F_STR("reason", event->text));
        break;
    case LP_MEMBER_EVENT_UNKNOWN_MESSAGE:
        lp_log(log, LP_DEBUG, "unknown message ignored");
        break;
    }
    lp_player_check_health(player, now);
    lp_player_say_news(player, now);
}

static void on_dial(void *state, const lp_addr *relay, lp_time now)
{
    lp_player_remember_way(state, relay);
}

static void on_lost(void *state, const char *why, lp_time next, lp_time now)
{
    lp_player *player = state;
    bool is_new = strcmp(player->lost_why, why) != 0;
    if (!player->lost_why[0] || next != LP_NEVER)
        snprintf(player->lost_why, sizeof player->lost_why, "%s", why);
    if (next == LP_NEVER) {
        stop_bridging(player);
        player->config.on_failed(player->config.state, player->lost_why);
        return;
    }
    if (player->is_bridging && player->link_down_at == LP_NEVER)
        player->link_down_at = lp_time_after(now, LINK_DOWN_AFTER);
    lp_log(player->config.log, is_new ? LP_WARN : LP_DEBUG,
           "not connected to the relay", F_STR("why", why),
           F_MS("next_try", lp_time_until(now, next)));
    lp_player_check_health(player, now);
    lp_player_say_news(player, now);
}

static void on_net_changed(void *state, lp_time now)
{
    lp_player *player = state;
    lp_player_guard_routes(player, now);
    lp_player_look_at_address(player, now);
    lp_player_check_health(player, now);
    lp_player_say_news(player, now);
}

static lp_time deadline(void *state)
{
    lp_player *player = state;
    return lp_time_min(lp_time_min(player->next_tick, player->link_down_at),
                       player->wakes_at);
}

static void on_deadline(void *state, lp_time now)
{
    lp_player *player = state;
    if (player->link_down_at <= now)
        stop_bridging(player);
    if (player->wakes_at <= now)
        lp_player_wake(player, now);
    if (player->next_tick > now)
        return;
    player->next_tick = lp_time_after(now, LP_PLAYER_TICK);
    player->client.stats.reason[LP_REASON_QUEUE] += lp_tap_take_lost(player->tap);
    on_net_changed(player, now);
    if (player->config.snapshot > 0 && player->next_snapshot <= now) {
        player->next_snapshot = lp_time_after(now, player->config.snapshot);
        lp_player_snapshot(player, now);
    }
}

static void on_failed(void *state, const char *why)
{
    lp_player *player = state;
    player->config.on_failed(player->config.state, why);
}

static void on_unsent(void *state, lp_reason reason, size_t count)
{
    lp_player *player = state;
    player->client.stats.reason[reason] += count;
}

/* --- life ------------------------------------------------------------------------- */

static void free_when_closed(lp_player *player)
{
    lp_player_config config = player->config;
    if (player->tap_polled || player->uplink)
        return;
    lp_tap_close(player->tap);
    free(player->captured);
    free(player->segment);
    lp_glue_free(player->glue);
    free(player);
    if (config.on_closed)
        config.on_closed(config.state);
}

static void on_uplink_closed(void *state)
{
    lp_player *player = state;
    player->uplink = NULL;
    free_when_closed(player);
}

static void on_poll_closed(uv_handle_t *handle)
{
    lp_player *player = handle->data;
    player->tap_polled = false;
    free_when_closed(player);
}

static lp_err open_uplink(lp_player *player, lp_why *why)
{
    lp_join *join = player->config.join;
    lp_uplink_config config = {
        .relay = player->config.relay,
        .member = join->member,
        .tls = join->tls,
        .log = player->config.log,
        .net = join->net,
        .inside = lp_tap_ifindex(player->tap),
        .handler = {player, on_datagram, on_event, on_dial, on_lost, on_net_changed,
                    deadline, on_deadline, on_failed, on_unsent, on_datagrams_end,
                    on_uplink_closed},
    };
    lp_err err = lp_uplink_open(player->loop, &config, &player->uplink, why);
    if (err)
        return err;
    lp_member *member = lp_uplink_member(player->uplink);
    player->client = lp_client_start(join->member.mac, member);
    lp_uplink_report(player->uplink, &player->client.stats);
    return LP_OK;
}

/* Where another one runs, opening the adapter says so. */
static void repair(lp_player *player)
{
    lp_why why;
    size_t restored;
    lp_err err = lp_net_repair(player->config.join->net, &restored, &why);
    if (restored > 0)
        lp_log(player->config.log, LP_INFO, "gave back what a killed run left",
               F_UINT("count", restored));
    if (err && err != LP_ERR_IN_USE)
        lp_log(player->config.log, LP_WARN, "what a killed run left is not all gone",
               F_STR("why", why.text));
}

/* What a program can do about it, and a person on this system. */
static void prepare_health(lp_health *health)
{
    health->row[LP_HEALTH_RELAY].fix = "Try again now";
    if (lp_net_can_renew())
        health->row[LP_HEALTH_NO_ADDRESS].fix = "Ask for an address again";
    health->row[LP_HEALTH_NO_ADDRESS].remedy = lp_net_advice(LP_NET_NO_LEASE);
    health->row[LP_HEALTH_BROADCASTS].remedy = lp_net_advice(LP_NET_STRAY_BROADCASTS);
    health->row[LP_HEALTH_PUBLIC_NETWORK].remedy = lp_net_advice(LP_NET_IS_PUBLIC);
}

lp_err lp_player_open(uv_loop_t *loop, const lp_player_config *config,
                      lp_player **out_player, lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
    lp_player *player = calloc(1, sizeof *player);
    if (!player || !(player->captured = malloc(FRAME_ROOM)) ||
        !(player->segment = malloc(FRAME_ROOM)) || !(player->glue = lp_glue_new())) {
        lp_explain(why, err, "out of memory");
        goto done;
    }
    player->config = *config;
    player->loop = loop;
    player->link_down_at = player->wakes_at = LP_NEVER;
    repair(player);
    prepare_health(&player->health);
    err = lp_tap_open(config->tap_name, config->join->member.mac, &player->tap, why);
    if (err)
        goto done;
    if (!lp_tap_cuts_tcp(player->tap))
        lp_glue_leave_all(player->glue);
    if (!lp_tap_cuts_udp(player->tap))
        lp_glue_leave_udp(player->glue);
    player->tap_poll.data = player;
    if (uv_poll_init_socket(loop, &player->tap_poll, lp_tap_fd(player->tap)) != 0) {
        err = lp_explain(why, LP_ERR_IO, "the event loop does not take the adapter");
        goto done;
    }
    player->tap_polled = true;
    err = open_uplink(player, why);
    if (err)
        goto done;

    *out_player = player;
    player = NULL; /* the caller's now */
done:
    if (player)
        player->config.on_closed = NULL; /* it was never open */
    lp_player_close(player);
    return err;
}

void lp_player_start(lp_player *player, lp_time now)
{
    player->next_tick = now;
    player->next_snapshot = lp_time_after(now, player->config.snapshot);
    lp_uplink_start(player->uplink, now);
}

/* What has to be done while the adapter's network is there goes first. */
void lp_player_sleep(lp_player *player, lp_time now)
{
    if (player->is_asleep)
        return;
    player->is_asleep = true;
    player->next_tick = LP_NEVER;
    player->wakes_at = lp_time_after(now, LP_PLAYER_DOZE);
    lp_uplink_rest(player->uplink, "this machine goes to sleep", now);
    lp_player_distrust(player, SLEEPING_PATIENCE);
    lp_player_unpin(player);
    lp_player_leave_broadcasts(player);
    stop_bridging(player);
    lp_tap_rest(player->tap);
    lp_log(player->config.log, LP_INFO, "this machine goes to sleep: all is given back",
           F_STR("adapter", lp_tap_name(player->tap)));
}

void lp_player_wake(lp_player *player, lp_time now)
{
    if (player->is_asleep)
        player->next_tick = now;
    player->is_asleep = false;
    player->wakes_at = LP_NEVER;
    lp_uplink_wake(player->uplink, now);
}

void lp_player_leave(lp_player *player, const char *reason, lp_time now)
{
    player->next_tick = LP_NEVER;
    lp_uplink_leave(player->uplink, reason, now);
    lp_player_distrust(player, LEAVING_PATIENCE); /* while its network is still there */
    stop_bridging(player);
    lp_player_unpin(player);
}

bool lp_player_is_over(const lp_player *player)
{
    return lp_uplink_is_over(player->uplink);
}

void lp_player_close(lp_player *player)
{
    if (!player)
        return;
    if (player->tap_polled)
        uv_close((uv_handle_t *)&player->tap_poll, on_poll_closed);
    if (player->uplink)
        lp_uplink_close(player->uplink);
    else
        free_when_closed(player);
}

bool lp_player_is_refused(const lp_player *player)
{
    return lp_member_state_of(lp_uplink_member(player->uplink)) == LP_MEMBER_REFUSED;
}

bool lp_player_was_joined(const lp_player *player)
{
    return player->joined_at != 0;
}

const lp_tap *lp_player_tap(const lp_player *player)
{
    return player->tap;
}
