#include "gui/windows/manager.h"

#include <windows.h>

#include <shellapi.h>

#include "gui/windows/open.h"
#include "os/windows/errors.h"

#define SERVICE L"lanparty-client"

enum { PATH_LEN = 600, WAIT_MS = 60000 };

static lp_presence look_at(SC_HANDLE service)
{
    SERVICE_STATUS status;
    if (!QueryServiceStatus(service, &status))
        return LP_PRESENCE_SILENT;
    switch (status.dwCurrentState) {
    case SERVICE_STOPPED:
        return LP_PRESENCE_STOPPED;
    case SERVICE_START_PENDING:
        return LP_PRESENCE_ASKING;
    default:
        return LP_PRESENCE_SILENT;
    }
}

lp_presence lp_manager_look(void)
{
    lp_presence found = LP_PRESENCE_MISSING;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (!manager)
        return LP_PRESENCE_SILENT;
    SC_HANDLE service = OpenServiceW(manager, SERVICE, SERVICE_QUERY_STATUS);
    if (service)
        found = look_at(service);
    if (service)
        CloseServiceHandle(service);
    CloseServiceHandle(manager);
    return found;
}

/* --- with an administrator's rights ----------------------------------------------- */

static lp_err explain_start(lp_why *why, DWORD error)
{
    char text[LP_WINDOWS_TEXT_LEN];
    if (error == ERROR_CANCELLED)
        return lp_explain(why, LP_ERR_DENIED,
                          "Nothing was changed, since Windows was not allowed to. Try "
                          "again and answer Yes.");
    if (error == ERROR_FILE_NOT_FOUND)
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "lanparty-client.exe is not beside this program. Run the "
                          "LAN Party installer again.");
    return lp_explain(why, LP_ERR_IO, "Windows could not do it: %s",
                      lp_windows_text(error, text));
}

static bool system_folder(wchar_t out[PATH_LEN])
{
    UINT len = GetSystemDirectoryW(out, PATH_LEN - 16); /* leaves room for a name */
    return len > 0 && len < PATH_LEN - 16;
}

/* In a folder where nobody can put a program in the way of what is looked for. */
static lp_err run_as_administrator(const wchar_t *file, const wchar_t *words,
                                   lp_why *why)
{
    DWORD code = 1;
    wchar_t folder[PATH_LEN];
    if (!system_folder(folder))
        return lp_explain(why, LP_ERR_IO, "Windows does not say where its folder is.");
    SHELLEXECUTEINFOW what = {.cbSize = sizeof what,
                              .fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_FLAG_NO_UI |
                                       SEE_MASK_NOASYNC,
                              .lpVerb = L"runas",
                              .lpFile = file,
                              .lpParameters = words,
                              .lpDirectory = folder,
                              .nShow = SW_HIDE};
    if (!ShellExecuteExW(&what))
        return explain_start(why, GetLastError());
    if (!what.hProcess)
        return LP_OK;
    WaitForSingleObject(what.hProcess, WAIT_MS);
    GetExitCodeProcess(what.hProcess, &code);
    CloseHandle(what.hProcess);
    if (code == 0)
        return LP_OK;
    return lp_explain(
        why, LP_ERR_IO,
        "Windows tried, and it failed (exit code %lu). Restart the machine, "
        "or run the LAN Party installer again.",
        code);
}

static lp_err run_of_windows(const wchar_t *name, const wchar_t *words, lp_why *why)
{
    wchar_t file[PATH_LEN];
    if (!system_folder(file))
        return lp_explain(why, LP_ERR_IO, "Windows does not say where its folder is.");
    wcscat(file, name);
    return run_as_administrator(file, words, why);
}

lp_err lp_manager_start(lp_why *why)
{
    return run_of_windows(L"\\sc.exe", L"start " SERVICE, why);
}

/* sc does not wait for the end, net does. */
lp_err lp_manager_restart(lp_why *why)
{
    return run_of_windows(L"\\cmd.exe",
                          L"/d /c net stop " SERVICE L" & net start " SERVICE, why);
}

static lp_err run_client(const wchar_t *words, lp_why *why)
{
    wchar_t file[PATH_LEN];
    if (!lp_open_beside(SERVICE L".exe", file, PATH_LEN))
        return lp_explain(why, LP_ERR_IO,
                          "Windows does not say where this program is.");
    return run_as_administrator(file, words, why);
}

lp_err lp_manager_install(lp_why *why)
{
    return run_client(L"service install", why);
}

lp_err lp_manager_repair(lp_why *why)
{
    return run_client(L"repair", why);
}
