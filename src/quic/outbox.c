#include "quic/outbox.h"

#include "quic/endpoint.h"

#include <assert.h>
#include <stdlib.h>

enum { CHUNK_MIN = 1024 }; /* control messages are small: several share a chunk */

struct lp_chunk {
    lp_chunk *next;
    size_t len, room;
    uint8_t octet[];
};

void lp_outbox_fini(lp_outbox *box)
{
    while (box->head) {
        lp_chunk *chunk = box->head;
        box->head = chunk->next;
        free(chunk);
    }
    *box = (lp_outbox){0};
}

static lp_chunk *add_chunk(lp_outbox *box, size_t len)
{
    size_t room = len > CHUNK_MIN ? len : CHUNK_MIN;
    lp_chunk *chunk = malloc(sizeof *chunk + room);
    if (!chunk)
        return NULL;
    *chunk = (lp_chunk){.room = room};
    if (box->tail)
        box->tail->next = chunk;
    else
        box->head = chunk;
    return box->tail = chunk;
}

lp_err lp_outbox_put(lp_outbox *box, lp_bytes octets)
{
    if (octets.len == 0)
        return LP_OK;
    if (octets.len > LP_QUIC_STREAM_QUEUE_MAX - box->len)
        return LP_ERR_FULL;
    lp_chunk *chunk = box->tail;
    if (!chunk || chunk->room - chunk->len < octets.len)
        chunk = add_chunk(box, octets.len);
    if (!chunk)
        return LP_ERR_NO_MEMORY;
    if (!box->next) {
        box->next = chunk;
        box->next_at = chunk->len;
    }
    memcpy(chunk->octet + chunk->len, octets.at, octets.len);
    chunk->len += octets.len;
    box->len += octets.len;
    box->unsent += octets.len;
    return LP_OK;
}

size_t lp_outbox_look(const lp_outbox *box, lp_bytes *out_views, size_t max_views)
{
    size_t count = 0, at = box->next_at;
    for (const lp_chunk *chunk = box->next; chunk && count < max_views;
         chunk = chunk->next, at = 0)
        out_views[count++] = lp_bytes_of(chunk->octet + at, chunk->len - at);
    return count;
}

void lp_outbox_on_sent(lp_outbox *box, size_t len)
{
    assert(len <= box->unsent);
    box->unsent -= len;
    while (len) {
        size_t rest = box->next->len - box->next_at;
        if (len < rest) {
            box->next_at += len;
            return;
        }
        len -= rest;
        box->next = box->next->next;
        box->next_at = 0;
    }
}

void lp_outbox_on_acked(lp_outbox *box, size_t len)
{
    assert(len <= box->len - box->unsent);
    box->len -= len;
    box->acked_at += len;
    while (box->head && box->acked_at >= box->head->len) {
        lp_chunk *done = box->head;
        box->acked_at -= done->len;
        box->head = done->next;
        if (!box->head)
            box->tail = NULL;
        free(done);
    }
}
