/* Which problems hold now: set from facts, read by logs and status alike. */
#pragma once

#include <jansson.h>

#include "base/log.h"
#include "base/time.h"

typedef enum lp_health_code {
#define HEALTH(code, name, severity, delay, title, remedy) LP_HEALTH_##code,
#include "runtime/health.def"
#undef HEALTH
    LP_HEALTH_COUNT
} lp_health_code;

#define LP_HEALTH_DETAIL_MAX 256

typedef struct lp_health {
    struct {
        bool holds, was_shown;
        lp_time since;
        char detail[LP_HEALTH_DETAIL_MAX]; /* of this case; may be empty */
        const char *remedy;                /* on this system; NULL: the table's */
        const char *fix; /* what a button for it says; NULL: no program can help */
    } row[LP_HEALTH_COUNT];
} lp_health;

/* The fact of the moment. `detail` is printf-like and may be "". */
void lp_health_set(lp_health *health, lp_health_code code, bool holds, lp_time now,
                   const char *detail, ...) __attribute__((format(LP_PRINTF, 5, 6)));

bool lp_health_shows(const lp_health *health, lp_health_code code, lp_time now);

/* Logs rows that began to show or went away since the last call. */
void lp_health_log(lp_health *health, const lp_log_sink *log, lp_time now);

/* [{"code","severity","title","detail","remedy","fix"}, ...], `fix` where there is one; NULL
 * when memory ran out. */
json_t *lp_health_describe(const lp_health *health, lp_time now);
