/* A benchmark that lacks something says so and ends: half a measurement is none. */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static inline void need(bool is_so, const char *what)
{
    if (is_so)
        return;
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}
