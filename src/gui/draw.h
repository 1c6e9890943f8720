/*
 * Smooth shapes on a picture of 32-bit pixels: edges are as wide as their distance says,
 * so that they look the same on every system.
 */
#pragma once

#include "gui/view.h"

typedef uint32_t lp_colour; /* 0xRRGGBB */

typedef struct lp_canvas {
    uint32_t *pixel; /* 0xAARRGGBB, colours multiplied by alpha; rows from the top */
    int width, height;
} lp_canvas;

typedef struct lp_box {
    float left, top, right, bottom;
} lp_box;

typedef struct lp_point {
    float x, y;
} lp_point;

void lp_draw_box(lp_canvas *canvas, lp_box box, lp_colour colour); /* sharp edges */

/* `line` lies within the box; its width may be 0. */
void lp_draw_round(lp_canvas *canvas, lp_box box, float radius, lp_colour inside,
                   lp_colour line, float line_width);
void lp_draw_disc(lp_canvas *canvas, float x, float y, float radius, lp_colour colour);

/* Round ends and corners. */
void lp_draw_lines(lp_canvas *canvas, const lp_point *points, int count, float width,
                   lp_colour colour);

/* What is between the points, which go from right to left, and y = bottom; lightly. */
void lp_draw_area(lp_canvas *canvas, const lp_point *points, int count, float bottom,
                  lp_colour colour);

/* A disc with a sign that tells the tone without its colour: a tick, "!", a cross, "..." */
void lp_draw_sign(lp_canvas *canvas, lp_box box, lp_tone tone, lp_colour disc,
                  lp_colour sign);
/* Somebody in the room: a head and shoulders, or the host's box. */
void lp_draw_head(lp_canvas *canvas, lp_box box, bool is_gateway, lp_colour disc,
                  lp_colour sign);
