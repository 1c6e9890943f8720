/*
 * A stream's octets on their way out. They stay where they are until the peer has
 * acknowledged them, because the library resends from here.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

typedef struct lp_chunk lp_chunk;

typedef struct lp_outbox {
    lp_chunk *head, *tail;
    lp_chunk *next;  /* holds the first octet not sent yet; NULL: none waits */
    size_t next_at;  /* its place in that chunk */
    size_t acked_at; /* octets of `head` that are acknowledged */
    size_t len;      /* octets not acknowledged */
    size_t unsent;
} lp_outbox; /* zeroed is empty */

void lp_outbox_fini(lp_outbox *box);

/*   LP_ERR_FULL  it would hold more than LP_QUIC_STREAM_QUEUE_MAX; nothing was added */
LP_MUST_USE lp_err lp_outbox_put(lp_outbox *box, lp_bytes octets);

/* Views of what is to be sent next, in order; how many. */
size_t lp_outbox_look(const lp_outbox *box, lp_bytes *out_views, size_t max_views);

void lp_outbox_on_sent(lp_outbox *box, size_t len);
void lp_outbox_on_acked(lp_outbox *box, size_t len); /* frees what is done with */
