#include "core/queue.h"

#include <assert.h>
#include <stdlib.h>

#include "core/queue_delay.h"
#include "core/queue_flow.h"
#include "core/queue_mark.h"

/*
 * Deficit round robin (Shreedhar and Varghese) over two lanes of flows, as RFC 8290 has
 * it: `fresh` ones began to queue a moment ago and go first, `waiting` ones take turns.
 *
 * Datagrams lie in blocks of one size, a long one in a chain of them. Blocks come in
 * chunks. Those that the last bursts needed are kept, so that the next one costs no
 * allocation, but not many, and fewer each time that fewer would have done.
 */
#define FLOW_COUNT 128
#define FLOW_WAYS  8 /* places that a flow may have: two share one when all are taken */
#define BLOCK_LEN  256
#define BLOCK_ROOM (BLOCK_LEN - 2 * sizeof(void *) - sizeof(lp_time) - sizeof(uint16_t))

/* Less than a full frame on purpose: a fat flow needs several turns for each of its
 * packets, so that no thin one waits for two. */
#define QUANTUM 300

/* Less is no standing queue: a packet on its way and one behind it. */
#define STANDING (2 * 1514)

#define BLOCKS_PER_CHUNK 15 /* a page, with the allocator's own words */
#define CHUNKS_KEPT      8  /* by a queue that is empty */

enum { LAST = FLOW_COUNT, UNLISTED, NOBODY }; /* where a flow's index would be */

typedef struct block {
    struct block *next; /* first block: the flow's next datagram, round from the newest
                         * to the oldest. Spare: the next spare one */
    struct block *more; /* the rest of this datagram */
    lp_time arrived;
    uint16_t len; /* of the whole datagram, in its first block */
    uint8_t octets[BLOCK_ROOM];
} block;

_Static_assert(sizeof(block) == BLOCK_LEN, "a block has no padding");

typedef struct chunk {
    struct chunk *next;
    block blocks[BLOCKS_PER_CHUNK];
} chunk;

typedef struct queue_flow {
    block *newest; /* NULL: nothing queued; newest->next is the oldest */
    lp_queue_delay delay;
    uint32_t bytes : 31;
    uint32_t is_spent : 1; /* had its share of this round */
    int16_t deficit;
    uint16_t next; /* in its lane, or LAST, or UNLISTED */
    uint16_t tag;  /* of whose flow it is, while listed */
} queue_flow;

typedef struct queue_lane {
    uint16_t first, last;
} queue_lane;

/* What only a queue that was used has. */
typedef struct queue_table {
    queue_flow flows[FLOW_COUNT];
    uint8_t whole[LP_QUEUE_DATAGRAM_MAX]; /* peek puts chains together here */
} queue_table;

struct lp_queue {
    lp_queue_limits limits;
    uint32_t seed;
    uint16_t turn; /* whose datagram peek gave */
    queue_lane fresh, waiting;
    size_t bytes;
    size_t count;
    queue_table *table;
    uint32_t put_hash; /* of the last datagram's flow, and where that is */
    uint16_t put_at;
    uint16_t chunk_count;
    chunk *chunks;
    block *spare;
    size_t spare_count;
    size_t spare_low; /* the fewest since the queue was empty */
};

lp_queue_limits lp_queue_default_limits(void)
{
    return (lp_queue_limits){256 * 1024, 1024, LP_MS(100)};
}

lp_queue *lp_queue_new(const lp_queue_limits *limits, uint32_t seed)
{
    lp_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return NULL;
    queue->limits = *limits;
    queue->seed = seed;
    queue->turn = NOBODY;
    queue->fresh = queue->waiting = (queue_lane){LAST, LAST};
    return queue;
}

static void free_chunks(lp_queue *queue, size_t count)
{
    queue->chunk_count = (uint16_t)(queue->chunk_count - count);
    while (count-- > 0) {
        chunk *next = queue->chunks->next;
        free(queue->chunks);
        queue->chunks = next;
    }
}

void lp_queue_free(lp_queue *queue)
{
    if (!queue)
        return;
    free_chunks(queue, queue->chunk_count);
    free(queue->table);
    free(queue);
}

/* --- blocks ----------------------------------------------------------------------- */

static void give_back(lp_queue *queue, block *blk)
{
    while (blk) {
        block *more = blk->more;
        blk->next = queue->spare;
        queue->spare = blk;
        queue->spare_count++;
        blk = more;
    }
}

static block *take_spare(lp_queue *queue)
{
    block *blk = queue->spare;
    queue->spare = blk->next;
    queue->spare_count--;
    if (queue->spare_count < queue->spare_low)
        queue->spare_low = queue->spare_count;
    return blk;
}

static void add_blocks(lp_queue *queue, chunk *from)
{
    for (size_t i = 0; i < BLOCKS_PER_CHUNK; i++) {
        from->blocks[i].more = NULL;
        give_back(queue, &from->blocks[i]);
    }
}

/* The queue is empty, so every block is spare. */
static void keep_few_chunks(lp_queue *queue)
{
    size_t count = queue->chunk_count, go = 0;
    if (count > CHUNKS_KEPT)
        go = count - CHUNKS_KEPT;
    else if (count > 1 && queue->spare_low >= BLOCKS_PER_CHUNK)
        go = 1; /* one was not needed, even at the busiest moment */
    if (go > 0) {
        free_chunks(queue, go);
        queue->spare = NULL;
        queue->spare_count = 0;
        for (chunk *left = queue->chunks; left; left = left->next)
            add_blocks(queue, left);
    }
    queue->spare_low = queue->spare_count;
}

static bool have_table(lp_queue *queue)
{
    if (queue->table)
        return true;
    queue->table = calloc(1, sizeof *queue->table);
    if (!queue->table)
        return false;
    for (size_t i = 0; i < FLOW_COUNT; i++)
        queue->table->flows[i].next = UNLISTED;
    return true;
}

static bool have_spare(lp_queue *queue, size_t count)
{
    while (queue->spare_count < count) {
        chunk *more = malloc(sizeof *more);
        if (!more)
            return false;
        more->next = queue->chunks;
        queue->chunks = more;
        queue->chunk_count++;
        add_blocks(queue, more);
    }
    return true;
}

/* Into as many blocks as it needs; the first, or NULL when memory runs out. */
static block *store(lp_queue *queue, lp_bytes datagram, lp_time now)
{
    if (!have_spare(queue, (datagram.len + BLOCK_ROOM - 1) / BLOCK_ROOM))
        return NULL;
    block *first = NULL, **end = &first;
    for (lp_bytes rest = datagram; rest.len > 0;) {
        block *blk = take_spare(queue);
        size_t part = rest.len < BLOCK_ROOM ? rest.len : BLOCK_ROOM;
        memcpy(blk->octets, rest.at, part);
        rest = lp_bytes_after(rest, part);
        *end = blk;
        end = &blk->more;
    }
    *end = NULL;
    first->len = (uint16_t)datagram.len;
    first->arrived = now;
    return first;
}

/* The datagram in one piece. */
static lp_bytes view(queue_table *table, const block *first)
{
    if (!first->more)
        return lp_bytes_of(first->octets, first->len);
    size_t at = 0;
    for (const block *blk = first; blk; blk = blk->more) {
        size_t left = first->len - at;
        size_t part = left < BLOCK_ROOM ? left : BLOCK_ROOM;
        memcpy(table->whole + at, blk->octets, part);
        at += part;
    }
    return lp_bytes_of(table->whole, first->len);
}

/* --- lanes ------------------------------------------------------------------------ */

static void enlist(lp_queue *queue, queue_lane *lane, uint16_t index)
{
    queue_flow *flows = queue->table->flows;
    flows[index].next = LAST;
    if (lane->first == LAST)
        lane->first = index;
    else
        flows[lane->last].next = index;
    lane->last = index;
}

static uint16_t unlist_first(lp_queue *queue, queue_lane *lane)
{
    queue_flow *flows = queue->table->flows;
    uint16_t index = lane->first;
    lane->first = flows[index].next;
    flows[index].next = UNLISTED;
    return index;
}

static bool is_listed(const lp_queue *queue, const queue_lane *lane, uint16_t index)
{
    uint16_t at = lane->first;
    while (at != LAST && at != index)
        at = queue->table->flows[at].next;
    return at == index;
}

static void unlist(lp_queue *queue, queue_lane *lane, uint16_t index)
{
    queue_flow *flows = queue->table->flows;
    uint16_t before = LAST;
    for (uint16_t at = lane->first; at != index; at = flows[at].next)
        before = at;
    if (before == LAST)
        lane->first = flows[index].next;
    else
        flows[before].next = flows[index].next;
    if (lane->last == index)
        lane->last = before;
    flows[index].next = UNLISTED;
}

/* --- flows ------------------------------------------------------------------------ */

static block *oldest(const queue_flow *flow)
{
    return flow->newest->next;
}

static void append(lp_queue *queue, queue_flow *flow, block *blk)
{
    blk->next = flow->newest ? oldest(flow) : blk;
    if (flow->newest)
        flow->newest->next = blk;
    flow->newest = blk;
    flow->bytes += blk->len;
    queue->bytes += blk->len;
    queue->count++;
}

/* Nothing waits: there is nobody to be fair to, and no reason to hold much memory. */
static void start_over(lp_queue *queue)
{
    while (queue->fresh.first != LAST)
        unlist_first(queue, &queue->fresh);
    while (queue->waiting.first != LAST)
        unlist_first(queue, &queue->waiting);
    keep_few_chunks(queue);
}

static void remove_oldest(lp_queue *queue, queue_flow *flow)
{
    block *blk = oldest(flow);
    if (blk == flow->newest) {
        flow->newest = NULL;
        flow->delay = (lp_queue_delay){0};
    } else {
        flow->newest->next = blk->next;
    }
    flow->bytes -= blk->len;
    queue->bytes -= blk->len;
    queue->count--;
    give_back(queue, blk);
    if (queue->count == 0)
        start_over(queue);
}

static queue_flow *fattest(queue_table *table)
{
    queue_flow *fat = &table->flows[0];
    for (queue_flow *other = fat + 1; other < table->flows + FLOW_COUNT; other++)
        if (other->bytes > fat->bytes)
            fat = other;
    return fat;
}

static size_t make_room(lp_queue *queue)
{
    size_t dropped = 0;
    while (queue->bytes > queue->limits.max_bytes ||
           queue->count > queue->limits.max_datagrams) {
        remove_oldest(queue, fattest(queue->table));
        dropped++;
    }
    return dropped;
}

/* Where the flow is, or may be. Were it one place for each, a game would share a
 * download's in one of sixty parties. */
static uint16_t find_place(const queue_flow *flows, uint32_t hash)
{
    uint16_t first = (uint16_t)(hash % (FLOW_COUNT / FLOW_WAYS) * FLOW_WAYS);
    uint16_t place = (uint16_t)(first + hash / FLOW_COUNT % FLOW_WAYS);
    for (uint16_t at = first; at < first + FLOW_WAYS; at++) {
        if (flows[at].next == UNLISTED)
            place = at;
        else if (flows[at].tag == hash >> 16)
            return at;
    }
    return place;
}

/* Datagrams of one flow often follow each other, and where nothing waits all places are
 * free: then nothing need be looked for. */
static uint16_t place_of(lp_queue *queue, uint32_t hash)
{
    const queue_flow *flows = queue->table->flows;
    bool is_where_it_was = queue->put_hash == hash &&
                           (queue->count == 0 || flows[queue->put_at].next != UNLISTED);
    if (!is_where_it_was)
        queue->put_at = find_place(flows, hash);
    queue->put_hash = hash;
    return queue->put_at;
}

size_t lp_queue_put(lp_queue *queue, lp_bytes datagram, lp_time now)
{
    queue->turn = NOBODY;
    if (datagram.len == 0 || datagram.len > LP_QUEUE_DATAGRAM_MAX ||
        datagram.len > queue->limits.max_bytes || !have_table(queue))
        return 1;
    block *blk = store(queue, datagram, now);
    if (!blk)
        return 1;
    uint32_t hash = lp_queue_flow_hash(datagram, queue->seed);
    uint16_t index = place_of(queue, hash);
    queue_flow *flow = &queue->table->flows[index];
    bool was_empty = !flow->newest;
    append(queue, flow, blk);
    if (flow->next == UNLISTED) {
        flow->deficit = QUANTUM;
        flow->is_spent = false;
        flow->tag = (uint16_t)(hash >> 16);
        enlist(queue, &queue->fresh, index);
    } else if (was_empty && !flow->is_spent &&
               !is_listed(queue, &queue->fresh, index)) {
        unlist(queue, &queue->waiting, index);
        enlist(queue, &queue->fresh, index);
    }
    return make_room(queue);
}

/* --- turns ------------------------------------------------------------------------ */

static bool is_stale(const lp_queue *queue, const block *blk, lp_time now)
{
    return now > lp_time_after(blk->arrived, queue->limits.max_wait);
}

static size_t drop_stale(lp_queue *queue, queue_flow *flow, lp_time now)
{
    size_t dropped = 0;
    while (flow->newest && is_stale(queue, oldest(flow), now)) {
        remove_oldest(queue, flow);
        dropped++;
    }
    return dropped;
}

/* A mark serves as well as a loss, where the sender can take one. */
static bool tell_sender(block *blk)
{
    size_t head = blk->len < BLOCK_ROOM ? blk->len : BLOCK_ROOM;
    return lp_queue_mark(lp_space_of(blk->octets, head));
}

static size_t slow_down(lp_queue *queue, queue_flow *flow, lp_time now)
{
    size_t dropped = 0;
    while (flow->bytes > STANDING &&
           lp_queue_delay_tells(&flow->delay, now - oldest(flow)->arrived, now) &&
           !tell_sender(oldest(flow))) {
        remove_oldest(queue, flow);
        dropped++;
    }
    return dropped;
}

/* The head of the lane has had its share, or has nothing: on to the next. */
static void pass_turn(lp_queue *queue, queue_lane *lane)
{
    bool was_fresh = lane == &queue->fresh;
    uint16_t index = unlist_first(queue, lane);
    queue_flow *flow = &queue->table->flows[index];
    /* Debts are paid before it leaves, and a fresh flow waits one round before it may:
     * else one that never queues more than a packet would be fresh again each time. */
    flow->is_spent = flow->deficit <= 0;
    if (flow->is_spent)
        flow->deficit += QUANTUM;
    else if (!was_fresh || queue->waiting.first == LAST)
        return;
    enlist(queue, &queue->waiting, index);
}

lp_bytes lp_queue_peek(lp_queue *queue, lp_time now, size_t *out_dropped)
{
    while (queue->count > 0) {
        queue_lane *lane = queue->fresh.first != LAST ? &queue->fresh : &queue->waiting;
        queue_flow *flow = &queue->table->flows[lane->first];
        if (flow->deficit <= 0) {
            pass_turn(queue, lane);
            continue;
        }
        *out_dropped += drop_stale(queue, flow, now);
        *out_dropped += slow_down(queue, flow, now);
        if (queue->count == 0)
            break;
        if (!flow->newest) {
            pass_turn(queue, lane);
            continue;
        }
        queue->turn = lane->first;
        return view(queue->table, oldest(flow));
    }
    return (lp_bytes){0};
}

lp_duration lp_queue_waited(const lp_queue *queue, lp_time now)
{
    assert(queue->turn != NOBODY);
    return lp_time_until(oldest(&queue->table->flows[queue->turn])->arrived, now);
}

void lp_queue_pop(lp_queue *queue)
{
    assert(queue->turn != NOBODY); /* only what peek gave can be popped */
    queue_flow *flow = &queue->table->flows[queue->turn];
    queue->turn = NOBODY;
    flow->deficit = (int16_t)(flow->deficit - oldest(flow)->len);
    remove_oldest(queue, flow);
}

bool lp_queue_is_thin(const lp_queue *queue)
{
    return queue->turn != NOBODY && queue->turn == queue->fresh.first;
}

bool lp_queue_is_empty(const lp_queue *queue)
{
    return queue->count == 0;
}

size_t lp_queue_bytes(const lp_queue *queue)
{
    return queue->bytes;
}

size_t lp_queue_count(const lp_queue *queue)
{
    return queue->count;
}
