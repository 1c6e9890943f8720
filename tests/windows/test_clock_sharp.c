/* A Windows before 10 1803, which has no timers of high resolution, and one that has: the
 * calls of either stand here (tests/meson.build wraps them). */
#include "os/clock.h"

#include "test.h"

#include <windows.h>

#include <mmsystem.h>

static bool has_sharp_timers, refuses;
static char asked[16]; /* + for each timeBeginPeriod(1), - for its end */

static HANDLE WINAPI create_timer(SECURITY_ATTRIBUTES *attributes, const wchar_t *name,
                                  DWORD flags, DWORD access)
{
    SetLastError(ERROR_INVALID_PARAMETER); /* as the flag was before it was known */
    return has_sharp_timers ? CreateWaitableTimerW(attributes, FALSE, name) : NULL;
}

static MMRESULT WINAPI begin_period(UINT ms)
{
    CHECK_EQ(ms, 1);
    if (refuses)
        return TIMERR_NOCANDO;
    strcat(asked, "+");
    return TIMERR_NOERROR;
}

static MMRESULT WINAPI end_period(UINT ms)
{
    CHECK_EQ(ms, 1);
    strcat(asked, "-");
    return TIMERR_NOERROR;
}

extern __typeof__(CreateWaitableTimerExW) *__wrap___imp_CreateWaitableTimerExW;
extern __typeof__(timeBeginPeriod) *__wrap___imp_timeBeginPeriod;
extern __typeof__(timeEndPeriod) *__wrap___imp_timeEndPeriod;
__typeof__(CreateWaitableTimerExW) *__wrap___imp_CreateWaitableTimerExW = create_timer;
__typeof__(timeBeginPeriod) *__wrap___imp_timeBeginPeriod = begin_period;
__typeof__(timeEndPeriod) *__wrap___imp_timeEndPeriod = end_period;

TEST(an_old_windows_ticks_faster_while_that_is_wanted_and_no_longer)
{
    static const struct {
        const char *name, *wanted; /* y, n */
        bool is_new, refuses;
        const char *asked;
    } rows[] = {
        {"an evening", "yn", false, false, "+-"},
        {"two, and asked twice", "yynnyn", false, false, "+-+-"},
        {"nobody wanted it", "nn", false, false, ""},
        {"it refuses", "yn", false, true, ""},
        {"since 1803", "yynyn", true, false, ""},
    };
    EACH_ROW (row, rows) {
        has_sharp_timers = row->is_new;
        refuses = row->refuses;
        asked[0] = '\0';
        for (const char *at = row->wanted; *at; at++)
            lp_clock_be_sharp(*at == 'y');
        CHECK_STR(asked, row->asked);
    }
}

TEST(alarms_go_off_on_an_old_windows_too)
{
    lp_alarm alarm;
    lp_why why;
    has_sharp_timers = false;
    CHECK_EQ(lp_alarm_open(&alarm, &why), LP_OK);
    lp_time began = lp_clock_now();
    lp_clock_sleep(LP_MS(5));
    CHECK(lp_clock_now() - began >= LP_MS(5));
    lp_alarm_close(&alarm);
}
