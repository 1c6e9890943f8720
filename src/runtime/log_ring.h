/*
 * The last lines of a log, kept for whoever asks what happened (docs/control.md, `log`),
 * and secrets taken out of lines before anybody keeps them.
 *
 * Lines may come from several threads.
 */
#pragma once

#include <jansson.h>

#include "base/log.h"
#include "wire/message.h"

#define LP_LOG_RING_LINES  2000
#define LP_LOG_SECRETS_MAX 8
#define LP_LOG_HIDDEN      "(room)"               /* what stands where a code stood */
#define LP_LOG_KEPT_MAX    (LP_LOG_LINE_MAX + 64) /* with its time and level */

/* Room codes that no kept line may show; the oldest give way. */
typedef struct lp_log_secrets {
    lp_room_code code[LP_LOG_SECRETS_MAX];
    size_t next;
} lp_log_secrets;

void lp_log_secrets_add(lp_log_secrets *secrets, const char *code);
/* The line without them, wherever they stand as a word of their own. Returns `out`. */
char *lp_log_secrets_hide(const lp_log_secrets *secrets, const char *line, char *out,
                          size_t out_len);

typedef struct lp_log_ring lp_log_ring;

lp_log_ring *lp_log_ring_new(void); /* NULL when memory runs out */
void lp_log_ring_free(lp_log_ring *ring);

void lp_log_ring_put(lp_log_ring *ring, const char *line);

/* {"lines":[{"n":N,"text":"..."}, ...],"last":N}: those after line `after` that are still
 * held. Numbers begin at 1. NULL when memory runs out. */
json_t *lp_log_ring_after(lp_log_ring *ring, uint32_t after);
