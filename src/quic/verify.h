/* Is this the relay that we were told to trust? */
#pragma once

#include "quic/tls.h"

#include <openssl/x509.h>

typedef struct lp_verifier lp_verifier;

#define LP_VERDICT_MAX 256

/*   LP_ERR_MALFORMED  not exactly one kind of trust, no name where one is checked, or
 *                     `ca_cert` holds no certificate */
LP_MUST_USE lp_err lp_verifier_new(const lp_trust *trust, lp_verifier **out_verifier,
                                   lp_why *why);
void lp_verifier_free(lp_verifier *verifier); /* NULL is fine */

/*
 * X509_V_OK, or an X509_V_ERR_ code and a sentence: what came, what was expected.
 * `others` are what the relay sent beside its own certificate; NULL is fine.
 */
int lp_verify(const lp_verifier *verifier, X509 *leaf, STACK_OF(X509) * others,
              char out_verdict[LP_VERDICT_MAX]);
