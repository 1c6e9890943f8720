#include "runtime/relay_tls.h"

#include "folder.h"
#include "heard.h"
#include "quic_certs.h"

#include <fcntl.h>

static lp_why why;
static heard lines;
static lp_log_sink log_sink;
static uint8_t secret[32];

/* A pair on disk, as a CA's tool leaves it, newer than the one before. */
static void put_pair(const char *until)
{
    static int64_t second = 1000000000;
    uint8_t pem[8192];
    issued what = {.san = "DNS:relay.example", .until = until};
    lp_credentials *pair = issue("relay", what, NULL);
    size_t len = lp_credentials_cert_pem(pair, lp_space_of(pem, sizeof pem));
    CHECK_EQ(
        lp_file_write(in_folder("cert.pem"), lp_bytes_of(pem, len), 0644, false, &why),
        LP_OK);
    len = lp_credentials_key_pem(pair, lp_space_of(pem, sizeof pem));
    CHECK_EQ(
        lp_file_write(in_folder("key.pem"), lp_bytes_of(pem, len), 0600, false, &why),
        LP_OK);
    lp_credentials_free(pair);
    second++;
    struct timespec times[2] = {{.tv_sec = second}, {.tv_sec = second}};
    CHECK_EQ(utimensat(AT_FDCWD, in_folder("cert.pem"), times, 0), 0);
}

static void open_pair(lp_relay_tls *tls, const char *until)
{
    new_folder();
    put_pair(until);
    log_sink = log_to(&lines, LP_DEBUG);
    lp_relay_files files = {.cert = in_folder("cert.pem"),
                            .key = in_folder("key.pem"),
                            .state_dir = in_folder("state")};
    CHECK_EQ(lp_relay_tls_open(tls, &files, &log_sink, secret, &why), LP_OK);
}

/* L-003 */
TEST(a_renewed_pair_is_taken_by_itself_and_once)
{
    lp_relay_tls tls;
    open_pair(&tls, NULL);
    char first[LP_KEY_HASH_TEXT_LEN];
    strcpy(first, tls.fingerprint);
    lp_relay_tls_watch(&tls);
    CHECK_EQ(lines.count, 0);

    put_pair(NULL);
    lp_relay_tls_watch(&tls);
    lp_relay_tls_watch(&tls);
    CHECK_EQ(lines.count, 1);
    CHECK_HAS(lines.line[0].text, "certificate reloaded");
    CHECK_HAS(lines.line[0].text, tls.fingerprint);
    CHECK(strcmp(first, tls.fingerprint) != 0);
    lp_relay_tls_fini(&tls);
}

TEST(a_broken_pair_is_complained_about_once_and_the_old_stays)
{
    lp_relay_tls tls;
    open_pair(&tls, NULL);
    char first[LP_KEY_HASH_TEXT_LEN];
    strcpy(first, tls.fingerprint);
    CHECK_EQ(
        lp_file_write(in_folder("cert.pem"), lp_bytes_of("x", 1), 0644, false, &why),
        LP_OK);
    lp_relay_tls_watch(&tls);
    lp_relay_tls_watch(&tls);
    CHECK_EQ(lines.count, 1);
    CHECK_EQ(lines.line[0].level, LP_WARN);
    CHECK_HAS(lines.line[0].text, "the old one stays");
    CHECK_HAS(lines.line[0].text, "cert.pem");
    CHECK_STR(tls.fingerprint, first);

    lp_relay_tls_reload(&tls); /* SIGHUP: asked for, so answered again */
    CHECK_EQ(lines.count, 2);
    lp_relay_tls_fini(&tls);
}

TEST(the_end_of_a_certificate_is_warned_about_once_a_day)
{
    lp_relay_tls tls;
    open_pair(&tls, "20210101000000Z");
    CHECK_EQ(lines.count, 1);
    CHECK_HAS(lines.line[0].text, "has expired");
    lp_relay_tls_watch(&tls);
    CHECK_EQ(lines.count, 1);
    tls.next_warning = 0; /* tomorrow */
    lp_relay_tls_watch(&tls);
    CHECK_EQ(lines.count, 2);

    put_pair(NULL);
    lp_relay_tls_watch(&tls);
    CHECK_EQ(lines.count, 3);
    CHECK_HAS(lines.line[2].text, "reloaded");
    lp_relay_tls_fini(&tls);
}

TEST(looking_at_a_relay_that_never_ran_finds_no_certificate)
{
    lp_relay_tls tls;
    new_folder();
    log_sink = log_to(&lines, LP_DEBUG);
    lp_relay_files files = {.use = LP_FILES_LOOK, .state_dir = in_folder("state")};
    CHECK_EQ(lp_relay_tls_open(&tls, &files, &log_sink, secret, &why), LP_OK);
    CHECK(!tls.tls);
    CHECK_STR(tls.fingerprint, "");
    lp_relay_tls_fini(&tls);
}
