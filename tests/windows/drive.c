/*
 * Hands and eyes for tests of the window: one command a line on standard input, and an
 * answer that ends with a line of one dot.
 *
 *     ids                what the controls are called here
 *     texts              every control that is shown: id, place, enabled, text
 *     page               how much of the page is seen: width, height
 *     put ID TEXT        types into a field       click ID      presses a button
 *     paste ID TEXT      pastes into it
 *     size W H           of the client area       close         as the X does
 *     end                as the installer does    focus         the id that has it
 *     clipboard          what is in it            process       whose the window is
 *     shown              is the window to be seen?    balloon   is there a notification?
 *     painted            has it drawn all that it has to?
 */
#include "gui/windows/window.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEN = 4000 };

static const struct {
    const char *name;
    int id;
} names[] = {
    {"headline", LP_HEADLINE},
    {"sentence", LP_SENTENCE},
    {"where", LP_WHERE},
    {"card_title", LP_CARD_TITLE},
    {"card_text", LP_CARD_TEXT},
    {"card_fix", LP_CARD_FIX},
    {"relay", LP_RELAY},
    {"relay_fault", LP_RELAY_FAULT},
    {"room", LP_ROOM},
    {"room_fault", LP_ROOM_FAULT},
    {"fingerprint", LP_PRINT},
    {"fingerprint_fault", LP_PRINT_FAULT},
    {"act", LP_ACT},
    {"latency", LP_LATENCY},
    {"graph", LP_GRAPH},
    {"fact", LP_FACT_LABEL},
    {"fact_value", LP_FACT_VALUE},
    {"peers_label", LP_PEERS_LABEL},
    {"peers", LP_PEERS},
    {"copy", LP_COPY},
    {"repair", LP_REPAIR},
    {"details", LP_DETAILS},
    {"page_bar", LP_PAGE_BAR},
    {"turn", LP_TURN},
    {"export", LP_EXPORT},
    {"help", LP_HELP},
    {"note", LP_NOTE},
};

static void say_ids(void)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        printf("%s %d\n", names[i].name, names[i].id);
}

static HWND window(void)
{
    HWND found = NULL;
    for (int i = 0; !found && i < 300; i++) {
        found = FindWindowW(LP_WINDOW_CLASS, NULL);
        if (!found)
            Sleep(100);
    }
    return found;
}

static void say(const wchar_t *wide)
{
    char text[3 * LEN];
    WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, sizeof text, NULL, NULL);
    for (char *c = text; *c; c++)
        if (*c != '\r')
            putchar(*c);
    putchar('\n');
}

/* Those of the window itself; not what they are made of, nor the page that holds them. */
static bool is_widget(HWND control)
{
    int id = GetDlgCtrlID(control);
    return id >= LP_HEADLINE && id < LP_WIDGET_END;
}

static BOOL CALLBACK show_control(HWND control, LPARAM top)
{
    wchar_t text[LEN] = L"";
    RECT rect;
    if (!is_widget(control) || !IsWindowVisible(control))
        return TRUE;
    SendMessageW(control, WM_GETTEXT, LEN, (LPARAM)text);
    GetWindowRect(control, &rect);
    MapWindowPoints(NULL, (HWND)top, (POINT *)&rect, 2);
    printf("%d %ld %ld %ld %ld %d ", (int)GetDlgCtrlID(control), (long)rect.left,
           (long)rect.top, (long)(rect.right - rect.left),
           (long)(rect.bottom - rect.top), IsWindowEnabled(control) ? 1 : 0);
    say(text);
    return TRUE;
}

static HWND page_of(HWND top)
{
    return FindWindowExW(top, NULL, L"lanparty-page", NULL);
}

static HWND widget(HWND top, int id)
{
    HWND control = GetDlgItem(top, id);
    return control ? control : GetDlgItem(page_of(top), id);
}

static void say_page(HWND top)
{
    RECT rect = {0};
    GetClientRect(page_of(top), &rect);
    printf("%ld %ld\n", (long)rect.right, (long)rect.bottom);
}

/* The field's owner hears of it, as of typing. */
static void put(HWND top, int id, const char *text)
{
    wchar_t wide[LEN];
    HWND control = widget(top, id), edit = FindWindowExW(control, NULL, L"Edit", NULL);
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, LEN);
    SendMessageW(edit ? edit : control, WM_SETTEXT, 0, (LPARAM)wide);
}

/* As Ctrl+V does. */
static void paste(HWND top, int id, const char *text)
{
    HWND control = widget(top, id), edit = FindWindowExW(control, NULL, L"Edit", NULL);
    HGLOBAL memory = GlobalAlloc(GMEM_MOVEABLE, LEN * sizeof(wchar_t));
    wchar_t *wide = memory ? GlobalLock(memory) : NULL;
    if (!wide || !OpenClipboard(NULL))
        return;
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, LEN);
    GlobalUnlock(memory);
    EmptyClipboard();
    SetClipboardData(CF_UNICODETEXT, memory);
    CloseClipboard();
    SendMessageW(edit ? edit : control, WM_PASTE, 0, 0);
}

static void resize(HWND top, int width, int height)
{
    RECT rect = {0, 0, width, height};
    AdjustWindowRectExForDpi(&rect, WS_OVERLAPPEDWINDOW, FALSE, 0,
                             GetDpiForWindow(top));
    SetWindowPos(top, NULL, 0, 0, rect.right - rect.left, rect.bottom - rect.top,
                 SWP_NOMOVE | SWP_NOZORDER);
}

static void say_focus(HWND top)
{
    GUITHREADINFO info = {.cbSize = sizeof info};
    GetGUIThreadInfo(GetWindowThreadProcessId(top, NULL), &info);
    HWND at = info.hwndFocus;
    while (at && at != top && !is_widget(at))
        at = GetParent(at);
    printf("%d\n", at && at != top ? (int)GetDlgCtrlID(at) : 0);
}

static BOOL CALLBACK find_unpainted(HWND control, LPARAM found)
{
    if (IsWindowVisible(control) && GetUpdateRect(control, NULL, FALSE))
        *(bool *)found = true;
    return TRUE;
}

/* It answers once it has done what came before, and painting comes last of all. */
static void say_painted(HWND top)
{
    bool lacks = false;
    SendMessageW(top, WM_NULL, 0, 0);
    find_unpainted(top, (LPARAM)&lacks);
    EnumChildWindows(top, find_unpainted, (LPARAM)&lacks);
    puts(lacks ? "no" : "yes");
}

static void say_process(HWND top)
{
    DWORD process = 0;
    GetWindowThreadProcessId(top, &process);
    printf("%lu %p\n", (unsigned long)process, (void *)top);
}

/* A notification, as Wine shows it. */
static BOOL CALLBACK find_balloon(HWND top, LPARAM found)
{
    wchar_t name[64];
    GetClassNameW(top, name, 64);
    if (IsWindowVisible(top) && wcscmp(name, L"tooltips_class32") == 0)
        *(bool *)found = true;
    return TRUE;
}

static void say_balloon(void)
{
    bool found = false;
    EnumWindows(find_balloon, (LPARAM)&found);
    puts(found ? "yes" : "no");
}

static void say_clipboard(void)
{
    if (!OpenClipboard(NULL))
        return;
    HANDLE memory = GetClipboardData(CF_UNICODETEXT);
    const wchar_t *text = memory ? GlobalLock(memory) : NULL;
    for (; text && *text; text++)
        if (*text != '\r')
            putchar(*text < 128 ? (char)*text : '?');
    putchar('\n');
    CloseClipboard();
}

static void obey(HWND top, const char *line)
{
    int id = 0, more = 0, used = 0;
    if (strcmp(line, "ids") == 0)
        say_ids();
    else if (strcmp(line, "page") == 0)
        say_page(top);
    else if (strcmp(line, "painted") == 0)
        say_painted(top);
    else if (strcmp(line, "process") == 0)
        say_process(top);
    else if (strcmp(line, "texts") == 0)
        EnumChildWindows(top, show_control, (LPARAM)top);
    else if (sscanf(line, "put %d %n", &id, &used) == 1)
        put(top, id, line + used);
    else if (sscanf(line, "paste %d %n", &id, &used) == 1)
        paste(top, id, line + used);
    else if (sscanf(line, "click %d", &id) == 1)
        PostMessageW(widget(top, id), BM_CLICK, 0, 0);
    else if (sscanf(line, "size %d %d", &id, &more) == 2)
        resize(top, id, more);
    else if (strcmp(line, "close") == 0)
        PostMessageW(top, WM_SYSCOMMAND, SC_CLOSE, 0);
    else if (strcmp(line, "end") == 0)
        PostMessageW(top, WM_CLOSE, 0, 0);
    else if (strcmp(line, "focus") == 0)
        say_focus(top);
    else if (strcmp(line, "clipboard") == 0)
        say_clipboard();
    else if (strcmp(line, "balloon") == 0)
        say_balloon();
    else if (strcmp(line, "shown") == 0)
        puts(IsWindowVisible(top) ? "yes" : "no");
    else
        puts("what?");
}

int main(void)
{
    char line[LEN];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = '\0';
        HWND top = window();
        if (top)
            obey(top, line);
        else
            puts("there is no window");
        puts(".");
        fflush(stdout);
    }
    return 0;
}
