#include "os/windows/session.h"

#include <process.h>
#include <stdbool.h>

#include <windows.h>

#define CLASS L"lanparty-session"

static void (*tell)(void);

/* Whether it may end at all, WM_QUERYENDSESSION, DefWindowProcW says: it may. */
static LRESULT CALLBACK on_message(HWND window, UINT message, WPARAM word, LPARAM more)
{
    bool ends = message == WM_ENDSESSION && word; /* else somebody else refused */
    if (ends)
        tell();
    return ends ? 0 : DefWindowProcW(window, message, word, more);
}

/* At the top, and no child of HWND_MESSAGE: those are not told. */
static unsigned __stdcall run(void *state)
{
    WNDCLASSW class = {.lpfnWndProc = on_message,
                       .hInstance = GetModuleHandleW(NULL),
                       .lpszClassName = CLASS};
    MSG message;
    if (!RegisterClassW(&class) || !CreateWindowExW(0, CLASS, CLASS, 0, 0, 0, 0, 0,
                                                    NULL, NULL, class.hInstance, NULL))
        return 0;
    while (GetMessageW(&message, NULL, 0, 0) > 0)
        DispatchMessageW(&message);
    return 0;
}

void lp_session_watch(void (*on_end)(void))
{
    tell = on_end;
    HANDLE thread = (HANDLE)_beginthreadex(NULL, 0, run, NULL, 0, NULL);
    if (thread)
        CloseHandle(thread);
}
