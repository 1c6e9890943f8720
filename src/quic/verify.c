#include "quic/verify.h"

#include "quic/credentials.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct lp_verifier {
    bool pins_key;
    lp_key_hash key;
    STACK_OF(X509) * given; /* what the user gave us; NULL with the system's roots */
    X509_STORE *store;      /* NULL when a key is pinned */
    char *name;
    bool name_is_guess;
};

void lp_verifier_free(lp_verifier *verifier)
{
    if (!verifier)
        return;
    sk_X509_pop_free(verifier->given, X509_free);
    X509_STORE_free(verifier->store);
    free(verifier->name);
    free(verifier);
}

/* --- what we were told ------------------------------------------------------------ */

static STACK_OF(X509) * read_der(lp_bytes der)
{
    const uint8_t *at = der.at;
    STACK_OF(X509) *certs = sk_X509_new_null();
    X509 *cert = der.len <= LONG_MAX ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    if (certs && cert && at == der.at + der.len && sk_X509_push(certs, cert))
        return certs;
    X509_free(cert);
    sk_X509_free(certs);
    return NULL;
}

static STACK_OF(X509) * read_pem(lp_bytes pem)
{
    STACK_OF(X509) *certs = sk_X509_new_null();
    BIO *bio = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.at, (int)pem.len) : NULL;
    X509 *cert;
    while (certs && bio && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        if (!sk_X509_push(certs, cert))
            X509_free(cert);
    BIO_free(bio);
    return certs;
}

static lp_err trust_given(lp_verifier *verifier, lp_bytes ca_cert, lp_why *why)
{
    enum { DER_SEQUENCE = 0x30 };
    bool is_der = ca_cert.at[0] == DER_SEQUENCE;
    verifier->given = is_der ? read_der(ca_cert) : read_pem(ca_cert);
    ERR_clear_error();
    if (!verifier->given || sk_X509_num(verifier->given) == 0)
        return lp_explain(why, LP_ERR_MALFORMED,
                          "the CA certificate holds no certificate in PEM or DER form");
    for (int i = 0; i < sk_X509_num(verifier->given); i++)
        if (!X509_STORE_add_cert(verifier->store, sk_X509_value(verifier->given, i)))
            return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    /* An intermediate that the user names is an anchor, too. */
    X509_STORE_set_flags(verifier->store, X509_V_FLAG_PARTIAL_CHAIN);
    return LP_OK;
}

static lp_err take_trust(lp_verifier *verifier, const lp_trust *trust, lp_why *why)
{
    if (trust->fingerprint) {
        verifier->pins_key = true;
        verifier->key = *trust->fingerprint;
        return LP_OK;
    }
    verifier->name_is_guess = trust->name_is_guess;
    verifier->name = strdup(trust->server_name);
    verifier->store = X509_STORE_new();
    if (!verifier->name || !verifier->store)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    if (!trust->system_roots)
        return trust_given(verifier, trust->ca_cert, why);
    if (X509_STORE_set_default_paths(verifier->store) != 1) {
        ERR_clear_error();
        return lp_explain(why, LP_ERR_CRYPTO,
                          "the system's CA certificates cannot be read");
    }
    return LP_OK;
}

lp_err lp_verifier_new(const lp_trust *trust, lp_verifier **out_verifier, lp_why *why)
{
    int kinds = !!trust->fingerprint + (trust->ca_cert.len > 0) + trust->system_roots;
    if (kinds != 1)
        return lp_explain(why, LP_ERR_MALFORMED,
                          "give one way to know the relay: its fingerprint, a CA "
                          "certificate, or the system's CAs");
    if (!trust->fingerprint && (!trust->server_name || !*trust->server_name))
        return lp_explain(why, LP_ERR_MALFORMED,
                          "a server name is needed to check the relay's certificate");
    lp_verifier *verifier = calloc(1, sizeof *verifier);
    if (!verifier)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    lp_err err = take_trust(verifier, trust, why);
    if (err) {
        lp_verifier_free(verifier);
        return err;
    }
    *out_verifier = verifier;
    return LP_OK;
}

/* --- what came -------------------------------------------------------------------- */

/* The names are a stranger's: anything but printable ASCII becomes a '?'. */
static void append(char *out, size_t out_len, const uint8_t *at, size_t len)
{
    size_t used = strlen(out);
    for (size_t i = 0; i < len && used + 1 < out_len; i++)
        out[used++] = at[i] > ' ' && at[i] < 0x7f ? (char)at[i] : '?';
    out[used] = '\0';
}

static void append_ip(char *out, size_t out_len, const ASN1_STRING *ip)
{
    const uint8_t *at = ASN1_STRING_get0_data(ip);
    int len = ASN1_STRING_length(ip);
    char text[48] = "";
    size_t used = 0;
    if (len == 4)
        used = (size_t)snprintf(text, sizeof text, "%u.%u.%u.%u", at[0], at[1], at[2],
                                at[3]);
    for (int i = 0; len == 16 && i < 16; i += 2)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%x", i ? ":" : "",
                                 at[i] << 8 | at[i + 1]);
    append(out, out_len, (const uint8_t *)text, used);
}

static void append_common_name(char *out, size_t out_len, const X509 *cert)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    const X509_NAME_ENTRY *entry = at < 0 ? NULL : X509_NAME_get_entry(subject, at);
    const ASN1_STRING *name = entry ? X509_NAME_ENTRY_get_data(entry) : NULL;
    if (name)
        append(out, out_len, ASN1_STRING_get0_data(name),
               (size_t)ASN1_STRING_length(name));
}

/* The first names that it is for, as a person would write them. */
static void name_names(const X509 *cert, char *out, size_t out_len)
{
    enum { MAX_NAMES = 3 };
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    int named = 0;
    *out = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && named < MAX_NAMES; i++) {
        int kind;
        const ASN1_STRING *value =
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &kind);
        if (kind != GEN_DNS && kind != GEN_IPADD)
            continue;
        if (named++)
            append(out, out_len, (const uint8_t *)",", 1);
        if (kind == GEN_IPADD)
            append_ip(out, out_len, value);
        else
            append(out, out_len, ASN1_STRING_get0_data(value),
                   (size_t)ASN1_STRING_length(value));
    }
    GENERAL_NAMES_free(names);
    if (!named)
        append_common_name(out, out_len, cert);
}

static int refuse(int code, char *out_verdict, const char *fmt, ...)
    __attribute__((format(LP_PRINTF, 3, 4)));

static int refuse(int code, char *out_verdict, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(out_verdict, LP_VERDICT_MAX, fmt, args);
    va_end(args);
    ERR_clear_error();
    return code;
}

/* --- the verdict ------------------------------------------------------------------ */

static int check_key(const lp_verifier *verifier, const lp_key_hash *came,
                     char *out_verdict)
{
    char expected_text[LP_KEY_HASH_TEXT_LEN], came_text[LP_KEY_HASH_TEXT_LEN];
    if (memcmp(came, &verifier->key, sizeof *came) == 0)
        return X509_V_OK;
    return refuse(X509_V_ERR_CERT_UNTRUSTED, out_verdict,
                  "the relay's key is %s, expected %s: ask its operator which is right",
                  lp_key_hash_write(came, came_text),
                  lp_key_hash_write(&verifier->key, expected_text));
}

static int check_name(const lp_verifier *verifier, X509 *leaf, char *out_verdict)
{
    char names[120];
    bool is_ip = X509_check_ip_asc(leaf, verifier->name, 0) == 1;
    if (is_ip || X509_check_host(leaf, verifier->name, 0,
                                 X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1)
        return X509_V_OK;
    name_names(leaf, names, sizeof names);
    return refuse(
        X509_V_ERR_HOSTNAME_MISMATCH, out_verdict,
        "the relay's certificate is for %s, expected %.80s: give the name it is "
        "for as the server name",
        names, verifier->name);
}

/* A certificate given as it is, and presented as it is, needs no other proof: not even
 * dates, which a machine without a clock could not check anyway. */
static bool is_given(const lp_verifier *verifier, const X509 *leaf)
{
    for (int i = 0; i < sk_X509_num(verifier->given); i++)
        if (X509_cmp(sk_X509_value(verifier->given, i), leaf) == 0)
            return true;
    return false;
}

static int check_chain(const lp_verifier *verifier, X509 *leaf, STACK_OF(X509) * others,
                       const lp_key_hash *came, char *out_verdict)
{
    char text[LP_KEY_HASH_TEXT_LEN];
    int code = X509_V_ERR_OUT_OF_MEM;
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (ctx && X509_STORE_CTX_init(ctx, verifier->store, leaf, others) &&
        X509_STORE_CTX_set_default(ctx, "ssl_server")) {
        X509_verify_cert(ctx);
        code = X509_STORE_CTX_get_error(ctx);
    }
    X509_STORE_CTX_free(ctx);
    if (code == X509_V_OK)
        return X509_V_OK;
    if (code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID)
        return refuse(code, out_verdict,
                      "the relay's %s by this machine's clock: if the clock is right, "
                      "ask the relay's operator to renew it",
                      X509_verify_cert_error_string(code));
    return refuse(
        code, out_verdict, "the relay's certificate is not from %s (%s); its key is %s",
        verifier->given ? "the CA that was given" : "a CA that this system trusts",
        X509_verify_cert_error_string(code), lp_key_hash_write(came, text));
}

int lp_verify(const lp_verifier *verifier, X509 *leaf, STACK_OF(X509) * others,
              char out_verdict[LP_VERDICT_MAX])
{
    lp_key_hash came;
    if (lp_key_hash_of_cert(leaf, &came))
        return refuse(X509_V_ERR_UNSPECIFIED, out_verdict,
                      "the relay's certificate holds no readable key");
    if (verifier->pins_key)
        return check_key(verifier, &came, out_verdict);
    bool given = is_given(verifier, leaf);
    if (given && verifier->name_is_guess)
        return X509_V_OK;
    int code =
        given ? X509_V_OK : check_chain(verifier, leaf, others, &came, out_verdict);
    return code == X509_V_OK ? check_name(verifier, leaf, out_verdict) : code;
}
