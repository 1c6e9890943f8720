/* Waiting without sleeping. */
#pragma once

#include <poll.h>
#include <stdbool.h>

/* Only a broken program waits for all of it. */
static inline bool wait_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, 10000) == 1;
}
