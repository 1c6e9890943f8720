#include "os/service.h"

#include "os/windows/service_events.h"

#include <stdio.h>
#include <string.h>

/* --- readiness -------------------------------------------------------------------- */

void lp_service_ready(const char *status)
{
    lp_service_report(SERVICE_RUNNING, 0);
}

/* The manager has no line for it; the pipe answers in full. */
void lp_service_status(const char *status)
{
}

void lp_service_tell(char told[LP_SERVICE_STATUS_MAX], const char *status)
{
    snprintf(told, LP_SERVICE_STATUS_MAX, "%s", status);
}

void lp_service_stopping(void)
{
    lp_service_report(SERVICE_STOP_PENDING, 0);
}

lp_duration lp_service_watchdog(void)
{
    return 0;
}

void lp_service_alive(void)
{
}

void lp_service_outlive_askers(void)
{
}

bool lp_service_hangup_reloads(void)
{
    return false;
}

/* --- what the system tells -------------------------------------------------------- */

static struct {
    SRWLOCK lock;
    void (*heard)(void *state, lp_service_event event);
    void *state;
    bool was_stopped; /* before anybody listened */
    HANDLE ended;     /* an event: all is given back */
} listener = {.lock = SRWLOCK_INIT};

void lp_service_hear(lp_service_event event)
{
    AcquireSRWLockShared(&listener.lock);
    if (listener.heard)
        listener.heard(listener.state, event);
    else if (event == LP_SERVICE_STOP)
        listener.was_stopped = true;
    ReleaseSRWLockShared(&listener.lock);
}

/*
 * libuv makes signals of Ctrl-C and Ctrl-Break. What ends the whole console or session
 * ends the process as soon as this returns: so it waits, as long as Windows lets it.
 */
static BOOL WINAPI on_console(DWORD event)
{
    if (event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT)
        return FALSE;
    if (lp_service_is_unheard()) /* somebody logs off; the manager tells what concerns us */
        return TRUE;
    lp_service_hear(LP_SERVICE_STOP);
    WaitForSingleObject(listener.ended, INFINITE);
    return TRUE;
}

#define DEVICE_NOTIFY_CALLBACK 2

typedef struct power_listener {
    ULONG(CALLBACK *told)(void *state, ULONG type, void *setting);
    void *state;
} power_listener;

static ULONG CALLBACK on_power(void *state, ULONG type, void *setting)
{
    lp_service_on_power(type);
    return ERROR_SUCCESS;
}

/* A program on a console hears of sleep, too; since Windows 8, and not under Wine 8. */
static void listen_to_power(void)
{
    static power_listener who = {.told = on_power};
    DWORD(WINAPI * subscribe)(DWORD flags, HANDLE who, void **out_handle) = NULL;
    HMODULE library =
        LoadLibraryExW(L"powrprof.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    FARPROC found =
        library ? GetProcAddress(library, "PowerRegisterSuspendResumeNotification")
                : NULL;
    void *handle;
    if (!found)
        return;
    memcpy(&subscribe, &found, sizeof subscribe);
    subscribe(DEVICE_NOTIFY_CALLBACK, &who, &handle);
}

void lp_service_on_power(DWORD type)
{
    if (type == PBT_APMSUSPEND)
        lp_service_hear(LP_SERVICE_SLEEP);
    if (type == PBT_APMRESUMEAUTOMATIC || type == PBT_APMRESUMECRITICAL)
        lp_service_hear(LP_SERVICE_WAKE);
}

void lp_service_listen(void (*heard)(void *state, lp_service_event event), void *state)
{
    static bool is_first = true;
    AcquireSRWLockExclusive(&listener.lock);
    listener.heard = heard;
    listener.state = state;
    bool was_stopped = heard && listener.was_stopped;
    ReleaseSRWLockExclusive(&listener.lock);
    if (is_first) {
        is_first = false;
        listener.ended = CreateEventW(NULL, TRUE, FALSE, NULL);
        SetConsoleCtrlHandler(on_console, TRUE); /* the last one is asked first */
        if (!lp_service_is_unheard())
            listen_to_power();
    }
    if (was_stopped)
        lp_service_hear(LP_SERVICE_STOP);
}

void lp_service_ended(void)
{
    if (listener.ended)
        SetEvent(listener.ended);
}
