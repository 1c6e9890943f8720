#include "os/pipe.h"

#include "os/clock.h"
#include "os/windows/access.h"
#include "os/windows/errors.h"
#include "os/windows/text.h"
#include "os/windows/wake.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LEN      300
#define BUFFER_LEN    65536
#define MAX_INSTANCES 16
/* What lp_access_list grants whoever sits at the machine. */
#define ASKER_RIGHTS \
    (FILE_GENERIC_READ | FILE_WRITE_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES)

/*
 * A named pipe has no socket that listens: it has instances, each for one asker. One
 * instance waits; when an asker came to it, the next is made in its place.
 */
struct lp_pipe {
    wchar_t name[NAME_LEN];
    HANDLE instance; /* INVALID_HANDLE_VALUE: none could be made */
    OVERLAPPED connecting;
    HANDLE watch;
    lp_wake *wake;
};

/* --- places ----------------------------------------------------------------------- */

bool lp_pipe_place(const char *program, char *out, size_t out_len)
{
    int len = snprintf(out, out_len, "\\\\.\\pipe\\%s", program);
    return len > 0 && (size_t)len < out_len;
}

lp_err lp_pipe_make_folder(lp_why *why)
{
    return LP_OK; /* pipes have a namespace of their own */
}

/* --- listening -------------------------------------------------------------------- */

static HANDLE make_instance(const lp_pipe *pipe, DWORD first)
{
    lp_access_list list;
    if (!lp_access_open(LP_ACCESS_CONSOLE, &list))
        return INVALID_HANDLE_VALUE;
    HANDLE made = CreateNamedPipeW(
        pipe->name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
        PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
        MAX_INSTANCES, BUFFER_LEN, BUFFER_LEN, 0, &list.attributes);
    DWORD error = GetLastError();
    lp_access_close(&list);
    SetLastError(error);
    return made;
}

/* The event of `connecting` is set once somebody came. */
static void wait_for_asker(lp_pipe *pipe)
{
    if (ConnectNamedPipe(pipe->instance, &pipe->connecting) ||
        GetLastError() == ERROR_IO_PENDING)
        return;
    /* He was faster than we, or is gone again: then nothing comes by itself. */
    pipe->connecting.Internal = 0;
    SetEvent(pipe->connecting.hEvent);
}

static void CALLBACK on_connected(void *state, BOOLEAN timed_out)
{
    lp_wake_ring(((lp_pipe *)state)->wake);
}

static lp_err explain_listen(const char *path, DWORD error, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    if (error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY)
        return lp_explain(why, LP_ERR_IN_USE,
                          "another program answers at %s: stop it, or "
                          "choose another path",
                          path);
    return lp_explain(why, lp_err_of_windows(error), "cannot listen at %s: %s", path,
                      lp_windows_text(error, text));
}

lp_err lp_pipe_listen(const char *path, lp_pipe **out_pipe, lp_why *why)
{
    lp_pipe *pipe = calloc(1, sizeof *pipe);
    if (!pipe)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    pipe->instance = INVALID_HANDLE_VALUE;
    lp_err err = lp_wake_open(&pipe->wake, why);
    if (err)
        goto done;
    if (!lp_text_to_wide(path, pipe->name, NAME_LEN)) {
        err = lp_explain(why, LP_ERR_TOO_BIG, "%s is too long for a pipe's name", path);
        goto done;
    }
    pipe->instance = make_instance(pipe, FILE_FLAG_FIRST_PIPE_INSTANCE);
    if (pipe->instance == INVALID_HANDLE_VALUE) {
        err = explain_listen(path, GetLastError(), why);
        goto done;
    }
    pipe->connecting.hEvent = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!pipe->connecting.hEvent ||
        !RegisterWaitForSingleObject(&pipe->watch, pipe->connecting.hEvent,
                                     on_connected, pipe, INFINITE,
                                     WT_EXECUTEINWAITTHREAD)) {
        err = explain_listen(path, GetLastError(), why);
        goto done;
    }
    wait_for_asker(pipe);
    *out_pipe = pipe;
    pipe = NULL; /* the caller's now */
done:
    lp_pipe_close(pipe);
    return err;
}

void lp_pipe_close(lp_pipe *pipe)
{
    DWORD ignored;
    if (!pipe)
        return;
    if (pipe->instance != INVALID_HANDLE_VALUE) {
        if (CancelIoEx(pipe->instance, &pipe->connecting))
            GetOverlappedResult(pipe->instance, &pipe->connecting, &ignored, TRUE);
        CloseHandle(pipe->instance);
    }
    if (pipe->watch)
        UnregisterWaitEx(pipe->watch, INVALID_HANDLE_VALUE);
    if (pipe->connecting.hEvent)
        CloseHandle(pipe->connecting.hEvent);
    lp_wake_close(pipe->wake);
    free(pipe);
}

lp_fd lp_pipe_fd(const lp_pipe *pipe)
{
    return lp_wake_fd(pipe->wake);
}

int lp_pipe_accept(lp_pipe *pipe)
{
    HANDLE asked = pipe->instance;
    lp_wake_clear(pipe->wake);
    if (!HasOverlappedIoCompleted(&pipe->connecting))
        return -1;
    HANDLE next = make_instance(pipe, 0);
    if (next ==
        INVALID_HANDLE_VALUE) { /* no memory: this asker goes, the place stays */
        DisconnectNamedPipe(asked);
        wait_for_asker(pipe);
        return -1;
    }
    pipe->instance = next;
    wait_for_asker(pipe);
    int fd = _open_osfhandle((intptr_t)asked, _O_BINARY);
    if (fd < 0)
        CloseHandle(asked);
    return fd;
}

/* --- asking ----------------------------------------------------------------------- */

static DWORD ms_until(lp_time until)
{
    return (DWORD)((lp_time_until(lp_clock_now(), until) + LP_MS(1) - 1) / LP_MS(1));
}

/* All instances may be taken for a moment; INVALID_HANDLE_VALUE with the last error. */
static HANDLE connect_to(const wchar_t *name, lp_time until)
{
    for (;;) {
        HANDLE pipe = CreateFileW(
            name, ASKER_RIGHTS, 0, NULL, OPEN_EXISTING,
            /* Who poses as us learns who asks, and may do nothing in his name. */
            FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
            NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY)
            return pipe;
        DWORD wait = ms_until(until);
        if (wait == 0 || !WaitNamedPipeW(name, wait)) {
            SetLastError(ERROR_SEM_TIMEOUT);
            return INVALID_HANDLE_VALUE;
        }
    }
}

/* The outcome of what was begun with `began`; never longer than `until`. */
static lp_err finish(HANDLE pipe, OVERLAPPED *io, BOOL began, lp_time until,
                     DWORD *out_len)
{
    if (!began && GetLastError() != ERROR_IO_PENDING)
        return LP_ERR_CLOSED;
    bool in_time = WaitForSingleObject(io->hEvent, ms_until(until)) == WAIT_OBJECT_0;
    if (!in_time)
        CancelIoEx(pipe, io);
    bool done = GetOverlappedResult(pipe, io, out_len, TRUE);
    return done ? LP_OK : in_time ? LP_ERR_CLOSED : LP_ERR_TIMEOUT;
}

static lp_err send_line(HANDLE pipe, OVERLAPPED *io, const char *request, lp_time until)
{
    size_t len = strlen(request);
    DWORD sent;
    char *line = malloc(len + 1);
    if (!line)
        return LP_ERR_NO_MEMORY;
    memcpy(line, request, len);
    line[len] = '\n'; /* in one go: half a request is none */
    BOOL began = WriteFile(pipe, line, (DWORD)(len + 1), NULL, io);
    lp_err err = finish(pipe, io, began, until, &sent);
    free(line);
    return err;
}

typedef struct reading {
    char *at;
    size_t len, room; /* room counts the NUL */
} reading;

static bool make_room(reading *answer)
{
    if (answer->room - answer->len > 1)
        return true;
    size_t room = answer->room ? 2 * answer->room : 4096;
    char *at = realloc(answer->at, room);
    if (!at)
        return false;
    answer->at = at;
    answer->room = room;
    return true;
}

static lp_err read_to_end(HANDLE pipe, OVERLAPPED *io, size_t max_len, lp_time until,
                          reading *answer)
{
    for (;;) {
        DWORD got = 0;
        if (!make_room(answer))
            return LP_ERR_NO_MEMORY;
        BOOL began = ReadFile(pipe, answer->at + answer->len,
                              (DWORD)(answer->room - answer->len - 1), NULL, io);
        lp_err err = finish(pipe, io, began, until, &got);
        answer->len += got;
        answer->at[answer->len] = '\0';
        if (answer->len > max_len)
            return LP_ERR_TOO_BIG;
        if (err == LP_ERR_CLOSED && GetLastError() == ERROR_BROKEN_PIPE)
            return LP_OK;
        if (err)
            return err;
    }
}

static lp_err explain_ask(lp_why *why, const char *path, DWORD error)
{
    char text[LP_WINDOWS_TEXT_LEN];
    if (error == ERROR_FILE_NOT_FOUND)
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "nobody answers at %s: is the program running?", path);
    if (error == ERROR_ACCESS_DENIED)
        return lp_explain(why, LP_ERR_DENIED,
                          "%s belongs to another user: ask as that user or as "
                          "administrator",
                          path);
    if (error == ERROR_SEM_TIMEOUT)
        return lp_explain(why, LP_ERR_TIMEOUT, "the program at %s is too busy", path);
    return lp_explain(why, LP_ERR_IO, "cannot ask at %s: %s", path,
                      lp_windows_text(error, text));
}

lp_err lp_pipe_ask(const char *path, const char *request, lp_duration timeout,
                   size_t max_len, char **out_answer, lp_why *why)
{
    lp_time until = lp_time_after(lp_clock_now(), timeout);
    wchar_t name[NAME_LEN];
    reading answer = {0};
    if (!lp_text_to_wide(path, name, NAME_LEN))
        return lp_explain(why, LP_ERR_TOO_BIG, "%s is too long for a pipe's name",
                          path);
    HANDLE pipe = connect_to(name, until);
    if (pipe == INVALID_HANDLE_VALUE)
        return explain_ask(why, path, GetLastError());
    if (!lp_access_is_trusted_object(pipe)) {
        CloseHandle(pipe);
        return lp_explain(
            why, LP_ERR_UNTRUSTED,
            "another user's program answers at %s, and is told nothing: it is "
            "not the service",
            path);
    }
    OVERLAPPED io = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    lp_err err = io.hEvent ? send_line(pipe, &io, request, until) : LP_ERR_NO_MEMORY;
    if (!err)
        err = read_to_end(pipe, &io, max_len, until, &answer);
    if (io.hEvent)
        CloseHandle(io.hEvent);
    CloseHandle(pipe);
    if (err) {
        free(answer.at);
        return lp_explain(why, err, "asked at %s: %s", path, lp_err_text(err));
    }
    *out_answer = answer.at;
    return LP_OK;
}
