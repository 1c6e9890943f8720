/*
 * A game's packets beside a download, over a slow link: the queue and the governor as the
 * driver puts them together, four TCP-like streams, a modem with a deep drop-tail buffer.
 * What must hold: the game does not notice, and the download is hardly slower for it.
 */
#include <stdlib.h>

#include "core/governor.h"
#include "core/queue.h"
#include "ip.h"
#include "test.h"

#define HEADER   16        /* of a datagram */
#define ON_WIRE  74        /* QUIC, UDP, IPv4 and Ethernet around it */
#define STEP     LP_US(50) /* the world's grain */
#define STREAMS  4         /* the flow after them is the game */
#define FULL     1410      /* a stream's datagram */
#define SMALL    138       /* the game's */
#define TICK     LP_US(16667)
#define ACK_MAX  32
#define RING     16384
#define ALONE    LP_SECONDS(1) /* the game, before the download begins */
#define SETTLING LP_SECONDS(3)

typedef struct link {
    const char *name;
    double rate; /* bit/s */
    double queue;
    lp_duration delay, jitter;
    double loss;
    double later_rate;       /* from half-time on; 0: the same */
    lp_duration later_delay; /* likewise */
    lp_duration may_add;     /* to 99 of 100 game packets */
    unsigned percent;        /* of the link that the download gets */
} link;

typedef struct packet {
    lp_time sent, arrives;
    uint32_t number;
    uint16_t len;
    uint8_t flow;
    bool is_lost;
} packet;

typedef struct answer { /* an acknowledgement on its way back */
    lp_time arrives;
    size_t upto;      /* of the forward ring */
    lp_duration held; /* after the newest packet had arrived */
    uint8_t flow;
    uint32_t lost;
} answer;

typedef struct stream { /* congestion control as CUBIC does it, roughly */
    double window, under_way;
    double wanted; /* the window at the last loss: soon there again, slowly beyond */
    lp_time cut_at;
    uint32_t number, heard;
} stream;

typedef struct world {
    const link *is;
    lp_queue *queue;
    lp_governor governor;
    stream streams[STREAMS];
    lp_time now, wire_free, last_arrival, last_back;
    uint32_t random, game_number;
    double rate;
    lp_duration delay;
    uint64_t in_flight, delivered;
    packet way[RING];
    size_t sent, arrived, acked; /* indices into `way`, ever rising */
    answer acks[RING], inner[RING];
    size_t ack_in, ack_out, inner_in, inner_out;
    lp_time unacked_since, heard_at;
    unsigned unacked;
    lp_time game_sent[RING];
    lp_duration added[RING];
    size_t games;
} world;

static double chance(world *w)
{
    return ip_random(&w->random) / 4294967296.0;
}

static lp_duration trip(world *w)
{
    return (lp_duration)((double)w->delay +
                         (2 * chance(w) - 1) * (double)w->is->jitter);
}

static void put(world *w, uint8_t flow, uint32_t number, size_t len)
{
    uint8_t octets[HEADER + 2048] = {0};
    uint32_t random = 1;
    ip_spec spec = {.version = 4, .protocol = IP_UDP, .payload_len = len - HEADER - 42};
    ip_build(&spec, &random, octets + HEADER);
    ip_set_u16(octets + HEADER + 34, 2000u + flow);
    octets[0] = flow;
    memcpy(octets + 4, &number, sizeof number);
    lp_queue_put(w->queue, lp_bytes_of(octets, len), w->now);
}

/* --- the modem -------------------------------------------------------------------- */

static void transmit(world *w, lp_bytes datagram)
{
    packet *p = &w->way[w->sent++ % RING];
    lp_time start = w->wire_free > w->now ? w->wire_free : w->now;
    double waiting = (double)(start - w->now) * w->rate / 8e9;
    size_t len = datagram.len + ON_WIRE;
    *p =
        (packet){.sent = w->now, .len = (uint16_t)datagram.len, .flow = datagram.at[0]};
    memcpy(&p->number, datagram.at + 4, sizeof p->number);
    p->is_lost = chance(w) < w->is->loss || waiting + (double)len > w->is->queue;
    if (!p->is_lost)
        w->wire_free = start + (lp_time)((double)len * 8e9 / w->rate);
    p->arrives = w->wire_free + trip(w);
    if (p->arrives < w->last_arrival)
        p->arrives = w->last_arrival;
    w->last_arrival = p->arrives;
    w->in_flight += len;
}

/* BBR's: ample, but for a moment every five seconds. */
static uint64_t cwnd(world *w)
{
    return w->now % LP_MS(5200) < LP_MS(5000) ? UINT64_MAX : w->governor.window / 2;
}

/* As the driver does it. */
static void send_all(world *w)
{
    for (;;) {
        size_t late = 0;
        lp_bytes datagram = lp_queue_peek(w->queue, w->now, &late);
        if (datagram.len == 0 ||
            !lp_governor_allows(&w->governor, lp_queue_is_thin(w->queue), w->now) ||
            w->in_flight >= cwnd(w))
            return;
        transmit(w, datagram);
        lp_governor_on_sent(&w->governor, datagram.len, w->now);
        lp_queue_pop(w->queue);
    }
}

/* --- the far end ------------------------------------------------------------------ */

static void answer_stream(world *w, const packet *p)
{
    stream *of = &w->streams[p->flow];
    w->inner[w->inner_in++ % RING] =
        (answer){w->now + w->delay, 0, 0, p->flow, p->number - of->heard};
    of->heard = p->number + 1;
    w->delivered += w->now > SETTLING ? p->len + ON_WIRE : 0;
}

static void hear(world *w, const packet *p)
{
    if (p->flow < STREAMS)
        answer_stream(w, p);
    else if (w->now > SETTLING)
        w->added[w->games++] =
            lp_time_until(w->game_sent[p->number % RING] + w->delay, w->now);
}

static void acknowledge(world *w)
{
    lp_time at = w->now + trip(w);
    w->last_back = at > w->last_back ? at : w->last_back;
    w->acks[w->ack_in++ % RING] =
        (answer){w->last_back, w->arrived, w->now - w->heard_at, 0, 0};
    w->unacked = 0;
}

/* Acknowledges as ngtcp2 does: after an eighth of a round trip, or some packets. */
static void receive_all(world *w)
{
    for (; w->arrived < w->sent && w->way[w->arrived % RING].arrives <= w->now;
         w->arrived++) {
        const packet *p = &w->way[w->arrived % RING];
        if (p->is_lost)
            continue;
        if (w->unacked++ == 0)
            w->unacked_since = w->now;
        w->heard_at = w->now;
        hear(w, p);
    }
    if (w->unacked >= ACK_MAX ||
        (w->unacked > 0 && w->now >= w->unacked_since + w->delay / 4))
        acknowledge(w);
}

/* --- the near end ----------------------------------------------------------------- */

static void on_acks(world *w)
{
    lp_duration rtt = 0;
    for (; w->ack_out < w->ack_in && w->acks[w->ack_out % RING].arrives <= w->now;
         w->ack_out++) {
        const answer *a = &w->acks[w->ack_out % RING];
        for (; w->acked < a->upto; w->acked++) {
            const packet *p = &w->way[w->acked % RING];
            w->in_flight -= p->len + ON_WIRE;
            rtt = p->is_lost ? rtt : w->now - p->sent - a->held;
        }
    }
    lp_governor_look(&w->governor, (lp_governor_view){w->in_flight, cwnd(w)});
    if (rtt)
        lp_governor_on_rtt(&w->governor, rtt, w->now);
}

static void on_inner_acks(world *w)
{
    for (;
         w->inner_out < w->inner_in && w->inner[w->inner_out % RING].arrives <= w->now;
         w->inner_out++) {
        const answer *a = &w->inner[w->inner_out % RING];
        stream *of = &w->streams[a->flow];
        of->under_way -= 1 + a->lost;
        if (a->lost == 0) {
            of->window += of->window < of->wanted ? 0.2 : 1 / of->window;
        } else if (w->now > of->cut_at) {
            of->wanted = of->window;
            of->window = of->window * 0.7 > 2 ? of->window * 0.7 : 2;
            of->cut_at = w->now + LP_MS(100);
        }
    }
}

static void feed(world *w)
{
    for (uint8_t i = 0; i < STREAMS && w->now > ALONE; i++)
        for (stream *s = &w->streams[i]; s->under_way < s->window; s->under_way++)
            put(w, i, s->number++, FULL);
    if (w->now / TICK != (w->now - STEP) / TICK) {
        w->game_sent[w->game_number % RING] = w->now;
        put(w, STREAMS, w->game_number++, SMALL);
    }
}

/* --- the runs --------------------------------------------------------------------- */

static world *run(const link *is, lp_duration length)
{
    lp_queue_limits limits = lp_queue_default_limits();
    world *w = calloc(1, sizeof *w);
    *w = (world){.is = is,
                 .queue = lp_queue_new(&limits, 1),
                 .random = 7,
                 .governor = lp_governor_start(),
                 .rate = is->rate,
                 .delay = is->delay};
    for (int i = 0; i < STREAMS; i++)
        w->streams[i] = (stream){.window = 10, .wanted = 1000};
    for (w->now = STEP; w->now < length; w->now += STEP) {
        if (w->now > length / 2 && is->later_rate > 0)
            w->rate = is->later_rate;
        if (w->now > length / 2 && is->later_delay > 0)
            w->delay = is->later_delay;
        receive_all(w);
        on_acks(w);
        on_inner_acks(w);
        feed(w);
        send_all(w);
    }
    return w;
}

static int in_order(const void *a, const void *b)
{
    lp_duration left = *(const lp_duration *)a, right = *(const lp_duration *)b;
    return left < right ? -1 : left > right;
}

static void end(world *w)
{
    lp_queue_free(w->queue);
    free(w);
}

static const link links[] = {
    {"1 Mbit/s", 1e6, 262144, LP_MS(10), 0, 0, 0, 0, LP_MS(140), 85},
    {"5 Mbit/s", 5e6, 262144, LP_MS(10), 0, 0, 0, 0, LP_MS(6), 91},
    {"20 Mbit/s", 20e6, 262144, LP_MS(10), 0, 0, 0, 0, LP_MS(4), 95},
    {"100 Mbit/s", 100e6, 262144, LP_MS(10), 0, 0, 0, 0, LP_MS(4), 95},
    {"100 Mbit/s far away", 100e6, 262144, LP_MS(75), 0, 0, 0, 0, LP_MS(10), 15},
    {"20 Mbit/s, soon 5", 20e6, 262144, LP_MS(10), 0, 0, 5e6, 0, LP_MS(40), 45},
    {"5 Mbit/s, soon 20", 5e6, 262144, LP_MS(10), 0, 0, 20e6, 0, LP_MS(6), 200},
    {"20 Mbit/s, soon farther", 20e6, 262144, LP_MS(10), 0, 0, 0, LP_MS(40), LP_MS(25),
     70},
    {"20 Mbit/s, soon nearer", 20e6, 262144, LP_MS(40), 0, 0, 0, LP_MS(10), LP_MS(65),
     80},
    {"20 Mbit/s near", 20e6, 262144, LP_MS(1), 0, 0, 0, 0, LP_MS(4), 95},
    {"20 Mbit/s, little buffer", 20e6, 32768, LP_MS(10), 0, 0, 0, 0, LP_MS(5), 95},
    {"20 Mbit/s, hardly a buffer", 20e6, 6000, LP_MS(10), 0, 0, 0, 0, LP_MS(4), 90},
    {"20 Mbit/s, 1 % loss", 20e6, 262144, LP_MS(10), 0, 0.01, 0, 0, LP_MS(5), 90},
    {"20 Mbit/s, 2 % loss", 20e6, 262144, LP_MS(10), 0, 0.02, 0, 0, LP_MS(5), 90},
    {"20 Mbit/s, jitter", 20e6, 262144, LP_MS(10), LP_MS(3), 0, 0, 0, LP_MS(10), 90},
    {"5 Mbit/s, jitter", 5e6, 262144, LP_MS(10), LP_MS(3), 0, 0, 0, LP_MS(14), 90},
};

TEST(a_game_does_not_notice_a_download)
{
    EACH_ROW (is, links) {
        world *w = run(is, LP_SECONDS(15));
        qsort(w->added, w->games, sizeof *w->added, in_order);
        double seconds = (double)(LP_SECONDS(15) - SETTLING) / 1e9;
        unsigned percent =
            (unsigned)((double)w->delivered * 800 / (w->is->rate * seconds));
        if (getenv("CALM"))
            printf("%-28s game +%.2f %.2f %.2f ms of %zu, download %u %%\n", is->name,
                   (double)w->added[w->games / 2] / 1e6,
                   (double)w->added[w->games * 99 / 100] / 1e6,
                   (double)w->added[w->games - 1] / 1e6, w->games, percent);
        CHECK(w->added[w->games * 99 / 100] <= is->may_add);
        CHECK(percent >= is->percent);
        end(w);
    }
}
