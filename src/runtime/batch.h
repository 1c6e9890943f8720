/*
 * Packets on their way out, gathered into trains: neighbours that go to the same place
 * and have the same length leave in one system call and one trip through the kernel.
 */
#pragma once

#include "os/udp.h"
#include "quic/endpoint.h"

#define LP_BATCH_BYTES  (256 * 1024)
#define LP_BATCH_TRAINS 64

typedef struct lp_batch {
    uint8_t *bytes; /* LP_BATCH_BYTES */
    size_t used;
    lp_udp_train trains[LP_BATCH_TRAINS];
    size_t train_count;
    size_t sent; /* trains that are gone already */
    size_t packet_count;
} lp_batch;

LP_MUST_USE lp_err lp_batch_init(lp_batch *batch);
void lp_batch_fini(lp_batch *batch); /* a zeroed batch is fine */

/* Is there room for one more packet? If not: flush. */
bool lp_batch_has_room(const lp_batch *batch);

/* Where the next packet is to be written: LP_UDP_PAYLOAD_MAX octets and more. Always the
 * same place until lp_batch_add. */
lp_space lp_batch_space(lp_batch *batch);

/* Takes a packet whose payload stands at the beginning of lp_batch_space. */
void lp_batch_add(lp_batch *batch, const lp_udp_packet *packet);

/* LP_ERR_WOULD_BLOCK: some trains remain; flush again when the socket is writable. Until
 * then the batch may be full. */
LP_MUST_USE lp_err lp_batch_flush(lp_batch *batch, lp_udp *udp);

static inline bool lp_batch_is_empty(const lp_batch *batch)
{
    return batch->train_count == 0;
}
