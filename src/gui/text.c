#include "gui/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The octets that go on with a character: 10xxxxxx. */
static bool goes_on(char octet)
{
    return ((unsigned char)octet & 0xc0) == 0x80;
}

static size_t len_of_character(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static void cut_half_character(char *out, size_t len)
{
    size_t start = len;
    while (start > 0 && goes_on(out[start - 1]))
        start--;
    if (start > 0 && start - 1 + len_of_character((unsigned char)out[start - 1]) > len)
        out[start - 1] = '\0';
}

__attribute__((format(LP_PRINTF, 3, 0))) static void put(char *out, size_t out_len,
                                                         const char *fmt, va_list args)
{
    int len = vsnprintf(out, out_len, fmt, args);
    if (len >= 0 && (size_t)len >= out_len && out_len > 0)
        cut_half_character(out, out_len - 1);
}

char *lp_put_text(char *out, size_t out_len, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    put(out, out_len, fmt, args);
    va_end(args);
    return out;
}

char *lp_add_text(char *out, size_t out_len, const char *fmt, ...)
{
    va_list args;
    size_t used = strlen(out);
    va_start(args, fmt);
    put(out + used, out_len - used, fmt, args);
    va_end(args);
    return out;
}
