#include "quic/credentials.h"

#include <openssl/evp.h>

lp_err lp_key_hash_of_cert(const X509 *cert, lp_key_hash *out_hash)
{
    uint8_t *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    if (len <= 0)
        return LP_ERR_CRYPTO;
    int ok = EVP_Digest(der, (size_t)len, out_hash->octet, NULL, EVP_sha256(), NULL);
    OPENSSL_free(der);
    return ok == 1 ? LP_OK : LP_ERR_CRYPTO;
}
