#include "gui/draw.h"

#include "test.h"

enum { SIZE = 20, GUARD = 0x12345678 };

static uint32_t pixels[SIZE * SIZE + 1];
static lp_canvas canvas;

static void begin(void)
{
    for (size_t i = 0; i < SIZE * SIZE; i++)
        pixels[i] = 0xffffffff;
    pixels[SIZE * SIZE] = GUARD;
    canvas = (lp_canvas){pixels, SIZE, SIZE};
}

static lp_colour at(int x, int y)
{
    return pixels[y * SIZE + x] & 0xffffff;
}

static size_t touched(void)
{
    size_t count = 0;
    for (size_t i = 0; i < SIZE * SIZE; i++)
        count += pixels[i] != 0xffffffff;
    return count;
}

TEST(a_box_covers_its_pixels_and_no_others)
{
    begin();
    lp_draw_box(&canvas, (lp_box){2, 3, 5, 7}, 0x102030);
    CHECK_EQ(at(2, 3), 0x102030);
    CHECK_EQ(at(4, 6), 0x102030);
    CHECK_EQ(touched(), 12);
}

TEST(a_round_box_has_a_line_an_inside_and_no_corners)
{
    begin();
    lp_draw_round(&canvas, (lp_box){0, 0, 20, 20}, 6, 0x00ff00, 0xff0000, 1);
    CHECK_EQ(at(0, 0), 0xffffff);
    CHECK_EQ(at(10, 0), 0xff0000);
    CHECK_EQ(at(19, 10), 0xff0000);
    CHECK_EQ(at(10, 10), 0x00ff00);
    CHECK_EQ(at(1, 10), 0x00ff00);
}

TEST(edges_are_soft)
{
    begin();
    lp_draw_disc(&canvas, 10, 10, 6.5F, 0x000000);
    CHECK_EQ(at(10, 10), 0x000000);
    CHECK_EQ(at(0, 0), 0xffffff);
    size_t greys = 0;
    for (int i = 0; i < SIZE * SIZE; i++)
        greys += at(i % SIZE, i / SIZE) != 0 && at(i % SIZE, i / SIZE) != 0xffffff;
    CHECK(greys > 20);
}

TEST(lines_do_not_grow_darker_where_they_meet)
{
    static const lp_point corner[] = {{3, 10}, {10, 10}, {17, 10}};
    begin();
    lp_draw_lines(&canvas, corner, 3, 1, 0x000000);
    CHECK_EQ(at(6, 10), at(10, 10));
    CHECK_EQ(at(6, 9), at(9, 9));
}

TEST(an_area_lies_between_the_points_and_the_bottom)
{
    static const lp_point points[] = {{18, 5}, {10, 12}, {2, 5}};
    begin();
    lp_draw_area(&canvas, points, 3, 16, 0x000000);
    CHECK_EQ(at(10, 4), 0xffffff);
    CHECK_EQ(at(10, 10), 0xffffff);
    CHECK(at(10, 14) != 0xffffff);
    CHECK(at(4, 9) != 0xffffff);
    CHECK_EQ(at(4, 17), 0xffffff);
    CHECK_EQ(at(19, 14), 0xffffff);
}

/* What is drawn on nothing is a picture with alpha: its colours are multiplied by it. */
TEST(a_transparent_picture_keeps_its_alpha)
{
    begin();
    memset(pixels, 0, SIZE * SIZE * sizeof *pixels);
    lp_draw_disc(&canvas, 10, 10, 6.5F, 0xffffff);
    for (size_t i = 0; i < SIZE * SIZE; i++)
        CHECK_EQ(pixels[i] >> 24, pixels[i] & 0xff);
    CHECK_EQ(pixels[10 * SIZE + 10], 0xffffffff);
}

TEST(nothing_is_drawn_beside_the_picture)
{
    static const struct {
        const char *name;
        lp_box box;
    } rows[] = {{"left", {-30, 2, -10, 12}},      {"above", {2, -30, 12, -10}},
                {"right", {30, 2, 60, 12}},       {"below", {2, 30, 12, 60}},
                {"all around", {-5, -5, 40, 40}}, {"inside out", {12, 12, 4, 4}}};
    EACH_ROW (row, rows) {
        const lp_point points[] = {{row->box.right, row->box.top},
                                   {row->box.left, row->box.bottom}};
        begin();
        lp_draw_box(&canvas, row->box, 0);
        lp_draw_round(&canvas, row->box, 4, 0, 0, 1);
        lp_draw_lines(&canvas, points, 2, 3, 0);
        lp_draw_area(&canvas, points, 2, row->box.bottom, 0);
        lp_draw_sign(&canvas, row->box, LP_TONE_WARN, 0, 0);
        CHECK_EQ(pixels[SIZE * SIZE], GUARD);
    }
    lp_canvas nothing = {NULL, 0, 0}; /* there was no memory */
    lp_draw_sign(&nothing, (lp_box){0, 0, 20, 20}, LP_TONE_GOOD, 0, 0);
}

/* The sign alone must tell: no two tones may look the same in black and white. */
TEST(every_tone_has_a_sign_of_its_own)
{
    static uint32_t drawn[LP_TONE_BAD + 1][SIZE * SIZE];
    for (int tone = 0; tone <= LP_TONE_BAD; tone++) {
        begin();
        lp_draw_sign(&canvas, (lp_box){0, 0, SIZE, SIZE}, (lp_tone)tone, 0x000000,
                     0xffffff);
        memcpy(drawn[tone], pixels, sizeof drawn[tone]);
        for (int other = 0; other < tone; other++)
            CHECK(memcmp(drawn[tone], drawn[other], sizeof drawn[tone]) != 0);
    }
    begin();
    lp_draw_head(&canvas, (lp_box){0, 0, SIZE, SIZE}, true, 0x000000, 0xffffff);
    memcpy(drawn[0], pixels, sizeof drawn[0]);
    begin();
    lp_draw_head(&canvas, (lp_box){0, 0, SIZE, SIZE}, false, 0x000000, 0xffffff);
    CHECK(memcmp(drawn[0], pixels, sizeof drawn[0]) != 0);
}
