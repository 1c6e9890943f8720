/*
 * Turns what a kernel hands over as one frame into frames that a wire could have
 * brought: super-frames cut, partial checksums finished. The same for the party's wire
 * and for the player's adapter.
 *
 * Pure: no allocation; nothing is copied but segments.
 */
#pragma once

#include "base/offload.h"
#include "core/stats.h"

typedef struct lp_intake {
    lp_space frame;
    lp_space room;
    lp_offload offload;
    size_t next, count;
} lp_intake;

/*
 * `frame` holds what was captured, `room` is where its segments are written, one after
 * the other; both are borrowed until the last lp_intake_next. Counts what it does, but
 * not the reason why a frame is of no use: that is the caller's.
 */
lp_reason lp_intake_start(lp_intake *intake, lp_space frame, const lp_offload *offload,
                          lp_space room, lp_stats *stats);

/* The next whole frame: the captured one in its place, or a segment in the room. */
bool lp_intake_next(lp_intake *intake, lp_space *out_frame);
