/* Monotonic time, and an alarm finer than a millisecond. */
#pragma once

#include "base/error.h"
#include "base/time.h"
#include "os/fd.h"

#include <stdbool.h>

lp_time lp_clock_now(void);
int64_t lp_clock_wall(void); /* seconds since 1970, for log lines and certificates */

/* The whole thread sleeps, so long or a little longer: for a busy loop's short rests. */
void lp_clock_sleep(lp_duration rest);

/*
 * As long as it is wanted, alarms and rests are a millisecond sharp also where a system does
 * that on demand only, for it costs power: Windows before 10 1803, for all programs at once.
 */
void lp_clock_be_sharp(bool wanted);

typedef struct lp_alarm {
    lp_fd fd;                     /* readable when the alarm went off */
    lp_time at;                   /* when it will; LP_NEVER: it is not set */
    struct lp_alarm_timer *timer; /* what makes it readable, where a timer cannot be */
} lp_alarm;

LP_MUST_USE lp_err lp_alarm_open(lp_alarm *alarm, lp_why *why);
void lp_alarm_close(lp_alarm *alarm);
/*
 * It goes off at `at`, or earlier: one that is set already is only ever moved forward,
 * since setting a timer costs several microseconds (in a virtual machine most of all) and
 * deadlines move back with every packet. So whoever hears it asks what is due, and sets it
 * again. LP_NEVER: nothing to wait for.
 */
void lp_alarm_set(lp_alarm *alarm, lp_time at);
void lp_alarm_clear(lp_alarm *alarm); /* after it went off: makes the fd unreadable */
