/*
 * The window, as its parts know it: window.c hears, fill.c fills in, layout.c places,
 * page.c scrolls, paint.c draws, widgets.c makes what the player touches.
 */
#pragma once

#include <windows.h>

#include "gui/diagnose.h"
#include "gui/form.h"
#include "gui/graph.h"
#include "gui/news.h"
#include "gui/recent.h"
#include "gui/view.h"
#include "gui/windows/asker.h"
#include "gui/windows/bar.h"
#include "gui/windows/theme.h"
#include "gui/windows/tray.h"

#define LP_WINDOW_CLASS L"lanparty-window"
#define LP_WINDOW_TITLE L"LAN Party"
#define LP_WM_CHOSEN    (WM_APP + 3) /* wParam: the field where a recent one was chosen */
#define LP_NOTE_TIMER   1
#define LP_LINK_MAGIC   0x736c616e /* of WM_COPYDATA: a link, in UTF-8 */

/* In the order of the tabulator key; a label comes right before what it names, which is
 * how screen readers find it. From LP_TURN on they stand in the footer, all others on the
 * page. tests/windows/drive.c names them. */
typedef enum lp_widget {
    LP_HEADLINE = 100,
    LP_SENTENCE,
    LP_WHERE,
    LP_CARD_TITLE,
    LP_CARD_TEXT = LP_CARD_TITLE + LP_VIEW_CARDS_MAX,
    LP_CARD_FIX = LP_CARD_TEXT + LP_VIEW_CARDS_MAX,
    LP_RELAY_LABEL = LP_CARD_FIX + LP_VIEW_CARDS_MAX,
    LP_RELAY,
    LP_RELAY_FAULT,
    LP_ROOM_LABEL,
    LP_ROOM,
    LP_ROOM_FAULT,
    LP_PRINT_LABEL,
    LP_PRINT,
    LP_PRINT_FAULT,
    LP_ACT,
    LP_LATENCY_LABEL,
    LP_LATENCY,
    LP_GRAPH,
    LP_FACT_LABEL,
    LP_FACT_VALUE = LP_FACT_LABEL + LP_FACT_COUNT,
    LP_PEERS_LABEL = LP_FACT_VALUE + LP_FACT_COUNT,
    LP_PEERS,
    LP_PEERS_BAR,
    LP_COPY,
    LP_REPAIR,
    LP_DETAILS_LABEL,
    LP_DETAILS_HINT,
    LP_DETAILS,
    LP_DETAILS_BAR,
    LP_PAGE_BAR,
    LP_TURN, /* to the diagnostics, and back */
    LP_EXPORT,
    LP_HELP,
    LP_NOTE,
    LP_WIDGET_END,
} lp_widget;

/* Painted below the controls. */
typedef struct lp_panel {
    RECT rect;
    lp_surface surface;
} lp_panel;

typedef struct lp_mark {
    RECT rect;
    lp_tone tone;
    bool is_icon; /* the program's own, instead of a sign */
} lp_mark;

#define LP_PANELS_MAX (LP_VIEW_CARDS_MAX + 4) /* the headline, latency, facts, peers */
#define LP_MARKS_MAX  (LP_VIEW_CARDS_MAX + LP_FACT_COUNT + 1)

typedef struct lp_painted {
    lp_panel panel[LP_PANELS_MAX];
    size_t panel_count;
    lp_mark mark[LP_MARKS_MAX];
    size_t mark_count;
    RECT print; /* the frame of the fingerprint's field; empty: it is not shown */
    lp_form_field fault; /* whose frame is red */
} lp_painted;

typedef struct lp_window {
    HWND hwnd, page;
    lp_theme theme;
    lp_asker *asker;
    lp_tray tray;
    /* what is known */
    lp_presence presence;
    lp_state state;
    char *said;     /* the service's own words, for the diagnostics; NULL: none yet */
    lp_why silence; /* why it does not answer */
    lp_news news;
    lp_graph graph;
    lp_recent recent;
    lp_form form;                      /* as last asked for */
    char server_name[LP_HOST_MAX + 1]; /* of the form: a link brought it */
    bool from_link;                    /* which nobody has agreed to yet */
    lp_form_fault fault;               /* LP_FORM_NONE: none */
    lp_why trouble;                    /* of the last order; "": it went well */
    /* what is shown */
    lp_view view;
    lp_diagnosis details;
    bool shows_details;
    lp_order waits_for; /* the answer to an order of the player's; STATUS: to none */
    char note[LP_WHY_MAX];
    lp_painted painted;
    lp_extent extent;    /* of the page, in pixels */
    int extent_of;       /* the page that it is of */
    lp_order waited_for; /* when the buttons were last painted */
    lp_act acted;
    size_t typed_len[3]; /* of the fields, before the last key */
    HWND hot;            /* the button under the mouse */
    UINT taskbar_made;
} lp_window;

/* --- window.c --- */
bool lp_window_register(void);
/* NULL: it could not be made. It lives until it is destroyed. */
lp_window *lp_window_open(const char *pipe, const char *link);
/* Whether a message was for the window as a whole: a key of its own, or a dialog's. */
bool lp_window_takes(lp_window *window, MSG *message);

/* --- widgets.c --- */
void lp_widgets_make(lp_window *window);
void lp_widgets_dress(lp_window *window); /* fonts and colours of the theme */
HWND lp_widget_at(const lp_window *window, int id);
void lp_widget_put(const lp_window *window, int id, const char *text);
char *lp_widget_text(const lp_window *window, int id, char *out, size_t out_len);
lp_font lp_widget_font(int id);
lp_surface lp_card_surface(lp_tone tone);
lp_surface lp_widget_surface(const lp_window *window, int id);
COLORREF lp_widget_colour(const lp_window *window, int id);
/* A button that has the service or Windows do something. */
bool lp_widget_orders(int id);
/* Such a one, while what was ordered before is not done. It keeps the focus, which a
 * disabled one would lose, and with it all keys. */
bool lp_widget_waits(const lp_window *window, int id);
/* The recent ones, offered below the fields. */
void lp_widgets_offer(const lp_window *window);

/* --- layout.c --- */
void lp_layout(lp_window *window);
SIZE lp_layout_smallest(const lp_theme *theme); /* of the client area */

/* --- page.c --- */
bool lp_page_register(void);
HWND lp_page_make(HWND parent);
void lp_page_scroll(lp_window *window, int at); /* as far as there is something */
void lp_page_limit(lp_window *window);          /* no farther than that */
void lp_page_wheel(lp_window *window, int turned);
bool lp_page_takes_key(lp_window *window, WPARAM key); /* true: it was for the page */
void lp_page_follow(lp_window *window); /* the control that has the focus is seen */

/* --- paint.c --- */
void lp_paint_window(lp_window *window);
void lp_paint_page(lp_window *window);
void lp_paint_button(const lp_window *window, const DRAWITEMSTRUCT *item);
void lp_paint_peer(const lp_window *window, const DRAWITEMSTRUCT *item);
void lp_paint_offer(const lp_window *window, const DRAWITEMSTRUCT *item);
void lp_paint_graph(const lp_window *window, HWND graph);
/* A field's frame; the text in it is the edit control's own. */
void lp_paint_field(const lp_window *window, HDC dc, RECT rect, bool has_focus,
                    bool has_fault, bool has_list);

/* --- fill.c --- */
void lp_show(lp_window *window); /* everything, as it is known now */
void lp_show_heard(lp_window *window, const lp_heard *heard);
void lp_show_note(lp_window *window, const char *text);
/* The rows that are selected, or all. */
void lp_show_copy(lp_window *window, bool all);
/* An order of the player's: what went wrong before is over. */
void lp_show_order(lp_window *window, lp_order order, const char *text);
void lp_show_connect(lp_window *window);
void lp_form_gather(const lp_window *window, lp_form *out);
void lp_form_fill(lp_window *window, const lp_form *form);
/* A link, pasted or clicked: fills the form, and connects to nothing. */
void lp_show_link(lp_window *window, const char *link);

/* --- check.c --- */
/* From now on, every text that does not fit its control is written to this file. */
void lp_check_into(const wchar_t *path);
void lp_check(const lp_window *window);
