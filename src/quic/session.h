/* One connection's TLS, for conn.c. */
#pragma once

#include "quic/tls.h"
#include "quic/verify.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_ossl.h>

typedef struct lp_tls_session {
    SSL *ssl;
    ngtcp2_crypto_ossl_ctx *ossl; /* ngtcp2's handle of it */
    ngtcp2_crypto_conn_ref ref;
    char *verdict; /* LP_VERDICT_MAX octets: filled when the peer is not trusted */
} lp_tls_session;  /* must not move once started */

bool lp_tls_is_server(const lp_tls *tls);

/* `ref` and `verdict` are set by the caller. A failed start leaves nothing behind. */
LP_MUST_USE lp_err lp_tls_session_start(lp_tls_session *session, const lp_tls *tls);
void lp_tls_session_end(lp_tls_session *session); /* a zeroed one is fine */

/* Who is there, once the handshake is complete.
 *   LP_ERR_VERSION    the peer did not agree on LP_ALPN
 *   LP_ERR_UNTRUSTED  it has no certificate */
LP_MUST_USE lp_err lp_tls_session_peer(const lp_tls_session *session,
                                       lp_key_hash *out_identity);
