/*
 * Finishes what a network card would have: partial checksums, and super-frames that GRO
 * or TSO left whole. Linux hands both to packet sockets with a virtio-net header.
 *
 * Pure. Wrong checksums or reordered segments are worse than slow: everything here is
 * tested against golden captures, differentially, and fuzzed.
 */
#pragma once

#include "base/error.h"
#include "base/offload.h"
#include "base/span.h"

/* Completes a partial checksum in place. LP_ERR_MALFORMED: it is outside the frame. */
LP_MUST_USE lp_err lp_offload_checksum(lp_space frame, const lp_offload *offload);

/*
 * How many frames `frame` becomes (1 when gso is NONE).
 *   0: its headers contradict the offload, or it would be over 1024 segments: drop it
 */
size_t lp_offload_segment_count(lp_bytes frame, const lp_offload *offload);

/* Writes segment `index`, a whole frame with whole checksums; its length, or 0. */
size_t lp_offload_segment(lp_bytes frame, const lp_offload *offload, size_t index,
                          lp_space out);

/* RFC 1071: the ones' complement sum, folded, not inverted. `sum` chains calls on
 * even-length pieces. */
uint32_t lp_checksum_add(uint32_t sum, lp_bytes bytes);
uint16_t lp_checksum_finish(uint32_t sum);
