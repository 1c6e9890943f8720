/* A key by its SHA-256, and the way people copy it: the relay prints it as its fingerprint. */
#pragma once

#include "base/error.h"
#include "base/span.h"

#define LP_KEY_HASH_LEN      32
#define LP_KEY_HASH_TEXT_LEN 72 /* "sha256:" and 64 digits and its NUL */

typedef struct lp_key_hash {
    uint8_t octet[LP_KEY_HASH_LEN];
} lp_key_hash;

/* "sha256:" and 64 hexadecimal digits; colons between pairs are accepted in reading. */
LP_MUST_USE lp_err lp_key_hash_read(const char *text, lp_key_hash *out_hash);
const char *lp_key_hash_write(const lp_key_hash *hash, char out[LP_KEY_HASH_TEXT_LEN]);
