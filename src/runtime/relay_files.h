/*
 * What a relay keeps on disk: its certificate and key (a CA's PEM pair, or generated and
 * kept in the state folder so that pins survive restarts), and the secret behind tokens
 * and stateless resets.
 */
#pragma once

#include "os/files.h"
#include "quic/tls.h"

typedef struct lp_relay_files {
    const char *cert, *key;   /* PEM paths, or both NULL: generate and keep */
    const char *state_dir;    /* NULL: lp_dir_state */
    const char *cert_der_out; /* --dev-cert-der-out, or NULL */
    lp_files_use use;  /* LP_FILES_LOOK: nothing is made, credentials may stay NULL */
    const char *owner; /* who must still read them after privileges are dropped */
    char state[256];   /* the state folder in use */
    char cert_path[320], key_path[320];
    int64_t cert_time,
        key_time; /* when they changed last, as far as we have read them */
} lp_relay_files;

/* Finds or makes everything. `secret` gets the endpoint's. With LP_FILES_LOOK only what is
 * there is read: `*out_credentials` is NULL where a pair would be generated. */
LP_MUST_USE lp_err lp_relay_files_open(lp_relay_files *files,
                                       lp_credentials **out_credentials,
                                       uint8_t secret[32], lp_why *why);

/* Did the certificate or key change on disk since they were read last? */
bool lp_relay_files_changed(const lp_relay_files *files);

/* Reads certificate and key again. On failure nothing changes. */
LP_MUST_USE lp_err lp_relay_files_reload(lp_relay_files *files,
                                         lp_credentials **out_credentials, lp_why *why);
