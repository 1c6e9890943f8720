#include "base/mac.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

lp_err lp_mac_read(const char *text, lp_mac *out_mac)
{
    lp_mac mac;
    if (strlen(text) != LP_MAC_TEXT_LEN - 1)
        return LP_ERR_MALFORMED;
    for (size_t i = 0; i < sizeof mac.octet; i++) {
        const char *pair = text + 3 * i;
        int high = hex_digit(pair[0]);
        int low = hex_digit(pair[1]);
        char after = i + 1 < sizeof mac.octet ? ':' : '\0';
        if (high < 0 || low < 0 || pair[2] != after)
            return LP_ERR_MALFORMED;
        mac.octet[i] = (uint8_t)(high << 4 | low);
    }
    *out_mac = mac;
    return LP_OK;
}

const char *lp_mac_write(lp_mac mac, char out[LP_MAC_TEXT_LEN])
{
    static const char digits[] = "0123456789abcdef";
    char *at = out;
    for (size_t i = 0; i < sizeof mac.octet; i++) {
        if (i > 0)
            *at++ = ':';
        *at++ = digits[mac.octet[i] >> 4];
        *at++ = digits[mac.octet[i] & 15];
    }
    *at = '\0';
    return out;
}
