#include "os/pipe.h"

#include "os/clock.h"
#include "os/files.h"
#include "os/linux/errors.h"
#include "os/linux/places.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG    16
#define FOLDER_MAX 256

struct lp_pipe {
    int fd;
    struct sockaddr_un name;
    dev_t device; /* of the file that we made: a successor's is not ours to remove */
    ino_t inode;
};

static bool name_of(const char *path, struct sockaddr_un *out_name)
{
    *out_name = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof out_name->sun_path)
        return false;
    strcpy(out_name->sun_path, path);
    return true;
}

static int connect_to(const struct sockaddr_un *name, int flags)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof *name) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        fd = -1;
    }
    return fd;
}

/* --- places ----------------------------------------------------------------------- */

bool lp_pipe_place(const char *program, char *out, size_t out_len)
{
    char folder[FOLDER_MAX];
    if (!lp_dir_runtime(folder, sizeof folder))
        return false;
    int len = snprintf(out, out_len, "%s/%s.sock", folder, program);
    return len > 0 && (size_t)len < out_len;
}

lp_err lp_pipe_make_folder(lp_why *why)
{
    char folder[FOLDER_MAX];
    return lp_dir_runtime(folder, sizeof folder) ? lp_dir_make(folder, 0755, why)
                                                 : LP_OK;
}

/* --- listening -------------------------------------------------------------------- */

/* Clears the path of what a killed run left. */
static lp_err make_way(const struct sockaddr_un *name, lp_why *why)
{
    struct stat found;
    if (lstat(name->sun_path, &found) != 0)
        return LP_OK; /* nothing there, or bind(2) will say what is wrong */
    if (!S_ISSOCK(found.st_mode))
        return lp_explain(why, LP_ERR_IN_USE,
                          "%s is in the way: it is no socket; move it "
                          "or choose another path",
                          name->sun_path);
    int fd = connect_to(name, SOCK_NONBLOCK);
    if (fd < 0 && errno == ECONNREFUSED) {
        unlink(name->sun_path);
        return LP_OK;
    }
    if (fd >= 0)
        close(fd);
    return lp_explain(why, LP_ERR_IN_USE,
                      "another program answers at %s: stop it, or "
                      "choose another path",
                      name->sun_path);
}

static lp_err start_listening(lp_pipe *pipe, lp_why *why)
{
    struct stat made;
    pipe->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The file inherits the socket's mode, so it is never open to others for a moment.
     */
    if (pipe->fd < 0 || fchmod(pipe->fd, 0600) != 0 ||
        bind(pipe->fd, (struct sockaddr *)&pipe->name, sizeof pipe->name) != 0)
        return lp_explain(
            why, lp_err_of_errno(errno), "cannot listen at %s: %s", pipe->name.sun_path,
            errno == ENOENT ? "there is no such folder to hold it" : strerror(errno));
    if (stat(pipe->name.sun_path, &made) == 0) {
        pipe->device = made.st_dev;
        pipe->inode = made.st_ino;
    }
    if (listen(pipe->fd, BACKLOG) != 0)
        return lp_explain(why, LP_ERR_IO, "cannot listen at %s: %s",
                          pipe->name.sun_path, strerror(errno));
    return LP_OK;
}

lp_err lp_pipe_listen(const char *path, lp_pipe **out_pipe, lp_why *why)
{
    lp_err err;
    lp_pipe *pipe = calloc(1, sizeof *pipe);
    if (!pipe)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    pipe->fd = -1;
    if (!name_of(path, &pipe->name)) {
        err =
            lp_explain(why, LP_ERR_TOO_BIG, "%s is too long for a socket's path", path);
        goto done;
    }
    err = make_way(&pipe->name, why);
    if (err)
        goto done;
    err = start_listening(pipe, why);
    if (err)
        goto done;

    *out_pipe = pipe;
    pipe = NULL; /* the caller's now */
done:
    lp_pipe_close(pipe);
    return err;
}

void lp_pipe_close(lp_pipe *pipe)
{
    struct stat found;
    if (!pipe)
        return;
    if (pipe->inode && lstat(pipe->name.sun_path, &found) == 0 &&
        found.st_dev == pipe->device && found.st_ino == pipe->inode)
        unlink(pipe->name.sun_path);
    if (pipe->fd >= 0)
        close(pipe->fd);
    free(pipe);
}

lp_fd lp_pipe_fd(const lp_pipe *pipe)
{
    return pipe->fd;
}

int lp_pipe_accept(lp_pipe *pipe)
{
    return accept4(pipe->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* --- asking ----------------------------------------------------------------------- */

/* Waits for `events`; false once `until` has come. */
static bool wait_for(int fd, short events, lp_time until)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    for (;;) {
        lp_duration left = lp_time_until(lp_clock_now(), until);
        struct timespec timeout = {.tv_sec = (time_t)(left / LP_SECONDS(1)),
                                   .tv_nsec = (long)(left % LP_SECONDS(1))};
        int ready = ppoll(&poll_fd, 1, &timeout, NULL);
        if (ready > 0)
            return true;
        if (left == 0)
            return false;
    }
}

static lp_err send_all(int fd, lp_bytes bytes, lp_time until)
{
    while (bytes.len > 0) {
        if (!wait_for(fd, POLLOUT, until))
            return LP_ERR_TIMEOUT;
        ssize_t sent = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return LP_ERR_CLOSED;
        if (sent > 0)
            bytes = lp_bytes_after(bytes, (size_t)sent);
    }
    return LP_OK;
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

static lp_err read_to_end(int fd, size_t max_len, lp_time until, reading *answer)
{
    for (;;) {
        if (!make_room(answer))
            return LP_ERR_NO_MEMORY;
        if (!wait_for(fd, POLLIN, until))
            return LP_ERR_TIMEOUT;
        ssize_t got =
            read(fd, answer->at + answer->len, answer->room - answer->len - 1);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return LP_ERR_CLOSED;
        if (got > 0)
            answer->len += (size_t)got;
        if (answer->len > max_len)
            return LP_ERR_TOO_BIG;
        answer->at[answer->len] = '\0';
        if (got == 0)
            return LP_OK;
    }
}

static lp_err explain_ask(lp_why *why, const char *path, int error)
{
    if (error == ENOENT || error == ECONNREFUSED)
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "nobody answers at %s: is the program running?", path);
    if (error == EACCES || error == EPERM)
        return lp_explain(why, LP_ERR_DENIED,
                          "%s belongs to another user: ask as that user or as root",
                          path);
    if (error == EAGAIN)
        return lp_explain(why, LP_ERR_TIMEOUT, "the program at %s is too busy", path);
    return lp_explain(why, LP_ERR_IO, "cannot ask at %s: %s", path, strerror(error));
}

lp_err lp_pipe_ask(const char *path, const char *request, lp_duration timeout,
                   size_t max_len, char **out_answer, lp_why *why)
{
    lp_time until = lp_time_after(lp_clock_now(), timeout);
    struct sockaddr_un name;
    reading answer = {0};
    if (!name_of(path, &name))
        return lp_explain(why, LP_ERR_TOO_BIG, "%s is too long for a socket's path",
                          path);
    int fd = connect_to(&name, SOCK_NONBLOCK);
    if (fd < 0)
        return explain_ask(why, path, errno);
    lp_err err = send_all(fd, lp_bytes_of(request, strlen(request)), until);
    if (!err)
        err = send_all(fd, lp_bytes_of("\n", 1), until);
    if (!err)
        err = read_to_end(fd, max_len, until, &answer);
    close(fd);
    if (err) {
        free(answer.at);
        return lp_explain(why, err, "asked at %s: %s", path, lp_err_text(err));
    }
    *out_answer = answer.at;
    return LP_OK;
}
