#include "quic/aead.h"

#include <openssl/evp.h>

/* Looked up once: by name for each key is dear. Never freed, as the library's own. */
typedef struct ciphers {
    EVP_CIPHER *aes_gcm, *aes_ecb, *chacha_poly, *chacha;
} ciphers;

static ciphers found;

static void find_ciphers(void)
{
    found = (ciphers){
        .aes_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL),
        .aes_ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL),
        .chacha_poly = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL),
        .chacha = EVP_CIPHER_fetch(NULL, "ChaCha20", NULL),
    };
}

static const ciphers *all_ciphers(void)
{
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    CRYPTO_THREAD_run_once(&once, find_ciphers);
    return &found;
}

/* --- keys ------------------------------------------------------------------------- */

static void *new_context(const EVP_CIPHER *cipher, const uint8_t *raw, bool encrypts)
{
    EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
    if (ctx && EVP_CipherInit_ex(ctx, cipher, NULL, raw, NULL, encrypts) == 1)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

static void *expand_aes(const uint8_t *raw, lp_key_use use)
{
    const ciphers *all = all_ciphers();
    return new_context(use == LP_KEY_MASKS ? all->aes_ecb : all->aes_gcm, raw,
                       use != LP_KEY_OPENS);
}

static void *expand_chacha(const uint8_t *raw, lp_key_use use)
{
    const ciphers *all = all_ciphers();
    return new_context(use == LP_KEY_MASKS ? all->chacha : all->chacha_poly, raw,
                       use != LP_KEY_OPENS);
}

static void discard(void *ctx, lp_key_use use)
{
    EVP_CIPHER_CTX_free(ctx); /* which wipes it */
}

/* --- packets ---------------------------------------------------------------------- */

static bool seal(void *ctx, lp_bytes plain, const uint8_t *nonce, lp_bytes aad,
                 uint8_t *out)
{
    int len;
    return EVP_EncryptInit_ex(ctx, NULL, NULL, NULL, nonce) == 1 &&
           EVP_EncryptUpdate(ctx, NULL, &len, aad.at, (int)aad.len) == 1 &&
           EVP_EncryptUpdate(ctx, out, &len, plain.at, (int)plain.len) == 1 &&
           EVP_EncryptFinal_ex(ctx, out + len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, LP_AEAD_TAG_LEN,
                               out + plain.len) == 1;
}

static bool open_sealed(void *ctx, lp_bytes sealed, const uint8_t *nonce, lp_bytes aad,
                        uint8_t *out)
{
    int len;
    size_t plain_len = sealed.len - LP_AEAD_TAG_LEN;
    void *tag = (uint8_t *)(uintptr_t)sealed.at + plain_len; /* only read */
    return EVP_DecryptInit_ex(ctx, NULL, NULL, NULL, nonce) == 1 &&
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, LP_AEAD_TAG_LEN, tag) == 1 &&
           EVP_DecryptUpdate(ctx, NULL, &len, aad.at, (int)aad.len) == 1 &&
           EVP_DecryptUpdate(ctx, out, &len, sealed.at, (int)plain_len) == 1 &&
           EVP_DecryptFinal_ex(ctx, out + plain_len, &len) == 1;
}

/* --- masks, RFC 9001 sections 5.4.3 and 5.4.4 ------------------------------------- */

static bool mask_aes(void *ctx, const uint8_t *sample, uint8_t *out)
{
    int len;
    return EVP_EncryptUpdate(ctx, out, &len, sample, LP_MASK_LEN) == 1;
}

static bool mask_chacha(void *ctx, const uint8_t *sample, uint8_t *out)
{
    static const uint8_t zeros[LP_MASK_LEN];
    int len;
    return EVP_EncryptInit_ex(ctx, NULL, NULL, NULL, sample) == 1 &&
           EVP_EncryptUpdate(ctx, out, &len, zeros, sizeof zeros) == 1;
}

const lp_aead lp_aead_aes_evp = {
    .name = "AES-128-GCM by OpenSSL",
    .key_len = 16,
    .max_sealed = 1ull << 23,
    .max_forged = 1ull << 52,
    .expand = expand_aes,
    .discard = discard,
    .seal = seal,
    .open = open_sealed,
    .mask = mask_aes,
};

const lp_aead lp_aead_chacha_evp = {
    .name = "ChaCha20-Poly1305 by OpenSSL",
    .key_len = 32,
    .max_sealed = 1ull << 62,
    .max_forged = 1ull << 36,
    .expand = expand_chacha,
    .discard = discard,
    .seal = seal,
    .open = open_sealed,
    .mask = mask_chacha,
};
