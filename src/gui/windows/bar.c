#include "gui/windows/bar.h"

#include <commctrl.h>
#include <stdlib.h>
#include <windowsx.h>

#include "gui/windows/buffer.h"

typedef struct bar {
    HWND window, list; /* or a page */
    const lp_theme *theme;
    bool is_view;          /* a list view, not a list box */
    const lp_extent *page; /* NULL: a list, which is asked */
    lp_extent seen;        /* as last drawn */
    bool is_held;
    int grip; /* where the thumb is held, from its top */
} bar;

/* --- what it stands beside -------------------------------------------------------- */

static int ask(const bar *of, UINT box, UINT view)
{
    return (int)SendMessageW(of->list, of->is_view ? view : box, 0, 0);
}

static int line_height(const bar *of)
{
    RECT rect = {.left = LVIR_BOUNDS};
    if (!of->is_view)
        return ask(of, LB_GETITEMHEIGHT, 0);
    return SendMessageW(of->list, LVM_GETITEMRECT, 0, (LPARAM)&rect)
               ? rect.bottom - rect.top
               : 0;
}

static void look(bar *of)
{
    RECT rect;
    if (of->page) {
        of->seen = *of->page;
        return;
    }
    GetClientRect(of->list, &rect);
    int height = line_height(of);
    of->seen.whole = ask(of, LB_GETCOUNT, LVM_GETITEMCOUNT);
    of->seen.at = ask(of, LB_GETTOPINDEX, LVM_GETTOPINDEX);
    of->seen.shown = height > 0 ? rect.bottom / height : of->seen.whole;
}

static void scroll_to(const bar *of, int at)
{
    int most = of->seen.whole - of->seen.shown;
    at = at < 0 ? 0 : at > most ? most : at;
    if (of->page)
        SendMessageW(of->list, LP_WM_SCROLL, (WPARAM)at, 0);
    else if (of->is_view)
        SendMessageW(of->list, LVM_SCROLL, 0, (at - of->seen.at) * line_height(of));
    else
        SendMessageW(of->list, LB_SETTOPINDEX, (WPARAM)at, 0);
    InvalidateRect(of->window, NULL, FALSE);
}

/* --- the thumb -------------------------------------------------------------------- */

static bool is_needed(const bar *of)
{
    return of->seen.shown > 0 && of->seen.whole > of->seen.shown;
}

static RECT thumb_of(const bar *of, const RECT *all)
{
    RECT rect = *all;
    int inset = lp_px(of->theme, 3), height = all->bottom;
    int size = MulDiv(height, of->seen.shown, of->seen.whole);
    int least = lp_px(of->theme, 24);
    size = size > least ? size : least;
    rect.top = MulDiv(height - size, of->seen.at, of->seen.whole - of->seen.shown);
    rect.bottom = rect.top + size;
    rect.left += inset;
    rect.right -= inset;
    return rect;
}

static void paint(bar *of)
{
    PAINTSTRUCT what;
    RECT all;
    lp_surface on = of->page ? LP_ON_WINDOW : of->is_view ? LP_ON_FIELD : LP_ON_CARD;
    HDC screen = BeginPaint(of->window, &what);
    GetClientRect(of->window, &all);
    lp_buffer to = lp_buffer_begin(screen, all, of->theme->brush[on]);
    look(of);
    if (is_needed(of)) {
        RECT thumb = thumb_of(of, &all);
        lp_colour colour =
            lp_colour_of(of->is_held ? of->theme->dim : of->theme->edge[LP_ON_FIELD]);
        lp_draw_round(&to.canvas, lp_buffer_box(&to, thumb),
                      (float)(thumb.right - thumb.left) / 2, colour, colour, 0);
    }
    lp_buffer_end(&to);
    EndPaint(of->window, &what);
}

static void press(bar *of, int y)
{
    RECT all;
    GetClientRect(of->window, &all);
    look(of);
    if (!is_needed(of))
        return;
    RECT thumb = thumb_of(of, &all);
    if (y < thumb.top || y >= thumb.bottom) { /* beside it: most of what is seen */
        int step = of->seen.shown - of->seen.shown / 3;
        scroll_to(of, of->seen.at + (y < thumb.top ? -step : step));
        return;
    }
    of->is_held = true;
    of->grip = y - thumb.top;
    SetCapture(of->window);
    InvalidateRect(of->window, NULL, FALSE);
}

static void drag(bar *of, int y)
{
    RECT all;
    GetClientRect(of->window, &all);
    look(of);
    if (!of->is_held || !is_needed(of))
        return;
    RECT thumb = thumb_of(of, &all);
    int way = all.bottom - (thumb.bottom - thumb.top);
    if (way > 0)
        scroll_to(of, MulDiv(y - of->grip, of->seen.whole - of->seen.shown, way));
}

static void release(bar *of)
{
    of->is_held = false;
    if (GetCapture() == of->window)
        ReleaseCapture();
    InvalidateRect(of->window, NULL, FALSE);
}

/* --- messages --------------------------------------------------------------------- */

static LRESULT CALLBACK bar_proc(HWND window, UINT message, WPARAM w, LPARAM l)
{
    bar *of = (bar *)GetWindowLongPtrW(window, GWLP_USERDATA);
    if (!of)
        return DefWindowProcW(window, message, w, l);
    switch (message) {
    case WM_PAINT:
        paint(of);
        return 0;
    case WM_ERASEBKGND:
        return 1;
    case WM_LBUTTONDOWN:
        press(of, GET_Y_LPARAM(l));
        return 0;
    case WM_MOUSEMOVE:
        drag(of, GET_Y_LPARAM(l));
        return 0;
    case WM_LBUTTONUP:
    case WM_CAPTURECHANGED:
        release(of);
        return 0;
    case WM_NCDESTROY:
        SetWindowLongPtrW(window, GWLP_USERDATA, 0);
        free(of);
        return 0;
    }
    return DefWindowProcW(window, message, w, l);
}

/* The list says by its style that it wants a bar of the system's; it gets none. A wheel
 * that has nothing to turn here turns the page. */
static LRESULT CALLBACK hear_list(HWND list, UINT message, WPARAM w, LPARAM l,
                                  UINT_PTR id, DWORD_PTR window)
{
    bar *of = (bar *)GetWindowLongPtrW((HWND)window, GWLP_USERDATA);
    if (message == WM_MOUSEWHEEL && of) {
        look(of);
        if (!is_needed(of))
            return SendMessageW(GetParent(list), message, w, l);
    }
    if (message == WM_NCCALCSIZE) {
        LONG style = GetWindowLongW(list, GWL_STYLE), bars = WS_VSCROLL | WS_HSCROLL;
        if (style & bars)
            SetWindowLongW(list, GWL_STYLE, style & ~bars);
    }
    LRESULT result = DefSubclassProc(list, message, w, l);
    if (message == WM_PAINT || message == WM_VSCROLL || message == WM_MOUSEWHEEL)
        InvalidateRect((HWND)window, NULL, FALSE);
    return result;
}

bool lp_bar_register(void)
{
    WNDCLASSEXW ours = {.cbSize = sizeof ours,
                        .lpfnWndProc = bar_proc,
                        .hInstance = GetModuleHandleW(NULL),
                        .hCursor = LoadCursorW(NULL, (LPCWSTR)IDC_ARROW),
                        .lpszClassName = LP_BAR_CLASS};
    return RegisterClassExW(&ours);
}

/* Without memory there is no bar: keys and wheel do as well. */
static bar *make(HWND window, HWND list, const lp_theme *theme)
{
    bar *of = calloc(1, sizeof *of);
    if (of)
        *of = (bar){.window = window, .list = list, .theme = theme};
    SetWindowLongPtrW(window, GWLP_USERDATA, (LONG_PTR)of);
    return of;
}

void lp_bar_join(HWND window, HWND list, const lp_theme *theme)
{
    wchar_t name[32];
    bar *of = make(window, list, theme);
    if (!of)
        return;
    GetClassNameW(list, name, 32);
    of->is_view = wcscmp(name, WC_LISTVIEWW) == 0;
    SetWindowSubclass(list, hear_list, 1, (DWORD_PTR)window);
}

void lp_bar_join_page(HWND window, HWND page, const lp_extent *extent,
                      const lp_theme *theme)
{
    bar *of = make(window, page, theme);
    if (of)
        of->page = extent;
}
