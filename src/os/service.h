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

/*
 * What the system tells a program besides signals. Windows: the service manager's orders,
 * the end of a console or a session, and sleep; elsewhere nothing ever comes this way.
 */
typedef enum lp_service_event {
    LP_SERVICE_STOP,  /* end, and give back what was changed */
    LP_SERVICE_SLEEP, /* the machine is about to sleep, and waits a little for us */
    LP_SERVICE_WAKE, /* it slept: all that was learned about the network may be wrong */
} lp_service_event;

/* From now on `heard` is called, from any thread, and must only pass it on. Only one
 * listener; the program's life is his. */
void lp_service_listen(void (*heard)(void *state, lp_service_event event), void *state);
/* What LP_SERVICE_SLEEP was told for is done: the machine need not wait for us any more. It
 * does so for two seconds at most, whatever we do. */
void lp_service_may_sleep(void);
/* All is given back: the system need not wait for us any more. */
void lp_service_ended(void);

/* Writing to someone who hung up must fail, and not end the program (SIGPIPE). */
void lp_service_outlive_askers(void);
/* Does SIGHUP ask to read the files anew? Where not, the console is being closed. */
bool lp_service_hangup_reloads(void);

/* --- a service of the system ------------------------------------------------------ */

typedef struct lp_service_about {
    const char *name, *title, *description;
    const char *arguments; /* with which this program is the service */
} lp_service_about;

/*
 * Has this program run whenever the machine runs, from now on; one that was installed
 * before is stopped, and replaced. For administrators.
 *   LP_ERR_DENIED, LP_ERR_IO
 *   LP_ERR_UNSUPPORTED  the system does that in its own way, which `why` says (Linux)
 */
LP_MUST_USE lp_err lp_service_install(const lp_service_about *about, lp_why *why);
/* Stops it first. LP_OK also where there is none. */
LP_MUST_USE lp_err lp_service_remove(const char *name, lp_why *why);

/* Runs `body` as the service of this name where the manager started us, and simply runs it
 * where somebody else did. Its exit code. */
int lp_service_run(const char *name, int (*body)(void *state), void *state);
/* Did the manager, and does nobody read standard error? */
bool lp_service_is_unheard(void);
/* Then, what standard error should have said of a failure goes where an administrator looks
 * for it: into Windows' log of events. Nothing happens where somebody reads. */
void lp_service_complain(const char *words);

/* --- privileges ------------------------------------------------------------------- */

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
