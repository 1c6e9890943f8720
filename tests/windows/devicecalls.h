/* What the doubles of setupapi.dll and newdev.dll share: the line for each call, and which
 * of them has to fail. */
#pragma once

#include "fakedevices.h"

#include <stdarg.h>
#include <stdlib.h>

static inline BOOL device_call_is(const char *variable, int number)
{
    char text[16];
    return GetEnvironmentVariableA(variable, text, sizeof text) && atoi(text) == number;
}

/* The n-th of both DLLs together: the count stands in the process's environment. */
static inline BOOL device_call_fails(void)
{
    char number[16] = "0";
    GetEnvironmentVariableA("LP_DEVICE_COUNT", number, sizeof number);
    snprintf(number, sizeof number, "%d", atoi(number) + 1);
    SetEnvironmentVariableA("LP_DEVICE_COUNT", number);
    if (device_call_is("LP_DEVICE_KILL", atoi(number)))
        TerminateProcess(GetCurrentProcess(), 137);
    return device_call_is("LP_DEVICE_FAIL", atoi(number));
}

/* One line; true: this call has to fail, and the last error is set. */
static inline BOOL device_call(const char *fmt, ...)
{
    char path[MAX_PATH];
    BOOL fails = device_call_fails();
    FILE *file = GetEnvironmentVariableA("LP_DEVICE_CALLS", path, sizeof path)
                     ? fopen(path, "a")
                     : NULL;
    if (file) {
        va_list args;
        va_start(args, fmt);
        vfprintf(file, fmt, args);
        va_end(args);
        fprintf(file, "%s\n", fails ? " fails" : "");
        fclose(file);
    }
    if (fails)
        SetLastError(ERROR_GEN_FAILURE);
    return fails;
}

/* Of a device that is being made, the first place that was free. */
static inline int fake_index(DWORD inst)
{
    char text[16] = "0";
    if (inst < 100)
        return (int)inst - 1;
    GetEnvironmentVariableA("LP_DEVICE_MADE", text, sizeof text);
    return atoi(text);
}
