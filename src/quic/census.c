#include "quic/census.h"

#include "quic/keymap.h"

#include <openssl/crypto.h>
#include <stdlib.h>

struct lp_census {
    CRYPTO_RWLOCK *lock; /* of all that follows */
    lp_census_limits limits;
    size_t conns, handshakes;
    lp_keymap *conns_there, *handshakes_there;
};

lp_census *lp_census_new(const lp_census_limits *limits, const uint8_t key[16])
{
    lp_sip_key hash_key = lp_sip_key_of(key);
    lp_census *census = calloc(1, sizeof *census);
    if (!census)
        return NULL;
    census->limits = *limits;
    census->lock = CRYPTO_THREAD_lock_new();
    census->conns_there = lp_keymap_new(limits->max_conns, hash_key);
    census->handshakes_there = lp_keymap_new(limits->max_conns, hash_key);
    if (census->lock && census->conns_there && census->handshakes_there)
        return census;
    lp_census_free(census);
    return NULL;
}

void lp_census_free(lp_census *census)
{
    if (!census)
        return;
    lp_keymap_free(census->conns_there);
    lp_keymap_free(census->handshakes_there);
    CRYPTO_THREAD_lock_free(census->lock);
    free(census);
}

static void lock(lp_census *census)
{
    CRYPTO_THREAD_write_lock(census->lock);
}

static void unlock(lp_census *census)
{
    CRYPTO_THREAD_unlock(census->lock);
}

/* --- counting, under the lock ----------------------------------------------------- */

static lp_bytes source_of(const lp_addr *addr, uint8_t out_key[9])
{
    size_t len = addr->family == 6 ? 8 : 4;
    out_key[0] = addr->family;
    memcpy(out_key + 1, addr->ip, len);
    return lp_bytes_of(out_key, 1 + len);
}

static uint32_t count_of(lp_keymap *map, const lp_addr *from)
{
    uint8_t key[9];
    const uint32_t *count = lp_keymap_find(map, source_of(from, key));
    return count ? *count : 0;
}

/* A map has room for as many sources as there may be connections. */
static void count(lp_keymap *map, const lp_addr *from, int change)
{
    uint8_t octets[9];
    lp_bytes key = source_of(from, octets);
    uint32_t now = count_of(map, from) + (uint32_t)change;
    if (now == 0)
        lp_keymap_remove(map, key);
    else if (lp_keymap_put(map, key, now) != LP_OK)
        abort();
}

static bool is_at(size_t count, size_t limit)
{
    return limit > 0 && count >= limit;
}

static bool is_full(lp_census *census, const lp_addr *from)
{
    const lp_census_limits *limits = &census->limits;
    return is_at(census->conns, limits->max_conns) ||
           is_at(census->handshakes, limits->max_handshakes) ||
           is_at(count_of(census->conns_there, from), limits->max_conns_there) ||
           is_at(count_of(census->handshakes_there, from),
                 limits->max_handshakes_there);
}

/* Also from half a source's own limit on: spoofed packets must not lock it out. */
static bool is_busy(lp_census *census, const lp_addr *from)
{
    const lp_census_limits *limits = &census->limits;
    size_t there = count_of(census->handshakes_there, from);
    return is_at(2 * census->handshakes, limits->max_handshakes) ||
           is_at(2 * there, limits->max_handshakes_there);
}

/* --- for everyone ----------------------------------------------------------------- */

lp_census_mood lp_census_look(lp_census *census, const lp_addr *from)
{
    lock(census);
    lp_census_mood mood = is_full(census, from)   ? LP_CENSUS_FULL
                          : is_busy(census, from) ? LP_CENSUS_BUSY
                                                  : LP_CENSUS_QUIET;
    unlock(census);
    return mood;
}

lp_err lp_census_enter(lp_census *census, const lp_addr *from)
{
    lp_err err = LP_OK;
    lock(census);
    if (is_full(census, from)) {
        err = LP_ERR_FULL;
    } else {
        census->conns++;
        census->handshakes++;
        count(census->conns_there, from, 1);
        count(census->handshakes_there, from, 1);
    }
    unlock(census);
    return err;
}

void lp_census_settle(lp_census *census, const lp_addr *from)
{
    lock(census);
    census->handshakes--;
    count(census->handshakes_there, from, -1);
    unlock(census);
}

void lp_census_leave(lp_census *census, const lp_addr *from)
{
    lock(census);
    census->conns--;
    count(census->conns_there, from, -1);
    unlock(census);
}

size_t lp_census_conns(lp_census *census)
{
    lock(census);
    size_t conns = census->conns;
    unlock(census);
    return conns;
}
