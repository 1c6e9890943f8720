/*
 * A relay in a mad world: links come, say anything, send anything and go, in any order.
 *
 * Properties: whatever a datagram is, it goes to live members of its sender's room and
 * never to the sender; rooms are never empty nor overfull and no id is there twice;
 * every message the relay sends can be read; every link ends once; and when all are
 * gone, nothing is left.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "core/close.h"
#include "core/relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PROMISE(cond) ((cond) ? (void)0 : broken(#cond))

enum { MAX_LINKS = 12, MAX_ROOMS = 3, MAX_CLIENTS = 5, MAX_MEMBERS = MAX_CLIENTS + 1 };

typedef struct world {
    lp_relay *relay;
    lp_cursor in;
    lp_time now;
    lp_link links[MAX_LINKS];  /* 0: free */
    bool is_closed[MAX_LINKS]; /* next_close gave it */
    uint8_t random;
} world;

static void broken(const char *promise)
{
    fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

static void fill(void *state, uint8_t *at, size_t len)
{
    uint8_t *random = state;
    while (len-- > 0)
        *at++ = *random = (uint8_t)(*random * 5 + 3);
}

static size_t pick(world *on)
{
    return lp_take_u8(&on->in) % MAX_LINKS;
}

/* --- what happens ----------------------------------------------------------------- */

static void connect(world *on)
{
    size_t at = pick(on);
    lp_fingerprint identity = {{lp_take_u8(&on->in) & 7}};
    lp_addr from = {.family = 4};
    lp_link link;
    if (on->links[at])
        return;
    lp_err err = lp_relay_on_connect(on->relay, &identity, &from, on->now, &link);
    PROMISE(err == LP_OK || err == LP_ERR_FULL); /* after a shutdown */
    if (err)
        return;
    for (size_t i = 0; i < MAX_LINKS; i++)
        PROMISE(on->links[i] != link);
    on->links[at] = link;
    on->is_closed[at] = false;
}

static void budget(world *on)
{
    size_t at = pick(on);
    uint16_t octets = lp_take_u16(&on->in);
    lp_relay_on_budget(on->relay, on->links[at], octets & 0x7fff, octets >> 15,
                       on->now);
    lp_relay_on_rtt(on->relay, on->links[at], octets);
}

static void say(world *on, lp_link link, const lp_message *message)
{
    static uint8_t octets[LP_MESSAGE_MAX + 4];
    size_t len = lp_message_write(message, lp_space_of(octets, sizeof octets));
    lp_relay_on_control(on->relay, link, lp_bytes_of(octets, len), on->now);
}

static void hello(world *on)
{
    static const char *const rooms[] = {"QUAKE", "DOOM", "HEXEN", "HERETIC"};
    size_t at = pick(on);
    uint8_t bits = lp_take_u8(&on->in);
    lp_message message = {.type = LP_MESSAGE_HELLO};
    message.hello.version = 1;
    message.hello.role = bits & 1 ? LP_ROLE_GATEWAY : LP_ROLE_CLIENT;
    message.hello.has_mac = message.hello.role == LP_ROLE_CLIENT;
    if (message.hello.has_mac)
        message.hello.mac = (lp_mac){{2, 0, 0, 0, 0, bits >> 1 & 7}};
    message.hello.datagram_budget = 500 + lp_take_u16(&on->in) % 2000;
    memcpy(message.hello.room, rooms[bits >> 4 & 3], strlen(rooms[bits >> 4 & 3]) + 1);
    say(on, on->links[at], &message);
}

static void message(world *on)
{
    static const lp_message words[] = {
        {.type = LP_MESSAGE_DISCONNECT, .disconnect = {"bye"}},
        {.type = LP_MESSAGE_STATS, .stats = {.count = 1, .stats = {{"frames_rx", 1}}}},
        {.type = LP_MESSAGE_PEER_LEFT, .peer_left = {1, "never"}},
    };
    size_t at = pick(on);
    say(on, on->links[at], &words[lp_take_u8(&on->in) % 3]);
}

static void octets(world *on)
{
    size_t at = pick(on);
    size_t len = lp_take_u8(&on->in);
    lp_relay_on_control(on->relay, on->links[at], lp_take(&on->in, len), on->now);
}

static void check_verdict(world *on, lp_link from, const lp_verdict *verdict)
{
    lp_peer id;
    const char *room, *target_room;
    PROMISE(verdict->action == lp_reason_action(verdict->reason));
    PROMISE(verdict->target_count == 0 || verdict->action == LP_ACTION_FORWARDED);
    PROMISE(verdict->target_count < MAX_MEMBERS);
    if (verdict->target_count > 0)
        PROMISE(lp_relay_whois(on->relay, from, &id, &room));
    for (size_t i = 0; i < verdict->target_count; i++) {
        PROMISE(verdict->targets[i] != from);
        PROMISE(lp_relay_whois(on->relay, verdict->targets[i], &id, &target_room));
        PROMISE(target_room == room);
        for (size_t j = 0; j < i; j++)
            PROMISE(verdict->targets[i] != verdict->targets[j]);
        lp_relay_on_egress(on->relay, verdict->targets[i], 100, LP_REASON_NONE);
    }
}

static void send(world *on, lp_link from, lp_bytes datagram)
{
    lp_verdict verdict = lp_relay_on_datagram(on->relay, from, datagram, on->now);
    check_verdict(on, from, &verdict);
}

/* A frame between the addresses that hello may announce, with the sender's own header. */
static void frame(world *on)
{
    uint8_t space[128] = {0}, header[60] = {2, 0, 0, 0, 0, 0, 2};
    lp_link from = on->links[pick(on)];
    uint8_t bits = lp_take_u8(&on->in);
    lp_datagram datagram = {.payload = lp_bytes_of(header, sizeof header)};
    lp_relay_room_view room;
    lp_relay_peer_view peer;
    for (size_t i = 0; lp_relay_next_room(on->relay, &i, on->now, &room);) {
        for (size_t j = 0; lp_relay_next_peer(on->relay, room.code, &j, &peer);) {
            if (peer.link == from) {
                datagram.room = room.room_id;
                datagram.source = peer.peer_id;
            } else if (bits & 0x80) {
                datagram.destination = peer.peer_id;
            }
        }
    }
    header[0] = bits & 0x40 ? 0xff : 2;
    header[5] = bits & 7;
    header[11] = bits >> 3 & 7;
    header[12] = 0x08;
    header[13] = 0x06;
    size_t len = lp_datagram_write(&datagram, lp_space_of(space, sizeof space));
    send(on, from, lp_bytes_of(space, len));
}

static void datagram(world *on)
{
    size_t at = pick(on);
    size_t len = lp_take_u8(&on->in);
    send(on, on->links[at], lp_take(&on->in, len));
}

static void close_link(world *on)
{
    size_t at = pick(on);
    lp_relay_on_close(on->relay, on->links[at], "closed", on->now);
    on->links[at] = 0;
}

static void wait(world *on)
{
    on->now += LP_MS(10) * lp_take_u8(&on->in);
    if (lp_relay_deadline(on->relay) <= on->now)
        lp_relay_on_deadline(on->relay, on->now);
    PROMISE(lp_relay_deadline(on->relay) > on->now);
}

/* --- what comes of it ------------------------------------------------------------- */

static size_t find(const world *on, lp_link link)
{
    size_t at = 0;
    while (at < MAX_LINKS && on->links[at] != link)
        at++;
    return at;
}

static void drain(world *on)
{
    static lp_message heard;
    lp_relay_send out;
    lp_relay_close end;
    lp_why why;
    while (lp_relay_next_send(on->relay, &out)) {
        size_t at = find(on, out.link);
        PROMISE(out.link != 0 && at < MAX_LINKS && !on->is_closed[at]);
        PROMISE(out.octets.len > 4 && lp_get_u32(out.octets.at) == out.octets.len - 4);
        PROMISE(lp_message_read(lp_bytes_after(out.octets, 4), &heard, &why) == LP_OK);
        PROMISE(heard.type != LP_MESSAGE_UNKNOWN);
    }
    while (lp_relay_next_close(on->relay, &end)) {
        size_t at = find(on, end.link);
        PROMISE(end.link != 0 && at < MAX_LINKS && !on->is_closed[at]);
        PROMISE(end.code <= LP_CLOSE_INTERNAL);
        on->is_closed[at] = true;
    }
}

static void check_room(const world *on, const lp_relay_room_view *room)
{
    lp_relay_peer_view peers[MAX_MEMBERS + 1];
    size_t count = 0, gateways = 0;
    for (size_t i = 0; lp_relay_next_peer(on->relay, room->code, &i, &peers[count]);) {
        PROMISE(find(on, peers[count].link) < MAX_LINKS);
        PROMISE(peers[count].budget == lp_relay_budget(on->relay, peers[count].link));
        gateways += peers[count].role == LP_ROLE_GATEWAY;
        for (size_t j = 0; j < count; j++) {
            PROMISE(peers[j].peer_id != peers[count].peer_id);
            PROMISE(!peers[j].has_mac || !peers[count].has_mac ||
                    !lp_mac_equal(peers[j].mac, peers[count].mac));
        }
        count++;
        PROMISE(count <= MAX_MEMBERS);
    }
    PROMISE(count > 0 && gateways == room->has_gateway &&
            room->clients == count - gateways);
    PROMISE(room->clients <= MAX_CLIENTS);
    PROMISE(room->mtu >= LP_RELAY_ROOM_MTU_MIN &&
            room->mtu <= LP_RELAY_ROOM_MTU_DEFAULT);
}

static size_t check_rooms(const world *on)
{
    lp_relay_room_view room;
    size_t cursor = 0;
    while (lp_relay_next_room(on->relay, &cursor, on->now, &room))
        check_room(on, &room);
    PROMISE(cursor <= MAX_ROOMS);
    return cursor;
}

static void check_all_ends(world *on)
{
    for (size_t i = 0; i < MAX_LINKS; i++)
        lp_relay_on_close(on->relay, on->links[i], "the end", on->now);
    memset(on->links, 0, sizeof on->links);
    drain(on);
    PROMISE(check_rooms(on) == 0);
    PROMISE(lp_relay_link_count(on->relay) == 0);
    PROMISE(lp_relay_deadline(on->relay) == LP_NEVER);
}

static void shut_down(world *on)
{
    if (lp_take_u8(&on->in) == 0xff)
        lp_relay_shut_down(on->relay, "the fuzzer", on->now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const acts[])(world *) = {
        connect, budget, hello,    hello,      message, octets, frame,
        frame,   frame,  datagram, close_link, wait,    drain,  shut_down,
    };
    world on = {.in = {.rest = lp_bytes_of(data, size)}};
    lp_relay_config config = lp_relay_default_config();
    config.max_links = MAX_LINKS;
    config.max_rooms = MAX_ROOMS;
    config.max_clients = MAX_CLIENTS;
    config.random = (lp_random){fill, &on.random};
    on.relay = lp_relay_new(&config, 0);
    PROMISE(on.relay != NULL);
    while (on.in.rest.len > 0 && !on.in.failed) {
        acts[lp_take_u8(&on.in) % (sizeof acts / sizeof *acts)](&on);
        check_rooms(&on);
    }
    check_all_ends(&on);
    lp_relay_free(on.relay);
    return 0;
}
