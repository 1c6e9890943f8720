#include "ready.h"

#include <winsock2.h>

bool is_readable_within(intptr_t fd, int ms)
{
    WSAPOLLFD poll_fd = {.fd = (SOCKET)fd, .events = POLLRDNORM};
    return WSAPoll(&poll_fd, 1, ms) == 1;
}
