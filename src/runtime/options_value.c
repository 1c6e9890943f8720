#include "runtime/options_internal.h"

#include <inttypes.h>

typedef struct unit {
    const char *name;
    uint64_t factor;
} unit;

static const unit size_units[] = {
    {"", 1}, {"K", 1u << 10}, {"M", 1u << 20}, {"G", 1u << 30}, {NULL, 0}};

static const unit duration_units[] = {{"us", LP_US(1)},        {"ms", LP_MS(1)},
                                      {"s", LP_SECONDS(1)},    {"m", LP_SECONDS(60)},
                                      {"h", LP_SECONDS(3600)}, {NULL, 0}};

static const unit no_units[] = {{"", 1}, {NULL, 0}};

/* Digits and one of the units, nothing else, and no overflow. */
static bool read_number(const char *text, const unit *units, uint64_t *out)
{
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (unsigned)(*at - '0'), &value))
            return false;
    }
    if (at == text)
        return false;
    while (units->name && strcmp(units->name, at) != 0)
        units++;
    return units->name && !__builtin_mul_overflow(value, units->factor, out);
}

static bool is_in_range(const lp_option *option, uint64_t value)
{
    return option->max == 0 || (value >= option->min && value <= option->max);
}

static bool read_flag(const char *text, bool *out)
{
    *out = strcmp(text, "yes") == 0;
    return *out || strcmp(text, "no") == 0;
}

static bool read_choice(const lp_option *option, const char *text, int *out)
{
    for (int i = 0; option->choices[i]; i++) {
        if (strcmp(option->choices[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool read_mac(const char *text, lp_option_mac *out)
{
    out->is_set = lp_mac_read(text, &out->mac) == LP_OK;
    return out->is_set;
}

static bool read_value(const lp_option *option, const char *text, void *field)
{
    uint64_t *number = field;
    switch (option->kind) {
    case LP_OPTION_FLAG:
        return read_flag(text, field);
    case LP_OPTION_TEXT:
    case LP_OPTION_PATH:
        *(const char **)field = text;
        return true;
    case LP_OPTION_COUNT:
        return read_number(text, no_units, number) && is_in_range(option, *number);
    case LP_OPTION_SIZE:
        return read_number(text, size_units, number) && is_in_range(option, *number);
    case LP_OPTION_DURATION:
        return read_number(text, duration_units, field);
    case LP_OPTION_LISTEN:
        return lp_addr_read_listen(text, field) == LP_OK;
    case LP_OPTION_RELAY:
        return lp_endpoint_name_read(text, field) == LP_OK;
    case LP_OPTION_MAC:
        return read_mac(text, field);
    case LP_OPTION_CHOICE:
        return read_choice(option, text, field);
    }
    return false;
}

lp_err lp_option_read_value(const lp_option *option, const char *text, void *config,
                            lp_why *why)
{
    char expected[LP_OPTION_EXPECT_LEN];
    if (!*text)
        return lp_explain(why, LP_ERR_MALFORMED,
                          "the value is empty; give it %s, or leave the option out",
                          option->value ? option->value : "yes or no");
    if (read_value(option, text, (char *)config + option->offset))
        return LP_OK;
    return lp_explain(why, LP_ERR_MALFORMED, "\"%.80s\" is not %s", text,
                      lp_option_expects(option, expected));
}

/* --- what a value should be ------------------------------------------------------- */

/* 65536 as "64K": the largest unit that divides it. */
static void write_size(uint64_t size, char out[32])
{
    const unit *best = size_units;
    for (const unit *next = size_units; next->name; next++) {
        if (size > 0 && size % next->factor == 0)
            best = next;
    }
    snprintf(out, 32, "%" PRIu64 "%s", size / best->factor, best->name);
}

static void write_choices(const lp_option *option, char *out, size_t out_len)
{
    size_t len = (size_t)snprintf(out, out_len, "one of ");
    for (int i = 0; option->choices[i] && len < out_len; i++)
        len += (size_t)snprintf(out + len, out_len - len, "%s%s", i > 0 ? ", " : "",
                                option->choices[i]);
}

static void write_size_range(const lp_option *option, char *out, size_t out_len)
{
    static const char example[] = "such as 65536, 64K or 4M";
    char min[32], max[32];
    write_size(option->min, min);
    write_size(option->max, max);
    if (option->max == 0)
        snprintf(out, out_len, "a size, %s", example);
    else
        snprintf(out, out_len, "a size from %s to %s, %s", min, max, example);
}

static void write_count_range(const lp_option *option, char *out, size_t out_len)
{
    if (option->max == 0)
        snprintf(out, out_len, "a number");
    else
        snprintf(out, out_len, "a number from %" PRIu64 " to %" PRIu64, option->min,
                 option->max);
}

static const char *const examples[] = {
    [LP_OPTION_FLAG] = "yes or no",
    [LP_OPTION_TEXT] = "",
    [LP_OPTION_PATH] = "",
    [LP_OPTION_DURATION] = "a time such as 500ms, 30s or 2m",
    [LP_OPTION_LISTEN] =
        "an address to listen on, such as 443/udp, 0.0.0.0:443 or [::]:443",
    [LP_OPTION_RELAY] =
        "a relay's name or address, such as relay.example or 192.0.2.1:4433",
    [LP_OPTION_MAC] = "an Ethernet address such as 02:5e:10:00:00:01",
};

const char *lp_option_expects(const lp_option *option, char out[LP_OPTION_EXPECT_LEN])
{
    switch (option->kind) {
    case LP_OPTION_COUNT:
        write_count_range(option, out, LP_OPTION_EXPECT_LEN);
        break;
    case LP_OPTION_SIZE:
        write_size_range(option, out, LP_OPTION_EXPECT_LEN);
        break;
    case LP_OPTION_CHOICE:
        write_choices(option, out, LP_OPTION_EXPECT_LEN);
        break;
    case LP_OPTION_FLAG:
    case LP_OPTION_TEXT:
    case LP_OPTION_PATH:
    case LP_OPTION_DURATION:
    case LP_OPTION_LISTEN:
    case LP_OPTION_RELAY:
    case LP_OPTION_MAC:
        snprintf(out, LP_OPTION_EXPECT_LEN, "%s", examples[option->kind]);
    }
    return out;
}
