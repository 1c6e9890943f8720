#include "gui/windows/window.h"

#include <commctrl.h>
#include <stdlib.h>

#include "gui/reply.h"
#include "gui/text.h"
#include "gui/windows/settings.h"
#include "os/windows/text.h"

enum { LINE_LEN = 400, NOTE_MS = 10000 };

/* Screen readers say it by themselves when this is told of a control. */
#define LIVE_REGION_CHANGED 0x8019

/* --- the form --------------------------------------------------------------------- */

void lp_form_gather(const lp_window *window, lp_form *out)
{
    *out = (lp_form){0};
    lp_widget_text(window, LP_RELAY, out->relay, sizeof out->relay);
    lp_widget_text(window, LP_ROOM, out->room, sizeof out->room);
    lp_widget_text(window, LP_PRINT, out->fingerprint, sizeof out->fingerprint);
    lp_put_text(out->server_name, sizeof out->server_name, "%s", window->server_name);
}

void lp_form_fill(lp_window *window, const lp_form *form)
{
    lp_widget_put(window, LP_RELAY, form->relay);
    lp_widget_put(window, LP_ROOM, form->room);
    lp_widget_put(window, LP_PRINT, form->fingerprint);
    lp_put_text(window->server_name, sizeof window->server_name, "%s",
                form->server_name);
    window->fault = (lp_form_fault){0};
}

static const char *fault_of(const lp_window *window, lp_form_field field)
{
    return window->fault.field == field ? window->fault.why.text : "";
}

static void show_faults(lp_window *window)
{
    lp_widget_put(window, LP_RELAY_FAULT, fault_of(window, LP_FORM_RELAY));
    lp_widget_put(window, LP_ROOM_FAULT, fault_of(window, LP_FORM_ROOM));
    lp_widget_put(window, LP_PRINT_FAULT, fault_of(window, LP_FORM_FINGERPRINT));
    if (window->painted.fault == window->fault.field)
        return;
    InvalidateRect(lp_widget_at(window, LP_RELAY), NULL, FALSE);
    InvalidateRect(lp_widget_at(window, LP_ROOM), NULL, FALSE);
}

void lp_show_link(lp_window *window, const char *link)
{
    lp_form form;
    lp_why why;
    window->trouble.text[0] = '\0';
    window->shows_details = false;
    if (lp_form_take_link(link, &form, &why) == LP_OK) {
        window->from_link = true;
        lp_form_fill(window, &form);
    } else {
        lp_put_text(window->trouble.text, sizeof window->trouble.text,
                    "The link cannot be used: %s", why.text);
    }
    lp_show(window);
}

/* --- orders ----------------------------------------------------------------------- */

void lp_show_order(lp_window *window, lp_order order, const char *text)
{
    window->trouble.text[0] = '\0';
    window->fault = (lp_form_fault){0};
    window->waits_for = order;
    if (order == LP_ORDER_DISCONNECT || order == LP_ORDER_CONNECT)
        lp_news_expect_end(&window->news);
    lp_asker_order(window->asker, order, text);
    lp_show(window);
}

static void blame(lp_window *window, const lp_form_fault *fault)
{
    static const int field_of[] = {[LP_FORM_NONE] = LP_RELAY,
                                   [LP_FORM_RELAY] = LP_RELAY,
                                   [LP_FORM_ROOM] = LP_ROOM,
                                   [LP_FORM_FINGERPRINT] = LP_PRINT};
    window->fault = *fault;
    lp_show(window);
    SetFocus(lp_widget_at(window, field_of[fault->field]));
}

void lp_show_connect(lp_window *window)
{
    lp_form_fault fault;
    char request[4096];
    lp_form_gather(window, &window->form);
    if (!lp_form_check(&window->form, &fault))
        blame(window, &fault);
    else if (lp_form_request(&window->form, request, sizeof request))
        lp_show_order(window, LP_ORDER_CONNECT, request);
}

/* --- what was heard --------------------------------------------------------------- */

static void hear_status(lp_window *window, const lp_heard *heard)
{
    char title[64], text[200];
    const char *said = heard->text ? heard->text : "";
    lp_bytes bytes = lp_bytes_of(said, strlen(said));
    window->presence = heard->presence;
    window->silence = heard->why;
    if (heard->presence == LP_PRESENCE_ANSWERS &&
        lp_state_read(bytes, &window->state, &window->silence) != LP_OK)
        window->presence = LP_PRESENCE_SILENT;
    bool answers = window->presence == LP_PRESENCE_ANSWERS;
    free(window->said);
    window->said = answers ? strdup(said) : NULL;
    if (lp_news_hear(&window->news, answers ? &window->state : NULL, title, text))
        lp_tray_tell(&window->tray, title, text, window->news.is_lost);
}

static void sample_latency(lp_window *window)
{
    if (window->view.page == LP_PAGE_SESSION)
        lp_graph_add(&window->graph, window->view.latency_ms);
    else
        lp_graph_clear(&window->graph);
    InvalidateRect(lp_widget_at(window, LP_GRAPH), NULL, FALSE);
}

static void remember(lp_window *window)
{
    lp_recent_add(&window->recent, &window->form);
    lp_settings_save(&window->recent);
    lp_widgets_offer(window);
}

/* On the page that has room for it. */
static void be_troubled(lp_window *window, const char *why)
{
    lp_put_text(window->trouble.text, sizeof window->trouble.text, "%s", why);
    window->shows_details = false;
}

/* A service told how much it was; where Windows was asked, it is done. */
static void tell_repaired(lp_window *window, bool is_counted, unsigned restored)
{
    char text[64];
    if (is_counted && restored == 0)
        lp_show_note(window, "There was nothing to repair");
    else if (is_counted)
        lp_show_note(window, lp_put_text(text, sizeof text, "%u change%s taken back",
                                         restored, restored == 1 ? "" : "s"));
    else
        lp_show_note(window, "The network is repaired");
}

static void hear_connect(lp_window *window, const lp_reply *reply)
{
    lp_form_fault fault = {.field = lp_form_field_named(reply->field)};
    if (reply->ok) {
        window->from_link = false;
        remember(window);
    } else if (fault.field == LP_FORM_NONE) {
        be_troubled(window, reply->error);
    } else {
        lp_put_text(fault.why.text, sizeof fault.why.text, "%s", reply->error);
        blame(window, &fault);
    }
}

/* The answer to something that the player wanted. */
static void hear_order(lp_window *window, const lp_heard *heard)
{
    lp_reply reply = {.ok = true};
    if (heard->order == window->waits_for)
        window->waits_for = LP_ORDER_STATUS;
    if (heard->err) {
        be_troubled(window, heard->why.text);
        return;
    }
    if (heard->text)
        lp_reply_read(lp_bytes_of(heard->text, strlen(heard->text)), &reply);
    if (heard->order == LP_ORDER_CONNECT)
        hear_connect(window, &reply);
    else if (!reply.ok)
        be_troubled(window, reply.error);
    else if (heard->order == LP_ORDER_EXPORT)
        lp_show_note(window, "The logs are saved");
    else if (heard->order == LP_ORDER_REPAIR)
        tell_repaired(window, heard->text != NULL, reply.restored);
}

void lp_show_heard(lp_window *window, const lp_heard *heard)
{
    if (heard->order == LP_ORDER_STATUS)
        hear_status(window, heard);
    else
        hear_order(window, heard);
    lp_show(window);
    if (heard->order == LP_ORDER_STATUS)
        sample_latency(window);
}

/* --- the details ------------------------------------------------------------------ */

static void put_cell(HWND list, int row, int column, const char *text)
{
    wchar_t wide[LINE_LEN], now[LINE_LEN] = L"";
    LVITEMW item = {.iSubItem = column, .pszText = now, .cchTextMax = LINE_LEN};
    if (!lp_text_to_wide(text, wide, LINE_LEN))
        return;
    SendMessageW(list, LVM_GETITEMTEXTW, (WPARAM)row, (LPARAM)&item);
    item.pszText = wide;
    if (wcscmp(now, wide) != 0)
        SendMessageW(list, LVM_SETITEMTEXTW, (WPARAM)row, (LPARAM)&item);
}

static void show_details(lp_window *window)
{
    HWND list = lp_widget_at(window, LP_DETAILS);
    const char *said = window->said ? window->said : "";
    LVITEMW item = {.mask = LVIF_TEXT, .pszText = (wchar_t[]){L""}};
    lp_diagnose(lp_bytes_of(said, strlen(said)), &window->details);
    int count = (int)SendMessageW(list, LVM_GETITEMCOUNT, 0, 0);
    int wanted = (int)window->details.count;
    for (; count > wanted; count--)
        SendMessageW(list, LVM_DELETEITEM, (WPARAM)(count - 1), 0);
    for (; count < wanted; count++) {
        item.iItem = count;
        SendMessageW(list, LVM_INSERTITEMW, 0, (LPARAM)&item);
    }
    for (int i = 0; i < wanted; i++) {
        put_cell(list, i, 0, window->details.row[i].name);
        put_cell(list, i, 1, window->details.row[i].value);
    }
}

static bool to_clipboard(HWND owner, const char *text)
{
    size_t count = strlen(text) + 1;
    HGLOBAL memory = GlobalAlloc(GMEM_MOVEABLE, count * sizeof(wchar_t));
    wchar_t *wide = memory ? GlobalLock(memory) : NULL;
    bool taken = wide && lp_text_to_wide(text, wide, count);
    if (wide)
        GlobalUnlock(memory);
    if (taken && OpenClipboard(owner)) {
        EmptyClipboard();
        taken = SetClipboardData(CF_UNICODETEXT, memory) != NULL;
        CloseClipboard();
    } else {
        taken = false;
    }
    if (!taken)
        GlobalFree(memory);
    return taken;
}

static void keep_selected(const lp_window *window, lp_diagnosis *rows)
{
    HWND list = lp_widget_at(window, LP_DETAILS);
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (SendMessageW(list, LVM_GETITEMSTATE, i, LVIS_SELECTED))
            rows->row[kept++] = rows->row[i];
    }
    rows->count = kept > 0 ? kept : rows->count;
}

void lp_show_copy(lp_window *window, bool all)
{
    lp_diagnosis *rows = malloc(sizeof *rows);
    char *text = malloc(LP_DIAGNOSIS_TEXT_MAX);
    bool copied = false;
    if (rows && text) {
        *rows = window->details;
        if (!all)
            keep_selected(window, rows);
        copied = to_clipboard(window->hwnd, lp_diagnosis_text(rows, text));
    }
    lp_show_note(window, copied ? "Copied" : "The clipboard is in use; try again");
    free(text);
    free(rows);
}

/* --- the session ------------------------------------------------------------------ */

static void show_cards(const lp_window *window)
{
    for (size_t i = 0; i < LP_VIEW_CARDS_MAX; i++) {
        char label[2 * sizeof window->view.card[0].button], *to = label;
        const lp_view_card *card = &window->view.card[i];
        bool there = i < window->view.card_count;
        for (const char *from = there ? card->button : ""; *from; from++) {
            *to++ = *from;
            if (*from == '&') /* one alone would underline a letter */
                *to++ = '&';
        }
        *to = '\0';
        lp_widget_put(window, LP_CARD_TITLE + (int)i, there ? card->title : "");
        lp_widget_put(window, LP_CARD_TEXT + (int)i, there ? card->text : "");
        lp_widget_put(window, LP_CARD_FIX + (int)i, label);
    }
}

/* True: it was another one before. */
static bool put_peer(HWND list, int row, const lp_view_peer *peer)
{
    char text[LINE_LEN];
    wchar_t wide[LINE_LEN], now[LINE_LEN] = L"";
    lp_put_text(text, sizeof text, "%s%s%s%s%s", peer->name,
                peer->detail[0] ? ", " : "", peer->detail, peer->latency[0] ? ", " : "",
                peer->latency);
    if (!lp_text_to_wide(text, wide, LINE_LEN))
        return false;
    bool is_there = SendMessageW(list, LB_GETTEXTLEN, (WPARAM)row, 0) < LINE_LEN &&
                    SendMessageW(list, LB_GETTEXT, (WPARAM)row, (LPARAM)now) != LB_ERR;
    if (is_there && wcscmp(now, wide) == 0)
        return false;
    LRESULT selected = SendMessageW(list, LB_GETCURSEL, 0, 0);
    if (is_there)
        SendMessageW(list, LB_DELETESTRING, (WPARAM)row, 0);
    SendMessageW(list, LB_INSERTSTRING, (WPARAM)row, (LPARAM)wide);
    SendMessageW(list, LB_SETCURSEL, (WPARAM)selected, 0);
    return true;
}

static void show_peers(const lp_window *window)
{
    HWND list = lp_widget_at(window, LP_PEERS);
    int wanted = (int)window->view.peer_count;
    int count = (int)SendMessageW(list, LB_GETCOUNT, 0, 0);
    bool changed = count != wanted;
    SendMessageW(list, WM_SETREDRAW, FALSE, 0);
    for (; count > wanted; count--)
        SendMessageW(list, LB_DELETESTRING, (WPARAM)(count - 1), 0);
    for (int i = 0; i < wanted; i++)
        changed |= put_peer(list, i, &window->view.peer[i]);
    SendMessageW(list, WM_SETREDRAW, TRUE, 0);
    if (changed)
        InvalidateRect(list, NULL, FALSE);
    lp_widget_put(window, LP_PEERS_LABEL, window->view.peers_title);
}

static void show_session(const lp_window *window)
{
    char text[128];
    for (int i = 0; i < LP_FACT_COUNT; i++) {
        const lp_view_fact *fact = &window->view.fact[i];
        lp_widget_put(window, LP_FACT_LABEL + i, fact->label ? fact->label : "");
        lp_widget_put(window, LP_FACT_VALUE + i, fact->value);
    }
    lp_view_latency(window->view.latency_ms, text, sizeof text);
    lp_widget_put(window, LP_LATENCY, text[0] ? text : "\xe2\x80\x93");
    lp_widget_put(window, LP_LATENCY_LABEL, window->view.latency_to);
    lp_widget_put(window, LP_GRAPH, lp_graph_words(&window->graph, text, sizeof text));
    show_peers(window);
}

/* --- everything ------------------------------------------------------------------- */

static void show_act(lp_window *window)
{
    lp_widget_put(window, LP_ACT,
                  window->waits_for == LP_ORDER_CONNECT ? "Connecting\xe2\x80\xa6"
                                                        : window->view.button);
    if (window->waited_for == window->waits_for && window->acted == window->view.act)
        return;
    window->waited_for = window->waits_for;
    window->acted = window->view.act;
    for (int id = LP_HEADLINE; id < LP_WIDGET_END; id++) {
        if (lp_widget_orders(id)) /* it looks as if it could be pressed, or not */
            InvalidateRect(lp_widget_at(window, id), NULL, FALSE);
    }
}

void lp_show_note(lp_window *window, const char *text)
{
    lp_put_text(window->note, sizeof window->note, "%s", text);
    if (text[0])
        SetTimer(window->hwnd, LP_NOTE_TIMER, NOTE_MS, NULL);
}

static void tell_readers(const lp_window *window, const char *before)
{
    if (strcmp(before, window->view.headline) != 0)
        NotifyWinEvent(LIVE_REGION_CHANGED, lp_widget_at(window, LP_HEADLINE),
                       OBJID_CLIENT, CHILDID_SELF);
}

/* Where the focus was nothing is left, or nothing that one would want next. */
static void move_focus(const lp_window *window, lp_page before)
{
    HWND focus = GetFocus();
    bool ours = focus && (focus == window->hwnd || IsChild(window->hwnd, focus));
    if (ours && before != window->view.page)
        SendMessageW(window->hwnd, WM_SETFOCUS, 0, 0);
}

void lp_show(lp_window *window)
{
    lp_page page = window->view.page;
    char before[sizeof window->view.headline];
    const lp_view_own own = {window->silence.text, window->trouble.text,
                             window->from_link};
    memcpy(before, window->view.headline, sizeof before);
    lp_view_write(window->presence, &window->state, &own, &window->view);
    lp_widget_put(window, LP_HEADLINE, window->view.headline);
    lp_widget_put(window, LP_SENTENCE, window->view.sentence);
    lp_widget_put(window, LP_WHERE, window->view.where);
    lp_widget_put(window, LP_TURN,
                  window->shows_details || window->from_link ? "&Back"
                                                             : "&Diagnostics");
    lp_widget_put(window, LP_NOTE,
                  window->note[0] ? window->note : "LAN Party " LP_VERSION);
    show_act(window);
    show_cards(window);
    show_faults(window);
    show_session(window);
    if (window->shows_details)
        show_details(window);
    lp_tray_show(&window->tray, window->view.tone, window->view.tip);
    lp_layout(window);
    move_focus(window, page);
    tell_readers(window, before);
}
