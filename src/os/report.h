/* Text for people, written line by line into a bounded place. */
#pragma once

#include "base/error.h"

#include <stddef.h>

typedef struct lp_report {
    char *at; /* always ends in NUL */
    size_t len, room;
} lp_report;

/* `room` is at least 1. */
lp_report lp_report_start(char *at, size_t room);

/* What does not fit whole is left out. */
void lp_report_say(lp_report *report, const char *fmt, ...)
    __attribute__((format(LP_PRINTF, 2, 3)));
