/*
 * A stand-in for powrprof.dll, for Wine never falls asleep: who wants to know hears of sleep
 * when machine.exe says so. As from Windows: on a thread that is not his own, one after the
 * other, and the machine waits for each. When that was, stands in LP_CALLS (calls.h).
 */
#include "calls.h"
#include "power.h"

#define EXPORT        __declspec(dllexport)
#define MAX_LISTENERS 8 /* libuv is one */

typedef struct listener { /* DEVICE_NOTIFY_SUBSCRIBE_PARAMETERS */
    ULONG(CALLBACK *told)(void *state, ULONG type, void *setting);
    void *state;
} listener;

static listener listeners[MAX_LISTENERS];
static LONG listener_count;

static void tell(ULONG type, const char *name)
{
    char line[80];
    snprintf(line, sizeof line, "- %s is told\n", name);
    call_note(line);
    for (LONG i = 0; i < listener_count; i++)
        listeners[i].told(listeners[i].state, type, NULL);
    snprintf(line, sizeof line, "- %s is over\n", name);
    call_note(line);
}

static DWORD WINAPI wait_for_news(void *ignored)
{
    HANDLE news[] = {CreateEventA(NULL, FALSE, FALSE, POWER_SLEEP),
                     CreateEventA(NULL, FALSE, FALSE, POWER_WAKE)};
    HANDLE heard = CreateEventA(NULL, FALSE, FALSE, POWER_HEARD);
    for (;;) {
        if (WaitForMultipleObjects(2, news, FALSE, INFINITE) == WAIT_OBJECT_0)
            tell(PBT_APMSUSPEND, "PBT_APMSUSPEND");
        else
            tell(PBT_APMRESUMEAUTOMATIC, "PBT_APMRESUMEAUTOMATIC");
        SetEvent(heard);
    }
    return 0;
}

EXPORT DWORD WINAPI PowerRegisterSuspendResumeNotification(DWORD flags, HANDLE who,
                                                           void **out_handle);

DWORD WINAPI PowerRegisterSuspendResumeNotification(DWORD flags, HANDLE who,
                                                    void **out_handle)
{
    const DWORD callback = 2; /* DEVICE_NOTIFY_CALLBACK; a window has no place here */
    if (flags != callback || !who || listener_count == MAX_LISTENERS)
        return ERROR_INVALID_PARAMETER;
    listeners[listener_count] = *(const listener *)who;
    *out_handle = &listeners[listener_count];
    if (InterlockedIncrement(&listener_count) == 1)
        CloseHandle(CreateThread(NULL, 0, wait_for_news, NULL, 0, NULL));
    return ERROR_SUCCESS;
}

EXPORT DWORD WINAPI PowerUnregisterSuspendResumeNotification(void *handle);

DWORD WINAPI PowerUnregisterSuspendResumeNotification(void *handle)
{
    return ERROR_NOT_SUPPORTED; /* nobody does */
}
