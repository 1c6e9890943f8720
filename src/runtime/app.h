/*
 * What the three programs have in common: options, logging, --status and --check, the
 * loop, the local socket, privileges, signals, the exit code.
 *
 * A program embeds an lp_app as its first member and brings an lp_app_parts. Order of
 * life: start, (socket, privileges,) started, ... stop, is_done until true, end, fini.
 */
#pragma once

#include <jansson.h>
#include <uv.h>

#include "runtime/answer.h"
#include "runtime/common_options.h"
#include "runtime/frame_log.h"
#include "runtime/life.h"
#include "runtime/log_sink.h"

typedef struct lp_app lp_app;

typedef struct lp_app_parts {
    const lp_program *program;
    unsigned keep; /* lp_privilege bits that are needed after the start */

    bool keeps_log; /* its last lines, for those who ask */

    /* Was something asked that the program does at once? The exit code, or LP_APP_GOES_ON.
     * NULL: never. */
    int (*answer)(lp_app *app);
    /* Do the options make sense together? Touches nothing; if not, the exit code is 2.
     * NULL: always. */
    lp_err (*check_options)(lp_app *app, lp_why *why);
    /* Opens everything that needs privileges. What it leaves open when it fails, `end` and
     * `fini` close. */
    lp_err (*start)(lp_app *app, lp_why *why);
    void (*started)(lp_app *app); /* privileges are gone; begin */
    void (*stop)(lp_app *app, const char *reason);
    bool (*is_done)(lp_app *app);
    void (*end)(lp_app *app);    /* close handles; half-started is fine */
    void (*fini)(lp_app *app);   /* the loop ran dry: free the rest */
    void (*reload)(lp_app *app); /* SIGHUP; NULL: ignored */
    void (*sleep)(lp_app *app);  /* the machine is about to sleep; NULL: ignored */
    void (*wake)(lp_app *app);   /* it slept; NULL: ignored */

    lp_err (*check)(lp_app *app, lp_why *why); /* --check: prints what it found */
    json_t *(*describe)(lp_app *app, lp_time now);
    /* What else may be asked of the running program (docs/control.md). NULL: nothing. */
    json_t *(*order)(lp_app *app, const lp_control *request, lp_time now);
    void (*show)(const json_t *state); /* --status for people */
} lp_app_parts;

#define LP_APP_GOES_ON (-1)

struct lp_app {
    const lp_app_parts *parts;
    const lp_common_options *options;
    lp_log_sink log;
    lp_log_keeper kept;
    lp_frame_log frame_log;
    char status_path[256]; /* "": no folder for it */
    uv_loop_t loop;
    lp_answer *answer;
    lp_life life;
    int exit_code;
};

/* All of main(). `config` is zeroed and holds `common`. Returns the exit code. */
int lp_app_main(lp_app *app, const lp_app_parts *parts, int argc, char **argv,
                void *config, const lp_common_options *common);

/* Nothing works any more: log it, say goodbye, exit with 1. Fits the on_failed handlers. */
void lp_app_fail(void *app, const char *why);
