/*
 * Answers requests on a local socket (docs/control.md): one line in, one JSON text out.
 * Nobody who asks keeps the loop waiting: slow askers are let go.
 *
 * Asking is lp_answer_ask: the same program with --status.
 */
#pragma once

#include <jansson.h>
#include <uv.h>

#include "base/log.h"
#include "base/time.h"
#include "wire/control.h"

typedef struct lp_answer lp_answer;

/* Does what a request says and makes the answer: a new reference, or NULL when memory ran
 * out. What cannot be read never comes here. */
typedef json_t *(*lp_answer_handler)(void *state, const lp_control *request,
                                     lp_time now);

/* {"ok":true}, and {"error":"...","field":"..."} where `field` is not NULL. */
json_t *lp_answer_ok(void);
json_t *lp_answer_failure(const char *error, const char *field);

LP_MUST_USE lp_err lp_answer_open(uv_loop_t *loop, const char *path,
                                  lp_answer_handler handler, void *state,
                                  lp_answer **out_answer, lp_why *why);
/* Freed once libuv has let go. NULL is fine. */
void lp_answer_close(lp_answer *answer);

/* Asks the program at `path`, "status" or a request of lp_control_write's, and gives its
 * answer; LP_ERR_* with `why`. */
LP_MUST_USE lp_err lp_answer_ask(const char *path, const char *request,
                                 json_t **out_answer, lp_why *why);

/* "--status-socket" or, without it, where the system puts such things. False: nowhere. */
bool lp_answer_path(const char *option, const char *program, char *out, size_t out_len);
