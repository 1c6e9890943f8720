#include "os/windows/journal.h"

#include "os/files.h"
#include "os/windows/access.h"
#include "os/windows/errors.h"
#include "os/windows/text.h"

#include <stdio.h>
#include <string.h>

#define FOLDER_LEN 512
#define PATH_LEN   (FOLDER_LEN + 32)

/* --- the file --------------------------------------------------------------------- */

static lp_err find_folder(char out[FOLDER_LEN], lp_why *why)
{
    if (!lp_dir_state(out, FOLDER_LEN))
        return lp_explain(why, LP_ERR_NOT_FOUND, "no folder for the undo journal");
    return lp_dir_make(out, 0700, why);
}

static lp_err find_file(const char *name, char out[PATH_LEN], lp_why *why)
{
    char folder[FOLDER_LEN];
    lp_err err = find_folder(folder, why);
    if (!err)
        snprintf(out, PATH_LEN, "%s\\%s", folder, name);
    return err;
}

/* What cannot be read, or was not written by us, is empty: the next note replaces it. */
static void load(const char *path, lp_undo_list *out)
{
    wchar_t wide[PATH_LEN];
    lp_file_content content = {0};
    lp_why ignored;
    out->count = 0;
    if (!lp_text_to_wide(path, wide, PATH_LEN) || !lp_access_is_trusted(wide) ||
        lp_file_read(path, LP_UNDO_TEXT_MAX, &content, &ignored) != LP_OK)
        return;
    lp_undo_read(lp_bytes_of(content.at, content.len), out);
    lp_file_content_fini(&content);
}

static lp_err save(const char *path, const lp_undo_list *from, lp_why *why)
{
    char text[LP_UNDO_TEXT_MAX];
    size_t len = lp_undo_write(from, text);
    return lp_file_write(path, lp_bytes_of(text, len), 0600, false, why);
}

static void take_out(lp_undo_list *list, size_t at)
{
    memmove(&list->entry[at], &list->entry[at + 1],
            (--list->count - at) * sizeof *list->entry);
}

/* Entries are noted on more threads than one. */
static SRWLOCK lock = SRWLOCK_INIT;

/* --- faces ------------------------------------------------------------------------ */

static struct {
    SRWLOCK lock;
    HANDLE file;
    unsigned users;
} claim = {.lock = SRWLOCK_INIT};

/* A file that nobody else may open as long as we have it; Windows closes it when the
 * process ends, however it does. A mutex would do, but anybody may make one of any name. */
static lp_err open_claim(lp_why *why)
{
    char path[PATH_LEN], text[LP_WINDOWS_TEXT_LEN];
    wchar_t wide[PATH_LEN];
    lp_err err = find_file("undo.lock", path, why);
    if (err)
        return err;
    if (!lp_text_to_wide(path, wide, PATH_LEN))
        return lp_explain(why, LP_ERR_IO, "cannot claim the undo journal");
    claim.file = CreateFileW(wide, GENERIC_WRITE, 0, NULL, OPEN_ALWAYS,
                             FILE_ATTRIBUTE_NORMAL | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    if (claim.file != INVALID_HANDLE_VALUE)
        return LP_OK;
    DWORD error = GetLastError();
    if (error == ERROR_SHARING_VIOLATION || error == ERROR_DELETE_PENDING)
        return lp_explain(
            why, LP_ERR_IN_USE,
            "another lanparty-client is at a party on this machine, and "
            "only one at a time may change its adapter and routes: "
            "disconnect in the LAN Party window, or press Ctrl-C where the "
            "other one runs; then try again");
    return lp_explain(why, lp_err_of_windows(error),
                      "cannot claim the undo journal: %s",
                      lp_windows_text(error, text));
}

lp_err lp_journal_claim(lp_why *why)
{
    lp_err err = LP_OK;
    AcquireSRWLockExclusive(&claim.lock);
    if (claim.users == 0)
        err = open_claim(why);
    claim.users += !err;
    ReleaseSRWLockExclusive(&claim.lock);
    return err;
}

void lp_journal_release(void)
{
    AcquireSRWLockExclusive(&claim.lock);
    if (--claim.users == 0)
        CloseHandle(claim.file);
    ReleaseSRWLockExclusive(&claim.lock);
}

static lp_err note(const lp_undo *entry, lp_why *why)
{
    char path[PATH_LEN];
    lp_undo_list all;
    lp_err err = find_file("undo.journal", path, why);
    if (err)
        return err;
    load(path, &all);
    if (lp_undo_find(&all, entry) < all.count)
        return LP_OK;
    if (all.count == LP_UNDO_MAX)
        return lp_explain(why, LP_ERR_FULL,
                          "%s is full: what killed runs left cannot be given back",
                          path);
    all.entry[all.count++] = *entry;
    return save(path, &all, why);
}

lp_err lp_journal_note(const lp_undo *entry, lp_why *why)
{
    AcquireSRWLockExclusive(&lock);
    lp_err err = note(entry, why);
    ReleaseSRWLockExclusive(&lock);
    return err;
}

static void strike(const lp_undo *entry)
{
    char path[PATH_LEN];
    lp_undo_list all;
    lp_why ignored;
    if (find_file("undo.journal", path, &ignored) != LP_OK)
        return;
    load(path, &all);
    size_t at = lp_undo_find(&all, entry);
    if (at == all.count)
        return;
    take_out(&all, at);
    (void)!save(path, &all, &ignored);
}

void lp_journal_strike(const lp_undo *entry)
{
    AcquireSRWLockExclusive(&lock);
    strike(entry);
    ReleaseSRWLockExclusive(&lock);
}

static bool give_back(const lp_undo *entry)
{
    switch (entry->kind) {
    case LP_UNDO_INTERFACE:
        return lp_journal_undo_interface(entry);
    case LP_UNDO_ROUTE:
        return lp_journal_undo_route(entry);
    case LP_UNDO_PROFILE:
        return lp_journal_undo_profile(entry);
    case LP_UNDO_MAC:
        return lp_journal_undo_mac(entry);
    case LP_UNDO_DEVICE:
        return lp_journal_undo_device(entry);
    }
    return false;
}

size_t lp_journal_undo_all(size_t *out_left)
{
    char path[PATH_LEN];
    lp_undo_list all;
    lp_why ignored;
    size_t done = 0;
    *out_left = 0;
    if (find_file("undo.journal", path, &ignored) != LP_OK)
        return 0;
    load(path, &all);
    for (size_t i = all.count; i-- > 0;) { /* the last change goes first */
        if (!give_back(&all.entry[i]))
            continue;
        take_out(&all, i); /* what is left keeps its order for the next try */
        done++;
    }
    *out_left = all.count;
    if (done > 0)
        (void)!save(path, &all, &ignored);
    return done;
}
