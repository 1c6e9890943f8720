/* The operating system's randomness. */
#pragma once

#include "base/random.h"

lp_random lp_os_random(void); /* getrandom(2); never fails once the machine has booted */
