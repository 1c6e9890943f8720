/* What an event loop can wait for: a file descriptor on Linux, a socket on Windows. */
#pragma once

#include <stdint.h>

typedef intptr_t lp_fd;

#define LP_NO_FD (-1)
