/* A libuv loop that is turned until something is true, and timers that do not wait. */
#pragma once

#include "test.h"

#include <uv.h>

/* Only a broken program waits for all of it. */
#define LOOP_GIVE_UP_MS 30000

static uv_loop_t loop;
static uv_timer_t loop_patience;

static inline void open_loop(void)
{
    CHECK_EQ(uv_loop_init(&loop), 0);
    uv_timer_init(&loop, &loop_patience);
    uv_unref((uv_handle_t *)&loop_patience);
}

/* Everything was closed by those who opened it: the loop runs dry. */
static inline void close_loop(void)
{
    uv_close((uv_handle_t *)&loop_patience, NULL);
    CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
    CHECK_EQ(uv_loop_close(&loop), 0);
}

static void lose_patience(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* False: it did not come true. */
static inline bool turn_until(bool (*is_so)(void *state), void *state)
{
    bool gave_up = false;
    loop_patience.data = &gave_up;
    uv_timer_start(&loop_patience, lose_patience, LOOP_GIVE_UP_MS, 0);
    while (!is_so(state) && !gave_up)
        uv_run(&loop, UV_RUN_ONCE);
    uv_timer_stop(&loop_patience);
    return !gave_up;
}

static void hurry(uv_handle_t *handle, void *state)
{
    uv_timer_t *timer = (uv_timer_t *)handle;
    if (uv_handle_get_type(handle) != UV_TIMER || !uv_is_active(handle) ||
        timer == &loop_patience)
        return;
    uv_timer_set_repeat(timer, 1);
    uv_timer_again(timer);
}

/* What would go off in seconds goes off in the next turn, and in every one after it. */
static inline void hurry_timers(void)
{
    uv_walk(&loop, hurry, NULL);
}
