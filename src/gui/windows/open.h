/* Has Windows open something for the player: a page of its settings, a page in the
 * browser, our own help. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The path of a file that was installed with this program. False: it does not fit. */
bool lp_open_beside(const wchar_t *name, wchar_t *out, size_t out_len);

/* A place as Windows names it: "ms-settings:network", "https://...". As the user, and in a
 * program of the user's choice.
 *   LP_ERR_IO  it could not be opened */
LP_MUST_USE lp_err lp_open_place(const char *place, lp_why *why);
/*   LP_ERR_NOT_FOUND  it is not beside this program;  LP_ERR_IO */
LP_MUST_USE lp_err lp_open_help(lp_why *why);
