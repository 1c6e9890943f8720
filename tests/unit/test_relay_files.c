#include "runtime/relay_files.h"

#include "folder.h"

#include <fcntl.h>

static lp_why why;

/* A relay that starts, and how it is known; stops again. */
static lp_err start(lp_relay_files *files, lp_key_hash *out_hash, uint8_t secret[32])
{
    lp_credentials *credentials = NULL;
    lp_err err = lp_relay_files_open(files, &credentials, secret, &why);
    if (err)
        CHECK(credentials == NULL);
    else
        *out_hash = lp_credentials_hash(credentials);
    lp_credentials_free(credentials);
    return err;
}

static bool same_key(const lp_key_hash *a, const lp_key_hash *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void put_octets(const char *path, const uint8_t *at, size_t len)
{
    FILE *file = fopen(path, "w");
    CHECK_EQ(fwrite(at, 1, len, file), len);
    fclose(file);
}

/* A CA's pair, as an operator would put it there. */
static lp_key_hash put_pair(const char *cert_path, const char *key_path)
{
    lp_credentials *credentials = NULL;
    uint8_t pem[8192];
    CHECK_EQ(lp_credentials_generate("relay.example", &credentials, &why), LP_OK);
    size_t len = lp_credentials_cert_pem(credentials, lp_space_of(pem, sizeof pem));
    put_octets(cert_path, pem, len);
    len = lp_credentials_key_pem(credentials, lp_space_of(pem, sizeof pem));
    put_octets(key_path, pem, len);
    lp_key_hash hash = lp_credentials_hash(credentials);
    lp_credentials_free(credentials);
    return hash;
}

static void set_time(const char *path, time_t at)
{
    struct timespec times[2] = {{at, 0}, {at, 0}};
    CHECK_EQ(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* --- generated -------------------------------------------------------------------- */

TEST(looking_makes_nothing_and_reads_what_is_there)
{
    new_folder();
    lp_relay_files files = {.use = LP_FILES_LOOK, .state_dir = in_folder("state")};
    lp_credentials *credentials = NULL;
    uint8_t secret[32];
    lp_key_hash made, seen;
    CHECK_EQ(lp_relay_files_open(&files, &credentials, secret, &why), LP_OK);
    CHECK(!credentials);
    CHECK_EQ(lp_file_mtime(files.state), 0);

    lp_relay_files real = {.state_dir = in_folder("state")};
    CHECK_EQ(start(&real, &made, secret), LP_OK);
    CHECK_EQ(start(&files, &seen, secret), LP_OK);
    CHECK(same_key(&made, &seen));
}

TEST(a_generated_pair_and_secret_last_across_starts)
{
    lp_key_hash first, second;
    uint8_t secret[2][32] = {{0}};
    new_folder();
    lp_relay_files files = {.state_dir = in_folder("state")};
    CHECK_EQ(start(&files, &first, secret[0]), LP_OK);
    CHECK_EQ(mode_of(in_folder("state")), 0700);
    CHECK_EQ(mode_of(in_folder("state/relay-key.pem")), 0600);
    CHECK_EQ(mode_of(in_folder("state/relay-cert.pem")), 0644);
    CHECK_EQ(mode_of(in_folder("state/relay-secret")), 0600);

    lp_relay_files again = {.state_dir = in_folder("state")};
    CHECK_EQ(start(&again, &second, secret[1]), LP_OK);
    CHECK(same_key(&first, &second));
    CHECK_BYTES(secret[1], 32, secret[0], 32);
}

TEST(another_relay_has_another_key_and_secret)
{
    lp_key_hash one, other;
    uint8_t secret[2][32];
    new_folder();
    lp_relay_files a = {.state_dir = in_folder("a")}, b = {.state_dir = in_folder("b")};
    CHECK_EQ(start(&a, &one, secret[0]), LP_OK);
    CHECK_EQ(start(&b, &other, secret[1]), LP_OK);
    CHECK(!same_key(&one, &other));
    CHECK(memcmp(secret[0], secret[1], 32) != 0);
}

TEST(the_state_folder_is_the_managers_where_none_is_named)
{
    lp_key_hash hash;
    uint8_t secret[32];
    new_folder();
    setenv("STATE_DIRECTORY", in_folder("managed"), 1);
    lp_relay_files files = {0};
    CHECK_EQ(start(&files, &hash, secret), LP_OK);
    CHECK_STR(files.state, in_folder("managed"));
    CHECK(mode_of(in_folder("managed/relay-key.pem")) != 0);
    unsetenv("STATE_DIRECTORY");
}

/* A pin that stops working is worse than a relay that says what is missing. */
TEST(half_a_generated_pair_is_named_and_not_replaced)
{
    lp_key_hash hash;
    uint8_t secret[32];
    new_folder();
    lp_relay_files files = {.state_dir = in_folder("state")};
    CHECK_EQ(start(&files, &hash, secret), LP_OK);
    unlink(in_folder("state/relay-cert.pem"));
    CHECK_EQ(start(&files, &hash, secret), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, in_folder("state/relay-cert.pem"));
    CHECK(mode_of(in_folder("state/relay-key.pem")) != 0);
}

TEST(a_state_folder_that_cannot_be_used_is_named)
{
    lp_key_hash hash;
    uint8_t secret[32];
    new_folder();
    put_text(in_folder("file"), "x");
    lp_relay_files files = {.state_dir = in_folder("file/state")};
    CHECK(start(&files, &hash, secret) != LP_OK);
    CHECK_HAS(why.text, in_folder("file/state"));
}

/* --- the secret ------------------------------------------------------------------- */

TEST(a_secret_of_the_wrong_length_is_named_and_kept)
{
    static const struct {
        const char *name, *content;
        lp_err err;
    } rows[] = {
        {"empty", "", LP_ERR_MALFORMED},
        {"one short", "0123456789012345678901234567890", LP_ERR_MALFORMED},
        {"one over", "012345678901234567890123456789012", LP_ERR_TOO_BIG},
    };
    EACH_ROW (row, rows) {
        lp_key_hash hash;
        uint8_t secret[32] = {7};
        new_folder();
        lp_relay_files files = {.state_dir = folder};
        put_text(in_folder("relay-secret"), row->content);
        CHECK_EQ(start(&files, &hash, secret), row->err);
        CHECK_HAS(why.text, in_folder("relay-secret"));
        CHECK_STR(text_in(in_folder("relay-secret")), row->content);
        CHECK_EQ(secret[0], 7);
    }
}

TEST(a_secret_of_the_right_length_is_used)
{
    lp_key_hash hash;
    uint8_t secret[32];
    new_folder();
    lp_relay_files files = {.state_dir = folder};
    put_text(in_folder("relay-secret"), "01234567890123456789012345678901");
    CHECK_EQ(start(&files, &hash, secret), LP_OK);
    CHECK_BYTES(secret, 32, "01234567890123456789012345678901", 32);
}

/* --- given ------------------------------------------------------------------------ */

TEST(a_given_pair_is_used_and_none_is_generated)
{
    lp_key_hash hash;
    uint8_t secret[32];
    new_folder();
    lp_key_hash given = put_pair(in_folder("cert.pem"), in_folder("key.pem"));
    lp_relay_files files = {.cert = in_folder("cert.pem"),
                            .key = in_folder("key.pem"),
                            .state_dir = in_folder("state")};
    CHECK_EQ(start(&files, &hash, secret), LP_OK);
    CHECK(same_key(&hash, &given));
    CHECK_EQ(mode_of(in_folder("state/relay-key.pem")), 0);
    CHECK_EQ(mode_of(in_folder("state/relay-secret")), 0600);
}

TEST(a_pair_that_is_none_is_refused_by_name)
{
    static const struct {
        const char *name, *cert, *key;
        lp_err err;
        const char *says;
    } rows[] = {
        {"only a certificate", "cert.pem", NULL, LP_ERR_MALFORMED, "belong together"},
        {"only a key", NULL, "key.pem", LP_ERR_MALFORMED, "belong together"},
        {"no such certificate", "none.pem", "key.pem", LP_ERR_NOT_FOUND, "/none.pem"},
        {"no such key", "cert.pem", "none.pem", LP_ERR_NOT_FOUND, "/none.pem"},
    };
    EACH_ROW (row, rows) {
        lp_key_hash hash;
        uint8_t secret[32];
        new_folder();
        put_pair(in_folder("cert.pem"), in_folder("key.pem"));
        lp_relay_files files = {.cert = row->cert ? in_folder(row->cert) : NULL,
                                .key = row->key ? in_folder(row->key) : NULL,
                                .state_dir = folder};
        CHECK_EQ(start(&files, &hash, secret), row->err);
        CHECK_HAS(why.text, row->says);
    }
}

TEST(a_key_of_another_certificate_is_refused_with_both_names)
{
    lp_key_hash hash;
    uint8_t secret[32];
    new_folder();
    put_pair(in_folder("cert.pem"), in_folder("key.pem"));
    put_pair(in_folder("other-cert.pem"), in_folder("other-key.pem"));
    lp_relay_files files = {.cert = in_folder("cert.pem"),
                            .key = in_folder("other-key.pem"),
                            .state_dir = folder};
    CHECK(start(&files, &hash, secret) != LP_OK);
    CHECK_HAS(why.text, in_folder("cert.pem"));
    CHECK_HAS(why.text, in_folder("other-key.pem"));
}

/* L-002 */
TEST(the_certificate_is_written_as_der_where_asked)
{
    lp_credentials *credentials = NULL;
    uint8_t secret[32], der[8192];
    new_folder();
    lp_relay_files files = {.state_dir = in_folder("state"),
                            .cert_der_out = in_folder("relay.der")};
    CHECK_EQ(lp_relay_files_open(&files, &credentials, secret, &why), LP_OK);
    size_t len = lp_credentials_cert_der(credentials, lp_space_of(der, sizeof der));
    struct stat found = {0};
    CHECK_EQ(stat(in_folder("relay.der"), &found), 0);
    CHECK_EQ(found.st_size, len);
    CHECK_EQ(mode_of(in_folder("relay.der")), 0644);
    lp_credentials_free(credentials);

    lp_relay_files nowhere = {.state_dir = in_folder("state"),
                              .cert_der_out = in_folder("none/relay.der")};
    credentials = NULL;
    CHECK(lp_relay_files_open(&nowhere, &credentials, secret, &why) != LP_OK);
    CHECK_HAS(why.text, in_folder("none/relay.der"));
    CHECK(credentials == NULL);
}

/* --- renewed ---------------------------------------------------------------------- */

typedef struct renewal {
    lp_relay_files files;
    lp_key_hash hash;
    char cert[128], key[128];
} renewal;

static renewal begin(void)
{
    renewal it = {0};
    uint8_t secret[32];
    new_folder();
    snprintf(it.cert, sizeof it.cert, "%s", in_folder("cert.pem"));
    snprintf(it.key, sizeof it.key, "%s", in_folder("key.pem"));
    put_pair(it.cert, it.key);
    set_time(it.cert, 1000);
    set_time(it.key, 1000);
    it.files =
        (lp_relay_files){.cert = it.cert, .key = it.key, .state_dir = in_folder("s")};
    CHECK_EQ(start(&it.files, &it.hash, secret), LP_OK);
    it.files.cert = it.files.key = NULL; /* its own copies are what counts from here */
    return it;
}

TEST(a_renewed_pair_is_noticed_and_read_once)
{
    static const struct {
        const char *name;
        time_t cert_at, key_at;
    } rows[] = {
        {"both", 2000, 2000},
        {"the certificate only", 2000, 1000},
        {"the key only", 1000, 2000},
        {"an older one, restored", 900, 900},
    };
    EACH_ROW (row, rows) {
        renewal it = begin();
        lp_credentials *credentials = NULL;
        CHECK(!lp_relay_files_changed(&it.files));
        lp_key_hash renewed = put_pair(it.cert, it.key);
        set_time(it.cert, row->cert_at);
        set_time(it.key, row->key_at);
        CHECK(lp_relay_files_changed(&it.files));
        CHECK_EQ(lp_relay_files_reload(&it.files, &credentials, &why), LP_OK);
        lp_key_hash hash = lp_credentials_hash(credentials);
        CHECK(same_key(&hash, &renewed));
        CHECK(!same_key(&hash, &it.hash));
        CHECK(!lp_relay_files_changed(&it.files));
        lp_credentials_free(credentials);
    }
}

TEST(a_broken_pair_is_complained_about_once)
{
    renewal it = begin();
    lp_credentials *credentials = NULL;
    put_text(it.cert, "-----BEGIN CERTIFICATE-----\n");
    set_time(it.cert, 2000);
    CHECK(lp_relay_files_changed(&it.files));
    CHECK(lp_relay_files_reload(&it.files, &credentials, &why) != LP_OK);
    CHECK_HAS(why.text, it.cert);
    CHECK(credentials == NULL);
    CHECK(!lp_relay_files_changed(&it.files)); /* seen; until it changes again */

    lp_key_hash renewed = put_pair(it.cert, it.key);
    set_time(it.cert, 3000);
    CHECK(lp_relay_files_changed(&it.files));
    CHECK_EQ(lp_relay_files_reload(&it.files, &credentials, &why), LP_OK);
    lp_key_hash hash = lp_credentials_hash(credentials);
    CHECK(same_key(&hash, &renewed));
    lp_credentials_free(credentials);
}

TEST(a_pair_that_vanished_is_complained_about_once_and_welcome_back)
{
    renewal it = begin();
    lp_credentials *credentials = NULL;
    unlink(it.key);
    CHECK(lp_relay_files_changed(&it.files));
    CHECK_EQ(lp_relay_files_reload(&it.files, &credentials, &why), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, it.key);
    CHECK(!lp_relay_files_changed(&it.files));
    put_pair(it.cert, it.key);
    CHECK(lp_relay_files_changed(&it.files));
    CHECK_EQ(lp_relay_files_reload(&it.files, &credentials, &why), LP_OK);
    lp_credentials_free(credentials);
}
