/* A relay, and links to it that say and hear messages. */
#pragma once

#include "base/cursor.h"
#include "core/close.h"
#include "core/relay.h"
#include "test.h"
#include "wire/frame.h"

enum { BUDGET = 1400, NO_BUDGET = 0, FRAME_LEN = 60, SPACE_LEN = 4096 };

/* A member as its own end of the link knows it. */
typedef struct rig_peer {
    lp_link link;
    lp_peer id;
    uint32_t room;
    lp_mac mac;
} rig_peer;

static const lp_mac lan_host = {{0x00, 0x1b, 0x21, 1, 2, 3}};
static const lp_mac lan_printer = {{0x00, 0x1b, 0x21, 4, 5, 6}};
static const lp_mac mdns = {{0x01, 0x00, 0x5e, 0, 0, 0xfb}};

static inline void fill_from_counter(void *state, uint8_t *at, size_t len)
{
    uint32_t *seed = state;
    for (size_t i = 0; i < len; i++) {
        *seed = *seed * 1664525u + 1013904223u; /* Numerical Recipes' generator */
        at[i] = (uint8_t)(*seed >> 24);
    }
}

static inline lp_relay_config rig_config(void)
{
    static uint32_t seed;
    seed = 1;
    lp_relay_config config = lp_relay_default_config();
    config.max_links = 16;
    config.max_rooms = 4;
    config.max_clients = 4;
    config.random = (lp_random){fill_from_counter, &seed};
    return config;
}

static inline lp_relay *rig_new(void)
{
    lp_relay_config config = rig_config();
    return lp_relay_new(&config, 0);
}

static inline lp_mac rig_mac(uint32_t number)
{
    return (lp_mac){{2, 0, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                     (uint8_t)(number >> 8), (uint8_t)number}};
}

/* 0 where the relay refuses. NO_BUDGET: the path's MTU is still being found. */
static inline lp_link rig_connect(lp_relay *relay, uint32_t identity, size_t budget,
                                  lp_time now)
{
    lp_fingerprint key = {{0}};
    lp_addr from = {.family = 4, .ip = {192, 0, 2, 1}, .port = (uint16_t)identity};
    lp_link link = 0;
    lp_set_u32(key.octet, identity);
    if (lp_relay_on_connect(relay, &key, &from, now, &link) != LP_OK)
        return 0;
    if (budget != NO_BUDGET)
        lp_relay_on_budget(relay, link, budget, true, now);
    return link;
}

static inline void rig_say_text(lp_relay *relay, lp_link link, const char *json,
                                lp_time now)
{
    uint8_t octets[512];
    lp_set_u32(octets, (uint32_t)strlen(json));
    memcpy(octets + 4, json, strlen(json));
    lp_relay_on_control(relay, link, lp_bytes_of(octets, strlen(json) + 4), now);
}

static inline void rig_say(lp_relay *relay, lp_link link, const lp_message *message,
                           lp_time now)
{
    static uint8_t octets[LP_MESSAGE_MAX + 4];
    size_t len = lp_message_write(message, lp_space_of(octets, sizeof octets));
    CHECK(len > 0);
    lp_relay_on_control(relay, link, lp_bytes_of(octets, len), now);
}

static inline lp_message rig_hello(lp_role role, const char *room, uint32_t mac)
{
    lp_message message = {.type = LP_MESSAGE_HELLO};
    message.hello.version = LP_PROTOCOL_VERSION;
    message.hello.role = role;
    message.hello.has_mac = role == LP_ROLE_CLIENT;
    message.hello.mac = message.hello.has_mac ? rig_mac(mac) : (lp_mac){{0}};
    message.hello.datagram_budget = BUDGET;
    snprintf(message.hello.room, sizeof message.hello.room, "%s", room);
    return message;
}

/* The next message, whose it is, and its type; LP_MESSAGE_UNKNOWN when none waits. */
static inline lp_message rig_hear(lp_relay *relay, lp_link *out_link)
{
    lp_relay_send send;
    lp_message message = {.type = LP_MESSAGE_UNKNOWN};
    lp_why why;
    *out_link = 0;
    if (lp_relay_next_send(relay, &send)) {
        *out_link = send.link;
        CHECK(send.octets.len > 4);
        CHECK_EQ(lp_message_read(lp_bytes_after(send.octets, 4), &message, &why),
                 LP_OK);
    }
    return message;
}

static inline void rig_drop_sends(lp_relay *relay)
{
    lp_relay_send send;
    while (lp_relay_next_send(relay, &send))
        ;
}

/* The last message to this link; all messages are taken. */
static inline lp_message rig_hear_last(lp_relay *relay, lp_link link)
{
    lp_message last = {.type = LP_MESSAGE_UNKNOWN};
    lp_link to;
    for (lp_message message; message = rig_hear(relay, &to), to != 0;) {
        if (to == link)
            last = message;
    }
    return last;
}

/* Takes the next close, as the runtime does; LP_CLOSE_NONE if there is none. */
#define LP_CLOSE_NONE UINT64_MAX
static inline uint64_t rig_close(lp_relay *relay, lp_link *out_link)
{
    lp_relay_close end = {0};
    rig_drop_sends(relay);
    bool is_there = lp_relay_next_close(relay, &end);
    if (out_link)
        *out_link = end.link; /* none: 0 */
    if (!is_there)
        return LP_CLOSE_NONE;
    lp_relay_on_close(relay, end.link, end.reason, 0);
    return end.code;
}

static inline bool rig_event(lp_relay *relay, lp_relay_event_kind kind,
                             lp_relay_event *out_event)
{
    while (lp_relay_next_event(relay, out_event)) {
        if (out_event->kind == kind)
            return true;
    }
    return false;
}

/* Joins; `number` is identity and MAC. Its id is 0 where it was refused. */
static inline rig_peer rig_join(lp_relay *relay, lp_role role, const char *room,
                                uint32_t number, lp_time now)
{
    rig_peer peer = {.link = rig_connect(relay, number, BUDGET, now)};
    lp_message hello = rig_hello(role, room, number);
    rig_say(relay, peer.link, &hello, now);
    lp_relay_send send;
    lp_message answer = {.type = LP_MESSAGE_UNKNOWN};
    lp_why why;
    while (lp_relay_next_send(relay, &send)) {
        if (send.link != peer.link)
            continue;
        CHECK_EQ(lp_message_read(lp_bytes_after(send.octets, 4), &answer, &why), LP_OK);
        break;
    }
    rig_drop_sends(relay);
    if (answer.type == LP_MESSAGE_WELCOME) {
        peer.id = answer.welcome.peer_id;
        peer.room = answer.welcome.room_id;
        peer.mac = rig_mac(number);
    }
    return peer;
}

static inline lp_bytes rig_datagram(rig_peer from, lp_peer destination, lp_mac to,
                                    lp_mac source, size_t len)
{
    static uint8_t space[SPACE_LEN];
    uint8_t frame[SPACE_LEN] = {0};
    memcpy(frame, to.octet, 6);
    memcpy(frame + 6, source.octet, 6);
    frame[12] = 0x88; /* local experimental 2, IEEE 802: nobody looks into it */
    frame[13] = 0xb6;
    lp_datagram datagram = {
        .room = from.room,
        .source = from.id,
        .destination = destination,
        .payload = lp_bytes_of(frame, len),
    };
    return lp_bytes_of(space,
                       lp_datagram_write(&datagram, lp_space_of(space, SPACE_LEN)));
}

static inline lp_verdict rig_send(lp_relay *relay, rig_peer from, lp_mac to,
                                  lp_mac source, lp_time now)
{
    return lp_relay_on_datagram(relay, from.link,
                                rig_datagram(from, 0, to, source, FRAME_LEN), now);
}

static inline bool rig_is_target(lp_verdict verdict, rig_peer peer)
{
    for (size_t i = 0; i < verdict.target_count; i++) {
        if (verdict.targets[i] == peer.link)
            return true;
    }
    return false;
}
