/*
 * Hands and eyes for tests of the window: one command a line on standard input, and an
 * answer that ends with a line of one dot.
 *
 *     texts              every control that is seen: id, place, enabled, text
 *     put ID TEXT        types into a field       click ID      presses a button
 *     paste ID TEXT      pastes into it
 *     size W H           of the client area       close         as the X does
 *     end                as the installer does    focus         the id that has it
 *     clipboard          what is in it
 *     shown              is the window to be seen?    balloon   is there a notification?
 */
#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEN = 4000 };

static HWND window(void)
{
    HWND found = NULL;
    for (int i = 0; !found && i < 300; i++) {
        found = FindWindowW(L"lanparty-window", NULL);
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

static BOOL CALLBACK show_control(HWND control, LPARAM top)
{
    wchar_t text[LEN] = L"";
    RECT rect;
    if (GetParent(control) != (HWND)top || !IsWindowVisible(control))
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

/* The field's owner hears of it, as of typing. */
static void put(HWND top, int id, const char *text)
{
    wchar_t wide[LEN];
    HWND control = GetDlgItem(top, id),
         edit = FindWindowExW(control, NULL, L"Edit", NULL);
    MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, LEN);
    SendMessageW(edit ? edit : control, WM_SETTEXT, 0, (LPARAM)wide);
}

/* As Ctrl+V does. */
static void paste(HWND top, int id, const char *text)
{
    HWND control = GetDlgItem(top, id),
         edit = FindWindowExW(control, NULL, L"Edit", NULL);
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
    while (at && GetParent(at) && GetParent(at) != top)
        at = GetParent(at);
    printf("%d\n", at && at != top ? (int)GetDlgCtrlID(at) : 0);
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
    if (strcmp(line, "texts") == 0)
        EnumChildWindows(top, show_control, (LPARAM)top);
    else if (sscanf(line, "put %d %n", &id, &used) == 1)
        put(top, id, line + used);
    else if (sscanf(line, "paste %d %n", &id, &used) == 1)
        paste(top, id, line + used);
    else if (sscanf(line, "click %d", &id) == 1)
        PostMessageW(GetDlgItem(top, id), BM_CLICK, 0, 0);
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
