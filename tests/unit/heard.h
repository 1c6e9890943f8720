/* A log that remembers its first lines. */
#pragma once

#include "base/log.h"
#include "test.h"

#define HEARD_MAX 16

typedef struct heard {
    size_t count; /* of all; the first HEARD_MAX are kept */
    struct {
        lp_log_level level;
        char text[LP_LOG_LINE_MAX];
    } line[HEARD_MAX];
} heard;

static void hear(void *state, lp_log_level level, const char *line)
{
    heard *lines = state;
    if (lines->count < HEARD_MAX) {
        lines->line[lines->count].level = level;
        snprintf(lines->line[lines->count].text, LP_LOG_LINE_MAX, "%s", line);
    }
    lines->count++;
}

static inline lp_log_sink log_to(heard *lines, lp_log_level level)
{
    memset(lines, 0, sizeof *lines);
    return (lp_log_sink){.level = level, .write = hear, .state = lines};
}
