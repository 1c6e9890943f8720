#include "runtime/mailbox.h"

#include <stdlib.h>

struct lp_mailbox {
    uv_async_t bell;
    void *reader;
    void (*on_read)(void *reader);

    uv_mutex_t lock; /* of all that follows */
    lp_letter *first, **last;
    size_t count;
    bool is_closed;
};

/* All that waits, in order. */
static lp_letter *take_all(lp_mailbox *mailbox)
{
    uv_mutex_lock(&mailbox->lock);
    lp_letter *first = mailbox->first;
    mailbox->first = NULL;
    mailbox->last = &mailbox->first;
    mailbox->count = 0;
    uv_mutex_unlock(&mailbox->lock);
    return first;
}

static void on_bell(uv_async_t *bell)
{
    lp_mailbox *mailbox = bell->data;
    lp_letter *next;
    for (lp_letter *letter = take_all(mailbox); letter; letter = next) {
        next = letter->next;
        letter->read(letter, mailbox->reader);
    }
    mailbox->on_read(mailbox->reader);
}

lp_err lp_mailbox_open(uv_loop_t *loop, void *reader, void (*on_read)(void *reader),
                       lp_mailbox **out_mailbox)
{
    lp_mailbox *mailbox = calloc(1, sizeof *mailbox);
    if (!mailbox)
        return LP_ERR_NO_MEMORY;
    if (uv_mutex_init(&mailbox->lock) != 0) {
        free(mailbox);
        return LP_ERR_NO_MEMORY;
    }
    if (uv_async_init(loop, &mailbox->bell, on_bell) != 0) {
        uv_mutex_destroy(&mailbox->lock);
        free(mailbox);
        return LP_ERR_NO_MEMORY;
    }
    mailbox->bell.data = mailbox;
    mailbox->reader = reader;
    mailbox->on_read = on_read;
    mailbox->last = &mailbox->first;
    *out_mailbox = mailbox;
    return LP_OK;
}

void lp_mailbox_post(lp_mailbox *mailbox, lp_letter *letter)
{
    letter->next = NULL;
    uv_mutex_lock(&mailbox->lock);
    bool is_closed = mailbox->is_closed;
    if (!is_closed) {
        *mailbox->last = letter;
        mailbox->last = &letter->next;
        mailbox->count++;
        uv_async_send(&mailbox->bell); /* under the lock: the bell is not closed yet */
    }
    uv_mutex_unlock(&mailbox->lock);
    if (is_closed)
        letter->burn(letter);
}

bool lp_mailbox_is_crowded(lp_mailbox *mailbox)
{
    uv_mutex_lock(&mailbox->lock);
    bool is_crowded = mailbox->count >= LP_MAILBOX_CROWDED;
    uv_mutex_unlock(&mailbox->lock);
    return is_crowded;
}

void lp_mailbox_close(lp_mailbox *mailbox)
{
    uv_mutex_lock(&mailbox->lock);
    bool was_closed = mailbox->is_closed;
    mailbox->is_closed = true;
    uv_mutex_unlock(&mailbox->lock);
    if (was_closed)
        return;
    uv_close((uv_handle_t *)&mailbox->bell, NULL);
    lp_letter *next;
    for (lp_letter *letter = take_all(mailbox); letter; letter = next) {
        next = letter->next;
        letter->burn(letter);
    }
}

void lp_mailbox_free(lp_mailbox *mailbox)
{
    if (!mailbox)
        return;
    uv_mutex_destroy(&mailbox->lock);
    free(mailbox);
}
