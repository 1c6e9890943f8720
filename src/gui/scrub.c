#include "gui/scrub.h"

#include <stdbool.h>
#include <string.h>

/* ASCII only: a code has nothing else, and the C library's own would ask the locale. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_of_a_word(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
}

static bool begins_with(const char *text, const char *secret)
{
    while (*secret && lower(*text) == lower(*secret)) {
        text++;
        secret++;
    }
    return *secret == '\0';
}

size_t lp_scrub(char *text, const char *secret)
{
    size_t len = strlen(secret), found = 0;
    for (char *at = text; len > 0 && *at; at++) {
        bool starts = at == text || !is_of_a_word(at[-1]);
        if (!starts || !begins_with(at, secret) || is_of_a_word(at[len]))
            continue;
        memset(at, '*', len);
        found++;
    }
    return found;
}
