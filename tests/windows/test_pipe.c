#include "os/pipe.h"

#include "ready.h"
#include "test.h"

#include <io.h>
#include <stdlib.h>

#include <aclapi.h>
#include <sddl.h>
#include <windows.h>

static char path[64];

static lp_pipe *listen_here(void)
{
    lp_pipe *pipe = NULL;
    lp_why why;
    snprintf(path, sizeof path, "\\\\.\\pipe\\lp-test-%lu", GetCurrentProcessId());
    CHECK_EQ(lp_pipe_listen(path, &pipe, &why), LP_OK);
    return pipe;
}

TEST(the_pipe_has_the_list_that_it_was_made_with)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    char *text = NULL;
    lp_pipe *pipe = listen_here();
    HANDLE asker = CreateFileA(path, READ_CONTROL | FILE_WRITE_DATA, 0, NULL,
                               OPEN_EXISTING, 0, NULL);
    CHECK(asker != INVALID_HANDLE_VALUE);
    CHECK_EQ(GetSecurityInfo(asker, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL,
                             NULL, NULL, NULL, &descriptor),
             ERROR_SUCCESS);
    CHECK(ConvertSecurityDescriptorToStringSecurityDescriptorA(
        descriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text, NULL));
    CHECK_HAS(text ? text : "", "(D;;FA;;;NU)");
    CHECK_HAS(text ? text : "", "0x12019b;;;IU)");
    CHECK(text && !strstr(text, ";;;WD)") && !strstr(text, ";;;AU)"));
    LocalFree(text);
    LocalFree(descriptor);
    CloseHandle(asker);
    lp_pipe_close(pipe);
}

/* One asker, on a thread: what it asks, and what became of it. */
typedef struct asker {
    lp_duration timeout;
    size_t max_len;
    lp_err err;
    char *answer;
    lp_why why;
} asker;

static DWORD WINAPI ask(void *state)
{
    asker *it = state;
    it->err =
        lp_pipe_ask(path, "status", it->timeout, it->max_len, &it->answer, &it->why);
    return 0;
}

static HANDLE start(asker *it, lp_duration timeout, size_t max_len)
{
    *it = (asker){.timeout = timeout, .max_len = max_len};
    return CreateThread(NULL, 0, ask, it, 0, NULL);
}

static void join(HANDLE thread)
{
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}

/* -1: nobody came. */
static int accept_one(lp_pipe *pipe)
{
    CHECK(wait_readable(lp_pipe_fd(pipe)));
    return lp_pipe_accept(pipe);
}

/* To the end of the line. The far side of a pipe for overlapped use. */
static void read_request(int fd, char *out, DWORD out_len)
{
    HANDLE pipe = (HANDLE)_get_osfhandle(fd);
    OVERLAPPED io = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    DWORD len = 0, got = 0;
    while (!memchr(out, '\n', len) && len < out_len - 1) {
        ReadFile(pipe, out + len, out_len - 1 - len, NULL, &io);
        if (!GetOverlappedResult(pipe, &io, &got, TRUE))
            break;
        len += got;
    }
    out[len] = '\0';
    CloseHandle(io.hEvent);
}

static void write_answer(int fd, const char *answer)
{
    HANDLE pipe = (HANDLE)_get_osfhandle(fd);
    OVERLAPPED io = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    DWORD sent = 0;
    WriteFile(pipe, answer, (DWORD)strlen(answer), NULL, &io);
    GetOverlappedResult(pipe, &io, &sent, TRUE);
    CloseHandle(io.hEvent);
}

TEST(questions_are_answered_one_after_the_other)
{
    lp_pipe *pipe = listen_here();
    for (int i = 0; i < 3; i++) {
        char request[64] = "";
        asker it;
        HANDLE thread = start(&it, LP_SECONDS(20), 100);
        int fd = accept_one(pipe);
        CHECK(fd >= 0);
        read_request(fd, request, sizeof request);
        CHECK_STR(request, "status\n");
        write_answer(fd, "two rooms");
        _close(fd);
        join(thread);
        CHECK_EQ(it.err, LP_OK);
        CHECK_STR(it.answer ? it.answer : "", "two rooms");
        free(it.answer);
    }
    CHECK_EQ(lp_pipe_accept(pipe), -1);
    lp_pipe_close(pipe);
}

TEST(an_answer_has_a_limit_in_length_and_time)
{
    lp_pipe *pipe = listen_here();
    asker it;
    HANDLE thread = start(&it, LP_SECONDS(20), 5);
    int fd = accept_one(pipe);
    write_answer(fd, "sixsix");
    _close(fd);
    join(thread);
    CHECK_EQ(it.err, LP_ERR_TOO_BIG);

    thread = start(&it, LP_MS(50), 100);
    fd = accept_one(pipe);
    join(thread); /* nobody answers */
    CHECK_EQ(it.err, LP_ERR_TIMEOUT);
    _close(fd);
    lp_pipe_close(pipe);
}

TEST(where_nobody_listens_it_is_told)
{
    char *answer = NULL;
    lp_why why;
    lp_pipe_close(listen_here());
    CHECK_EQ(lp_pipe_ask(path, "status", LP_SECONDS(1), 100, &answer, &why),
             LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, "is the program running?");
    CHECK(!answer);
}

TEST(programs_have_their_places)
{
    char got[40];
    CHECK(lp_pipe_place("lanparty-client", got, sizeof got));
    CHECK_STR(got, "\\\\.\\pipe\\lanparty-client");
    CHECK(!lp_pipe_place("lanparty-client", got, 24));
}
