/*
 * What the two ends of a connection tell each other about the ways between them
 * (docs/protocol.md, "Stamps"). A DATAGRAM of its own that is never forwarded:
 *
 *   version:4 type:4   1   version 1, type 4
 *   flags              1   bit 0 transit is given, bit 1 answers are wanted soon
 *   sent               4   the sender's clock: us since whenever, modulo 2^32
 *   transit            4   of the last stamp that the sender heard: its own clock then,
 *                          less that stamp's `sent`, modulo 2^32; 0 where not given
 *
 * The clocks differ by nobody knows what, so a transit says nothing; how it changes does.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/span.h"

#define LP_STAMP_LEN 10

typedef struct lp_stamp {
    uint32_t sent, transit;
    bool has_transit;
    bool wants_answers;
} lp_stamp;

/* LP_ERR_MALFORMED: anything else, reserved flags and a transit that is not given too. */
LP_MUST_USE lp_err lp_stamp_read(lp_bytes bytes, lp_stamp *out_stamp);

void lp_stamp_write(const lp_stamp *stamp, uint8_t out[LP_STAMP_LEN]);
