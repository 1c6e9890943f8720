/* Certificates that the product never makes: authorities, and what they sign. */
#pragma once

#include "quic/credentials.h"
#include "test.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

typedef struct issued {
    const char *san; /* OpenSSL's words: "DNS:a,IP:1.2.3.4"; NULL: an authority */
    const char *from, *until;
} issued;

__attribute__((unused)) static void add_ext(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    CHECK(X509_add_ext(cert, ext, -1));
    X509_EXTENSION_free(ext);
}

/* Signed by `issuer`, or by itself. */
__attribute__((unused)) static lp_credentials *issue(const char *name, issued what,
                                                     const lp_credentials *issuer)
{
    static int serial;
    lp_credentials *out = calloc(1, sizeof *out);
    X509 *cert = out->leaf = X509_new();
    out->key = EVP_EC_gen("P-256");
    X509_NAME *subject = X509_get_subject_name(cert);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1,
                               -1, 0);
    X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer->leaf) : subject);
    ASN1_TIME_set_string_X509(X509_getm_notBefore(cert),
                              what.from ? what.from : "20200101000000Z");
    ASN1_TIME_set_string_X509(X509_getm_notAfter(cert),
                              what.until ? what.until : "21000101000000Z");
    X509_set_pubkey(cert, out->key);
    add_ext(cert, NID_basic_constraints, what.san ? "CA:FALSE" : "critical,CA:TRUE");
    if (what.san)
        add_ext(cert, NID_subject_alt_name, what.san);
    CHECK(X509_sign(cert, issuer ? issuer->key : out->key, EVP_sha256()) > 0);
    CHECK_EQ(lp_key_hash_of_cert(cert, &out->hash), LP_OK);
    return out;
}
