/* Octets as people write them: pairs of hexadecimal digits, spaces between as they like. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The octets read; SIZE_MAX where it is no such text or more than `max`. */
static inline size_t lp_test_hex(const char *text, uint8_t *out, size_t max)
{
    size_t digits = 0;
    for (; *text; text++) {
        char c = *text;
        if (c == ' ' || c == '\n')
            continue;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                           : -1;
        if (digit < 0 || digits / 2 == max)
            return SIZE_MAX;
        out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] << 4 | digit : digit);
        digits++;
    }
    return digits % 2 ? SIZE_MAX : digits / 2;
}
