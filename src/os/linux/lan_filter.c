#include "os/linux/lan_filter.h"

#include "os/lan.h"

#include <assert.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <stdlib.h>

/*
 * An address is looked up in two steps, because BPF compares 32 bits: first its last
 * four octets, in the accumulator, then its first two, kept in X meanwhile. Each step
 * is a binary search, unrolled: 256 members cost eight comparisons, not 256.
 */
typedef struct key {
    uint32_t low;  /* octets 2 to 5 */
    uint16_t high; /* octets 0 and 1 */
} key;

typedef struct generator {
    struct sock_filter *out;
    size_t len;
    struct sock_filter hit, miss; /* what to do when the search ends */
} generator;

static const struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
static const struct sock_filter accept = BPF_STMT(BPF_RET | BPF_K, UINT32_MAX);

/* A jump whose target is not known yet. */
#define TO_BE_SET UINT32_MAX
static const struct sock_filter go_on = BPF_STMT(BPF_JMP | BPF_JA, TO_BE_SET);

static size_t put(generator *gen, struct sock_filter instruction)
{
    assert(gen->len < LP_LAN_FILTER_MAX_LEN);
    gen->out[gen->len] = instruction;
    return gen->len++;
}

static size_t put_branch(generator *gen, uint16_t test, uint32_t k, uint8_t yes,
                         uint8_t no)
{
    return put(gen, (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, k, yes, no));
}

/* Conditional jumps reach 255 instructions; a plain one reaches all. */
static void land_here(generator *gen, size_t jump)
{
    gen->out[jump].k = (uint32_t)(gen->len - jump - 1);
}

/* --- the search ------------------------------------------------------------------- */

/* The accumulator holds the high part; these keys share their low part. */
static void search_high(generator *gen, const key *keys, size_t count)
{
    if (count == 1) {
        put_branch(gen, BPF_JEQ, keys->high, 0, 1);
        put(gen, gen->hit);
        put(gen, gen->miss);
        return;
    }
    size_t half = count / 2;
    put_branch(gen, BPF_JGE, keys[half].high, 0, 1);
    size_t right = put(gen, go_on);
    search_high(gen, keys, half);
    land_here(gen, right);
    search_high(gen, keys + half, count - half);
}

/* Where to split, so that equal low parts stay together; 0 where all are equal. */
static size_t split_low(const key *keys, size_t count)
{
    size_t half = count / 2;
    for (size_t i = half; i < count; i++)
        if (keys[i].low != keys[half - 1].low)
            return i;
    for (size_t i = half - 1; i > 0; i--)
        if (keys[i].low != keys[i - 1].low)
            return i;
    return 0;
}

static void search_low(generator *gen, const key *keys, size_t count)
{
    size_t split = count > 1 ? split_low(keys, count) : 0;
    if (split == 0) {
        /* A lone key shares the miss that search_high ends with. */
        put_branch(gen, BPF_JEQ, keys->low, count > 1, count > 1 ? 0 : 3);
        if (count > 1)
            put(gen, gen->miss);
        put(gen, (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TXA, 0));
        search_high(gen, keys, count);
        return;
    }
    put_branch(gen, BPF_JGE, keys[split].low, 0, 1);
    size_t right = put(gen, go_on);
    search_low(gen, keys, split);
    land_here(gen, right);
    search_low(gen, keys + split, count - split);
}

/* Looks for the address at `offset` of the frame among the keys. */
static void search(generator *gen, uint32_t offset, const key *keys, size_t count,
                   struct sock_filter hit, struct sock_filter miss)
{
    gen->hit = hit;
    gen->miss = miss;
    if (count == 0) {
        put(gen, miss);
        return;
    }
    put(gen, (struct sock_filter)BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offset));
    put(gen, (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0));
    put(gen, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset + 2));
    search_low(gen, keys, count);
}

/* --- the program ------------------------------------------------------------------ */

static int compare(const void *one, const void *other)
{
    const key *a = one, *b = other;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return (a->high > b->high) - (a->high < b->high);
}

static size_t sort_keys(const lp_mac *members, size_t count, key *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *octet = members[i].octet;
        out[i].high = (uint16_t)(octet[0] << 8 | octet[1]);
        out[i].low = (uint32_t)octet[2] << 24 | (uint32_t)octet[3] << 16 |
                     (uint32_t)octet[4] << 8 | octet[5];
    }
    qsort(out, count, sizeof *out, compare);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare(&out[i], &out[kept - 1]) != 0)
            out[kept++] = out[i];
    return kept;
}

size_t lp_lan_filter_write(const lp_mac *members, size_t count, struct sock_filter *out)
{
    key keys[LP_LAN_MAX_MEMBERS];
    generator gen = {.out = out};
    assert(count <= LP_LAN_MAX_MEMBERS);
    count = sort_keys(members, count, keys);

    put(&gen, (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0));
    put_branch(&gen, BPF_JSET, 1, 0, 1); /* the group bit: for everyone, or for many */
    size_t first = put(&gen, go_on);
    search(&gen, 0, keys, count, go_on, drop);
    for (size_t i = first; i < gen.len; i++)
        if (out[i].code == (BPF_JMP | BPF_JA) && out[i].k == TO_BE_SET)
            land_here(&gen, i);
    search(&gen, ETH_ALEN, keys, count, drop, accept);
    return gen.len;
}

size_t lp_lan_filter_write_open(struct sock_filter *out)
{
    generator gen = {.out = out};
    put(&gen, (struct sock_filter)BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ETH_HLEN - 1));
    put(&gen, accept);
    return gen.len;
}
