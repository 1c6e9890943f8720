#include "gui/windows/window.h"

#include <commctrl.h>
#include <uxtheme.h>
#include <windowsx.h>

#include "gui/text.h"
#include "gui/windows/bar.h"
#include "os/windows/text.h"

enum { TEXT_LEN = 1100 };

/* --- what there is ---------------------------------------------------------------- */

typedef enum kind {
    LABEL,
    LINE,
    NOTE,
    BUTTON,
    FIELD,
    COMBO,
    GRAPH,
    PEERS,
    DETAILS,
    BAR
} kind;

static const struct {
    const wchar_t *class_name;
    DWORD style;
} kinds[] = {
    [LABEL] = {L"STATIC", SS_LEFT | SS_NOPREFIX},
    [LINE] = {L"STATIC", SS_LEFTNOWORDWRAP | SS_NOPREFIX | SS_ENDELLIPSIS},
    [NOTE] = {L"STATIC", SS_RIGHT | SS_NOPREFIX},
    [BUTTON] = {L"BUTTON", BS_OWNERDRAW | WS_TABSTOP},
    [FIELD] = {L"EDIT", ES_AUTOHSCROLL | WS_TABSTOP},
    [COMBO] = {L"COMBOBOX", CBS_DROPDOWN | CBS_OWNERDRAWFIXED | CBS_HASSTRINGS |
                                CBS_AUTOHSCROLL | CBS_NOINTEGRALHEIGHT | WS_TABSTOP |
                                WS_VSCROLL},
    [GRAPH] = {L"lanparty-graph", 0},
    [BAR] = {LP_BAR_CLASS, 0},
    [PEERS] = {L"LISTBOX", LBS_OWNERDRAWFIXED | LBS_HASSTRINGS | LBS_NOINTEGRALHEIGHT |
                               WS_VSCROLL | WS_TABSTOP},
    [DETAILS] = {WC_LISTVIEWW,
                 LVS_REPORT | LVS_NOCOLUMNHEADER | LVS_SHOWSELALWAYS | WS_TABSTOP},
};

static kind kind_of(int id)
{
    if (id == LP_RELAY || id == LP_ROOM)
        return COMBO;
    if (id == LP_PRINT)
        return FIELD;
    if (id == LP_GRAPH)
        return GRAPH;
    if (id == LP_PEERS_BAR || id == LP_DETAILS_BAR || id == LP_PAGE_BAR)
        return BAR;
    if (id == LP_PEERS)
        return PEERS;
    if (id == LP_DETAILS)
        return DETAILS;
    if (id == LP_ACT || id == LP_COPY || id == LP_REPAIR || id == LP_TURN ||
        id == LP_EXPORT || id == LP_HELP ||
        (id >= LP_CARD_FIX && id < LP_CARD_FIX + LP_VIEW_CARDS_MAX))
        return BUTTON;
    if (id == LP_NOTE)
        return NOTE;
    if (id >= LP_FACT_VALUE && id < LP_PEERS_LABEL)
        return LINE;
    return LABEL;
}

static bool is_named_by_key(int id) /* its "&" underlines a letter */
{
    return id == LP_RELAY_LABEL || id == LP_ROOM_LABEL || id == LP_PRINT_LABEL;
}

lp_font lp_widget_font(int id)
{
    if (id == LP_HEADLINE || id == LP_DETAILS_LABEL)
        return LP_FONT_TITLE;
    if (id == LP_LATENCY)
        return LP_FONT_NUMBER;
    if (id == LP_PEERS_LABEL || (id >= LP_CARD_TITLE && id < LP_CARD_TEXT))
        return LP_FONT_STRONG;
    return LP_FONT_BODY;
}

lp_surface lp_card_surface(lp_tone tone)
{
    return tone == LP_TONE_BAD    ? LP_ON_BAD
           : tone == LP_TONE_WARN ? LP_ON_WARN
                                  : LP_ON_CARD;
}

lp_surface lp_widget_surface(const lp_window *window, int id)
{
    if (id >= LP_CARD_TITLE && id < LP_CARD_FIX + LP_VIEW_CARDS_MAX) {
        int card = (id - LP_CARD_TITLE) % LP_VIEW_CARDS_MAX;
        return lp_card_surface(window->view.card[card].tone);
    }
    if (id <= LP_WHERE && window->view.page == LP_PAGE_SESSION)
        return LP_ON_CARD;
    if (id >= LP_LATENCY_LABEL && id <= LP_PEERS)
        return LP_ON_CARD;
    return id == LP_PRINT || id == LP_DETAILS ? LP_ON_FIELD : LP_ON_WINDOW;
}

static bool is_fault(int id)
{
    return id == LP_RELAY_FAULT || id == LP_ROOM_FAULT || id == LP_PRINT_FAULT;
}

COLORREF lp_widget_colour(const lp_window *window, int id)
{
    bool is_dim = id == LP_WHERE || id == LP_NOTE || id == LP_LATENCY_LABEL ||
                  id == LP_DETAILS_HINT ||
                  (id >= LP_FACT_LABEL && id < LP_FACT_VALUE) ||
                  (id == LP_SENTENCE && window->view.page != LP_PAGE_SESSION);
    if (is_fault(id))
        return window->theme.tone[LP_TONE_BAD];
    return is_dim ? window->theme.dim : window->theme.text;
}

bool lp_widget_orders(int id)
{
    return id == LP_ACT || id == LP_REPAIR || id == LP_EXPORT ||
           (id >= LP_CARD_FIX && id < LP_CARD_FIX + LP_VIEW_CARDS_MAX);
}

bool lp_widget_waits(const lp_window *window, int id)
{
    return lp_widget_orders(id) && window->waits_for != LP_ORDER_STATUS;
}

/* --- texts ------------------------------------------------------------------------ */

HWND lp_widget_at(const lp_window *window, int id)
{
    return GetDlgItem(id < LP_TURN ? window->page : window->hwnd, id);
}

void lp_widget_put(const lp_window *window, int id, const char *text)
{
    wchar_t wide[TEXT_LEN], now[TEXT_LEN];
    HWND control = lp_widget_at(window, id);
    if (!lp_text_to_wide(text, wide, TEXT_LEN))
        return;
    GetWindowTextW(control, now, TEXT_LEN);
    if (wcscmp(now, wide) != 0) /* what stays does not flicker */
        SetWindowTextW(control, wide);
}

char *lp_widget_text(const lp_window *window, int id, char *out, size_t out_len)
{
    wchar_t wide[TEXT_LEN];
    GetWindowTextW(lp_widget_at(window, id), wide, TEXT_LEN);
    if (!lp_text_of_wide(wide, out, out_len))
        out[0] = '\0';
    return out;
}

/* --- fields ----------------------------------------------------------------------- */

static bool has_fault(const lp_window *window, int id)
{
    lp_form_field field = window->fault.field;
    return (id == LP_RELAY && field == LP_FORM_RELAY) ||
           (id == LP_ROOM && field == LP_FORM_ROOM) ||
           (id == LP_PRINT && field == LP_FORM_FINGERPRINT);
}

/* Its own place for the edit is that of a combo box with a border and of one line. */
static void place_edit(const lp_window *window, HWND combo)
{
    COMBOBOXINFO info = {.cbSize = sizeof info};
    RECT rect;
    if (!GetComboBoxInfo(combo, &info) || !info.hwndItem)
        return;
    GetClientRect(combo, &rect);
    int height = lp_px(&window->theme, 18), inset = lp_px(&window->theme, 10);
    MoveWindow(info.hwndItem, inset, (rect.bottom - height) / 2,
               rect.right - inset - lp_px(&window->theme, 34), height, TRUE);
}

static void paint_combo(lp_window *window, HWND combo)
{
    PAINTSTRUCT paint;
    RECT rect;
    HWND focus = GetFocus();
    HDC dc = BeginPaint(combo, &paint);
    GetClientRect(combo, &rect);
    lp_paint_field(window, dc, rect, focus && (focus == combo || IsChild(combo, focus)),
                   has_fault(window, GetDlgCtrlID(combo)),
                   SendMessageW(combo, CB_GETCOUNT, 0, 0) > 0);
    EndPaint(combo, &paint);
}

static LRESULT CALLBACK hear_combo(HWND combo, UINT message, WPARAM w, LPARAM l,
                                   UINT_PTR id, DWORD_PTR state)
{
    lp_window *window = (lp_window *)state;
    LRESULT result;
    switch (message) {
    case WM_PAINT:
        paint_combo(window, combo);
        return 0;
    case WM_NCPAINT:
    case WM_ERASEBKGND:
        return 1;
    case WM_MOUSEWHEEL: /* it chooses from a list that is seen, and from no other */
        if (SendMessageW(combo, CB_GETDROPPEDSTATE, 0, 0))
            break;
        return SendMessageW(GetParent(combo), message, w, l);
    case WM_SIZE:
        result = DefSubclassProc(combo, message, w, l);
        place_edit(window, combo);
        return result;
    }
    return DefSubclassProc(combo, message, w, l);
}

static LRESULT CALLBACK hear_button(HWND button, UINT message, WPARAM w, LPARAM l,
                                    UINT_PTR id, DWORD_PTR state)
{
    lp_window *window = (lp_window *)state;
    TRACKMOUSEEVENT track = {sizeof track, TME_LEAVE, button, 0};
    if (message == WM_MOUSEMOVE && window->hot != button) {
        window->hot = button;
        TrackMouseEvent(&track);
        InvalidateRect(button, NULL, FALSE);
    }
    if (message == WM_MOUSELEAVE) {
        window->hot = NULL;
        InvalidateRect(button, NULL, FALSE);
    }
    return DefSubclassProc(button, message, w, l);
}

void lp_widgets_offer(const lp_window *window)
{
    const char *texts[LP_RECENT_MAX];
    for (int id = LP_RELAY; id <= LP_ROOM; id += LP_ROOM - LP_RELAY) {
        char typed[TEXT_LEN];
        HWND combo = lp_widget_at(window, id);
        size_t count = id == LP_RELAY ? lp_recent_relays(&window->recent, texts)
                                      : lp_recent_rooms(&window->recent, texts);
        lp_widget_text(window, id, typed, sizeof typed);
        SendMessageW(combo, CB_RESETCONTENT, 0, 0);
        for (size_t i = 0; i < count; i++) {
            wchar_t wide[TEXT_LEN];
            if (lp_text_to_wide(texts[i], wide, TEXT_LEN))
                SendMessageW(combo, CB_ADDSTRING, 0, (LPARAM)wide);
        }
        lp_widget_put(window, id, typed);
    }
}

/* --- making ----------------------------------------------------------------------- */

static void make_columns(HWND list)
{
    LVCOLUMNW column = {.mask = LVCF_WIDTH | LVCF_SUBITEM, .cx = 100};
    SendMessageW(list, LVM_INSERTCOLUMNW, 0, (LPARAM)&column);
    column.iSubItem = 1;
    SendMessageW(list, LVM_INSERTCOLUMNW, 1, (LPARAM)&column);
    SendMessageW(list, LVM_SETEXTENDEDLISTVIEWSTYLE, 0,
                 LVS_EX_FULLROWSELECT | LVS_EX_DOUBLEBUFFER | LVS_EX_LABELTIP);
}

static void make(lp_window *window, int id)
{
    kind what = kind_of(id);
    DWORD style = kinds[what].style | WS_CHILD | WS_CLIPSIBLINGS;
    if (is_named_by_key(id))
        style &= ~(DWORD)SS_NOPREFIX;
    HWND control = CreateWindowExW(0, kinds[what].class_name, L"", style, 0, 0, 10, 200,
                                   id < LP_TURN ? window->page : window->hwnd,
                                   (HMENU)(INT_PTR)id, GetModuleHandleW(NULL), NULL);
    if (what == BUTTON)
        SetWindowSubclass(control, hear_button, 0, (DWORD_PTR)window);
    if (what == COMBO) {
        SetWindowSubclass(control, hear_combo, 0, (DWORD_PTR)window);
        SendMessageW(control, CB_LIMITTEXT, LP_INVITE_MAX, 0);
    }
    if (what == FIELD)
        SendMessageW(control, EM_SETLIMITTEXT, LP_INVITE_MAX, 0);
    if (what == DETAILS)
        make_columns(control);
    if (id == LP_PAGE_BAR)
        lp_bar_join_page(control, window->page, &window->extent, &window->theme);
    else if (what == BAR) /* it comes right after its list */
        lp_bar_join(control, lp_widget_at(window, id - 1), &window->theme);
}

void lp_widgets_make(lp_window *window)
{
    for (int id = LP_HEADLINE; id < LP_WIDGET_END; id++)
        make(window, id);
    lp_widget_put(window, LP_RELAY_LABEL, "&Relay");
    lp_widget_put(window, LP_ROOM_LABEL, "R&oom code");
    lp_widget_put(window, LP_PRINT_LABEL,
                  "&Fingerprint of the relay (if your host gave you one)");
    lp_widget_put(window, LP_DETAILS_LABEL, "Diagnostics");
    lp_widget_put(window, LP_DETAILS_HINT,
                  "For whoever helps you. Select lines and press Ctrl+C, or copy all.");
    lp_widget_put(window, LP_COPY, "Copy &all");
    lp_widget_put(window, LP_REPAIR, "Re&pair network");
    lp_widget_put(window, LP_EXPORT, "&Export logs\xe2\x80\xa6");
    lp_widget_put(window, LP_HELP, "&Help");
    lp_widgets_offer(window);
}

/* --- dressing --------------------------------------------------------------------- */

static void dress_details(const lp_window *window, HWND list)
{
    const lp_theme *theme = &window->theme;
    SendMessageW(list, LVM_SETBKCOLOR, 0, (LPARAM)theme->surface[LP_ON_FIELD]);
    SendMessageW(list, LVM_SETTEXTBKCOLOR, 0, (LPARAM)CLR_NONE);
    SendMessageW(list, LVM_SETTEXTCOLOR, 0, (LPARAM)theme->text);
}

void lp_widgets_dress(lp_window *window)
{
    const lp_theme *theme = &window->theme;
    const wchar_t *look = theme->is_dark ? L"DarkMode_Explorer" : L"Explorer";
    for (int id = LP_HEADLINE; id < LP_WIDGET_END; id++) {
        HWND control = lp_widget_at(window, id);
        COMBOBOXINFO info = {.cbSize = sizeof info};
        SendMessageW(control, WM_SETFONT, (WPARAM)theme->font[lp_widget_font(id)],
                     TRUE);
        switch (kind_of(id)) {
        case COMBO:
            SendMessageW(control, CB_SETITEMHEIGHT, 0, lp_px(theme, 28));
            SendMessageW(control, CB_SETITEMHEIGHT, (WPARAM)-1, lp_px(theme, 28));
            if (GetComboBoxInfo(control, &info))
                SetWindowTheme(info.hwndList, look, NULL);
            place_edit(window, control);
            break;
        case PEERS:
            SendMessageW(control, LB_SETITEMHEIGHT, 0, lp_px(theme, 32));
            SetWindowTheme(control, look, NULL);
            break;
        case DETAILS:
            SetWindowTheme(control, look, NULL);
            dress_details(window, control);
            break;
        default:
            break;
        }
    }
}
