#include "base/addr.h"

#include <stdio.h>
#include <stdlib.h>

static size_t ip_len(const lp_addr *addr)
{
    return addr->family == 4 ? 4 : addr->family == 6 ? 16 : 0;
}

bool lp_addr_same_ip(const lp_addr *a, const lp_addr *b)
{
    return a->family == b->family && a->scope_id == b->scope_id &&
           memcmp(a->ip, b->ip, ip_len(a)) == 0;
}

bool lp_addr_equal(const lp_addr *a, const lp_addr *b)
{
    return a->port == b->port && lp_addr_same_ip(a, b);
}

bool lp_addr_is_any(const lp_addr *addr)
{
    static const uint8_t zero[16];
    return memcmp(addr->ip, zero, ip_len(addr)) == 0;
}

/* --- reading ---------------------------------------------------------------------- */

/* Digits only, no sign, no spaces, at most `max`. Moves `*at` behind them. */
static bool take_number(const char **at, unsigned max, unsigned *out)
{
    unsigned value = 0;
    const char *start = *at;
    while (**at >= '0' && **at <= '9') {
        value = value * 10 + (unsigned)(**at - '0');
        if (value > max)
            return false;
        ++*at;
    }
    bool has_leading_zero = *start == '0' && *at - start > 1;
    *out = value;
    return *at > start && !has_leading_zero;
}

static bool read_ipv4(const char *text, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        unsigned value;
        if (i > 0 && *text++ != '.')
            return false;
        if (!take_number(&text, 255, &value))
            return false;
        out[i] = (uint8_t)value;
    }
    return *text == '\0';
}

static bool take_hex_group(const char **at, unsigned *out)
{
    unsigned value = 0;
    int digits = 0;
    for (;; ++*at, digits++) {
        char c = **at;
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            digit = (unsigned)((c | 32) - 'a' + 10);
        else
            break;
        value = value << 4 | digit;
    }
    *out = value;
    return digits >= 1 && digits <= 4;
}

/* RFC 4291 section 2.2, all three forms. */
static bool read_ipv6(const char *text, uint8_t out[16])
{
    uint8_t groups[16] = {0};
    size_t len = 0, gap = SIZE_MAX;
    if (text[0] == ':' && text[1] != ':')
        return false;
    while (*text) {
        unsigned value;
        if (text[0] == ':' && text[1] == ':') {
            if (gap != SIZE_MAX)
                return false;
            gap = len;
            text += 2;
            continue;
        }
        if (len > 0 && len != gap && *text++ != ':')
            return false;
        if (len <= 12 && strchr(text, '.') && !strchr(text, ':')) {
            if (!read_ipv4(text, groups + len))
                return false;
            len += 4;
            break;
        }
        if (len >= 16 || !take_hex_group(&text, &value))
            return false;
        groups[len++] = (uint8_t)(value >> 8);
        groups[len++] = (uint8_t)value;
    }
    if (gap == SIZE_MAX ? len != 16 : len > 14)
        return false;
    memset(out, 0, 16);
    if (gap == SIZE_MAX)
        gap = len;
    memcpy(out, groups, gap);
    memcpy(out + 16 - (len - gap), groups + gap, len - gap);
    return true;
}

lp_err lp_addr_read_ip(const char *text, uint16_t port, lp_addr *out_addr)
{
    lp_addr addr = {.port = port};
    char inner[64];
    size_t len = strlen(text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        if (len - 2 >= sizeof inner)
            return LP_ERR_MALFORMED;
        memcpy(inner, text + 1, len - 2);
        inner[len - 2] = '\0';
        if (!read_ipv6(inner, addr.ip))
            return LP_ERR_MALFORMED;
        addr.family = 6;
    } else if (read_ipv4(text, addr.ip)) {
        addr.family = 4;
    } else if (len < sizeof inner && read_ipv6(text, addr.ip)) {
        addr.family = 6;
    } else {
        return LP_ERR_MALFORMED;
    }
    *out_addr = addr;
    return LP_OK;
}

static bool read_port(const char *text, uint16_t *out_port)
{
    unsigned port;
    if (!take_number(&text, 65535, &port) || *text || port == 0)
        return false;
    *out_port = (uint16_t)port;
    return true;
}

/* The colon before a port: behind brackets, or the only one. NULL: there is no port. */
static const char *port_colon(const char *text)
{
    const char *bracket = strrchr(text, ']');
    if (bracket)
        return bracket[1] == ':' ? bracket + 1 : NULL;
    const char *first = strchr(text, ':');
    return first && !strchr(first + 1, ':') ? first : NULL;
}

static bool is_host_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-' ||
           c == '.' || c == '_';
}

/* RFC 1123 section 2.1, as people type it: `_` too, and a last dot. */
static bool is_name(const char *text)
{
    bool has_letter = false; /* in the last label */
    if (!*text || *text == '.' || *text == '-')
        return false;
    for (; *text; text++) {
        if (!is_host_char(*text) || (text[0] == '.' && text[1] == '.'))
            return false;
        if (*text == '.')
            has_letter = has_letter && text[1] == '\0';
        else if (*text < '0' || *text > '9')
            has_letter = true;
    }
    return has_letter;
}

static bool is_literal(const char *text, uint8_t family)
{
    lp_addr literal;
    return lp_addr_read_ip(text, 0, &literal) == LP_OK && literal.family == family;
}

lp_err lp_endpoint_name_read(const char *text, lp_endpoint_name *out_name)
{
    lp_endpoint_name name = {.port = LP_DEFAULT_PORT};
    const char *colon = port_colon(text);
    size_t len = colon ? (size_t)(colon - text) : strlen(text);
    if (colon && !read_port(colon + 1, &name.port))
        return LP_ERR_MALFORMED;
    bool has_brackets = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    if (has_brackets) {
        text++;
        len -= 2;
    }
    if (len > LP_HOST_MAX)
        return LP_ERR_MALFORMED;
    memcpy(name.host, text, len);
    bool is_host = is_literal(name.host, 6) ||
                   (!has_brackets && (is_literal(name.host, 4) || is_name(name.host)));
    if (!is_host)
        return LP_ERR_MALFORMED;
    *out_name = name;
    return LP_OK;
}

lp_err lp_addr_read_listen(const char *text, lp_addr *out_addr)
{
    char host[LP_ADDR_TEXT_LEN] = "::";
    uint16_t port;
    size_t len = strlen(text);
    if (len > 4 && strcmp(text + len - 4, "/udp") == 0)
        len -= 4;
    char plain[LP_ADDR_TEXT_LEN];
    if (len >= sizeof plain)
        return LP_ERR_MALFORMED;
    memcpy(plain, text, len);
    plain[len] = '\0';

    const char *colon = port_colon(plain);
    if (colon) {
        memcpy(host, plain, (size_t)(colon - plain));
        host[colon - plain] = '\0';
    }
    if (!read_port(colon ? colon + 1 : plain, &port))
        return LP_ERR_MALFORMED;
    return lp_addr_read_ip(host, port, out_addr);
}

/* --- writing ---------------------------------------------------------------------- */

/* RFC 5952: lower case, the longest run of zero groups as "::". */
static void write_ipv6(const uint8_t ip[16], char *out, size_t out_len)
{
    int best = -1, best_len = 1;
    for (int i = 0; i < 8; i++) {
        int run = 0;
        while (i + run < 8 && ip[2 * (i + run)] == 0 && ip[2 * (i + run) + 1] == 0)
            run++;
        if (run > best_len) {
            best = i;
            best_len = run;
        }
    }
    size_t at = 0;
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            at += (size_t)snprintf(out + at, out_len - at, "::");
            i += best_len - 1;
            continue;
        }
        const char *colon = i > 0 && i != best + best_len ? ":" : "";
        at += (size_t)snprintf(out + at, out_len - at, "%s%x", colon,
                               ip[2 * i] << 8 | ip[2 * i + 1]);
    }
}

const char *lp_addr_write_ip(const lp_addr *addr, char out[LP_ADDR_TEXT_LEN])
{
    if (addr->family == 4)
        snprintf(out, LP_ADDR_TEXT_LEN, "%u.%u.%u.%u", addr->ip[0], addr->ip[1],
                 addr->ip[2], addr->ip[3]);
    else if (addr->family == 6)
        write_ipv6(addr->ip, out, LP_ADDR_TEXT_LEN);
    else
        snprintf(out, LP_ADDR_TEXT_LEN, "none");
    return out;
}

const char *lp_addr_write(const lp_addr *addr, char out[LP_ADDR_TEXT_LEN])
{
    char ip[LP_ADDR_TEXT_LEN];
    lp_addr_write_ip(addr, ip);
    bool brackets = addr->family == 6;
    snprintf(out, LP_ADDR_TEXT_LEN, "%s%.60s%s:%u", brackets ? "[" : "", ip,
             brackets ? "]" : "", addr->port);
    return out;
}
