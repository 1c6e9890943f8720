#include "gui/windows/window.h"

#include <commctrl.h>
#include <commdlg.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <windowsx.h>

#include "gui/text.h"
#include "gui/windows/resource.h"
#include "gui/windows/settings.h"
#include "os/windows/text.h"

enum {
    FIRST_WIDTH = 560,
    FIRST_HEIGHT = 680,
    PATH_LEN = 1024,
    SEEN_MS = 1000, /* how often the service is asked */
    UNSEEN_MS = 3000,
    MENU_OPEN = 1,
    MENU_ACT,
    MENU_QUIT,
};

/* --- coming and going ------------------------------------------------------------- */

static void come_up(lp_window *window)
{
    ShowWindow(window->hwnd, IsIconic(window->hwnd) ? SW_RESTORE : SW_SHOW);
    SetForegroundWindow(window->hwnd);
    lp_asker_pace(window->asker, SEEN_MS);
    lp_show(window);
}

/* The party goes on without a window, so closing one ends nothing. */
static void go_away(lp_window *window)
{
    if (!window->tray.is_shown) {
        DestroyWindow(window->hwnd); /* nobody could bring it back */
        return;
    }
    ShowWindow(window->hwnd, SW_HIDE);
    lp_asker_pace(window->asker, UNSEEN_MS);
    if (window->recent.told_of_tray)
        return;
    window->recent.told_of_tray = true;
    lp_settings_save(&window->recent);
    lp_tray_tell(&window->tray, "LAN Party stays here",
                 "The connection goes on. Click this icon to see it.", false);
}

static void act(lp_window *window)
{
    switch (window->view.act) {
    case LP_ACT_CONNECT:
        lp_show_connect(window);
        break;
    case LP_ACT_DISCONNECT:
        lp_show_order(window, LP_ORDER_DISCONNECT, "{\"do\":\"disconnect\"}");
        break;
    case LP_ACT_START_SERVICE:
        lp_show_order(window, LP_ORDER_START_SERVICE, "");
        break;
    case LP_ACT_RESTART_SERVICE:
        lp_show_order(window, LP_ORDER_RESTART_SERVICE, "");
        break;
    case LP_ACT_INSTALL_SERVICE:
        lp_show_order(window, LP_ORDER_INSTALL_SERVICE, "");
        break;
    case LP_ACT_NONE:
        break;
    }
}

/* --- the tray's menu -------------------------------------------------------------- */

static void add_act(const lp_window *window, HMENU menu)
{
    wchar_t text[64];
    if (window->view.act != LP_ACT_NONE &&
        lp_text_to_wide(window->view.button, text, 64))
        AppendMenuW(menu, MF_STRING, MENU_ACT, text);
}

static void open_menu(lp_window *window)
{
    POINT at;
    HMENU menu = CreatePopupMenu();
    AppendMenuW(menu, MF_STRING, MENU_OPEN, L"&Open LAN Party");
    SetMenuDefaultItem(menu, MENU_OPEN, FALSE);
    add_act(window, menu);
    AppendMenuW(menu, MF_SEPARATOR, 0, NULL);
    AppendMenuW(menu, MF_STRING, MENU_QUIT, L"&Quit (the connection goes on)");
    GetCursorPos(&at);
    SetForegroundWindow(window->hwnd); /* else it would not close by itself */
    int chosen = TrackPopupMenu(menu, TPM_RETURNCMD | TPM_RIGHTBUTTON, at.x, at.y, 0,
                                window->hwnd, NULL);
    DestroyMenu(menu);
    PostMessageW(window->hwnd, WM_NULL, 0, 0);
    if (chosen == MENU_QUIT) {
        DestroyWindow(window->hwnd);
        return;
    }
    if (chosen == MENU_OPEN ||
        (chosen == MENU_ACT && window->view.act == LP_ACT_CONNECT))
        come_up(window); /* what is connected to must be seen */
    if (chosen == MENU_ACT)
        act(window);
}

static void hear_tray(lp_window *window, LPARAM what)
{
    if (LOWORD(what) == NIN_SELECT || LOWORD(what) == NIN_KEYSELECT ||
        LOWORD(what) == NIN_BALLOONUSERCLICK)
        come_up(window);
    else if (LOWORD(what) == WM_CONTEXTMENU)
        open_menu(window);
}

/* --- orders of the player's ------------------------------------------------------- */

/* The other page, or out of a link's form. */
static void turn(lp_window *window)
{
    if (window->from_link && !window->shows_details)
        window->from_link = false;
    else
        window->shows_details = !window->shows_details;
    lp_show(window);
    if (window->shows_details)
        SetFocus(lp_widget_at(window, LP_DETAILS));
}

/* Nobody waits for these: something else shows, or why it does not. */
static void open_place(lp_window *window, const char *place)
{
    lp_asker_order(window->asker, LP_ORDER_OPEN, place);
}

static void open_help(lp_window *window)
{
    lp_asker_order(window->asker, LP_ORDER_HELP, "");
}

static void fix(lp_window *window, const lp_view_card *card)
{
    char request[256];
    switch (card->fix) {
    case LP_FIX_NONE:
        break;
    case LP_FIX_SERVICE:
        if (lp_form_fix_request(card->code, request, sizeof request))
            lp_show_order(window, LP_ORDER_FIX, request);
        break;
    case LP_FIX_REPAIR:
        lp_show_order(window, LP_ORDER_REPAIR, "");
        break;
    case LP_FIX_OPEN:
        open_place(window, card->place);
        break;
    }
}

static void export_logs(lp_window *window)
{
    SYSTEMTIME now;
    wchar_t path[PATH_LEN];
    char utf8[3 * PATH_LEN];
    GetLocalTime(&now);
    _snwprintf(path, PATH_LEN, L"lanparty-logs-%04d-%02d-%02d.zip", now.wYear,
               now.wMonth, now.wDay);
    OPENFILENAMEW ask = {.lStructSize = sizeof ask,
                         .hwndOwner = window->hwnd,
                         .lpstrFilter = L"Zip archive\0*.zip\0",
                         .lpstrFile = path,
                         .nMaxFile = PATH_LEN,
                         .lpstrTitle = L"Export logs",
                         .lpstrDefExt = L"zip",
                         .Flags =
                             OFN_OVERWRITEPROMPT | OFN_PATHMUSTEXIST | OFN_NOCHANGEDIR};
    if (GetSaveFileNameW(&ask) && lp_text_of_wide(path, utf8, sizeof utf8))
        lp_show_order(window, LP_ORDER_EXPORT, utf8);
}

static void take_focus(lp_window *window)
{
    bool has_relay = GetWindowTextLengthW(lp_widget_at(window, LP_RELAY)) > 0;
    int id = window->shows_details                  ? LP_DETAILS
             : window->view.page == LP_PAGE_SESSION ? LP_PEERS
             : window->view.page == LP_PAGE_SERVICE ? LP_ACT
             : has_relay                            ? LP_ACT
                                                    : LP_RELAY;
    SetFocus(lp_widget_at(window, id));
}

/* --- the form's fields ------------------------------------------------------------ */

/* Much at once: a link that is typed is not whole before its last key. */
static bool was_pasted(lp_window *window, int id, size_t len)
{
    size_t *before = &window->typed_len[id == LP_RELAY ? 0 : id == LP_ROOM ? 1 : 2];
    bool pasted = len > *before + 1;
    *before = len;
    return pasted;
}

static void on_typed(lp_window *window, int id)
{
    char text[LP_INVITE_MAX + 1];
    lp_widget_text(window, id, text, sizeof text);
    if (was_pasted(window, id, strlen(text)) && lp_form_is_link(text)) {
        lp_show_link(window, text);
        return;
    }
    if (id == LP_RELAY)
        window->server_name[0] = '\0'; /* it was another relay's */
    if (window->fault.field != LP_FORM_NONE) {
        window->fault = (lp_form_fault){0};
        lp_show(window);
    }
}

/* A relay of late brings the room that was there, and what its certificate must be. */
static void on_chosen(lp_window *window, int id)
{
    char relay[sizeof window->form.relay];
    if (id != LP_RELAY)
        return;
    lp_widget_text(window, LP_RELAY, relay, sizeof relay);
    const lp_form *party = lp_recent_at(&window->recent, relay);
    if (party)
        lp_form_fill(window, party);
    lp_show(window);
}

static void repaint_print(const lp_window *window)
{
    InvalidateRect(window->hwnd, &window->painted.print, FALSE);
}

static void hear_field(lp_window *window, int id, int what)
{
    if (id == LP_PRINT && what == EN_CHANGE)
        on_typed(window, id);
    else if (id == LP_PRINT)
        repaint_print(window);
    else if (what == CBN_EDITCHANGE)
        on_typed(window, id);
    else if (what == CBN_SELCHANGE) /* it has not the text yet */
        PostMessageW(window->hwnd, LP_WM_CHOSEN, (WPARAM)id, 0);
    else
        InvalidateRect(lp_widget_at(window, id), NULL, FALSE);
}

/* Enter means it, unless a button has the focus. */
static bool has_default(const lp_window *window)
{
    return window->view.act != LP_ACT_NONE && window->view.act != LP_ACT_DISCONNECT &&
           IsWindowVisible(lp_widget_at(window, LP_ACT)) &&
           !lp_widget_waits(window, LP_ACT);
}

static void hear_button(lp_window *window, int id)
{
    if (id == LP_ACT)
        act(window);
    else if (id == LP_TURN)
        turn(window);
    else if (id == LP_COPY)
        lp_show_copy(window, true);
    else if (id == LP_REPAIR)
        lp_show_order(window, LP_ORDER_REPAIR, "");
    else if (id == LP_EXPORT)
        export_logs(window);
    else if (id == LP_HELP)
        open_help(window);
    else if (id >= LP_CARD_FIX && id < LP_CARD_FIX + LP_VIEW_CARDS_MAX)
        fix(window, &window->view.card[id - LP_CARD_FIX]);
}

static void hear_command(lp_window *window, int id, int what)
{
    if (id == LP_RELAY || id == LP_ROOM || id == LP_PRINT)
        hear_field(window, id, what);
    else if (id == IDOK && has_default(window))
        act(window);
    else if (id == IDCANCEL && (window->shows_details || window->from_link))
        turn(window);
    else if (what == BN_CLICKED && !lp_widget_waits(window, id))
        hear_button(window, id);
}

/* --- looks ------------------------------------------------------------------------ */

static void dress(lp_window *window, unsigned dpi)
{
    lp_theme_load(&window->theme, dpi);
    lp_theme_frame(&window->theme, window->hwnd);
    lp_widgets_dress(window);
    lp_show(window);
    RedrawWindow(window->hwnd, NULL, NULL, RDW_INVALIDATE | RDW_ALLCHILDREN);
}

static HBRUSH colour_control(const lp_window *window, HDC dc, HWND control,
                             UINT message)
{
    int id = GetDlgCtrlID(control);
    lp_surface surface = LP_ON_FIELD;
    if (message == WM_CTLCOLORSTATIC || id == LP_PEERS)
        surface = lp_widget_surface(window, id);
    SetTextColor(dc, message == WM_CTLCOLORSTATIC ? lp_widget_colour(window, id)
                                                  : window->theme.text);
    SetBkColor(dc, window->theme.surface[surface]);
    return window->theme.brush[surface];
}

static LRESULT draw_details(const lp_window *window, NMLVCUSTOMDRAW *draw)
{
    size_t row = draw->nmcd.dwItemSpec;
    if (draw->nmcd.dwDrawStage == CDDS_PREPAINT)
        return CDRF_NOTIFYITEMDRAW;
    if (draw->nmcd.dwDrawStage == CDDS_ITEMPREPAINT)
        return CDRF_NOTIFYSUBITEMDRAW;
    if (row >= window->details.count)
        return CDRF_DODEFAULT;
    bool heads = window->details.row[row].is_heading;
    draw->clrText =
        draw->iSubItem == 0 && !heads ? window->theme.dim : window->theme.text;
    SelectObject(draw->nmcd.hdc,
                 window->theme.font[heads ? LP_FONT_STRONG : LP_FONT_BODY]);
    return CDRF_NEWFONT;
}

static LRESULT hear_details(lp_window *window, NMHDR *what)
{
    if (what->code == NM_CUSTOMDRAW)
        return draw_details(window, (NMLVCUSTOMDRAW *)what);
    bool control = GetKeyState(VK_CONTROL) < 0;
    if (what->code == LVN_KEYDOWN && control) {
        LVITEMW all = {.state = LVIS_SELECTED, .stateMask = LVIS_SELECTED};
        WORD key = ((NMLVKEYDOWN *)what)->wVKey;
        if (key == 'C')
            lp_show_copy(window, false);
        if (key == 'A')
            SendMessageW(what->hwndFrom, LVM_SETITEMSTATE, (WPARAM)-1, (LPARAM)&all);
        if (key == 'C')
            lp_show(window);
    }
    return 0;
}

static void draw_item(lp_window *window, const DRAWITEMSTRUCT *item)
{
    if (item->CtlType == ODT_BUTTON)
        lp_paint_button(window, item);
    else if (item->CtlType == ODT_LISTBOX)
        lp_paint_peer(window, item);
    else
        lp_paint_offer(window, item);
}

/* --- messages --------------------------------------------------------------------- */

/* Another start of this program: it shows us, and may bring a link. */
static bool hear_other(lp_window *window, const COPYDATASTRUCT *data)
{
    char link[LP_INVITE_MAX + 1];
    if (data->dwData != LP_LINK_MAGIC || data->cbData > LP_INVITE_MAX)
        return false;
    come_up(window);
    if (data->cbData > 0) {
        memcpy(link, data->lpData, data->cbData);
        link[data->cbData] = '\0';
        lp_show_link(window, link);
    }
    return true;
}

/* What the monitor has beside its task bar. */
static RECT desk_of(const lp_window *window)
{
    MONITORINFO monitor = {.cbSize = sizeof monitor};
    GetMonitorInfoW(MonitorFromWindow(window->hwnd, MONITOR_DEFAULTTOPRIMARY),
                    &monitor);
    return monitor.rcWork;
}

static void limit_size(const lp_window *window, MINMAXINFO *info)
{
    SIZE least = lp_layout_smallest(&window->theme);
    RECT rect = {0, 0, least.cx, least.cy}, desk = desk_of(window);
    AdjustWindowRectExForDpi(&rect, WS_OVERLAPPEDWINDOW, FALSE, 0, window->theme.dpi);
    info->ptMinTrackSize = (POINT){min(rect.right - rect.left, desk.right - desk.left),
                                   min(rect.bottom - rect.top, desk.bottom - desk.top)};
}

/* What a dialog does by itself: to this control, or to the next one. (Wine gives the focus to
 * a label first, and then asks for the next.) */
static void move_focus(const lp_window *window, WPARAM w, LPARAM l)
{
    SetFocus(LOWORD(l) ? (HWND)w : GetNextDlgTabItem(window->hwnd, GetFocus(), w != 0));
}

static void fini(lp_window *window)
{
    lp_asker_stop(window->asker);
    lp_tray_close(&window->tray);
    SetWindowLongPtrW(window->hwnd, GWLP_USERDATA, 0);
    lp_theme_fini(&window->theme);
    free(window->said);
    free(window);
    PostQuitMessage(0);
}

static void hear_answer(lp_window *window, lp_heard *heard)
{
    lp_show_heard(window, heard);
    lp_heard_free(heard);
}

/* What looks at the window and changes nothing. False: it is none of these. */
static bool look(lp_window *window, UINT message, WPARAM w, LPARAM l, LRESULT *out)
{
    *out = TRUE;
    switch (message) {
    case WM_PAINT:
        lp_paint_window(window);
        return true;
    case WM_ERASEBKGND:
        return true;
    case WM_CTLCOLORSTATIC:
    case WM_CTLCOLOREDIT:
    case WM_CTLCOLORLISTBOX:
        *out = (LRESULT)colour_control(window, (HDC)w, (HWND)l, message);
        return true;
    case WM_DRAWITEM:
        draw_item(window, (const DRAWITEMSTRUCT *)l);
        return true;
    case WM_GETMINMAXINFO:
        limit_size(window, (MINMAXINFO *)l);
        return true;
    case DM_GETDEFID:
        *out = MAKELRESULT(IDOK, DC_HASDEFID); /* which hear_command knows */
        return true;
    }
    return false;
}

static bool hear_system(lp_window *window, UINT message, WPARAM w, LPARAM l,
                        LRESULT *out)
{
    const RECT *rect = (const RECT *)l;
    *out = 0;
    switch (message) {
    case WM_SIZE:
        lp_layout(window);
        return true;
    case WM_DPICHANGED:
        SetWindowPos(window->hwnd, NULL, rect->left, rect->top,
                     rect->right - rect->left, rect->bottom - rect->top,
                     SWP_NOZORDER | SWP_NOACTIVATE);
        dress(window, LOWORD(w));
        return true;
    case WM_SETTINGCHANGE:
    case WM_SYSCOLORCHANGE:
    case WM_THEMECHANGED:
        dress(window, window->theme.dpi);
        return true;
    case WM_SETFOCUS:
        take_focus(window);
        return true;
    case WM_MOUSEWHEEL:
        lp_page_wheel(window, GET_WHEEL_DELTA_WPARAM(w));
        return true;
    case WM_TIMER:
        KillTimer(window->hwnd, LP_NOTE_TIMER);
        lp_show_note(window, "");
        lp_show(window);
        return true;
    case WM_SYSCOMMAND: /* a WM_CLOSE by itself is the installer's, and ends us */
        if ((w & 0xfff0) != SC_CLOSE)
            return false;
        go_away(window);
        return true;
    case WM_DESTROY:
        fini(window);
        return true;
    }
    return false;
}

static LRESULT hear(lp_window *window, UINT message, WPARAM w, LPARAM l)
{
    LRESULT result;
    if (message == window->taskbar_made)
        lp_tray_again(&window->tray);
    if (look(window, message, w, l, &result) ||
        hear_system(window, message, w, l, &result))
        return result;
    switch (message) {
    case LP_WM_ANSWER:
        hear_answer(window, (lp_heard *)l);
        return 0;
    case LP_WM_TRAY:
        hear_tray(window, l);
        return 0;
    case LP_WM_CHOSEN:
        on_chosen(window, (int)w);
        return 0;
    case WM_COPYDATA:
        return hear_other(window, (const COPYDATASTRUCT *)l);
    case WM_NEXTDLGCTL:
        move_focus(window, w, l);
        return 0;
    case WM_COMMAND:
        hear_command(window, LOWORD(w), HIWORD(w));
        return 0;
    case WM_NOTIFY:
        if (((NMHDR *)l)->idFrom == LP_DETAILS)
            return hear_details(window, (NMHDR *)l);
        break;
    }
    return DefWindowProcW(window->hwnd, message, w, l);
}

static LRESULT CALLBACK window_proc(HWND hwnd, UINT message, WPARAM w, LPARAM l)
{
    lp_window *window = (lp_window *)GetWindowLongPtrW(hwnd, GWLP_USERDATA);
    return window ? hear(window, message, w, l) : DefWindowProcW(hwnd, message, w, l);
}

static LRESULT CALLBACK graph_proc(HWND hwnd, UINT message, WPARAM w, LPARAM l)
{
    lp_window *window =
        (lp_window *)GetWindowLongPtrW(GetAncestor(hwnd, GA_ROOT), GWLP_USERDATA);
    if (message == WM_PAINT && window) {
        lp_paint_graph(window, hwnd);
        return 0;
    }
    return message == WM_ERASEBKGND ? 1 : DefWindowProcW(hwnd, message, w, l);
}

/* --- making it -------------------------------------------------------------------- */

bool lp_window_register(void)
{
    HINSTANCE self = GetModuleHandleW(NULL);
    INITCOMMONCONTROLSEX controls = {sizeof controls,
                                     ICC_LISTVIEW_CLASSES | ICC_STANDARD_CLASSES};
    WNDCLASSEXW ours = {.cbSize = sizeof ours,
                        .lpfnWndProc = window_proc,
                        .hInstance = self,
                        .hIcon = LoadIconW(self, MAKEINTRESOURCEW(LP_ICON)),
                        .hCursor = LoadCursorW(NULL, (LPCWSTR)IDC_ARROW),
                        .lpszClassName = LP_WINDOW_CLASS};
    WNDCLASSEXW graph = {.cbSize = sizeof graph,
                         .lpfnWndProc = graph_proc,
                         .hInstance = self,
                         .hCursor = LoadCursorW(NULL, (LPCWSTR)IDC_ARROW),
                         .lpszClassName = L"lanparty-graph"};
    return InitCommonControlsEx(&controls) && RegisterClassExW(&ours) &&
           RegisterClassExW(&graph) && lp_bar_register() && lp_page_register();
}

static void size_first(const lp_window *window)
{
    RECT rect = {0, 0, lp_px(&window->theme, FIRST_WIDTH),
                 lp_px(&window->theme, FIRST_HEIGHT)},
         desk = desk_of(window);
    AdjustWindowRectExForDpi(&rect, WS_OVERLAPPEDWINDOW, FALSE, 0, window->theme.dpi);
    int width = rect.right - rect.left, height = rect.bottom - rect.top;
    width = min(width, desk.right - desk.left);
    height = min(height, desk.bottom - desk.top);
    SetWindowPos(window->hwnd, NULL, desk.left + (desk.right - desk.left - width) / 2,
                 desk.top + (desk.bottom - desk.top - height) / 2, width, height,
                 SWP_NOZORDER | SWP_NOACTIVATE);
}

static void fill_first(lp_window *window, const char *link)
{
    window->page = lp_page_make(window->hwnd);
    lp_settings_load(&window->recent);
    lp_widgets_make(window);
    if (window->recent.count > 0)
        lp_form_fill(window, &window->recent.party[0]);
    dress(window, GetDpiForWindow(window->hwnd));
    size_first(window);
    /* Underlined letters and rings come with the first key, not with the mouse. */
    SendMessageW(window->hwnd, WM_CHANGEUISTATE, MAKEWPARAM(UIS_INITIALIZE, 0), 0);
    if (link[0])
        lp_show_link(window, link);
}

lp_window *lp_window_open(const char *pipe, const char *link)
{
    lp_window *window = calloc(1, sizeof *window);
    if (!window)
        return NULL;
    window->hwnd = CreateWindowExW(
        WS_EX_CONTROLPARENT, LP_WINDOW_CLASS, LP_WINDOW_TITLE,
        WS_OVERLAPPEDWINDOW | WS_CLIPCHILDREN, CW_USEDEFAULT, CW_USEDEFAULT,
        FIRST_WIDTH, FIRST_HEIGHT, NULL, NULL, GetModuleHandleW(NULL), NULL);
    window->asker = window->hwnd ? lp_asker_start(window->hwnd, pipe) : NULL;
    if (!window->asker) {
        if (window->hwnd)
            DestroyWindow(window->hwnd);
        free(window);
        return NULL;
    }
    window->theme.dpi = GetDpiForWindow(window->hwnd);
    window->taskbar_made = RegisterWindowMessageW(L"TaskbarCreated");
    lp_tray_open(&window->tray, window->hwnd);
    SetWindowLongPtrW(window->hwnd, GWLP_USERDATA, (LONG_PTR)window);
    fill_first(window, link);
    return window;
}

static bool takes_key(lp_window *window, const MSG *message)
{
    HWND focus = GetFocus();
    if (message->message != WM_KEYDOWN)
        return false;
    if (message->wParam == VK_F1) {
        open_help(window);
        return true;
    }
    /* An owner-drawn button does not tell the system that Enter presses it. */
    if (message->wParam == VK_RETURN && focus &&
        (SendMessageW(focus, WM_GETDLGCODE, 0, 0) & DLGC_BUTTON)) {
        SendMessageW(focus, BM_CLICK, 0, 0);
        return true;
    }
    return lp_page_takes_key(window, message->wParam);
}

bool lp_window_takes(lp_window *window, MSG *message)
{
    HWND hwnd = window->hwnd, focus = GetFocus();
    bool is_key = message->message >= WM_KEYFIRST && message->message <= WM_KEYLAST;
    if (!takes_key(window, message) && !IsDialogMessageW(hwnd, message))
        return false;
    if (is_key && IsWindow(hwnd) && GetFocus() != focus) /* keys may end the window */
        lp_page_follow(window);
    return true;
}
