#include "quic/credentials.h"
#include "test.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static const uint8_t seed[32] = {1, 2, 3};

static lp_credentials *of_seed(const char *name)
{
    lp_credentials *credentials = NULL;
    lp_why why;
    CHECK_EQ(lp_credentials_of_seed(seed, name, &credentials, &why), LP_OK);
    return credentials;
}

TEST(the_same_seed_gives_the_same_key_and_the_same_certificate)
{
    uint8_t a[1000], b[1000];
    lp_credentials *one = of_seed("lan"), *other = of_seed("lan");
    lp_key_hash hashes[] = {lp_credentials_hash(one), lp_credentials_hash(other)};
    CHECK_BYTES(hashes[0].octet, 32, hashes[1].octet, 32);
    size_t len = lp_credentials_cert_der(one, lp_space_of(a, sizeof a));
    CHECK(len > 100);
    CHECK_BYTES(b, lp_credentials_cert_der(other, lp_space_of(b, sizeof b)), a, len);
    lp_credentials_free(one);
    lp_credentials_free(other);
}

TEST(an_identity_is_the_hash_of_the_subject_public_key_info)
{
    /* RFC 8032 test 1's key pair; the SPKI is RFC 8410's fixed prefix and the key, its
     * SHA-256 computed with another tool. */
    static const uint8_t rfc_seed[32] = {
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
        0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
        0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};
    char text[LP_KEY_HASH_TEXT_LEN];
    lp_credentials *credentials = NULL;
    lp_why why;
    CHECK_EQ(lp_credentials_of_seed(rfc_seed, "x", &credentials, &why), LP_OK);
    lp_key_hash hash = lp_credentials_hash(credentials);
    CHECK_STR(lp_key_hash_write(&hash, text), "sha256:06e3fd8fda29bb60ab59557de61edb0a"
                                              "ecdb231134be30e75b455f8e1b792fa9");
    lp_credentials_free(credentials);
}

TEST(a_name_is_one_name_whatever_is_in_it)
{
    static const struct {
        const char *name, *host;
        bool is_ip;
    } rows[] = {
        {"lanparty-relay.local", "lanparty-relay.local", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"2001:db8::7", "2001:db8::7", true},
        {"a,DNS:evil.example", "evil.example", false}, /* no second name */
        {"a-name-that-is-longer-than-a-common-name-may-be.sub-domain.example.org",
         "a-name-that-is-longer-than-a-common-name-may-be.sub-domain.example.org",
         false},
    };
    EACH_ROW (row, rows) {
        lp_credentials *credentials = of_seed(row->name);
        bool expected = strcmp(row->name, row->host) == 0;
        if (row->is_ip)
            CHECK_EQ(X509_check_ip_asc(credentials->leaf, row->host, 0), 1);
        else
            CHECK_EQ(X509_check_host(credentials->leaf, row->host, 0, 0, NULL),
                     expected);
        lp_credentials_free(credentials);
    }
}

TEST(certificates_last_as_long_as_they_say)
{
    lp_credentials *generated = NULL, *seeded = of_seed("x");
    lp_why why;
    CHECK_EQ(lp_credentials_generate("x", &generated, &why), LP_OK);
    CHECK_EQ(lp_credentials_expiry(seeded), 253402300799); /* the end of 9999 */
    int64_t ten_years = (int64_t)3652 * 24 * 60 * 60;
    int64_t issued_at = lp_credentials_expiry(generated) - ten_years;
    CHECK(issued_at > 1700000000); /* made in this century's twenties or later */
    CHECK(EVP_PKEY_is_a(generated->key, "EC"));
    CHECK_EQ(X509_verify(generated->leaf, generated->key), 1);
    lp_credentials_free(generated);
    lp_credentials_free(seeded);
}

TEST(what_is_written_as_pem_is_read_again)
{
    static uint8_t cert[4000], key[1000];
    lp_credentials *made = NULL, *again = NULL;
    lp_why why;
    CHECK_EQ(lp_credentials_generate("x", &made, &why), LP_OK);
    size_t cert_len = lp_credentials_cert_pem(made, lp_space_of(cert, sizeof cert));
    size_t key_len = lp_credentials_key_pem(made, lp_space_of(key, sizeof key));
    CHECK(cert_len > 0 && key_len > 0);
    CHECK_EQ(lp_credentials_read(lp_bytes_of(cert, cert_len), lp_bytes_of(key, key_len),
                                 &again, &why),
             LP_OK);
    CHECK(X509_cmp(made->leaf, again->leaf) == 0);
    CHECK_EQ(lp_credentials_cert_pem(made, lp_space_of(cert, cert_len - 1)), 0);
    CHECK_EQ(lp_credentials_cert_der(made, lp_space_of(cert, 10)), 0);
    CHECK_EQ(lp_credentials_key_pem(made, lp_space_of(key, key_len - 1)), 0);
    lp_credentials_free(made);
    lp_credentials_free(again);
}

TEST(a_chain_is_kept_in_its_order)
{
    static uint8_t certs[8000], again_certs[8000], key[1000];
    lp_credentials *leaf = NULL, *issuer = of_seed("issuer"), *read = NULL;
    lp_why why;
    CHECK_EQ(lp_credentials_generate("leaf", &leaf, &why), LP_OK);
    size_t len = lp_credentials_cert_pem(leaf, lp_space_of(certs, sizeof certs));
    len +=
        lp_credentials_cert_pem(issuer, lp_space_of(certs + len, sizeof certs - len));
    size_t key_len = lp_credentials_key_pem(leaf, lp_space_of(key, sizeof key));
    CHECK_EQ(lp_credentials_read(lp_bytes_of(certs, len), lp_bytes_of(key, key_len),
                                 &read, &why),
             LP_OK);
    CHECK_BYTES(
        again_certs,
        lp_credentials_cert_pem(read, lp_space_of(again_certs, sizeof again_certs)),
        certs, len);
    lp_credentials_free(leaf);
    lp_credentials_free(issuer);
    lp_credentials_free(read);
}

TEST(bad_pem_says_what_is_wrong_with_it)
{
    static uint8_t cert[4000], key[1000], other_key[1000];
    lp_credentials *made = NULL, *other = of_seed("other");
    lp_why why;
    CHECK_EQ(lp_credentials_generate("x", &made, &why), LP_OK);
    size_t cert_len = lp_credentials_cert_pem(made, lp_space_of(cert, sizeof cert));
    size_t key_len = lp_credentials_key_pem(made, lp_space_of(key, sizeof key));
    size_t other_len = lp_credentials_key_pem(other, lp_space_of(other_key, 1000));
    const struct {
        const char *name;
        lp_bytes cert, key;
        const char *says;
    } rows[] = {
        {"no certificate", {NULL, 0}, {key, key_len}, "no certificate"},
        {"garbage", {key, key_len}, {key, key_len}, "no certificate"},
        {"cut", {cert, cert_len / 2}, {key, key_len}, "no certificate"},
        {"no key", {cert, cert_len}, {NULL, 0}, "no private key"},
        {"cut key", {cert, cert_len}, {key, key_len / 2}, "no private key"},
        {"certificate for a key", {cert, cert_len}, {cert, cert_len}, "no private key"},
        {"another key", {cert, cert_len}, {other_key, other_len}, "does not belong"},
    };
    EACH_ROW (row, rows) {
        lp_credentials *read = NULL;
        CHECK_EQ(lp_credentials_read(row->cert, row->key, &read, &why), LP_ERR_CRYPTO);
        CHECK_HAS(why.text, row->says);
        CHECK(!read);
        CHECK_EQ(ERR_peek_error(), 0); /* nothing left for the next one to find */
    }
    lp_credentials_free(made);
    lp_credentials_free(other);
}

TEST(a_key_with_a_passphrase_is_refused_without_asking)
{
    static uint8_t cert[4000];
    char *key;
    lp_credentials *made = NULL, *read = NULL;
    lp_why why;
    CHECK_EQ(lp_credentials_generate("x", &made, &why), LP_OK);
    size_t cert_len = lp_credentials_cert_pem(made, lp_space_of(cert, sizeof cert));
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, made->key, EVP_aes_128_cbc(), "secret", 6, NULL,
                                  NULL);
    long key_len = BIO_get_mem_data(bio, &key);
    CHECK_EQ(lp_credentials_read(lp_bytes_of(cert, cert_len),
                                 lp_bytes_of(key, (size_t)key_len), &read, &why),
             LP_ERR_CRYPTO);
    CHECK_HAS(why.text, "without a passphrase");
    BIO_free(bio);
    lp_credentials_free(made);
}
