/*
 * Who had which peer id, so that a member that was away too long for a takeover, asleep
 * for an hour, comes back as the one it was.
 *
 * Pure, of fixed size: the latest of those that share a slot is remembered. Forgetting, or
 * taking one for another, costs nothing but a number that changes.
 */
#pragma once

#include "base/mac.h"
#include "wire/datagram.h"
#include "wire/message.h"

typedef struct lp_places lp_places;

typedef struct lp_place {
    lp_bytes identity;
    lp_role role;
    lp_mac mac; /* clients */
    const char *room;
} lp_place;

/* `count` slots, a power of two; the seed keeps strangers from choosing theirs. */
lp_places *lp_places_new(size_t count, uint32_t seed);
void lp_places_free(lp_places *places); /* NULL is fine */

void lp_places_note(lp_places *places, const lp_place *place, lp_peer id);
lp_peer lp_places_find(const lp_places *places, const lp_place *place); /* 0: none */
