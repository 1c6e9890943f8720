#include "core/sentence.h"

/* Octets of the UTF-8 character at `at` (RFC 3629 section 4), or 0 if it is none. Stops
 * at a NUL by itself: it is no continuation. */
static size_t character_len(const uint8_t *at)
{
    size_t len = at[0] < 0x80   ? 1
                 : at[0] < 0xc2 ? 0
                 : at[0] < 0xe0 ? 2
                 : at[0] < 0xf0 ? 3
                 : at[0] < 0xf5 ? 4
                                : 0;
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    bool is_overlong =
        (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool is_surrogate = at[0] == 0xed && at[1] >= 0xa0;
    bool is_beyond = at[0] == 0xf4 && at[1] >= 0x90;
    return is_overlong || is_surrogate || is_beyond ? 0 : len;
}

static bool is_control(const uint8_t *at)
{
    bool is_c1 = at[0] == 0xc2 && at[1] < 0xa0; /* terminals obey these too */
    return at[0] < 0x20 || at[0] == 0x7f || is_c1;
}

void lp_sentence_copy(char out[LP_REASON_MAX + 1], const char *text,
                      const char *instead)
{
    const uint8_t *at = (const uint8_t *)(text && *text ? text : instead);
    size_t used = 0;
    while (*at) {
        size_t len = character_len(at);
        size_t written = len > 0 && !is_control(at) ? len : 1;
        if (used + written > LP_REASON_MAX)
            break;
        if (len == 0)
            out[used] = '?';
        else if (is_control(at))
            out[used] = ' ';
        else
            memcpy(out + used, at, len);
        used += written;
        at += len > 0 ? len : 1;
    }
    out[used] = '\0';
}
