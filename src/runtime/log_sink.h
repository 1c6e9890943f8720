/*
 * Where log lines go: standard error, with a time, as text or as JSON.
 *
 * Under systemd (JOURNAL_STREAM) text lines carry the journal's own level prefix
 * (sd-daemon(3)) instead of a time, which the journal adds.
 */
#pragma once

#include "base/log.h"

/* A sink for the process's life. */
lp_log_sink lp_log_to_stderr(lp_log_level level, bool json);
