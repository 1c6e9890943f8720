#include "core/stats.h"

#include <stdio.h>

#define DROPPED      LP_ACTION_DROPPED
#define FILTERED     LP_ACTION_FILTERED
#define FORWARDED    LP_ACTION_FORWARDED
#define RATE_LIMITED LP_ACTION_RATE_LIMITED

static const struct {
    const char *name, *meaning;
    lp_action action;
} reasons[] = {
#define REASON(code, action, name, meaning) {name, meaning, action},
#include "core/reasons.def"
#undef REASON
};

static const struct {
    const char *name, *meaning;
} stats_table[] = {
#define STAT(code, name, unit, meaning) {name, meaning},
#include "core/stats.def"
#undef STAT
};

_Static_assert((int)LP_STAT_COUNT + (int)LP_REASON_COUNT + (int)LP_GAUGE_COUNT <=
                   LP_STATS_MAX,
               "one stats message holds every counter and every gauge");

const char *lp_reason_name(lp_reason reason)
{
    return reasons[reason].name;
}

const char *lp_reason_meaning(lp_reason reason)
{
    return reasons[reason].meaning;
}

lp_action lp_reason_action(lp_reason reason)
{
    return reasons[reason].action;
}

const char *lp_action_name(lp_action action)
{
    static const char *const names[] = {
        [LP_ACTION_FORWARDED] = "forwarded",
        [LP_ACTION_DROPPED] = "dropped",
        [LP_ACTION_FILTERED] = "filtered",
        [LP_ACTION_RATE_LIMITED] = "rate-limited",
    };
    return names[action];
}

const char *lp_stat_name(lp_stat_code code)
{
    return stats_table[code].name;
}

const char *lp_stat_meaning(lp_stat_code code)
{
    return stats_table[code].meaning;
}

uint64_t lp_stats_drops(const lp_stats *stats)
{
    uint64_t sum = 0;
    for (int i = LP_REASON_NONE + 1; i < LP_REASON_COUNT; i++)
        sum += stats->reason[i];
    return sum;
}

void lp_stats_add(lp_stats *sum, const lp_stats *more)
{
    for (int i = 0; i < LP_STAT_COUNT; i++)
        sum->stat[i] += more->stat[i];
    for (int i = 0; i < LP_REASON_COUNT; i++)
        sum->reason[i] += more->reason[i];
}

static void add_stat(lp_stats_message *message, const char *prefix, const char *name,
                     uint64_t value)
{
    if (value == 0)
        return;
    lp_stat *stat = &message->stats[message->count++];
    snprintf(stat->name, sizeof stat->name, "%s%s", prefix, name);
    stat->value = value;
}

void lp_stats_to_message(const lp_stats *stats, const lp_gauges *gauges,
                         lp_stats_message *out_message)
{
    out_message->count = 0;
    for (int i = 0; i < LP_STAT_COUNT; i++)
        add_stat(out_message, "", stats_table[i].name, stats->stat[i]);
    for (int i = LP_REASON_NONE + 1; i < LP_REASON_COUNT; i++)
        add_stat(out_message, "drop_", reasons[i].name, stats->reason[i]);
    for (int i = 0; gauges && i < LP_GAUGE_COUNT; i++)
        add_stat(out_message, "", lp_gauge_name((lp_gauge)i), gauges->at[i]);
}
