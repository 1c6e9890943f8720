#include "os/pipe.h"
#include "ready.h"
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64];

static lp_pipe *listen_here(void)
{
    lp_pipe *pipe = NULL;
    lp_why why;
    snprintf(path, sizeof path, "/tmp/lp-pipe-%d", (int)getpid());
    CHECK_EQ(lp_pipe_listen(path, &pipe, &why), LP_OK);
    return pipe;
}

/* Serves one request in a child: reads to the newline, answers, and ends. */
static pid_t answer_once(lp_pipe *pipe, const char *answer, size_t times)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    char request[64] = "";
    size_t len = 0;
    if (!wait_readable(lp_pipe_fd(pipe)))
        _exit(1);
    int fd = lp_pipe_accept(pipe);
    while (!strchr(request, '\n') && wait_readable(fd)) {
        ssize_t got = read(fd, request + len, sizeof request - 1 - len);
        if (got <= 0)
            _exit(2);
        len += (size_t)got;
    }
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    for (size_t i = 0; i < times; i++)
        if (poll(&writable, 1, 10000) != 1 ||
            send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
            break;
    _exit(strcmp(request, "status\n") == 0 ? 0 : 3);
}

static int end_of(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(a_question_is_answered)
{
    char *answer = NULL;
    lp_why why;
    lp_pipe *pipe = listen_here();
    pid_t child = answer_once(pipe, "two rooms\n", 1);
    CHECK_EQ(lp_pipe_ask(path, "status", LP_SECONDS(10), 1000, &answer, &why), LP_OK);
    CHECK_STR(answer ? answer : "", "two rooms\n");
    CHECK_EQ(end_of(child), 0);
    free(answer);
    lp_pipe_close(pipe);
}

TEST(a_long_answer_comes_whole_or_not_at_all)
{
    static const struct {
        const char *name;
        size_t max;
        lp_err err;
    } rows[] = {{"it fits exactly", 100000, LP_OK},
                {"one octet over", 99999, LP_ERR_TOO_BIG}};
    EACH_ROW (row, rows) {
        char *answer = NULL;
        lp_why why;
        lp_pipe *pipe = listen_here();
        pid_t child = answer_once(pipe, "0123456789", 10000);
        CHECK_EQ(lp_pipe_ask(path, "status", LP_SECONDS(10), row->max, &answer, &why),
                 row->err);
        if (row->err)
            CHECK_HAS(why.text, path);
        else
            CHECK_EQ(strlen(answer), 100000);
        end_of(child);
        free(answer);
        lp_pipe_close(pipe);
    }
}

TEST(only_the_owner_may_ask)
{
    struct stat found = {0};
    mode_t before = umask(0);
    lp_pipe *pipe = listen_here();
    umask(before);
    CHECK_EQ(stat(path, &found), 0);
    CHECK_EQ(found.st_mode & 07777, 0600);
    lp_pipe_close(pipe);
}

TEST(closing_removes_the_file)
{
    lp_pipe_close(listen_here());
    CHECK(access(path, F_OK) != 0);
}

TEST(a_successors_file_is_not_removed)
{
    lp_pipe *first = listen_here();
    unlink(path);
    lp_pipe *second = listen_here();
    lp_pipe_close(first);
    CHECK(access(path, F_OK) == 0);
    lp_pipe_close(second);
}

TEST(what_a_killed_run_left_is_replaced)
{
    pid_t child = fork();
    if (child == 0) {
        listen_here();
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    snprintf(path, sizeof path, "/tmp/lp-pipe-%d", (int)child);
    CHECK(access(path, F_OK) == 0);
    lp_pipe *pipe = NULL;
    lp_why why;
    CHECK_EQ(lp_pipe_listen(path, &pipe, &why), LP_OK);
    lp_pipe_close(pipe);
}

TEST(what_is_in_use_is_left_alone)
{
    lp_pipe *first = listen_here(), *second = NULL;
    lp_why why;
    CHECK_EQ(lp_pipe_listen(path, &second, &why), LP_ERR_IN_USE);
    CHECK_HAS(why.text, path);
    lp_pipe_close(first);

    FILE *file = fopen(path, "w");
    fclose(file);
    CHECK_EQ(lp_pipe_listen(path, &second, &why), LP_ERR_IN_USE);
    CHECK_HAS(why.text, "no socket");
    CHECK(access(path, F_OK) == 0);
    CHECK(second == NULL);
    unlink(path);
}

TEST(nobody_there_is_told_with_the_path)
{
    char *answer = NULL;
    lp_why why;
    lp_pipe_close(listen_here());
    CHECK_EQ(lp_pipe_ask(path, "status", LP_SECONDS(1), 100, &answer, &why),
             LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, path);
    CHECK(answer == NULL);
}

TEST(a_silent_program_is_not_waited_for)
{
    char *answer = NULL;
    lp_why why;
    lp_pipe *pipe = listen_here();
    CHECK_EQ(lp_pipe_ask(path, "status", LP_MS(1), 100, &answer, &why), LP_ERR_TIMEOUT);
    CHECK_HAS(why.text, path);
    lp_pipe_close(pipe);
}

TEST(a_path_that_is_too_long_is_refused)
{
    char deep[200], *answer = NULL;
    lp_pipe *pipe = NULL;
    lp_why why;
    memset(deep, 'x', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    CHECK_EQ(lp_pipe_listen(deep, &pipe, &why), LP_ERR_TOO_BIG);
    CHECK_EQ(lp_pipe_ask(deep, "?", LP_MS(1), 1, &answer, &why), LP_ERR_TOO_BIG);
}

TEST(accepting_when_nobody_waits_says_so)
{
    lp_pipe *pipe = listen_here();
    CHECK_EQ(lp_pipe_accept(pipe), -1);
    lp_pipe_close(pipe);
}

TEST(running_out_of_memory_is_told)
{
    lp_pipe *pipe = NULL;
    char *answer = NULL;
    lp_why why;
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_pipe_listen("/tmp/lp-none", &pipe, &why), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
    lp_pipe *there = listen_here();
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_pipe_ask(path, "?", LP_SECONDS(1), 100, &answer, &why),
             LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
    lp_pipe_close(there);
}
