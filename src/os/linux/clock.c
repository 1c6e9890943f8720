#include "os/clock.h"

#include "os/linux/errors.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* Counts time asleep: a laptop that wakes up finds its session timed out at once. */
#define OUR_CLOCK CLOCK_BOOTTIME

#define NS_PER_SECOND LP_SECONDS(1)

lp_time lp_clock_now(void)
{
    struct timespec now;
    clock_gettime(OUR_CLOCK, &now);
    return (lp_time)now.tv_sec * NS_PER_SECOND + (lp_time)now.tv_nsec;
}

int64_t lp_clock_wall(void)
{
    return (int64_t)time(NULL);
}

void lp_clock_sleep(lp_duration rest)
{
    struct timespec span = {.tv_sec = (time_t)(rest / NS_PER_SECOND),
                            .tv_nsec = (long)(rest % NS_PER_SECOND)};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL); /* a signal ends it early: fine */
}

void lp_clock_be_sharp(bool wanted)
{
}

lp_err lp_alarm_open(lp_alarm *alarm, lp_why *why)
{
    int fd = timerfd_create(OUR_CLOCK, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0)
        return lp_explain(why, lp_err_of_errno(errno), "cannot make a timer: %s",
                          strerror(errno));
    *alarm = (lp_alarm){.fd = fd, .at = LP_NEVER};
    return LP_OK;
}

void lp_alarm_close(lp_alarm *alarm)
{
    close(alarm->fd);
    *alarm = (lp_alarm){.fd = -1, .at = LP_NEVER};
}

void lp_alarm_set(lp_alarm *alarm, lp_time at)
{
    if (at >= alarm->at)
        return;
    struct itimerspec when = {
        .it_value = {(time_t)(at / NS_PER_SECOND), (long)(at % NS_PER_SECOND)}};
    if (at == 0)
        when.it_value.tv_nsec = 1; /* all zero would stop it */
    timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME, &when, NULL);
    alarm->at = at;
}

void lp_alarm_clear(lp_alarm *alarm)
{
    uint64_t times;
    if (read(alarm->fd, &times, sizeof times) == (ssize_t)sizeof times)
        alarm->at = LP_NEVER; /* it is spent: the same moment may be set again */
}
