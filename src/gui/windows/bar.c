#include "gui/windows/bar.h"

#include <commctrl.h>
#include <stdlib.h>
#include <windowsx.h>

#include "gui/windows/buffer.h"

typedef struct bar {
    HWND window, list;
    const lp_theme *theme;
    bool is_view;         /* a list view, not a list box */
    int count, page, top; /* of the list, in lines, as last drawn */
    bool is_held;
    int grip; /* where the thumb is held, from its top */
} bar;

/* --- the list --------------------------------------------------------------------- */

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
    GetClientRect(of->list, &rect);
    int height = line_height(of);
    of->count = ask(of, LB_GETCOUNT, LVM_GETITEMCOUNT);
    of->top = ask(of, LB_GETTOPINDEX, LVM_GETTOPINDEX);
    of->page = height > 0 ? rect.bottom / height : of->count;
}

static void scroll_to(const bar *of, int top)
{
    int most = of->count - of->page;
    top = top < 0 ? 0 : top > most ? most : top;
    if (of->is_view)
        SendMessageW(of->list, LVM_SCROLL, 0, (top - of->top) * line_height(of));
    else
        SendMessageW(of->list, LB_SETTOPINDEX, (WPARAM)top, 0);
    InvalidateRect(of->window, NULL, FALSE);
}

/* --- the thumb -------------------------------------------------------------------- */

static bool is_needed(const bar *of)
{
    return of->page > 0 && of->count > of->page;
}

static RECT thumb_of(const bar *of, const RECT *all)
{
    RECT rect = *all;
    int inset = lp_px(of->theme, 3), height = all->bottom;
    int size = height * of->page / of->count, least = lp_px(of->theme, 24);
    size = size > least ? size : least;
    rect.top = (height - size) * of->top / (of->count - of->page);
    rect.bottom = rect.top + size;
    rect.left += inset;
    rect.right -= inset;
    return rect;
}

static void paint(bar *of)
{
    PAINTSTRUCT what;
    RECT all;
    lp_surface on = of->is_view ? LP_ON_FIELD : LP_ON_CARD;
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
    if (y < thumb.top || y >= thumb.bottom) { /* beside it: a page */
        scroll_to(of, of->top + (y < thumb.top ? -of->page : of->page));
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
        scroll_to(of, ((y - of->grip) * (of->count - of->page) + way / 2) / way);
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

/* The list says by its style that it wants a bar of the system's; it gets none. */
static LRESULT CALLBACK hear_list(HWND list, UINT message, WPARAM w, LPARAM l,
                                  UINT_PTR id, DWORD_PTR window)
{
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

void lp_bar_join(HWND window, HWND list, const lp_theme *theme)
{
    wchar_t name[32];
    bar *of = calloc(1, sizeof *of);
    if (!of)
        return; /* then there is no bar: keys and wheel do as well */
    GetClassNameW(list, name, 32);
    *of = (bar){.window = window, .list = list, .theme = theme};
    of->is_view = wcscmp(name, WC_LISTVIEWW) == 0;
    SetWindowLongPtrW(window, GWLP_USERDATA, (LONG_PTR)of);
    SetWindowSubclass(list, hear_list, 1, (DWORD_PTR)window);
}
