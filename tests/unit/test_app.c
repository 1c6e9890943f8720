/* A small program, run in a process of its own: it gives up root, and it ends. */
#include "runtime/app.h"

#include "folder.h"
#include "ready.h"
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

typedef enum deed { WAIT, RAISE_TERM, FAIL_TWICE } deed;

typedef struct tiny {
    lp_app app; /* first */
    struct config {
        lp_common_options common;
    } config;
    deed deed;
    bool opens, makes_sense;
    unsigned stops;
} tiny;

/* --- its parts -------------------------------------------------------------------- */

static lp_err check_options(lp_app *app, lp_why *why)
{
    return ((tiny *)app)->makes_sense
               ? LP_OK
               : lp_explain(why, LP_ERR_MALFORMED, "that makes no sense");
}

static lp_err start(lp_app *app, lp_why *why)
{
    return ((tiny *)app)->opens ? LP_OK
                                : lp_explain(why, LP_ERR_IO, "it does not open");
}

static void started(lp_app *app)
{
    deed what = ((tiny *)app)->deed;
    if (what == RAISE_TERM)
        raise(SIGTERM);
    for (int i = 0; what == FAIL_TWICE && i < 2; i++)
        lp_app_fail(app, "the wire broke");
}

static void stop(lp_app *app, const char *reason)
{
    ((tiny *)app)->stops++;
}

static bool is_done(lp_app *app)
{
    return ((tiny *)app)->stops == 1;
}

static void nothing(lp_app *app)
{
}

static lp_err check(lp_app *app, lp_why *why)
{
    return LP_OK;
}

static json_t *describe(lp_app *app, lp_time now)
{
    return json_pack("{s:i}", "answer", 42);
}

static void show(const json_t *state)
{
    printf("the answer is %d\n",
           (int)json_integer_value(json_object_get(state, "answer")));
}

static const lp_option options[] = {LP_COMMON_ROWS(struct config, common)};

static const lp_program about = {
    .name = "tiny",
    .purpose = "be tested",
    .example = "tiny",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

static const lp_app_parts parts = {
    .program = &about,
    .check_options = check_options,
    .start = start,
    .started = started,
    .stop = stop,
    .is_done = is_done,
    .end = nothing,
    .fini = nothing,
    .check = check,
    .describe = describe,
    .show = show,
};

/* --- running it ------------------------------------------------------------------- */

static void write_to(int fd, const char *name)
{
    int file = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0 || dup2(file, fd) < 0)
        abort();
}

/* Words go to "err", results to "out". */
static pid_t begin(const tiny *how, const char *first, const char *second)
{
    char *argv[] = {"tiny", (char *)(uintptr_t)first, (char *)(uintptr_t)second, NULL};
    int argc = first ? second ? 3 : 2 : 1;
    pid_t child = fork();
    if (child != 0)
        return child;
    tiny it = *how;
    write_to(STDOUT_FILENO, "out");
    write_to(STDERR_FILENO, "err");
    int code = lp_app_main(&it.app, &parts, argc, argv, &it.config, &it.config.common);
    fflush(stdout);
    _exit(code);
}

static int code_of(pid_t child)
{
    int status = 0;
    CHECK_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static size_t times_in(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)); text++)
        count++;
    return count;
}

TEST(a_program_says_how_it_ended)
{
    static const struct {
        const char *name;
        tiny how;
        int code;
        const char *says;
    } rows[] = {
        {"called wrong", {.opens = true}, 2, "tiny: that makes no sense\n"},
        {"cannot open", {.makes_sense = true}, 1, "tiny: it does not open\n"},
        {"was asked to end",
         {.makes_sense = true, .opens = true, .deed = RAISE_TERM},
         0,
         "leaving reason=\"shutting down\""},
        {"broke, and said so twice",
         {.makes_sense = true, .opens = true, .deed = FAIL_TWICE},
         1,
         "cannot go on why=\"the wire broke\""},
    };
    EACH_ROW (row, rows) {
        new_folder();
        setenv("RUNTIME_DIRECTORY", in_folder("run"), 1);
        CHECK_EQ(code_of(begin(&row->how, NULL, NULL)), row->code);
        CHECK_EQ(times_in(text_in(in_folder("err")), row->says), 1);
    }
}

TEST(json_lines_are_json_even_when_nothing_starts)
{
    static const struct {
        const char *name;
        tiny how;
    } rows[] = {
        {"cannot open", {.makes_sense = true}},
        {"broke", {.makes_sense = true, .opens = true, .deed = FAIL_TWICE}},
    };
    EACH_ROW (row, rows) {
        size_t count = 0;
        char line[1024];
        new_folder();
        setenv("RUNTIME_DIRECTORY", in_folder("run"), 1);
        CHECK_EQ(code_of(begin(&row->how, "--log-format", "json")), 1);
        FILE *words = fopen(in_folder("err"), "r");
        for (; words && fgets(line, sizeof line, words); count++) {
            json_t *read = json_loads(line, 0, NULL);
            CHECK(json_is_object(read));
            json_decref(read);
        }
        CHECK(count > 0);
        if (words)
            fclose(words);
    }
}

/* --- while it runs ---------------------------------------------------------------- */

static int open_ear(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", in_folder("notify"));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    /* As the manager's own: for who has given up root, too. */
    CHECK_EQ(chmod(folder, 0755), 0);
    CHECK_EQ(chmod(name.sun_path, 0666), 0);
    setenv("NOTIFY_SOCKET", name.sun_path, 1);
    return fd;
}

/* On a fresh machine: nobody has made the folder for sockets yet. */
TEST(a_program_answers_while_it_runs)
{
    const tiny how = {.makes_sense = true, .opens = true, .deed = WAIT};
    char told[64] = "";
    new_folder();
    setenv("RUNTIME_DIRECTORY", in_folder("run/softlan"), 1);
    int ear = open_ear();
    pid_t running = begin(&how, NULL, NULL);
    CHECK(wait_readable(ear));
    CHECK(recv(ear, told, sizeof told - 1, MSG_DONTWAIT) > 0);
    CHECK_HAS(told, "READY=1");
    CHECK_EQ(mode_of(in_folder("run/softlan")), 0755);
    CHECK_EQ(mode_of(in_folder("run/softlan/tiny.sock")), 0600);

    CHECK_EQ(code_of(begin(&how, "--status", NULL)), 0);
    CHECK_STR(text_in(in_folder("out")), "the answer is 42\n");
    CHECK_EQ(code_of(begin(&how, "--status", "--json")), 0);
    CHECK_HAS(text_in(in_folder("out")), "\"program\": \"tiny\"");

    /* A second one of the same name would only confuse everybody. */
    CHECK_EQ(code_of(begin(&how, NULL, NULL)), 1);
    CHECK_HAS(text_in(in_folder("err")), "another program answers at");

    CHECK_EQ(kill(running, SIGTERM), 0);
    CHECK_EQ(code_of(running), 0);
    CHECK_EQ(code_of(begin(&how, "--status", NULL)), 1);
    CHECK_HAS(text_in(in_folder("err")), "is the program running?");
    unsetenv("NOTIFY_SOCKET");
    close(ear);
}
