/* Windows' error numbers, as ours and as words. */
#pragma once

#include "base/error.h"

lp_err lp_err_of_windows(unsigned long number);

#define LP_WINDOWS_TEXT_LEN 256

/* What Windows says about it, without its line end, and the number: people look it up. */
const char *lp_windows_text(unsigned long number, char out[LP_WINDOWS_TEXT_LEN]);
