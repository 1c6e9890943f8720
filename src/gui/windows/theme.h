/*
 * How everything looks: colours of the light, the dark and the high-contrast mode, fonts of
 * the system, and lengths, for one monitor's DPI.
 */
#pragma once

#include <windows.h>

#include <stdbool.h>

#include "gui/view.h"

typedef enum lp_font {
    LP_FONT_BODY,
    LP_FONT_STRONG,
    LP_FONT_TITLE,
    LP_FONT_NUMBER,
    LP_FONT_COUNT,
} lp_font;

/* What text stands on, and what a control is filled with. */
typedef enum lp_surface {
    LP_ON_WINDOW,
    LP_ON_CARD,
    LP_ON_WARN,
    LP_ON_BAD,
    LP_ON_FIELD,
    LP_ON_COUNT,
} lp_surface;

typedef struct lp_theme {
    unsigned dpi;
    bool is_dark, is_contrast;
    COLORREF surface[LP_ON_COUNT], edge[LP_ON_COUNT];
    HBRUSH brush[LP_ON_COUNT];
    COLORREF text, dim;
    COLORREF accent, accent_hot, accent_down, on_accent;
    COLORREF button, button_hot, button_down;
    COLORREF tone[LP_TONE_BAD + 1];
    HFONT font[LP_FONT_COUNT];
} lp_theme;

/* Reads what the user chose, for this DPI. Again when that changes. */
void lp_theme_load(lp_theme *theme, unsigned dpi);
void lp_theme_fini(lp_theme *theme);

/* Tells the window's own frame whether it is dark. */
void lp_theme_frame(const lp_theme *theme, HWND window);

/* A length of 96 DPI on this monitor. */
static inline int lp_px(const lp_theme *theme, int length)
{
    return MulDiv(length, (int)theme->dpi, 96);
}
