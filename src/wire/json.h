/*
 * JSON objects: the fields of one that somebody else wrote, and the writing of ours.
 *
 * The first field that is missing, of the wrong type or out of range is noted in `bad`
 * and explained; from then on every getter gives zero, so a reader checks once, at its
 * end. A field that is null counts as absent. Fields nobody asks for are ignored.
 */
#pragma once

#include <jansson.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/mac.h"

/* jansson recurses, up to 2048 deep: a worker's stack must not pay for "[[[[". */
#define LP_JSON_DEPTH_MAX 32

typedef struct lp_json {
    json_t *object;
    lp_why *why;
    const char *bad; /* the field to blame; NULL: none so far */
} lp_json;

/*
 * Close with lp_json_close, also after a failure.
 *   LP_ERR_MALFORMED  not one JSON object, a name given twice, or nested too deeply
 *   LP_ERR_NO_MEMORY  though jansson may call that malformed, too
 */
LP_MUST_USE lp_err lp_json_open(lp_bytes text, lp_json *out_json, lp_why *why);
void lp_json_close(lp_json *json);

/* LP_ERR_MALFORMED if any field was refused. */
LP_MUST_USE lp_err lp_json_result(const lp_json *json);

bool lp_json_has(const lp_json *json, const char *field);

/* Blames the field, with the caller's sentence, unless another was blamed before. */
void lp_json_refuse(lp_json *json, const char *field, const char *sentence);

/* Required fields; ask lp_json_has first for an optional one. */
uint32_t lp_json_u32(lp_json *json, const char *field, uint32_t min, uint32_t max);
bool lp_json_bool(lp_json *json, const char *field);
lp_mac lp_json_identity_mac(lp_json *json, const char *field);

/* The text, or "" where it is refused. Valid until close. */
const char *lp_json_text(lp_json *json, const char *field);

/* A text without control characters that fits in `out` with its NUL. */
void lp_json_copy_text(lp_json *json, const char *field, char *out, size_t out_len);

/* The index of the text in `names`; `count` where it is none of them. */
size_t lp_json_name(lp_json *json, const char *field, const char *const *names,
                    size_t count);

/*
 * A sentence for people, made safe rather than refused: cut to `out` at a whole
 * character, control characters to spaces, what is not UTF-8 to question marks.
 */
void lp_sentence_copy(const char *text, char *out, size_t out_len);

/*
 * Writes fields in the order of the calls, without spaces and without allocating: equal
 * calls give equal octets. Texts pass through lp_sentence_copy first.
 */
typedef struct lp_json_writer {
    lp_writer out;
    bool wants_comma;
} lp_json_writer;

#define LP_JSON_TEXT_MAX 1024 /* octets of a text before escaping; the rest is cut */

void lp_json_begin(lp_json_writer *json, const char *field); /* NULL: the outermost */
void lp_json_end(lp_json_writer *json);
void lp_json_put_text(lp_json_writer *json, const char *field, const char *text);
/* A text of several lines and any length, in ASCII: what is neither is left out. */
void lp_json_put_lines(lp_json_writer *json, const char *field, const char *text);
void lp_json_put_number(lp_json_writer *json, const char *field, uint64_t value);
void lp_json_put_bool(lp_json_writer *json, const char *field, bool value);
