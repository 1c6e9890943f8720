#include "runtime/relay_files.h"

#include <stdio.h>

#include "os/files.h"
#include "os/random.h"
#include "os/service.h"

#define PEM_MAX    (256 * 1024)
#define SECRET_LEN 32

static lp_err read_pair(lp_relay_files *files, lp_credentials **out_credentials,
                        lp_why *why)
{
    lp_file_content cert = {0}, key = {0};
    lp_why inner;
    int64_t cert_time = lp_file_mtime(files->cert_path);
    int64_t key_time = lp_file_mtime(files->key_path);
    lp_err err = lp_file_read(files->cert_path, PEM_MAX, &cert, why);
    if (err)
        goto done;
    err = lp_file_read(files->key_path, PEM_MAX, &key, why);
    if (err)
        goto done;
    err = lp_credentials_read(lp_bytes_of(cert.at, cert.len),
                              lp_bytes_of(key.at, key.len), out_credentials, &inner);
    if (err) {
        lp_explain(why, err, "%.120s and %.120s: %.200s", files->cert_path,
                   files->key_path, inner.text);
        goto done;
    }
    files->cert_time = cert_time;
    files->key_time = key_time;
done:
    lp_file_content_fini(&cert);
    lp_file_content_fini(&key);
    return err;
}

static lp_err generate_pair(lp_relay_files *files, lp_why *why)
{
    lp_credentials *credentials = NULL;
    uint8_t pem[8192];
    lp_err err = lp_credentials_generate(LP_DEV_SERVER_NAME, &credentials, why);
    if (err)
        return err;
    size_t len = lp_credentials_key_pem(credentials, lp_space_of(pem, sizeof pem));
    err = lp_file_write(files->key_path, lp_bytes_of(pem, len), 0600, true, why);
    if (!err)
        err = lp_file_give(files->key_path, files->owner, why);
    memset(pem, 0, sizeof pem);
    if (!err) {
        len = lp_credentials_cert_pem(credentials, lp_space_of(pem, sizeof pem));
        err = lp_file_write(files->cert_path, lp_bytes_of(pem, len), 0644, false, why);
    }
    lp_credentials_free(credentials);
    return err;
}

static lp_err open_state(lp_relay_files *files, lp_why *why)
{
    if (files->state_dir)
        snprintf(files->state, sizeof files->state, "%s", files->state_dir);
    else if (!lp_dir_state(files->state, sizeof files->state))
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "no folder for the relay's key: name one with --state-dir");
    if (files->use == LP_FILES_LOOK)
        return LP_OK;
    lp_err err = lp_dir_make(files->state, 0700, why);
    return err ? err : lp_file_give(files->state, files->owner, why);
}

static lp_err find_pair(lp_relay_files *files, lp_why *why)
{
    if (!files->cert != !files->key)
        return lp_explain(why, LP_ERR_MALFORMED,
                          "--cert and --key belong together: name both, or neither");
    if (files->cert) {
        snprintf(files->cert_path, sizeof files->cert_path, "%s", files->cert);
        snprintf(files->key_path, sizeof files->key_path, "%s", files->key);
        return LP_OK;
    }
    snprintf(files->cert_path, sizeof files->cert_path, "%s/relay-cert.pem",
             files->state);
    snprintf(files->key_path, sizeof files->key_path, "%s/relay-key.pem", files->state);
    /* A key without its certificate is half a state: say so by failing to read it. */
    if (lp_file_mtime(files->key_path) || files->use == LP_FILES_LOOK)
        return LP_OK;
    return generate_pair(files, why);
}

static lp_err take_secret(lp_relay_files *files, uint8_t secret[SECRET_LEN],
                          lp_why *why)
{
    char path[320];
    lp_file_content content = {0};
    snprintf(path, sizeof path, "%s/relay-secret", files->state);
    lp_err err = lp_file_read(path, SECRET_LEN, &content, why);
    if (err == LP_ERR_NOT_FOUND) {
        lp_random_fill(lp_os_random(), secret, SECRET_LEN);
        err = lp_file_write(path, lp_bytes_of(secret, SECRET_LEN), 0600, true, why);
        return err ? err : lp_file_give(path, files->owner, why);
    }
    if (!err && content.len != SECRET_LEN)
        err = lp_explain(why, LP_ERR_MALFORMED,
                         "%s: is not %d octets long; remove it, and a new one is made",
                         path, SECRET_LEN);
    if (!err)
        memcpy(secret, content.at, SECRET_LEN);
    lp_file_content_fini(&content);
    return err;
}

static lp_err write_der(const lp_relay_files *files, const lp_credentials *credentials,
                        lp_why *why)
{
    uint8_t der[8192];
    if (!files->cert_der_out)
        return LP_OK;
    size_t len = lp_credentials_cert_der(credentials, lp_space_of(der, sizeof der));
    return lp_file_write(files->cert_der_out, lp_bytes_of(der, len), 0644, false, why);
}

/* What there is, without making what is missing. */
static lp_err look(lp_relay_files *files, lp_credentials **out_credentials, lp_why *why)
{
    *out_credentials = NULL;
    bool would_generate = !files->cert && !lp_file_mtime(files->key_path);
    return would_generate ? LP_OK : read_pair(files, out_credentials, why);
}

static lp_err keep(lp_relay_files *files, lp_credentials **out_credentials,
                   uint8_t secret[SECRET_LEN], lp_why *why)
{
    lp_err err = take_secret(files, secret, why);
    if (!err)
        err = read_pair(files, out_credentials, why);
    if (err)
        return err;
    err = write_der(files, *out_credentials, why);
    if (err) {
        lp_credentials_free(*out_credentials);
        *out_credentials = NULL;
    }
    return err;
}

lp_err lp_relay_files_open(lp_relay_files *files, lp_credentials **out_credentials,
                           uint8_t secret[32], lp_why *why)
{
    lp_err err = open_state(files, why);
    if (!err)
        err = find_pair(files, why);
    if (err)
        return err;
    return files->use == LP_FILES_LOOK ? look(files, out_credentials, why)
                                       : keep(files, out_credentials, secret, why);
}

bool lp_relay_files_changed(const lp_relay_files *files)
{
    return lp_file_mtime(files->cert_path) != files->cert_time ||
           lp_file_mtime(files->key_path) != files->key_time;
}

lp_err lp_relay_files_reload(lp_relay_files *files, lp_credentials **out_credentials,
                             lp_why *why)
{
    /* Looked at now, good or bad: a broken pair is complained about once, not every time. */
    files->cert_time = lp_file_mtime(files->cert_path);
    files->key_time = lp_file_mtime(files->key_path);
    return read_pair(files, out_credentials, why);
}
