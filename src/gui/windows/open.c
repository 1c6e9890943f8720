#include "gui/windows/open.h"

#include <windows.h>

#include <shellapi.h>

#include "os/windows/errors.h"
#include "os/windows/text.h"

#define HELP L"help.html"

enum { PATH_LEN = 600 };

bool lp_open_beside(const wchar_t *name, wchar_t *out, size_t out_len)
{
    DWORD len = GetModuleFileNameW(NULL, out, (DWORD)out_len);
    wchar_t *own = len > 0 && len < out_len ? wcsrchr(out, L'\\') : NULL;
    if (!own || (size_t)(own + 1 - out) + wcslen(name) >= out_len)
        return false;
    wcscpy(own + 1, name);
    return true;
}

static lp_err open_it(const wchar_t *what, const char *name, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    SHELLEXECUTEINFOW asked = {.cbSize = sizeof asked,
                               .fMask = SEE_MASK_FLAG_NO_UI | SEE_MASK_NOASYNC,
                               .lpFile = what,
                               .nShow = SW_SHOWNORMAL};
    if (ShellExecuteExW(&asked))
        return LP_OK;
    return lp_explain(why, LP_ERR_IO, "Windows could not open %s: %s", name,
                      lp_windows_text(GetLastError(), text));
}

lp_err lp_open_place(const char *place, lp_why *why)
{
    wchar_t wide[PATH_LEN];
    if (!lp_text_to_wide(place, wide, PATH_LEN))
        return lp_explain(why, LP_ERR_TOO_BIG, "that place has too long a name");
    return open_it(wide, place, why);
}

lp_err lp_open_help(lp_why *why)
{
    wchar_t path[PATH_LEN];
    if (!lp_open_beside(HELP, path, PATH_LEN) ||
        GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES)
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "The help is not beside this program. Run the LAN Party "
                          "installer again.");
    return open_it(path, "the help", why);
}
