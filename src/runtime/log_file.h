/* A log file that does not grow for ever: at its limit it becomes NAME.1, and begins anew. */
#pragma once

#include "base/error.h"

#define LP_LOG_FILE_MAX (1024 * 1024) /* octets of each of the two */

typedef struct lp_log_file lp_log_file;

/* Goes on where a run before ended. Only its owner, administrators and the system may read
 * it (mode 0600).
 *   LP_ERR_DENIED, LP_ERR_NOT_FOUND, LP_ERR_IO, LP_ERR_NO_MEMORY */
LP_MUST_USE lp_err lp_log_file_open(const char *path, lp_log_file **out_file,
                                    lp_why *why);
void lp_log_file_close(lp_log_file *file); /* NULL is fine */

/* From any thread. A disk that is full costs lines, never the program. */
void lp_log_file_put(lp_log_file *file, const char *line);
