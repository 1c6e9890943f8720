#include "os/undo.h"

#include <inttypes.h>
#include <stdio.h>

#define MAX_WORDS   7
#define ADDRESS_MAX (3 * LP_UNDO_ADDRESS_LEN) /* as it stands in a line */

/* --- reading ---------------------------------------------------------------------- */

typedef struct words {
    char line[LP_UNDO_LINE_MAX];
    const char *at[MAX_WORDS];
    size_t count;
} words;

/* Words with one space between. False: too long, too many, or a NUL within. */
static bool split(lp_bytes line, words *out)
{
    if (line.len >= sizeof out->line || (line.len > 0 && memchr(line.at, 0, line.len)))
        return false;
    if (line.len > 0)
        memcpy(out->line, line.at, line.len);
    out->line[line.len] = '\0';
    out->count = 0;
    for (char *at = out->line; at; out->count++) {
        if (out->count == MAX_WORDS)
            return false;
        out->at[out->count] = at;
        at = strchr(at, ' ');
        if (at)
            *at++ = '\0';
    }
    return true;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* As it is written: no sign, no leading zeros, no larger than `max`. */
static bool read_number(const char *word, unsigned base, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (!*word || (word[0] == '0' && word[1]))
        return false;
    for (; *word; word++) {
        unsigned digit = (unsigned)digit_of(*word);
        if (digit >= base || digit > max || value > (max - digit) / base)
            return false;
        value = value * base + digit;
    }
    *out = value;
    return true;
}

/* "{01234567-89AB-...}" */
static bool is_network(const char *word)
{
    static const char form[] = "{........-....-....-....-............}";
    size_t at = 0;
    for (; word[at] && form[at]; at++) {
        bool is_hex = (word[at] >= '0' && word[at] <= '9') ||
                      (word[at] >= 'A' && word[at] <= 'F');
        if (form[at] == '.' ? !is_hex : word[at] != form[at])
            return false;
    }
    return !word[at] && !form[at];
}

static bool read_interface(const words *in, lp_undo *out)
{
    uint64_t version, mtu, metric, automatic, no_defaults;
    if (in->count != 7 || !read_number(in->at[1], 16, UINT64_MAX, &out->luid) ||
        !read_number(in->at[2], 10, 6, &version) || (version != 4 && version != 6) ||
        !read_number(in->at[3], 10, UINT32_MAX, &mtu) ||
        !read_number(in->at[4], 10, UINT32_MAX, &metric) ||
        !read_number(in->at[5], 10, 1, &automatic) ||
        !read_number(in->at[6], 10, 1, &no_defaults))
        return false;
    out->ip_version = (unsigned)version;
    out->mtu = (uint32_t)mtu;
    out->metric = (uint32_t)metric;
    out->automatic_metric = automatic == 1;
    out->no_defaults = no_defaults == 1;
    return true;
}

/* Only the way it is written, so that one route has one line. */
static bool read_ip(const char *word, lp_addr *out)
{
    char again[LP_ADDR_TEXT_LEN];
    return lp_addr_read_ip(word, 0, out) == LP_OK &&
           strcmp(lp_addr_write_ip(out, again), word) == 0;
}

static bool read_route(const words *in, lp_undo *out)
{
    return in->count == 4 && read_number(in->at[1], 16, UINT64_MAX, &out->luid) &&
           read_ip(in->at[2], &out->destination) &&
           (strcmp(in->at[3], "-") == 0 ||
            (read_ip(in->at[3], &out->gateway) &&
             out->gateway.family == out->destination.family));
}

static bool read_profile(const words *in, lp_undo *out)
{
    uint64_t category;
    if (in->count != 3 || !is_network(in->at[1]) ||
        !read_number(in->at[2], 10, 2, &category))
        return false;
    memcpy(out->network, in->at[1], sizeof out->network);
    out->category = (unsigned)category;
    return true;
}

/* It becomes part of a path in the registry: nothing but a GUID, a backslash and digits. */
static bool is_driver(const char *word)
{
    char guid[LP_UNDO_NETWORK_LEN] = "";
    size_t len = strlen(word);
    if (len < LP_UNDO_NETWORK_LEN + 1 || word[LP_UNDO_NETWORK_LEN - 1] != '\\')
        return false;
    memcpy(guid, word, LP_UNDO_NETWORK_LEN - 1);
    const char *number = word + LP_UNDO_NETWORK_LEN;
    return is_network(guid) && strspn(number, "0123456789") == strlen(number);
}

/* Any words at all may stand in a registry, spaces among them. One way to write each. */
static void write_address(const char *address, char out[ADDRESS_MAX])
{
    bool is_dash = strcmp(address, "-") == 0;
    size_t len = 0;
    if (!*address)
        out[len++] = '-';
    for (; *address; address++) {
        bool is_plain = (*address >= '0' && *address <= '9') ||
                        (*address >= 'A' && *address <= 'Z') ||
                        (*address >= 'a' && *address <= 'z') || strchr(":.-", *address);
        if (is_plain && !is_dash)
            out[len++] = *address;
        else
            len += (size_t)snprintf(out + len, ADDRESS_MAX - len, "%%%02X",
                                    (unsigned char)*address);
    }
    out[len] = '\0';
}

/* Capitals only. 16: it is none. */
static unsigned hex_of(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F')
               ? (unsigned)digit_of((char)(c >= 'A' ? c - 'A' + 'a' : c))
               : 16;
}

static bool read_address(const char *word, char out[LP_UNDO_ADDRESS_LEN])
{
    char again[ADDRESS_MAX];
    const char *at = strcmp(word, "-") == 0 ? "" : word;
    size_t len = 0;
    for (; *at && len + 1 < LP_UNDO_ADDRESS_LEN; len++) {
        bool is_escaped = *at == '%';
        unsigned high = is_escaped ? hex_of(at[1]) : 0;
        unsigned low = is_escaped && high < 16 ? hex_of(at[2]) : 0;
        if (high > 15 || low > 15)
            return false;
        out[len] = is_escaped ? (char)(high << 4 | low) : *at;
        at += is_escaped ? 3 : 1;
    }
    out[len] = '\0';
    write_address(out, again);
    return strcmp(again, word) == 0; /* else too long, or written otherwise */
}

static bool read_mac(const words *in, lp_undo *out)
{
    if (in->count != 3 || !is_driver(in->at[1]) ||
        strlen(in->at[1]) >= sizeof out->driver)
        return false;
    memcpy(out->driver, in->at[1], strlen(in->at[1]));
    return read_address(in->at[2], out->address);
}

bool lp_undo_is_device(const char *word)
{
    static const char parent[] = "ROOT\\NET\\";
    size_t parent_len = sizeof parent - 1, len = strlen(word);
    return len > parent_len && len < LP_UNDO_DEVICE_LEN &&
           memcmp(word, parent, parent_len) == 0 &&
           strspn(word + parent_len, "0123456789") == len - parent_len;
}

static bool read_device(const words *in, lp_undo *out)
{
    if (in->count != 2 || !lp_undo_is_device(in->at[1]))
        return false;
    memcpy(out->device, in->at[1], strlen(in->at[1]));
    return true;
}

static const struct {
    const char *name;
    bool (*read)(const words *in, lp_undo *out);
} kinds[] = {
    [LP_UNDO_INTERFACE] = {"interface", read_interface},
    [LP_UNDO_ROUTE] = {"route", read_route},
    [LP_UNDO_PROFILE] = {"profile", read_profile},
    [LP_UNDO_MAC] = {"mac", read_mac},
    [LP_UNDO_DEVICE] = {"device", read_device},
};

static bool read_line(lp_bytes line, lp_undo *out)
{
    words in;
    if (!split(line, &in))
        return false;
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        *out = (lp_undo){.kind = (lp_undo_kind)kind};
        if (strcmp(in.at[0], kinds[kind].name) == 0)
            return kinds[kind].read(&in, out);
    }
    return false;
}

void lp_undo_read(lp_bytes text, lp_undo_list *out_list)
{
    out_list->count = 0;
    while (text.len > 0 && out_list->count < LP_UNDO_MAX) {
        lp_undo *next = &out_list->entry[out_list->count];
        const uint8_t *end = memchr(text.at, '\n', text.len);
        if (!end)
            return;
        lp_bytes line = lp_bytes_of(text.at, (size_t)(end - text.at));
        if (read_line(line, next) && lp_undo_find(out_list, next) == out_list->count)
            out_list->count++;
        text = lp_bytes_after(text, line.len + 1);
    }
}

/* --- writing ---------------------------------------------------------------------- */

static size_t write_line(const lp_undo *entry, char out[LP_UNDO_LINE_MAX])
{
    char destination[LP_ADDR_TEXT_LEN], gateway[LP_ADDR_TEXT_LEN] = "-";
    char address[ADDRESS_MAX];
    int len = 0;
    switch (entry->kind) {
    case LP_UNDO_INTERFACE:
        len = snprintf(out, LP_UNDO_LINE_MAX,
                       "interface %" PRIx64 " %u %" PRIu32 " %" PRIu32 " %d %d\n",
                       entry->luid, entry->ip_version, entry->mtu, entry->metric,
                       entry->automatic_metric, entry->no_defaults);
        break;
    case LP_UNDO_ROUTE:
        lp_addr_write_ip(&entry->destination, destination);
        if (entry->gateway.family)
            lp_addr_write_ip(&entry->gateway, gateway);
        len = snprintf(out, LP_UNDO_LINE_MAX, "route %" PRIx64 " %s %s\n", entry->luid,
                       destination, gateway);
        break;
    case LP_UNDO_PROFILE:
        len = snprintf(out, LP_UNDO_LINE_MAX, "profile %s %u\n", entry->network,
                       entry->category);
        break;
    case LP_UNDO_MAC:
        write_address(entry->address, address);
        len = snprintf(out, LP_UNDO_LINE_MAX, "mac %s %s\n", entry->driver, address);
        break;
    case LP_UNDO_DEVICE:
        len = snprintf(out, LP_UNDO_LINE_MAX, "device %s\n", entry->device);
        break;
    }
    return (size_t)len;
}

size_t lp_undo_write(const lp_undo_list *list, char out[LP_UNDO_TEXT_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < list->count;
         i++) /* a line's NUL is overwritten by the next */
        len += write_line(&list->entry[i], out + len);
    return len;
}

bool lp_undo_same(const lp_undo *a, const lp_undo *b)
{
    char line_a[LP_UNDO_LINE_MAX], line_b[LP_UNDO_LINE_MAX];
    write_line(a, line_a);
    write_line(b, line_b);
    return strcmp(line_a, line_b) == 0;
}

size_t lp_undo_find(const lp_undo_list *list, const lp_undo *entry)
{
    size_t at = 0;
    while (at < list->count && !lp_undo_same(&list->entry[at], entry))
        at++;
    return at;
}
