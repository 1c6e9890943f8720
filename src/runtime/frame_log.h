/*
 * Frame logs (L-031, G-019, W-027): off by default, because one line per frame is what
 * slows a tunnel down. When off they cost one predictable branch per frame.
 *
 *     --log-frames all       every frame
 *     --log-frames 100       one in a hundred
 *     --log-frames peer:7    every frame of this peer
 */
#pragma once

#include "base/log.h"
#include "core/stats.h"

typedef struct lp_frame_log {
    bool on;
    uint64_t one_in; /* 1: every one */
    uint64_t count;
    lp_peer peer; /* 0: of any */
    const lp_log_sink *log;
} lp_frame_log;

/* LP_ERR_MALFORMED: not one of the three forms. NULL and "off" switch it off. */
LP_MUST_USE lp_err lp_frame_log_read(const char *text, const lp_log_sink *log,
                                     lp_frame_log *out_frame_log);

typedef struct lp_frame_line {
    const char *direction; /* "to_relay", "from_relay", "relay" */
    const char *room;      /* NULL: left out */
    lp_peer peer;          /* who sent it; 0 not known */
    lp_bytes frame;
    lp_reason reason;
    size_t target_count; /* the relay's; else 0 */
} lp_frame_line;

void lp_frame_log_write(lp_frame_log *frame_log, const lp_frame_line *line);

static inline void lp_frame_log_note(lp_frame_log *frame_log, const lp_frame_line *line)
{
    if (frame_log->on)
        lp_frame_log_write(frame_log, line);
}
