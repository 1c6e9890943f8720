#include "gui/draw.h"

#include <math.h>

#define AREA_ALPHA 0.14F

/* --- pixels ----------------------------------------------------------------------- */

static float clamp(float value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

/* How much of a pixel is covered whose middle is so far outside of an edge. */
static float cover(float distance)
{
    return clamp(0.5F - distance);
}

static uint32_t mixed(uint32_t below, uint32_t colour, float alpha, int shift)
{
    float under = (float)(below >> shift & 0xff),
          over = (float)(colour >> shift & 0xff);
    return (uint32_t)(over * alpha + under * (1 - alpha) + 0.5F) << shift;
}

static void blend(lp_canvas *canvas, int x, int y, lp_colour colour, float alpha)
{
    uint32_t *at = &canvas->pixel[y * canvas->width + x];
    if (alpha <= 0)
        return;
    uint32_t full = colour | 0xff000000;
    *at = mixed(*at, full, alpha, 0) | mixed(*at, full, alpha, 8) |
          mixed(*at, full, alpha, 16) | mixed(*at, full, alpha, 24);
}

typedef struct span {
    int left, top, right, bottom; /* of the pixels that a shape can touch */
} span;

static int bound(float value, int most)
{
    return value < 0 ? 0 : value > (float)most ? most : (int)value;
}

static span span_of(const lp_canvas *canvas, lp_box box)
{
    return (span){
        bound(box.left - 1, canvas->width), bound(box.top - 1, canvas->height),
        bound(box.right + 2, canvas->width), bound(box.bottom + 2, canvas->height)};
}

/* --- boxes ------------------------------------------------------------------------ */

void lp_draw_box(lp_canvas *canvas, lp_box box, lp_colour colour)
{
    int left = bound(box.left, canvas->width), right = bound(box.right, canvas->width);
    int top = bound(box.top, canvas->height),
        bottom = bound(box.bottom, canvas->height);
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++)
            blend(canvas, x, y, colour, 1);
    }
}

/* From the middle of a pixel to the edge of a rounded box; negative within. */
static float outside(lp_box box, float radius, float x, float y)
{
    float dx =
        fabsf(x - (box.left + box.right) / 2) - (box.right - box.left) / 2 + radius;
    float dy =
        fabsf(y - (box.top + box.bottom) / 2) - (box.bottom - box.top) / 2 + radius;
    float corner = hypotf(dx > 0 ? dx : 0, dy > 0 ? dy : 0);
    float side = dx > dy ? dx : dy;
    return corner + (side < 0 ? side : 0) - radius;
}

void lp_draw_round(lp_canvas *canvas, lp_box box, float radius, lp_colour inside,
                   lp_colour line, float line_width)
{
    span in = span_of(canvas, box);
    for (int y = in.top; y < in.bottom; y++) {
        for (int x = in.left; x < in.right; x++) {
            float far = outside(box, radius, (float)x + 0.5F, (float)y + 0.5F);
            float whole = cover(far);
            if (whole <= 0)
                continue;
            if (line_width > 0)
                blend(canvas, x, y, line, whole);
            blend(canvas, x, y, inside, cover(far + line_width));
        }
    }
}

void lp_draw_disc(lp_canvas *canvas, float x, float y, float radius, lp_colour colour)
{
    lp_draw_round(canvas, (lp_box){x - radius, y - radius, x + radius, y + radius},
                  radius, colour, colour, 0);
}

/* --- lines ------------------------------------------------------------------------ */

static float far_from(lp_point from, lp_point to, float x, float y)
{
    float dx = to.x - from.x, dy = to.y - from.y, length = dx * dx + dy * dy;
    float along = length > 0 ? ((x - from.x) * dx + (y - from.y) * dy) / length : 0;
    along = clamp(along);
    return hypotf(x - from.x - along * dx, y - from.y - along * dy);
}

static lp_box box_of(const lp_point *points, int count, float margin)
{
    lp_box box = {points[0].x, points[0].y, points[0].x, points[0].y};
    for (int i = 1; i < count; i++) {
        box.left = fminf(box.left, points[i].x);
        box.right = fmaxf(box.right, points[i].x);
        box.top = fminf(box.top, points[i].y);
        box.bottom = fmaxf(box.bottom, points[i].y);
    }
    return (lp_box){box.left - margin, box.top - margin, box.right + margin,
                    box.bottom + margin};
}

/* The nearest of all parts counts, so that nothing is drawn twice where two meet. */
static float nearest(const lp_point *points, int count, float reach, float x, float y)
{
    float best = reach;
    for (int i = 1; i < count; i++) {
        if (fminf(points[i - 1].x, points[i].x) - reach > x ||
            fmaxf(points[i - 1].x, points[i].x) + reach < x)
            continue;
        best = fminf(best, far_from(points[i - 1], points[i], x, y));
    }
    return best;
}

void lp_draw_lines(lp_canvas *canvas, const lp_point *points, int count, float width,
                   lp_colour colour)
{
    if (count < 2)
        return;
    float half = width / 2;
    span in = span_of(canvas, box_of(points, count, half));
    for (int y = in.top; y < in.bottom; y++) {
        for (int x = in.left; x < in.right; x++) {
            float far =
                nearest(points, count, half + 1, (float)x + 0.5F, (float)y + 0.5F);
            blend(canvas, x, y, colour, cover(far - half));
        }
    }
}

/* Where the line through the points is at this x; false beside it. */
static bool height_at(const lp_point *points, int count, float x, float *out_y)
{
    for (int i = 1; i < count; i++) {
        lp_point right = points[i - 1], left = points[i];
        if (x < left.x || x > right.x || right.x <= left.x)
            continue;
        *out_y = left.y + (right.y - left.y) * (x - left.x) / (right.x - left.x);
        return true;
    }
    return false;
}

void lp_draw_area(lp_canvas *canvas, const lp_point *points, int count, float bottom,
                  lp_colour colour)
{
    if (count < 2)
        return;
    span in = span_of(canvas, box_of(points, count, 0));
    int end = bound(bottom, canvas->height);
    for (int x = in.left; x < in.right; x++) {
        float top;
        if (!height_at(points, count, (float)x + 0.5F, &top))
            continue;
        for (int y = in.top; y < end; y++)
            blend(canvas, x, y, colour, AREA_ALPHA * cover(top - (float)y - 0.5F));
    }
}

/* --- signs ------------------------------------------------------------------------ */

typedef struct sign {
    lp_canvas *canvas;
    float x, y, size; /* of the box that it is drawn in */
    lp_colour colour;
} sign;

static sign sign_in(lp_canvas *canvas, lp_box box, lp_colour colour)
{
    return (sign){canvas, box.left, box.top, box.right - box.left, colour};
}

/* Points are given in parts of the whole. */
static void stroke(const sign *in, const lp_point *parts, int count, float width)
{
    lp_point points[3];
    for (int i = 0; i < count; i++)
        points[i] =
            (lp_point){in->x + parts[i].x * in->size, in->y + parts[i].y * in->size};
    lp_draw_lines(in->canvas, points, count, in->size * width, in->colour);
}

static void dot(const sign *in, float x, float y, float radius)
{
    lp_draw_disc(in->canvas, in->x + x * in->size, in->y + y * in->size,
                 radius * in->size, in->colour);
}

static void draw_tone(const sign *in, lp_tone tone)
{
    const float pen = 0.1F;
    switch (tone) {
    case LP_TONE_GOOD:
        stroke(in, (lp_point[]){{0.29F, 0.52F}, {0.44F, 0.67F}, {0.72F, 0.36F}}, 3,
               pen);
        break;
    case LP_TONE_WARN:
        stroke(in, (lp_point[]){{0.5F, 0.27F}, {0.5F, 0.54F}}, 2, pen);
        dot(in, 0.5F, 0.73F, 0.065F);
        break;
    case LP_TONE_BAD:
        stroke(in, (lp_point[]){{0.35F, 0.35F}, {0.65F, 0.65F}}, 2, pen);
        stroke(in, (lp_point[]){{0.65F, 0.35F}, {0.35F, 0.65F}}, 2, pen);
        break;
    case LP_TONE_BUSY:
        for (int i = 0; i < 3; i++)
            dot(in, 0.28F + 0.22F * (float)i, 0.5F, 0.065F);
        break;
    case LP_TONE_CALM:
        stroke(in, (lp_point[]){{0.34F, 0.5F}, {0.66F, 0.5F}}, 2, pen);
        break;
    }
}

static void disc_below(const sign *in, lp_colour colour)
{
    lp_draw_disc(in->canvas, in->x + in->size / 2, in->y + in->size / 2, in->size / 2,
                 colour);
}

void lp_draw_sign(lp_canvas *canvas, lp_box box, lp_tone tone, lp_colour disc,
                  lp_colour colour)
{
    const sign in = sign_in(canvas, box, colour);
    disc_below(&in, disc);
    draw_tone(&in, tone);
}

void lp_draw_head(lp_canvas *canvas, lp_box box, bool is_gateway, lp_colour disc,
                  lp_colour colour)
{
    const sign in = sign_in(canvas, box, colour);
    disc_below(&in, disc);
    if (is_gateway) {
        stroke(&in, (lp_point[]){{0.31F, 0.5F}, {0.69F, 0.5F}}, 2, 0.3F);
        const sign holes = sign_in(canvas, box, disc);
        for (int i = 0; i < 3; i++)
            dot(&holes, 0.35F + 0.15F * (float)i, 0.5F, 0.05F);
        return;
    }
    dot(&in, 0.5F, 0.38F, 0.15F);
    stroke(&in, (lp_point[]){{0.32F, 0.71F}, {0.5F, 0.66F}, {0.68F, 0.71F}}, 3, 0.17F);
}
