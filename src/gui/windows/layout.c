#include "gui/windows/window.h"

#include <commctrl.h>

/* One grid for all pages, in lengths of 96 DPI. */
enum {
    MARGIN = 20, /* around the page */
    GAP = 12,    /* between panels */
    PAD = 16,    /* within a panel */
    TIGHT = 4,   /* between lines that belong together */
    FIELD = 34,
    BUTTON = 32,
    ACT = 38,
    FOOTER = 56,
    SIGN = 40,
    SMALL_SIGN = 18,
    FACT = 26, /* a line of facts */
    FACTS = 264,
    FACT_LABEL = 88,
    LATENCY = 142,
    PEERS_LEAST = 112,
    DETAILS_LEAST = 200,
    FORM = 420,
    PAGE = 780, /* no wider: eyes lose the line */
    LEAST_WIDTH = 520,
    LEAST_HEIGHT = 420,
    LIST = 240, /* of what a field offers, dropped down */
};

typedef struct layout {
    lp_window *window;
    int left, width, top, bottom; /* of the page, all of it, without its margins */
    bool placed[LP_WIDGET_END - LP_HEADLINE];
    bool only_measures; /* nothing is placed yet */
    bool moved;         /* something was placed elsewhere than before */
} layout;

static int px(const layout *in, int length)
{
    return lp_px(&in->window->theme, length);
}

SIZE lp_layout_smallest(const lp_theme *theme)
{
    return (SIZE){lp_px(theme, LEAST_WIDTH), lp_px(theme, LEAST_HEIGHT)};
}

/* --- measuring -------------------------------------------------------------------- */

static SIZE measure(const layout *in, int id, int width)
{
    wchar_t text[1200];
    HWND control = lp_widget_at(in->window, id);
    HDC dc = GetDC(control);
    HGDIOBJ old = SelectObject(dc, in->window->theme.font[lp_widget_font(id)]);
    RECT rect = {0, 0, width, 0};
    GetWindowTextW(control, text, 1200);
    DrawTextW(dc, text[0] ? text : L" ", -1, &rect,
              DT_CALCRECT | DT_WORDBREAK | DT_NOPREFIX);
    SelectObject(dc, old);
    ReleaseDC(control, dc);
    return (SIZE){rect.right, rect.bottom};
}

static int height_of(const layout *in, int id, int width)
{
    return measure(in, id, width).cy;
}

static int button_width(const layout *in, int id)
{
    int width = measure(in, id, 10000).cx + px(in, 32);
    return width > px(in, 96) ? width : px(in, 96);
}

/* --- placing ---------------------------------------------------------------------- */

/* A combo box decides itself how high it is: `height` is that of its list. */
static bool stays(const layout *in, HWND control, int x, int y, int width, int height)
{
    RECT is;
    GetWindowRect(control, &is);
    MapWindowPoints(NULL, GetParent(control), (POINT *)&is, 2);
    return is.left == x && is.top == y && is.right == x + width &&
           (height == px(in, LIST) || is.bottom == y + height) &&
           IsWindowVisible(control);
}

static void place(layout *in, int id, int x, int y, int width, int height)
{
    HWND control = lp_widget_at(in->window, id);
    if (in->only_measures)
        return;
    in->placed[id - LP_HEADLINE] = true;
    if (stays(in, control, x, y, width, height))
        return;
    in->moved = true;
    SetWindowPos(control, NULL, x, y, width, height,
                 SWP_NOZORDER | SWP_NOACTIVATE | SWP_SHOWWINDOW | SWP_NOCOPYBITS);
    InvalidateRect(control, NULL, TRUE);
}

/* As high as its text; returns where it ends. */
static int place_text(layout *in, int id, int x, int y, int width)
{
    int height = height_of(in, id, width);
    place(in, id, x, y, width, height);
    return y + height;
}

static void add_panel(layout *in, lp_surface surface, int x, int y, int width,
                      int height)
{
    lp_window *window = in->window;
    if (!in->only_measures && window->painted.panel_count < LP_PANELS_MAX)
        window->painted.panel[window->painted.panel_count++] =
            (lp_panel){{x, y, x + width, y + height}, surface};
}

static void add_mark(layout *in, lp_tone tone, bool is_icon, int x, int y, int size)
{
    lp_window *window = in->window;
    if (!in->only_measures && window->painted.mark_count < LP_MARKS_MAX)
        window->painted.mark[window->painted.mark_count++] =
            (lp_mark){{x, y, x + size, y + size}, tone, is_icon};
}

static void hide_the_rest(layout *in)
{
    for (int id = LP_HEADLINE; id < LP_WIDGET_END; id++) {
        HWND control = lp_widget_at(in->window, id);
        if (in->placed[id - LP_HEADLINE] || !IsWindowVisible(control))
            continue;
        if (GetFocus() == control || IsChild(control, GetFocus()))
            SetFocus(in->window->hwnd); /* whoever types must not type into nowhere */
        ShowWindow(control, SW_HIDE);
        in->moved = true;
    }
}

/* --- cards that warn -------------------------------------------------------------- */

static int card_height(const layout *in, int card, int width)
{
    const lp_view_card *shown = &in->window->view.card[card];
    int text_left = PAD + SMALL_SIGN + GAP, room = width - px(in, text_left + PAD);
    if (shown->fix)
        room -= button_width(in, LP_CARD_FIX + card) + px(in, GAP);
    int texts = height_of(in, LP_CARD_TITLE + card, room) + px(in, TIGHT) +
                (shown->text[0] ? height_of(in, LP_CARD_TEXT + card, room) : 0);
    int least = shown->fix && texts < px(in, BUTTON) ? px(in, BUTTON) : texts;
    return least + 2 * px(in, GAP);
}

/* Returns where it ends. */
static int place_card(layout *in, int card, int x, int y, int width)
{
    const lp_view_card *shown = &in->window->view.card[card];
    int height = card_height(in, card, width), top = y + px(in, GAP);
    int left = x + px(in, PAD + SMALL_SIGN + GAP);
    int right = x + width - px(in, PAD);
    add_panel(in, lp_card_surface(shown->tone), x, y, width, height);
    add_mark(in, shown->tone, false, x + px(in, PAD), top, px(in, SMALL_SIGN));
    if (shown->fix) {
        int wide = button_width(in, LP_CARD_FIX + card);
        place(in, LP_CARD_FIX + card, right - wide, y + (height - px(in, BUTTON)) / 2,
              wide, px(in, BUTTON));
        right -= wide + px(in, GAP);
    }
    top = place_text(in, LP_CARD_TITLE + card, left, top, right - left);
    if (shown->text[0])
        place_text(in, LP_CARD_TEXT + card, left, top + px(in, TIGHT), right - left);
    return y + height;
}

/* Those from `from` to before `to`, each with a gap below it. */
static int place_cards(layout *in, int from, int to, int x, int y, int width)
{
    for (int card = from; card < to; card++)
        y = place_card(in, card, x, y, width) + px(in, GAP);
    return y;
}

/* What is only an offer comes below what the page is about. */
static int count_urgent(const layout *in)
{
    int count = 0, all = (int)in->window->view.card_count;
    while (count < all && in->window->view.card[count].tone != LP_TONE_CALM)
        count++;
    return count;
}

/* --- the form --------------------------------------------------------------------- */

static int place_field(layout *in, int label, int x, int y, int width)
{
    int field = label + 1, fault = label + 2;
    bool has_fault = GetWindowTextLengthW(lp_widget_at(in->window, fault)) > 0;
    y = place_text(in, label, x, y, width) + px(in, TIGHT);
    if (field == LP_PRINT) { /* its frame is painted around it */
        int line = px(in, 18), inset = px(in, 10);
        place(in, field, x + inset, y + (px(in, FIELD) - line) / 2, width - 2 * inset,
              line);
        if (!in->only_measures)
            in->window->painted.print = (RECT){x, y, x + width, y + px(in, FIELD)};
    } else {
        place(in, field, x, y, width, px(in, LIST));
    }
    y += px(in, FIELD);
    if (has_fault)
        y = place_text(in, fault, x, y + px(in, TIGHT), width);
    return y + px(in, GAP);
}

/* The column that all pages have which ask for something: icon, words, cards. */
static int place_head(layout *in, int cards, int x, int y, int width, bool is_icon)
{
    int text = x + px(in, SIGN + GAP + TIGHT), top = y - px(in, TIGHT);
    add_mark(in, in->window->view.tone, is_icon, x, y, px(in, SIGN));
    top = place_text(in, LP_HEADLINE, text, top, x + width - text);
    top = place_text(in, LP_SENTENCE, text, top + px(in, TIGHT) / 2, x + width - text);
    if (top < y + px(in, SIGN))
        top = y + px(in, SIGN);
    y = place_cards(in, 0, cards, x, top + px(in, MARGIN), width);
    return cards > 0 ? y + px(in, TIGHT) : y;
}

static int place_act(layout *in, int x, int y, int width)
{
    place(in, LP_ACT, x, y, width, px(in, ACT));
    return y + px(in, ACT);
}

static int place_form(layout *in, int y)
{
    int width = in->width < px(in, FORM) ? in->width : px(in, FORM);
    int x = in->left + (in->width - width) / 2;
    y = place_head(in, (int)in->window->view.card_count, x, y, width, true);
    y = place_field(in, LP_RELAY_LABEL, x, y, width);
    y = place_field(in, LP_ROOM_LABEL, x, y, width);
    y = place_field(in, LP_PRINT_LABEL, x, y, width) + px(in, TIGHT);
    return place_act(in, x, y, width);
}

static int place_service(layout *in, int y)
{
    int width = in->width < px(in, FORM) ? in->width : px(in, FORM);
    int x = in->left + (in->width - width) / 2;
    int urgent = count_urgent(in), all = (int)in->window->view.card_count;
    y = place_head(in, urgent, x, y, width, false);
    if (in->window->view.act != LP_ACT_NONE)
        y = place_act(in, x, y, width) + px(in, MARGIN);
    return place_cards(in, urgent, all, x, y, width);
}

/* A little above the middle, where the eye takes it for the middle. */
static int place_in_the_middle(layout *in, int (*place_at)(layout *in, int y))
{
    bool only_measures = in->only_measures;
    in->only_measures = true;
    int end = place_at(in, in->top), spare = in->bottom - end;
    in->only_measures = only_measures;
    return only_measures ? end
                         : place_at(in, in->top + (spare > 0 ? spare * 2 / 5 : 0));
}

/* --- the session ------------------------------------------------------------------ */

static int place_hero(layout *in, int y)
{
    bool has_act = in->window->view.act != LP_ACT_NONE;
    bool has_where = in->window->view.where[0] != '\0';
    int wide = has_act ? button_width(in, LP_ACT) : 0;
    int left = in->left + px(in, PAD + SIGN + PAD);
    int right = in->left + in->width - px(in, PAD) - (has_act ? wide + px(in, PAD) : 0);
    int top = y + px(in, PAD);
    int end = place_text(in, LP_HEADLINE, left, top - px(in, TIGHT), right - left);
    end = place_text(in, LP_SENTENCE, left, end + px(in, TIGHT) / 2, right - left);
    if (has_where)
        end = place_text(in, LP_WHERE, left, end + px(in, TIGHT), right - left);
    if (end < top + px(in, SIGN))
        end = top + px(in, SIGN);
    if (has_act)
        place(in, LP_ACT, right + px(in, PAD), top, wide, px(in, BUTTON));
    add_mark(in, in->window->view.tone, false, in->left + px(in, PAD), top,
             px(in, SIGN));
    add_panel(in, LP_ON_CARD, in->left, y, in->width, end + px(in, PAD) - y);
    return end + px(in, PAD + GAP);
}

static void place_latency(layout *in, int x, int y, int width, int height)
{
    int inner = width - 2 * px(in, PAD), left = x + px(in, PAD);
    add_panel(in, LP_ON_CARD, x, y, width, height);
    int top = place_text(in, LP_LATENCY_LABEL, left, y + px(in, GAP), inner);
    top = place_text(in, LP_LATENCY, left, top, inner) + px(in, TIGHT);
    place(in, LP_GRAPH, left, top, inner, y + height - px(in, GAP) - top);
}

static void place_facts(layout *in, int x, int y, int width, int height)
{
    int left = x + px(in, PAD + SMALL_SIGN + 8);
    int value = left + px(in, FACT_LABEL), right = x + width - px(in, PAD);
    add_panel(in, LP_ON_CARD, x, y, width, height);
    y += (height - LP_FACT_COUNT * px(in, FACT)) / 2;
    for (int i = 0; i < LP_FACT_COUNT; i++) {
        int line = height_of(in, LP_FACT_LABEL + i, right - left);
        int at = y + i * px(in, FACT) + (px(in, FACT) - line) / 2;
        add_mark(in, in->window->view.fact[i].tone, false, x + px(in, PAD),
                 y + i * px(in, FACT) + px(in, (FACT - SMALL_SIGN) / 2),
                 px(in, SMALL_SIGN));
        place(in, LP_FACT_LABEL + i, left, at, value - left, line);
        place(in, LP_FACT_VALUE + i, value, at, right - value, line);
    }
}

/* With its scroll bar, which stands in the panel's margin. */
static void place_list(layout *in, int id, int x, int y, int width, int height)
{
    int bar = px(in, LP_BAR_WIDTH);
    place(in, id, x, y, width, height);
    place(in, id + 1, x + width, y, bar, height);
}

/* Down to the bottom, and some lines at least. */
static int place_peers(layout *in, int y)
{
    int end = y + px(in, PEERS_LEAST), left = in->left + px(in, PAD),
        width = in->width - 2 * px(in, PAD);
    if (end < in->bottom)
        end = in->bottom;
    add_panel(in, LP_ON_CARD, in->left, y, in->width, end - y);
    int top =
        place_text(in, LP_PEERS_LABEL, left, y + px(in, GAP), width) + px(in, TIGHT);
    int line =
        (int)SendMessageW(lp_widget_at(in->window, LP_PEERS), LB_GETITEMHEIGHT, 0, 0);
    int lines = line > 0 ? (end - px(in, 8) - top) / line : 0; /* whole ones */
    place_list(in, LP_PEERS, left, top, width, (lines > 0 ? lines : 1) * line);
    return end;
}

static int place_session(layout *in)
{
    int facts = px(in, FACTS), half = (in->width - px(in, GAP)) / 2;
    if (facts < half)
        facts = half;
    int y = place_hero(in, in->top);
    y = place_cards(in, 0, (int)in->window->view.card_count, in->left, y, in->width);
    int latency = in->width - px(in, GAP) - facts, height = px(in, LATENCY);
    place_latency(in, in->left, y, latency, height);
    place_facts(in, in->left + latency + px(in, GAP), y, facts, height);
    return place_peers(in, y + height + px(in, GAP));
}

/* --- the diagnostics -------------------------------------------------------------- */

/* Title and hint, and to the right what can be done with all of it. */
static int place_details_head(layout *in)
{
    int buttons[] = {LP_REPAIR, LP_COPY}, right = in->left + in->width;
    for (int i = 0; i < 2; i++) {
        int wide = button_width(in, buttons[i]);
        place(in, buttons[i], right - wide, in->top, wide, px(in, BUTTON));
        right -= wide + px(in, 8);
    }
    place_text(in, LP_DETAILS_LABEL, in->left, in->top, right - in->left);
    return place_text(in, LP_DETAILS_HINT, in->left,
                      in->top + px(in, BUTTON) + px(in, TIGHT), in->width) +
           px(in, GAP);
}

/* Whole lines of it: half a one looks like a mistake. */
static int list_height(const layout *in, int room)
{
    RECT row = {.left = LVIR_BOUNDS};
    bool has = SendMessageW(lp_widget_at(in->window, LP_DETAILS), LVM_GETITEMRECT, 0,
                            (LPARAM)&row);
    int line = has ? row.bottom - row.top : 0;
    return line > 0 && line < room ? room / line * line : room;
}

static int place_details(layout *in)
{
    HWND list = lp_widget_at(in->window, LP_DETAILS);
    int y = place_details_head(in);
    int end = y + px(in, DETAILS_LEAST);
    if (end < in->bottom)
        end = in->bottom;
    add_panel(in, LP_ON_FIELD, in->left, y, in->width, end - y);
    int pad = px(in, 8), width = in->width - 2 * pad - px(in, LP_BAR_WIDTH);
    place_list(in, LP_DETAILS, in->left + pad, y + pad, width,
               list_height(in, end - y - 2 * pad));
    if (!in->only_measures) {
        SendMessageW(list, LVM_SETCOLUMNWIDTH, 0, px(in, 180));
        SendMessageW(list, LVM_SETCOLUMNWIDTH, 1, width - px(in, 180));
    }
    return end;
}

/* --- the page --------------------------------------------------------------------- */

/* Returns where it ends. */
static int place_page(layout *in)
{
    if (in->window->shows_details)
        return place_details(in);
    switch (in->window->view.page) {
    case LP_PAGE_FORM:
        return place_in_the_middle(in, place_form);
    case LP_PAGE_SESSION:
        return place_session(in);
    case LP_PAGE_SERVICE:
        return place_in_the_middle(in, place_service);
    }
    return in->top;
}

/* How long the page is, and how much of it is seen, from where on. */
static void measure_page(layout *in, const RECT *client)
{
    lp_window *window = in->window;
    int now = window->shows_details ? -1 : (int)window->view.page;
    in->only_measures = true;
    in->top = px(in, MARGIN);
    in->bottom = 0;
    int end = place_page(in) + px(in, GAP);
    in->only_measures = false;
    window->extent.shown = client->bottom - px(in, FOOTER);
    window->extent.whole = end > window->extent.shown ? end : window->extent.shown;
    if (now != window->extent_of)
        window->extent.at = 0; /* another page begins at its beginning */
    window->extent_of = now;
    lp_page_limit(window);
}

static void place_page_bar(layout *in, int right)
{
    const lp_extent *extent = &in->window->extent;
    int width = px(in, LP_BAR_WIDTH), inset = px(in, TIGHT);
    if (extent->whole <= extent->shown)
        return;
    place(in, LP_PAGE_BAR, right - width - inset / 2, inset, width,
          extent->shown - 2 * inset);
    InvalidateRect(lp_widget_at(in->window, LP_PAGE_BAR), NULL, FALSE);
}

static void place_footer(layout *in, int width, int height)
{
    int y = height - px(in, FOOTER) + (px(in, FOOTER) - px(in, BUTTON)) / 2;
    int x = px(in, MARGIN), buttons[] = {LP_TURN, LP_EXPORT, LP_HELP};
    for (int i = 0; i < 3; i++) {
        int wide = button_width(in, buttons[i]);
        place(in, buttons[i], x, y, wide, px(in, BUTTON));
        x += wide + px(in, 8);
    }
    int room = width - px(in, MARGIN) - x - px(in, 8);
    int high = height_of(in, LP_NOTE, room);
    place(in, LP_NOTE, x + px(in, 8), y + (px(in, BUTTON) - high) / 2, room, high);
}

/* The window that the page is; its parts find their places in it. */
static void place_ground(layout *in, int width)
{
    RECT is;
    lp_window *window = in->window;
    GetClientRect(window->page, &is);
    if (is.right == width && is.bottom == window->extent.shown)
        return;
    in->moved = true;
    MoveWindow(window->page, 0, 0, width, window->extent.shown, FALSE);
}

/* --- what has to be painted again ------------------------------------------------- */

static bool is_same_ground(const lp_painted *a, const lp_painted *b)
{
    bool same = a->panel_count == b->panel_count && EqualRect(&a->print, &b->print);
    for (size_t i = 0; same && i < a->panel_count; i++)
        same = EqualRect(&a->panel[i].rect, &b->panel[i].rect) &&
               a->panel[i].surface == b->panel[i].surface;
    return same;
}

static bool are_same_signs(const lp_painted *a, const lp_painted *b)
{
    bool same = a->mark_count == b->mark_count && a->fault == b->fault;
    for (size_t i = 0; same && i < a->mark_count; i++)
        same = EqualRect(&a->mark[i].rect, &b->mark[i].rect) &&
               a->mark[i].tone == b->mark[i].tone &&
               a->mark[i].is_icon == b->mark[i].is_icon;
    return same;
}

/* Every second the service says how it is, and mostly it is as it was. */
static void repaint(const layout *in, const lp_painted *before)
{
    const lp_window *window = in->window;
    bool all = in->moved || !is_same_ground(before, &window->painted);
    if (all || !are_same_signs(before, &window->painted))
        RedrawWindow(window->page, NULL, NULL,
                     RDW_INVALIDATE | RDW_UPDATENOW |
                         (all ? RDW_ALLCHILDREN | RDW_ERASE : 0));
    if (all)
        RedrawWindow(window->hwnd, NULL, NULL, RDW_INVALIDATE | RDW_NOCHILDREN);
}

void lp_layout(lp_window *window)
{
    RECT client;
    layout in = {.window = window};
    lp_painted before = window->painted;
    GetClientRect(window->hwnd, &client);
    if (client.right == 0)
        return; /* an icon */
    in.width = client.right - 2 * px(&in, MARGIN);
    if (in.width > px(&in, PAGE))
        in.width = px(&in, PAGE);
    in.left = (client.right - in.width) / 2;
    measure_page(&in, &client);
    window->painted = (lp_painted){.fault = window->fault.field};
    in.top = px(&in, MARGIN) - window->extent.at;
    in.bottom = window->extent.whole - px(&in, GAP) - window->extent.at;
    place_ground(&in, client.right);
    place_page(&in);
    place_page_bar(&in, client.right);
    place_footer(&in, client.right, client.bottom);
    hide_the_rest(&in);
    repaint(&in, &before);
    lp_check(window);
}
