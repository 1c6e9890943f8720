#include "quic/ack_watch.h"

void lp_ack_watch_on_sent(lp_ack_watch *watch, size_t len, lp_time now)
{
    watch->sent += len;
    if (watch->is_watching)
        return;
    watch->is_watching = true;
    watch->until = watch->sent;
    watch->since = now;
}

void lp_ack_watch_on_acked(lp_ack_watch *watch, size_t len, lp_duration timeout,
                           lp_time now)
{
    watch->acked += len;
    if (!watch->is_watching || watch->acked < watch->until)
        return;
    watch->is_watching = false;
    watch->late += lp_time_until(watch->since, now) > timeout;
}
