#include "wire/json.h"

#include <inttypes.h>

/* --- the object ------------------------------------------------------------------- */

static bool is_too_deep(lp_bytes text)
{
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.at[i];
        if (c == '"')
            in_string = !in_string;
        else if (in_string && c == '\\')
            i++;
        else if (!in_string && (c == '{' || c == '['))
            depth++;
        else if (!in_string && (c == '}' || c == ']') && depth > 0)
            depth--;
        if (depth > LP_JSON_DEPTH_MAX)
            return true;
    }
    return false;
}

lp_err lp_json_open(lp_bytes text, lp_json *out_json, lp_why *why)
{
    json_error_t error;
    *out_json = (lp_json){.why = why};
    if (is_too_deep(text))
        return lp_explain(why, LP_ERR_MALFORMED,
                          "json: nested more than %d levels deep", LP_JSON_DEPTH_MAX);
    out_json->object =
        json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!out_json->object) {
        /* Out of memory is the one failure that jansson 2.14 has no words for. */
        if (!error.text[0])
            return lp_explain(why, LP_ERR_NO_MEMORY, "json: out of memory");
        return lp_explain(why, LP_ERR_MALFORMED, "json: not valid at octet %d",
                          error.position);
    }
    if (!json_is_object(out_json->object))
        return lp_explain(why, LP_ERR_MALFORMED, "json: not an object");
    return LP_OK;
}

void lp_json_close(lp_json *json)
{
    json_decref(json->object);
    json->object = NULL;
}

lp_err lp_json_result(const lp_json *json)
{
    return json->bad ? LP_ERR_MALFORMED : LP_OK;
}

/* --- its fields ------------------------------------------------------------------- */

static const json_t *value_of(const lp_json *json, const char *field)
{
    const json_t *value = json_object_get(json->object, field);
    return json_is_null(value) ? NULL : value;
}

bool lp_json_has(const lp_json *json, const char *field)
{
    return value_of(json, field) != NULL;
}

void lp_json_refuse(lp_json *json, const char *field, const char *sentence)
{
    if (json->bad)
        return;
    json->bad = field;
    lp_explain(json->why, LP_ERR_MALFORMED, "%s: %s", field, sentence);
}

static const json_t *required(lp_json *json, const char *field)
{
    const json_t *value = value_of(json, field);
    if (!value)
        lp_json_refuse(json, field, "missing");
    return json->bad ? NULL : value;
}

uint32_t lp_json_u32(lp_json *json, const char *field, uint32_t min, uint32_t max)
{
    const json_t *value = required(json, field);
    json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= min && number <= max)
        return (uint32_t)number;

    char sentence[80];
    snprintf(sentence, sizeof sentence,
             "must be a whole number from %" PRIu32 " to %" PRIu32, min, max);
    lp_json_refuse(json, field, sentence);
    return 0;
}

bool lp_json_bool(lp_json *json, const char *field)
{
    const json_t *value = required(json, field);
    if (!json_is_boolean(value))
        lp_json_refuse(json, field, "must be true or false");
    return json_is_true(value);
}

const char *lp_json_text(lp_json *json, const char *field)
{
    const char *text = json_string_value(required(json, field));
    if (!text)
        lp_json_refuse(json, field, "must be a text");
    return text ? text : "";
}

lp_mac lp_json_identity_mac(lp_json *json, const char *field)
{
    lp_mac mac;
    if (lp_mac_read(lp_json_text(json, field), &mac) == LP_OK &&
        lp_mac_is_identity(mac))
        return mac;
    lp_json_refuse(
        json, field,
        "must be a locally administered unicast address like 02:5e:10:00:00:01");
    return (lp_mac){{0}};
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool has_control(const char *text)
{
    while (*text && !is_control(*text))
        text++;
    return *text != '\0';
}

void lp_json_copy_text(lp_json *json, const char *field, char *out, size_t out_len)
{
    const char *text = lp_json_text(json, field);
    size_t len = strlen(text);
    if (len >= out_len)
        lp_json_refuse(json, field, "too long");
    if (has_control(text))
        lp_json_refuse(json, field, "must not hold control characters");
    if (json->bad)
        len = 0;
    memcpy(out, text, len);
    out[len] = '\0';
}

size_t lp_json_name(lp_json *json, const char *field, const char *const *names,
                    size_t count)
{
    const char *text = lp_json_text(json, field);
    size_t i = 0;
    while (i < count && strcmp(text, names[i]) != 0)
        i++;
    return i;
}

/* --- sentences -------------------------------------------------------------------- */

/* Octets of the UTF-8 character at `text`, RFC 3629; 0 if there is none. */
static size_t utf8_len(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t len = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if ((at[0] >= 0x80 && at[0] < 0xc2) || at[0] > 0xf4)
        return 0;
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

/* U+0080 to U+009F: some terminals obey them like escape sequences. */
static bool is_c1_control(const char *text, size_t len)
{
    return len == 2 && (uint8_t)text[0] == 0xc2 && (uint8_t)text[1] < 0xa0;
}

void lp_sentence_copy(const char *text, char *out, size_t out_len)
{
    size_t used = 0;
    while (*text) {
        size_t len = utf8_len(text);
        size_t step = len ? len : 1;
        if (used + step >= out_len)
            break;
        if (len == 0)
            out[used] = '?';
        else if (is_control(*text) || is_c1_control(text, len))
            memset(out + used, ' ', len);
        else
            memcpy(out + used, text, len);
        used += step;
        text += step;
    }
    out[used] = '\0';
}

/* --- writing ---------------------------------------------------------------------- */

static void put_raw(lp_json_writer *json, const char *text)
{
    lp_put(&json->out, lp_bytes_of(text, strlen(text)));
}

static void put_quoted(lp_json_writer *json, const char *text)
{
    put_raw(json, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            put_raw(json, "\\");
        lp_put_u8(&json->out, (uint8_t)*text);
    }
    put_raw(json, "\"");
}

static void put_name(lp_json_writer *json, const char *field)
{
    if (json->wants_comma)
        put_raw(json, ",");
    json->wants_comma = true;
    put_quoted(json, field);
    put_raw(json, ":");
}

void lp_json_begin(lp_json_writer *json, const char *field)
{
    if (field)
        put_name(json, field);
    put_raw(json, "{");
    json->wants_comma = false;
}

void lp_json_end(lp_json_writer *json)
{
    put_raw(json, "}");
    json->wants_comma = true;
}

void lp_json_put_text(lp_json_writer *json, const char *field, const char *text)
{
    char clean[LP_JSON_TEXT_MAX + 1];
    lp_sentence_copy(text, clean, sizeof clean);
    put_name(json, field);
    put_quoted(json, clean);
}

void lp_json_put_lines(lp_json_writer *json, const char *field, const char *text)
{
    put_name(json, field);
    put_raw(json, "\"");
    for (; *text; text++) {
        bool is_plain = *text >= ' ' && *text < 0x7f;
        if (*text == '\n' || *text == '\t')
            put_raw(json, *text == '\n' ? "\\n" : "\\t");
        else if (*text == '"' || *text == '\\')
            put_raw(json, *text == '"' ? "\\\"" : "\\\\");
        else if (is_plain)
            lp_put_u8(&json->out, (uint8_t)*text);
    }
    put_raw(json, "\"");
}

void lp_json_put_number(lp_json_writer *json, const char *field, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    put_name(json, field);
    put_raw(json, digits);
}

void lp_json_put_bool(lp_json_writer *json, const char *field, bool value)
{
    put_name(json, field);
    put_raw(json, value ? "true" : "false");
}
