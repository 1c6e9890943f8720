#include "os/service.h"

#include "os/windows/service_events.h"
#include "os/windows/session.h"

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
    HANDLE rests;     /* an event: all is given back for the time asleep */
} listener = {.lock = SRWLOCK_INIT};

/* Does anybody listen? */
static bool hear(lp_service_event event)
{
    AcquireSRWLockShared(&listener.lock);
    bool is_heard = listener.heard != NULL;
    if (is_heard)
        listener.heard(listener.state, event);
    else if (event == LP_SERVICE_STOP)
        listener.was_stopped = true;
    ReleaseSRWLockShared(&listener.lock);
    return is_heard;
}

void lp_service_hear(lp_service_event event)
{
    (void)hear(event);
}

/* What ends the whole console or session ends the process as soon as whoever was told
 * returns: so he waits, as long as Windows lets him. */
static void stop_and_wait(void)
{
    lp_service_hear(LP_SERVICE_STOP);
    WaitForSingleObject(listener.ended, INFINITE);
}

/* libuv makes signals of Ctrl-C and Ctrl-Break. Of log-off and shutdown a console is told
 * where no window could be: see session.h. */
static BOOL WINAPI on_console(DWORD event)
{
    if (event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT)
        return FALSE;
    if (!lp_service_is_unheard()) /* else the manager tells what concerns us */
        stop_and_wait();
    return TRUE;
}

/* --- sleep ------------------------------------------------------------------------ */

/* "The system allows approximately two seconds for an application to handle this" (Windows
 * on PBT_APMSUSPEND): the machine waits until all who were told have returned. */
#define SLEEP_PATIENCE_MS 1900

#define DEVICE_NOTIFY_CALLBACK 2

typedef struct power_listener {
    ULONG(CALLBACK *told)(void *state, ULONG type, void *setting);
    void *state;
} power_listener;

/* On a thread of Windows' own. */
static ULONG CALLBACK on_power(void *state, ULONG type, void *setting)
{
    if (type == PBT_APMSUSPEND) {
        ResetEvent(listener.rests);
        if (hear(LP_SERVICE_SLEEP))
            WaitForSingleObject(listener.rests, SLEEP_PATIENCE_MS);
    }
    if (type == PBT_APMRESUMEAUTOMATIC || type == PBT_APMRESUMECRITICAL)
        hear(LP_SERVICE_WAKE);
    return ERROR_SUCCESS;
}

/*
 * One way for the program on a console and for the service, to whom its manager could tell
 * the same (SERVICE_CONTROL_POWEREVENT): so nobody hears it twice. Since Windows 8; Wine 8
 * has the function, and never calls.
 */
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

/* --- listening -------------------------------------------------------------------- */

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
        listener.rests = CreateEventW(NULL, TRUE, FALSE, NULL);
        SetConsoleCtrlHandler(on_console, TRUE); /* the last one is asked first */
        listen_to_power();
        if (!lp_service_is_unheard())
            lp_session_watch(stop_and_wait);
    }
    if (was_stopped)
        lp_service_hear(LP_SERVICE_STOP);
}

void lp_service_may_sleep(void)
{
    if (listener.rests)
        SetEvent(listener.rests);
}

void lp_service_ended(void)
{
    if (listener.ended)
        SetEvent(listener.ended);
    lp_service_may_sleep();
}
