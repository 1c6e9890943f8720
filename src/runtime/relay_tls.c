#include "runtime/relay_tls.h"

#include "os/clock.h"

#define DAY_S            (24 * 3600)
#define EXPIRY_WARNING_S (14 * DAY_S)

/* Once a day, for a relay may run for longer than its certificate. */
static void warn_of_expiry(lp_relay_tls *tls)
{
    int64_t now = lp_clock_wall(), left = tls->expiry - now;
    if (left >= EXPIRY_WARNING_S || now < tls->next_warning)
        return;
    tls->next_warning = now + DAY_S;
    lp_log(tls->log, LP_WARN,
           left < 0 ? "the certificate has expired" : "the certificate expires soon",
           F_STR("file", tls->files.cert_path), F_INT("days_left", left / DAY_S),
           F_STR("do", "renew it; the new files are read by themselves"));
}

static void take(lp_relay_tls *tls, const lp_credentials *credentials)
{
    lp_key_hash hash = lp_credentials_hash(credentials);
    lp_key_hash_write(&hash, tls->fingerprint);
    tls->expiry = lp_credentials_expiry(credentials);
    tls->next_warning = 0;
    warn_of_expiry(tls);
}

lp_err lp_relay_tls_open(lp_relay_tls *tls, const lp_relay_files *files,
                         const lp_log_sink *log, uint8_t secret[32], lp_why *why)
{
    lp_credentials *credentials;
    *tls = (lp_relay_tls){.files = *files, .log = log};
    lp_err err = lp_relay_files_open(&tls->files, &credentials, secret, why);
    if (err || !credentials)
        return err;
    take(tls, credentials);
    err = lp_tls_server_new(credentials, &tls->tls, why);
    lp_credentials_free(credentials);
    return err;
}

void lp_relay_tls_fini(lp_relay_tls *tls)
{
    lp_tls_free(tls->tls);
    *tls = (lp_relay_tls){0};
}

void lp_relay_tls_reload(lp_relay_tls *tls)
{
    lp_credentials *credentials;
    lp_why why;
    lp_err err = lp_relay_files_reload(&tls->files, &credentials, &why);
    if (!err) {
        err = lp_tls_replace(tls->tls, credentials, &why);
        if (!err)
            take(tls, credentials);
        lp_credentials_free(credentials);
    }
    if (err)
        lp_log(tls->log, LP_WARN, "certificate not reloaded, the old one stays in use",
               F_STR("why", why.text));
    else
        lp_log(tls->log, LP_INFO, "certificate reloaded",
               F_STR("fingerprint", tls->fingerprint));
}

void lp_relay_tls_watch(lp_relay_tls *tls)
{
    if (lp_relay_files_changed(&tls->files))
        lp_relay_tls_reload(tls);
    warn_of_expiry(tls);
}
