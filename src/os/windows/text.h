/* UTF-8, which everything of ours speaks, to and from the UTF-16 of Windows. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

/* False: `out` is too small, or it is not text. out_count counts characters, NUL too. */
bool lp_text_to_wide(const char *text, wchar_t *out, size_t out_count);
bool lp_text_of_wide(const wchar_t *wide, char *out, size_t out_len);
