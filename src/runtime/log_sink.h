/*
 * Where log lines go: standard error, with a time, as text or as JSON; and, where a
 * program keeps them, a ring and a file, without the secrets in them.
 *
 * Under systemd (JOURNAL_STREAM) text lines carry the journal's own level prefix
 * (sd-daemon(3)) instead of a time, which the journal adds.
 */
#pragma once

#include "base/log.h"
#include "runtime/log_file.h"
#include "runtime/log_ring.h"

/* Zeroed is plain standard error. */
typedef struct lp_log_keeper {
    lp_log_ring *ring; /* NULL: none */
    lp_log_file *file; /* NULL: none */
    lp_log_secrets secrets;
    bool json;
    bool is_unheard; /* nobody reads standard error: a service's */
} lp_log_keeper;

/* A sink for the process's life, and the keeper's. */
lp_log_sink lp_log_to(lp_log_keeper *keeper, lp_log_level level, bool json);
