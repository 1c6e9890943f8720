#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const level_names[] = {
    [LP_ERROR] = "error", [LP_WARN] = "warn", [LP_INFO] = "info", [LP_DEBUG] = "debug"};

const char *lp_log_level_name(lp_log_level level)
{
    return level_names[level];
}

lp_err lp_log_level_read(const char *text, lp_log_level *out_level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *out_level = (lp_log_level)i;
            return LP_OK;
        }
    }
    return LP_ERR_UNKNOWN;
}

/* --- a line being written --------------------------------------------------------- */

typedef struct line {
    char *at;
    size_t room; /* without what ends the line */
    bool is_cut;
} line;

static void put_char(line *out, char c)
{
    out->is_cut |= out->room == 0;
    if (out->is_cut)
        return;
    *out->at++ = c;
    out->room--;
}

static void put_text(line *out, const char *text)
{
    while (*text)
        put_char(out, *text++);
}

/* Nothing that a terminal obeys, and nothing that ends a value before its end. */
static void put_escaped(line *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char code[8];
        if (c == '"' || c == '\\') {
            put_char(out, '\\');
            put_char(out, (char)c);
        } else if (c < 0x20 || c >= 0x7f) {
            snprintf(code, sizeof code, "\\u%04x", c);
            put_text(out, code);
        } else {
            put_char(out, (char)c);
        }
    }
}

static bool is_plain(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text <= ' ' || *text >= 0x7f || strchr("\"\\=", *text))
            return false;
    }
    return true;
}

static void put_string(line *out, bool json, const char *text)
{
    bool quoted = json || !is_plain(text);
    if (quoted)
        put_char(out, '"');
    put_escaped(out, text);
    if (quoted)
        put_char(out, '"');
}

static void put_value(line *out, bool json, const lp_field *field)
{
    char text[LP_ADDR_TEXT_LEN];
    switch (field->kind) {
    case LP_FIELD_STR:
        put_string(out, json, field->str);
        return;
    case LP_FIELD_INT:
        snprintf(text, sizeof text, "%" PRId64, field->sint);
        put_text(out, text);
        return;
    case LP_FIELD_UINT:
        snprintf(text, sizeof text, "%" PRIu64, field->uint);
        put_text(out, text);
        return;
    case LP_FIELD_MS:
        snprintf(text, sizeof text, "%" PRIu64 ".%03u", field->uint / 1000000,
                 (unsigned)(field->uint / 1000 % 1000));
        put_text(out, text);
        put_text(out, json ? "" : "ms");
        return;
    case LP_FIELD_MAC:
        put_string(out, json, lp_mac_write(field->mac, text));
        return;
    case LP_FIELD_ADDR:
        put_string(out, json, lp_addr_write(field->addr, text));
        return;
    }
}

static void put_field(line *out, bool json, const lp_field *field)
{
    if (json) {
        put_char(out, ',');
        put_string(out, true, field->name);
        put_char(out, ':');
    } else {
        put_char(out, ' ');
        put_text(out, field->name);
        put_char(out, '=');
    }
    put_value(out, json, field);
}

char *lp_log_format(bool json, lp_log_level level, const char *event,
                    const lp_field *fields, size_t field_count, char *out,
                    size_t out_len)
{
    line text = {.at = out, .room = out_len - 2}; /* '}' and NUL */
    if (json) {
        put_text(&text, "{\"level\":\"");
        put_text(&text, lp_log_level_name(level));
        put_text(&text, "\",\"event\":");
        put_string(&text, true, event);
    } else {
        put_text(&text, event);
    }
    for (size_t i = 0; i < field_count; i++) {
        if (fields[i].kind == LP_FIELD_STR && !fields[i].str)
            continue;
        line before = text;
        put_field(&text, json, &fields[i]);
        if (text.is_cut)
            text = before;
    }
    if (json)
        *text.at++ = '}';
    *text.at = '\0';
    return out;
}

void lp_log_fields(const lp_log_sink *log, lp_log_level level, const char *event,
                   const lp_field *fields, size_t field_count)
{
    char text[LP_LOG_LINE_MAX];
    lp_log_format(log->json, level, event, fields, field_count, text, sizeof text);
    log->write(log->state, level, text);
}
