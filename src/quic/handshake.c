/*
 * TLS for QUIC carries no records: OpenSSL hands its messages and secrets to the
 * callbacks below (SSL_set_quic_tls_cbs(3)), which give them to ngtcp2.
 */
#include "quic/keys.h"
#include "quic/session.h"

#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

/* --- what TLS wants --------------------------------------------------------------- */

static int send_words(SSL *ssl, const unsigned char *at, size_t len, size_t *out_taken,
                      void *state)
{
    lp_tls_session *session = state;
    int liberr =
        ngtcp2_conn_submit_crypto_data(session->ngtcp2, session->level, at, len);
    if (liberr)
        ngtcp2_conn_set_tls_error(session->ngtcp2, liberr);
    *out_taken = liberr ? 0 : len;
    return !liberr;
}

static int take_words(SSL *ssl, const unsigned char **out_at, size_t *out_len,
                      void *state)
{
    lp_tls_session *session = state;
    *out_at = session->heard.at;
    *out_len = session->held = session->heard.len;
    session->heard = (lp_bytes){0};
    return 1;
}

static int release_words(SSL *ssl, size_t len, void *state)
{
    lp_tls_session *session = state;
    session->held -= len;
    return 1;
}

static const lp_aead *agreed_aead(const SSL *ssl)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    switch (cipher ? SSL_CIPHER_get_id(cipher) : 0) {
    case TLS1_3_CK_AES_128_GCM_SHA256:
        return lp_aead_aes();
    case TLS1_3_CK_CHACHA20_POLY1305_SHA256:
        return &lp_aead_chacha_evp;
    default:
        return NULL; /* new_context in tls.c allows no other */
    }
}

/* A server can say what it is like once it has heard the client's. */
static bool tell_params(lp_tls_session *session)
{
    uint8_t params[256];
    ngtcp2_ssize len = ngtcp2_conn_encode_local_transport_params(session->ngtcp2,
                                                                 params, sizeof params);
    if (len <= 0 || session->params || !(session->params = malloc((size_t)len)))
        return false;
    memcpy(session->params, params, (size_t)len);
    return SSL_set_quic_tls_transport_params(session->ssl, session->params,
                                             (size_t)len) == 1;
}

static int take_secret(SSL *ssl, uint32_t protection, int is_ours,
                       const unsigned char *secret, size_t len, void *state)
{
    lp_tls_session *session = state;
    const lp_aead *how = agreed_aead(ssl);
    bool is_handshake = protection == OSSL_RECORD_PROTECTION_LEVEL_HANDSHAKE;
    ngtcp2_encryption_level level =
        is_handshake ? NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE : NGTCP2_ENCRYPTION_LEVEL_1RTT;
    if (!how || protection == OSSL_RECORD_PROTECTION_LEVEL_EARLY ||
        !lp_keys_install(session->ngtcp2, how, level, is_ours, secret, len))
        return 0;
    if (!is_ours)
        return 1;
    session->level = level;
    return !is_handshake || !SSL_is_server(ssl) || tell_params(session);
}

static int take_params(SSL *ssl, const unsigned char *at, size_t len, void *state)
{
    lp_tls_session *session = state;
    int liberr =
        ngtcp2_conn_decode_and_set_remote_transport_params(session->ngtcp2, at, len);
    if (liberr)
        ngtcp2_conn_set_tls_error(session->ngtcp2, liberr);
    return !liberr;
}

static int take_alert(SSL *ssl, unsigned char alert, void *state)
{
    lp_tls_session *session = state;
    ngtcp2_conn_set_tls_alert(session->ngtcp2, alert);
    return 1;
}

bool lp_handshake_prepare(lp_tls_session *session)
{
    static const OSSL_DISPATCH callbacks[] = {
        {OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_SEND, (void (*)(void))send_words},
        {OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RECV_RCD, (void (*)(void))take_words},
        {OSSL_FUNC_SSL_QUIC_TLS_CRYPTO_RELEASE_RCD, (void (*)(void))release_words},
        {OSSL_FUNC_SSL_QUIC_TLS_YIELD_SECRET, (void (*)(void))take_secret},
        {OSSL_FUNC_SSL_QUIC_TLS_GOT_TRANSPORT_PARAMS, (void (*)(void))take_params},
        {OSSL_FUNC_SSL_QUIC_TLS_ALERT, (void (*)(void))take_alert},
        OSSL_DISPATCH_END,
    };
    session->level = NGTCP2_ENCRYPTION_LEVEL_INITIAL;
    return SSL_set_quic_tls_cbs(session->ssl, callbacks, session) == 1;
}

/* --- what QUIC brings ------------------------------------------------------------- */

static bool is_only_waiting(const SSL *ssl, int result)
{
    int why = SSL_get_error(ssl, result);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

static bool go_on(lp_tls_session *session)
{
    ERR_clear_error(); /* SSL_get_error would take an older one for this session's */
    if (!ngtcp2_conn_get_handshake_completed(session->ngtcp2)) {
        int result = SSL_do_handshake(session->ssl);
        if (result <= 0)
            return is_only_waiting(session->ssl, result);
        ngtcp2_conn_tls_handshake_completed(session->ngtcp2);
    }
    int result = SSL_read(session->ssl, NULL, 0); /* what comes after the handshake */
    return result == 1 || is_only_waiting(session->ssl, result);
}

int lp_handshake_hear(lp_tls_session *session, lp_bytes octets)
{
    session->heard = octets;
    /* TLS copies what is half a message, so it is through with all of it, or will never
     * be. The octets are ngtcp2's and gone when this returns. */
    if (go_on(session) && session->heard.len == 0 && session->held == 0)
        return 0;
    session->heard = (lp_bytes){0};
    int liberr = ngtcp2_conn_get_tls_error(session->ngtcp2);
    return liberr ? liberr : NGTCP2_ERR_CRYPTO;
}

int lp_handshake_begin(lp_tls_session *session)
{
    ngtcp2_conn *ngtcp2 = session->ngtcp2;
    if (!lp_keys_install_initial(ngtcp2, ngtcp2_conn_get_dcid(ngtcp2)) ||
        !tell_params(session) || lp_handshake_hear(session, (lp_bytes){0}) != 0)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    return 0;
}
