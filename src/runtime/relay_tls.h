/*
 * The certificate that a relay shows: opened at the start, read again when its files
 * change (or on SIGHUP), and complained about before it expires.
 */
#pragma once

#include "base/log.h"
#include "runtime/relay_files.h"

typedef struct lp_relay_tls {
    lp_relay_files files;
    lp_tls *tls; /* NULL: LP_FILES_LOOK, and there is no certificate yet */
    char fingerprint[LP_KEY_HASH_TEXT_LEN];
    int64_t expiry, next_warning; /* seconds since 1970 */
    const lp_log_sink *log;       /* borrowed */
} lp_relay_tls;

/* `secret` gets the endpoint's, as lp_relay_files_open says. */
LP_MUST_USE lp_err lp_relay_tls_open(lp_relay_tls *tls, const lp_relay_files *files,
                                     const lp_log_sink *log, uint8_t secret[32],
                                     lp_why *why);
void lp_relay_tls_fini(lp_relay_tls *tls); /* a zeroed one is fine */

/* New connections get what is on disk now; where that is no good, the old stays. */
void lp_relay_tls_reload(lp_relay_tls *tls);

/* Every few seconds: reloads what changed, and warns once a day of the end. */
void lp_relay_tls_watch(lp_relay_tls *tls);
