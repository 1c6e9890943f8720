#include "core/switch.h"

#include <assert.h>
#include <stdlib.h>

/*
 * A hash table with chains. Every entry is in exactly one of three states: free, pinned, or
 * learned; learned ones also stand in a ring, in the order in which they were last heard.
 * Entry 0 is nobody's: it ends every chain and is where the ring starts and ends.
 *
 * Members have their entries from the start. Those of stations are doubled when they are
 * all taken: most parties have a few dozen, and a relay has a table for each room.
 */
typedef struct entry {
    lp_time heard_at;
    uint32_t next;         /* in its chain, or among the free */
    uint32_t older, newer; /* in the ring, when learned */
    lp_peer peer;
    lp_mac mac;
    bool is_pinned;
} entry;

enum { LEARNED_AT_FIRST = 128 };

struct lp_switch {
    entry *entries;
    uint32_t *chains;
    uint64_t multiplier;
    unsigned shift;
    uint32_t first_free;
    uint32_t used; /* entries beyond it were never touched: a quiet room costs little */
    size_t pinned_count, max_pinned;
    size_t learned_count, max_learned;
    size_t learned_room; /* how many there are entries for */
};

#define CAPACITY_MAX   ((size_t)1 << 24)
#define CHAIN_BITS_MIN 4

/* --- making ----------------------------------------------------------------------- */

static unsigned bits_for(size_t capacity)
{
    unsigned bits = CHAIN_BITS_MIN;
    while ((size_t)1 << bits < capacity)
        bits++;
    return bits;
}

/* The finaliser of splitmix64: every bit of the seed reaches every bit of the result.
 */
static uint64_t spread(uint32_t seed)
{
    uint64_t z = seed + 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/*
 * Multiply-shift with a secret odd multiplier is universal (Dietzfelbinger et al.
 * 1997): whatever addresses are chosen without knowing it, chains stay as short as by
 * chance.
 */
static uint32_t *chain_of(const lp_switch *sw, lp_mac mac)
{
    uint64_t key = 0;
    for (size_t i = 0; i < sizeof mac.octet; i++)
        key = key << 8 | mac.octet[i];
    return &sw->chains[key * sw->multiplier >> sw->shift];
}

static void move_chain(lp_switch *sw, uint32_t first)
{
    while (first) {
        uint32_t next = sw->entries[first].next;
        uint32_t *chain = chain_of(sw, sw->entries[first].mac);
        sw->entries[first].next = *chain;
        *chain = first;
        first = next;
    }
}

/* For so many learned ones, and all members. False: memory ran out, all is as it was. */
static bool make_room(lp_switch *sw, size_t learned_room)
{
    size_t capacity = sw->max_pinned + learned_room;
    unsigned bits = bits_for(capacity);
    entry *entries = realloc(sw->entries, (capacity + 1) * sizeof *entries);
    sw->entries = entries ? entries : sw->entries;
    uint32_t *chains = entries ? calloc((size_t)1 << bits, sizeof *chains) : NULL;
    if (!chains)
        return false;
    uint32_t *old = sw->chains;
    size_t old_count = old ? (size_t)1 << (64 - sw->shift) : 0;
    sw->chains = chains;
    sw->shift = 64 - bits;
    sw->learned_room = learned_room;
    for (size_t i = 0; i < old_count; i++)
        move_chain(sw, old[i]);
    free(old);
    return true;
}

lp_switch *lp_switch_new(size_t max_pinned, size_t max_stations, uint32_t seed)
{
    assert(max_pinned <= CAPACITY_MAX && max_stations <= CAPACITY_MAX);
    lp_switch *sw = calloc(1, sizeof *sw);
    if (!sw)
        return NULL;

    sw->max_pinned = max_pinned;
    sw->max_learned = max_stations;
    sw->multiplier = spread(seed) | 1;
    size_t room = max_stations < LEARNED_AT_FIRST ? max_stations : LEARNED_AT_FIRST;
    if (!make_room(sw, room)) {
        lp_switch_free(sw);
        return NULL;
    }
    sw->entries[0] = (entry){.next = 0};
    return sw;
}

void lp_switch_free(lp_switch *sw)
{
    if (!sw)
        return;
    free(sw->entries);
    free(sw->chains);
    free(sw);
}

/* --- chains ----------------------------------------------------------------------- */

/* 0 if there is none. */
static uint32_t find(const lp_switch *sw, lp_mac mac)
{
    uint32_t at = *chain_of(sw, mac);
    while (at && !lp_mac_equal(sw->entries[at].mac, mac))
        at = sw->entries[at].next;
    return at;
}

static uint32_t take_entry(lp_switch *sw)
{
    uint32_t at = sw->first_free;
    if (at) {
        sw->first_free = sw->entries[at].next;
        return at;
    }
    assert(sw->used < sw->max_pinned + sw->learned_room); /* both were checked first */
    return ++sw->used;
}

static uint32_t add(lp_switch *sw, lp_mac mac)
{
    uint32_t at = take_entry(sw);
    uint32_t *chain = chain_of(sw, mac);
    sw->entries[at] = (entry){.mac = mac, .next = *chain};
    *chain = at;
    return at;
}

static void discard(lp_switch *sw, uint32_t at)
{
    uint32_t *link = chain_of(sw, sw->entries[at].mac);
    while (*link != at)
        link = &sw->entries[*link].next;
    *link = sw->entries[at].next;
    sw->entries[at].next = sw->first_free;
    sw->first_free = at;
}

/* --- the ring of learned stations ------------------------------------------------- */

static void ring_insert_newest(lp_switch *sw, uint32_t at)
{
    uint32_t newest = sw->entries[0].older;
    sw->entries[at].older = newest;
    sw->entries[at].newer = 0;
    sw->entries[newest].newer = at;
    sw->entries[0].older = at;
    sw->learned_count++;
}

static void ring_remove(lp_switch *sw, uint32_t at)
{
    const entry *leaving = &sw->entries[at];
    sw->entries[leaving->older].newer = leaving->newer;
    sw->entries[leaving->newer].older = leaving->older;
    sw->learned_count--;
}

static void forget_learned(lp_switch *sw, uint32_t at)
{
    ring_remove(sw, at);
    discard(sw, at);
}

static bool is_live(const entry *station, lp_time now)
{
    return now < lp_time_after(station->heard_at, LP_STATION_LIFETIME);
}

/* --- members ---------------------------------------------------------------------- */

lp_err lp_switch_pin(lp_switch *sw, lp_mac mac, lp_peer peer)
{
    uint32_t at = find(sw, mac);
    if (at && sw->entries[at].is_pinned)
        return sw->entries[at].peer == peer ? LP_OK : LP_ERR_IN_USE;
    if (sw->pinned_count == sw->max_pinned)
        return LP_ERR_FULL;
    if (at)
        ring_remove(sw, at);
    else
        at = add(sw, mac);
    sw->entries[at].is_pinned = true;
    sw->entries[at].peer = peer;
    sw->pinned_count++;
    return LP_OK;
}

void lp_switch_unpin(lp_switch *sw, lp_mac mac)
{
    uint32_t at = find(sw, mac);
    if (!at || !sw->entries[at].is_pinned)
        return;
    discard(sw, at);
    sw->pinned_count--;
}

lp_peer lp_switch_pinned(const lp_switch *sw, lp_mac mac)
{
    const entry *found = &sw->entries[find(sw, mac)];
    return found->is_pinned ? found->peer : 0;
}

/* --- stations --------------------------------------------------------------------- */

static bool grow(lp_switch *sw)
{
    size_t twice = 2 * sw->learned_room;
    return sw->learned_room < sw->max_learned &&
           make_room(sw, twice < sw->max_learned ? twice : sw->max_learned);
}

void lp_switch_learn(lp_switch *sw, lp_mac mac, lp_peer peer, lp_time now)
{
    uint32_t at = find(sw, mac);
    if ((at && sw->entries[at].is_pinned) || sw->max_learned == 0)
        return;
    if (at) {
        ring_remove(sw, at);
    } else {
        if (sw->learned_count == sw->learned_room && !grow(sw))
            forget_learned(sw, sw->entries[0].newer); /* past the end: the oldest */
        at = add(sw, mac);
    }
    sw->entries[at].peer = peer;
    sw->entries[at].heard_at = now;
    ring_insert_newest(sw, at);
}

void lp_switch_forget(lp_switch *sw, lp_peer peer)
{
    for (uint32_t at = sw->entries[0].newer; at;) {
        uint32_t newer = sw->entries[at].newer;
        if (sw->entries[at].peer == peer)
            forget_learned(sw, at);
        at = newer;
    }
}

lp_peer lp_switch_route(const lp_switch *sw, lp_mac mac, lp_time now)
{
    const entry *found = &sw->entries[find(sw, mac)];
    return found->is_pinned || is_live(found, now) ? found->peer : 0;
}

size_t lp_switch_stations(const lp_switch *sw, lp_time now)
{
    size_t count = 0;
    for (uint32_t at = sw->entries[0].older; at; at = sw->entries[at].older) {
        if (!is_live(&sw->entries[at], now))
            break;
        count++;
    }
    return count;
}
