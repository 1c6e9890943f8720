/*
 * Follows path MTU discovery from outside. The library finds the path's MTU but does
 * not say when it has finished looking; a hello waits for that. Every probe is a packet
 * larger than what the path is known to carry, so watching packets go out tells which
 * size is tried, and the library's rule (three tries, one probe timeout apart, the last
 * waits three) tells when it has failed. ngtcp2 1.24, ngtcp2_pmtud.c.
 */
#pragma once

#include "base/time.h"

#include <stdbool.h>
#include <stddef.h>

extern const uint16_t lp_mtu_probes[];
extern const size_t lp_mtu_probe_count;

typedef struct lp_mtu {
    uint16_t reached; /* the largest payload that is known to pass */
    uint16_t failed;  /* the smallest that is known not to; UINT16_MAX: none */
    uint16_t limit;   /* what the peer takes at most */
    uint16_t probing; /* 0: nothing tried yet */
    uint8_t tries;
    lp_time fails_at; /* when the last try counts as lost; else LP_NEVER */
} lp_mtu;

/* A new path, or the first. */
lp_mtu lp_mtu_start(size_t reached, uint64_t limit);

/* A packet of `len`, more than `reached`, was sent. */
void lp_mtu_on_probe(lp_mtu *mtu, size_t len, lp_duration probe_timeout, lp_time now);

/* The library's present maximum. Less than before means another path. */
void lp_mtu_on_reached(lp_mtu *mtu, size_t reached, lp_time now);

/* Nothing larger is left to try. */
bool lp_mtu_is_settled(const lp_mtu *mtu);
