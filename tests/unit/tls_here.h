/* Keys for a relay and its peers in one process. */
#pragma once

#include "quic/tls.h"
#include "test.h"

/* A peer's: its key is made from `number`. */
static inline lp_credentials *peer_credentials(uint8_t number)
{
    lp_credentials *credentials = NULL;
    lp_why why;
    uint8_t seed[32] = {number};
    CHECK_EQ(lp_credentials_of_seed(seed, "peer", &credentials, &why), LP_OK);
    return credentials;
}

static inline lp_tls *relay_tls(const lp_credentials *credentials)
{
    lp_tls *tls = NULL;
    lp_why why;
    CHECK_EQ(lp_tls_server_new(credentials, &tls, &why), LP_OK);
    return tls;
}

/* Of a peer that expects this key of its relay. */
static inline lp_tls *peer_tls(const lp_credentials *credentials,
                               const lp_key_hash *relay)
{
    lp_tls *tls = NULL;
    lp_why why;
    lp_trust trust = {.fingerprint = relay, .server_name = LP_DEV_SERVER_NAME};
    CHECK_EQ(lp_tls_client_new(credentials, &trust, &tls, &why), LP_OK);
    return tls;
}
