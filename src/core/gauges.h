/* What holds now or held lately: one table, made from gauges.def. */
#pragma once

#include <stdint.h>

typedef enum lp_gauge_scope { LP_GAUGE_CONNECTION, LP_GAUGE_SOCKET } lp_gauge_scope;

typedef enum lp_gauge {
#define GAUGE(code, scope, name, unit, meaning) LP_GAUGE_OF_##code,
#include "core/gauges.def"
#undef GAUGE
    LP_GAUGE_COUNT
} lp_gauge;

typedef struct lp_gauges {
    uint64_t at[LP_GAUGE_COUNT];
} lp_gauges;

const char *lp_gauge_name(lp_gauge gauge); /* as in the stats message and in status */
const char *lp_gauge_meaning(lp_gauge gauge);
lp_gauge_scope lp_gauge_scope_of(lp_gauge gauge);
