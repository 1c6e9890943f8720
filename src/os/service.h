/* Life as a service: readiness, watchdog, privileges. */
#pragma once

#include "base/error.h"
#include "base/time.h"

#include <stdbool.h>

/* Linux: sd_notify(3) without its library; does nothing where NOTIFY_SOCKET is not set.
 * Windows: nothing, a program on a console has no manager. */
void lp_service_ready(const char *status);
void lp_service_status(const char *status);
/* The same where it is news: `told` keeps what was told last, "" at first. */
#define LP_SERVICE_STATUS_MAX 256
void lp_service_tell(char told[LP_SERVICE_STATUS_MAX], const char *status);
void lp_service_stopping(void);
/* How often lp_service_alive must be called; 0: nobody is watching. */
lp_duration lp_service_watchdog(void);
void lp_service_alive(void);

/* Writing to someone who hung up must fail, and not end the program (SIGPIPE). */
void lp_service_outlive_askers(void);
/* Does SIGHUP ask to read the files anew? Where not, the console is being closed. */
bool lp_service_hangup_reloads(void);

/* Bits. */
typedef enum lp_privilege {
    LP_KEEP_NOTHING = 0,
    LP_KEEP_NET_ADMIN = 1,
    LP_KEEP_NET_RAW = 2,
} lp_privilege;

/*
 * Gives up everything but `keep`, for good (no_new_privs, bounding set, securebits).
 * When started as root, becomes `user` (and its group) first; NULL keeps the user. Not
 * started as root: drops the capabilities there are. Capabilities belong to threads:
 * call it before the first one starts (libuv starts its own with the first work item).
 * Windows: the privileges of the process, which stays the user's; `user` means nothing.
 *   LP_ERR_NOT_FOUND  no such user
 */
LP_MUST_USE lp_err lp_privileges_drop(const char *user, unsigned keep, lp_why *why);

/* chown, for files that the program must still use after lp_privileges_drop. NULL user,
 * or not started as root: nothing to do. */
LP_MUST_USE lp_err lp_file_give(const char *path, const char *user, lp_why *why);
