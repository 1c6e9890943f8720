/*
 * How well a socket's work is shared out: packets in each read and each write, frames in
 * each packet. Batches are what makes a tunnel fast, so this says why one is slow.
 *
 * Pure; a few nanoseconds for each event.
 */
#pragma once

#include <stddef.h>

#include "core/gauges.h"
#include "core/histogram.h"

typedef struct lp_meter {
    uint64_t reads, sends;
    lp_histogram per_read, per_send; /* packets */
    lp_histogram per_packet;         /* frames, in packets that carry any */
} lp_meter;                          /* zeroed is new */

static inline void lp_meter_on_read(lp_meter *meter, size_t packets)
{
    meter->reads++;
    lp_histogram_add(&meter->per_read, packets);
}

static inline void lp_meter_on_send(lp_meter *meter, size_t packets)
{
    meter->sends++;
    lp_histogram_add(&meter->per_send, packets);
}

static inline void lp_meter_on_packet(lp_meter *meter, size_t frames)
{
    if (frames > 0)
        lp_histogram_add(&meter->per_packet, frames);
}

/* Sets the gauges whose scope is a socket. */
void lp_meter_look(const lp_meter *meter, lp_gauges *out_gauges);
