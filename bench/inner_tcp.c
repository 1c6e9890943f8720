#include "inner_tcp.h"

#include <math.h>

#define REORDERING  3
#define BETA        0.7
#define C           0.4
#define WINDOW_MIN  2
#define TIMEOUT_MIN LP_MS(200)

void inner_tcp_start(inner_tcp *tcp)
{
    *tcp = (inner_tcp){.window = 10, .slow_start_until = INNER_TCP_RING};
}

bool inner_tcp_next(inner_tcp *tcp, lp_time now, uint32_t *out_number)
{
    if (tcp->under_way >= (uint32_t)tcp->window ||
        tcp->next - tcp->oldest >= INNER_TCP_RING)
        return false;
    if (tcp->under_way++ == 0)
        tcp->heard_at = now;
    *out_number = tcp->next++;
    tcp->ring[*out_number % INNER_TCP_RING].sent = now;
    tcp->ring[*out_number % INNER_TCP_RING].state = IS_UNDER_WAY;
    return true;
}

bool inner_tcp_on_segment(inner_tcp *tcp, uint32_t number)
{
    bool has_gap =
        tcp->arrived > 0 && number != tcp->log[(tcp->arrived - 1) % INNER_TCP_RING] + 1;
    tcp->log[tcp->arrived++ % INNER_TCP_RING] = number;
    if (!has_gap && tcp->arrived - tcp->answered < 2)
        return false;
    tcp->answered = tcp->arrived;
    return true;
}

/* --- the window ------------------------------------------------------------------- */

/* Once per round trip: what was sent before is of the same event. */
static void on_loss(inner_tcp *tcp, uint32_t number)
{
    if ((int32_t)(number - tcp->recover) < 0)
        return;
    tcp->recover = tcp->next;
    tcp->w_max = tcp->window;
    tcp->window = fmax(tcp->window * BETA, WINDOW_MIN);
    tcp->slow_start_until = tcp->window;
    tcp->epoch = 0;
}

static void grow(inner_tcp *tcp, lp_duration rtt, lp_time now)
{
    if (tcp->window < tcp->slow_start_until) {
        tcp->window++;
        if (rtt > tcp->rtt_min + tcp->rtt_min / 8 + LP_MS(4)) /* as HyStart */
            tcp->slow_start_until = tcp->window;
        return;
    }
    if (tcp->epoch == 0)
        tcp->epoch = now;
    double k = cbrt(tcp->w_max * (1 - BETA) / C);
    double t = (double)(now - tcp->epoch + tcp->rtt_min) / 1e9;
    double cubic = C * (t - k) * (t - k) * (t - k) + tcp->w_max;
    double reno = tcp->w_max * BETA + 0.53 * t / ((double)tcp->rtt_smoothed / 1e9);
    double aim = fmin(fmax(cubic, reno), 1.5 * tcp->window);
    if (aim > tcp->window)
        tcp->window += (aim - tcp->window) / tcp->window;
}

static void learn(inner_tcp *tcp, lp_duration rtt)
{
    if (tcp->rtt_min == 0 || rtt < tcp->rtt_min)
        tcp->rtt_min = rtt;
    tcp->rtt_smoothed = tcp->rtt_smoothed ? (7 * tcp->rtt_smoothed + rtt) / 8 : rtt;
}

static void find_losses(inner_tcp *tcp, uint32_t newest)
{
    for (uint32_t n = tcp->oldest; (int32_t)(newest - n) >= REORDERING; n++)
        if (tcp->ring[n % INNER_TCP_RING].state == IS_UNDER_WAY) {
            tcp->ring[n % INNER_TCP_RING].state = IS_LOST;
            tcp->under_way--;
            on_loss(tcp, n);
        }
    while (tcp->oldest != tcp->next &&
           tcp->ring[tcp->oldest % INNER_TCP_RING].state != IS_UNDER_WAY)
        tcp->oldest++;
}

void inner_tcp_on_ack(inner_tcp *tcp, uint32_t count, lp_time now)
{
    for (; (int32_t)(count - tcp->heard) > 0; tcp->heard++) {
        uint32_t number = tcp->log[tcp->heard % INNER_TCP_RING];
        if ((int32_t)(number - tcp->oldest) < 0 ||
            tcp->ring[number % INNER_TCP_RING].state != IS_UNDER_WAY)
            continue; /* lost, it was thought */
        tcp->ring[number % INNER_TCP_RING].state = IS_ACKED;
        bool was_full = tcp->under_way + 2 >= (uint32_t)tcp->window;
        tcp->under_way--;
        tcp->heard_at = now;
        lp_duration rtt = now - tcp->ring[number % INNER_TCP_RING].sent;
        learn(tcp, rtt);
        if (was_full)
            grow(tcp, rtt, now);
        find_losses(tcp, number);
    }
}

lp_time inner_tcp_deadline(const inner_tcp *tcp)
{
    if (tcp->under_way == 0)
        return LP_NEVER;
    lp_duration wait = tcp->rtt_smoothed * 2;
    return tcp->heard_at + (wait > TIMEOUT_MIN ? wait : TIMEOUT_MIN);
}

void inner_tcp_on_deadline(inner_tcp *tcp, lp_time now)
{
    on_loss(tcp, tcp->next);
    tcp->window = WINDOW_MIN;
    tcp->under_way = 0;
    tcp->oldest = tcp->next;
    tcp->heard_at = now;
}
