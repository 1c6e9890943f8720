/* A member and the words of a relay, without the relay. */
#pragma once

#include "core/member.h"
#include "test.h"
#include "wire/frame.h"

enum { SELF = 7, GATEWAY = 1, ALICE = 2, BOB = 3, ROOM = 99 };

static inline void fill_from_counter(void *state, uint8_t *at, size_t len)
{
    uint32_t *seed = state;
    for (size_t i = 0; i < len; i++) {
        *seed = *seed * 1664525u + 1013904223u; /* Numerical Recipes' generator */
        at[i] = (uint8_t)(*seed >> 24);
    }
}

static inline lp_mac test_mac(uint32_t number)
{
    return (lp_mac){{0x02, 0, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                     (uint8_t)(number >> 8), (uint8_t)number}};
}

static inline lp_member *new_member(lp_role role)
{
    static uint32_t seed;
    seed = 1;
    lp_member_config config = {
        .role = role,
        .room = "QUAKE",
        .mac = test_mac(SELF),
        .software = "test 1",
        .random = {fill_from_counter, &seed},
    };
    return lp_member_new(&config, 0);
}

static inline lp_err say(lp_member *member, const lp_message *message, lp_time now)
{
    static uint8_t wire[LP_MESSAGE_MAX + 4];
    lp_why why;
    size_t len = lp_message_write(message, lp_space_of(wire, sizeof wire));
    CHECK(len > 0);
    return lp_member_on_control(member, lp_bytes_of(wire, len), now, &why);
}

/* What the member sends next, read back; LP_MESSAGE_UNKNOWN when there is nothing. */
static inline lp_message next_said(lp_member *member)
{
    lp_bytes octets;
    lp_message message = {.type = LP_MESSAGE_UNKNOWN};
    lp_why why;
    if (lp_member_next_send(member, &octets))
        CHECK_EQ(lp_message_read(lp_bytes_after(octets, 4), &message, &why), LP_OK);
    return message;
}

static inline lp_message welcome_message(void)
{
    return (lp_message){.type = LP_MESSAGE_WELCOME,
                        .welcome = {.version = 1,
                                    .mode = LP_MODE_RELAY,
                                    .peer_id = SELF,
                                    .room_id = ROOM,
                                    .tap_mtu = 1280,
                                    .gateway_present = true,
                                    .gateway_peer_id = GATEWAY}};
}

/* Connects, says hello, leaves the answer to the caller. */
static inline void say_hello(lp_member *member, size_t budget, lp_time now)
{
    CHECK(lp_member_wants_connect(member, now));
    lp_member_on_connected(member, now);
    lp_member_on_budget(member, budget, true, LP_MS(20), now);
    CHECK_EQ(next_said(member).type, LP_MESSAGE_HELLO);
}

static inline void join_room(lp_member *member, lp_time now)
{
    lp_message welcome = welcome_message();
    say_hello(member, 1400, now);
    CHECK_EQ(say(member, &welcome, now), LP_OK);
    CHECK_EQ(lp_member_state_of(member), LP_MEMBER_JOINED);
}

/* A gateway, or a player whose MAC is test_mac(id). */
static inline lp_err announce(lp_member *member, lp_peer id, lp_role role)
{
    lp_message message = {.type = LP_MESSAGE_PEER_JOINED,
                          .peer_joined = {.peer_id = id,
                                          .role = role,
                                          .has_mac = role == LP_ROLE_CLIENT,
                                          .mac = test_mac(id)}};
    return say(member, &message, 0);
}

static inline lp_err dismiss(lp_member *member, lp_peer id, const char *reason)
{
    lp_message message = {.type = LP_MESSAGE_PEER_LEFT, .peer_left = {.peer_id = id}};
    snprintf(message.peer_left.reason, sizeof message.peer_left.reason, "%s", reason);
    return say(member, &message, 0);
}

static inline void drop_events(lp_member *member)
{
    lp_member_event event;
    while (lp_member_next_event(member, &event))
        ;
}

/* --- frames and datagrams --------------------------------------------------------- */

enum { SPACE_LEN = 2048, FRAME_LEN = 60 };

static const lp_mac lan_host = {{0x00, 0x1b, 0x21, 1, 2, 3}};
static const lp_mac mdns = {{0x01, 0x00, 0x5e, 0, 0, 0xfb}};

/* A frame of an experimental ethertype, standing where an edge would have read it. */
static inline lp_space put_frame(uint8_t *space, lp_mac destination, lp_mac source,
                                 size_t len)
{
    uint8_t *frame = space + LP_DATAGRAM_HEADER_LEN;
    memset(space, 0, SPACE_LEN);
    memcpy(frame, destination.octet, 6);
    memcpy(frame + 6, source.octet, 6);
    frame[12] = 0x88;
    frame[13] = 0xb6;
    if (len > LP_FRAME_HEADER_LEN)
        memset(frame + LP_FRAME_HEADER_LEN, 0x5a, len - LP_FRAME_HEADER_LEN);
    return lp_space_of(space, SPACE_LEN);
}

/* Makes it an answer of a DHCP server: IPv4, UDP from 67 to 68. */
static inline void make_dhcp_answer(lp_space space)
{
    static const uint8_t head[] = {0x08, 0x00, 0x45, 0,  0,  46, 0,  0,  0,  0,
                                   64,   17,   0,    0,  10, 73, 42, 1,  10, 73,
                                   42,   2,    0,    67, 0,  68, 0,  26, 0,  0};
    memcpy(space.at + LP_DATAGRAM_HEADER_LEN + 12, head, sizeof head);
}

/* The datagram that a relay would pass on. */
static inline lp_bytes put_datagram(lp_space space, uint32_t room, lp_peer source,
                                    size_t len)
{
    lp_datagram datagram = {
        .room = room,
        .source = source,
        .payload = lp_bytes_of(space.at + LP_DATAGRAM_HEADER_LEN, len),
    };
    return lp_bytes_of(space.at, lp_datagram_write(&datagram, space));
}
