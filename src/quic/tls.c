#include "quic/tls.h"

#include "base/addr.h"
#include "quic/credentials.h"
#include "quic/session.h"

#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

static const uint8_t alpn[] = "\x0a" LP_ALPN;

_Static_assert(sizeof LP_ALPN - 1 == 0x0a, "the ALPN list's length octet");

#define ALPN_LEN (sizeof alpn - 1)

struct lp_tls {
    SSL_CTX *ctx;
    CRYPTO_RWLOCK *lock; /* endpoints of several threads start sessions, one replaces */
    lp_verifier *verifier; /* owned by `ctx`, which sessions keep alive; a client's */
    char *server_name;     /* SNI; NULL: none */
    bool is_server;
};

/* --- what the library asks us ----------------------------------------------------- */

static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *offered, unsigned offered_len, void *state)
{
    for (unsigned at = 0; at < offered_len; at += 1u + offered[at]) {
        unsigned len = offered[at];
        if (len + 1 > offered_len - at || len + 1 != ALPN_LEN)
            continue;
        if (memcmp(offered + at, alpn, ALPN_LEN) != 0)
            continue;
        *out = offered + at + 1;
        *out_len = (unsigned char)len;
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL; /* no_application_protocol */
}

/* Any key may come in; TLS itself has the peer prove that it holds it. */
static int accept_any_client(X509_STORE_CTX *ctx, void *state)
{
    X509_STORE_CTX_set_error(ctx, X509_V_OK);
    return 1;
}

static int accept_trusted_relay(X509_STORE_CTX *ctx, void *verifier)
{
    const SSL *ssl =
        X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    const lp_tls_session *session = SSL_get_app_data(ssl);
    int code = lp_verify(verifier, X509_STORE_CTX_get0_cert(ctx),
                         X509_STORE_CTX_get0_untrusted(ctx), session->verdict);
    X509_STORE_CTX_set_error(ctx, code); /* which alert is sent follows from it */
    return code == X509_V_OK;
}

/* --- contexts --------------------------------------------------------------------- */

static int verifier_index;

static void free_verifier(void *parent, void *verifier, CRYPTO_EX_DATA *data, int index,
                          long argl, void *argp)
{
    lp_verifier_free(verifier);
}

static void prepare_library(void)
{
    ngtcp2_crypto_ossl_init();
    verifier_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_verifier);
}

static bool is_library_ready(void)
{
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    return CRYPTO_THREAD_run_once(&once, prepare_library) && verifier_index >= 0;
}

static SSL_CTX *new_context(bool is_server)
{
    SSL_CTX *ctx = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (!ctx)
        return NULL;
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    /* AES-128 is the cheapest where the CPU has it. The usual curves only: a
     * post-quantum share would spread the first flight over two packets. */
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
        SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
        SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:"
                                      "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
        SSL_CTX_set1_groups_list(ctx, "X25519:P-256") == 1)
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

static lp_err present(SSL_CTX *ctx, const lp_credentials *credentials, lp_why *why)
{
    char words[160];
    if (SSL_CTX_use_cert_and_key(ctx, credentials->leaf, credentials->key,
                                 credentials->chain, 1) == 1)
        return LP_OK;
    return lp_explain(why, LP_ERR_CRYPTO, "TLS does not take the certificate: %s",
                      lp_openssl_says(words, sizeof words));
}

static lp_err new_tls(bool is_server, const lp_credentials *credentials,
                      lp_tls **out_tls, lp_why *why)
{
    char words[160];
    lp_tls *tls = is_library_ready() ? calloc(1, sizeof *tls) : NULL;
    if (!tls)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    tls->is_server = is_server;
    tls->lock = CRYPTO_THREAD_lock_new();
    tls->ctx = tls->lock ? new_context(is_server) : NULL;
    lp_err err = tls->ctx ? LP_OK : LP_ERR_CRYPTO;
    if (err)
        lp_explain(why, err, "TLS does not start: %s",
                   lp_openssl_says(words, sizeof words));
    else if (credentials)
        err = present(tls->ctx, credentials, why);
    if (err) {
        lp_tls_free(tls);
        return err;
    }
    *out_tls = tls;
    return LP_OK;
}

lp_err lp_tls_server_new(const lp_credentials *credentials, lp_tls **out_tls,
                         lp_why *why)
{
    lp_tls *tls;
    lp_err err = new_tls(true, credentials, &tls, why);
    if (err)
        return err;
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       NULL);
    SSL_CTX_set_cert_verify_callback(tls->ctx, accept_any_client, NULL);
    SSL_CTX_set_alpn_select_cb(tls->ctx, select_alpn, NULL);
    *out_tls = tls;
    return LP_OK;
}

/* The context owns the verifier from here on, for as long as any session lives. */
static lp_err give_verifier(lp_tls *tls, lp_verifier *verifier, lp_why *why)
{
    if (!SSL_CTX_set_ex_data(tls->ctx, verifier_index, verifier)) {
        lp_verifier_free(verifier);
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    }
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(tls->ctx, accept_trusted_relay, verifier);
    return LP_OK;
}

lp_err lp_tls_client_new(const lp_credentials *credentials, const lp_trust *trust,
                         lp_tls **out_tls, lp_why *why)
{
    lp_tls *tls = NULL;
    lp_verifier *verifier;
    lp_err err = lp_verifier_new(trust, &verifier, why);
    if (err)
        return err;
    err = new_tls(false, credentials, &tls, why);
    if (err) {
        lp_verifier_free(verifier);
        return err;
    }
    err = give_verifier(tls, verifier, why);
    if (!err && trust->server_name && *trust->server_name &&
        !(tls->server_name = strdup(trust->server_name)))
        err = lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    if (err) {
        lp_tls_free(tls);
        return err;
    }
    *out_tls = tls;
    return LP_OK;
}

void lp_tls_free(lp_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->ctx);
    CRYPTO_THREAD_lock_free(tls->lock);
    free(tls->server_name);
    free(tls);
}

lp_err lp_tls_replace(lp_tls *tls, const lp_credentials *credentials, lp_why *why)
{
    CRYPTO_THREAD_write_lock(tls->lock);
    lp_err err = present(tls->ctx, credentials, why); /* sessions hold copies */
    CRYPTO_THREAD_unlock(tls->lock);
    return err;
}

bool lp_tls_is_server(const lp_tls *tls)
{
    return tls->is_server;
}

/* --- sessions --------------------------------------------------------------------- */

/* RFC 6066: a literal address is no host name and is not sent. */
static bool is_ip_literal(const char *name)
{
    lp_addr ignored;
    return lp_addr_read_ip(name, 0, &ignored) == LP_OK;
}

static bool prepare_client(lp_tls_session *session, const lp_tls *tls)
{
    const char *name = tls->server_name;
    SSL_set_connect_state(session->ssl);
    return lp_handshake_prepare(session) &&
           SSL_set_alpn_protos(session->ssl, alpn, ALPN_LEN) == 0 &&
           (!name || is_ip_literal(name) ||
            SSL_set_tlsext_host_name(session->ssl, name) == 1);
}

static bool prepare_server(lp_tls_session *session)
{
    SSL_set_accept_state(session->ssl);
    return lp_handshake_prepare(session);
}

lp_err lp_tls_session_start(lp_tls_session *session, const lp_tls *tls)
{
    CRYPTO_THREAD_read_lock(tls->lock);
    session->ssl = SSL_new(tls->ctx);
    CRYPTO_THREAD_unlock(tls->lock);
    bool ok = session->ssl && SSL_set_app_data(session->ssl, session) == 1 &&
              (tls->is_server ? prepare_server(session) : prepare_client(session, tls));
    if (ok)
        return LP_OK;
    ERR_clear_error();
    lp_tls_session_end(session);
    return LP_ERR_NO_MEMORY; /* nothing else can go wrong with settings of ours */
}

void lp_tls_session_end(lp_tls_session *session)
{
    SSL_free(session->ssl);
    free(session->params);
    session->ssl = NULL;
    session->params = NULL;
}

lp_err lp_tls_session_peer(const lp_tls_session *session, lp_key_hash *out_identity)
{
    const unsigned char *chosen;
    unsigned chosen_len;
    SSL_get0_alpn_selected(session->ssl, &chosen, &chosen_len);
    if (!lp_bytes_equal(lp_bytes_of(chosen, chosen_len),
                        lp_bytes_of(LP_ALPN, sizeof LP_ALPN - 1)))
        return LP_ERR_VERSION;
    const X509 *cert = SSL_get0_peer_certificate(session->ssl);
    return cert ? lp_key_hash_of_cert(cert, out_identity) : LP_ERR_UNTRUSTED;
}
