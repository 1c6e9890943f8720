#include "runtime/log_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "os/files.h"

#define PATH_MAX_LEN 640

struct lp_log_file {
    uv_mutex_t lock;
    uv_file fd; /* -1: none just now */
    int64_t len;
    char path[PATH_MAX_LEN];
};

/* Through libuv, synchronously: it takes UTF-8 for a path on every system. */
static int call(uv_fs_t *request, int result)
{
    uv_fs_req_cleanup(request);
    return result;
}

static bool open_again(lp_log_file *file, lp_why *why)
{
    uv_fs_t request;
    /* Made by lp_file_write, with the rights it should have from its first moment. */
    lp_err err = lp_file_write(file->path, lp_bytes_of("", 0), 0600, true, why);
    if (err && err != LP_ERR_IN_USE)
        return false;
    file->fd = call(&request, uv_fs_open(NULL, &request, file->path,
                                         UV_FS_O_WRONLY | UV_FS_O_APPEND, 0600, NULL));
    if (file->fd < 0) {
        lp_explain(why, LP_ERR_IO, "cannot write to %s: %s", file->path,
                   uv_strerror(file->fd));
        file->fd = -1;
        return false;
    }
    bool known = uv_fs_fstat(NULL, &request, file->fd, NULL) == 0;
    file->len = known ? (int64_t)request.statbuf.st_size : 0;
    uv_fs_req_cleanup(&request);
    return true;
}

static void close_it(lp_log_file *file)
{
    uv_fs_t request;
    if (file->fd >= 0)
        (void)!call(&request, uv_fs_close(NULL, &request, file->fd, NULL));
    file->fd = -1;
}

/* Where the old one cannot be moved, it is begun anew: never more than twice the limit. */
static void turn_over(lp_log_file *file)
{
    char old[PATH_MAX_LEN + 2];
    uv_fs_t request;
    lp_why ignored;
    close_it(file);
    snprintf(old, sizeof old, "%s.1", file->path);
    if (call(&request, uv_fs_rename(NULL, &request, file->path, old, NULL)) != 0)
        (void)!call(&request, uv_fs_unlink(NULL, &request, file->path, NULL));
    (void)!open_again(file, &ignored);
}

lp_err lp_log_file_open(const char *path, lp_log_file **out_file, lp_why *why)
{
    lp_log_file *file = calloc(1, sizeof *file);
    if (!file)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    file->fd = -1;
    snprintf(file->path, sizeof file->path, "%s", path);
    if (uv_mutex_init(&file->lock) != 0) {
        free(file);
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    }
    if (!open_again(file, why)) {
        lp_log_file_close(file);
        return LP_ERR_IO;
    }
    *out_file = file;
    return LP_OK;
}

void lp_log_file_close(lp_log_file *file)
{
    if (!file)
        return;
    close_it(file);
    uv_mutex_destroy(&file->lock);
    free(file);
}

void lp_log_file_put(lp_log_file *file, const char *line)
{
    uv_fs_t request;
    size_t len = strlen(line);
    uv_buf_t parts[] = {uv_buf_init((char *)(uintptr_t)line, (unsigned)len),
                        uv_buf_init((char[]){'\n'}, 1)};
    uv_mutex_lock(&file->lock);
    if (file->len + (int64_t)len + 1 > LP_LOG_FILE_MAX)
        turn_over(file);
    if (file->fd >= 0 &&
        call(&request, uv_fs_write(NULL, &request, file->fd, parts, 2, -1, NULL)) > 0)
        file->len += (int64_t)len + 1;
    uv_mutex_unlock(&file->lock);
}
