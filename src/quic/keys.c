#include "quic/keys.h"

#include <assert.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

/* --- from one secret to the next -------------------------------------------------- */

static ngtcp2_crypto_md sha256(void)
{
    ngtcp2_crypto_md md;
    return *ngtcp2_crypto_md_init(&md, (void *)(uintptr_t)EVP_sha256());
}

/* HKDF-Expand-Label, RFC 8446 section 7.1, with an empty context. */
static bool expand_label(const uint8_t *secret, const char *label, uint8_t *out,
                         size_t len)
{
    static const char prefix[] = "tls13 ";
    uint8_t info[32] = {0, (uint8_t)len};
    size_t prefix_len = sizeof prefix - 1, label_len = strlen(label);
    ngtcp2_crypto_md md = sha256();
    assert(4 + prefix_len + label_len <= sizeof info);
    info[2] = (uint8_t)(prefix_len + label_len);
    memcpy(info + 3, prefix, prefix_len);
    memcpy(info + 3 + prefix_len, label,
           label_len); /* the context's length, 0, ends it */
    return ngtcp2_crypto_hkdf_expand(out, len, &md, secret, LP_SECRET_LEN, info,
                                     4 + prefix_len + label_len) == 0;
}

bool lp_keys_derive(const lp_aead *how, const uint8_t *secret, lp_packet_keys *out_keys)
{
    return expand_label(secret, "quic key", out_keys->key, how->key_len) &&
           expand_label(secret, "quic iv", out_keys->iv, sizeof out_keys->iv) &&
           expand_label(secret, "quic hp", out_keys->mask, how->key_len);
}

bool lp_keys_initial_secrets(const ngtcp2_cid *dcid, uint8_t out_client[LP_SECRET_LEN],
                             uint8_t out_server[LP_SECRET_LEN])
{
    static const uint8_t salt[] = {/* RFC 9001 section 5.2 */
                                   0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
                                   0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
                                   0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
    uint8_t initial[LP_SECRET_LEN];
    ngtcp2_crypto_md md = sha256();
    return ngtcp2_crypto_hkdf_extract(initial, &md, dcid->data, dcid->datalen, salt,
                                      sizeof salt) == 0 &&
           expand_label(initial, "client in", out_client, LP_SECRET_LEN) &&
           expand_label(initial, "server in", out_server, LP_SECRET_LEN);
}

/* --- the keys of one direction ---------------------------------------------------- */

typedef struct direction {
    ngtcp2_crypto_aead_ctx key;
    ngtcp2_crypto_cipher_ctx mask;
    uint8_t iv[LP_AEAD_NONCE_LEN];
} direction;

static void free_direction(direction *it)
{
    lp_key_free(it->key.native_handle);
    lp_key_free(it->mask.native_handle);
    it->key.native_handle = it->mask.native_handle = NULL;
}

static bool make_direction(const lp_aead *how, const uint8_t *secret, lp_key_use use,
                           direction *out)
{
    lp_packet_keys keys;
    *out = (direction){{0}};
    if (lp_keys_derive(how, secret, &keys)) {
        out->key.native_handle = lp_key_new(how, keys.key, use);
        out->mask.native_handle = lp_key_new(how, keys.mask, LP_KEY_MASKS);
        memcpy(out->iv, keys.iv, sizeof out->iv);
    }
    OPENSSL_cleanse(&keys, sizeof keys);
    if (out->key.native_handle && out->mask.native_handle)
        return true;
    free_direction(out);
    return false;
}

static ngtcp2_crypto_aead as_ngtcp2(const lp_aead *how)
{
    return (ngtcp2_crypto_aead){(void *)(uintptr_t)how, LP_AEAD_TAG_LEN};
}

static ngtcp2_crypto_ctx context_of(const lp_aead *how)
{
    return (ngtcp2_crypto_ctx){
        .aead = as_ngtcp2(how),
        .md = sha256(),
        .hp = {(void *)(uintptr_t)how},
        .max_encryption = how->max_sealed,
        .max_decryption_failure = how->max_forged,
    };
}

/* --- installing ------------------------------------------------------------------- */

/* A server that sends Retry shows that it has seen the client's packet, by sealing with
 * a key that all the world knows (RFC 9001 section 5.8). */
static bool install_retry(ngtcp2_conn *ngtcp2)
{
    static const uint8_t key[] = NGTCP2_RETRY_KEY_V1;
    const lp_aead *how = lp_aead_aes();
    ngtcp2_crypto_aead aead = as_ngtcp2(how);
    ngtcp2_crypto_aead_ctx ctx = {lp_key_new(how, key, LP_KEY_SEALS)};
    if (ctx.native_handle)
        ngtcp2_conn_set_retry_aead(ngtcp2, &aead, &ctx);
    return ctx.native_handle;
}

bool lp_keys_install_initial(ngtcp2_conn *ngtcp2, const ngtcp2_cid *dcid)
{
    uint8_t client[LP_SECRET_LEN], server[LP_SECRET_LEN];
    bool is_server = ngtcp2_conn_is_server(ngtcp2);
    ngtcp2_crypto_ctx ctx = context_of(lp_aead_aes());
    ctx.max_encryption = ctx.max_decryption_failure = 0; /* nothing to protect */
    ngtcp2_conn_set_initial_crypto_ctx(ngtcp2, &ctx);
    direction rx = {{0}}, tx = {{0}};
    bool ok =
        lp_keys_initial_secrets(dcid, client, server) &&
        make_direction(lp_aead_aes(), is_server ? client : server, LP_KEY_OPENS, &rx) &&
        make_direction(lp_aead_aes(), is_server ? server : client, LP_KEY_SEALS, &tx) &&
        ngtcp2_conn_install_initial_key(ngtcp2, &rx.key, rx.iv, &rx.mask, &tx.key,
                                        tx.iv, &tx.mask, sizeof rx.iv) == 0;
    if (!ok) {
        free_direction(&rx);
        free_direction(&tx);
        return false;
    }
    return is_server || ngtcp2_conn_after_retry(ngtcp2) || install_retry(ngtcp2);
}

static int install(ngtcp2_conn *ngtcp2, ngtcp2_encryption_level level, bool is_ours,
                   const uint8_t *secret, const direction *keys)
{
    bool is_handshake = level == NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE;
    if (is_handshake)
        return (is_ours ? ngtcp2_conn_install_tx_handshake_key
                        : ngtcp2_conn_install_rx_handshake_key)(
            ngtcp2, &keys->key, keys->iv, sizeof keys->iv, &keys->mask);
    return (is_ours ? ngtcp2_conn_install_tx_key : ngtcp2_conn_install_rx_key)(
        ngtcp2, secret, LP_SECRET_LEN, &keys->key, keys->iv, sizeof keys->iv,
        &keys->mask);
}

bool lp_keys_install(ngtcp2_conn *ngtcp2, const lp_aead *how,
                     ngtcp2_encryption_level level, bool is_ours, const uint8_t *secret,
                     size_t secret_len)
{
    direction keys;
    ngtcp2_crypto_ctx ctx = context_of(how);
    assert(secret_len == LP_SECRET_LEN);
    if (!make_direction(how, secret, is_ours ? LP_KEY_SEALS : LP_KEY_OPENS, &keys))
        return false;
    ngtcp2_conn_set_crypto_ctx(ngtcp2, &ctx);
    if (install(ngtcp2, level, is_ours, secret, &keys) == 0)
        return true;
    free_direction(&keys);
    return false;
}

/* --- a key update, RFC 9001 section 6 --------------------------------------------- */

/* The mask's key stays. */
static lp_key *next_key(const lp_aead *how, lp_key_use use, const uint8_t *old_secret,
                        uint8_t *out_secret, uint8_t *out_iv)
{
    lp_packet_keys keys;
    lp_key *key = NULL;
    if (expand_label(old_secret, "quic ku", out_secret, LP_SECRET_LEN) &&
        lp_keys_derive(how, out_secret, &keys)) {
        memcpy(out_iv, keys.iv, sizeof keys.iv);
        key = lp_key_new(how, keys.key, use);
    }
    OPENSSL_cleanse(&keys, sizeof keys);
    return key;
}

int lp_keys_on_update(ngtcp2_conn *ngtcp2, uint8_t *rx_secret, uint8_t *tx_secret,
                      ngtcp2_crypto_aead_ctx *rx_key, uint8_t *rx_iv,
                      ngtcp2_crypto_aead_ctx *tx_key, uint8_t *tx_iv,
                      const uint8_t *old_rx_secret, const uint8_t *old_tx_secret,
                      size_t secret_len, void *user)
{
    const lp_aead *how = ngtcp2_conn_get_crypto_ctx(ngtcp2)->aead.native_handle;
    lp_key *rx = next_key(how, LP_KEY_OPENS, old_rx_secret, rx_secret, rx_iv);
    lp_key *tx = next_key(how, LP_KEY_SEALS, old_tx_secret, tx_secret, tx_iv);
    if (!rx || !tx) {
        lp_key_free(rx);
        lp_key_free(tx);
        return NGTCP2_ERR_CALLBACK_FAILURE;
    }
    rx_key->native_handle = rx;
    tx_key->native_handle = tx;
    return 0;
}

/* --- packets ---------------------------------------------------------------------- */

int lp_keys_encrypt(uint8_t *out, const ngtcp2_crypto_aead *aead,
                    const ngtcp2_crypto_aead_ctx *key, const uint8_t *plain,
                    size_t plain_len, const uint8_t *nonce, size_t nonce_len,
                    const uint8_t *aad, size_t aad_len)
{
    bool ok = lp_key_seal(key->native_handle, lp_bytes_of(plain, plain_len), nonce,
                          lp_bytes_of(aad, aad_len), out);
    return ok ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

int lp_keys_decrypt(uint8_t *out, const ngtcp2_crypto_aead *aead,
                    const ngtcp2_crypto_aead_ctx *key, const uint8_t *sealed,
                    size_t sealed_len, const uint8_t *nonce, size_t nonce_len,
                    const uint8_t *aad, size_t aad_len)
{
    bool ok = lp_key_open(key->native_handle, lp_bytes_of(sealed, sealed_len), nonce,
                          lp_bytes_of(aad, aad_len), out);
    return ok ? 0 : NGTCP2_ERR_DECRYPT;
}

int lp_keys_mask(uint8_t *out, const ngtcp2_crypto_cipher *cipher,
                 const ngtcp2_crypto_cipher_ctx *key, const uint8_t *sample)
{
    return lp_key_mask(key->native_handle, sample, out) ? 0
                                                        : NGTCP2_ERR_CALLBACK_FAILURE;
}

void lp_keys_free_aead(ngtcp2_conn *ngtcp2, ngtcp2_crypto_aead_ctx *key, void *user)
{
    lp_key_free(key->native_handle);
    key->native_handle = NULL;
}

void lp_keys_free_mask(ngtcp2_conn *ngtcp2, ngtcp2_crypto_cipher_ctx *key, void *user)
{
    lp_key_free(key->native_handle);
    key->native_handle = NULL;
}
