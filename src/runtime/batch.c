#include "runtime/batch.h"

#include <stdlib.h>

lp_err lp_batch_init(lp_batch *batch)
{
    *batch = (lp_batch){.bytes = malloc(LP_BATCH_BYTES)};
    return batch->bytes ? LP_OK : LP_ERR_NO_MEMORY;
}

void lp_batch_fini(lp_batch *batch)
{
    free(batch->bytes);
    *batch = (lp_batch){0};
}

bool lp_batch_has_room(const lp_batch *batch)
{
    return batch->train_count < LP_BATCH_TRAINS &&
           LP_BATCH_BYTES - batch->used >= LP_UDP_PAYLOAD_MAX;
}

lp_space lp_batch_space(lp_batch *batch)
{
    return lp_space_of(batch->bytes + batch->used, LP_BATCH_BYTES - batch->used);
}

/* A train ends with its first shorter packet: the receiver's kernel could not cut it
 * apart otherwise (udp(7), UDP_SEGMENT). */
static bool joins(const lp_udp_train *train, const lp_udp_packet *packet)
{
    size_t len = packet->payload.len;
    return len <= train->segment_len && train->payloads.len % train->segment_len == 0 &&
           train->payloads.len + len <= LP_UDP_TRAIN_BYTES &&
           train->payloads.len / train->segment_len < LP_UDP_TRAIN_SEGMENTS &&
           train->ecn == packet->ecn &&
           lp_addr_equal(&train->remote, &packet->remote) &&
           lp_addr_equal(&train->local, &packet->local);
}

void lp_batch_add(lp_batch *batch, const lp_udp_packet *packet)
{
    lp_udp_train *last = batch->train_count > batch->sent
                             ? &batch->trains[batch->train_count - 1]
                             : NULL;
    uint8_t *at = batch->bytes + batch->used;
    batch->used += packet->payload.len;
    batch->packet_count++;
    if (last && joins(last, packet)) {
        last->payloads.len += packet->payload.len;
        return;
    }
    batch->trains[batch->train_count++] = (lp_udp_train){
        .local = packet->local,
        .remote = packet->remote,
        .ecn = packet->ecn,
        .payloads = lp_bytes_of(at, packet->payload.len),
        .segment_len = packet->payload.len,
    };
}

lp_err lp_batch_flush(lp_batch *batch, lp_udp *udp)
{
    while (batch->sent < batch->train_count) {
        size_t sent = 0;
        lp_err err = lp_udp_send(udp, batch->trains + batch->sent,
                                 batch->train_count - batch->sent, &sent);
        batch->sent += sent;
        if (err)
            return err;
    }
    batch->used = batch->train_count = batch->sent = batch->packet_count = 0;
    return LP_OK;
}
