#include "os/windows/text.h"

#include <windows.h>

bool lp_text_to_wide(const char *text, wchar_t *out, size_t out_count)
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, out,
                               (int)out_count) > 0;
}

bool lp_text_of_wide(const wchar_t *wide, char *out, size_t out_len)
{
    return WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, out,
                               (int)out_len, NULL, NULL) > 0;
}
