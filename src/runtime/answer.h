/*
 * Answers status questions on a local socket: one request line in, one JSON text out.
 *
 *     status      the program's whole state, as its `describe` makes it
 *
 * Asking is lp_answer_ask: the same program with --status.
 */
#pragma once

#include <jansson.h>
#include <uv.h>

#include "base/log.h"
#include "base/time.h"

typedef struct lp_answer lp_answer;

/* Makes the state as JSON; a new reference, or NULL when memory ran out. */
typedef json_t *(*lp_answer_describe)(void *state, lp_time now);

LP_MUST_USE lp_err lp_answer_open(uv_loop_t *loop, const char *path,
                                  lp_answer_describe describe, void *state,
                                  lp_answer **out_answer, lp_why *why);
/* Freed once libuv has let go. NULL is fine. */
void lp_answer_close(lp_answer *answer);

/* Asks the program at `path` and gives its state; LP_ERR_* with `why`. */
LP_MUST_USE lp_err lp_answer_ask(const char *path, json_t **out_state, lp_why *why);

/* "--status-socket" or, without it, where the system puts such things. False: nowhere. */
bool lp_answer_path(const char *option, const char *program, char *out, size_t out_len);
