#include "runtime/log_sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "os/clock.h"

/* One call and one write per line, so that lines of several threads or programs do not
 * mix. */
static void write_json(void *state, lp_log_level level, const char *line)
{
    fprintf(stderr, "{\"time\":%lld,%s\n", (long long)lp_clock_wall(), line + 1);
}

static void write_text(void *state, lp_log_level level, const char *line)
{
    time_t wall = (time_t)lp_clock_wall();
    struct tm local;
    char clock[16] = "";
    if (localtime_r(&wall, &local))
        strftime(clock, sizeof clock, "%H:%M:%S", &local);
    fprintf(stderr, "%s %-5s %s\n", clock, lp_log_level_name(level), line);
}

static void write_journal(void *state, lp_log_level level, const char *line)
{
    static const int priorities[] = {
        [LP_ERROR] = 3, [LP_WARN] = 4, [LP_INFO] = 6, [LP_DEBUG] = 7};
    fprintf(stderr, "<%d>%s\n", priorities[level], line);
}

lp_log_sink lp_log_to_stderr(lp_log_level level, bool json)
{
    setvbuf(stderr, NULL, _IOLBF, 0);
    return (lp_log_sink){
        .level = level,
        .json = json,
        .write = json                       ? write_json
                 : getenv("JOURNAL_STREAM") ? write_journal
                                            : write_text,
    };
}
