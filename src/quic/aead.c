#include "quic/aead.h"

#include <openssl/crypto.h>
#include <stdlib.h>

const lp_aead *lp_aead_aes(void)
{
    const lp_aead *fast = lp_aead_aes_mb();
    return fast ? fast : &lp_aead_aes_evp;
}

lp_key *lp_key_new(const lp_aead *how, const uint8_t *raw, lp_key_use use)
{
    lp_key *key = calloc(1, sizeof *key);
    if (!key)
        return NULL;
    key->how = how;
    key->use = use;
    memcpy(key->raw, raw, how->key_len);
    return key;
}

void lp_key_free(lp_key *key)
{
    if (!key)
        return;
    if (key->expanded)
        key->how->discard(key->expanded, key->use);
    OPENSSL_cleanse(key->raw, sizeof key->raw);
    free(key);
}

static bool expand(lp_key *key)
{
    key->expanded = key->how->expand(key->raw, key->use);
    if (key->expanded)
        OPENSSL_cleanse(key->raw, sizeof key->raw);
    return key->expanded;
}

static bool is_ready(lp_key *key)
{
    return key->expanded || expand(key);
}

bool lp_key_seal(lp_key *key, lp_bytes plain, const uint8_t *nonce, lp_bytes aad,
                 uint8_t *out)
{
    return is_ready(key) && key->how->seal(key->expanded, plain, nonce, aad, out);
}

bool lp_key_open(lp_key *key, lp_bytes sealed, const uint8_t *nonce, lp_bytes aad,
                 uint8_t *out)
{
    return sealed.len >= LP_AEAD_TAG_LEN && is_ready(key) &&
           key->how->open(key->expanded, sealed, nonce, aad, out);
}

bool lp_key_mask(lp_key *key, const uint8_t *sample, uint8_t *out)
{
    return is_ready(key) && key->how->mask(key->expanded, sample, out);
}
