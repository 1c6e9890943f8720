#include "quic/verify.h"
#include "quic_certs.h"

#include <openssl/err.h>

#define NAME "relay.example"

static lp_bytes der_of(const lp_credentials *credentials, uint8_t out[2000])
{
    return lp_bytes_of(out,
                       lp_credentials_cert_der(credentials, lp_space_of(out, 2000)));
}

static lp_bytes pem_of(const lp_credentials *credentials, uint8_t out[2000])
{
    return lp_bytes_of(out,
                       lp_credentials_cert_pem(credentials, lp_space_of(out, 2000)));
}

static int verdict_of(const lp_trust *trust, const lp_credentials *leaf,
                      const lp_credentials *sent_along, char verdict[LP_VERDICT_MAX])
{
    lp_verifier *verifier = NULL;
    lp_why why;
    STACK_OF(X509) *others = sk_X509_new_null();
    *verdict = '\0';
    CHECK_EQ(lp_verifier_new(trust, &verifier, &why), LP_OK);
    if (sent_along)
        sk_X509_push(others, sent_along->leaf);
    int code = lp_verify(verifier, leaf->leaf, others, verdict);
    CHECK_EQ(code != X509_V_OK, *verdict != '\0');
    CHECK_EQ(ERR_peek_error(), 0);
    sk_X509_free(others);
    lp_verifier_free(verifier);
    return code;
}

TEST(a_pinned_key_is_trusted_and_no_other)
{
    char verdict[LP_VERDICT_MAX], text[LP_KEY_HASH_TEXT_LEN];
    issued expired = {"DNS:whatever", "20200101000000Z", "20200201000000Z"};
    lp_credentials *relay = issue("a", expired, NULL),
                   *other = issue("b", expired, NULL);
    lp_trust trust = {.fingerprint = &relay->hash};
    CHECK_EQ(verdict_of(&trust, relay, NULL, verdict),
             X509_V_OK); /* whatever it says */
    CHECK_EQ(verdict_of(&trust, other, NULL, verdict), X509_V_ERR_CERT_UNTRUSTED);
    CHECK_HAS(verdict, lp_key_hash_write(&other->hash, text));
    CHECK_HAS(verdict, lp_key_hash_write(&relay->hash, text));
    CHECK_HAS(verdict, "which is right"); /* not cut */
    lp_credentials_free(relay);
    lp_credentials_free(other);
}

/* C-018, L-039 */
TEST(a_given_ca_vouches_for_names_and_dates)
{
    lp_credentials *ca = issue("Our CA", (issued){0}, NULL);
    lp_credentials *other_ca = issue("Their CA", (issued){0}, NULL);
    lp_credentials *middle = issue("Between", (issued){0}, ca);
    const struct {
        const char *name;
        issued what;
        const lp_credentials *issuer, *sent_along;
        const char *server_name;
        int code;
        const char *says;
    } rows[] = {
        {"right", {"DNS:" NAME}, ca, NULL, NAME, X509_V_OK, ""},
        {"one of several names", {"DNS:x,DNS:" NAME}, ca, NULL, NAME, X509_V_OK, ""},
        {"wildcard", {"DNS:*.lan.example"}, ca, NULL, "a.lan.example", X509_V_OK, ""},
        {"partial wildcard",
         {"DNS:r*.lan.example"},
         ca,
         NULL,
         "relay.lan.example",
         X509_V_ERR_HOSTNAME_MISMATCH,
         "r*.lan.example"},
        {"address", {"IP:192.0.2.7"}, ca, NULL, "192.0.2.7", X509_V_OK, ""},
        {"another address",
         {"IP:192.0.2.7"},
         ca,
         NULL,
         "192.0.2.8",
         X509_V_ERR_HOSTNAME_MISMATCH,
         "192.0.2.7, expected 192.0.2.8"},
        {"IPv6 address", {"IP:2001:db8::7"}, ca, NULL, "2001:db8::7", X509_V_OK, ""},
        {"another IPv6 address",
         {"IP:2001:db8::7"},
         ca,
         NULL,
         "2001:db8::8",
         X509_V_ERR_HOSTNAME_MISMATCH,
         "2001:db8:0:0:0:0:0:7"},
        {"another name",
         {"DNS:evil.example"},
         ca,
         NULL,
         NAME,
         X509_V_ERR_HOSTNAME_MISMATCH,
         "evil.example, expected " NAME},
        {"a name of control characters",
         {"DNS:a\x1b[2Jb"},
         ca,
         NULL,
         NAME,
         X509_V_ERR_HOSTNAME_MISMATCH,
         "a?[2Jb"},
        {"another CA",
         {"DNS:" NAME},
         other_ca,
         other_ca,
         NAME,
         X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
         "not from the CA that was given"},
        {"nobody's",
         {"DNS:" NAME},
         NULL,
         NULL,
         NAME,
         X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
         "sha256:"},
        {"expired",
         {"DNS:" NAME, NULL, "20210101000000Z"},
         ca,
         NULL,
         NAME,
         X509_V_ERR_CERT_HAS_EXPIRED,
         "has expired by this machine's clock"},
        {"not valid yet",
         {"DNS:" NAME, "20990101000000Z", NULL},
         ca,
         NULL,
         NAME,
         X509_V_ERR_CERT_NOT_YET_VALID,
         "not yet valid by this machine's clock"},
        {"by an intermediate", {"DNS:" NAME}, middle, middle, NAME, X509_V_OK, ""},
        {"by an intermediate that is not sent",
         {"DNS:" NAME},
         middle,
         NULL,
         NAME,
         X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
         "sha256:"},
    };
    EACH_ROW (row, rows) {
        for (int is_pem = 0; is_pem < 2; is_pem++) {
            uint8_t octets[2000];
            char verdict[LP_VERDICT_MAX];
            lp_credentials *leaf = issue("leaf", row->what, row->issuer);
            lp_trust trust = {.ca_cert =
                                  is_pem ? pem_of(ca, octets) : der_of(ca, octets),
                              .server_name = row->server_name};
            CHECK_EQ(verdict_of(&trust, leaf, row->sent_along, verdict), row->code);
            CHECK_HAS(verdict, row->says);
            lp_credentials_free(leaf);
        }
    }
    lp_credentials_free(ca);
    lp_credentials_free(other_ca);
    lp_credentials_free(middle);
}

TEST(the_relays_own_certificate_is_trusted_as_it_stands)
{
    static const struct {
        const char *name;
        issued what;
        const char *server_name;
        bool is_guess;
        int code;
    } rows[] = {
        {"right", {"DNS:" NAME}, NAME, false, X509_V_OK},
        {"expired", {"DNS:" NAME, NULL, "20210101000000Z"}, NAME, false, X509_V_OK},
        {"another name",
         {"DNS:" NAME},
         "other.example",
         false,
         X509_V_ERR_HOSTNAME_MISMATCH},
        {"only the address is known", {"DNS:" NAME}, "192.0.2.1", true, X509_V_OK},
    };
    EACH_ROW (row, rows) {
        uint8_t octets[2000];
        char verdict[LP_VERDICT_MAX];
        lp_credentials *leaf = issue("leaf", row->what, NULL);
        lp_credentials *twin =
            issue("leaf", row->what, NULL); /* same words, other key */
        lp_trust trust = {.ca_cert = der_of(leaf, octets),
                          .server_name = row->server_name,
                          .name_is_guess = row->is_guess};
        CHECK_EQ(verdict_of(&trust, leaf, NULL, verdict), row->code);
        CHECK(verdict_of(&trust, twin, NULL, verdict) != X509_V_OK);
        lp_credentials_free(leaf);
        lp_credentials_free(twin);
    }
}

TEST(a_leaf_is_no_authority)
{
    uint8_t octets[2000];
    char verdict[LP_VERDICT_MAX];
    lp_credentials *leaf = issue("leaf", (issued){"DNS:" NAME}, NULL);
    lp_credentials *child = issue("child", (issued){"DNS:" NAME}, leaf);
    lp_trust trust = {.ca_cert = der_of(leaf, octets), .server_name = NAME};
    CHECK_EQ(verdict_of(&trust, child, leaf, verdict), X509_V_ERR_INVALID_CA);
    lp_credentials_free(leaf);
    lp_credentials_free(child);
}

TEST(the_systems_roots_do_not_know_our_ca)
{
    char verdict[LP_VERDICT_MAX];
    lp_credentials *ca = issue("Our CA", (issued){0}, NULL);
    lp_credentials *leaf = issue("leaf", (issued){"DNS:" NAME}, ca);
    lp_trust trust = {.system_roots = true, .server_name = NAME};
    CHECK(verdict_of(&trust, leaf, ca, verdict) != X509_V_OK);
    CHECK_HAS(verdict, "not from a CA that this system trusts");
    lp_credentials_free(ca);
    lp_credentials_free(leaf);
}

TEST(trust_that_makes_no_sense_is_refused)
{
    static const lp_key_hash key;
    uint8_t octets[2000];
    lp_credentials *ca = issue("Our CA", (issued){0}, NULL);
    lp_bytes der = der_of(ca, octets);
    const struct {
        const char *name;
        lp_trust trust;
        const char *says;
    } rows[] = {
        {"none", {0}, "one way"},
        {"two", {.fingerprint = &key, .system_roots = true}, "one way"},
        {"CA and roots", {.ca_cert = der, .system_roots = true}, "one way"},
        {"no name", {.ca_cert = der}, "server name"},
        {"empty name", {.system_roots = true, .server_name = ""}, "server name"},
        {"garbage",
         {.ca_cert = {(const uint8_t *)"nonsense", 8}, .server_name = NAME},
         "no certificate"},
        {"cut DER",
         {.ca_cert = {der.at, der.len - 1}, .server_name = NAME},
         "no certificate"},
        {"DER and more",
         {.ca_cert = {der.at, der.len + 1}, .server_name = NAME},
         "no certificate"},
    };
    EACH_ROW (row, rows) {
        lp_verifier *verifier = NULL;
        lp_why why;
        CHECK_EQ(lp_verifier_new(&row->trust, &verifier, &why), LP_ERR_MALFORMED);
        CHECK_HAS(why.text, row->says);
        CHECK(!verifier);
        CHECK_EQ(ERR_peek_error(), 0);
    }
    lp_credentials_free(ca);
}
