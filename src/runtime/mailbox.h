/*
 * Letters to a libuv loop from other threads. First in, first out; nothing is shared but
 * the letter, which belongs to its reader once it was posted.
 */
#pragma once

#include <stdbool.h>

#include <uv.h>

#include "base/error.h"

/* Embed it first. Exactly one of the two is called, once, and frees the letter. */
typedef struct lp_letter {
    struct lp_letter *next;
    void (*read)(struct lp_letter *letter, void *reader); /* on the reader's thread */
    void (*burn)(struct lp_letter *letter); /* the mailbox is closed: on any thread */
} lp_letter;

typedef struct lp_mailbox lp_mailbox;

/* `on_read` comes when all that was there has been read. */
LP_MUST_USE lp_err lp_mailbox_open(uv_loop_t *loop, void *reader,
                                   void (*on_read)(void *reader),
                                   lp_mailbox **out_mailbox);

/* From any thread, also after lp_mailbox_close. */
void lp_mailbox_post(lp_mailbox *mailbox, lp_letter *letter);

/* So many letters wait that one which may be lost should be. */
#define LP_MAILBOX_CROWDED 4096
bool lp_mailbox_is_crowded(lp_mailbox *mailbox);

/* On the reader's thread: what waits is burnt, and what comes. Twice is fine. */
void lp_mailbox_close(lp_mailbox *mailbox);
/* The loop has run dry, and nobody posts any more. NULL is fine. */
void lp_mailbox_free(lp_mailbox *mailbox);
