#include "runtime/health.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name;
    lp_log_level severity;
    lp_duration delay;
    const char *title, *remedy;
} table[] = {
#define HEALTH(code, name, severity, delay, title, remedy) \
    {name, severity, delay, title, remedy},
#include "runtime/health.def"
#undef HEALTH
};

void lp_health_set(lp_health *health, lp_health_code code, bool holds, lp_time now,
                   const char *detail, ...)
{
    va_list args;
    if (holds && !health->row[code].holds)
        health->row[code].since = now;
    health->row[code].holds = holds;
    if (!holds)
        return;
    va_start(args, detail);
    vsnprintf(health->row[code].detail, LP_HEALTH_DETAIL_MAX, detail, args);
    va_end(args);
}

bool lp_health_shows(const lp_health *health, lp_health_code code, lp_time now)
{
    return health->row[code].holds &&
           now >= lp_time_after(health->row[code].since, table[code].delay);
}

static const char *remedy_of(const lp_health *health, int code)
{
    const char *own = health->row[code].remedy;
    return own ? own : table[code].remedy;
}

void lp_health_log(lp_health *health, const lp_log_sink *log, lp_time now)
{
    for (int i = 0; i < LP_HEALTH_COUNT; i++) {
        const char *detail = health->row[i].detail[0] ? health->row[i].detail : NULL;
        bool shows = lp_health_shows(health, (lp_health_code)i, now);
        if (shows && !health->row[i].was_shown)
            lp_log(log, table[i].severity, table[i].title, F_STR("detail", detail),
                   F_STR("do", remedy_of(health, i)));
        else if (!shows && health->row[i].was_shown)
            lp_log(log, LP_INFO, "solved", F_STR("problem", table[i].title));
        health->row[i].was_shown = shows;
    }
}

json_t *lp_health_describe(const lp_health *health, lp_time now)
{
    json_t *rows = json_array();
    for (int i = 0; i < LP_HEALTH_COUNT; i++) {
        if (!lp_health_shows(health, (lp_health_code)i, now))
            continue;
        json_array_append_new(
            rows, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*}", "code", table[i].name,
                            "severity", lp_log_level_name(table[i].severity), "title",
                            table[i].title, "detail", health->row[i].detail, "remedy",
                            remedy_of(health, i), "fix", health->row[i].fix));
    }
    return rows;
}
