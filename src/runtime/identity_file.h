/* The identity file on disk: loaded, or made on the first run (W-002). */
#pragma once

#include "os/files.h"
#include "wire/identity.h"

/*
 * Loads `path`; when it does not exist, makes one and saves it (mode 0600, atomically).
 * A file of before keys gets a key and is saved again. A damaged file is an error that
 * names it, never replaced: it may hold a MAC that a DHCP reservation knows.
 * `*out_created` says whether the file is new. With LP_FILES_LOOK nothing is saved, and
 * the identity that would be made is gone when the program ends.
 */
LP_MUST_USE lp_err lp_identity_load(const char *path, bool with_mac, lp_files_use use,
                                    lp_identity *out_identity, bool *out_created,
                                    lp_why *why);

/* The option, or <state folder>/<program>-identity.json. LP_ERR_NOT_FOUND: no folder. */
LP_MUST_USE lp_err lp_identity_path(const char *option, const char *program,
                                    lp_files_use use, char *out, size_t out_len,
                                    lp_why *why);
