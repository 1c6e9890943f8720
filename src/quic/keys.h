/*
 * From secrets to keys (RFC 9001 section 5), and keys into ngtcp2: in place of the key
 * half of ngtcp2's helper library, whose keys only OpenSSL can use. QUIC version 1, and
 * SHA-256 throughout: TLS is told to agree on nothing else.
 *
 * What is "installed" belongs to the connection from then on.
 */
#pragma once

#include "quic/aead.h"

#include <ngtcp2/ngtcp2.h>

#define LP_SECRET_LEN 32

typedef struct lp_packet_keys {
    uint8_t key[LP_AEAD_KEY_MAX], mask[LP_AEAD_KEY_MAX]; /* how->key_len of each */
    uint8_t iv[LP_AEAD_NONCE_LEN];
} lp_packet_keys; /* wipe it */

/* False when memory runs out; so below. */
LP_MUST_USE bool lp_keys_derive(const lp_aead *how, const uint8_t *secret,
                                lp_packet_keys *out_keys);

/* What the client and the server protect Initial packets with: no secret to anybody. */
LP_MUST_USE bool lp_keys_initial_secrets(const ngtcp2_cid *dcid,
                                         uint8_t out_client[LP_SECRET_LEN],
                                         uint8_t out_server[LP_SECRET_LEN]);

/* For Initial packets; a client's Retry check as well. */
LP_MUST_USE bool lp_keys_install_initial(ngtcp2_conn *ngtcp2, const ngtcp2_cid *dcid);

/* For NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE or _1RTT, in one direction. */
LP_MUST_USE bool lp_keys_install(ngtcp2_conn *ngtcp2, const lp_aead *how,
                                 ngtcp2_encryption_level level, bool is_ours,
                                 const uint8_t *secret, size_t secret_len);

/* ngtcp2's callbacks (ngtcp2.h says what each promises). */
int lp_keys_on_update(ngtcp2_conn *ngtcp2, uint8_t *rx_secret, uint8_t *tx_secret,
                      ngtcp2_crypto_aead_ctx *rx_key, uint8_t *rx_iv,
                      ngtcp2_crypto_aead_ctx *tx_key, uint8_t *tx_iv,
                      const uint8_t *old_rx_secret, const uint8_t *old_tx_secret,
                      size_t secret_len, void *user);
int lp_keys_encrypt(uint8_t *out, const ngtcp2_crypto_aead *aead,
                    const ngtcp2_crypto_aead_ctx *key, const uint8_t *plain,
                    size_t plain_len, const uint8_t *nonce, size_t nonce_len,
                    const uint8_t *aad, size_t aad_len);
int lp_keys_decrypt(uint8_t *out, const ngtcp2_crypto_aead *aead,
                    const ngtcp2_crypto_aead_ctx *key, const uint8_t *sealed,
                    size_t sealed_len, const uint8_t *nonce, size_t nonce_len,
                    const uint8_t *aad, size_t aad_len);
int lp_keys_mask(uint8_t *out, const ngtcp2_crypto_cipher *cipher,
                 const ngtcp2_crypto_cipher_ctx *key, const uint8_t *sample);
void lp_keys_free_aead(ngtcp2_conn *ngtcp2, ngtcp2_crypto_aead_ctx *key, void *user);
void lp_keys_free_mask(ngtcp2_conn *ngtcp2, ngtcp2_crypto_cipher_ctx *key, void *user);
