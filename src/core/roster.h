/*
 * Who else is in the room: found by peer id and by Ethernet address, both of them on
 * the path of every frame.
 *
 * Fixed capacity, a plain value, no allocation.
 */
#pragma once

#include "base/mac.h"
#include "base/time.h"
#include "wire/message.h"

#define LP_ROSTER_MAX     1025
#define LP_ROSTER_BUCKETS 2048 /* twice as many: chains stay short */

typedef struct lp_member_peer {
    lp_peer id;
    lp_role role;
    bool has_mac;
    lp_mac mac;
    lp_duration rtt; /* relay to it and back; 0 unknown */
} lp_member_peer;

/* References are 1 + the entry's index, so that zero is none. */
typedef struct lp_roster {
    uint32_t seed;
    uint16_t used; /* entries that were ever taken */
    uint16_t free; /* the first of those that were given back */
    uint16_t by_id[LP_ROSTER_BUCKETS], by_mac[LP_ROSTER_BUCKETS];
    struct {
        lp_member_peer peer; /* id 0: a free entry */
        uint16_t next_by_id, next_by_mac;
    } entry[LP_ROSTER_MAX];
} lp_roster;

/* Empties it. `seed` keeps strangers from choosing addresses that share a chain. */
void lp_roster_init(lp_roster *roster, uint32_t seed);

/* Adds a peer, or replaces what was known under its id. False: LP_ROSTER_MAX others are
 * there, nothing changed. */
bool lp_roster_put(lp_roster *roster, const lp_member_peer *peer);
void lp_roster_remove(lp_roster *roster, lp_peer id); /* unknown is fine */

/* NULL where unknown; valid until the roster changes. */
const lp_member_peer *lp_roster_find(const lp_roster *roster, lp_peer id);
/* Where two peers announced one address, the later has it. */
const lp_member_peer *lp_roster_find_mac(const lp_roster *roster, lp_mac mac);

/* `*cursor` starts at 0. False when there are no more. */
bool lp_roster_next(const lp_roster *roster, size_t *cursor, lp_member_peer *out_peer);
