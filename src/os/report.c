#include "os/report.h"

#include <stdarg.h>
#include <stdio.h>

lp_report lp_report_start(char *at, size_t room)
{
    at[0] = '\0';
    return (lp_report){.at = at, .room = room};
}

void lp_report_say(lp_report *report, const char *fmt, ...)
{
    va_list args;
    size_t rest = report->room - report->len;
    va_start(args, fmt);
    int len = vsnprintf(report->at + report->len, rest, fmt, args);
    va_end(args);
    if (len > 0 && (size_t)len < rest)
        report->len += (size_t)len;
    else
        report->at[report->len] = '\0';
}
