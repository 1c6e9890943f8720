#include "virtual_clock.h"

#include <stdbool.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ALARMS = 16 }; /* one for each loop */

static lp_time present = LP_SECONDS(1000);
static lp_alarm *alarms[MAX_ALARMS];

lp_time lp_clock_now(void)
{
    return present;
}

int64_t lp_clock_wall(void)
{
    return (int64_t)time(NULL);
}

/* Readable at once, or in a year. */
static void arm(const lp_alarm *alarm)
{
    bool is_due = alarm->at <= present;
    struct itimerspec when = {.it_value = {is_due ? 0 : 365 * 86400, 1}};
    timerfd_settime(alarm->fd, 0, &when, NULL);
}

void virtual_clock_set(lp_time now)
{
    present = now;
    for (size_t i = 0; i < MAX_ALARMS; i++) {
        if (alarms[i] && alarms[i]->at <= now)
            arm(alarms[i]);
    }
}

lp_err lp_alarm_open(lp_alarm *alarm, lp_why *why)
{
    size_t at = 0;
    while (alarms[at])
        at++;
    *alarm = (lp_alarm){timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK), LP_NEVER};
    alarms[at] = alarm;
    return LP_OK;
}

void lp_alarm_close(lp_alarm *alarm)
{
    for (size_t i = 0; i < MAX_ALARMS; i++) {
        if (alarms[i] == alarm)
            alarms[i] = NULL;
    }
    close(alarm->fd);
    *alarm = (lp_alarm){-1, LP_NEVER};
}

void lp_alarm_set(lp_alarm *alarm, lp_time at)
{
    if (at >= alarm->at)
        return;
    alarm->at = at;
    arm(alarm);
}

void lp_alarm_clear(lp_alarm *alarm)
{
    uint64_t times;
    if (read(alarm->fd, &times, sizeof times) == (ssize_t)sizeof times)
        alarm->at = LP_NEVER;
}
