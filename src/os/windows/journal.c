#include "os/windows/journal.h"

#include "os/files.h"
#include "os/windows/errors.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <windows.h>

/*
 * The file has a line for each entry:
 *
 *   interface LUID FAMILY MTU METRIC AUTOMATIC NO-DEFAULTS
 *   route LUID DESTINATION GATEWAY        GATEWAY is - for none
 *   mac DRIVER ADDRESS                    ADDRESS is - for none
 *
 * A line that is not understood is left out: nothing can be done about it.
 */
#define LINE_MAX 200
#define FILE_MAX (LP_JOURNAL_MAX * LINE_MAX)

typedef struct journal {
    lp_journal_entry entries[LP_JOURNAL_MAX];
    size_t count;
} journal;

/* --- one line --------------------------------------------------------------------- */

static void write_line(const lp_journal_entry *entry, char out[LINE_MAX])
{
    char destination[LP_ADDR_TEXT_LEN], gateway[LP_ADDR_TEXT_LEN] = "-";
    if (entry->kind == LP_JOURNAL_INTERFACE) {
        snprintf(out, LINE_MAX,
                 "interface %" PRIx64 " %u %" PRIu32 " %" PRIu32 " %d %d\n",
                 entry->luid, entry->family, entry->mtu, entry->metric,
                 entry->automatic_metric, entry->no_defaults);
        return;
    }
    if (entry->kind == LP_JOURNAL_MAC) {
        snprintf(out, LINE_MAX, "mac %s %s\n", entry->driver,
                 entry->address[0] ? entry->address : "-");
        return;
    }
    lp_addr_write_ip(&entry->destination, destination);
    if (entry->gateway.family)
        lp_addr_write_ip(&entry->gateway, gateway);
    snprintf(out, LINE_MAX, "route %" PRIx64 " %s %s\n", entry->luid, destination,
             gateway);
}

static bool read_line(const char *line, lp_journal_entry *out)
{
    char destination[LP_ADDR_TEXT_LEN], gateway[LP_ADDR_TEXT_LEN];
    unsigned family;
    int automatic, no_defaults;
    *out = (lp_journal_entry){.kind = LP_JOURNAL_INTERFACE};
    if (sscanf(line, "interface %" SCNx64 " %u %" SCNu32 " %" SCNu32 " %d %d",
               &out->luid, &family, &out->mtu, &out->metric, &automatic,
               &no_defaults) == 6) {
        out->family = (uint16_t)family;
        out->automatic_metric = automatic != 0;
        out->no_defaults = no_defaults != 0;
        return true;
    }
    *out = (lp_journal_entry){.kind = LP_JOURNAL_MAC};
    if (sscanf(line, "mac %63s %31s", out->driver, out->address) == 2) {
        if (strcmp(out->address, "-") == 0)
            out->address[0] = '\0';
        return true;
    }
    *out = (lp_journal_entry){.kind = LP_JOURNAL_ROUTE};
    return sscanf(line, "route %" SCNx64 " %79s %79s", &out->luid, destination,
                  gateway) == 3 &&
           lp_addr_read_ip(destination, 0, &out->destination) == LP_OK &&
           (strcmp(gateway, "-") == 0 ||
            lp_addr_read_ip(gateway, 0, &out->gateway) == LP_OK);
}

static bool is_same(const lp_journal_entry *a, const lp_journal_entry *b)
{
    char line_a[LINE_MAX], line_b[LINE_MAX];
    write_line(a, line_a);
    write_line(b, line_b);
    return strcmp(line_a, line_b) == 0;
}

/* --- the file --------------------------------------------------------------------- */

static lp_err find_file(char *out, size_t out_len, lp_why *why)
{
    char folder[512];
    if (!lp_dir_state(folder, sizeof folder))
        return lp_explain(why, LP_ERR_NOT_FOUND, "no folder for the undo journal");
    lp_err err = lp_dir_make(folder, 0700, why);
    snprintf(out, out_len, "%s\\undo.journal", folder);
    return err;
}

/* What cannot be read is empty: the next note replaces it. */
static void load(const char *path, journal *out)
{
    lp_file_content content = {0};
    lp_why ignored;
    out->count = 0;
    if (lp_file_read(path, FILE_MAX, &content, &ignored) != LP_OK)
        return;
    for (const char *line = (const char *)content.at;
         *line && out->count < LP_JOURNAL_MAX;) {
        if (read_line(line, &out->entries[out->count]))
            out->count++;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    lp_file_content_fini(&content);
}

static lp_err save(const char *path, const journal *from, lp_why *why)
{
    char text[FILE_MAX];
    size_t len = 0;
    for (size_t i = 0; i < from->count; i++) {
        write_line(&from->entries[i], text + len);
        len += strlen(text + len);
    }
    return lp_file_write(path, lp_bytes_of(text, len), 0600, false, why);
}

static size_t find(const journal *in, const lp_journal_entry *entry)
{
    size_t at = 0;
    while (at < in->count && !is_same(&in->entries[at], entry))
        at++;
    return at;
}

/* --- faces ------------------------------------------------------------------------ */

lp_err lp_journal_claim(lp_why *why)
{
    static HANDLE
        ours; /* Windows gives it back when the process ends, however it does */
    char text[LP_WINDOWS_TEXT_LEN];
    if (ours)
        return LP_OK;
    HANDLE made = CreateMutexW(NULL, TRUE, L"Global\\softlan-undo-journal");
    DWORD error = GetLastError();
    if (made && error != ERROR_ALREADY_EXISTS) {
        ours = made;
        return LP_OK;
    }
    if (made)
        CloseHandle(made);
    if (error == ERROR_ALREADY_EXISTS || error == ERROR_ACCESS_DENIED)
        return lp_explain(
            why, LP_ERR_IN_USE,
            "another lanparty-client runs on this machine: stop it first");
    return lp_explain(why, LP_ERR_IO, "cannot claim the undo journal: %s",
                      lp_windows_text(error, text));
}

lp_err lp_journal_note(const lp_journal_entry *entry, lp_why *why)
{
    char path[600];
    journal all;
    lp_err err = find_file(path, sizeof path, why);
    if (err)
        return err;
    load(path, &all);
    if (find(&all, entry) < all.count)
        return LP_OK;
    if (all.count == LP_JOURNAL_MAX)
        return lp_explain(why, LP_ERR_FULL,
                          "%s is full: what killed runs left cannot be given back",
                          path);
    all.entries[all.count++] = *entry;
    return save(path, &all, why);
}

void lp_journal_strike(const lp_journal_entry *entry)
{
    char path[600];
    journal all;
    lp_why ignored;
    if (find_file(path, sizeof path, &ignored) != LP_OK)
        return;
    load(path, &all);
    size_t at = find(&all, entry);
    if (at == all.count)
        return;
    memmove(&all.entries[at], &all.entries[at + 1],
            (--all.count - at) * sizeof *all.entries);
    (void)!save(path, &all, &ignored);
}

static bool undo(const lp_journal_entry *entry)
{
    switch (entry->kind) {
    case LP_JOURNAL_INTERFACE:
        return lp_journal_undo_interface(entry);
    case LP_JOURNAL_ROUTE:
        return lp_journal_undo_route(entry);
    case LP_JOURNAL_MAC:
        return lp_journal_undo_mac(entry);
    }
    return true;
}

size_t lp_journal_undo_all(void)
{
    char path[600];
    journal all, left = {.count = 0};
    lp_why ignored;
    if (find_file(path, sizeof path, &ignored) != LP_OK)
        return 0;
    load(path, &all);
    for (size_t i = all.count; i-- > 0;) { /* the last change goes first */
        const lp_journal_entry *entry = &all.entries[i];
        if (!undo(entry))
            left.entries[left.count++] = *entry;
    }
    if (all.count > 0)
        (void)!save(path, &left, &ignored);
    return all.count - left.count;
}
