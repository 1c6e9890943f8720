#include "base/key_hash.h"

#include <stdio.h>

static const char prefix[] = "sha256:";

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 32);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

lp_err lp_key_hash_read(const char *text, lp_key_hash *out_hash)
{
    lp_key_hash hash;
    if (strncmp(text, prefix, sizeof prefix - 1) != 0)
        return LP_ERR_MALFORMED;
    text += sizeof prefix - 1;
    for (size_t i = 0; i < sizeof hash.octet; i++) {
        if (i > 0 && *text == ':')
            text++;
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0)
            return LP_ERR_MALFORMED;
        hash.octet[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (*text)
        return LP_ERR_MALFORMED;
    *out_hash = hash;
    return LP_OK;
}

const char *lp_key_hash_write(const lp_key_hash *hash, char out[LP_KEY_HASH_TEXT_LEN])
{
    char *at = out + snprintf(out, LP_KEY_HASH_TEXT_LEN, "%s", prefix);
    for (size_t i = 0; i < sizeof hash->octet; i++)
        at += snprintf(at, 3, "%02x", hash->octet[i]);
    return out;
}
