/*
 * The diagnostics page: everything that a player may be asked for, as rows of name and
 * value, and as a text to paste (requirements D-001 to D-016).
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

typedef struct lp_diagnosis_row {
    bool is_heading; /* then `value` is empty */
    char name[48];
    char value[320];
} lp_diagnosis_row;

#define LP_DIAGNOSIS_MAX 160

typedef struct lp_diagnosis {
    lp_diagnosis_row row[LP_DIAGNOSIS_MAX];
    size_t count;
} lp_diagnosis;

/* From the service's answer to `status`. One that cannot be read, or is empty, gives a
 * row that says so. */
void lp_diagnose(lp_bytes state, lp_diagnosis *out);

/* "name: value" lines, ended as Windows has them, from row `first` on. Returns `out`. */
#define LP_DIAGNOSIS_TEXT_MAX (LP_DIAGNOSIS_MAX * 400)
char *lp_diagnosis_text(const lp_diagnosis *diagnosis, char out[LP_DIAGNOSIS_TEXT_MAX]);
