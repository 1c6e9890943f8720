/* The icon beside the clock: its colour and words say how it is, and it brings news. */
#pragma once

#include <windows.h>

#include "gui/view.h"

#define LP_WM_TRAY (WM_APP + 2) /* as NOTIFYICON_VERSION_4 has it */

typedef struct lp_tray {
    HWND window;
    HICON icon;
    lp_tone tone;
    wchar_t tip[128];
    bool is_shown;
} lp_tray;

void lp_tray_open(lp_tray *tray, HWND window);
void lp_tray_close(lp_tray *tray);

/* Shows this; cheap if it does already. */
void lp_tray_show(lp_tray *tray, lp_tone tone, const char *tip);
/* The taskbar was made anew, and has forgotten. */
void lp_tray_again(lp_tray *tray);
void lp_tray_tell(lp_tray *tray, const char *title, const char *text, bool is_bad);

/* Of the program's own icon, with a coloured sign; the caller destroys it. */
HICON lp_tray_icon(lp_tone tone, int size);
