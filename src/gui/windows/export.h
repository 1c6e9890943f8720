/* One zip with everything that somebody who helps will ask for, secrets removed. */
#pragma once

#include "base/error.h"

/* Asks the service at `pipe`, as far as it answers, and writes `path`. Blocking.
 * LP_ERR_IO, LP_ERR_DENIED, LP_ERR_NO_MEMORY: `why` names the file. */
LP_MUST_USE lp_err lp_export_logs(const char *pipe, const char *path, lp_why *why);
