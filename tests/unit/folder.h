/*
 * A folder for a test's files, and what is in them. It goes away when the program ends,
 * also when a check failed.
 */
#pragma once

#include "test.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static int remove_one(const char *path, const struct stat *found, int kind,
                      struct FTW *where)
{
    return remove(path);
}

static void remove_folder(void)
{
    if (folder[0])
        nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    folder[0] = '\0';
}

/* Empty, in place of the one before. */
static inline void new_folder(void)
{
    static bool is_registered;
    if (!is_registered)
        atexit(remove_folder);
    is_registered = true;
    remove_folder();
    strcpy(folder, "/tmp/lp-test-XXXXXX");
    if (!mkdtemp(folder))
        abort();
}

static inline const char *in_folder(const char *name)
{
    static char paths[8][128]; /* several may be in one call */
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline void put_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file)
        abort();
    CHECK(fputs(text, file) >= 0);
    CHECK_EQ(fclose(file), 0);
}

/* Cut to 8191 octets; "(no file)" where there is none. */
static inline const char *text_in(const char *path)
{
    static char texts[2][8192];
    static int next;
    char *text = texts[next++ % 2];
    FILE *file = fopen(path, "r");
    if (!file)
        return "(no file)";
    text[fread(text, 1, sizeof texts[0] - 1, file)] = '\0';
    fclose(file);
    return text;
}

static inline unsigned mode_of(const char *path)
{
    struct stat found = {0};
    return stat(path, &found) == 0 ? found.st_mode & 07777 : 0;
}
