/* One connection's TLS, for conn.c. */
#pragma once

#include "quic/tls.h"
#include "quic/verify.h"

#include <ngtcp2/ngtcp2.h>

typedef struct lp_tls_session {
    SSL *ssl;
    ngtcp2_conn *ngtcp2;           /* whose handshake it is */
    ngtcp2_encryption_level level; /* at which TLS talks next */
    lp_bytes heard;                /* CRYPTO octets that TLS has not asked for yet */
    size_t held;                   /* octets that it still looks at */
    uint8_t *params;               /* ours, which TLS carries */
    char *verdict; /* LP_VERDICT_MAX octets: filled when the peer is not trusted */
} lp_tls_session;  /* must not move once started */

bool lp_tls_is_server(const lp_tls *tls);

/* `verdict` is set by the caller, and `ngtcp2` before the first of lp_handshake_*. A
 * failed start leaves nothing behind. */
LP_MUST_USE lp_err lp_tls_session_start(lp_tls_session *session, const lp_tls *tls);
void lp_tls_session_end(lp_tls_session *session); /* a zeroed one is fine */

/* Who is there, once the handshake is complete.
 *   LP_ERR_VERSION    the peer did not agree on LP_ALPN
 *   LP_ERR_UNTRUSTED  it has no certificate */
LP_MUST_USE lp_err lp_tls_session_peer(const lp_tls_session *session,
                                       lp_key_hash *out_identity);

/* --- handshake.c: TLS talks through QUIC's CRYPTO frames (RFC 9001 section 4) ------ */

/* Before anything else is done with session->ssl. */
LP_MUST_USE bool lp_handshake_prepare(lp_tls_session *session);

/* A client's first words. 0, or what an ngtcp2 callback returns; so below. */
int lp_handshake_begin(lp_tls_session *session);

int lp_handshake_hear(lp_tls_session *session, lp_bytes octets);
