#include "core/queue_delay.h"

/* More than RFC 8289's 5 ms: only the flow itself feels it here, and four streams over a
 * slow link need that much to keep it busy. */
#define TARGET   LP_MS(40)
#define INTERVAL LP_MS(100) /* a round trip, and time to heed */

static uint32_t root_of(uint32_t value)
{
    uint32_t root = 1;
    while ((root + 1) * (root + 1) <= value)
        root++;
    return root;
}

/* RFC 8289 section 5.3: the rate of telling rises with the square root of their number. */
static uint32_t us_until_next(uint16_t tells)
{
    uint32_t us = INTERVAL / LP_US(1);
    return us * 8 / root_of(64u * (tells ? tells : 1));
}

static void be_due_after(lp_queue_delay *delay, uint32_t at)
{
    delay->at = at ? at : 1;
}

bool lp_queue_delay_tells(lp_queue_delay *delay, lp_duration waited, lp_time now)
{
    uint32_t us = (uint32_t)(now / LP_US(1));
    if (waited < TARGET) {
        /* What was the right rate a moment ago is about right when it begins again. */
        if (delay->at != 0)
            delay->tells /= 2;
        delay->at = 0;
        return false;
    }
    if (delay->at == 0) {
        be_due_after(delay, us + us_until_next(1));
        return false;
    }
    if ((int32_t)(us - delay->at) < 0)
        return false;
    if (delay->tells < UINT16_MAX / 64)
        delay->tells++;
    be_due_after(delay, delay->at + us_until_next(delay->tells));
    return true;
}
