/* Counters and reasons: one table each, made from stats.def and reasons.def. */
#pragma once

#include "base/error.h"
#include "base/span.h"
#include "core/gauges.h"
#include "wire/message.h"

typedef enum lp_action {
    LP_ACTION_FORWARDED,
    LP_ACTION_DROPPED,
    LP_ACTION_FILTERED,
    LP_ACTION_RATE_LIMITED,
} lp_action;

typedef enum lp_reason {
#define REASON(code, action, name, meaning) LP_REASON_##code,
#include "core/reasons.def"
#undef REASON
    LP_REASON_COUNT
} lp_reason;

typedef enum lp_stat_code {
#define STAT(code, name, unit, meaning) LP_STAT_##code,
#include "core/stats.def"
#undef STAT
    LP_STAT_COUNT
} lp_stat_code;

typedef struct lp_stats {
    uint64_t stat[LP_STAT_COUNT];
    uint64_t reason[LP_REASON_COUNT];
} lp_stats;

const char *lp_reason_name(lp_reason reason);
const char *lp_reason_meaning(lp_reason reason);
lp_action lp_reason_action(lp_reason reason);
const char *lp_action_name(lp_action action); /* "forwarded", "rate-limited", ... */
const char *lp_stat_name(lp_stat_code code);
const char *lp_stat_meaning(lp_stat_code code);

/* All frames that were not forwarded, whatever the reason. */
uint64_t lp_stats_drops(const lp_stats *stats);
void lp_stats_add(lp_stats *sum, const lp_stats *more);

/* Every counter that is not zero as a stats message, reasons as "drop_<name>", and every
 * gauge that is not; gauges may be NULL. */
void lp_stats_to_message(const lp_stats *stats, const lp_gauges *gauges,
                         lp_stats_message *out_message);
