/*
 * When to look again at a source of frames that is busy: what network cards call
 * interrupt moderation. Waking up costs more than carrying a small frame, so thousands of
 * frames a second that come one by one are better fetched some at a time; they leave in
 * fewer packets then, which the relay and the receiver save on again.
 *
 * Who sends less than LP_MODERATION_BUSY frames in a window (4000 a second: games, voice,
 * pings) never waits. Neither does a source that gives many frames at once: there is
 * nothing more to gain. All others wait LP_MODERATION_REST at most.
 *
 * Pure; a plain value.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

#define LP_MODERATION_WINDOW LP_MS(16)
#define LP_MODERATION_BUSY   64 /* frames in a window */
#define LP_MODERATION_PLENTY 16 /* frames at once */
#define LP_MODERATION_REST   LP_US(300)

typedef struct lp_moderation {
    lp_time window_end;
    size_t frames; /* in this window */
    bool is_busy;  /* in the window before */
} lp_moderation;

/*
 * A look at the source found `count` frames, which are on their way now. How long not to
 * look again: 0 or LP_MODERATION_REST. A zeroed lp_moderation has seen nothing yet.
 */
lp_duration lp_moderation_on_look(lp_moderation *moderation, size_t count, lp_time now);
