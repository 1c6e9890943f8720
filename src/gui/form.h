/*
 * Where to: relay and room as a player typed or pasted them.
 *
 * A link fills the form and does nothing else: only a person's click connects.
 */
#pragma once

#include "base/error.h"
#include "wire/invite.h"

typedef enum lp_form_field {
    LP_FORM_NONE,
    LP_FORM_RELAY,
    LP_FORM_ROOM,
    LP_FORM_FINGERPRINT,
} lp_form_field;

typedef struct lp_form {
    char relay[320], room[64];
    char fingerprint[128]; /* "": the relay's certificate is from a CA */
    char server_name[LP_HOST_MAX + 1];
} lp_form;

typedef struct lp_form_fault {
    lp_form_field field;
    lp_why why; /* "": nothing is wrong */
} lp_form_fault;

/* Does it look like a link, wherever it was pasted? */
bool lp_form_is_link(const char *text);

/* Fills all of the form from a link. On failure `why` says which part is wrong, and the
 * form is as before. */
LP_MUST_USE lp_err lp_form_take_link(const char *text, lp_form *form, lp_why *why);

/* The first field that cannot be right, with a sentence. True: all can. */
bool lp_form_check(const lp_form *form, lp_form_fault *out_fault);

/* The request that connects there, as docs/control.md has it. Returns `out`, or NULL where
 * lp_form_check would say no, or it does not fit. */
char *lp_form_request(const lp_form *form, char *out, size_t out_len);

/* The request that does what a health row offers. */
char *lp_form_fix_request(const char *code, char *out, size_t out_len);

/* The field that the service's answer blames. */
lp_form_field lp_form_field_named(const char *name);

bool lp_form_equal(const lp_form *a, const lp_form *b);
