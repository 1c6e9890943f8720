/*
 * The workers of one relay. Each has a loop of its own on a thread of its own, but for
 * the first, which is on the caller's loop: a relay with one worker has no threads.
 *
 * The functions here are for the caller's thread. Those that ask a worker something wait
 * until it has answered, in the next turn of its loop.
 */
#pragma once

#include <jansson.h>

#include "runtime/relay_worker.h"

typedef struct lp_relay_crew lp_relay_crew;

/*
 * Opens a socket for each worker on one port, and has the system steer packets. The rest of
 * `config` is for each of them; its limits are for all together. worker, workers, mail and
 * what is shared are set here. What it leaves half open when it fails is in *out_crew,
 * for close and free.
 */
LP_MUST_USE lp_err lp_relay_crew_open(uv_loop_t *loop,
                                      const lp_relay_worker_config *config,
                                      unsigned workers, lp_relay_crew **out_crew,
                                      lp_why *why);

/* Starts the threads: once privileges are given up, so that they never had any.
 *   LP_ERR_NO_MEMORY  some run; leave, and close */
LP_MUST_USE lp_err lp_relay_crew_start(lp_relay_crew *crew, lp_why *why);

/* A worker's loop, for who runs it himself instead: bench/ gives each its turns. */
uv_loop_t *lp_relay_crew_loop(const lp_relay_crew *crew, unsigned worker);

/* Says goodbye to everyone; then close a moment later. */
void lp_relay_crew_leave(lp_relay_crew *crew, const char *reason, lp_time now);
bool lp_relay_crew_is_over(lp_relay_crew *crew);

/* Threads end; handles on the caller's loop begin to close. NULL is fine. */
void lp_relay_crew_close(lp_relay_crew *crew);
void lp_relay_crew_free(lp_relay_crew *crew); /* when that loop ran dry; NULL is fine */

size_t lp_relay_crew_members(lp_relay_crew *crew);
lp_addr lp_relay_crew_local(const lp_relay_crew *crew);

/* As lp_relay_worker_describe, of all together; and "workers": [{...}, ...] in a few
 * numbers each. NULL when memory ran out. */
json_t *lp_relay_crew_describe(lp_relay_crew *crew, lp_time now);
