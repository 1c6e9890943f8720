#include "gui/windows/window.h"

#include "gui/windows/buffer.h"
#include "gui/windows/resource.h"
#include "os/windows/text.h"

enum { RADIUS = 8, FIELD_RADIUS = 6, TEXT_LEN = 1100 };

static int px(const lp_window *window, int length)
{
    return lp_px(&window->theme, length);
}

/* A hairline at 100 %, and as thin elsewhere as it can be seen. */
static float hair(const lp_window *window)
{
    return window->theme.dpi >= 168 ? 2 : 1;
}

static lp_colour tone_colour(const lp_window *window, lp_tone tone)
{
    return lp_colour_of(window->theme.tone[tone]);
}

/* Of what is drawn on a coloured disc. */
static lp_colour sign_colour(const lp_window *window)
{
    const lp_theme *theme = &window->theme;
    return lp_colour_of(theme->surface[theme->is_dark ? LP_ON_WINDOW : LP_ON_CARD]);
}

static void draw_text(HDC dc, const wchar_t *text, RECT rect, COLORREF colour,
                      HFONT font, UINT format)
{
    HGDIOBJ old = SelectObject(dc, font);
    SetBkMode(dc, TRANSPARENT);
    SetTextColor(dc, colour);
    DrawTextW(dc, text, -1, &rect, format | DT_SINGLELINE);
    SelectObject(dc, old);
}

/* --- the window ------------------------------------------------------------------- */

static void paint_icon(HDC dc, const RECT *rect)
{
    int size = rect->right - rect->left;
    HICON icon = LoadImageW(GetModuleHandleW(NULL), MAKEINTRESOURCEW(LP_ICON),
                            IMAGE_ICON, size, size, 0);
    DrawIconEx(dc, rect->left, rect->top, icon, size, size, 0, NULL, DI_NORMAL);
    DestroyIcon(icon);
}

static void paint_panels(const lp_window *window, lp_buffer *to)
{
    const lp_theme *theme = &window->theme;
    for (size_t i = 0; i < window->painted.panel_count; i++) {
        const lp_panel *panel = &window->painted.panel[i];
        lp_draw_round(&to->canvas, lp_buffer_box(to, panel->rect),
                      (float)px(window, RADIUS),
                      lp_colour_of(theme->surface[panel->surface]),
                      lp_colour_of(theme->edge[panel->surface]), hair(window));
    }
}

static void paint_marks(const lp_window *window, lp_buffer *to)
{
    for (size_t i = 0; i < window->painted.mark_count; i++) {
        const lp_mark *mark = &window->painted.mark[i];
        if (!mark->is_icon)
            lp_draw_sign(&to->canvas, lp_buffer_box(to, mark->rect), mark->tone,
                         tone_colour(window, mark->tone), sign_colour(window));
    }
    for (size_t i = 0; i < window->painted.mark_count; i++) {
        if (window->painted.mark[i].is_icon)
            paint_icon(to->dc, &window->painted.mark[i].rect);
    }
}

static void draw_field(const lp_window *window, lp_buffer *to, RECT rect,
                       bool has_focus, bool has_fault)
{
    const lp_theme *theme = &window->theme;
    COLORREF line = has_fault   ? theme->tone[LP_TONE_BAD]
                    : has_focus ? theme->accent
                                : theme->edge[LP_ON_FIELD];
    lp_draw_round(&to->canvas, lp_buffer_box(to, rect), (float)px(window, FIELD_RADIUS),
                  lp_colour_of(theme->surface[LP_ON_FIELD]), lp_colour_of(line),
                  has_focus || has_fault ? (float)px(window, 2) : hair(window));
}

/* The one field that is a plain edit has no frame of its own. */
static void paint_print(const lp_window *window, lp_buffer *to)
{
    RECT rect = window->painted.print;
    if (rect.right > rect.left)
        draw_field(window, to, rect, GetFocus() == lp_widget_at(window, LP_PRINT),
                   window->fault.field == LP_FORM_FINGERPRINT);
}

/* The footer: all above it is the page. */
void lp_paint_window(lp_window *window)
{
    PAINTSTRUCT what;
    RECT client, line;
    HDC screen = BeginPaint(window->hwnd, &what);
    GetClientRect(window->hwnd, &client);
    client.top = window->extent.shown;
    lp_buffer to = lp_buffer_begin(screen, client, window->theme.brush[LP_ON_WINDOW]);
    line = client;
    line.bottom = line.top + (LONG)hair(window);
    lp_draw_box(&to.canvas, lp_buffer_box(&to, line),
                lp_colour_of(window->theme.edge[LP_ON_WINDOW]));
    lp_buffer_end(&to);
    EndPaint(window->hwnd, &what);
}

void lp_paint_page(lp_window *window)
{
    PAINTSTRUCT what;
    RECT client;
    HDC screen = BeginPaint(window->page, &what);
    GetClientRect(window->page, &client);
    lp_buffer to = lp_buffer_begin(screen, client, window->theme.brush[LP_ON_WINDOW]);
    paint_panels(window, &to);
    paint_print(window, &to);
    paint_marks(window, &to);
    lp_buffer_end(&to);
    EndPaint(window->page, &what);
}

/* --- fields ----------------------------------------------------------------------- */

static void draw_chevron(const lp_window *window, lp_buffer *to, RECT rect)
{
    lp_box box = lp_buffer_box(to, rect);
    float x = box.right - (float)px(window, 18), d = (float)px(window, 4);
    float y = (box.top + box.bottom) / 2 - d / 2;
    const lp_point points[] = {{x - d, y}, {x, y + d}, {x + d, y}};
    lp_draw_lines(&to->canvas, points, 3, (float)px(window, 3) / 2,
                  lp_colour_of(window->theme.dim));
}

void lp_paint_field(const lp_window *window, HDC dc, RECT rect, bool has_focus,
                    bool has_fault, bool has_list)
{
    lp_buffer to = lp_buffer_begin(dc, rect, window->theme.brush[LP_ON_WINDOW]);
    draw_field(window, &to, rect, has_focus, has_fault);
    if (has_list)
        draw_chevron(window, &to, rect);
    lp_buffer_end(&to);
}

void lp_paint_offer(const lp_window *window, const DRAWITEMSTRUCT *item)
{
    const lp_theme *theme = &window->theme;
    bool chosen = item->itemState & ODS_SELECTED;
    wchar_t text[TEXT_LEN] = L"";
    RECT rect = item->rcItem;
    HBRUSH brush =
        CreateSolidBrush(chosen ? theme->accent : theme->surface[LP_ON_FIELD]);
    FillRect(item->hDC, &rect, brush);
    DeleteObject(brush);
    if (item->itemID == (UINT)-1 ||
        SendMessageW(item->hwndItem, CB_GETLBTEXTLEN, item->itemID, 0) >= TEXT_LEN)
        return;
    SendMessageW(item->hwndItem, CB_GETLBTEXT, item->itemID, (LPARAM)text);
    rect.left += px(window, 10);
    draw_text(item->hDC, text, rect, chosen ? theme->on_accent : theme->text,
              theme->font[LP_FONT_BODY], DT_VCENTER | DT_NOPREFIX | DT_END_ELLIPSIS);
}

/* --- buttons ---------------------------------------------------------------------- */

typedef struct dress {
    COLORREF fill, line, text;
    HFONT font;
} dress;

static dress dress_of(const lp_window *window, const DRAWITEMSTRUCT *item)
{
    const lp_theme *theme = &window->theme;
    bool hot = window->hot == item->hwndItem, down = item->itemState & ODS_SELECTED;
    bool can = !lp_widget_waits(window, (int)item->CtlID);
    bool is_main = item->CtlID == LP_ACT && window->view.act != LP_ACT_DISCONNECT;
    if (is_main && can) {
        COLORREF fill = down  ? theme->accent_down
                        : hot ? theme->accent_hot
                              : theme->accent;
        return (dress){fill, fill, theme->on_accent, theme->font[LP_FONT_STRONG]};
    }
    return (dress){down  ? theme->button_down
                   : hot ? theme->button_hot
                         : theme->button,
                   theme->edge[LP_ON_FIELD], can ? theme->text : theme->dim,
                   theme->font[is_main ? LP_FONT_STRONG : LP_FONT_BODY]};
}

static lp_surface behind_button(const lp_window *window, int id)
{
    if (id == LP_ACT)
        return window->view.page == LP_PAGE_SESSION ? LP_ON_CARD : LP_ON_WINDOW;
    return lp_widget_surface(window, id);
}

static bool shows_focus(const DRAWITEMSTRUCT *item)
{
    return (item->itemState & ODS_FOCUS) && !(item->itemState & ODS_NOFOCUSRECT);
}

void lp_paint_button(const lp_window *window, const DRAWITEMSTRUCT *item)
{
    wchar_t text[TEXT_LEN];
    RECT rect = item->rcItem, ring = rect;
    dress in = dress_of(window, item);
    float radius = (float)px(window, FIELD_RADIUS), pen = (float)px(window, 3) / 2;
    lp_buffer to = lp_buffer_begin(
        item->hDC, rect, window->theme.brush[behind_button(window, (int)item->CtlID)]);
    lp_draw_round(&to.canvas, lp_buffer_box(&to, rect), radius, lp_colour_of(in.fill),
                  lp_colour_of(in.line), hair(window));
    if (shows_focus(item)) {
        InflateRect(&ring, -px(window, 2), -px(window, 2));
        lp_draw_round(&to.canvas, lp_buffer_box(&to, ring),
                      radius - (float)px(window, 2), lp_colour_of(in.fill),
                      lp_colour_of(in.text), pen);
    }
    GetWindowTextW(item->hwndItem, text, TEXT_LEN);
    draw_text(to.dc, text, rect, in.text, in.font,
              DT_CENTER | DT_VCENTER |
                  (item->itemState & ODS_NOACCEL ? DT_HIDEPREFIX : 0));
    lp_buffer_end(&to);
}

/* --- who is in the room ----------------------------------------------------------- */

static void draw_put(const lp_window *window, HDC dc, const char *text, RECT rect,
                     COLORREF colour, UINT format)
{
    wchar_t wide[TEXT_LEN];
    if (lp_text_to_wide(text, wide, TEXT_LEN))
        draw_text(dc, wide, rect, colour, window->theme.font[LP_FONT_BODY],
                  format | DT_VCENTER | DT_NOPREFIX | DT_END_ELLIPSIS);
}

static void draw_peer(const lp_window *window, lp_buffer *to, const lp_view_peer *peer)
{
    const lp_theme *theme = &window->theme;
    RECT rect = to->rect, head = rect;
    int size = px(window, 20);
    rect.left += px(window, 6);
    rect.right -= px(window, 8);
    if (peer->is_note) {
        draw_put(window, to->dc, peer->name, rect, theme->dim, DT_LEFT);
        return;
    }
    head.left = rect.left;
    head.right = head.left + size;
    head.top += (rect.bottom - rect.top - size) / 2;
    head.bottom = head.top + size;
    lp_draw_head(&to->canvas, lp_buffer_box(to, head), peer->is_gateway,
                 tone_colour(window, peer->is_gateway ? LP_TONE_GOOD : LP_TONE_BUSY),
                 sign_colour(window));
    rect.left += px(window, 30);
    draw_put(window, to->dc, peer->latency, rect, theme->dim, DT_RIGHT);
    rect.right -= px(window, 70);
    draw_put(window, to->dc, peer->name, rect, theme->text, DT_LEFT);
    rect.left += px(window, 110);
    draw_put(window, to->dc, peer->detail, rect, theme->dim, DT_LEFT);
}

void lp_paint_peer(const lp_window *window, const DRAWITEMSTRUCT *item)
{
    const lp_theme *theme = &window->theme;
    lp_buffer to = lp_buffer_begin(item->hDC, item->rcItem, theme->brush[LP_ON_CARD]);
    if ((item->itemState & ODS_SELECTED) || shows_focus(item))
        lp_draw_round(&to.canvas, lp_buffer_box(&to, item->rcItem),
                      (float)px(window, FIELD_RADIUS),
                      lp_colour_of(theme->surface[LP_ON_WINDOW]),
                      lp_colour_of(shows_focus(item) ? theme->accent
                                                     : theme->surface[LP_ON_WINDOW]),
                      hair(window));
    if (item->itemID < window->view.peer_count)
        draw_peer(window, &to, &window->view.peer[item->itemID]);
    lp_buffer_end(&to);
}

/* --- the graph -------------------------------------------------------------------- */

typedef struct curve {
    lp_point at[LP_GRAPH_SAMPLES];
    int count;
} curve;

static void draw_curve(const lp_window *window, lp_buffer *to, curve *points,
                       float bottom)
{
    lp_colour colour = tone_colour(window, LP_TONE_BUSY);
    lp_draw_area(&to->canvas, points->at, points->count, bottom, colour);
    lp_draw_lines(&to->canvas, points->at, points->count, (float)px(window, 7) / 4,
                  colour);
    points->count = 0;
}

/* A gap in the samples is a gap in the curve. */
static void draw_curves(const lp_window *window, lp_buffer *to, lp_box in)
{
    float top = (float)lp_graph_top(&window->graph);
    float step = (in.right - in.left) / (LP_GRAPH_SAMPLES - 1);
    curve points = {.count = 0};
    for (size_t age = 0; age < LP_GRAPH_SAMPLES; age++) {
        double ms;
        if (lp_graph_at(&window->graph, age, &ms))
            points.at[points.count++] =
                (lp_point){in.right - step * (float)age,
                           in.bottom - (in.bottom - in.top) * (float)ms / top};
        else
            draw_curve(window, to, &points, in.bottom);
    }
    draw_curve(window, to, &points, in.bottom);
}

static void draw_scale(const lp_window *window, lp_buffer *to, lp_box in)
{
    lp_colour edge = lp_colour_of(window->theme.edge[LP_ON_CARD]);
    lp_draw_box(&to->canvas, (lp_box){in.left, in.top, in.right, in.top + hair(window)},
                edge);
    lp_draw_box(&to->canvas,
                (lp_box){in.left, in.bottom, in.right, in.bottom + hair(window)}, edge);
}

void lp_paint_graph(const lp_window *window, HWND graph)
{
    PAINTSTRUCT what;
    RECT rect;
    char top[24];
    HDC screen = BeginPaint(graph, &what);
    GetClientRect(graph, &rect);
    lp_buffer to = lp_buffer_begin(screen, rect, window->theme.brush[LP_ON_CARD]);
    int line = px(window, 16);
    lp_box in = {0, (float)line, (float)rect.right,
                 (float)(rect.bottom - px(window, 3))};
    draw_scale(window, &to, in);
    draw_curves(window, &to, in);
    rect.bottom = line;
    lp_view_latency(lp_graph_top(&window->graph), top, sizeof top);
    draw_put(window, to.dc, top, rect, window->theme.dim, DT_RIGHT);
    lp_buffer_end(&to);
    EndPaint(graph, &what);
}
