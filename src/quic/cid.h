/*
 * Connection ids that name their connection, so that a packet finds it without a hash
 * table, and that nobody else can tell apart (RFC 9000 section 5.1: two ids of one
 * connection must not be linkable).
 *
 *   worker      1   which worker's socket the packet belongs to (for steering)
 *   place       3   slot 2, generation 1; masked with SipHash(key, salt)
 *   salt        4   random
 *
 * The generation tells a slot's present connection from those before it.
 */
#pragma once

#include "base/random.h"
#include "quic/endpoint.h"
#include "quic/siphash.h"

#define LP_CID_MAX_SLOTS 65536

typedef struct lp_cid_codec {
    lp_sip_key key;
    uint8_t worker;
} lp_cid_codec;

typedef struct lp_place {
    uint16_t slot;
    uint8_t generation;
} lp_place;

/* A fresh id for the place, different at every call. */
void lp_cid_write(const lp_cid_codec *codec, lp_place place, lp_random random,
                  uint8_t out_cid[LP_QUIC_CID_LEN]);

/* False: it is not one of this worker's. True promises nothing: any octets with our
 * worker's number name some place. */
bool lp_cid_read(const lp_cid_codec *codec, lp_bytes cid, lp_place *out_place);
