#include "runtime/app.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/pipe.h"
#include "os/service.h"

static const char *name_of(const lp_app *app)
{
    return app->parts->program->name;
}

static int complain(const lp_app *app, const char *why)
{
    fprintf(stderr, "%s: %s\n", name_of(app), why);
    lp_service_complain(why);
    return 1;
}

void lp_app_fail(void *state, const char *why)
{
    lp_app *app = state;
    if (app->life.is_stopping)
        return; /* it was said already, or there is nothing to go on with */
    lp_log(&app->log, LP_ERROR, "cannot go on", F_STR("why", why));
    app->exit_code = 1;
    lp_life_stop(&app->life, why);
}

/* --- --status and --check --------------------------------------------------------- */

static int show_status(lp_app *app)
{
    lp_why why;
    json_t *state;
    if (!app->status_path[0])
        return complain(app,
                        "no folder for sockets here: name the running program's with "
                        "--status-socket");
    if (lp_answer_ask(app->status_path, "status", &state, &why) != LP_OK)
        return complain(app, why.text);
    if (app->options->json) {
        json_dumpf(state, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        app->parts->show(state);
    }
    json_decref(state);
    return 0;
}

static int check(lp_app *app)
{
    lp_why why;
    lp_err err = app->parts->check(app, &why);
    app->parts->fini(app);
    return err ? complain(app, why.text) : 0;
}

/* --- running ---------------------------------------------------------------------- */

static json_t *describe(lp_app *app, lp_time now)
{
    json_t *all = app->parts->describe(app, now);
    json_object_set_new(all, "program", json_string(name_of(app)));
    json_object_set_new(all, "version", json_string(LP_VERSION));
    return all;
}

static json_t *answer(void *state, const lp_control *request, lp_time now)
{
    lp_app *app = state;
    if (request->verb == LP_CONTROL_STATUS)
        return describe(app, now);
    if (request->verb == LP_CONTROL_LOG && app->kept.ring)
        return lp_log_ring_after(app->kept.ring, request->after);
    if (app->parts->order)
        return app->parts->order(app, request, now);
    return lp_answer_failure("this program answers nothing but: status", "do");
}

static lp_err open_socket(lp_app *app, lp_why *why)
{
    lp_err err = LP_OK;
    if (!app->status_path[0])
        return LP_OK;
    /* The folder for all sockets of ours; one that was named is the namer's to make. */
    if (!app->options->status_socket)
        err = lp_pipe_make_folder(why);
    if (!err)
        err = lp_answer_open(&app->loop, app->status_path, answer, app, &app->answer,
                             why);
    return err ? err : lp_file_give(app->status_path, app->options->user, why);
}

static lp_err start(lp_app *app, lp_why *why)
{
    lp_err err = app->parts->start(app, why);
    if (!err)
        err = open_socket(app, why);
    if (!err)
        err = lp_privileges_drop(app->options->user, app->parts->keep, why);
    return err;
}

static void on_stop(void *state, const char *reason)
{
    lp_app *app = state;
    lp_log(&app->log, LP_INFO, "leaving", F_STR("reason", reason));
    app->parts->stop(app, reason);
}

static void on_reload(void *state)
{
    lp_app *app = state;
    if (app->parts->reload)
        app->parts->reload(app);
}

static void on_sleep(void *state)
{
    lp_app *app = state;
    if (app->parts->sleep)
        app->parts->sleep(app);
}

static void on_wake(void *state)
{
    lp_app *app = state;
    if (app->parts->wake)
        app->parts->wake(app);
}

static bool is_done(void *state)
{
    lp_app *app = state;
    return app->parts->is_done(app);
}

static void on_end(void *state)
{
    lp_app *app = state;
    lp_answer_close(app->answer);
    app->parts->end(app);
}

static int run(lp_app *app)
{
    lp_why why;
    if (uv_loop_init(&app->loop) != 0)
        return complain(app, "no event loop: too many open files, or no memory");
    if (start(app, &why) != LP_OK) {
        app->exit_code = 1;
        if (app->log.json)
            lp_log(&app->log, LP_ERROR, "cannot start", F_STR("why", why.text));
        else
            complain(app, why.text);
        on_end(app);
    } else {
        lp_life_handler handler = {app,     on_stop, on_reload, on_sleep,
                                   on_wake, is_done, on_end};
        lp_life_start(&app->life, &app->loop, &handler);
        app->parts->started(app);
        lp_service_ready("running");
    }
    uv_run(&app->loop, UV_RUN_DEFAULT);
    uv_loop_close(&app->loop);
    app->parts->fini(app);
    lp_service_ended();
    return app->exit_code;
}

static bool take_common(lp_app *app)
{
    const lp_common_options *options = app->options;
    app->log = lp_log_to(&app->kept, (lp_log_level)options->log_level,
                         options->log_format == 1);
    if (app->parts->keeps_log)
        app->kept.ring = lp_log_ring_new();
    if (lp_frame_log_read(options->log_frames, &app->log, &app->frame_log) != LP_OK) {
        fprintf(
            stderr,
            "%s: log-frames: \"%s\" is none of: all, a number (one frame in so many), "
            "peer:NUMBER, off\n",
            name_of(app), options->log_frames);
        return false;
    }
    if (!lp_answer_path(options->status_socket, name_of(app), app->status_path,
                        sizeof app->status_path))
        app->status_path[0] = '\0';
    return true;
}

static int do_as_asked(lp_app *app)
{
    const lp_app_parts *parts = app->parts;
    lp_why why;
    if (app->options->status)
        return show_status(app);
    int code = parts->answer ? parts->answer(app) : LP_APP_GOES_ON;
    if (code != LP_APP_GOES_ON)
        return code;
    if (parts->check_options && parts->check_options(app, &why) != LP_OK) {
        complain(app, why.text);
        return 2;
    }
    return app->options->check ? check(app) : run(app);
}

int lp_app_main(lp_app *app, const lp_app_parts *parts, int argc, char **argv,
                void *config, const lp_common_options *common)
{
    char *file = NULL;
    int code = 2;
    app->parts = parts;
    app->options = common;
    switch (lp_options_read(parts->program, argc, argv, config, &file)) {
    case LP_OPTIONS_DONE:
        code = 0;
        break;
    case LP_OPTIONS_WRONG:
        lp_service_complain("an option, or a line of the configuration file, is wrong: "
                            "with --check the program says which");
        break;
    case LP_OPTIONS_RUN:
        if (take_common(app))
            code = do_as_asked(app);
        break;
    }
    lp_log_file_close(app->kept.file);
    lp_log_ring_free(app->kept.ring);
    free(file);
    return code;
}
