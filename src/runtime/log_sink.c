#include "runtime/log_sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "os/clock.h"
#include "os/service.h"

static void add_time(bool json, bool with_day, lp_log_level level, const char *line,
                     char out[LP_LOG_KEPT_MAX])
{
    time_t wall = (time_t)lp_clock_wall();
    struct tm local;
    char day[16] = "", clock[16] = "";
    if (json) {
        snprintf(out, LP_LOG_KEPT_MAX, "{\"time\":%lld,%s", (long long)wall, line + 1);
        return;
    }
    if (localtime_r(&wall, &local)) {
        strftime(day, sizeof day, "%Y-%m-%d ", &local);
        strftime(clock, sizeof clock, "%H:%M:%S", &local);
    }
    snprintf(out, LP_LOG_KEPT_MAX, "%s%s %-5s %s", with_day ? day : "", clock,
             lp_log_level_name(level), line);
}

/* What is kept may be given away some day (D-017): no secret gets that far. */
static void keep(lp_log_keeper *keeper, lp_log_level level, const char *line)
{
    char clean[LP_LOG_LINE_MAX], text[LP_LOG_KEPT_MAX];
    lp_log_secrets_hide(&keeper->secrets, line, clean, sizeof clean);
    if (keeper->ring) {
        add_time(keeper->json, false, level, clean, text);
        lp_log_ring_put(keeper->ring, text);
    }
    if (keeper->file) {
        add_time(keeper->json, true, level, clean, text);
        lp_log_file_put(keeper->file, text);
    }
    if (level == LP_ERROR)
        lp_service_complain(clean);
}

/* One call and one write per line, so that lines of several threads or programs do not
 * mix. */
static void write_line(void *state, lp_log_level level, const char *line)
{
    lp_log_keeper *keeper = state;
    char text[LP_LOG_KEPT_MAX];
    if (keeper->ring || keeper->file)
        keep(keeper, level, line);
    if (keeper->is_unheard)
        return;
    add_time(keeper->json, false, level, line, text);
    fprintf(stderr, "%s\n", text);
}

static void write_journal(void *state, lp_log_level level, const char *line)
{
    static const int priorities[] = {
        [LP_ERROR] = 3, [LP_WARN] = 4, [LP_INFO] = 6, [LP_DEBUG] = 7};
    lp_log_keeper *keeper = state;
    if (keeper->ring || keeper->file)
        keep(keeper, level, line);
    fprintf(stderr, "<%d>%s\n", priorities[level], line);
}

lp_log_sink lp_log_to(lp_log_keeper *keeper, lp_log_level level, bool json)
{
    setvbuf(stderr, NULL, _IOLBF, 0);
    keeper->json = json;
    return (lp_log_sink){
        .level = level,
        .json = json,
        .write = !json && getenv("JOURNAL_STREAM") ? write_journal : write_line,
        .state = keeper,
    };
}
