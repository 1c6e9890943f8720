#include "os/files.h"

#include "os/linux/errors.h"
#include "os/linux/places.h"
#include "os/random.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- reading ---------------------------------------------------------------------- */

static lp_err explain(lp_why *why, const char *verb, const char *path, int error)
{
    if (error == ENOENT)
        return lp_explain(why, LP_ERR_NOT_FOUND, "cannot %s %s: there is no such %s",
                          verb, path,
                          strcmp(verb, "read") == 0 ? "file" : "folder to hold it");
    if (error == EACCES || error == EPERM)
        return lp_explain(
            why, LP_ERR_DENIED,
            "cannot %s %s: permission denied; see who owns it with `ls -l`", verb,
            path);
    return lp_explain(why, lp_err_of_errno(error), "cannot %s %s: %s", verb, path,
                      strerror(error));
}

/* To the end or to the limit; -1 with errno. */
static ssize_t read_all(int fd, uint8_t *at, size_t max)
{
    size_t len = 0;
    while (len < max) {
        ssize_t got = read(fd, at + len, max - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

lp_err lp_file_read(const char *path, size_t max_len, lp_file_content *out_content,
                    lp_why *why)
{
    lp_err err = LP_OK;
    /* One octet to see that the file goes on, one for the NUL. Never moved by realloc:
     * that would leave copies of a key behind. */
    lp_file_content content = {.at = calloc(1, max_len + 2), .len = max_len + 1};
    if (!content.at)
        return lp_explain(why, LP_ERR_NO_MEMORY, "no memory to read %s", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t len = fd < 0 ? -1 : read_all(fd, content.at, max_len + 1);
    if (len < 0) {
        err = explain(why, "read", path, errno);
    } else if ((size_t)len > max_len) {
        err = lp_explain(why, LP_ERR_TOO_BIG,
                         "%s is larger than %zu bytes: is it the "
                         "right file?",
                         path, max_len);
    } else {
        content.len = (size_t)len;
        *out_content = content;
        content = (lp_file_content){0}; /* the caller's now */
    }
    if (fd >= 0)
        close(fd);
    lp_file_content_fini(&content);
    return err;
}

void lp_file_content_fini(lp_file_content *content)
{
    if (content->at)
        explicit_bzero(content->at, content->len);
    free(content->at);
    *content = (lp_file_content){0};
}

/* --- writing ---------------------------------------------------------------------- */

static bool write_all(int fd, lp_bytes bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = write(fd, bytes.at, bytes.len);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        bytes = lp_bytes_after(bytes, (size_t)sent);
    }
    return true;
}

/* A rename is only as lasting as its directory. Some file systems cannot; so be it. */
static void flush_directory_of(const char *path)
{
    char directory[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash == path)
        strcpy(directory, "/");
    else if (slash)
        snprintf(directory, sizeof directory, "%.*s", (int)(slash - path), path);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* A new file with this mode whatever the umask says; false with errno. */
static bool write_new(const char *path, lp_bytes content, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool written = fchmod(fd, mode) == 0 && write_all(fd, content) && fsync(fd) == 0;
    int error = errno;
    close(fd);
    if (!written)
        unlink(path);
    errno = error;
    return written;
}

lp_err lp_file_write(const char *path, lp_bytes content, unsigned mode, bool only_new,
                     lp_why *why)
{
    char temporary[PATH_MAX];
    int len = snprintf(temporary, sizeof temporary, "%s.%08x.tmp", path,
                       lp_random_u32(lp_os_random()));
    if (len < 0 || (size_t)len >= sizeof temporary)
        return explain(why, "write", path, ENAMETOOLONG);
    if (!write_new(temporary, content, mode))
        return explain(why, "write", path, errno);
    /* link(2) is the rename that refuses to replace. */
    int failed = only_new ? link(temporary, path) : rename(temporary, path);
    int error = errno;
    if (failed || only_new)
        unlink(temporary);
    if (failed && error == EEXIST)
        return lp_explain(why, LP_ERR_IN_USE, "%s exists already and is left as it is",
                          path);
    if (failed)
        return explain(why, "write", path, error);
    flush_directory_of(path);
    return LP_OK;
}

lp_err lp_dir_make(const char *path, unsigned mode, lp_why *why)
{
    char partial[PATH_MAX];
    struct stat found;
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof partial)
        return explain(why, "make the directory", path, ENAMETOOLONG);
    for (size_t i = 1; i <= len; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        /* An existing parent may also say EROFS or EACCES; the last look decides. */
        if (mkdir(partial, mode) != 0 && errno != EEXIST && stat(partial, &found) != 0)
            return explain(why, "make the directory", partial, errno);
    }
    if (stat(path, &found) != 0)
        return explain(why, "make the directory", path, errno);
    if (!S_ISDIR(found.st_mode))
        return explain(why, "make the directory", path, ENOTDIR);
    return LP_OK;
}

int64_t lp_file_mtime(const char *path)
{
    struct stat found;
    if (stat(path, &found) != 0)
        return 0;
    return (int64_t)found.st_mtim.tv_sec * 1000000000 + found.st_mtim.tv_nsec;
}

/* --- places ----------------------------------------------------------------------- */

static bool print_into(char *out, size_t out_len, const char *base, size_t base_len,
                       const char *below)
{
    int len = snprintf(out, out_len, "%.*s%s", (int)base_len, base, below);
    return len > 0 && (size_t)len < out_len;
}

/* systemd may list several directories with colons between them; the first is ours. */
static bool from_manager(const char *variable, char *out, size_t out_len)
{
    const char *list = getenv(variable);
    return list && *list == '/' &&
           print_into(out, out_len, list, strcspn(list, ":"), "");
}

static bool from_user(const char *variable, const char *below, char *out,
                      size_t out_len)
{
    const char *base = getenv(variable); /* the XDG rules: relative ones are ignored */
    return base && *base == '/' && print_into(out, out_len, base, strlen(base), below);
}

bool lp_dir_state(char *out, size_t out_len)
{
    if (from_manager("STATE_DIRECTORY", out, out_len))
        return true;
    if (geteuid() == 0)
        return print_into(out, out_len, "", 0, "/var/lib/softlan");
    return from_user("XDG_STATE_HOME", "/softlan", out, out_len) ||
           from_user("HOME", "/.local/state/softlan", out, out_len);
}

bool lp_dir_runtime(char *out, size_t out_len)
{
    if (from_manager("RUNTIME_DIRECTORY", out, out_len))
        return true;
    if (geteuid() == 0)
        return print_into(out, out_len, "", 0, "/run/softlan");
    return from_user("XDG_RUNTIME_DIR", "/softlan", out, out_len);
}
