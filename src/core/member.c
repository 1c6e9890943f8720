#include "core/member.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEND_HELLO = 1, SEND_STATS = 2, SEND_DISCONNECT = 4 }; /* lowest first */

struct lp_member {
    lp_member_config config;
    lp_member_state state;
    lp_time deadline; /* next try, hello or welcome overdue; by state */

    lp_duration backoff; /* longest that the next wait may be */
    lp_time tried_at;    /* to connect, last; 0: never */
    bool was_replaced;   /* nothing shortens the wait for the next try */
    lp_time connected_at, joined_at;

    size_t measured, announced; /* budgets: the path's now, and what hello said */

    lp_message_stream stream;
    unsigned sends; /* SEND_ bits that wait */
    lp_disconnect goodbye;
    uint8_t out[LP_MESSAGE_MAX + 4];

    lp_welcome welcome;
    bool was_rejected;
    lp_reject reject;
    bool gateway_present;
    lp_peer gateway;
    lp_roster roster;

    const lp_stats *stats; /* NULL: none to report */
    const lp_gauges *gauges;
    lp_time next_stats;

    /* Emptied from the front; starts over at 0 when empty, so that most pages of it are
     * never touched. */
    size_t event_first, event_end;
    lp_member_event event[LP_MEMBER_MAX_EVENTS];
};

lp_member *lp_member_new(const lp_member_config *config, lp_time now)
{
    lp_member *member = calloc(1, sizeof *member);
    if (!member)
        return NULL;
    member->config = *config;
    member->state = LP_MEMBER_OFFLINE;
    member->deadline = now;
    member->backoff = LP_MEMBER_BACKOFF_FIRST;
    lp_roster_init(&member->roster, lp_random_u32(config->random));
    return member;
}

void lp_member_free(lp_member *member)
{
    if (!member)
        return;
    lp_message_stream_fini(&member->stream);
    free(member);
}

lp_member_state lp_member_state_of(const lp_member *member)
{
    return member->state;
}

/* --- connecting ------------------------------------------------------------------- */

static void forget_session(lp_member *member)
{
    lp_message_stream_fini(&member->stream);
    lp_roster_init(&member->roster, lp_random_u32(member->config.random));
    member->sends = 0;
    member->measured = member->announced = 0;
    member->gateway_present = false;
    member->gateway = 0;
}

/* Half of the wait is chance: a relay that restarts must not meet everyone at once. */
static lp_duration draw_wait(lp_member *member)
{
    lp_duration half = member->backoff / 2;
    uint32_t chance = lp_random_u32(member->config.random) >> 8;
    member->backoff = 2 * member->backoff;
    if (member->backoff > LP_MEMBER_BACKOFF_MAX)
        member->backoff = LP_MEMBER_BACKOFF_MAX;
    return half + (half * chance >> 24);
}

static void go_offline(lp_member *member, lp_time now)
{
    if (member->state == LP_MEMBER_JOINED &&
        lp_time_until(member->joined_at, now) > LP_MEMBER_STEADY)
        member->backoff = LP_MEMBER_BACKOFF_FIRST;
    forget_session(member);
    member->state = LP_MEMBER_OFFLINE;
    member->deadline = lp_time_after(now, draw_wait(member));
}

bool lp_member_wants_connect(lp_member *member, lp_time now)
{
    if (member->state != LP_MEMBER_OFFLINE || now < member->deadline)
        return false;
    member->state = LP_MEMBER_CONNECTING;
    member->deadline = LP_NEVER;
    member->tried_at = now;
    member->was_replaced = false;
    return true;
}

void lp_member_on_connected(lp_member *member, lp_time now)
{
    if (member->state != LP_MEMBER_CONNECTING)
        return; /* lp_member_leave came first */
    member->state = LP_MEMBER_MEASURING;
    member->connected_at = now;
    member->deadline = lp_time_after(now, LP_MEMBER_BUDGET_TIMEOUT);
}

void lp_member_on_lost(lp_member *member, lp_time now)
{
    if (lp_member_is_idle(member->state))
        member->sends = 0;
    else
        go_offline(member, now);
}

void lp_member_on_replaced(lp_member *member, lp_time now)
{
    lp_member_on_lost(member, now);
    if (member->state != LP_MEMBER_OFFLINE)
        return;
    member->was_replaced = true;
    member->deadline = lp_time_after(now, LP_MEMBER_AFTER_REPLACED);
}

void lp_member_hurry(lp_member *member, lp_time now)
{
    lp_time soonest = lp_time_after(member->tried_at, LP_MEMBER_BACKOFF_FIRST / 2);
    if (member->was_replaced)
        return;
    member->backoff = LP_MEMBER_BACKOFF_FIRST;
    if (member->state == LP_MEMBER_OFFLINE)
        member->deadline = lp_time_min(member->deadline, soonest < now ? now : soonest);
}

/* --- hello ------------------------------------------------------------------------ */

static void send_hello(lp_member *member, lp_time now)
{
    member->announced = member->measured;
    member->sends |= SEND_HELLO;
    member->state = LP_MEMBER_JOINING;
    member->deadline = lp_time_after(now, LP_MEMBER_WELCOME_TIMEOUT);
}

static lp_duration patience(lp_duration rtt)
{
    lp_duration wait = LP_MEMBER_BUDGET_TIMEOUT;
    if (rtt > wait / 3)
        wait = rtt < LP_MEMBER_BUDGET_TIMEOUT_MAX / 3 ? 3 * rtt
                                                      : LP_MEMBER_BUDGET_TIMEOUT_MAX;
    return wait;
}

static lp_time one_more_probe(lp_duration rtt, lp_time now)
{
    return lp_time_after(lp_time_after(lp_time_after(now, rtt), rtt),
                         LP_MEMBER_ONE_MORE_PROBE);
}

void lp_member_on_budget(lp_member *member, size_t budget, bool settled,
                         lp_duration rtt, lp_time now)
{
    if (lp_member_is_idle(member->state))
        return;
    member->measured = budget;
    if (member->state != LP_MEMBER_MEASURING)
        return;
    member->deadline = lp_time_after(member->connected_at, patience(rtt));
    if (budget >= lp_budget_of_mtu(LP_MEMBER_MTU_ENOUGH))
        member->deadline = lp_time_min(member->deadline, one_more_probe(rtt, now));
    if (settled || now >= member->deadline)
        send_hello(member, now);
}

static size_t at_most(size_t value, size_t limit)
{
    return value < limit ? value : limit;
}

size_t lp_member_budget(const lp_member *member)
{
    size_t budget = member->measured;
    if (member->state == LP_MEMBER_JOINED) {
        budget = at_most(budget, member->announced);
        if (member->welcome.datagram_budget)
            budget = at_most(budget, member->welcome.datagram_budget);
    }
    return budget;
}

/* --- events ----------------------------------------------------------------------- */

static lp_err push_event(lp_member *member, const lp_member_event *event, lp_why *why)
{
    if (member->event_end == LP_MEMBER_MAX_EVENTS)
        return lp_explain(why, LP_ERR_MALFORMED,
                          "the relay sent more news at once than a room can have");
    member->event[member->event_end++] = *event;
    return LP_OK;
}

static lp_err push_text(lp_member *member, lp_member_event_kind kind, const char *text,
                        lp_why *why)
{
    lp_member_event event = {.kind = kind};
    snprintf(event.text, sizeof event.text, "%s", text);
    return push_event(member, &event, why);
}

bool lp_member_next_event(lp_member *member, lp_member_event *out_event)
{
    if (member->event_first == member->event_end) {
        member->event_first = member->event_end = 0;
        return false;
    }
    *out_event = member->event[member->event_first++];
    return true;
}

/* --- messages in ------------------------------------------------------------------ */

static lp_err check_welcome(const lp_member *member, const lp_welcome *welcome,
                            lp_why *why)
{
    size_t most = lp_mtu_of_budget(member->announced);
    if (welcome->version != LP_PROTOCOL_VERSION)
        return lp_explain(why, LP_ERR_MALFORMED,
                          "welcome has version %" PRIu32 ", not %d", welcome->version,
                          LP_PROTOCOL_VERSION);
    if (welcome->mode != LP_MODE_RELAY)
        return lp_explain(why, LP_ERR_MALFORMED, "welcome has mode %s, not relay",
                          lp_mode_name(welcome->mode));
    if (welcome->peer_id == 0 || welcome->peer_id == LP_EVERYONE ||
        welcome->room_id == 0)
        return lp_explain(why, LP_ERR_MALFORMED,
                          "welcome has peer %" PRIu32 " in room %" PRIu32,
                          welcome->peer_id, welcome->room_id);
    if (welcome->tap_mtu < LP_MEMBER_MTU_MIN || welcome->tap_mtu > most)
        return lp_explain(why, LP_ERR_MALFORMED,
                          "welcome has MTU %" PRIu32 ", not one from %d to %zu",
                          welcome->tap_mtu, LP_MEMBER_MTU_MIN, most);
    return LP_OK;
}

static lp_err take_welcome(lp_member *member, const lp_welcome *welcome, lp_time now,
                           lp_why *why)
{
    lp_err err = check_welcome(member, welcome, why);
    if (err)
        return err;
    member->welcome = *welcome;
    member->gateway_present = welcome->gateway_present;
    member->gateway = welcome->gateway_peer_id;
    member->was_rejected = false;
    member->state = LP_MEMBER_JOINED;
    member->joined_at = now;
    member->next_stats = lp_time_after(now, LP_MEMBER_STATS_EVERY);
    return push_event(member, &(lp_member_event){.kind = LP_MEMBER_EVENT_WELCOME}, why);
}

/* False where trying again may help: stale sessions end, rooms empty, paths change. */
static bool is_final(lp_reject_code code)
{
    return code == LP_REJECT_VERSION || code == LP_REJECT_BAD_ROOM ||
           code == LP_REJECT_BAD_ROLE_OR_MAC || code == LP_REJECT_AUTH ||
           code == LP_REJECT_MALFORMED;
}

static lp_err take_reject(lp_member *member, const lp_reject *reject, lp_time now,
                          lp_why *why)
{
    member->reject = *reject;
    member->was_rejected = true;
    if (is_final(reject->code)) {
        forget_session(member);
        member->state = LP_MEMBER_REFUSED;
    } else {
        go_offline(member, now);
    }
    return push_text(member, LP_MEMBER_EVENT_REJECT, reject->reason, why);
}

static lp_err take_peer_joined(lp_member *member, const lp_peer_joined *joined,
                               lp_why *why)
{
    if (joined->peer_id == member->welcome.peer_id)
        return lp_explain(why, LP_ERR_MALFORMED, "peer_joined has our own peer id");
    lp_member_event event = {
        .kind = LP_MEMBER_EVENT_PEER_JOINED,
        .peer = {joined->peer_id, joined->role, joined->has_mac, joined->mac, 0},
        .was_known = lp_roster_find(&member->roster, joined->peer_id) != NULL,
    };
    if (joined->role == LP_ROLE_GATEWAY) {
        member->gateway_present = true;
        member->gateway = joined->peer_id;
    }
    /* A surplus peer is only news: its frames are refused as a stranger's. */
    lp_roster_put(&member->roster, &event.peer);
    return push_event(member, &event, why);
}

static lp_err take_peer_left(lp_member *member, const lp_peer_left *left, lp_why *why)
{
    lp_member_event event = {.kind = LP_MEMBER_EVENT_PEER_LEFT,
                             .peer = {.id = left->peer_id}};
    snprintf(event.text, sizeof event.text, "%s", left->reason);
    const lp_member_peer *known = lp_roster_find(&member->roster, left->peer_id);
    if (known) {
        event.peer = *known;
        event.was_known = true;
    } else if (left->peer_id == member->gateway) {
        event.peer.role = LP_ROLE_GATEWAY; /* so said the welcome (W-029) */
        event.was_known = true;
    }
    if (event.was_known && left->peer_id == member->gateway) {
        member->gateway_present = false;
        member->gateway = 0;
    }
    lp_roster_remove(&member->roster, left->peer_id);
    return push_event(member, &event, why);
}

static void take_latency(lp_member *member, const lp_latency *latency)
{
    const lp_member_peer *known = lp_roster_find(&member->roster, latency->peer_id);
    if (!known)
        return;
    lp_member_peer peer = *known;
    peer.rtt = LP_US(latency->rtt_us);
    lp_roster_put(&member->roster, &peer);
}

static lp_err take_news(lp_member *member, const lp_message *message, lp_why *why)
{
    switch (message->type) {
    case LP_MESSAGE_PEER_JOINED:
        return take_peer_joined(member, &message->peer_joined, why);
    case LP_MESSAGE_PEER_LEFT:
        return take_peer_left(member, &message->peer_left, why);
    case LP_MESSAGE_LATENCY:
        take_latency(member, &message->latency);
        return LP_OK;
    default:
        return lp_explain(why, LP_ERR_MALFORMED,
                          "a message that a relay does not send now");
    }
}

static lp_err take_message(lp_member *member, const lp_message *message, lp_time now,
                           lp_why *why)
{
    bool is_joining = member->state == LP_MEMBER_JOINING;
    if (message->type == LP_MESSAGE_UNKNOWN)
        return push_text(member, LP_MEMBER_EVENT_UNKNOWN_MESSAGE, "", why);
    if (message->type == LP_MESSAGE_DISCONNECT)
        return push_text(member, LP_MEMBER_EVENT_DISCONNECT, message->disconnect.reason,
                         why);
    if (is_joining && message->type == LP_MESSAGE_WELCOME)
        return take_welcome(member, &message->welcome, now, why);
    if (is_joining && message->type == LP_MESSAGE_REJECT)
        return take_reject(member, &message->reject, now, why);
    if (member->state == LP_MEMBER_JOINED)
        return take_news(member, message, why);
    return lp_explain(why, LP_ERR_MALFORMED, "a message before the welcome");
}

lp_err lp_member_on_control(lp_member *member, lp_bytes octets, lp_time now,
                            lp_why *why)
{
    while (!lp_member_is_idle(member->state)) {
        lp_bytes json;
        lp_message message;
        lp_err err = lp_message_stream_next(&member->stream, &octets, &json);
        if (err == LP_ERR_WOULD_BLOCK)
            return LP_OK;
        if (err == LP_ERR_TOO_BIG)
            return lp_explain(why, LP_ERR_MALFORMED,
                              "a control message of no possible length");
        if (err)
            return lp_explain(why, err, "%s", lp_err_text(err));
        err = lp_message_read(json, &message, why);
        if (err)
            return err;
        err = take_message(member, &message, now, why);
        if (err)
            return err;
    }
    return LP_OK;
}

/* --- messages out ----------------------------------------------------------------- */

static void fill_hello(const lp_member *member, lp_hello *out_hello)
{
    const lp_member_config *config = &member->config;
    *out_hello = (lp_hello){
        .version = LP_PROTOCOL_VERSION,
        .role = config->role,
        .has_mac = config->role == LP_ROLE_CLIENT,
        .mac = config->mac,
        .datagram_budget = (uint32_t)member->announced,
    };
    memcpy(out_hello->room, config->room, sizeof out_hello->room);
    memcpy(out_hello->software, config->software, sizeof out_hello->software);
}

bool lp_member_next_send(lp_member *member, lp_bytes *out_octets)
{
    unsigned next = member->sends & -member->sends;
    lp_message message;
    if (next == SEND_HELLO) {
        message.type = LP_MESSAGE_HELLO;
        fill_hello(member, &message.hello);
    } else if (next == SEND_STATS) {
        message.type = LP_MESSAGE_STATS;
        lp_stats_to_message(member->stats, member->gauges, &message.stats);
    } else if (next == SEND_DISCONNECT) {
        message.type = LP_MESSAGE_DISCONNECT;
        message.disconnect = member->goodbye;
    } else {
        return false;
    }
    /* Where memory ran out it is lost: the welcome's timeout tries again, stats recur.
     */
    member->sends &= ~next;
    *out_octets = lp_bytes_of(
        member->out,
        lp_message_write(&message, lp_space_of(member->out, sizeof member->out)));
    return out_octets->len > 0;
}

void lp_member_report(lp_member *member, const lp_stats *stats, const lp_gauges *gauges)
{
    member->stats = stats;
    member->gauges = gauges;
}

static bool has_said_hello(const lp_member *member)
{
    return (member->state == LP_MEMBER_JOINING && !(member->sends & SEND_HELLO)) ||
           member->state == LP_MEMBER_JOINED;
}

static void send_goodbye(lp_member *member, const char *reason)
{
    snprintf(member->goodbye.reason, sizeof member->goodbye.reason, "%s", reason);
    member->sends = SEND_DISCONNECT;
}

void lp_member_leave(lp_member *member, const char *reason, lp_time now)
{
    bool said_hello = has_said_hello(member);
    forget_session(member);
    member->state = LP_MEMBER_ENDED;
    if (said_hello)
        send_goodbye(member, reason);
}

void lp_member_rest(lp_member *member, const char *reason, lp_time now)
{
    bool said_hello = has_said_hello(member);
    if (lp_member_is_idle(member->state))
        return;
    member->backoff = LP_MEMBER_BACKOFF_FIRST;
    go_offline(member, now);
    if (said_hello)
        send_goodbye(member, reason);
}

/* --- time ------------------------------------------------------------------------- */

lp_time lp_member_deadline(const lp_member *member)
{
    switch (member->state) {
    case LP_MEMBER_OFFLINE:
    case LP_MEMBER_MEASURING:
    case LP_MEMBER_JOINING:
        return member->deadline;
    case LP_MEMBER_JOINED:
        return member->stats ? member->next_stats : LP_NEVER;
    default:
        return LP_NEVER;
    }
}

void lp_member_on_deadline(lp_member *member, lp_time now)
{
    if (now < lp_member_deadline(member))
        return;
    if (member->state == LP_MEMBER_MEASURING) {
        send_hello(member, now);
    } else if (member->state == LP_MEMBER_JOINING) {
        go_offline(member, now);
    } else if (member->state == LP_MEMBER_JOINED) {
        member->sends |= SEND_STATS;
        member->next_stats = lp_time_after(now, LP_MEMBER_STATS_EVERY);
    }
}

/* --- looking in ------------------------------------------------------------------- */

const lp_welcome *lp_member_welcome(const lp_member *member)
{
    return member->state == LP_MEMBER_JOINED ? &member->welcome : NULL;
}

const lp_reject *lp_member_reject(const lp_member *member)
{
    return member->was_rejected ? &member->reject : NULL;
}

bool lp_member_gateway_present(const lp_member *member)
{
    return member->gateway_present;
}

lp_peer lp_member_gateway(const lp_member *member)
{
    return member->gateway;
}

const lp_member_peer *lp_member_find(const lp_member *member, lp_peer id)
{
    return lp_roster_find(&member->roster, id);
}

const lp_member_peer *lp_member_find_mac(const lp_member *member, lp_mac mac)
{
    return lp_roster_find_mac(&member->roster, mac);
}

bool lp_member_next_peer(const lp_member *member, size_t *cursor,
                         lp_member_peer *out_peer)
{
    return lp_roster_next(&member->roster, cursor, out_peer);
}

/* --- datagrams -------------------------------------------------------------------- */

lp_bytes lp_member_wrap(const lp_member *member, lp_space space, size_t frame_len)
{
    lp_datagram datagram = {
        .type = LP_DATAGRAM_FRAME,
        .room = member->welcome.room_id,
        .source = member->welcome.peer_id,
        .payload = lp_bytes_of(space.at + LP_DATAGRAM_HEADER_LEN, frame_len),
    };
    assert(member->state == LP_MEMBER_JOINED);
    return lp_bytes_of(space.at, lp_datagram_write(&datagram, space));
}

bool lp_member_unwrap(const lp_member *member, lp_bytes datagram,
                      lp_datagram *out_datagram)
{
    return member->state == LP_MEMBER_JOINED &&
           !lp_datagram_read(datagram, out_datagram) &&
           out_datagram->room == member->welcome.room_id;
}
