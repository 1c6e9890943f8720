#include "quic/credentials.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

const char *lp_openssl_says(char *out, size_t out_len)
{
    unsigned long code = ERR_peek_last_error();
    const char *words = code ? ERR_reason_error_string(code) : NULL;
    snprintf(out, out_len, "%s", words ? words : "no reason given");
    ERR_clear_error();
    return out;
}

static lp_err complain(lp_why *why, const char *what)
{
    char words[160];
    return lp_explain(why, LP_ERR_CRYPTO, "%s: %s", what,
                      lp_openssl_says(words, sizeof words));
}

/* Takes over `key` and whatever else it is given, also when it fails. */
static lp_err wrap(X509 *leaf, STACK_OF(X509) * chain, EVP_PKEY *key,
                   lp_credentials **out_credentials, lp_why *why)
{
    lp_credentials *credentials = calloc(1, sizeof *credentials);
    lp_err err = LP_ERR_NO_MEMORY;
    if (credentials) {
        *credentials = (lp_credentials){.leaf = leaf, .chain = chain, .key = key};
        err = lp_key_hash_of_cert(leaf, &credentials->hash);
    } else {
        X509_free(leaf);
        sk_X509_pop_free(chain, X509_free);
        EVP_PKEY_free(key);
    }
    if (err) {
        lp_credentials_free(credentials);
        return lp_explain(why, err, "cannot keep the certificate: %s",
                          lp_err_text(err));
    }
    *out_credentials = credentials;
    return LP_OK;
}

void lp_credentials_free(lp_credentials *credentials)
{
    if (!credentials)
        return;
    X509_free(credentials->leaf);
    sk_X509_pop_free(credentials->chain, X509_free);
    EVP_PKEY_free(credentials->key);
    free(credentials);
}

/* --- self-signed ------------------------------------------------------------------ */

static bool add_common_name(X509 *cert, const char *name)
{
    enum { CN_MAX = 64 }; /* ub-common-name, RFC 5280; the whole name is in the SAN */
    X509_NAME *subject = X509_get_subject_name(cert);
    int len = (int)strnlen(name, CN_MAX);
    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                      (const unsigned char *)name, len, -1, 0) &&
           X509_set_issuer_name(cert, subject);
}

static GENERAL_NAME *general_name_of(const char *name)
{
    GENERAL_NAME *general = GENERAL_NAME_new();
    ASN1_OCTET_STRING *ip = a2i_IPADDRESS(name);
    ASN1_IA5STRING *dns = ip ? NULL : ASN1_IA5STRING_new();
    if (general && ip) {
        GENERAL_NAME_set0_value(general, GEN_IPADD, ip);
    } else if (general && dns && ASN1_STRING_set(dns, name, -1)) {
        GENERAL_NAME_set0_value(general, GEN_DNS, dns);
    } else {
        GENERAL_NAME_free(general);
        ASN1_OCTET_STRING_free(ip);
        ASN1_IA5STRING_free(dns);
        return NULL;
    }
    return general;
}

/* Built from structs, not from OpenSSL's configuration language: a comma in `name` must
 * not add another. */
static bool add_subject_alt_name(X509 *cert, const char *name)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *general = general_name_of(name);
    bool ok = names && general && sk_GENERAL_NAME_push(names, general) > 0;
    if (!ok)
        GENERAL_NAME_free(general);
    ok = ok && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1;
    GENERAL_NAMES_free(names);
    return ok;
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    bool ok = extension && X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

/* From the key, so that the same key gives the same certificate. */
static bool set_serial(X509 *cert)
{
    lp_key_hash hash;
    uint64_t serial = 1;
    if (lp_key_hash_of_cert(cert, &hash))
        return false;
    for (int i = 0; i < 7; i++)
        serial = serial << 8 | hash.octet[i];
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial);
}

typedef struct validity {
    const char *from, *until; /* GeneralizedTime; NULL: from now, ten years */
} validity;

static bool set_validity(X509 *cert, validity when)
{
    enum { TEN_YEARS = 3652, DAY = 24 * 60 * 60 };
    if (when.from)
        return ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), when.from) &&
               ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), when.until);
    /* A day back: clocks differ. */
    return X509_gmtime_adj(X509_getm_notBefore(cert), -DAY) &&
           X509_time_adj_ex(X509_getm_notAfter(cert), TEN_YEARS, 0, NULL);
}

static bool fill_certificate(X509 *cert, EVP_PKEY *key, const char *name, validity when)
{
    return X509_set_version(cert, X509_VERSION_3) && X509_set_pubkey(cert, key) &&
           set_serial(cert) && set_validity(cert, when) &&
           add_common_name(cert, name) && add_subject_alt_name(cert, name) &&
           add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
           add_extension(cert, NID_ext_key_usage, "serverAuth,clientAuth");
}

/* Takes over `key`, also when it fails. */
static lp_err self_sign(EVP_PKEY *key, const char *name, validity when,
                        lp_credentials **out_credentials, lp_why *why)
{
    X509 *cert = key ? X509_new() : NULL;
    const EVP_MD *digest = key && EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
    if (!cert || !fill_certificate(cert, key, name, when) ||
        X509_sign(cert, key, digest) == 0) {
        X509_free(cert);
        EVP_PKEY_free(key);
        return complain(why, "cannot make a certificate");
    }
    return wrap(cert, NULL, key, out_credentials, why);
}

lp_err lp_credentials_of_seed(const uint8_t seed[32], const char *name,
                              lp_credentials **out_credentials, lp_why *why)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    validity when = {"20200101000000Z", "99991231235959Z"};
    return self_sign(key, name, when, out_credentials, why);
}

lp_err lp_credentials_generate(const char *name, lp_credentials **out_credentials,
                               lp_why *why)
{
    return self_sign(EVP_EC_gen("P-256"), name, (validity){0}, out_credentials, why);
}

/* --- PEM -------------------------------------------------------------------------- */

/* Without it OpenSSL would ask the terminal, and a service would hang. */
static int no_passphrase(char *buf, int size, int rwflag, void *state)
{
    return -1;
}

static BIO *bio_of(lp_bytes text)
{
    return text.len <= INT_MAX ? BIO_new_mem_buf(text.at, (int)text.len) : NULL;
}

/* The certificates after the leaf. */
static STACK_OF(X509) * read_chain(BIO *bio)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    X509 *cert;
    while (chain && (cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)))
        if (!sk_X509_push(chain, cert))
            X509_free(cert);
    ERR_clear_error(); /* the end of the text is reported as an error */
    return chain;
}

lp_err lp_credentials_read(lp_bytes cert_pem, lp_bytes key_pem,
                           lp_credentials **out_credentials, lp_why *why)
{
    lp_err err = LP_OK;
    EVP_PKEY *key = NULL;
    STACK_OF(X509) *chain = NULL;
    BIO *cert_bio = bio_of(cert_pem), *key_bio = bio_of(key_pem);
    X509 *leaf =
        cert_bio ? PEM_read_bio_X509(cert_bio, NULL, no_passphrase, NULL) : NULL;
    if (!leaf) {
        err = complain(why, "no certificate in PEM form can be read");
        goto done;
    }
    chain = read_chain(cert_bio);
    key = key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, no_passphrase, NULL) : NULL;
    if (!chain || !key) {
        err = complain(why,
                       "no private key in PEM form, without a passphrase, can be read");
        goto done;
    }
    if (X509_check_private_key(leaf, key) != 1) {
        ERR_clear_error();
        err = lp_explain(why, LP_ERR_CRYPTO,
                         "the private key does not belong to the first certificate");
        goto done;
    }
    err = wrap(leaf, chain, key, out_credentials, why);
    leaf = NULL; /* all three are its own now */
    chain = NULL;
    key = NULL;
done:
    X509_free(leaf);
    sk_X509_pop_free(chain, X509_free);
    EVP_PKEY_free(key);
    BIO_free(cert_bio);
    BIO_free(key_bio);
    return err;
}

/* --- looking at it ---------------------------------------------------------------- */

lp_key_hash lp_credentials_hash(const lp_credentials *credentials)
{
    return credentials->hash;
}

static size_t copy_out(BIO *bio, bool is_filled, lp_space space)
{
    char *at = NULL;
    long len = bio && is_filled ? BIO_get_mem_data(bio, &at) : 0;
    bool fits = len > 0 && (size_t)len <= space.len;
    if (fits)
        memcpy(space.at, at, (size_t)len);
    BIO_free(bio);
    return fits ? (size_t)len : 0;
}

size_t lp_credentials_cert_pem(const lp_credentials *credentials, lp_space space)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok = bio && PEM_write_bio_X509(bio, credentials->leaf);
    for (int i = 0; ok && i < sk_X509_num(credentials->chain); i++)
        ok = PEM_write_bio_X509(bio, sk_X509_value(credentials->chain, i));
    return copy_out(bio, ok, space);
}

size_t lp_credentials_cert_der(const lp_credentials *credentials, lp_space space)
{
    BIO *bio = BIO_new(BIO_s_mem());
    return copy_out(bio, bio && i2d_X509_bio(bio, credentials->leaf), space);
}

size_t lp_credentials_key_pem(const lp_credentials *credentials, lp_space space)
{
    BIO *bio = BIO_new(BIO_s_mem());
    bool ok = bio && PEM_write_bio_PrivateKey(bio, credentials->key, NULL, NULL, 0,
                                              NULL, NULL);
    return copy_out(bio, ok, space);
}

int64_t lp_credentials_expiry(const lp_credentials *credentials)
{
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    if (epoch)
        ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(credentials->leaf));
    ASN1_TIME_free(epoch);
    return (int64_t)days * 24 * 60 * 60 + seconds;
}
