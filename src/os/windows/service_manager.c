/*
 * A service of Windows: installed, removed, and run.
 *
 * The manager has two threads of its own in a service: one waits for its orders in
 * StartServiceCtrlDispatcherW, which is main()'s, the other is the service.
 */
#include "os/windows/service_events.h"

#include "os/windows/errors.h"
#include "os/windows/events.h"
#include "os/windows/text.h"

#include <stdio.h>
#include <stdlib.h>

#define NAME_LEN 64
#define TEXT_LEN 512

#define START_HINT_MS 10000
#define STOP_HINT_MS \
    10000                 /* goodbye takes a second, giving back an adapter some more */
#define STOP_PATIENCE 150 /* looks, of 200 ms each */
#define LOOK_MS       200

/* --- running ---------------------------------------------------------------------- */

static struct {
    wchar_t name[NAME_LEN];
    int (*body)(void *state);
    void *state;
    SERVICE_STATUS_HANDLE manager; /* NULL: it did not start us */
    SERVICE_STATUS status;
    int exit_code;
    SRWLOCK lock; /* of status */
} service = {.lock = SRWLOCK_INIT};

bool lp_service_is_unheard(void)
{
    return service.manager != NULL;
}

void lp_service_complain(const char *words)
{
    if (service.manager)
        lp_events_write(service.name, words);
}

void lp_service_report(DWORD state, DWORD exit_code)
{
    if (!service.manager)
        return;
    AcquireSRWLockExclusive(&service.lock);
    SERVICE_STATUS *status = &service.status;
    bool is_pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
    status->dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    status->dwCurrentState = state;
    status->dwControlsAccepted =
        state == SERVICE_RUNNING
            ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PRESHUTDOWN
            : 0;
    status->dwWin32ExitCode = exit_code ? ERROR_SERVICE_SPECIFIC_ERROR : NO_ERROR;
    status->dwServiceSpecificExitCode = exit_code;
    status->dwCheckPoint = is_pending ? status->dwCheckPoint + 1 : 0;
    status->dwWaitHint = state == SERVICE_START_PENDING ? START_HINT_MS : STOP_HINT_MS;
    SetServiceStatus(service.manager, status);
    ReleaseSRWLockExclusive(&service.lock);
}

/* On the manager's thread, which waits: the loop is told, and does it. */
static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *context)
{
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
    case SERVICE_CONTROL_PRESHUTDOWN:
        lp_service_report(SERVICE_STOP_PENDING, 0);
        lp_service_hear(LP_SERVICE_STOP);
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

static void WINAPI service_main(DWORD argc, wchar_t **argv)
{
    service.manager = RegisterServiceCtrlHandlerExW(service.name, on_control, NULL);
    if (!service.manager)
        return;
    lp_service_report(SERVICE_START_PENDING, 0);
    service.exit_code = service.body(service.state);
    lp_service_report(SERVICE_STOPPED, (DWORD)service.exit_code);
}

int lp_service_run(const char *name, int (*body)(void *state), void *state)
{
    SERVICE_TABLE_ENTRYW table[] = {{service.name, service_main}, {NULL, NULL}};
    service.body = body;
    service.state = state;
    if (lp_text_to_wide(name, service.name, NAME_LEN) &&
        StartServiceCtrlDispatcherW(table))
        return service.exit_code;
    return body(state); /* somebody else started us */
}

/* --- installing ------------------------------------------------------------------- */

static lp_err explain(lp_why *why, const char *verb, const char *name)
{
    char text[LP_WINDOWS_TEXT_LEN];
    DWORD error = GetLastError();
    if (error == ERROR_ACCESS_DENIED)
        return lp_explain(why, LP_ERR_DENIED,
                          "cannot %s the service %s: only an administrator may; open a "
                          "console with \"Run as administrator\"",
                          verb, name);
    if (error == ERROR_SERVICE_MARKED_FOR_DELETE)
        return lp_explain(
            why, LP_ERR_IN_USE,
            "cannot %s the service %s: it is being removed while a program "
            "looks at it; close Services and Task Manager, and try again",
            verb, name);
    return lp_explain(why, lp_err_of_windows(error), "cannot %s the service %s: %s",
                      verb, name, lp_windows_text(error, text));
}

/* "C:\Program Files\...\lanparty-client.exe" service run */
static bool command_line(const lp_service_about *about, wchar_t *out, size_t out_len)
{
    wchar_t path[TEXT_LEN], arguments[NAME_LEN];
    DWORD len = GetModuleFileNameW(NULL, path, TEXT_LEN);
    if (len == 0 || len == TEXT_LEN ||
        !lp_text_to_wide(about->arguments, arguments, NAME_LEN))
        return false;
    int count = swprintf(out, out_len, L"\"%ls\" %ls", path, arguments);
    return count > 0 && (size_t)count < out_len;
}

/* Starts again after a crash: soon, later, and then every minute. */
static bool set_failure_actions(SC_HANDLE handle)
{
    SC_ACTION actions[] = {{SC_ACTION_RESTART, 1000},
                           {SC_ACTION_RESTART, 10000},
                           {SC_ACTION_RESTART, 60000}};
    SERVICE_FAILURE_ACTIONSW failure = {
        .dwResetPeriod = 24 * 60 * 60, /* seconds */
        .cActions = sizeof actions / sizeof *actions,
        .lpsaActions = actions,
    };
    return ChangeServiceConfig2W(handle, SERVICE_CONFIG_FAILURE_ACTIONS, &failure);
}

/*
 * Adapters are restarted with SeLoadDriverPrivilege; SeChangeNotifyPrivilege everybody has.
 * All others of the system's account never are in our token. The service's own SID lets
 * rights be given to it alone. Neither is worth failing for: Wine, for one, has no such thing.
 */
static void set_least_rights(SC_HANDLE handle)
{
    wchar_t needed[] = L"SeLoadDriverPrivilege\0SeChangeNotifyPrivilege\0";
    SERVICE_REQUIRED_PRIVILEGES_INFOW privileges = {.pmszRequiredPrivileges = needed};
    SERVICE_SID_INFO sid = {.dwServiceSidType = SERVICE_SID_TYPE_UNRESTRICTED};
    ChangeServiceConfig2W(handle, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &privileges);
    ChangeServiceConfig2W(handle, SERVICE_CONFIG_SERVICE_SID_INFO, &sid);
}

static bool configure(SC_HANDLE handle, const lp_service_about *about)
{
    wchar_t text[TEXT_LEN];
    SERVICE_DESCRIPTIONW description = {.lpDescription = text};
    SERVICE_PRESHUTDOWN_INFO patience = {.dwPreshutdownTimeout = STOP_HINT_MS};
    if (!lp_text_to_wide(about->description, text, TEXT_LEN) ||
        !ChangeServiceConfig2W(handle, SERVICE_CONFIG_DESCRIPTION, &description) ||
        !set_failure_actions(handle))
        return false;
    ChangeServiceConfig2W(handle, SERVICE_CONFIG_PRESHUTDOWN_INFO, &patience);
    set_least_rights(handle);
    if (lp_text_to_wide(about->name, text, TEXT_LEN))
        lp_events_enroll(text); /* before it is started: it may fail at once */
    return true;
}

static bool is_stopped(SC_HANDLE handle)
{
    SERVICE_STATUS_PROCESS status;
    DWORD len;
    return !QueryServiceStatusEx(handle, SC_STATUS_PROCESS_INFO, (BYTE *)&status,
                                 sizeof status, &len) ||
           status.dwCurrentState == SERVICE_STOPPED;
}

/* False: it does not stop. */
static bool stop(SC_HANDLE handle)
{
    SERVICE_STATUS ignored;
    ControlService(handle, SERVICE_CONTROL_STOP, &ignored);
    for (int i = 0; i < STOP_PATIENCE && !is_stopped(handle); i++)
        Sleep(LOOK_MS);
    return is_stopped(handle);
}

static SC_HANDLE make(SC_HANDLE manager, const lp_service_about *about)
{
    wchar_t name[NAME_LEN], title[NAME_LEN], command[TEXT_LEN + NAME_LEN];
    SetLastError(ERROR_INVALID_NAME);
    if (!lp_text_to_wide(about->name, name, NAME_LEN) ||
        !lp_text_to_wide(about->title, title, NAME_LEN) ||
        !command_line(about, command, sizeof command / sizeof *command))
        return NULL;
    SC_HANDLE made =
        CreateServiceW(manager, name, title, SERVICE_ALL_ACCESS,
                       SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
                       SERVICE_ERROR_NORMAL, command, NULL, NULL, NULL, NULL, NULL);
    if (made || GetLastError() != ERROR_SERVICE_EXISTS)
        return made;
    /* One of before, an older version's perhaps: it is ours to change. */
    SC_HANDLE old = OpenServiceW(manager, name, SERVICE_ALL_ACCESS);
    if (old && stop(old) &&
        ChangeServiceConfigW(old, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
                             SERVICE_ERROR_NORMAL, command, NULL, NULL, NULL, NULL,
                             NULL, title))
        return old;
    DWORD error =
        old && !is_stopped(old) ? ERROR_SERVICE_REQUEST_TIMEOUT : GetLastError();
    if (old)
        CloseServiceHandle(old);
    SetLastError(error);
    return NULL;
}

static bool start(SC_HANDLE handle)
{
    return StartServiceW(handle, 0, NULL) ||
           GetLastError() == ERROR_SERVICE_ALREADY_RUNNING;
}

lp_err lp_service_install(const lp_service_about *about, lp_why *why)
{
    lp_err err = LP_OK;
    SC_HANDLE handle = NULL;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CREATE_SERVICE);
    if (manager)
        handle = make(manager, about);
    if (!handle || !configure(handle, about))
        err = explain(why, "install", about->name);
    else if (!start(handle))
        err = explain(why, "start", about->name);
    if (handle)
        CloseServiceHandle(handle);
    if (manager)
        CloseServiceHandle(manager);
    return err;
}

lp_err lp_service_remove(const char *name, lp_why *why)
{
    wchar_t wide[NAME_LEN];
    SC_HANDLE handle = NULL;
    lp_err err = LP_OK;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (manager && lp_text_to_wide(name, wide, NAME_LEN))
        handle =
            OpenServiceW(manager, wide, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE);
    bool is_none = manager && !handle && GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST;
    if (!handle && !is_none) {
        err = explain(why, "remove", name);
    } else if (handle && !stop(handle)) {
        err = lp_explain(
            why, LP_ERR_TIMEOUT,
            "the service %s does not stop, so it is not removed: end it in Task "
            "Manager, and try again",
            name);
    } else if (handle && !DeleteService(handle)) {
        err = explain(why, "remove", name);
    } else {
        lp_events_forget(wide);
    }
    if (handle)
        CloseServiceHandle(handle);
    if (manager)
        CloseServiceHandle(manager);
    return err;
}
