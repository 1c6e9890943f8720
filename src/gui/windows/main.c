/* lanparty.exe: the window. It asks the service; all that needs rights is done there. */
#include "gui/windows/window.h"

#include <shellapi.h>

#include "gui/text.h"
#include "os/pipe.h"
#include "os/windows/text.h"

enum { PATIENCE_MS = 30000, LOOK_MS = 100 };

typedef enum turn_out {
    OURS, /* we are the one who shows a window */
    TOLD, /* the one who does knows what we were started for */
    HUNG, /* he does not answer */
} turn_out;

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

static const wchar_t hung[] =
    L"LAN Party runs already, and its window does not answer.\n\n"
    L"End it in the task manager, then start it again.";

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

/* --- one window for one player ---------------------------------------------------- */

/* To the window that is there: it shows itself, and takes the link. */
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

/* Two clicks on a link start two of us at once: who comes second waits for the other's
 * window, or for its end, and then takes its place. */
static turn_out take_turn(HANDLE turn, const char *link)
{
    ULONGLONG until = GetTickCount64() + PATIENCE_MS;
    do {
        DWORD waited = turn ? WaitForSingleObject(turn, LOOK_MS) : WAIT_TIMEOUT;
        if (waited == WAIT_OBJECT_0 || waited == WAIT_ABANDONED)
            return OURS;
        if (tell_running(link))
            return TOLD;
        if (!turn) /* another user's, who is not to be waited for */
            return OURS;
    } while (GetTickCount64() < until);
    return HUNG;
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
        if (IsWindow(hwnd) && lp_window_takes(window, &message))
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
    /* Ours for as long as we run. */
    HANDLE turn = CreateMutexW(NULL, FALSE, L"Local\\lanparty-window");
    switch (take_turn(turn, asked.link)) {
    case OURS:
        code = lp_window_register() ? run(&asked) : 1;
        break;
    case TOLD:
        code = 0;
        break;
    case HUNG:
        MessageBoxW(NULL, hung, LP_WINDOW_TITLE, MB_ICONWARNING);
        break;
    }
    if (turn)
        CloseHandle(turn);
    return code;
}
