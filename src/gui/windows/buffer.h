/* A picture in memory, on which both GDI's texts and our shapes are drawn, and which then
 * appears at once: nothing flickers. */
#pragma once

#include <windows.h>

#include "gui/draw.h"

typedef struct lp_buffer {
    HDC dc;           /* in the coordinates of the target */
    lp_canvas canvas; /* the same pixels; empty where there is no memory */
    RECT rect;
    HDC target;
    HBITMAP bitmap;
    HGDIOBJ old;
} lp_buffer;

lp_buffer lp_buffer_begin(HDC target, RECT rect, HBRUSH background);
void lp_buffer_end(lp_buffer *buffer);

/* A rectangle of the target, as the canvas has it. */
lp_box lp_buffer_box(const lp_buffer *buffer, RECT rect);

static inline lp_colour lp_colour_of(COLORREF colour)
{
    return (lp_colour)GetRValue(colour) << 16 | (lp_colour)GetGValue(colour) << 8 |
           GetBValue(colour);
}
