#include "core/roster.h"

#include "base/cursor.h"

void lp_roster_init(lp_roster *roster, uint32_t seed)
{
    memset(roster, 0, sizeof *roster);
    roster->seed = seed;
}

static uint32_t bucket_of(const lp_roster *roster, uint32_t key)
{
    uint32_t hash =
        (key ^ roster->seed) * 0x9e3779b1u; /* Knuth's multiplicative hash */
    return (hash ^ hash >> 15) % LP_ROSTER_BUCKETS;
}

static uint32_t mac_bucket_of(const lp_roster *roster, lp_mac mac)
{
    uint32_t high = bucket_of(roster, lp_get_u16(mac.octet));
    return bucket_of(roster, high << 21 ^ lp_get_u32(mac.octet + 2));
}

static uint16_t find(const lp_roster *roster, lp_peer id)
{
    uint16_t ref = roster->by_id[bucket_of(roster, id)];
    while (ref && roster->entry[ref - 1].peer.id != id)
        ref = roster->entry[ref - 1].next_by_id;
    return ref;
}

static void link_mac(lp_roster *roster, uint16_t ref)
{
    if (!roster->entry[ref - 1].peer.has_mac)
        return;
    uint16_t *head =
        &roster->by_mac[mac_bucket_of(roster, roster->entry[ref - 1].peer.mac)];
    roster->entry[ref - 1].next_by_mac = *head;
    *head = ref;
}

static void unlink_mac(lp_roster *roster, uint16_t ref)
{
    if (!roster->entry[ref - 1].peer.has_mac)
        return;
    uint16_t *at =
        &roster->by_mac[mac_bucket_of(roster, roster->entry[ref - 1].peer.mac)];
    while (*at != ref)
        at = &roster->entry[*at - 1].next_by_mac;
    *at = roster->entry[ref - 1].next_by_mac;
}

static void link_id(lp_roster *roster, uint16_t ref)
{
    uint16_t *head = &roster->by_id[bucket_of(roster, roster->entry[ref - 1].peer.id)];
    roster->entry[ref - 1].next_by_id = *head;
    *head = ref;
}

static void unlink_id(lp_roster *roster, uint16_t ref)
{
    uint16_t *at = &roster->by_id[bucket_of(roster, roster->entry[ref - 1].peer.id)];
    while (*at != ref)
        at = &roster->entry[*at - 1].next_by_id;
    *at = roster->entry[ref - 1].next_by_id;
}

/* Freed entries are chained by next_by_id. */
static uint16_t take_entry(lp_roster *roster)
{
    uint16_t ref = roster->free;
    if (ref)
        roster->free = roster->entry[ref - 1].next_by_id;
    else if (roster->used < LP_ROSTER_MAX)
        ref = ++roster->used;
    return ref;
}

bool lp_roster_put(lp_roster *roster, const lp_member_peer *peer)
{
    uint16_t ref = find(roster, peer->id);
    if (ref) {
        unlink_mac(roster, ref);
        roster->entry[ref - 1].peer = *peer;
    } else {
        ref = take_entry(roster);
        if (!ref)
            return false;
        roster->entry[ref - 1].peer = *peer;
        link_id(roster, ref);
    }
    link_mac(roster, ref);
    return true;
}

void lp_roster_remove(lp_roster *roster, lp_peer id)
{
    uint16_t ref = find(roster, id);
    if (!ref)
        return;
    unlink_mac(roster, ref);
    unlink_id(roster, ref);
    roster->entry[ref - 1].peer.id = 0;
    roster->entry[ref - 1].next_by_id = roster->free;
    roster->free = ref;
}

const lp_member_peer *lp_roster_find(const lp_roster *roster, lp_peer id)
{
    uint16_t ref = find(roster, id);
    return ref ? &roster->entry[ref - 1].peer : NULL;
}

const lp_member_peer *lp_roster_find_mac(const lp_roster *roster, lp_mac mac)
{
    uint16_t ref = roster->by_mac[mac_bucket_of(roster, mac)];
    while (ref && !lp_mac_equal(roster->entry[ref - 1].peer.mac, mac))
        ref = roster->entry[ref - 1].next_by_mac;
    return ref ? &roster->entry[ref - 1].peer : NULL;
}

bool lp_roster_next(const lp_roster *roster, size_t *cursor, lp_member_peer *out_peer)
{
    while (*cursor < roster->used) {
        const lp_member_peer *peer = &roster->entry[(*cursor)++].peer;
        if (peer->id != 0) {
            *out_peer = *peer;
            return true;
        }
    }
    return false;
}
