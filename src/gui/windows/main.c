/* lanparty.exe: the window. It asks the service; all that needs rights is done there. */
#include "gui/windows/window.h"

#include <shellapi.h>

#include "gui/text.h"
#include "os/pipe.h"
#include "os/windows/text.h"

typedef struct options {
    char pipe[300];
    char link[LP_INVITE_MAX + 1];
    wchar_t check[MAX_PATH];
    bool starts_hidden;
} options;

static const wchar_t usage[] =
    L"lanparty [lanparty://RELAY/ROOM]\n\n"
    L"  --hidden\tstart in the tray\n"
    L"  --status-socket NAME\tthe pipe where the service answers\n"
    L"  --check-texts FILE\twrite there which texts do not fit (for tests)";

static bool take_word(wchar_t **words, int count, int *at, options *out)
{
    const wchar_t *word = words[*at];
    bool has_value = *at + 1 < count;
    if (wcscmp(word, L"--hidden") == 0)
        return out->starts_hidden = true;
    if (wcscmp(word, L"--status-socket") == 0 && has_value)
        return lp_text_of_wide(words[++*at], out->pipe, sizeof out->pipe);
    if (wcscmp(word, L"--check-texts") == 0 && has_value &&
        wcslen(words[*at + 1]) < MAX_PATH) {
        wcscpy(out->check, words[++*at]);
        lp_check_into(out->check);
        return true;
    }
    return word[0] != L'-' && !out->link[0] &&
           lp_text_of_wide(word, out->link, sizeof out->link);
}

static bool read_options(options *out)
{
    int count = 0;
    wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);
    bool sound = words && lp_pipe_place("lanparty-client", out->pipe, sizeof out->pipe);
    for (int i = 1; sound && i < count; i++)
        sound = take_word(words, count, &i, out);
    LocalFree(words);
    return sound;
}

/* One window for one player: a second start shows the first. */
static bool tell_running(const char *link)
{
    DWORD process = 0;
    DWORD_PTR taken = 0;
    HWND other = FindWindowW(LP_WINDOW_CLASS, NULL);
    COPYDATASTRUCT data = {LP_LINK_MAGIC, (DWORD)strlen(link), (void *)(uintptr_t)link};
    if (!other)
        return false;
    GetWindowThreadProcessId(other, &process);
    AllowSetForegroundWindow(process);
    return SendMessageTimeoutW(other, WM_COPYDATA, 0, (LPARAM)&data, SMTO_ABORTIFHUNG,
                               5000, &taken) &&
           taken;
}

static int run(const options *asked)
{
    MSG message;
    lp_window *window = lp_window_open(asked->pipe, asked->link);
    if (!window)
        return 1;
    HWND hwnd = window->hwnd;
    if (!asked->starts_hidden)
        ShowWindow(hwnd, SW_SHOWDEFAULT);
    while (GetMessageW(&message, NULL, 0, 0) > 0) {
        if (IsWindow(hwnd) &&
            (lp_window_takes_key(window, &message) || IsDialogMessageW(hwnd, &message)))
            continue;
        TranslateMessage(&message);
        DispatchMessageW(&message);
    }
    return 0;
}

int WINAPI WinMain(HINSTANCE self, HINSTANCE before, LPSTR words, int show)
{
    static options asked;
    int code = 1;
    (void)before, (void)words, (void)show, (void)self;
    if (!read_options(&asked)) {
        MessageBoxW(NULL, usage, LP_WINDOW_TITLE, MB_ICONINFORMATION);
        return 2;
    }
    /* Held for as long as we run; the installer looks at it, too. */
    HANDLE alone = CreateMutexW(NULL, FALSE, L"Local\\lanparty-window");
    if (GetLastError() == ERROR_ALREADY_EXISTS && tell_running(asked.link))
        code = 0;
    else if (lp_window_register())
        code = run(&asked);
    if (alone)
        CloseHandle(alone);
    return code;
}
