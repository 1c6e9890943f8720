/*
 * A scroll bar of our own beside a list: the system's is light in a dark window. It follows
 * the list, and can be dragged; keys and the wheel are the list's as ever.
 */
#pragma once

#include <windows.h>

#include "gui/windows/theme.h"

#define LP_BAR_CLASS L"lanparty-bar"
#define LP_BAR_WIDTH 12 /* at 96 DPI */

bool lp_bar_register(void);

/* `bar` is a window of this class, `list` a list box or a list view beside it. */
void lp_bar_join(HWND bar, HWND list, const lp_theme *theme);
