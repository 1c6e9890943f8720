/* For tests: measures the texts of the real window, and writes down what does not fit. */
#include "gui/windows/window.h"

#include <stdio.h>

static const wchar_t *into;

void lp_check_into(const wchar_t *path)
{
    into = path;
}

static SIZE wanted_by(const lp_window *window, HWND control, int id,
                      const wchar_t *text, int width)
{
    LONG style = GetWindowLongW(control, GWL_STYLE) & SS_TYPEMASK;
    bool wraps = style == SS_LEFT || style == SS_RIGHT;
    wchar_t class_name[32];
    RECT rect = {0, 0, width, 0};
    GetClassNameW(control, class_name, 32);
    HDC dc = GetDC(control);
    HGDIOBJ old = SelectObject(dc, window->theme.font[lp_widget_font(id)]);
    DrawTextW(dc, text, -1, &rect,
              DT_CALCRECT |
                  (wraps && wcscmp(class_name, L"Static") == 0 ? DT_WORDBREAK
                                                               : DT_SINGLELINE));
    SelectObject(dc, old);
    ReleaseDC(control, dc);
    return (SIZE){rect.right, rect.bottom};
}

/* Texts of fields scroll, and lists have their own ways. */
static bool has_fixed_text(HWND control)
{
    wchar_t class_name[32];
    GetClassNameW(control, class_name, 32);
    return wcscmp(class_name, L"Static") == 0 || wcscmp(class_name, L"Button") == 0;
}

static void check_control(const lp_window *window, FILE *file, int id)
{
    wchar_t text[1200];
    RECT rect, client;
    HWND control = lp_widget_at(window, id);
    if (!IsWindowVisible(control) || !has_fixed_text(control) ||
        GetWindowTextW(control, text, 1200) == 0)
        return;
    GetWindowRect(control, &rect);
    MapWindowPoints(NULL, GetParent(control), (POINT *)&rect, 2);
    GetClientRect(GetParent(control), &client);
    if (GetParent(control) == window->page) { /* as much as it can be scrolled to */
        client.top = -window->extent.at;
        client.bottom = client.top + window->extent.whole;
    }
    int width = rect.right - rect.left, height = rect.bottom - rect.top;
    SIZE wanted = wanted_by(window, control, id, text, width);
    bool fits = wanted.cx <= width && wanted.cy <= height;
    bool is_inside = rect.left >= 0 && rect.top >= client.top &&
                     rect.right <= client.right && rect.bottom <= client.bottom;
    fprintf(file, "%s %d %ldx%ld in %dx%d: %ls\n",
            !fits       ? "CLIPPED"
            : is_inside ? "fits"
                        : "OUTSIDE",
            id, (long)wanted.cx, (long)wanted.cy, width, height, text);
}

void lp_check(const lp_window *window)
{
    FILE *file = into && IsWindowVisible(window->hwnd) ? _wfopen(into, L"a") : NULL;
    if (!file)
        return;
    fprintf(file, "page %d at %u dpi\n",
            window->shows_details ? 9 : (int)window->view.page, window->theme.dpi);
    for (int id = LP_HEADLINE; id < LP_WIDGET_END; id++)
        check_control(window, file, id);
    fclose(file);
}
