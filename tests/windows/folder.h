/* A folder for a test's files; they go away when the program ends. */
#pragma once

#include "test.h"

#include <stdlib.h>

#include <windows.h>

static char folder[MAX_PATH];

static inline const char *in_folder(const char *name)
{
    static char paths[4][MAX_PATH + 64]; /* several may be in one call */
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s\\%s", folder, name);
    return path;
}

static inline void remove_folder(void)
{
    char command[MAX_PATH + 32];
    snprintf(command, sizeof command, "rmdir /s /q \"%s\"", folder);
    system(command);
}

static inline void new_folder(void)
{
    char base[MAX_PATH];
    GetTempPathA(sizeof base, base);
    if (folder[0])
        remove_folder();
    else
        atexit(remove_folder);
    snprintf(folder, sizeof folder, "%slp-test-%lu", base, GetCurrentProcessId());
    if (!CreateDirectoryA(folder, NULL))
        abort();
}

static inline int files_in_folder(void)
{
    WIN32_FIND_DATAA found;
    int count = 0;
    HANDLE search = FindFirstFileA(in_folder("*"), &found);
    if (search == INVALID_HANDLE_VALUE)
        return -1;
    do
        count += found.cFileName[0] != '.';
    while (FindNextFileA(search, &found));
    FindClose(search);
    return count;
}
