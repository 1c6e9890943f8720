/*
 * A scroll bar of our own beside a list or a page: the system's is light in a dark window.
 * It follows what it stands beside, and can be dragged; keys and the wheel are the list's or
 * the page's as ever.
 */
#pragma once

#include <windows.h>

#include "gui/windows/theme.h"

#define LP_BAR_CLASS L"lanparty-bar"
#define LP_BAR_WIDTH 12 /* at 96 DPI */

/* What is longer than the room it has: lines of a list, or pixels of a page. */
typedef struct lp_extent {
    int whole, shown; /* all of it, and how much of that is seen */
    int at;           /* what comes before the part that is seen */
} lp_extent;

bool lp_bar_register(void);

/* `bar` is a window of this class, `list` a list box or a list view beside it. */
void lp_bar_join(HWND bar, HWND list, const lp_theme *theme);

/* The same for a page, which is asked to move by LP_WM_SCROLL: wParam says where to. */
#define LP_WM_SCROLL (WM_APP + 4)
void lp_bar_join_page(HWND bar, HWND page, const lp_extent *extent,
                      const lp_theme *theme);
