/* What the kernel's error numbers mean in the project's words. */
#pragma once

#include "base/error.h"

/* LP_ERR_IO for what has no better name. */
lp_err lp_err_of_errno(int number);
