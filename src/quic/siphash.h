/*
 * SipHash-2-4 (Aumasson and Bernstein): a keyed hash of short inputs that outsiders
 * cannot aim collisions at.
 */
#pragma once

#include "base/span.h"

typedef struct lp_sip_key {
    uint64_t half[2];
} lp_sip_key;

lp_sip_key lp_sip_key_of(const uint8_t octets[16]);

uint64_t lp_siphash(const lp_sip_key *key, lp_bytes input);
