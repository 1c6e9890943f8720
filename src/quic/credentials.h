/* Inside of lp_credentials, for the rest of this room. */
#pragma once

#include "quic/tls.h"

#include <openssl/x509.h>

struct lp_credentials {
    X509 *leaf;
    STACK_OF(X509) * chain; /* what is sent after the leaf; NULL: nothing */
    EVP_PKEY *key;
    lp_key_hash hash;
};

/* SHA-256 of the SubjectPublicKeyInfo, which is who a peer is. */
LP_MUST_USE lp_err lp_key_hash_of_cert(const X509 *cert, lp_key_hash *out_hash);

/* The library's last complaint, in its words; its queue is empty afterwards. */
const char *lp_openssl_says(char *out, size_t out_len);
