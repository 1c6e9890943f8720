#include "os/files.h"

#include "os/random.h"
#include "os/windows/access.h"
#include "os/windows/errors.h"
#include "os/windows/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LEN 1024 /* wide characters; beyond 260 only where Windows was told so */

static lp_err explain(lp_why *why, const char *verb, const char *path, DWORD error)
{
    char text[LP_WINDOWS_TEXT_LEN];
    lp_err err = lp_err_of_windows(error);
    if (err == LP_ERR_NOT_FOUND)
        return lp_explain(why, err, "cannot %s %s: there is no such %s", verb, path,
                          strcmp(verb, "read") == 0 ? "file" : "folder to hold it");
    if (err == LP_ERR_DENIED)
        return lp_explain(
            why, err,
            "cannot %s %s: permission denied; its properties, on the page "
            "Security, say who may",
            verb, path);
    if (err == LP_ERR_IN_USE)
        return lp_explain(why, err, "cannot %s %s: another program has it open", verb,
                          path);
    return lp_explain(why, err, "cannot %s %s: %s", verb, path,
                      lp_windows_text(error, text));
}

static HANDLE open_file(const char *path, DWORD access, DWORD how,
                        SECURITY_ATTRIBUTES *attributes)
{
    wchar_t wide[PATH_LEN];
    if (!lp_text_to_wide(path, wide, PATH_LEN)) {
        SetLastError(ERROR_INVALID_NAME);
        return INVALID_HANDLE_VALUE;
    }
    DWORD sharing = access == GENERIC_READ
                        ? FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE
                        : 0;
    return CreateFileW(wide, access, sharing, attributes, how, FILE_ATTRIBUTE_NORMAL,
                       NULL);
}

/* --- reading ---------------------------------------------------------------------- */

/* To the end or to the limit. */
static bool read_all(HANDLE file, uint8_t *at, size_t max, size_t *out_len)
{
    *out_len = 0;
    while (*out_len < max) {
        DWORD got, part = max - *out_len < 65536 ? (DWORD)(max - *out_len) : 65536;
        if (!ReadFile(file, at + *out_len, part, &got, NULL))
            return GetLastError() == ERROR_BROKEN_PIPE;
        if (got == 0)
            break;
        *out_len += got;
    }
    return true;
}

lp_err lp_file_read(const char *path, size_t max_len, lp_file_content *out_content,
                    lp_why *why)
{
    lp_err err = LP_OK;
    size_t len;
    /* One octet to see that the file goes on, one for the NUL. Never moved by realloc:
     * that would leave copies of a key behind. */
    lp_file_content content = {.at = calloc(1, max_len + 2), .len = max_len + 1};
    if (!content.at)
        return lp_explain(why, LP_ERR_NO_MEMORY, "no memory to read %s", path);
    HANDLE file = open_file(path, GENERIC_READ, OPEN_EXISTING, NULL);
    if (file == INVALID_HANDLE_VALUE ||
        !read_all(file, content.at, max_len + 1, &len)) {
        err = explain(why, "read", path, GetLastError());
    } else if (len > max_len) {
        err = lp_explain(why, LP_ERR_TOO_BIG,
                         "%s is larger than %zu bytes: is it the "
                         "right file?",
                         path, max_len);
    } else {
        content.len = len;
        *out_content = content;
        content = (lp_file_content){0}; /* the caller's now */
    }
    if (file != INVALID_HANDLE_VALUE)
        CloseHandle(file);
    lp_file_content_fini(&content);
    return err;
}

void lp_file_content_fini(lp_file_content *content)
{
    if (content->at)
        SecureZeroMemory(content->at, content->len);
    free(content->at);
    *content = (lp_file_content){0};
}

/* --- writing ---------------------------------------------------------------------- */

static bool write_all(HANDLE file, lp_bytes bytes)
{
    while (bytes.len > 0) {
        DWORD sent, part = bytes.len < 65536 ? (DWORD)bytes.len : 65536;
        if (!WriteFile(file, bytes.at, part, &sent, NULL))
            return false;
        bytes = lp_bytes_after(bytes, sent);
    }
    return true;
}

static lp_access access_of(unsigned mode)
{
    return mode & 077 ? LP_ACCESS_INHERITED : LP_ACCESS_OWNER;
}

/* A new file; false with the last error. */
static bool write_new(const char *path, lp_bytes content, unsigned mode)
{
    lp_access_list list;
    if (!lp_access_open(access_of(mode), &list))
        return false;
    HANDLE file = open_file(path, GENERIC_WRITE, CREATE_NEW, &list.attributes);
    DWORD error = GetLastError();
    lp_access_close(&list);
    if (file == INVALID_HANDLE_VALUE) {
        SetLastError(error);
        return false;
    }
    bool written = write_all(file, content) && FlushFileBuffers(file);
    error = GetLastError();
    CloseHandle(file);
    SetLastError(error);
    return written;
}

static bool move(const char *from, const char *to, DWORD flags)
{
    wchar_t wide_from[PATH_LEN], wide_to[PATH_LEN];
    SetLastError(ERROR_INVALID_NAME);
    return lp_text_to_wide(from, wide_from, PATH_LEN) &&
           lp_text_to_wide(to, wide_to, PATH_LEN) &&
           MoveFileExW(wide_from, wide_to, flags);
}

static void delete_file(const char *path)
{
    wchar_t wide[PATH_LEN];
    if (lp_text_to_wide(path, wide, PATH_LEN))
        DeleteFileW(wide);
}

lp_err lp_file_write(const char *path, lp_bytes content, unsigned mode, bool only_new,
                     lp_why *why)
{
    char temporary[3 * PATH_LEN];
    int len = snprintf(temporary, sizeof temporary, "%s.%08x.tmp", path,
                       lp_random_u32(lp_os_random()));
    if (len < 0 || (size_t)len >= sizeof temporary)
        return explain(why, "write", path, ERROR_FILENAME_EXCED_RANGE);
    bool written = write_new(temporary, content, mode);
    if (written &&
        move(temporary, path,
             MOVEFILE_WRITE_THROUGH | (only_new ? 0 : MOVEFILE_REPLACE_EXISTING)))
        return LP_OK;
    DWORD error = GetLastError();
    delete_file(temporary);
    if (written && only_new &&
        (error == ERROR_ALREADY_EXISTS || error == ERROR_FILE_EXISTS))
        return lp_explain(why, LP_ERR_IN_USE, "%s exists already and is left as it is",
                          path);
    return explain(why, "write", path, error);
}

static bool is_folder(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES &&
           attributes & FILE_ATTRIBUTE_DIRECTORY;
}

lp_err lp_dir_make(const char *path, unsigned mode, lp_why *why)
{
    wchar_t wide[PATH_LEN];
    lp_access_list list;
    if (!*path || !lp_text_to_wide(path, wide, PATH_LEN))
        return explain(why, "make the folder", path, ERROR_INVALID_NAME);
    if (!lp_access_open(access_of(mode), &list))
        return explain(why, "make the folder", path, GetLastError());
    /* A drive or a share that cannot be made is there; the last look decides. */
    for (wchar_t *at = wide + 1;; at++) {
        wchar_t here = *at;
        if (here != L'/' && here != L'\\' && here != L'\0')
            continue;
        *at = L'\0';
        CreateDirectoryW(wide, &list.attributes);
        if (here == L'\0')
            break;
        *at = here;
    }
    DWORD error = GetLastError();
    lp_access_close(&list);
    if (!is_folder(wide))
        return explain(why, "make the folder", path, error);
    if (access_of(mode) == LP_ACCESS_OWNER && !lp_access_is_trusted(wide))
        return lp_explain(why, LP_ERR_DENIED,
                          "the folder %s is somebody else's, who could read and change "
                          "what is kept there: delete it, and start again as "
                          "administrator",
                          path);
    return LP_OK;
}

int64_t lp_file_mtime(const char *path)
{
    wchar_t wide[PATH_LEN];
    WIN32_FILE_ATTRIBUTE_DATA found;
    if (!lp_text_to_wide(path, wide, PATH_LEN) ||
        !GetFileAttributesExW(wide, GetFileExInfoStandard, &found))
        return 0;
    ULARGE_INTEGER ticks = {.LowPart = found.ftLastWriteTime.dwLowDateTime,
                            .HighPart = found.ftLastWriteTime.dwHighDateTime};
    /* Of 100 ns since 1601, to ns since 1970. */
    return ((int64_t)ticks.QuadPart - 116444736000000000) * 100;
}

/* --- places ----------------------------------------------------------------------- */

bool lp_dir_state(char *out, size_t out_len)
{
    wchar_t base[PATH_LEN];
    char text[3 * PATH_LEN];
    const wchar_t *variable =
        lp_access_is_elevated() ? L"ProgramData" : L"LOCALAPPDATA";
    DWORD count = GetEnvironmentVariableW(variable, base, PATH_LEN);
    if (count == 0 || count >= PATH_LEN || !lp_text_of_wide(base, text, sizeof text))
        return false;
    int len = snprintf(out, out_len, "%s\\softlan", text);
    return len > 0 && (size_t)len < out_len;
}
