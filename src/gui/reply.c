#include "gui/reply.h"

#include "gui/text.h"
#include "wire/json.h"

#include <limits.h>
#include <stdlib.h>

void lp_reply_read(lp_bytes text, lp_reply *out_reply)
{
    lp_json json;
    lp_why why;
    *out_reply = (lp_reply){0};
    if (lp_json_open(text, &json, &why) != LP_OK) {
        lp_put_text(
            out_reply->error, sizeof out_reply->error,
            "The LAN Party service gave an answer that makes no sense. Is it of "
            "another version?");
        lp_json_close(&json);
        return;
    }
    const char *error = json_string_value(json_object_get(json.object, "error"));
    const char *field = json_string_value(json_object_get(json.object, "field"));
    out_reply->ok = json_is_true(json_object_get(json.object, "ok")) && !error;
    if (!out_reply->ok)
        lp_sentence_copy(error ? error : "", out_reply->error, sizeof out_reply->error);
    if (!out_reply->ok && !out_reply->error[0]) /* nothing that can be read */
        lp_put_text(out_reply->error, sizeof out_reply->error,
                    "The LAN Party service did not say why it refused.");
    lp_sentence_copy(field ? field : "", out_reply->field, sizeof out_reply->field);
    json_int_t restored = json_integer_value(json_object_get(json.object, "restored"));
    out_reply->restored = restored < 0 || restored > UINT_MAX ? 0 : (unsigned)restored;
    lp_json_close(&json);
}

/* --- files ------------------------------------------------------------------------ */

/* Room for every line feed to become two octets. */
static char *with_windows_ends(const char *text)
{
    size_t feeds = 0, at = 0;
    for (const char *c = text; *c; c++)
        feeds += *c == '\n';
    char *out = malloc(strlen(text) + feeds + 1);
    for (const char *c = text; out && *c; c++) {
        if (*c == '\n' && (c == text || c[-1] != '\r'))
            out[at++] = '\r';
        out[at++] = *c;
    }
    if (out)
        out[at] = '\0';
    return out;
}

static size_t len_of(const json_t *lines)
{
    size_t i, len = 1;
    json_t *line;
    json_array_foreach(lines, i, line) len +=
        json_string_length(json_object_get(line, "text")) + 1;
    return len;
}

static char *joined(const json_t *lines)
{
    size_t i, at = 0;
    json_t *line;
    char *out = malloc(len_of(lines));
    if (!out)
        return NULL;
    json_array_foreach(lines, i, line)
    {
        const json_t *text = json_object_get(line, "text");
        if (!json_is_string(text))
            continue;
        size_t len = strlen(json_string_value(text));
        memcpy(out + at, json_string_value(text), len);
        out[at + len] = '\n';
        at += len + 1;
    }
    out[at] = '\0';
    return out;
}

char *lp_reply_log(lp_bytes text)
{
    lp_json json;
    lp_why why;
    char *result = NULL;
    bool is_open = lp_json_open(text, &json, &why) == LP_OK;
    const json_t *lines = is_open ? json_object_get(json.object, "lines") : NULL;
    char *plain = json_is_array(lines) ? joined(lines) : NULL;
    if (plain)
        result = with_windows_ends(plain);
    free(plain);
    lp_json_close(&json);
    return result;
}

char *lp_reply_text(lp_bytes text)
{
    lp_json json;
    lp_why why;
    bool is_open = lp_json_open(text, &json, &why) == LP_OK;
    const json_t *value = is_open ? json_object_get(json.object, "text") : NULL;
    const char *plain = json_string_value(value);
    char *result = plain ? with_windows_ends(plain) : NULL;
    lp_json_close(&json);
    return result;
}
