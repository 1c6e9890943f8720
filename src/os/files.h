/* Whole small files: read with a bound, written atomically. */
#pragma once

#include "base/error.h"
#include "base/span.h"

/* What a program may do with the files it lives on. */
typedef enum lp_files_use {
    LP_FILES_KEEP, /* make and save what is missing */
    LP_FILES_LOOK, /* change nothing on disk: --check */
} lp_files_use;

typedef struct lp_file_content {
    uint8_t *at; /* free with lp_file_content_fini; NUL-terminated beyond len */
    size_t len;
} lp_file_content;

/* LP_ERR_NOT_FOUND, LP_ERR_DENIED, LP_ERR_TOO_BIG, LP_ERR_IO: `why` names the file. */
LP_MUST_USE lp_err lp_file_read(const char *path, size_t max_len,
                                lp_file_content *out_content, lp_why *why);
void lp_file_content_fini(lp_file_content *content); /* wipes first: it may be a key */

/*
 * Writes a temporary file beside `path` with `mode`, flushes, renames: readers see the
 * old or the new content, never half. With `only_new`, an existing file is left alone
 * (LP_ERR_IN_USE). Windows has no modes: one that gives others nothing lets in the owner,
 * administrators and the system; any other, whom the folder lets in.
 */
LP_MUST_USE lp_err lp_file_write(const char *path, lp_bytes content, unsigned mode,
                                 bool only_new, lp_why *why);

/*
 * mkdir -p with this mode for what is made; forward slashes do on Windows too. There,
 * anybody may make a folder below ProgramData before we do: one that should be for its owner
 * alone, and was made by somebody who is neither us, an administrator nor the system, or is
 * a junction, is LP_ERR_DENIED. (Of folders above it nothing is asked: name those first.)
 */
LP_MUST_USE lp_err lp_dir_make(const char *path, unsigned mode, lp_why *why);

/* Nanoseconds of the last change, 0 if it does not exist. */
int64_t lp_file_mtime(const char *path);

/* Where this program keeps what lasts. Linux: $STATE_DIRECTORY, /var/lib/softlan for root,
 * else $XDG_STATE_HOME/softlan. Windows: %ProgramData%\softlan for administrators and
 * services, else %LOCALAPPDATA%\softlan. False: none can be told. */
bool lp_dir_state(char *out, size_t out_len);
