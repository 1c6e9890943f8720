#include "core/moderation.h"

/* Of what came before a pause as long as a window nothing is to be learnt. */
static void turn_window(lp_moderation *moderation, lp_time now)
{
    bool is_next = now < lp_time_after(moderation->window_end, LP_MODERATION_WINDOW);
    moderation->is_busy = is_next && moderation->frames >= LP_MODERATION_BUSY;
    moderation->frames = 0;
    moderation->window_end = lp_time_after(now, LP_MODERATION_WINDOW);
}

lp_duration lp_moderation_on_look(lp_moderation *moderation, size_t count, lp_time now)
{
    if (now >= moderation->window_end)
        turn_window(moderation, now);
    moderation->frames += count;
    return moderation->is_busy && count < LP_MODERATION_PLENTY ? LP_MODERATION_REST : 0;
}
