#include "core/relay.h"

#include <assert.h>
#include <stdlib.h>

#include "core/relay_internal.h"

lp_relay_config lp_relay_default_config(void)
{
    return (lp_relay_config){
        .workers = 1,
        .max_links = 4096,
        .max_rooms = 1024,
        .max_clients = 64,
        .room_mtu = LP_RELAY_ROOM_MTU_DEFAULT,
        .limits = lp_guard_default_limits(),
    };
}

/* The bits that number `count` things from zero. */
static unsigned bits_for(size_t count)
{
    unsigned bits = 1;
    while (((size_t)1 << bits) < count)
        bits++;
    return bits;
}

/* 64 KiB; of a few hundred members at once hardly two share a slot. */
#define REMEMBERED_PLACES 4096

static bool make_tables(lp_relay *relay)
{
    const lp_relay_config *config = &relay->config;
    relay->slots = calloc(config->max_links, sizeof *relay->slots);
    relay->generations = calloc(config->max_links, sizeof *relay->generations);
    relay->free_slots = calloc(config->max_links, sizeof *relay->free_slots);
    relay->by_peer = calloc(relay->by_peer_mask + 1, sizeof *relay->by_peer);
    relay->by_code = calloc(relay->by_code_mask + 1, sizeof *relay->by_code);
    relay->rooms = calloc(config->max_rooms, sizeof *relay->rooms);
    relay->targets = calloc(config->max_clients + 1, sizeof *relay->targets);
    relay->places = lp_places_new(REMEMBERED_PLACES, lp_random_u32(config->random));
    return relay->places && relay->slots && relay->generations && relay->free_slots &&
           relay->by_peer && relay->by_code && relay->rooms && relay->targets;
}

lp_relay *lp_relay_new(const lp_relay_config *config, lp_time now)
{
    assert(config->worker <= 255 && config->random.fill);
    assert(config->workers >= 1 && config->workers <= LP_MAX_WORKERS);
    assert(config->max_links > 0 && config->max_links <= LP_RELAY_MAX_LINKS);
    assert(config->max_rooms > 0 && config->max_clients > 0);
    assert(config->room_mtu >= LP_RELAY_ROOM_MTU_MIN);

    lp_relay *relay = calloc(1, sizeof *relay);
    if (!relay)
        return NULL;
    relay->config = *config;
    relay->own_rooms.limit = config->max_rooms;
    if (!relay->config.rooms)
        relay->config.rooms = &relay->own_rooms;
    lp_list_init(&relay->silent);
    lp_list_init(&relay->held);
    lp_list_init(&relay->moving);
    lp_list_init(&relay->ending);
    lp_list_init(&relay->closing);
    lp_list_init(&relay->ticking);
    relay->slot_bits = bits_for(config->max_links);
    relay->by_peer_mask = ((size_t)1 << relay->slot_bits) - 1;
    relay->by_code_mask = ((size_t)1 << bits_for(config->max_rooms)) - 1;
    relay->code_seed = lp_random_u32(config->random);
    if (!make_tables(relay)) {
        lp_relay_free(relay);
        return NULL;
    }
    for (uint32_t slot = 0; slot < config->max_links; slot++)
        relay->free_slots[relay->free_count++] = slot;
    return relay;
}

/* Once a message in the outbox was the last thing that kept a session. */
static void free_letters(lp_relay *relay)
{
    for (size_t i = 0; i < relay->outbox_count; i++) {
        size_t at = (relay->outbox_first + i) & (relay->outbox_size - 1);
        lp_letter letter = relay->outbox[at];
        lp_octets_release(letter.octets);
        if (--letter.to->queued == 0 && letter.to->state == LP_SESSION_GONE)
            lp_session_free(letter.to);
    }
    free(relay->outbox);
}

void lp_relay_free(lp_relay *relay)
{
    if (!relay)
        return;
    free_letters(relay);
    lp_octets_release(relay->sending);
    for (size_t i = 0; relay->slots && i < relay->config.max_links; i++)
        lp_session_free(relay->slots[i]);
    for (size_t i = 0; i < relay->room_count; i++)
        lp_room_free(relay->rooms[i]);
    lp_places_free(relay->places);
    free(relay->targets);
    free(relay->rooms);
    free(relay->by_code);
    free(relay->by_peer);
    free(relay->free_slots);
    free(relay->generations);
    free(relay->slots);
    free(relay);
}

/* --- links ------------------------------------------------------------------------ */

size_t lp_relay_slot_of(const lp_relay *relay, lp_link link)
{
    return link & ((1u << relay->slot_bits) - 1);
}

static lp_link take_link(lp_relay *relay)
{
    uint32_t slot = relay->free_slots[relay->first_free];
    relay->first_free = (relay->first_free + 1) % relay->config.max_links;
    relay->free_count--;

    uint32_t most = UINT32_MAX >> relay->slot_bits;
    uint32_t *generation = &relay->generations[slot];
    *generation =
        *generation == most ? 1 : *generation + 1; /* never 0: a link is not */
    return *generation << relay->slot_bits | slot;
}

static void give_back_link(lp_relay *relay, lp_link link)
{
    size_t slot = lp_relay_slot_of(relay, link);
    relay->slots[slot] = NULL;
    size_t last = (relay->first_free + relay->free_count) % relay->config.max_links;
    relay->free_slots[last] = (uint32_t)slot;
    relay->free_count++;
}

/* Live or not. */
static lp_session *holder_of(const lp_relay *relay, lp_link link)
{
    size_t slot = lp_relay_slot_of(relay, link);
    lp_session *session = slot < relay->config.max_links ? relay->slots[slot] : NULL;
    return session && session->link == link ? session : NULL;
}

lp_session *lp_relay_session(const lp_relay *relay, lp_link link)
{
    lp_session *session = holder_of(relay, link);
    return session && lp_session_is_live(session) ? session : NULL;
}

size_t lp_relay_link_count(const lp_relay *relay)
{
    return relay->config.max_links - relay->free_count;
}

lp_err lp_relay_on_connect(lp_relay *relay, const lp_fingerprint *identity,
                           const lp_addr *from, lp_time now, lp_link *out_link)
{
    if (relay->is_shut_down || relay->free_count == 0)
        return LP_ERR_FULL;
    lp_session *session = calloc(1, sizeof *session);
    if (!session)
        return LP_ERR_NO_MEMORY;

    session->link = take_link(relay);
    session->identity = *identity;
    session->from = *from;
    session->last_seen = now;
    session->guard = lp_guard_start(&relay->config.limits, now);
    session->messages =
        lp_bucket_start(LP_RELAY_MESSAGES_BURST, LP_RELAY_MESSAGES_RATE, now);
    lp_session_enter(session, &relay->silent, LP_SESSION_SILENT, now);
    relay->slots[lp_relay_slot_of(relay, session->link)] = session;
    *out_link = session->link;
    return LP_OK;
}

void lp_relay_on_budget(lp_relay *relay, lp_link link, size_t budget, bool settled,
                        lp_time now)
{
    lp_session *session = lp_relay_session(relay, link);
    if (!session)
        return;
    session->path_budget = budget;
    session->is_settled = settled;
    if (session->state == LP_SESSION_MEMBER)
        session->budget =
            budget < session->hello_budget ? budget : session->hello_budget;
    if (session->state == LP_SESSION_HELD && lp_relay_knows_enough(relay, session))
        lp_relay_admit(relay, session, now);
    lp_relay_sweep(relay);
}

void lp_relay_on_rtt(lp_relay *relay, lp_link link, lp_duration rtt)
{
    lp_session *session = lp_relay_session(relay, link);
    if (session)
        session->rtt = rtt;
}

void lp_relay_on_address(lp_relay *relay, lp_link link, const lp_addr *from)
{
    lp_session *session = lp_relay_session(relay, link);
    if (session)
        session->from = *from;
}

void lp_relay_on_close(lp_relay *relay, lp_link link, const char *reason, lp_time now)
{
    lp_session *session = holder_of(relay, link);
    if (!session)
        return;
    if (session->room)
        lp_relay_leave(relay, session, reason);
    lp_node_remove(&session->node);
    give_back_link(relay, link);
    session->state = LP_SESSION_GONE;
    if (session->queued == 0)
        lp_session_free(session);
    lp_relay_sweep(relay);
}

/* --- sessions end ----------------------------------------------------------------- */

void lp_session_enter(lp_session *session, lp_list *list, lp_session_state state,
                      lp_time now)
{
    lp_node_remove(&session->node);
    session->state = state;
    session->since = now;
    if (list)
        lp_list_append(list, &session->node);
}

void lp_session_end(lp_relay *relay, lp_session *session, uint64_t code,
                    const char *reason)
{
    if (!lp_session_is_live(session))
        return;
    session->close_code = code;
    lp_sentence_copy(reason, session->farewell, sizeof session->farewell);
    lp_session_enter(session, &relay->ending, LP_SESSION_ENDING, session->since);
}

void lp_session_dismiss(lp_relay *relay, lp_session *session, uint64_t code,
                        const char *reason)
{
    lp_message message = {.type = LP_MESSAGE_DISCONNECT};
    lp_sentence_copy(reason, message.disconnect.reason, LP_REASON_MAX + 1);
    lp_relay_send_to(relay, session, &message);
    lp_session_end(relay, session, code, reason);
}

void lp_session_free(lp_session *session)
{
    if (!session)
        return;
    lp_message_stream_fini(&session->stream);
    lp_octets_release(session->announcement);
    free(session->said);
    free(session->reported);
    free(session);
}

void lp_relay_sweep(lp_relay *relay)
{
    for (lp_node *node; (node = lp_list_first(&relay->ending));) {
        lp_session *session = LP_OWNER(node, lp_session, node);
        if (session->room)
            lp_relay_leave(relay, session, session->farewell);
        lp_session_enter(session, &relay->closing, LP_SESSION_CLOSING, session->since);
    }
}

void lp_relay_shut_down(lp_relay *relay, const char *reason, lp_time now)
{
    relay->is_shut_down = true;
    for (size_t slot = 0; slot < relay->config.max_links; slot++) {
        if (relay->slots[slot])
            lp_session_dismiss(relay, relay->slots[slot], LP_CLOSE_NORMAL, reason);
    }
    lp_relay_sweep(relay);
}

/* --- time ------------------------------------------------------------------------- */

/* When the oldest session on the list has waited long enough. */
static lp_time patience(const lp_list *list, lp_duration wait)
{
    lp_node *first = lp_list_first(list);
    return first ? lp_time_after(LP_OWNER(first, lp_session, node)->since, wait)
                 : LP_NEVER;
}

static lp_room *next_to_tick(const lp_relay *relay)
{
    lp_node *first = lp_list_first(&relay->ticking);
    return first ? LP_OWNER(first, lp_room, tick) : NULL;
}

lp_time lp_relay_deadline(const lp_relay *relay)
{
    lp_time next = patience(&relay->silent, LP_RELAY_HELLO_TIMEOUT);
    next = lp_time_min(next, patience(&relay->held, LP_RELAY_BUDGET_TIMEOUT));
    const lp_room *room = next_to_tick(relay);
    return room ? lp_time_min(next, room->next_tick) : next;
}

/* How far away the LAN is, for those who play on it. */
static void tell_latency(lp_relay *relay, const lp_room *room)
{
    lp_duration us = room->gateway->rtt / LP_US(1);
    if (us == 0)
        return; /* not measured yet */
    lp_message message = {.type = LP_MESSAGE_LATENCY};
    message.latency.peer_id = room->gateway->peer_id;
    message.latency.rtt_us = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    lp_relay_send_all(relay, room, room->gateway, &message);
}

void lp_relay_on_deadline(lp_relay *relay, lp_time now)
{
    while (patience(&relay->silent, LP_RELAY_HELLO_TIMEOUT) <= now) {
        lp_node *first = lp_list_first(&relay->silent);
        lp_session_dismiss(relay, LP_OWNER(first, lp_session, node), LP_CLOSE_TIMEOUT,
                           "no hello came in time");
    }
    while (patience(&relay->held, LP_RELAY_BUDGET_TIMEOUT) <= now) {
        lp_node *first = lp_list_first(&relay->held);
        lp_relay_admit(relay, LP_OWNER(first, lp_session, node), now);
    }
    for (lp_room *room; (room = next_to_tick(relay)) && room->next_tick <= now;) {
        lp_node_remove(&room->tick);
        room->next_tick = lp_time_after(now, LP_RELAY_LATENCY_EVERY);
        lp_list_append(&relay->ticking, &room->tick);
        tell_latency(relay, room);
    }
    lp_relay_sweep(relay);
}
