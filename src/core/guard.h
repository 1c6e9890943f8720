/*
 * What one client may send: octets in all, broadcast and multicast, unicast to unknown
 * stations; and how often it may break the protocol before it is shown the door.
 *
 * Pure: no clock, no allocation. The defaults let a game probe 15 ports at once in
 * bursts of 32 (L-038), beside ARP, DHCP and mDNS, and still stop a storm.
 */
#pragma once

#include "core/bucket.h"
#include "core/stats.h"

#define LP_GUARD_MALFORMED_LIMIT  32
#define LP_GUARD_MALFORMED_WINDOW LP_SECONDS(10)

typedef struct lp_guard_limits {
    uint64_t bytes_burst, bytes_rate;         /* octets, octets per second */
    uint64_t broadcast_burst, broadcast_rate; /* frames, frames per second */
    uint64_t unknown_burst, unknown_rate;     /* frames, frames per second */
} lp_guard_limits;

/* 16 MiB and 125 MB/s; 1024 and 256/s; 256 and 64/s. */
lp_guard_limits lp_guard_default_limits(void);

typedef struct lp_guard {
    lp_bucket bytes, broadcast, unknown;
    unsigned malformed; /* within the window that began at malformed_since */
    lp_time malformed_since;
    uint64_t malformed_total;
} lp_guard;

lp_guard lp_guard_start(const lp_guard_limits *limits, lp_time now);

typedef enum lp_cast {
    LP_CAST_UNICAST,
    LP_CAST_UNKNOWN_UNICAST,
    LP_CAST_MULTICAST
} lp_cast;

/* LP_REASON_NONE, or the rate that this frame of `len` octets would break. */
lp_reason lp_guard_on_frame(lp_guard *guard, size_t len, lp_cast cast, lp_time now);

/* True when this was one too many: disconnect the peer (L-027). */
bool lp_guard_on_malformed(lp_guard *guard, lp_time now);
