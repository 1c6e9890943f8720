#include "gui/windows/manager.h"

#include <windows.h>

#include <shellapi.h>

#include "os/windows/errors.h"
#include "os/windows/text.h"

#define SERVICE L"lanparty-client"

enum { PATH_LEN = 600, WAIT_MS = 60000 };

static lp_presence look_at(SC_HANDLE service)
{
    SERVICE_STATUS status;
    if (!QueryServiceStatus(service, &status))
        return LP_PRESENCE_SILENT;
    return status.dwCurrentState == SERVICE_STOPPED ? LP_PRESENCE_STOPPED
                                                    : LP_PRESENCE_SILENT;
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

static lp_err run_as_administrator(const wchar_t *file, const wchar_t *words,
                                   lp_why *why)
{
    DWORD code = 1;
    SHELLEXECUTEINFOW what = {.cbSize = sizeof what,
                              .fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_FLAG_NO_UI |
                                       SEE_MASK_NOASYNC,
                              .lpVerb = L"runas",
                              .lpFile = file,
                              .lpParameters = words,
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

lp_err lp_manager_start(lp_why *why)
{
    wchar_t file[PATH_LEN];
    UINT len = GetSystemDirectoryW(file, PATH_LEN - 16);
    if (len == 0 || len >= PATH_LEN - 16)
        return lp_explain(why, LP_ERR_IO, "Windows does not say where its folder is.");
    wcscat(file, L"\\sc.exe"); /* there is room for 16 */
    return run_as_administrator(file, L"start " SERVICE, why);
}

lp_err lp_manager_install(lp_why *why)
{
    wchar_t file[PATH_LEN];
    DWORD len = GetModuleFileNameW(NULL, file, PATH_LEN - 32);
    wchar_t *name = len > 0 && len < PATH_LEN - 32 ? wcsrchr(file, L'\\') : NULL;
    if (!name)
        return lp_explain(why, LP_ERR_IO,
                          "Windows does not say where this program is.");
    wcscpy(name + 1, SERVICE L".exe"); /* there is room for 32 */
    return run_as_administrator(file, L"service install", why);
}
