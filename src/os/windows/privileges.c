#include "os/service.h"

#include "os/windows/errors.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>

/* Everyone has the first, and opening files slows down without it. The second restarts
 * an adapter. */
static bool is_kept(const LUID *privilege, unsigned keep)
{
    LUID notify, driver;
    return (LookupPrivilegeValueW(NULL, L"SeChangeNotifyPrivilege", &notify) &&
            memcmp(privilege, &notify, sizeof notify) == 0) ||
           (keep & LP_KEEP_NET_ADMIN &&
            LookupPrivilegeValueW(NULL, L"SeLoadDriverPrivilege", &driver) &&
            memcmp(privilege, &driver, sizeof driver) == 0);
}

/* NULL with the last error. */
static TOKEN_PRIVILEGES *privileges_of(HANDLE token)
{
    DWORD len = 0;
    GetTokenInformation(token, TokenPrivileges, NULL, 0, &len);
    TOKEN_PRIVILEGES *had = malloc(len);
    if (had && !GetTokenInformation(token, TokenPrivileges, had, len, &len)) {
        free(had);
        had = NULL;
    }
    return had;
}

/* For good: what is removed, no call brings back. */
static bool remove_all_but(HANDLE token, unsigned keep)
{
    TOKEN_PRIVILEGES *had = privileges_of(token);
    if (!had)
        return false;
    for (DWORD i = 0; i < had->PrivilegeCount; i++)
        if (!is_kept(&had->Privileges[i].Luid, keep))
            had->Privileges[i].Attributes = SE_PRIVILEGE_REMOVED;
    bool removed = AdjustTokenPrivileges(token, FALSE, had, 0, NULL, NULL);
    free(had);
    return removed;
}

lp_err lp_privileges_drop(const char *user, unsigned keep, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    HANDLE token = NULL;
    bool done = OpenProcessToken(GetCurrentProcess(),
                                 TOKEN_QUERY | TOKEN_ADJUST_PRIVILEGES, &token) &&
                remove_all_but(token, keep);
    DWORD error = GetLastError();
    if (token)
        CloseHandle(token);
    if (done)
        return LP_OK;
    return lp_explain(why, lp_err_of_windows(error), "cannot give up privileges: %s",
                      lp_windows_text(error, text));
}

lp_err lp_file_give(const char *path, const char *user, lp_why *why)
{
    return LP_OK; /* nobody becomes another user here */
}
