/*
 * Packet protection (RFC 9001 section 5): one key seals or opens packets, or makes the
 * masks that hide their headers.
 *
 * AES-128-GCM is done by Intel's ipsec-mb where the build has it and the CPU what it
 * needs (AES and vector instructions), at a quarter of the time for small packets, and by
 * OpenSSL elsewhere; both give the same octets. ChaCha20-Poly1305 is always OpenSSL's.
 *
 * A key belongs to one thread. What it holds is wiped when it is freed.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>

#define LP_AEAD_TAG_LEN   16
#define LP_AEAD_NONCE_LEN 12
#define LP_AEAD_KEY_MAX   32
#define LP_MASK_LEN       16 /* of a sample, and of the mask made from it */

typedef enum lp_key_use {
    LP_KEY_SEALS,
    LP_KEY_OPENS,
    LP_KEY_MASKS,
} lp_key_use;

/* How it is done. Expanded keys come from `expand` (NULL when memory runs out) and go
 * with `discard`, which wipes them. The three others are as lp_key_seal and so on. */
typedef struct lp_aead {
    const char *name;
    size_t key_len;
    uint64_t max_sealed, max_forged; /* packets for one key, RFC 9001 section 6.6 */
    void *(*expand)(const uint8_t *raw, lp_key_use use);
    void (*discard)(void *expanded, lp_key_use use);
    bool (*seal)(void *expanded, lp_bytes plain, const uint8_t *nonce, lp_bytes aad,
                 uint8_t *out);
    bool (*open)(void *expanded, lp_bytes sealed, const uint8_t *nonce, lp_bytes aad,
                 uint8_t *out);
    bool (*mask)(void *expanded, const uint8_t *sample, uint8_t *out);
} lp_aead;

extern const lp_aead lp_aead_aes_evp, lp_aead_chacha_evp;

const lp_aead *lp_aead_aes(void);    /* the faster one that works here */
const lp_aead *lp_aead_aes_mb(void); /* NULL: not in this build, or not on this CPU */

/*
 * Expanding a key takes time and a KiB. It waits for the first packet: every connection
 * holds the keys of the next key update, and most never use them.
 */
typedef struct lp_key {
    const lp_aead *how;
    void *expanded; /* NULL until it is used */
    lp_key_use use;
    uint8_t raw[LP_AEAD_KEY_MAX]; /* wiped once it is expanded */
} lp_key;

/* `raw` has how->key_len octets. NULL when memory runs out. Free with lp_key_free. */
lp_key *lp_key_new(const lp_aead *how, const uint8_t *raw, lp_key_use use);
void lp_key_free(lp_key *key); /* NULL is fine */

/* Ciphertext and tag: LP_AEAD_TAG_LEN more octets than `plain`, which may be where `out`
 * is. The nonce has LP_AEAD_NONCE_LEN octets. False when memory runs out. */
LP_MUST_USE bool lp_key_seal(lp_key *key, lp_bytes plain, const uint8_t *nonce,
                             lp_bytes aad, uint8_t *out);

/* The other way. False when it was not sealed with this key, nonce and `aad`: what is in
 * `out` then means nothing. */
LP_MUST_USE bool lp_key_open(lp_key *key, lp_bytes sealed, const uint8_t *nonce,
                             lp_bytes aad, uint8_t *out);

/* Both LP_MASK_LEN octets. False when memory runs out. */
LP_MUST_USE bool lp_key_mask(lp_key *key, const uint8_t *sample, uint8_t *out);
