/* The operating system's randomness. */
#pragma once

#include "base/random.h"

/* getrandom(2); it never fails once the machine has booted. */
lp_random lp_os_random(void);
