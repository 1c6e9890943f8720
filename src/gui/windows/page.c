/* The part of the window above its footer: where everything stands, and what scrolls when
 * that is more than fits. Its messages are the window's. */
#include "gui/windows/window.h"

#include <windowsx.h>

#define PAGE_CLASS L"lanparty-page"

enum {
    NOTCH = 60, /* what one notch of a wheel moves, at 96 DPI */
    KEPT = 120, /* what a whole page leaves to be seen: a warning is not torn */
    RIM = 24,   /* what is seen around the control that has the focus */
};

static lp_window *window_of(HWND page)
{
    return (lp_window *)GetWindowLongPtrW(GetParent(page), GWLP_USERDATA);
}

static LRESULT CALLBACK page_proc(HWND page, UINT message, WPARAM w, LPARAM l)
{
    lp_window *window = window_of(page);
    if (!window)
        return DefWindowProcW(page, message, w, l);
    switch (message) {
    case WM_PAINT:
        lp_paint_page(window);
        return 0;
    case WM_ERASEBKGND:
        return 1;
    case LP_WM_SCROLL:
        lp_page_scroll(window, (int)w);
        return 0;
    case WM_COMMAND:
    case WM_NOTIFY:
    case WM_DRAWITEM:
    case WM_CTLCOLORSTATIC:
    case WM_CTLCOLOREDIT:
    case WM_CTLCOLORLISTBOX:
    case WM_MOUSEWHEEL:
        return SendMessageW(window->hwnd, message, w, l);
    }
    return DefWindowProcW(page, message, w, l);
}

bool lp_page_register(void)
{
    WNDCLASSEXW ours = {.cbSize = sizeof ours,
                        .lpfnWndProc = page_proc,
                        .hInstance = GetModuleHandleW(NULL),
                        .hCursor = LoadCursorW(NULL, (LPCWSTR)IDC_ARROW),
                        .lpszClassName = PAGE_CLASS};
    return RegisterClassExW(&ours);
}

HWND lp_page_make(HWND parent)
{
    return CreateWindowExW(WS_EX_CONTROLPARENT, PAGE_CLASS, L"",
                           WS_CHILD | WS_VISIBLE | WS_CLIPCHILDREN | WS_CLIPSIBLINGS, 0,
                           0, 10, 10, parent, NULL, GetModuleHandleW(NULL), NULL);
}

/* --- scrolling -------------------------------------------------------------------- */

void lp_page_scroll(lp_window *window, int at)
{
    int before = window->extent.at;
    window->extent.at = at;
    lp_page_limit(window);
    if (window->extent.at != before)
        lp_layout(window);
}

void lp_page_limit(lp_window *window)
{
    lp_extent *extent = &window->extent;
    int most = extent->whole - extent->shown;
    if (extent->at > most)
        extent->at = most;
    if (extent->at < 0)
        extent->at = 0;
}

void lp_page_wheel(lp_window *window, int turned)
{
    int way = MulDiv(lp_px(&window->theme, NOTCH), turned, WHEEL_DELTA);
    lp_page_scroll(window, window->extent.at - way);
}

static bool is_open_list(HWND focus)
{
    HWND combo = focus ? GetParent(focus) : NULL;
    return SendMessageW(focus, CB_GETDROPPEDSTATE, 0, 0) ||
           (combo && SendMessageW(combo, CB_GETDROPPEDSTATE, 0, 0));
}

bool lp_page_takes_key(lp_window *window, WPARAM key)
{
    const lp_extent *extent = &window->extent;
    bool is_up = key == VK_PRIOR;
    if ((!is_up && key != VK_NEXT) || extent->whole <= extent->shown ||
        is_open_list(GetFocus()))
        return false;
    int step = extent->shown - lp_px(&window->theme, KEPT);
    lp_page_scroll(window, extent->at + (is_up ? -step : step));
    return true;
}

void lp_page_follow(lp_window *window)
{
    RECT rect;
    HWND control = GetFocus();
    const lp_extent *extent = &window->extent;
    int rim = lp_px(&window->theme, RIM), at = extent->at;
    if (!control || !IsChild(window->page, control))
        return;
    while (GetParent(control) != window->page)
        control = GetParent(control);
    GetWindowRect(control, &rect);
    MapWindowPoints(NULL, window->page, (POINT *)&rect, 2);
    if (rect.bottom + rim > extent->shown)
        at += rect.bottom + rim - extent->shown;
    if (rect.top - rim < at - extent->at) /* its beginning counts more than its end */
        at = extent->at + rect.top - rim;
    lp_page_scroll(window, at);
}
