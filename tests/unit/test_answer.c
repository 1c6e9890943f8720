#include "runtime/answer.h"

#include "folder.h"
#include "loop.h"
#include "os/pipe.h"
#include "ready.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ASKER_PATIENCE LP_SECONDS(20)
#define ANSWER_MAX     (4 * 1024 * 1024)
#define ASKERS         20

static char path[128];
static lp_why why;

/* --- the program that answers ----------------------------------------------------- */

typedef struct program {
    lp_answer *answer;
    unsigned described;
    size_t filling; /* octets that make the answer longer */
    bool has_no_memory;
    lp_control asked; /* last */
} program;

static json_t *answer(void *state, const lp_control *request, lp_time now)
{
    program *it = state;
    CHECK(now > 0);
    if (it->has_no_memory)
        return NULL;
    it->asked = *request;
    if (request->verb == LP_CONTROL_DISCONNECT)
        return lp_answer_ok();
    if (request->verb == LP_CONTROL_FIX)
        return lp_answer_failure("\xff there is no \""
                                 "fix\"\n for that",
                                 "code");
    char *filling = calloc(1, it->filling + 1);
    memset(filling, 'x', it->filling);
    json_t *all = json_pack("{s:i, s:s}", "count", ++it->described, "filling", filling);
    free(filling);
    return all;
}

static uv_async_t wake; /* an asker is done: the loop shall look */

static void on_wake(uv_async_t *async)
{
}

static void open_program(program *it)
{
    new_folder();
    snprintf(path, sizeof path, "%s", in_folder("sock"));
    signal(SIGPIPE, SIG_IGN); /* as lp_life_start does */
    open_loop();
    uv_async_init(&loop, &wake, on_wake);
    uv_unref((uv_handle_t *)&wake);
    CHECK_EQ(lp_answer_open(&loop, path, answer, it, &it->answer, &why), LP_OK);
}

static void close_program(program *it)
{
    lp_answer_close(it->answer);
    uv_close((uv_handle_t *)&wake, NULL);
    close_loop();
    CHECK(access(path, F_OK) != 0);
}

/* --- those who ask, each on a thread of its own ----------------------------------- */

typedef struct asker {
    uv_thread_t thread;
    const char *request; /* NULL: asks as --status does */
    lp_err err;
    char *text;
    json_t *state;
    lp_why why;
    atomic_bool is_done;
} asker;

static void ask(void *argument)
{
    asker *who = argument;
    do {
        who->err = who->request ? lp_pipe_ask(path, who->request, ASKER_PATIENCE,
                                              ANSWER_MAX, &who->text, &who->why)
                                : lp_answer_ask(path, "status", &who->state, &who->why);
        /* The kernel's queue is short: who finds it full asks again, as people do. */
    } while (who->err == LP_ERR_TIMEOUT && strstr(who->why.text, "too busy"));
    atomic_store(&who->is_done, true);
    uv_async_send(&wake);
}

static void start_asking(asker *who, const char *request)
{
    *who = (asker){.request = request};
    CHECK_EQ(uv_thread_create(&who->thread, ask, who), 0);
}

static bool is_done(void *state)
{
    return atomic_load(&((asker *)state)->is_done);
}

static void finish(asker *who)
{
    CHECK(turn_until(is_done, who));
    uv_thread_join(&who->thread);
}

static void forget(asker *who)
{
    json_decref(who->state);
    free(who->text);
}

static json_int_t count_in(const asker *who)
{
    return json_integer_value(json_object_get(who->state, "count"));
}

/* One that the test drives by hand. */
static int connect_here(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(name.sun_path, path);
    CHECK_EQ(connect(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

/* Also makes all patience end in the next turn. */
static bool was_let_go(void *state)
{
    char octet;
    hurry_timers();
    return recv(*(int *)state, &octet, 1, MSG_DONTWAIT) == 0;
}

/* ---------------------------------------------------------------------------------- */

TEST(status_is_answered_with_the_state)
{
    program it = {0};
    asker who;
    open_program(&it);
    for (int i = 1; i <= 3; i++) {
        start_asking(&who, NULL);
        finish(&who);
        CHECK_EQ(who.err, LP_OK);
        CHECK_EQ(count_in(&who), i); /* made anew each time */
        forget(&who);
    }
    close_program(&it);
}

TEST(a_long_answer_comes_whole)
{
    program it = {.filling = 3 * 1024 * 1024};
    asker who;
    open_program(&it);
    start_asking(&who, NULL);
    finish(&who);
    CHECK_EQ(who.err, LP_OK);
    CHECK_EQ(json_string_length(json_object_get(who.state, "filling")), it.filling);
    forget(&who);
    close_program(&it);
}

TEST(a_request_that_is_not_known_is_told_so)
{
    static const struct {
        const char *name, *request, *answer;
    } rows[] = {
        {"what it knows", "status", "\"count\":1"},
        {"a word", "stats", "unknown request"},
        {"nothing", "", "unknown request"},
        {"upper case", "STATUS", "unknown request"},
        {"more than that", "status please", "unknown request"},
        {"a word of the future", "{\"do\":\"dance\"}", "\"field\":\"do\""},
        {"half an object", "{\"do\":\"status\"", "not valid"},
        {"a room that is none",
         "{\"do\":\"connect\",\"relay\":\"relay.example\",\"room\":\"a b\"}",
         "\"field\":\"room\""},
        {"not UTF-8", "\xff\xfe", "unknown request"},
        {"a failure that quotes what is not UTF-8", "{\"do\":\"fix\",\"code\":\"x\"}",
         "{\"error\":\"? there is no \\\"fix\\\"  for that\",\"field\":\"code\"}"},
    };
    EACH_ROW (row, rows) {
        program it = {0};
        asker who;
        open_program(&it);
        start_asking(&who, row->request);
        finish(&who);
        CHECK_EQ(who.err, LP_OK);
        CHECK_HAS(who.text ? who.text : "", row->answer);
        forget(&who);
        close_program(&it);
    }
}

TEST(a_request_reaches_the_program_with_its_members)
{
    static program it;
    asker who;
    it = (program){0};
    open_program(&it);
    start_asking(&who, "{\"do\":\"log\",\"after\":41}");
    finish(&who);
    CHECK_EQ(it.asked.verb, LP_CONTROL_LOG);
    CHECK_EQ(it.asked.after, 41);
    forget(&who);
    start_asking(&who, "{\"do\":\"disconnect\"}\r");
    finish(&who);
    CHECK_STR(who.text ? who.text : "", "{\"ok\":true}");
    forget(&who);
    close_program(&it);
}

TEST(the_longest_request_is_read_and_one_octet_more_is_not)
{
    static char longest[LP_CONTROL_MAX + 1], more[LP_CONTROL_MAX + 3];
    static const char before[] = "{\"do\":\"disconnect\",\"skipped\":\"",
                      after[] = "\"}";
    program it = {0};
    asker who;
    memset(longest, 'x', LP_CONTROL_MAX);
    memcpy(longest, before, sizeof before - 1);
    strcpy(longest + LP_CONTROL_MAX - 2, after);
    open_program(&it);
    start_asking(&who, longest);
    finish(&who);
    CHECK_STR(who.text ? who.text : "", "{\"ok\":true}");
    forget(&who);
    memset(more, 'x', sizeof more - 1);
    start_asking(&who, more);
    finish(&who);
    CHECK_EQ(who.err, LP_ERR_CLOSED);
    forget(&who);
    close_program(&it);
}

TEST(a_request_without_end_is_not_listened_to)
{
    program it = {0};
    static char endless[LP_CONTROL_MAX + 200];
    open_program(&it);
    int fd = connect_here();
    memset(endless, 'x', sizeof endless);
    CHECK_EQ(send(fd, endless, sizeof endless, 0), sizeof endless);
    char octet;
    for (int i = 0; i < 20; i++)
        uv_run(&loop, UV_RUN_NOWAIT); /* no patience is needed for this one */
    /* What it had still to say was thrown away with it. */
    CHECK_EQ(recv(fd, &octet, 1, MSG_DONTWAIT), -1);
    CHECK_EQ(errno, ECONNRESET);
    CHECK_EQ(it.described, 0);
    close(fd);
    close_program(&it);
}

TEST(an_asker_that_says_nothing_is_let_go)
{
    static const struct {
        const char *name, *says;
        size_t len;
    } rows[] = {
        {"nothing at all", "", 0},
        {"half a word", "stat", 4},
    };
    EACH_ROW (row, rows) {
        program it = {0};
        open_program(&it);
        int fd = connect_here();
        CHECK_EQ(send(fd, row->says, row->len, 0), row->len);
        CHECK(turn_until(was_let_go, &fd));
        CHECK_EQ(it.described, 0);
        close(fd);
        close_program(&it);
    }
}

TEST(the_silent_ones_do_not_keep_out_the_others_for_ever)
{
    program it = {0};
    int silent[12];
    asker who;
    open_program(&it);
    for (int i = 0; i < 12; i++)
        silent[i] = connect_here();
    start_asking(&who, "status"); /* behind all of them in the queue */
    for (int i = 0; i < 12; i++)
        CHECK(turn_until(was_let_go, &silent[i]));
    finish(&who);
    CHECK_EQ(who.err, LP_OK);
    CHECK_HAS(who.text ? who.text : "", "\"count\":1");
    forget(&who);
    for (int i = 0; i < 12; i++)
        close(silent[i]);
    close_program(&it);
}

TEST(twenty_at_once_are_all_answered)
{
    static asker all[ASKERS];
    program it = {.filling = 100000};
    json_int_t sum = 0;
    open_program(&it);
    for (int i = 0; i < ASKERS; i++)
        start_asking(&all[i], NULL);
    for (int i = 0; i < ASKERS; i++) {
        finish(&all[i]);
        CHECK_EQ(all[i].err, LP_OK);
        sum += count_in(&all[i]);
        forget(&all[i]);
    }
    CHECK_EQ(it.described, ASKERS);
    CHECK_EQ(sum, ASKERS * (ASKERS + 1) / 2); /* each had its own */
    close_program(&it);
}

TEST(an_asker_that_leaves_early_harms_nobody)
{
    static const struct {
        const char *name, *says;
    } rows[] = {
        {"at once", ""},
        {"midway", "sta"},
        {"before the answer", "status\n"},
    };
    EACH_ROW (row, rows) {
        program it = {.filling = 1024 * 1024}; /* more than a socket holds */
        asker who;
        open_program(&it);
        int fd = connect_here();
        CHECK_EQ(send(fd, row->says, strlen(row->says), 0), strlen(row->says));
        close(fd);
        start_asking(&who, NULL);
        finish(&who);
        CHECK_EQ(who.err, LP_OK);
        forget(&who);
        close_program(&it);
    }
}

TEST(a_program_may_end_while_somebody_asks)
{
    program it = {.filling = 1024 * 1024};
    open_program(&it);
    int silent = connect_here(), slow = connect_here();
    CHECK_EQ(send(slow, "status\n", 7, 0), 7);
    for (int i = 0; i < 20; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_EQ(it.described, 1);
    lp_answer_close(it.answer);
    CHECK(turn_until(was_let_go, &silent));
    close(silent);
    close(slow);
    uv_close((uv_handle_t *)&wake, NULL);
    close_loop();
    CHECK(access(path, F_OK) != 0);
}

TEST(a_program_without_memory_does_not_leave_the_asker_waiting)
{
    program it = {.has_no_memory = true};
    asker who;
    open_program(&it);
    start_asking(&who, NULL);
    finish(&who);
    CHECK_EQ(who.err, LP_ERR_MALFORMED);
    CHECK_HAS(who.why.text, path);
    forget(&who);
    close_program(&it);
}

TEST(a_path_that_cannot_be_had_is_named)
{
    lp_answer *opened = NULL;
    open_loop();
    new_folder();
    put_text(in_folder("file"), "mine");
    const char *paths[] = {in_folder("file"), in_folder("none/sock")};
    for (size_t i = 0; i < 2; i++) {
        CHECK(lp_answer_open(&loop, paths[i], answer, NULL, &opened, &why) != LP_OK);
        CHECK_HAS(why.text, paths[i]);
    }
    CHECK(opened == NULL);
    CHECK_STR(text_in(in_folder("file")), "mine");
    close_loop();
    lp_answer_close(NULL);
}

TEST(running_out_of_memory_leaves_no_socket_behind)
{
    bool failed = true;
    open_loop();
    new_folder();
    for (unsigned n = 1; failed; n++) {
        lp_answer *opened = NULL;
        lp_test_fail_allocation(n);
        lp_err err =
            lp_answer_open(&loop, in_folder("sock"), answer, NULL, &opened, &why);
        failed = lp_test_allocation_failed();
        CHECK_EQ(err, failed ? LP_ERR_NO_MEMORY : LP_OK);
        CHECK_EQ(access(in_folder("sock"), F_OK), failed ? -1 : 0);
        lp_answer_close(opened);
    }
    close_loop();
}

/* --- asking ----------------------------------------------------------------------- */

TEST(nobody_there_is_told)
{
    json_t *state = NULL;
    new_folder();
    CHECK_EQ(lp_answer_ask(in_folder("sock"), "status", &state, &why),
             LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, in_folder("sock"));
    CHECK(state == NULL);
}

TEST(somebody_else_who_answers_is_told)
{
    static const struct {
        const char *name, *answer;
    } rows[] = {{"words", "hello\n"}, {"half", "{\"count\":"}, {"nothing", ""}};
    EACH_ROW (row, rows) {
        lp_pipe *pipe = NULL;
        asker who;
        open_loop();
        uv_async_init(&loop, &wake, on_wake);
        new_folder();
        snprintf(path, sizeof path, "%s", in_folder("sock"));
        CHECK_EQ(lp_pipe_listen(path, &pipe, &why), LP_OK);
        start_asking(&who, NULL);
        CHECK(wait_readable(lp_pipe_fd(pipe)));
        int fd = lp_pipe_accept(pipe);
        char request[8] = "";
        ssize_t got = 1; /* it may come in pieces */
        for (size_t len = 0; got > 0 && len < 7 && wait_readable(fd);
             len += (size_t)got)
            got = recv(fd, request + len, 7 - len, 0);
        CHECK_STR(request, "status\n");
        CHECK_EQ(send(fd, row->answer, strlen(row->answer), 0), strlen(row->answer));
        close(fd);
        finish(&who);
        CHECK_EQ(who.err, LP_ERR_MALFORMED);
        CHECK_HAS(who.why.text, path);
        CHECK(who.state == NULL);
        lp_pipe_close(pipe);
        uv_close((uv_handle_t *)&wake, NULL);
        close_loop();
    }
}

TEST(the_path_is_the_option_or_stands_in_the_runtime_folder)
{
    char out[64];
    CHECK(lp_answer_path("here.sock", "lanparty-relay", out, sizeof out));
    CHECK_STR(out, "here.sock");
    setenv("RUNTIME_DIRECTORY", "/run/softlan", 1);
    CHECK(lp_answer_path(NULL, "lanparty-relay", out, sizeof out));
    CHECK_STR(out, "/run/softlan/lanparty-relay.sock");
    CHECK(lp_answer_path(NULL, "lanparty-relay", out, 33));
    CHECK(!lp_answer_path(NULL, "lanparty-relay", out, 32));
    CHECK(!lp_answer_path("here.sock", "lanparty-relay", out, 9));
    unsetenv("RUNTIME_DIRECTORY");
}
