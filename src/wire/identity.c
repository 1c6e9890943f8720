#include "wire/identity.h"

#include "wire/json.h"

lp_identity lp_identity_new(bool with_mac, lp_random random)
{
    lp_identity identity = {.has_mac = with_mac, .has_seed = true};
    lp_random_fill(random, identity.seed, sizeof identity.seed);
    if (with_mac) {
        lp_random_fill(random, identity.mac.octet, sizeof identity.mac.octet);
        identity.mac.octet[0] = 0x02; /* 40 random bits remain: enough for any party */
    }
    return identity;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 'a' ^ 'A';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const char *text, uint8_t *out, size_t out_len)
{
    if (strlen(text) != 2 * out_len)
        return false;
    for (size_t i = 0; i < out_len; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

lp_err lp_identity_read(lp_bytes json, lp_identity *out_identity, lp_why *why)
{
    if (json.len > LP_IDENTITY_MAX)
        return lp_explain(why, LP_ERR_TOO_BIG, "json: longer than %d octets",
                          LP_IDENTITY_MAX);
    lp_identity identity = {0};
    lp_json fields;
    lp_err err = lp_json_open(json, &fields, why);
    if (!err) {
        identity.has_mac = lp_json_has(&fields, "mac");
        if (identity.has_mac)
            identity.mac = lp_json_identity_mac(&fields, "mac");
        identity.has_seed = lp_json_has(&fields, "private_key");
        if (identity.has_seed && !read_hex(lp_json_text(&fields, "private_key"),
                                           identity.seed, sizeof identity.seed))
            lp_json_refuse(&fields, "private_key", "must be 64 hexadecimal digits");
        err = lp_json_result(&fields);
    }
    if (!err)
        *out_identity = identity;
    lp_identity_wipe(&identity);
    lp_json_close(&fields);
    return err;
}

static void put_text(lp_writer *out, const char *text)
{
    lp_put(out, lp_bytes_of(text, strlen(text)));
}

static void put_hex(lp_writer *out, uint8_t octet)
{
    static const char digits[] = "0123456789abcdef";
    lp_put_u8(out, (uint8_t)digits[octet >> 4]);
    lp_put_u8(out, (uint8_t)digits[octet & 15]);
}

size_t lp_identity_write(const lp_identity *identity, lp_space space)
{
    char mac[LP_MAC_TEXT_LEN];
    lp_writer out = {.rest = space};
    put_text(&out, "{");
    if (identity->has_mac) {
        put_text(&out, "\n  \"mac\": \"");
        put_text(&out, lp_mac_write(identity->mac, mac));
        put_text(&out, identity->has_seed ? "\"," : "\"");
    }
    if (identity->has_seed) {
        put_text(&out, "\n  \"private_key\": \"");
        for (size_t i = 0; i < sizeof identity->seed; i++)
            put_hex(&out, identity->seed[i]);
        put_text(&out, "\"");
    }
    put_text(&out, "\n}\n");
    return out.failed ? 0 : out.len;
}

void lp_identity_wipe(lp_identity *identity)
{
    /* Through a volatile pointer: a compiler may not drop stores it must show. */
    volatile uint8_t *at = identity->seed;
    for (size_t i = 0; i < sizeof identity->seed; i++)
        at[i] = 0;
}
