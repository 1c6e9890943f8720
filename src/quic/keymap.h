/*
 * Short keys to numbers: a fixed-capacity hash map, keyed so that strangers, who choose
 * the keys, cannot choose collisions. No allocation after new.
 */
#pragma once

#include "base/error.h"
#include "quic/siphash.h"

#define LP_KEYMAP_KEY_MAX 20 /* a connection id's most, RFC 9000 */

typedef struct lp_keymap lp_keymap;

/* NULL when memory runs out. */
lp_keymap *lp_keymap_new(size_t max_count, lp_sip_key hash_key);
void lp_keymap_free(lp_keymap *map); /* NULL is fine */

/* NULL when absent. Valid until the next put or remove. Keys are 1 to
 * LP_KEYMAP_KEY_MAX octets; others are never found. */
uint32_t *lp_keymap_find(lp_keymap *map, lp_bytes key);

/* Adds or overwrites.
 *   LP_ERR_FULL     max_count keys are there, and this is none of them
 *   LP_ERR_TOO_BIG  the key is empty or too long */
LP_MUST_USE lp_err lp_keymap_put(lp_keymap *map, lp_bytes key, uint32_t value);

/* What is absent stays absent. */
void lp_keymap_remove(lp_keymap *map, lp_bytes key);

size_t lp_keymap_count(const lp_keymap *map);
