/* What the service answers to a request: done, or a sentence; a log; a text. */
#pragma once

#include "base/error.h"
#include "base/span.h"

typedef struct lp_reply {
    bool ok;
    char error[LP_WHY_MAX]; /* what went wrong; "" if ok */
    char field[24];         /* the member of the request to blame; "": none */
    unsigned restored;      /* of `repair`: changes that were given back */
} lp_reply;

/* What is no answer counts as a failure, with a sentence. */
void lp_reply_read(lp_bytes text, lp_reply *out_reply);

/* The lines of a `log` answer, or the `text` of a `system` answer, as a text file: lines
 * end as Windows has them. The caller frees it; NULL: there is none, or no memory. */
char *lp_reply_log(lp_bytes text);
char *lp_reply_text(lp_bytes text);
