#include <inttypes.h>
#include <stdio.h>

#include "core/relay_internal.h"

/* --- who is who ------------------------------------------------------------------- */

lp_session *lp_relay_find_peer(const lp_relay *relay, lp_peer id)
{
    lp_session *session = relay->by_peer[id & relay->by_peer_mask];
    while (session && session->peer_id != id)
        session = session->next_by_peer;
    return session;
}

static void index_peer(lp_relay *relay, lp_session *session)
{
    lp_session **first = &relay->by_peer[session->peer_id & relay->by_peer_mask];
    session->next_by_peer = *first;
    *first = session;
}

static void unindex_peer(lp_relay *relay, lp_session *session)
{
    lp_session **at = &relay->by_peer[session->peer_id & relay->by_peer_mask];
    while (*at != session)
        at = &(*at)->next_by_peer;
    *at = session->next_by_peer;
}

/* Counts 1 to 0xfffffe and starts over: with any worker on top it is neither nobody nor
 * LP_EVERYONE. */
static uint32_t next_number(const lp_relay *relay, uint32_t *last)
{
    *last = *last == 0xfffffe ? 1 : *last + 1;
    return relay->config.worker << 24 | *last;
}

static lp_peer new_peer_id(lp_relay *relay)
{
    lp_peer id = next_number(relay, &relay->last_peer);
    while (lp_relay_find_peer(relay, id)) /* still here after 16 million joins */
        id = next_number(relay, &relay->last_peer);
    return id;
}

/* The one that it had before, where nobody else has it now. */
static lp_peer peer_id_for(lp_relay *relay, const lp_session *session)
{
    const lp_place place = {lp_bytes_of(session->identity.octet, LP_FINGERPRINT_LEN),
                            session->role, session->mac, session->wanted};
    lp_peer id = lp_places_find(relay->places, &place);
    if (!id || lp_relay_find_peer(relay, id))
        id = new_peer_id(relay);
    lp_places_note(relay->places, &place, id);
    return id;
}

/* --- rooms come and go ------------------------------------------------------------ */

/* FNV-1a; codes are short, and the chains as many as rooms may be. */
static lp_room **chain_of(const lp_relay *relay, const char *code)
{
    uint32_t hash = 2166136261u ^ relay->code_seed;
    for (; *code; code++)
        hash = (hash ^ (uint8_t)*code) * 16777619u;
    return &relay->by_code[(hash ^ hash >> 16) & relay->by_code_mask];
}

lp_room *lp_relay_find_room(const lp_relay *relay, const char *code)
{
    lp_room *room = *chain_of(relay, code);
    while (room && strcmp(room->code, code) != 0)
        room = room->next_by_code;
    return room;
}

static lp_room *make_room(lp_relay *relay, const lp_session *session, uint32_t mtu)
{
    uint32_t id = next_number(relay, &relay->last_room);
    if (!lp_tally_take(relay->config.rooms))
        return NULL;
    lp_room *room = lp_room_new(session->wanted, id, mtu, relay->config.max_clients,
                                lp_random_u32(relay->config.random));
    if (!room) {
        lp_tally_give(relay->config.rooms);
        return NULL;
    }
    room->index = relay->room_count++;
    relay->rooms[room->index] = room;
    lp_room **chain = chain_of(relay, room->code);
    room->next_by_code = *chain;
    *chain = room;
    lp_relay_note(relay, LP_RELAY_ROOM_MADE, session)->mtu = mtu;
    return room;
}

static void close_room(lp_relay *relay, lp_room *room, const lp_session *last_member)
{
    lp_relay_note(relay, LP_RELAY_ROOM_GONE, last_member)->mtu = room->mtu;
    lp_room **at = chain_of(relay, room->code);
    while (*at != room)
        at = &(*at)->next_by_code;
    *at = room->next_by_code;
    relay->rooms[room->index] = relay->rooms[--relay->room_count];
    relay->rooms[room->index]->index = room->index;
    lp_tally_give(relay->config.rooms);
    lp_room_free(room);
}

/* Latency is told where there is a gateway to measure and a client to hear of it. */
static void start_or_stop_ticking(lp_relay *relay, lp_room *room, lp_time now)
{
    bool wanted = room->gateway && room->member_count > 1;
    if (wanted && !lp_node_is_listed(&room->tick)) {
        room->next_tick = lp_time_after(now, LP_RELAY_LATENCY_EVERY);
        lp_list_append(&relay->ticking, &room->tick);
    } else if (!wanted) {
        lp_node_remove(&room->tick);
    }
}

void lp_relay_leave(lp_relay *relay, lp_session *session, const char *reason)
{
    lp_room *room = session->room;
    lp_relay_event *event = lp_relay_note(relay, LP_RELAY_LEFT, session);
    lp_sentence_copy(reason, event->text, sizeof event->text);
    unindex_peer(relay, session);
    lp_room_remove(room, session);
    if (room->member_count == 0) {
        close_room(relay, room, session);
        return;
    }
    start_or_stop_ticking(relay, room, LP_NEVER);
    lp_message message = {.type = LP_MESSAGE_PEER_LEFT};
    message.peer_left.peer_id = session->peer_id;
    lp_sentence_copy(reason, message.peer_left.reason, LP_REASON_MAX + 1);
    lp_relay_send_all(relay, room, NULL, &message);
}

/* --- no --------------------------------------------------------------------------- */

static void send_reject(lp_relay *relay, lp_session *session, const lp_reject *reject)
{
    lp_message message = {.type = LP_MESSAGE_REJECT, .reject = *reject};
    lp_relay_send_to(relay, session, &message);
    lp_relay_event *event = lp_relay_note(relay, LP_RELAY_REJECTED, session);
    memcpy(event->text, reject->reason, sizeof event->text);
    lp_session_end(relay, session, LP_CLOSE_REJECTED, reject->reason);
}

void lp_relay_refuse(lp_relay *relay, lp_session *session, lp_reject_code code,
                     const char *reason)
{
    lp_reject reject = {.code = code};
    lp_sentence_copy(reason, reject.reason, sizeof reject.reason);
    send_reject(relay, session, &reject);
}

/* L-010: with both numbers, so that a person can see how much is missing. */
static void refuse_budget(lp_relay *relay, lp_session *session, bool is_new,
                          uint32_t needed, uint32_t mtu)
{
    lp_reject reject = {LP_REJECT_BUDGET_TOO_SMALL, .room_mtu = needed,
                        .peer_mtu = mtu};
    snprintf(reject.reason, sizeof reject.reason,
             "%s %" PRIu32 " octets, the path from you only %" PRIu32
             ": use a network that lets larger packets through",
             is_new ? "a room carries packets of at least"
                    : "this room carries packets of",
             needed, mtu);
    send_reject(relay, session, &reject);
}

/* --- yes -------------------------------------------------------------------------- */

/* The member that holds what `session` asks for: its address, or the gateway's seat. */
static lp_session *holder_of_place(const lp_relay *relay, const lp_room *room,
                                   const lp_session *session)
{
    if (session->role == LP_ROLE_GATEWAY)
        return room->gateway;
    lp_peer id = lp_switch_pinned(room->sw, session->mac);
    return id ? lp_relay_find_peer(relay, id) : NULL;
}

static bool is_same_identity(const lp_session *a, const lp_session *b)
{
    return memcmp(&a->identity, &b->identity, sizeof a->identity) == 0;
}

/*
 * Whether there is a place in `room` for the session; refuses it if not. `*out_stale`
 * is its own older session, which has to go first.
 */
static bool has_place(lp_relay *relay, const lp_room *room, lp_session *session,
                      lp_session **out_stale)
{
    lp_session *holder = holder_of_place(relay, room, session);
    if (holder && is_same_identity(holder, session)) {
        *out_stale = holder;
        return true;
    }
    if (holder && session->role == LP_ROLE_GATEWAY)
        lp_relay_refuse(
            relay, session, LP_REJECT_SECOND_GATEWAY,
            "this room has a gateway already: stop that one first, or choose "
            "another room");
    else if (holder)
        lp_relay_refuse(
            relay, session, LP_REJECT_DUPLICATE_MAC,
            "another player in this room has the same MAC address: choose a "
            "different one");
    else if (session->role == LP_ROLE_CLIENT &&
             lp_room_clients(room) >= relay->config.max_clients)
        lp_relay_refuse(relay, session, LP_REJECT_ROOM_FULL,
                        "this room is full: wait until someone leaves");
    else
        return true;
    return false;
}

/* Its own stale session was alone: nobody relies on that room's MTU any more. */
static bool starts_anew(const lp_room *room, const lp_session *stale)
{
    return !room || (stale && room->member_count == 1);
}

static void send_welcome(lp_relay *relay, lp_session *session)
{
    const lp_room *room = session->room;
    lp_message message = {.type = LP_MESSAGE_WELCOME};
    message.welcome = (lp_welcome){
        .version = LP_PROTOCOL_VERSION,
        .mode = LP_MODE_RELAY,
        .peer_id = session->peer_id,
        .room_id = room->id,
        .tap_mtu = room->mtu,
        .gateway_present = room->gateway != NULL,
        .gateway_peer_id = room->gateway ? room->gateway->peer_id : 0,
        .datagram_budget = (uint32_t)session->accepts,
        .stamps = true,
        .software = "lanparty-relay " LP_VERSION,
    };
    lp_relay_send_to(relay, session, &message);
}

static lp_octets *announcement_of(lp_relay *relay, const lp_session *session)
{
    lp_message message = {.type = LP_MESSAGE_PEER_JOINED};
    message.peer_joined = (lp_peer_joined){
        .peer_id = session->peer_id,
        .role = session->role,
        .has_mac = session->role == LP_ROLE_CLIENT,
        .mac = session->mac,
    };
    return lp_octets_of(relay, &message);
}

/* C-009 to C-011: those present hear first, then the joiner its welcome, then of those.
 */
static void introduce(lp_relay *relay, lp_room *room, lp_session *session)
{
    for (size_t i = 0; i < room->member_count; i++)
        lp_relay_post(relay, room->members[i], session->announcement);
    lp_room_add(room, session);
    send_welcome(relay, session);
    for (size_t i = 0; i < room->member_count; i++) {
        if (room->members[i] != session)
            lp_relay_post(relay, session, room->members[i]->announcement);
    }
}

static void seat(lp_relay *relay, lp_session *session, lp_room *room, uint32_t mtu,
                 lp_peer old_id, lp_time now)
{
    if (!room)
        room = make_room(relay, session, mtu);
    session->peer_id = old_id ? old_id : peer_id_for(relay, session);
    session->announcement = announcement_of(relay, session);
    if (!room || !session->announcement) {
        lp_session_end(relay, session, LP_CLOSE_INTERNAL, "the relay is out of memory");
        if (room && room->member_count == 0)
            close_room(relay, room, session);
        return;
    }
    lp_session_enter(session, NULL, LP_SESSION_MEMBER, now);
    session->joined_at = now;
    index_peer(relay, session);
    introduce(relay, room, session);
    start_or_stop_ticking(relay, room, now);
    lp_relay_note(relay, old_id ? LP_RELAY_TOOK_OVER : LP_RELAY_JOINED, session);
}

/* The MTU that this hello can come to: its room's, or the most that a new one may have. */
static size_t mtu_at_stake(const lp_relay *relay, const lp_session *session)
{
    const lp_room *room = lp_relay_find_room(relay, session->wanted);
    size_t announced = lp_mtu_of_budget(session->hello_budget);
    size_t most = room ? room->mtu : relay->config.room_mtu;
    return announced < most ? announced : most;
}

bool lp_relay_knows_enough(const lp_relay *relay, const lp_session *session)
{
    return session->is_settled ||
           session->path_budget >= lp_budget_of_mtu(mtu_at_stake(relay, session));
}

void lp_relay_admit(lp_relay *relay, lp_session *session, lp_time now)
{
    lp_session *stale = NULL;
    lp_room *room = lp_relay_find_room(relay, session->wanted);
    if (room && !has_place(relay, room, session, &stale))
        return;
    if (!room && lp_tally_is_full(relay->config.rooms)) {
        lp_relay_refuse(relay, session, LP_REJECT_RELAY_FULL,
                        "this relay has no place for another room: try again later");
        return;
    }
    size_t budget = session->path_budget < session->hello_budget
                        ? session->path_budget
                        : session->hello_budget;
    size_t mtu = lp_mtu_of_budget(budget);
    bool is_new = starts_anew(room, stale);
    uint32_t needed = is_new ? LP_RELAY_ROOM_MTU_MIN : room->mtu;
    if (mtu < needed) {
        refuse_budget(relay, session, is_new, needed, (uint32_t)mtu);
        return;
    }
    session->accepts = session->budget = budget;
    lp_peer old_id = stale ? stale->peer_id : 0;
    if (stale) {
        lp_relay_leave(relay, stale, "replaced");
        lp_session_dismiss(relay, stale, LP_CLOSE_REPLACED,
                           "the same identity joined again from elsewhere");
    }
    uint32_t room_mtu =
        mtu < relay->config.room_mtu ? (uint32_t)mtu : relay->config.room_mtu;
    seat(relay, session, is_new ? NULL : room, room_mtu, old_id, now);
}
