/*
 * What the doubles of Windows' libraries share: a line in the file LP_CALLS for each call,
 * and calls that fail when asked to.
 *
 *     CreateIpForwardEntry2 198.51.100.10/32 via 192.0.2.254 if=5 metric=0 -> 0
 *
 * A call that only looks has "- " before it. LP_FAIL=NAME:N makes the N-th call of that
 * name fail in this process, NAME:* every one, as does LP_FAIL=*:N the N-th of all that
 * change something.
 */
#pragma once

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define TEST_KEY "Software\\softlan-test"

/* Does this call have to fail? `count` is how many of its name there were, with it. */
static inline BOOL call_fails(const char *name, int count, int changes)
{
    char wanted[80];
    if (!GetEnvironmentVariableA("LP_FAIL", wanted, sizeof wanted))
        return FALSE;
    char *number = strrchr(wanted, ':'); /* a name may have colons, INetwork::... */
    if (!number)
        return FALSE;
    *number++ = '\0';
    if (strcmp(wanted, "*") == 0)
        return changes > 0 && atoi(number) == changes;
    return strcmp(wanted, name) == 0 && (*number == '*' || atoi(number) == count);
}

static inline void call_note(const char *line)
{
    char path[MAX_PATH];
    DWORD done;
    if (!GetEnvironmentVariableA("LP_CALLS", path, sizeof path))
        return;
    HANDLE file =
        CreateFileA(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                    OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    WriteFile(file, line, (DWORD)strlen(line), &done, NULL); /* whole, or not at all */
    CloseHandle(file);
}
