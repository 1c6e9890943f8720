/*
 * tests/vectors/segment-*.hex: super-frames, and what Linux makes of them. We make the
 * same, and of those frames the same super-frame again.
 */
#include <dirent.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "core/glue.h"
#include "core/intake.h"
#include "core/offload.h"
#include "ip.h"
#include "test.h"

enum { LINE_MAX_LEN = 1024, SEGMENTS_MAX = 8, FRAME_MAX = 256 };

typedef struct octets {
    size_t len;
    uint8_t at[FRAME_MAX];
} octets;

typedef struct vector {
    lp_offload offload;
    octets frame, segments[SEGMENTS_MAX];
    size_t count;
} vector;

static lp_gso gso_of(const char *word)
{
    static const char *const words[] = {[LP_GSO_NONE] = "none",
                                        [LP_GSO_TCP4] = "tcp4",
                                        [LP_GSO_TCP6] = "tcp6",
                                        [LP_GSO_UDP] = "udp"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return (lp_gso)i;
    return LP_GSO_OTHER;
}

static void take_line(vector *out, const char *name, const char *value)
{
    uint16_t number = (uint16_t)strtoul(value, NULL, 10);
    octets *into = NULL;
    if (strcmp(name, "gso") == 0)
        out->offload.gso = gso_of(value);
    else if (strcmp(name, "segment_len") == 0)
        out->offload.segment_len = number;
    else if (strcmp(name, "checksum_start") == 0)
        out->offload.checksum_start = number;
    else if (strcmp(name, "checksum_offset") == 0)
        out->offload.checksum_offset = number;
    else if (strcmp(name, "frame") == 0)
        into = &out->frame;
    else if (strcmp(name, "segment") == 0 && out->count < SEGMENTS_MAX)
        into = &out->segments[out->count++];
    else
        lp_test_fail(__FILE__, __LINE__, "a line that means nothing");
    if (into && strlen(value) <= 2 * FRAME_MAX)
        into->len = ip_from_hex(value, into->at);
}

static vector load(const char *path)
{
    vector found = {.offload = {.needs_checksum = true}};
    char line[LINE_MAX_LEN];
    FILE *in = fopen(path, "r");
    CHECK(in != NULL);
    while (in && fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = '\0';
        char *value = strstr(line, ": ");
        if (line[0] == '#' || !value)
            continue;
        *value = '\0';
        take_line(&found, line, value + 2);
    }
    if (in)
        fclose(in);
    return found;
}

static unsigned each_vector(void (*check)(vector *it))
{
    unsigned count = 0;
    const char *folder = getenv("LP_VECTORS") ? getenv("LP_VECTORS") : "tests/vectors";
    DIR *dir = opendir(folder);
    CHECK(dir != NULL);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[1024];
        if (strncmp(entry->d_name, "segment-", 8) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        lp_test_at_row(entry->d_name);
        vector it = load(path);
        CHECK(it.frame.len > 0 && it.count > 0);
        check(&it);
        count++;
    }
    lp_test_at_row(NULL);
    if (dir)
        closedir(dir);
    return count;
}

static void check_cut(vector *it)
{
    uint8_t room[FRAME_MAX];
    lp_stats stats = {{0}};
    lp_intake intake;
    lp_space out;
    CHECK_EQ(lp_intake_start(&intake, lp_space_of(it->frame.at, it->frame.len),
                             &it->offload, lp_space_of(room, sizeof room), &stats),
             LP_REASON_NONE);
    size_t made = 0;
    for (; lp_intake_next(&intake, &out); made++) {
        CHECK(made < it->count);
        if (made < it->count)
            CHECK_BYTES(out.at, out.len, it->segments[made].at, it->segments[made].len);
    }
    CHECK_EQ(made, it->count);
}

TEST(frames_are_cut_and_completed_as_linux_does_it)
{
    CHECK(each_vector(check_cut) >= 14);
}

/* Options, extension headers and CWR pass as they are: nothing is lost with them. */
static bool is_glueable(const vector *it)
{
    const uint8_t *tcp = it->frame.at + it->offload.checksum_start;
    size_t plain_at = it->frame.at[IP_ETH] >> 4 == 4 ? 34 : 54;
    return it->offload.gso != LP_GSO_NONE && it->offload.checksum_start == plain_at &&
           (it->offload.gso == LP_GSO_UDP || !(tcp[13] & 0x80));
}

/* What comes out, cut again, goes on with segment `*next`; true if it is the whole. */
static bool check_out(const vector *it, lp_bytes view, const lp_offload *left,
                      size_t *next)
{
    uint8_t room[FRAME_MAX];
    size_t count = lp_offload_segment_count(view, left);
    for (size_t i = 0; i < count && *next < it->count; i++, (*next)++) {
        size_t len = lp_offload_segment(view, left, i, lp_space_of(room, sizeof room));
        CHECK_BYTES(room, len, it->segments[*next].at, it->segments[*next].len);
    }
    return left->gso == it->offload.gso && count == it->count &&
           lp_bytes_equal(view, lp_bytes_of(it->frame.at, it->frame.len));
}

static void check_glued(vector *it)
{
    lp_glue *glue = lp_glue_new();
    lp_bytes view;
    lp_offload left;
    size_t next = 0;
    bool is_whole = false;
    for (size_t i = 0; i < it->count; i++) {
        lp_glue_put(glue, lp_bytes_of(it->segments[i].at, it->segments[i].len));
        if (i + 1 == it->count)
            lp_glue_flush(glue);
        while (lp_glue_next(glue, &view, &left))
            is_whole |= check_out(it, view, &left, &next);
    }
    CHECK_EQ(is_whole, is_glueable(it));
    CHECK_EQ(next, it->count);
    lp_glue_free(glue);
}

TEST(frames_are_glued_to_what_linux_cut)
{
    CHECK(each_vector(check_glued) >= 14);
}
