/*
 * How long to leave a source of frames alone, after looking: what network cards call
 * interrupt moderation. A wake-up costs as much as a dozen frames, so a source that brings
 * many thousands of small frames a second is looked at a few at a time. They travel in one
 * packet then, which saves as much again in the relay and at the receiver.
 *
 * What a person waits for is never delayed: pings, voice, games, whole bursts of them; nor
 * a ping beside the acknowledgements of a download over 100 Mbit/s, 4000 a second.
 * That is decided by how often the source wakes us, over LP_MODERATION_WINDOW. Nor are
 * large frames: bulk fills its packets by itself.
 *
 * Pure: time is an argument.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

#define LP_MODERATION_WINDOW LP_MS(20)
/* The source wakes us this often, or it is left in peace; three quarters end the pauses. */
#define LP_MODERATION_WAKE_UPS 6000 /* per second */
#define LP_MODERATION_SMALL    400  /* octets of a frame, on average over the window */
#define LP_MODERATION_GATHER   16   /* frames that a pause should bring */
/* At most; what goes beside such a source waits half of it. */
#define LP_MODERATION_PAUSE LP_MS(1)

typedef struct lp_moderation {
    lp_time since; /* the window's first look */
    size_t looks, frames, octets;
    lp_duration pause;
} lp_moderation; /* zeroed is new */

/*
 * The source was looked at and gave `frames` (0 is fine) of `octets` together. For so long
 * it may be left alone now; 0: wait for it as ever.
 */
lp_duration lp_moderation_on_look(lp_moderation *moderation, size_t frames,
                                  size_t octets, lp_time now);
