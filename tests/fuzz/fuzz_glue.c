/*
 * Any frames, one after the other. Whatever is glued, cut again, is octet by octet what
 * went in; nothing is lost, nothing is made up, and frames of one TCP or UDP flow
 * (Ethernet, IPv4 without options) keep their order.
 *
 *   len                2   of a frame; 0: flush
 *   frame              *
 *   ...
 */
#include "core/glue.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "core/offload.h"

#define PROMISE(cond) ((cond) ? (void)0 : broken(#cond))
#define MOST          64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void broken(const char *promise)
{
    fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

static lp_bytes frames[MOST]; /* those that have not come out yet */
static size_t frame_count;
static uint8_t segment[65536 + 64];

/* Two frames with these octets in common are of one flow; others may be too. */
static bool are_of_one_flow(lp_bytes a, lp_bytes b)
{
    static const uint8_t ipv4[] = {8, 0, 0x45};
    if (a.len < 42 || b.len < 42 || memcmp(a.at + 12, ipv4, 3) != 0 ||
        memcmp(b.at + 12, ipv4, 3) != 0)
        return false;
    bool is_tcp = a.at[23] == 6 && a.len >= 54 && b.len >= 54;
    return (is_tcp || a.at[23] == 17) && a.at[23] == b.at[23] &&
           memcmp(a.at + 26, b.at + 26, 12) == 0;
}

static void take_out(lp_bytes frame)
{
    size_t at = 0;
    while (at < frame_count && !lp_bytes_equal(frames[at], frame))
        at++;
    PROMISE(at < frame_count);
    for (size_t i = 0; i < at; i++)
        PROMISE(!are_of_one_flow(frames[i], frame));
    frame_count--;
    memmove(frames + at, frames + at + 1, (frame_count - at) * sizeof *frames);
}

static void drain(lp_glue *glue)
{
    lp_bytes view;
    lp_offload offload;
    while (lp_glue_next(glue, &view, &offload)) {
        size_t count = lp_offload_segment_count(view, &offload);
        PROMISE(count > 0 && count <= LP_GLUE_MAX_SEGMENTS);
        PROMISE((offload.gso == LP_GSO_NONE) == (count == 1));
        for (size_t i = 0; i < count; i++) {
            size_t len = lp_offload_segment(view, &offload, i,
                                            lp_space_of(segment, sizeof segment));
            take_out(lp_bytes_of(segment, len));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lp_glue *glue = lp_glue_new();
    lp_cursor in = {.rest = lp_bytes_of(data, size)};
    PROMISE(glue != NULL);
    frame_count = 0;
    for (int i = 0; i < MOST; i++) {
        size_t len = lp_take_u16(&in);
        lp_bytes frame = lp_take(&in, len);
        if (in.failed)
            break;
        if (len == 0) {
            lp_glue_flush(glue);
        } else {
            frames[frame_count++] = frame;
            lp_glue_put(glue, frame);
        }
        drain(glue);
    }
    lp_glue_flush(glue);
    drain(glue);
    PROMISE(frame_count == 0);
    lp_glue_free(glue);
    return 0;
}
