/*
 * What waits for one connection: datagrams that QUIC's congestion control will not take
 * yet. Here they can be ordered; in a modem's buffer they could not (design section 5).
 *
 * Flow-fair with sparse flows first, as FQ-CoDel has it (RFC 8290): a flow that just
 * began to queue is served before those that have been waiting with a full quantum, so
 * a game's packets overtake a download by themselves. Bounded in octets and in time:
 * when full, the oldest of the fattest flow goes; what waited longer than the limit
 * goes when its turn comes. A flow whose packets have been waiting for long is told to
 * slow down (core/queue_delay.h), by an ECN mark where its sender can take one.
 *
 * Flows are told apart by a hash of the frame's addresses, protocol and ports.
 *
 * Memory: 100 octets until the first put, then 6 KiB for as long as it lives. While it
 * holds more than 4 KiB, chunks of 4 KiB, each for a dozen small datagrams or two full
 * ones: at most 560 KiB with the default limits, given back when it is empty. So an
 * allocation is rare, and a connection that does not queue costs little.
 *
 * Pure: no clock.
 */
#pragma once

#include "base/span.h"
#include "base/time.h"

#define LP_QUEUE_DATAGRAM_MAX 2048 /* header and largest frame, with room to spare */

typedef struct lp_queue lp_queue;

typedef struct lp_queue_limits {
    size_t max_bytes;     /* default 256 KiB */
    size_t max_datagrams; /* default 1024 */
    lp_duration max_wait; /* default 100 ms */
} lp_queue_limits;

lp_queue_limits lp_queue_default_limits(void);

/* NULL when memory runs out. `seed` keeps strangers from steering the hash. */
lp_queue *lp_queue_new(const lp_queue_limits *limits, uint32_t seed);
void lp_queue_free(lp_queue *queue); /* NULL is fine */

/*
 * Copies the datagram (header and frame) in. How many datagrams were dropped to make
 * room, this one perhaps among them: always so when memory runs out, or when it is
 * longer than LP_QUEUE_DATAGRAM_MAX.
 */
size_t lp_queue_put(lp_queue *queue, lp_bytes datagram, lp_time now);

/*
 * The next to send, or an empty view. Valid until the next put or pop. Drops what
 * waited too long on the way: `*out_dropped` is increased by how many.
 */
lp_bytes lp_queue_peek(lp_queue *queue, lp_time now, size_t *out_dropped);
lp_duration lp_queue_waited(const lp_queue *queue,
                            lp_time now); /* what peek gave has */
void lp_queue_pop(lp_queue *queue);       /* what peek gave was sent */

/* What peek gave is of a flow that just began to queue: a thin one, as far as is known. */
bool lp_queue_is_thin(const lp_queue *queue);

bool lp_queue_is_empty(const lp_queue *queue);
size_t lp_queue_bytes(const lp_queue *queue);
size_t lp_queue_count(const lp_queue *queue);
