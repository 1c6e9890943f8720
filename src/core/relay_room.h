/*
 * One room of a relay: who is in it, which of them is the gateway, its switch and MTU.
 *
 * Members sit in an array without gaps, so that a broadcast is a copy. A member's
 * session knows its seat.
 */
#pragma once

#include "core/list.h"
#include "core/relay.h"
#include "core/switch.h"

typedef struct lp_session lp_session;

typedef struct lp_room {
    lp_room_code code;
    uint32_t id;
    uint32_t mtu;
    size_t index;                 /* in the relay's array */
    struct lp_room *next_by_code; /* in the relay's chains */
    lp_session *gateway;          /* NULL: none yet */
    lp_switch *sw;
    lp_node tick; /* in the relay's list `ticking` while there are latencies to tell */
    lp_time next_tick;
    size_t member_count;
    lp_session **members;
    lp_link *links; /* of those members, in the same order */
} lp_room;

/* NULL when memory runs out. */
lp_room *lp_room_new(const char *code, uint32_t id, uint32_t mtu, size_t max_clients,
                     uint32_t seed);
void lp_room_free(lp_room *room); /* NULL is fine */

/* The caller has checked that there is a seat and that no one holds its address. */
void lp_room_add(lp_room *room, lp_session *session);
void lp_room_remove(lp_room *room, lp_session *session);

size_t lp_room_clients(const lp_room *room);

/* Writes the links of all members but `sender`; how many. */
size_t lp_room_others(const lp_room *room, const lp_session *sender,
                      lp_link *out_links);
