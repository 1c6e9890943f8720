#include "os/clock.h"

#include "os/windows/errors.h"
#include "os/windows/wake.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include <windows.h>

#include <mmsystem.h>

#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 2 /* mingw-w64's headers are older */
#endif

/* Counts time asleep: a laptop that wakes up finds its session timed out at once. */
lp_time lp_clock_now(void)
{
    static LARGE_INTEGER frequency;
    LARGE_INTEGER now;
    if (frequency.QuadPart == 0)
        QueryPerformanceFrequency(&frequency); /* always the same: a race is harmless */
    QueryPerformanceCounter(&now);
    uint64_t ticks = (uint64_t)now.QuadPart, per_second = (uint64_t)frequency.QuadPart;
    return ticks / per_second * LP_SECONDS(1) +
           ticks % per_second * LP_SECONDS(1) / per_second;
}

int64_t lp_clock_wall(void)
{
    return (int64_t)time(NULL);
}

/* --- alarms ----------------------------------------------------------------------- */

struct lp_alarm_timer {
    HANDLE timer, watch;
    lp_wake *wake;
    SRWLOCK lock;
    lp_time at; /* LP_NEVER: silent */
};

/* Relative: Windows' absolute ones follow the wall clock. */
static void arm(struct lp_alarm_timer *it, lp_time now)
{
    LARGE_INTEGER due = {.QuadPart =
                             -(LONGLONG)((lp_time_until(now, it->at) + 99) / 100)};
    SetWaitableTimer(it->timer, &due, 0, NULL, NULL, FALSE);
}

static void CALLBACK on_timer(void *state, BOOLEAN timed_out)
{
    struct lp_alarm_timer *it = state;
    AcquireSRWLockExclusive(&it->lock);
    lp_time now = lp_clock_now();
    if (it->at <= now)
        lp_wake_ring(it->wake);
    else if (it->at != LP_NEVER)
        arm(it,
            now); /* early by its own clock, or the news of an alarm that was moved */
    ReleaseSRWLockExclusive(&it->lock);
}

/* Half a millisecond sharp; since Windows 10 1803. NULL: it is older. */
static HANDLE make_sharp_timer(void)
{
    return CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION,
                                  TIMER_ALL_ACCESS);
}

/* The second kind goes with the system's ticks, of 15.6 ms where nobody wants more. */
static HANDLE make_timer(void)
{
    HANDLE timer = make_sharp_timer();
    return timer ? timer : CreateWaitableTimerW(NULL, FALSE, NULL);
}

#define TICK_MS 1

void lp_clock_be_sharp(bool wanted)
{
    static bool has_ticks; /* on the loop's thread only */
    HANDLE timer = wanted && !has_ticks ? make_sharp_timer() : NULL;
    if (timer)
        CloseHandle(timer);
    else if (wanted && !has_ticks)
        has_ticks = timeBeginPeriod(TICK_MS) == TIMERR_NOERROR;
    else if (!wanted && has_ticks)
        has_ticks = timeEndPeriod(TICK_MS) != TIMERR_NOERROR;
}

void lp_clock_sleep(lp_duration rest)
{
    LARGE_INTEGER due = {.QuadPart = -(LONGLONG)((rest + 99) / 100)};
    HANDLE timer = make_timer();
    if (timer && SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE))
        WaitForSingleObject(timer, INFINITE);
    if (timer)
        CloseHandle(timer);
}

lp_err lp_alarm_open(lp_alarm *alarm, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    struct lp_alarm_timer *it = calloc(1, sizeof *it);
    if (!it)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    *alarm = (lp_alarm){.fd = LP_NO_FD, .at = LP_NEVER, .timer = it};
    InitializeSRWLock(&it->lock);
    it->at = LP_NEVER;
    lp_err err = lp_wake_open(&it->wake, why);
    if (err)
        goto failed;
    it->timer = make_timer();
    if (!it->timer || !RegisterWaitForSingleObject(&it->watch, it->timer, on_timer, it,
                                                   INFINITE, WT_EXECUTEINWAITTHREAD)) {
        err = lp_explain(why, LP_ERR_IO, "cannot make a timer: %s",
                         lp_windows_text(GetLastError(), text));
        goto failed;
    }
    alarm->fd = lp_wake_fd(it->wake);
    return LP_OK;
failed:
    lp_alarm_close(alarm);
    return err;
}

void lp_alarm_close(lp_alarm *alarm)
{
    struct lp_alarm_timer *it = alarm->timer;
    if (it && it->watch)
        UnregisterWaitEx(it->watch, INVALID_HANDLE_VALUE); /* waits for its last call */
    if (it && it->timer)
        CloseHandle(it->timer);
    if (it)
        lp_wake_close(it->wake);
    free(it);
    *alarm = (lp_alarm){.fd = LP_NO_FD, .at = LP_NEVER};
}

void lp_alarm_set(lp_alarm *alarm, lp_time at)
{
    struct lp_alarm_timer *it = alarm->timer;
    if (at >= alarm->at)
        return;
    AcquireSRWLockExclusive(&it->lock);
    lp_time now = lp_clock_now();
    alarm->at = it->at = at;
    lp_wake_clear(it->wake);
    if (at <= now)
        lp_wake_ring(it->wake);
    else
        arm(it, now);
    ReleaseSRWLockExclusive(&it->lock);
}

void lp_alarm_clear(lp_alarm *alarm)
{
    struct lp_alarm_timer *it = alarm->timer;
    AcquireSRWLockExclusive(&it->lock);
    lp_wake_clear(it->wake);
    if (it->at <= lp_clock_now())
        alarm->at = it->at =
            LP_NEVER; /* it is spent: the same moment may be set again */
    ReleaseSRWLockExclusive(&it->lock);
}
