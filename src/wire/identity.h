/*
 * The identity file: who this client or gateway is, across runs.
 *
 *     {
 *       "mac": "02:5e:10:00:00:01",
 *       "private_key": "<64 hexadecimal digits: an Ed25519 seed, RFC 8032>"
 *     }
 *
 * A gateway's has no "mac". Unknown fields are kept out of the way, not refused, so
 * that a newer program's file still works. Reading and writing files is os/files.h's.
 */
#pragma once

#include "base/error.h"
#include "base/mac.h"
#include "base/random.h"

#define LP_IDENTITY_MAX      4096 /* octets of the file */
#define LP_IDENTITY_SEED_LEN 32

typedef struct lp_identity {
    bool has_mac;
    lp_mac mac;
    bool has_seed; /* false in files of before keys: the caller adds one and saves */
    uint8_t seed[LP_IDENTITY_SEED_LEN];
} lp_identity;

/* A fresh seed, and for clients a locally administered unicast MAC (P-012). */
lp_identity lp_identity_new(bool with_mac, lp_random random);

/* LP_ERR_TOO_BIG, LP_ERR_MALFORMED; `why` names the field and what is wrong with it. */
LP_MUST_USE lp_err lp_identity_read(lp_bytes json, lp_identity *out_identity,
                                    lp_why *why);

/* JSON with a final newline; the octets written, 0 if it does not fit in `space`. */
size_t lp_identity_write(const lp_identity *identity, lp_space space);

/* Overwrites the seed so that it does not linger in memory. */
void lp_identity_wipe(lp_identity *identity);
