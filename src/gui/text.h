/* printf into room that is there: what does not fit is cut at a whole character. */
#pragma once

#include <stddef.h>

/* Returns `out`. */
char *lp_put_text(char *out, size_t out_len, const char *fmt, ...)
    __attribute__((format(LP_PRINTF, 3, 4)));

/* The same, after what is in `out` already. */
char *lp_add_text(char *out, size_t out_len, const char *fmt, ...)
    __attribute__((format(LP_PRINTF, 3, 4)));
