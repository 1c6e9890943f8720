/*
 * A program's life on a libuv loop: signals, the service manager's watchdog, and the
 * two-step end: say goodbye, then leave (a second signal leaves at once).
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include <uv.h>

#include "base/error.h"
#include "base/time.h"

typedef struct lp_life_handler {
    void *state;
    void (*on_stop)(void *state, const char *reason); /* SIGINT, SIGTERM: say goodbye */
    void (*on_reload)(void *state);                   /* SIGHUP; NULL: ignored */
    void (*on_sleep)(void *state); /* the machine is about to sleep; NULL: ignored */
    void (*on_wake)(void *state);  /* it slept; NULL: ignored */
    /* Asked every 20 ms after on_stop: is everything said? Then, or after one second, on_end. */
    bool (*is_done)(void *state);
    void (*on_end)(
        void *state); /* close every handle of yours; the loop then runs dry */
} lp_life_handler;

typedef struct lp_life {
    lp_life_handler handler;
    uv_signal_t on_int, on_term, on_hup;
    uv_timer_t watchdog, ending;
    uv_async_t news;         /* the system told something, on a thread of its own */
    atomic_uint heard;       /* bits of what: 1 << lp_service_event */
    char reason[LP_WHY_MAX]; /* why it stops */
    unsigned polls;          /* of is_done */
    bool is_stopping, has_stopped, has_ended;
} lp_life;

void lp_life_start(lp_life *life, uv_loop_t *loop, const lp_life_handler *handler);

/* As a signal does, for reasons of our own. From anywhere: on_stop comes with the loop's
 * next turn, when nobody stands in the middle of what it ends. */
void lp_life_stop(lp_life *life, const char *reason);
