/*
 * TLS for QUIC: who we are, whom we trust, and what we show when trust fails.
 *
 * A peer's key is its identity: the SHA-256 of its certificate's SubjectPublicKeyInfo.
 */
#pragma once

#include "base/error.h"
#include "base/key_hash.h"
#include "base/random.h"
#include "base/span.h"

#define LP_ALPN            "lanparty/1"
#define LP_DEV_SERVER_NAME "lanparty-relay.local" /* L-039 */
/* --- our own certificate ---------------------------------------------------------- */

typedef struct lp_credentials
    lp_credentials; /* a certificate chain and its private key */

/*
 * A self-signed certificate for an Ed25519 seed (RFC 8032), CN and SAN `name`, valid from
 * 2020 to 9999: it is a key's wrapping, not a promise about time. The same seed gives
 * the same key, so fingerprints last.
 */
LP_MUST_USE lp_err lp_credentials_of_seed(const uint8_t seed[32], const char *name,
                                          lp_credentials **out_credentials,
                                          lp_why *why);

/* A new ECDSA P-256 key with a self-signed certificate (for browsers and libraries that
 * do not take Ed25519), CN and SAN `name`, ten years. */
LP_MUST_USE lp_err lp_credentials_generate(const char *name,
                                           lp_credentials **out_credentials,
                                           lp_why *why);

/* PEM texts: a chain, leaf first, and its key. The key must fit the leaf. */
LP_MUST_USE lp_err lp_credentials_read(lp_bytes cert_pem, lp_bytes key_pem,
                                       lp_credentials **out_credentials, lp_why *why);
void lp_credentials_free(lp_credentials *credentials); /* NULL is fine */

lp_key_hash lp_credentials_hash(const lp_credentials *credentials);

/* Certificate as PEM or DER, key as PEM, into `space`; octets written, 0 if too small. */
size_t lp_credentials_cert_pem(const lp_credentials *credentials, lp_space space);
size_t lp_credentials_cert_der(const lp_credentials *credentials, lp_space space);
size_t lp_credentials_key_pem(const lp_credentials *credentials, lp_space space);

/* When the leaf stops being valid, in seconds since 1970; a relay warns before. */
int64_t lp_credentials_expiry(const lp_credentials *credentials);

/* --- contexts --------------------------------------------------------------------- */

/* Shared by every connection of an endpoint, and by endpoints on several threads. */
typedef struct lp_tls lp_tls;

/*
 * A relay's: presents `credentials`, asks every peer for a certificate and takes any
 * (self-signed is expected); a peer without one is refused by TLS (certificate_required).
 */
LP_MUST_USE lp_err lp_tls_server_new(const lp_credentials *credentials,
                                     lp_tls **out_tls, lp_why *why);

/* How a client or gateway knows its relay. Exactly one of the three. */
typedef struct lp_trust {
    const lp_key_hash *fingerprint; /* this key, whatever the certificate says */
    lp_bytes ca_cert;        /* PEM (one or more) or DER: a CA, or the relay's own */
    bool system_roots;       /* public CAs, and the name must fit */
    const char *server_name; /* SNI, and checked but for `fingerprint` */
    /* It is only the address that is dialled: a certificate that was given as it is may
     * be for another name. */
    bool name_is_guess;
} lp_trust;

/*
 * A client's: presents `credentials` (NULL: none, which our relays refuse), checks the
 * relay by `trust`. A certificate in `ca_cert` that *is* the relay's own is trusted as it
 * stands, whatever its dates; the name is checked then too. Never unverified.
 */
LP_MUST_USE lp_err lp_tls_client_new(const lp_credentials *credentials,
                                     const lp_trust *trust, lp_tls **out_tls,
                                     lp_why *why);
void lp_tls_free(
    lp_tls *tls); /* NULL is fine; connections in flight keep what they need */

/* New connections present these from now on; those that stand are left alone. */
LP_MUST_USE lp_err lp_tls_replace(lp_tls *tls, const lp_credentials *credentials,
                                  lp_why *why);
