/* Waiting without sleeping. tests/linux and tests/windows each have one. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool is_readable_within(intptr_t fd, int ms);

/* Only a broken program waits for all of it. */
static inline bool wait_readable(intptr_t fd)
{
    return is_readable_within(fd, 10000);
}
