#include "quic/timers.h"

#include <assert.h>
#include <stdlib.h>

lp_err lp_timers_init(lp_timers *timers, size_t max_count)
{
    *timers = (lp_timers){.max_count = max_count};
    timers->heap = calloc(max_count + 1, sizeof *timers->heap);
    return timers->heap ? LP_OK : LP_ERR_NO_MEMORY;
}

void lp_timers_fini(lp_timers *timers)
{
    free(timers->heap);
    *timers = (lp_timers){0};
}

static void put_at(lp_timers *timers, size_t place, lp_timer *timer)
{
    timers->heap[place] = timer;
    timer->place = place;
}

/* Moves `timer` from `place`, which is its own or a hole, to where its time belongs. */
static void settle(lp_timers *timers, size_t place, lp_timer *timer)
{
    for (; place > 1 && timers->heap[place / 2]->at > timer->at; place /= 2)
        put_at(timers, place, timers->heap[place / 2]);
    for (;;) {
        size_t child = place * 2;
        if (child > timers->count)
            break;
        if (child < timers->count &&
            timers->heap[child + 1]->at < timers->heap[child]->at)
            child++;
        if (timers->heap[child]->at >= timer->at)
            break;
        put_at(timers, place, timers->heap[child]);
        place = child;
    }
    put_at(timers, place, timer);
}

static void clear(lp_timers *timers, lp_timer *timer)
{
    size_t hole = timer->place;
    timer->place = 0;
    if (hole == 0)
        return;
    lp_timer *last = timers->heap[timers->count--];
    if (last != timer)
        settle(timers, hole, last);
}

void lp_timers_set(lp_timers *timers, lp_timer *timer, lp_time at)
{
    if (at == LP_NEVER) {
        clear(timers, timer);
        return;
    }
    timer->at = at;
    if (timer->place == 0) {
        assert(timers->count < timers->max_count);
        timer->place = ++timers->count;
    }
    settle(timers, timer->place, timer);
}

lp_timer *lp_timers_take_due(lp_timers *timers, lp_time now)
{
    if (lp_timers_next(timers) > now || timers->count == 0)
        return NULL;
    lp_timer *first = timers->heap[1];
    clear(timers, first);
    return first;
}

lp_time lp_timers_next(const lp_timers *timers)
{
    return timers->count ? timers->heap[1]->at : LP_NEVER;
}
