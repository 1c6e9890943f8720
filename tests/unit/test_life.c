#include "runtime/life.h"

#include "folder.h"
#include "loop.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

typedef struct program {
    lp_life life;
    unsigned stops, reloads, asked, ends;
    unsigned done_after; /* times that is_done is asked */
    char reason[64];
    uv_timer_t work; /* a handle of the program's own */
} program;

static void on_stop(void *state, const char *reason)
{
    program *it = state;
    it->stops++;
    snprintf(it->reason, sizeof it->reason, "%s", reason);
}

static void on_reload(void *state)
{
    program *it = state;
    it->reloads++;
}

static bool is_done(void *state)
{
    program *it = state;
    return ++it->asked > it->done_after;
}

static void on_end(void *state)
{
    program *it = state;
    it->ends++;
    uv_close((uv_handle_t *)&it->work, NULL);
}

static void start(program *it, bool reloads)
{
    lp_life_handler handler = {.state = it,
                               .on_stop = on_stop,
                               .on_reload = reloads ? on_reload : NULL,
                               .is_done = is_done,
                               .on_end = on_end};
    open_loop();
    uv_timer_init(&loop, &it->work);
    lp_life_start(&it->life, &loop, &handler);
}

static bool has_stopped(void *state)
{
    return ((program *)state)->stops > 0;
}

static bool has_reloaded(void *state)
{
    return ((program *)state)->reloads > 0;
}

static bool has_ended(void *state)
{
    return ((program *)state)->ends > 0;
}

static bool was_asked(void *state)
{
    return ((program *)state)->asked > 0;
}

TEST(a_signal_ends_a_program_in_two_steps)
{
    static const struct {
        const char *name;
        int signal;
    } rows[] = {{"SIGINT", SIGINT}, {"SIGTERM", SIGTERM}};
    EACH_ROW (row, rows) {
        program it = {.done_after = 2};
        start(&it, true);
        raise(row->signal);
        CHECK(turn_until(has_ended, &it));
        CHECK_EQ(it.stops, 1);
        CHECK_STR(it.reason, "shutting down");
        CHECK_EQ(it.asked, 3);
        close_loop(); /* nothing of life's is left in it */
        CHECK_EQ(it.ends, 1);
        CHECK_EQ(it.reloads, 0);
    }
}

TEST(a_second_signal_does_not_wait_for_goodbyes)
{
    program it = {.done_after = UINT32_MAX};
    start(&it, true);
    raise(SIGINT);
    CHECK(turn_until(was_asked, &it));
    CHECK_EQ(it.ends, 0);
    raise(SIGTERM);
    CHECK(turn_until(has_ended, &it));
    CHECK_EQ(it.stops, 1);
    CHECK_EQ(it.ends, 1);
    close_loop();
}

TEST(a_relay_that_does_not_answer_keeps_nobody)
{
    program it = {.done_after = UINT32_MAX};
    start(&it, true);
    lp_life_stop(&it.life, "no way on");
    CHECK(turn_until(has_stopped, &it));
    CHECK_STR(it.reason, "no way on");
    hurry_timers();
    CHECK(turn_until(has_ended, &it));
    CHECK(it.asked > 10); /* a second's worth of asking, not none */
    close_loop();
}

/* A handler that finds that nothing works any more stands in the middle of things: what
 * on_stop ends must not be pulled from under it. */
TEST(stopping_begins_when_the_one_who_asked_is_done)
{
    program it = {0};
    start(&it, true);
    lp_life_stop(&it.life, "from within a handler");
    CHECK_EQ(it.stops, 0);
    CHECK(turn_until(has_ended, &it));
    CHECK_EQ(it.stops, 1);
    close_loop();
}

TEST(stopping_twice_is_stopping_once)
{
    program it = {0};
    start(&it, true);
    lp_life_stop(&it.life, "first");
    lp_life_stop(&it.life, "second");
    CHECK(turn_until(has_ended, &it));
    CHECK_EQ(it.stops, 1);
    CHECK_STR(it.reason, "first");
    close_loop();
}

TEST(sighup_reloads_and_does_not_end)
{
    program it = {.done_after = 1};
    start(&it, true);
    raise(SIGHUP);
    CHECK(turn_until(has_reloaded, &it));
    CHECK_EQ(it.stops, 0);
    lp_life_stop(&it.life, "enough");
    raise(SIGHUP); /* one that leaves has nothing to reload for */
    CHECK(turn_until(has_ended, &it));
    close_loop();
    CHECK_EQ(it.reloads, 1);
}

TEST(sighup_is_harmless_where_nothing_can_be_reloaded)
{
    program it = {0};
    start(&it, false);
    raise(SIGHUP);
    raise(SIGTERM);
    CHECK(turn_until(has_stopped, &it));
    CHECK(turn_until(has_ended, &it));
    close_loop();
}

/* `--status | head`, or a terminal that was closed: their problem. */
TEST(a_reader_that_goes_away_ends_nobody)
{
    program it = {0};
    int ends[2];
    signal(SIGPIPE, SIG_DFL);
    start(&it, false);
    CHECK_EQ(pipe(ends), 0);
    close(ends[0]);
    CHECK_EQ(write(ends[1], "x", 1), -1);
    close(ends[1]);
    lp_life_stop(&it.life, "enough");
    close_loop();
    CHECK_EQ(it.ends, 1);
}

/* --- the service manager ---------------------------------------------------------- */

static int manager = -1;

static void watch(const char *us)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    new_folder();
    snprintf(name.sun_path, sizeof name.sun_path, "%s", in_folder("notify"));
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    CHECK_EQ(bind(manager, (struct sockaddr *)&name, sizeof name), 0);
    setenv("NOTIFY_SOCKET", name.sun_path, 1);
    unsetenv("WATCHDOG_PID");
    if (us)
        setenv("WATCHDOG_USEC", us, 1);
    else
        unsetenv("WATCHDOG_USEC");
}

static bool heard(const char *text)
{
    char message[64] = "";
    while (recv(manager, message, sizeof message - 1, 0) > 0) {
        if (strcmp(message, text) == 0)
            return true;
        memset(message, 0, sizeof message);
    }
    return false;
}

static void unwatch(void)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    close(manager);
}

static bool watchdog_was_fed(void *state)
{
    unsigned *times = state;
    *times += heard("WATCHDOG=1");
    return *times >= 3;
}

TEST(a_watchdog_is_fed_again_and_again)
{
    program it = {0};
    unsigned times = 0;
    watch("4000");
    start(&it, false);
    CHECK(turn_until(watchdog_was_fed, &times));
    lp_life_stop(&it.life, "enough");
    CHECK(turn_until(has_stopped, &it));
    CHECK(heard("STOPPING=1"));
    close_loop();
    unwatch();
}

TEST(nobody_feeds_a_watchdog_that_is_not_there)
{
    program it = {0};
    watch(NULL);
    start(&it, false);
    lp_life_stop(&it.life, "enough");
    close_loop();
    CHECK(!heard("WATCHDOG=1"));
    unwatch();
}
