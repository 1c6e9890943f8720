#include "quic/keymap.h"

#include <stdlib.h>

typedef struct entry {
    uint32_t value;
    uint8_t key_len; /* 0: free */
    uint8_t key[LP_KEYMAP_KEY_MAX];
} entry;

struct lp_keymap {
    lp_sip_key hash_key;
    size_t count, max_count;
    size_t mask; /* entries less one; at most half of them are used */
    entry entries[];
};

lp_keymap *lp_keymap_new(size_t max_count, lp_sip_key hash_key)
{
    size_t room = 8;
    while (room < max_count * 2)
        room *= 2;
    lp_keymap *map = calloc(1, sizeof *map + room * sizeof *map->entries);
    if (!map)
        return NULL;
    map->hash_key = hash_key;
    map->max_count = max_count;
    map->mask = room - 1;
    return map;
}

void lp_keymap_free(lp_keymap *map)
{
    free(map);
}

static size_t home_of(const lp_keymap *map, lp_bytes key)
{
    return (size_t)lp_siphash(&map->hash_key, key) & map->mask;
}

/* The key's entry, or the free one where it belongs. */
static entry *place_of(lp_keymap *map, lp_bytes key)
{
    for (size_t i = home_of(map, key);; i = (i + 1) & map->mask) {
        entry *at = &map->entries[i];
        if (at->key_len == 0 || lp_bytes_equal(lp_bytes_of(at->key, at->key_len), key))
            return at;
    }
}

static bool is_key(lp_bytes key)
{
    return key.len > 0 && key.len <= LP_KEYMAP_KEY_MAX;
}

uint32_t *lp_keymap_find(lp_keymap *map, lp_bytes key)
{
    if (!is_key(key))
        return NULL;
    entry *at = place_of(map, key);
    return at->key_len ? &at->value : NULL;
}

lp_err lp_keymap_put(lp_keymap *map, lp_bytes key, uint32_t value)
{
    if (!is_key(key))
        return LP_ERR_TOO_BIG;
    entry *at = place_of(map, key);
    if (at->key_len == 0) {
        if (map->count == map->max_count)
            return LP_ERR_FULL;
        map->count++;
        at->key_len = (uint8_t)key.len;
        memcpy(at->key, key.at, key.len);
    }
    at->value = value;
    return LP_OK;
}

/* Linear probing without tombstones: what follows a hole moves up into it, unless that
 * would put it before its home. */
void lp_keymap_remove(lp_keymap *map, lp_bytes key)
{
    if (!lp_keymap_find(map, key))
        return;
    size_t hole = (size_t)(place_of(map, key) - map->entries);
    for (size_t i = (hole + 1) & map->mask; map->entries[i].key_len;
         i = (i + 1) & map->mask) {
        entry *next = &map->entries[i];
        size_t home = home_of(map, lp_bytes_of(next->key, next->key_len));
        if (((i - home) & map->mask) < ((i - hole) & map->mask))
            continue;
        map->entries[hole] = *next;
        hole = i;
    }
    map->entries[hole].key_len = 0;
    map->count--;
}

size_t lp_keymap_count(const lp_keymap *map)
{
    return map->count;
}
