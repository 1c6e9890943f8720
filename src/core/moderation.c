#include "core/moderation.h"

static bool is_worth_it(const lp_moderation *past, lp_duration length)
{
    /* Once there are pauses, it is they that set how often we look. */
    size_t events = past->pause > 0 ? past->frames : past->looks;
    size_t least =
        past->pause > 0 ? LP_MODERATION_WAKE_UPS * 3 / 4 : LP_MODERATION_WAKE_UPS;
    return events * LP_SECONDS(1) >= least * length &&
           past->octets <= past->frames * LP_MODERATION_SMALL;
}

static lp_duration pause_for(const lp_moderation *past, lp_duration length)
{
    lp_duration gather = LP_MODERATION_GATHER * length / past->frames;
    return gather < LP_MODERATION_PAUSE ? gather : LP_MODERATION_PAUSE;
}

lp_duration lp_moderation_on_look(lp_moderation *moderation, size_t frames,
                                  size_t octets, lp_time now)
{
    lp_duration length = lp_time_until(moderation->since, now);
    if (length >= LP_MODERATION_WINDOW) {
        bool is_busy = moderation->frames > 0 && is_worth_it(moderation, length);
        lp_duration pause = is_busy ? pause_for(moderation, length) : 0;
        *moderation = (lp_moderation){.since = now, .pause = pause};
    }
    moderation->looks++;
    moderation->frames += frames;
    moderation->octets += octets;
    return moderation->pause;
}
