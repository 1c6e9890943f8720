#include "ready.h"

#include <poll.h>

bool is_readable_within(intptr_t fd, int ms)
{
    struct pollfd poll_fd = {.fd = (int)fd, .events = POLLIN};
    return poll(&poll_fd, 1, ms) == 1;
}
