#include "runtime/life.h"

#include <signal.h>
#include <stdio.h>

#include "os/service.h"

#define GOODBYE_POLL_MS 20
#define GOODBYE_POLLS   50 /* one second: a relay that does not answer keeps nobody */

static void end(lp_life *life)
{
    if (life->has_ended)
        return;
    life->has_ended = true;
    lp_service_listen(NULL, NULL);
    uv_close((uv_handle_t *)&life->on_int, NULL);
    uv_close((uv_handle_t *)&life->on_term, NULL);
    uv_close((uv_handle_t *)&life->on_hup, NULL);
    uv_close((uv_handle_t *)&life->watchdog, NULL);
    uv_close((uv_handle_t *)&life->ending, NULL);
    uv_close((uv_handle_t *)&life->news, NULL);
    life->handler.on_end(life->handler.state);
}

static void on_poll(uv_timer_t *timer)
{
    lp_life *life = timer->data;
    if (++life->polls >= GOODBYE_POLLS || life->handler.is_done(life->handler.state))
        end(life);
}

static void stop(lp_life *life)
{
    life->is_stopping = life->has_stopped = true;
    lp_service_stopping();
    life->handler.on_stop(life->handler.state, life->reason);
    uv_timer_start(&life->ending, on_poll, 0, GOODBYE_POLL_MS);
}

static void on_next_turn(uv_timer_t *timer)
{
    stop(timer->data);
}

void lp_life_stop(lp_life *life, const char *reason)
{
    if (life->is_stopping)
        return;
    life->is_stopping = true;
    snprintf(life->reason, sizeof life->reason, "%s", reason);
    uv_timer_start(&life->ending, on_next_turn, 0, 0);
}

static void on_signal(uv_signal_t *signal, int number)
{
    lp_life *life = signal->data;
    if (number == SIGHUP && lp_service_hangup_reloads()) {
        if (life->handler.on_reload && !life->is_stopping)
            life->handler.on_reload(life->handler.state);
        return;
    }
    if (life->has_stopped) {
        end(life); /* asked twice: no more patience */
        return;
    }
    if (!life->is_stopping)
        snprintf(life->reason, sizeof life->reason, "shutting down");
    stop(life);
}

/* Any thread's: the handle is the loop's until the listener is gone, which is at the end.
 * Whoever is about to sleep again never mind that he woke up. */
static void on_heard(void *state, lp_service_event event)
{
    lp_life *life = state;
    if (event == LP_SERVICE_SLEEP)
        atomic_fetch_and(&life->heard, ~(1u << LP_SERVICE_WAKE));
    atomic_fetch_or(&life->heard, 1u << event);
    uv_async_send(&life->news);
}

static void on_news(uv_async_t *async)
{
    lp_life *life = async->data;
    const lp_life_handler *handler = &life->handler;
    unsigned heard = atomic_exchange(&life->heard, 0);
    bool sleeps = heard & 1u << LP_SERVICE_SLEEP && !life->is_stopping;
    if (sleeps && handler->on_sleep)
        handler->on_sleep(handler->state);
    if (sleeps)
        lp_service_may_sleep(); /* who ends meanwhile says so when all is given back */
    if (heard & 1u << LP_SERVICE_WAKE && handler->on_wake && !life->is_stopping)
        handler->on_wake(handler->state);
    if (heard & 1u << LP_SERVICE_STOP)
        lp_life_stop(life, "shutting down");
}

static void on_watchdog(uv_timer_t *timer)
{
    lp_service_alive();
}

void lp_life_start(lp_life *life, uv_loop_t *loop, const lp_life_handler *handler)
{
    *life = (lp_life){.handler = *handler};
    uv_signal_init(loop, &life->on_int);
    uv_signal_init(loop, &life->on_term);
    uv_signal_init(loop, &life->on_hup);
    uv_timer_init(loop, &life->watchdog);
    uv_timer_init(loop, &life->ending);
    life->on_int.data = life->on_term.data = life->on_hup.data = life;
    life->ending.data = life->news.data = life;
    uv_async_init(loop, &life->news, on_news);
    lp_service_listen(on_heard, life);
    uv_signal_start(&life->on_int, on_signal, SIGINT);
    uv_signal_start(&life->on_term, on_signal, SIGTERM);
    uv_signal_start(&life->on_hup, on_signal, SIGHUP);
    lp_service_outlive_askers(); /* libuv writes without MSG_NOSIGNAL */
    lp_duration every = lp_service_watchdog();
    if (every > 0)
        uv_timer_start(&life->watchdog, on_watchdog, 0, every / 2 / LP_MS(1) + 1);
}
