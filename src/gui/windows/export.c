#include "gui/windows/export.h"

#include <windows.h>

#include <jansson.h>
#include <stdlib.h>

#include "gui/diagnose.h"
#include "gui/reply.h"
#include "gui/scrub.h"
#include "gui/state.h"
#include "gui/text.h"
#include "gui/windows/settings.h"
#include "gui/zip.h"
#include "os/files.h"
#include "os/pipe.h"

#define ANSWER_MAX (8 * 1024 * 1024) /* a log is 2000 lines at most */

/* What is to be kept out: the room of the session, and those that the window knows. */
typedef struct secrets {
    char room[64];
    lp_recent recent;
} secrets;

static void scrub(char *text, const secrets *hidden)
{
    lp_scrub(text, hidden->room);
    for (size_t i = 0; i < hidden->recent.count; i++)
        lp_scrub(text, hidden->recent.party[i].room);
}

static lp_err add(lp_zip *zip, const char *name, char *text, const secrets *hidden)
{
    scrub(text, hidden);
    return lp_zip_add(zip, name, lp_bytes_of(text, strlen(text)));
}

/* The answer, or a sentence that says why there is none: that, too, tells something. */
static char *ask(const char *pipe, const char *request)
{
    lp_why why;
    char *answer = NULL;
    if (lp_pipe_ask(pipe, request, LP_SECONDS(10), ANSWER_MAX, &answer, &why) == LP_OK)
        return answer;
    return strdup(why.text);
}

/* A text out of an answer; where it is none, the answer itself. */
static lp_err add_part(lp_zip *zip, const char *name, const char *pipe,
                       const char *request, char *(*part_of)(lp_bytes),
                       const secrets *hidden)
{
    char *answer = ask(pipe, request);
    char *part = answer ? part_of(lp_bytes_of(answer, strlen(answer))) : NULL;
    lp_err err = LP_ERR_NO_MEMORY;
    if (part || answer)
        err = add(zip, name, part ? part : answer, hidden);
    free(part);
    free(answer);
    return err;
}

/* --- what Windows it is ----------------------------------------------------------- */

/* GetVersionEx lies to programs; the registry does not. */
static void read_system(const wchar_t *name, char *out, int out_len)
{
    wchar_t wide[128] = L"";
    DWORD len = sizeof wide;
    RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion",
                 name, RRF_RT_REG_SZ, NULL, wide, &len);
    if (WideCharToMultiByte(CP_UTF8, 0, wide, -1, out, out_len, NULL, NULL) <= 0)
        out[0] = '\0';
}

static lp_err add_versions(lp_zip *zip, const char *state, const secrets *hidden)
{
    char name[256], build[256], text[1024];
    lp_state read = {0};
    lp_why why;
    read_system(L"ProductName", name, sizeof name);
    read_system(L"CurrentBuildNumber", build, sizeof build);
    if (lp_state_read(lp_bytes_of(state, strlen(state)), &read, &why) != LP_OK)
        lp_put_text(read.version, sizeof read.version, "unknown");
    lp_put_text(text, sizeof text,
                "window: %s\r\nservice: %s\r\nWindows: %s, build %s\r\n", LP_VERSION,
                read.version, name, build);
    return add(zip, "versions.txt", text, hidden);
}

/* --- the archive ------------------------------------------------------------------ */

static lp_err add_diagnosis(lp_zip *zip, const char *state, const secrets *hidden)
{
    lp_diagnosis *diagnosis = malloc(sizeof *diagnosis);
    char *text = malloc(LP_DIAGNOSIS_TEXT_MAX);
    lp_err err = LP_ERR_NO_MEMORY;
    if (diagnosis && text) {
        lp_diagnose(lp_bytes_of(state, strlen(state)), diagnosis);
        err = add(zip, "diagnostics.txt", lp_diagnosis_text(diagnosis, text), hidden);
    }
    free(text);
    free(diagnosis);
    return err;
}

static void know_secrets(const char *state, secrets *out)
{
    lp_state read;
    lp_why why;
    *out = (secrets){0};
    lp_settings_load(&out->recent);
    if (lp_state_read(lp_bytes_of(state, strlen(state)), &read, &why) == LP_OK)
        memcpy(out->room, read.room, sizeof out->room);
}

/* Room for people to read it, if it is JSON. */
static char *laid_out(const char *state)
{
    json_t *object = json_loads(state, 0, NULL);
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    return text ? text : strdup(state);
}

static lp_err add_all(lp_zip *zip, const char *pipe, const char *state)
{
    secrets hidden;
    know_secrets(state, &hidden);
    char *status = laid_out(state);
    lp_err err = status ? add(zip, "status.json", status, &hidden) : LP_ERR_NO_MEMORY;
    free(status);
    if (!err)
        err = add_diagnosis(zip, state, &hidden);
    if (!err)
        err = add_part(zip, "log.txt", pipe, "{\"do\":\"log\",\"after\":0}",
                       lp_reply_log, &hidden);
    if (!err)
        err = add_part(zip, "system.txt", pipe, "{\"do\":\"system\"}", lp_reply_text,
                       &hidden);
    return err ? err : add_versions(zip, state, &hidden);
}

static lp_zip_time time_now(void)
{
    SYSTEMTIME now;
    GetLocalTime(&now);
    return (lp_zip_time){now.wYear, now.wMonth,  now.wDay,
                         now.wHour, now.wMinute, now.wSecond};
}

lp_err lp_export_logs(const char *pipe, const char *path, lp_why *why)
{
    lp_bytes archive;
    lp_zip *zip = lp_zip_new(time_now());
    char *state = ask(pipe, "status");
    lp_err err = zip && state ? add_all(zip, pipe, state) : LP_ERR_NO_MEMORY;
    if (!err)
        err = lp_zip_finish(zip, &archive);
    if (err)
        lp_explain(why, err, "%s was not written: %s", path, lp_err_text(err));
    else
        err = lp_file_write(path, archive, 0644, false, why);
    free(state);
    lp_zip_free(zip);
    return err;
}
