#include "quic/hush.h"

#define EVERY     LP_SECONDS(5) /* BBR's ProbeRTTInterval */
#define TRIES     24
#define TRY_EARLY LP_SECONDS(3)
#define STEP      64 /* of a round trip: how much more each try is ahead */
#define STEPS_MAX 16

lp_time lp_hush_clock(const lp_hush *hush, lp_time now)
{
    return now > hush->clock ? now : hush->clock;
}

void lp_hush_on_rtt(lp_hush *hush, lp_duration rtt, lp_time now)
{
    lp_time clock = lp_hush_clock(hush, now);
    bool is_lower = rtt < hush->low;
    if (hush->low != 0 && !is_lower && clock <= lp_time_after(hush->low_at, EVERY))
        return;
    hush->low = rtt;
    hush->low_at = clock;
    /* What sufficed will about suffice again. */
    hush->strength = is_lower && hush->strength > 2 ? hush->strength - 2 : 0;
}

void lp_hush_on_packet(lp_hush *hush, lp_duration usual, lp_time now)
{
    lp_duration apart = usual * 5 / 4;
    lp_duration early = TRIES * apart < TRY_EARLY ? TRIES * apart : TRY_EARLY;
    if (hush->low == 0 || now < lp_time_after(hush->low_at, EVERY - early) ||
        now < lp_time_after(hush->tried_at, apart) || hush->strength >= STEPS_MAX)
        return;
    hush->strength++;
    hush->tried_at = now;
    hush->clock = lp_hush_clock(hush, now + hush->strength * usual / STEP);
}
