#include "core/places.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct slot {
    uint64_t key;
    lp_peer id; /* 0: free */
} slot;

struct lp_places {
    size_t mask;
    uint32_t seed;
    slot slots[];
};

lp_places *lp_places_new(size_t count, uint32_t seed)
{
    assert(count > 0 && (count & (count - 1)) == 0);
    lp_places *places = calloc(1, sizeof *places + count * sizeof *places->slots);
    if (!places)
        return NULL;
    places->mask = count - 1;
    places->seed = seed;
    return places;
}

void lp_places_free(lp_places *places)
{
    free(places);
}

/* FNV-1a */
static uint64_t add(uint64_t hash, const void *octets, size_t len)
{
    for (const uint8_t *at = octets; len > 0; at++, len--)
        hash = (hash ^ *at) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t key_of(const lp_places *places, const lp_place *place)
{
    uint8_t role = (uint8_t)place->role;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    hash = add(hash, &places->seed, sizeof places->seed);
    hash = add(hash, place->identity.at, place->identity.len);
    hash = add(hash, &role, 1);
    if (place->role == LP_ROLE_CLIENT)
        hash = add(hash, place->mac.octet, sizeof place->mac.octet);
    return add(hash, place->room, strlen(place->room));
}

static size_t slot_of(const lp_places *places, uint64_t key)
{
    return (size_t)(key ^ key >> 32) & places->mask;
}

void lp_places_note(lp_places *places, const lp_place *place, lp_peer id)
{
    uint64_t key = key_of(places, place);
    places->slots[slot_of(places, key)] = (slot){key, id};
}

lp_peer lp_places_find(const lp_places *places, const lp_place *place)
{
    uint64_t key = key_of(places, place);
    const slot *it = &places->slots[slot_of(places, key)];
    return it->key == key ? it->id : 0;
}
