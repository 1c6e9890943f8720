/*
 * A download and a game over links of many kinds, in virtual time: two real QUIC
 * connections' ends with the queue and the governor as the driver uses them (or without
 * the governor, as QUIC alone would send), an emulated link with a drop-tail queue
 * between them, TCP streams inside the tunnel.
 *
 *   bench_links [OPTION=VALUE...]     one run; prints a line of JSON
 *
 * Options: see `options`. The same options give the same run. bench/congestion makes a
 * table of many.
 */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "inner_tcp.h"
#include "quic/internal.h"
#include "runtime/port.h"
#include "wire/datagram.h"

#define TUNNELS_MAX 4
#define STREAMS_MAX 16
/* Flow numbers: streams with the bulk, streams against it, then these. */
#define AGAINST  STREAMS_MAX
#define GAME     (2 * STREAMS_MAX)
#define FLOOD    (GAME + 1)
#define ON_WIRE  42 /* UDP, IPv4 and Ethernet around a QUIC packet */
#define RING     65536
#define SEGMENT  1310 /* a full datagram in a room of 1280 */
#define PAYLOAD  1228 /* TCP's part of it */
#define ANSWER   86   /* TCP's acknowledgement */
#define ALONE    LP_SECONDS(2)
#define SETTLING LP_SECONDS(4) /* the bulk has begun at ALONE */
#define LATEST   LP_SECONDS(1) /* a game's packet not back after this is lost */
#define META     (LP_DATAGRAM_HEADER_LEN + 14 + 20 + 8) /* ours, within a datagram */

enum { RELAY, PLAYER }; /* of each tunnel */

static struct {
    double rate, up_rate, queue, delay, jitter, loss, streams, seconds, governed,
        congestion, down, both, tunnels, game_rate, game_size, seed, flood, late,
        foreign, later_rate, later_delay, stall, stamps, drift, trace;
} is = {.rate = 20,
        .queue = 262144,
        .delay = 10,
        .streams = 4,
        .seconds = 15,
        .governed = 1,
        .down = 1,
        .tunnels = 1,
        .game_rate = 60,
        .game_size = 80,
        .stamps = 1,
        .seed = 1};

#define OPTION(name)    \
    {                   \
#name, &is.name \
    }
static const struct {
    const char *name;
    double *value;
} options[] = {
    OPTION(rate),    /* Mbit/s */
    OPTION(up_rate), /* the other direction's; 0: the same */
    OPTION(queue),   /* octets */
    OPTION(delay),   /* ms, each way */
    OPTION(jitter),  /* ms, likewise: uniform, keeps the order */
    OPTION(loss),    /* per cent, likewise */
    OPTION(streams),
    OPTION(seconds),
    OPTION(governed),   /* 0: QUIC's own window and pacing alone */
    OPTION(congestion), /* 0: BBR, 1: CUBIC, 2: Reno */
    OPTION(down),       /* 0: up */
    OPTION(both),       /* 1: as many streams the other way at once */
    OPTION(
        tunnels), /* of several players, over the same link; the first has the game */
    OPTION(game_rate), /* packets a second */
    OPTION(game_size), /* octets of UDP */
    OPTION(seed),
    OPTION(flood),      /* Mbit/s of UDP instead of the streams */
    OPTION(late),       /* us: timers and packets are served up to so much later */
    OPTION(foreign),    /* TCP streams beside the tunnel, over the same link */
    OPTION(later_rate), /* from half-time on; 0: the same */
    OPTION(later_delay),
    OPTION(
        stall), /* ms: a program does not run for so long, on average, 20 times a second */
    OPTION(stamps), /* 0: the ends know of none, as in older programs */
    OPTION(drift),  /* ppm that the player's clock is faster */
    OPTION(trace),
};

typedef struct flight {
    lp_time at;
    uint16_t len;
    uint8_t ecn;
    bool is_foreign;
    uint8_t tunnel;
    uint32_t number; /* a foreign one's */
    uint8_t stream;
    uint8_t octet[LP_UDP_PAYLOAD_MAX];
} flight;

typedef struct direction {
    flight *ring;
    size_t in, out;
    lp_time wire_free, last, idle_since;
    uint64_t carried, drops;
    lp_duration busy;
} direction;

typedef struct node {
    lp_quic *quic;
    lp_addr addr;
    lp_port port;
    bool is_up, is_settled;
    lp_time runs_from, stalls_at; /* see `stall` */
    uint64_t packets, dropped;
} node;

static node nodes[2 * TUNNELS_MAX];
static direction ways[2]; /* from RELAY, from PLAYER */
static inner_tcp streams[TUNNELS_MAX][2 * STREAMS_MAX], foreigners[STREAMS_MAX];
static lp_time now = LP_SECONDS(1000), begin, next_flood;
static uint64_t random_state;
static uint32_t game_number, game_heard;
static lp_time game_sent[RING];
static lp_duration idle_trips[RING], loaded_trips[RING];
static size_t idle_count, loaded_count, loaded_sent;
static uint64_t delivered, delivered_back, foreign_delivered;
static lp_duration half, end_of_run;

static double chance(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (double)(random_state >> 11) / 9007199254740992.0;
}

static void draw_octets(void *state, uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(chance() * 256);
}

static lp_duration since(lp_duration what)
{
    return now < begin + what ? 0 : now - begin - what;
}

static int bulk_side(void)
{
    return is.down ? RELAY : PLAYER;
}

static node *end_of(int tunnel, int side)
{
    return &nodes[2 * tunnel + side];
}

static int node_count(void)
{
    return 2 * (int)is.tunnels;
}

/* The machine does something else now and then. */
static void note_stall(node *it)
{
    if (is.stall <= 0 || !begin || now < it->stalls_at)
        return;
    double gap = -log(1 - chance()) * 50, length = -log(1 - chance()) * is.stall;
    it->runs_from = now + (lp_duration)(length * 1e6);
    it->stalls_at = it->runs_from + (lp_duration)(gap * 1e6);
}

/* --- the link --------------------------------------------------------------------- */

static double rate_of(int from)
{
    double rate = from == bulk_side() || is.up_rate <= 0 ? is.rate : is.up_rate;
    if (is.later_rate > 0 && since(half) > 0 && begin)
        rate = is.later_rate;
    return rate * 1e6;
}

static double delay_now(void)
{
    return is.later_delay > 0 && since(half) > 0 && begin ? is.later_delay : is.delay;
}

static flight *admit(int from, size_t len)
{
    direction *way = &ways[from];
    lp_time start = way->wire_free > now ? way->wire_free : now;
    double waiting = (double)(start - now) * rate_of(from) / 8e9;
    if (chance() * 100 < is.loss)
        return NULL;
    if (waiting + (double)len > is.queue || way->in - way->out == RING) {
        way->drops++;
        return NULL;
    }
    lp_duration takes = (lp_duration)((double)len * 8e9 / rate_of(from));
    way->wire_free = start + takes;
    if (since(SETTLING) > 0 && begin)
        way->busy += takes;
    double later = delay_now() + (2 * chance() - 1) * is.jitter;
    later += chance() * is.late / 1e3;
    lp_time at = way->wire_free + (lp_duration)(later * 1e6);
    way->last = at > way->last ? at : way->last;
    flight *f = &way->ring[way->in++ % RING];
    f->at = way->last;
    return f;
}

static void put_on_wire(int from, const lp_udp_packet *packet)
{
    flight *f = admit(from % 2, packet->payload.len + ON_WIRE);
    nodes[from].packets++;
    if (!f)
        return;
    f->is_foreign = false;
    f->tunnel = (uint8_t)(from / 2);
    f->len = (uint16_t)packet->payload.len;
    f->ecn = packet->ecn;
    memcpy(f->octet, packet->payload.at, packet->payload.len);
}

static void put_foreign(int from, uint8_t stream, uint32_t number, size_t len)
{
    flight *f = admit(from, len);
    if (!f)
        return;
    f->is_foreign = true;
    f->stream = stream;
    f->number = number;
}

/* --- what is inside --------------------------------------------------------------- */

static void put(node *from, uint8_t flow, uint32_t number, size_t len)
{
    uint8_t octets[LP_QUEUE_DATAGRAM_MAX] = {0};
    uint8_t *frame = octets + LP_DATAGRAM_HEADER_LEN, *ip = frame + 14;
    frame[12] = 8; /* IPv4 */
    ip[0] = 0x45;
    ip[9] = flow < GAME ? 6 : 17;
    ip[2] = (uint8_t)((len - META + 28) >> 8);
    ip[3] = (uint8_t)(len - META + 28);
    ip[20 + 1] = ip[20 + 3] = flow;
    octets[META] = flow;
    memcpy(octets + META + 4, &number, sizeof number);
    from->dropped += lp_queue_put(from->port.queue, lp_bytes_of(octets, len), now);
    lp_conn_want_write(from->port.conn);
}

static lp_duration game_tick(void)
{
    return (lp_duration)(1e9 / is.game_rate);
}

/* What is under way when the run ends is not lost. */
static bool is_counted(lp_time sent)
{
    return sent >= begin + SETTLING && sent + LATEST < begin + end_of_run;
}

static void on_game(int at, uint32_t number)
{
    if (at == RELAY) {
        put(end_of(0, RELAY), GAME, number, META + (size_t)is.game_size);
        return;
    }
    lp_duration trip = now - game_sent[number % RING];
    game_heard++;
    if (game_sent[number % RING] < begin + ALONE)
        idle_trips[idle_count++ % RING] = trip;
    else if (is_counted(game_sent[number % RING]))
        loaded_trips[loaded_count++ % RING] = trip;
}

static int sender_of(uint8_t flow)
{
    return flow < AGAINST || flow == FLOOD ? bulk_side() : !bulk_side();
}

/* As if the player's clock went faster. */
static bool is_stamp(int to, lp_bytes datagram)
{
    uint8_t octets[LP_STAMP_LEN];
    lp_stamp stamp;
    uint32_t ahead =
        (uint32_t)(int64_t)((double)(now - LP_SECONDS(1000)) / 1e3 * is.drift / 1e6);
    if (lp_stamp_read(datagram, &stamp) != LP_OK)
        return false;
    stamp.sent += to % 2 == RELAY ? ahead : -ahead;
    lp_stamp_write(&stamp, octets);
    return lp_port_hears(&nodes[to].port, lp_bytes_of(octets, sizeof octets), now);
}

static void on_datagram(void *state, lp_conn *conn, lp_bytes datagram, lp_time at)
{
    int to = (int)((node *)state - nodes), tunnel = to / 2;
    uint32_t number;
    if (is_stamp(to, datagram))
        return;
    uint8_t flow = datagram.at[META];
    memcpy(&number, datagram.at + META + 4, sizeof number);
    if (flow == GAME) {
        on_game(to, number);
    } else if (to % 2 != sender_of(flow)) {
        uint64_t *sum = flow < AGAINST || flow == FLOOD ? &delivered : &delivered_back;
        *sum += since(SETTLING) > 0 ? PAYLOAD : 0;
        inner_tcp *tcp = &streams[tunnel][flow % GAME];
        if (flow < GAME && inner_tcp_on_segment(tcp, number))
            put(state, flow, tcp->answered, ANSWER);
    } else {
        inner_tcp_on_ack(&streams[tunnel][flow], number, now);
    }
}

static void on_foreign(int at, const flight *f)
{
    inner_tcp *tcp = &foreigners[f->stream];
    if (at == bulk_side()) {
        inner_tcp_on_ack(tcp, f->number, now);
        return;
    }
    foreign_delivered += since(SETTLING) > 0 ? PAYLOAD : 0;
    if (inner_tcp_on_segment(tcp, f->number))
        put_foreign(at, f->stream, tcp->answered, ANSWER);
}

static void feed_stream(int tunnel, uint8_t flow)
{
    uint32_t number;
    inner_tcp *tcp = &streams[tunnel][flow];
    if (inner_tcp_deadline(tcp) <= now)
        inner_tcp_on_deadline(tcp, now);
    while (inner_tcp_next(tcp, now, &number))
        put(end_of(tunnel, sender_of(flow)), flow, number, SEGMENT);
}

static void feed_foreigner(uint8_t i)
{
    uint32_t number;
    if (inner_tcp_deadline(&foreigners[i]) <= now)
        inner_tcp_on_deadline(&foreigners[i], now);
    while (inner_tcp_next(&foreigners[i], now, &number))
        put_foreign(bulk_side(), i, number, SEGMENT + ON_WIRE);
}

static void feed_streams(void)
{
    for (int t = 0; t < is.tunnels && is.flood <= 0; t++)
        for (uint8_t i = 0; i < is.streams; i++) {
            feed_stream(t, i);
            if (is.both)
                feed_stream(t, AGAINST + i);
        }
    for (uint8_t i = 0; i < is.foreign; i++)
        feed_foreigner(i);
    for (; is.flood > 0 && next_flood <= now;
         next_flood += (lp_duration)(SEGMENT * 8e3 / is.flood))
        put(end_of(0, bulk_side()), FLOOD, 0, SEGMENT);
}

static void feed(void)
{
    if (since(ALONE) > 0)
        feed_streams();
    if (now >= begin + game_number * game_tick()) {
        game_sent[game_number % RING] = now;
        loaded_sent += is_counted(now);
        put(end_of(0, PLAYER), GAME, game_number++, META + (size_t)is.game_size);
    }
}

/* --- the ends --------------------------------------------------------------------- */

static bool on_connected(void *state, lp_conn *conn, lp_time at)
{
    node *it = state;
    it->is_up = lp_port_init(&it->port, conn, (lp_random){draw_octets, NULL}) == LP_OK;
    if (is.stamps)
        lp_port_stamp(&it->port);
    return it->is_up;
}

static void on_stream(void *state, lp_conn *conn, lp_bytes octets, lp_time at)
{
}

static void on_budget(void *state, lp_conn *conn, size_t budget, bool settled,
                      lp_time at)
{
    ((node *)state)->is_settled = settled;
}

static void on_migrated(void *state, lp_conn *conn, const lp_addr *remote, lp_time at)
{
}

static void on_ended(void *state, lp_conn *conn, const lp_quic_end *end, lp_time at)
{
    fprintf(stderr, "bench_links: the connection ended: %s\n", end->reason);
    exit(1);
}

static void trace(const node *it)
{
    lp_conn_view v = lp_conn_look(it->port.conn);
    const lp_governor *g = &it->port.governor;
    const direction *way = &ways[(it - nodes) % 2];
    fprintf(stderr,
            "%.3f W %" PRIu64 " eff %" PRIu64 " inf %" PRIu64 " cwnd %" PRIu64
            " base %.2f usual %.2f spread %.2f q %zu modem %.2f drain %d start %d "
            "empty %d stuck %d\n",
            (double)(now - begin) / 1e6, g->window, g->ceiling, v.in_flight, v.cwnd,
            (double)g->base / 1e6, (double)g->usual / 1e6, (double)g->spread / 1e6,
            lp_queue_count(it->port.queue),
            way->wire_free > now ? (double)(way->wire_free - now) / 1e6 : 0.0,
            g->drain.rounds, g->is_starting, g->empty_rounds, g->stuck_rounds);
}

/* As the driver does it. */
static void write_governed(int from)
{
    node *it = &nodes[from];
    uint8_t octets[LP_UDP_PAYLOAD_MAX];
    lp_space space = lp_space_of(octets, sizeof octets);
    lp_unsent unsent = {0};
    lp_udp_packet packet;
    lp_write wrote;
    lp_port_begin(&it->port, now);
    while ((wrote = lp_port_write(&it->port, space, now, &unsent, &packet)) !=
           LP_WRITE_NOTHING)
        if (wrote == LP_WRITE_PACKET)
            put_on_wire(from, &packet);
    it->dropped += unsent.late;
    if (begin && is.trace == from + 1)
        trace(it);
}

/* QUIC's window and pacing alone, as ngtcp2 has it done. */
static void write_alone(int from, lp_conn *conn)
{
    node *it = &nodes[from];
    uint8_t octets[LP_UDP_PAYLOAD_MAX];
    lp_space space = lp_space_of(octets, sizeof octets);
    lp_udp_packet packet;
    lp_write wrote = LP_WRITE_PACKET;
    size_t late = 0, burst = 0;
    while (wrote != LP_WRITE_NOTHING &&
           burst < ngtcp2_conn_get_send_quantum(conn->ngtcp2)) {
        bool taken = false;
        lp_bytes next =
            it->is_up ? lp_queue_peek(it->port.queue, now, &late) : (lp_bytes){0};
        wrote = lp_conn_write(conn, next, false, space, now, &taken, &packet);
        if (taken)
            lp_queue_pop(it->port.queue);
        if (wrote == LP_WRITE_PACKET) {
            put_on_wire(from, &packet);
            burst += packet.payload.len;
        }
    }
    it->dropped += late;
    ngtcp2_conn_update_pkt_tx_time(conn->ngtcp2, lp_hush_clock(&conn->hush, now));
    lp_timers_set(&it->quic->timers, &conn->slot->timer, lp_conn_deadline(conn, now));
}

static void write_all(void)
{
    lp_conn *conn;
    for (int i = 0; i < node_count(); i++) {
        note_stall(&nodes[i]);
        if (nodes[i].runs_from > now)
            continue;
        while ((conn = lp_quic_next_due(nodes[i].quic, now))) {
            if (nodes[i].is_up && is.governed)
                write_governed(i);
            else
                write_alone(i, conn);
        }
    }
}

static lp_time when_it_runs(int which, lp_time at)
{
    lp_time from = nodes[which].runs_from;
    return at > from ? at : from;
}

static lp_time next_of_streams(void)
{
    lp_time at = LP_NEVER;
    for (int t = 0; t < is.tunnels; t++)
        for (int i = 0; i < 2 * STREAMS_MAX; i++)
            at = lp_time_min(at, inner_tcp_deadline(&streams[t][i]));
    for (int i = 0; i < is.foreign; i++)
        at = lp_time_min(at, inner_tcp_deadline(&foreigners[i]));
    return at;
}

static lp_time next_event(void)
{
    lp_time at = LP_NEVER;
    for (int i = 0; i < node_count(); i++)
        at = lp_time_min(at,
                         when_it_runs(i, lp_quic_deadline(nodes[i].quic) +
                                             (lp_duration)(chance() * is.late * 1e3)));
    for (int i = 0; i < 2; i++)
        if (ways[i].out < ways[i].in) {
            const flight *f = &ways[i].ring[ways[i].out % RING];
            at = lp_time_min(at, when_it_runs(2 * f->tunnel + !i, f->at));
        }
    if (!begin)
        return at;
    at = lp_time_min(at, next_of_streams());
    if (is.flood > 0)
        at = lp_time_min(at, next_flood);
    return lp_time_min(at, begin + game_number * game_tick());
}

static void deliver(void)
{
    for (int from = 0; from < 2; from++)
        for (direction *way = &ways[from];
             way->out < way->in &&
             when_it_runs(2 * way->ring[way->out % RING].tunnel + !from,
                          way->ring[way->out % RING].at) <= now;
             way->out++) {
            const flight *f = &way->ring[way->out % RING];
            const node *sender = end_of(f->tunnel, from),
                       *hearer = end_of(f->tunnel, !from);
            lp_udp_packet packet = {hearer->addr, sender->addr, f->ecn,
                                    lp_bytes_of(f->octet, f->len)};
            if (f->is_foreign)
                on_foreign(!from, f);
            else
                lp_quic_on_packet(hearer->quic, &packet, now);
        }
}

/* Why the bottleneck is idle. */
enum { NO_DATA, WINDOW, DRAINING, SQUEEZED, PACING, CONGESTION, WHYS };
static const char *const whys[] = {"no_data",  "window", "draining",
                                   "squeezed", "pacing", "congestion"};
static lp_duration idle_for[WHYS];

static void note_idleness(lp_time until)
{
    const lp_port *port = &nodes[bulk_side()].port;
    const direction *way = &ways[bulk_side()];
    lp_time from = way->wire_free > now ? way->wire_free : now;
    if (!begin || since(SETTLING) == 0 || until <= from)
        return;
    int why = lp_queue_is_empty(port->queue)                   ? NO_DATA
              : !port->is_held                                 ? CONGESTION
              : !port->governor.is_waiting                     ? PACING
              : port->governor.ceiling < port->governor.window ? SQUEEZED
              : port->governor.drain.rounds                    ? DRAINING
                                                               : WINDOW;
    idle_for[why] += until - from;
}

static void run_until(lp_time end)
{
    while (now < end) {
        lp_time at = next_event();
        note_idleness(at);
        now = at > now ? at : now;
        deliver();
        if (begin)
            feed();
        write_all();
    }
}

/* --- opening ---------------------------------------------------------------------- */

static void open_node(int which, lp_tls *tls)
{
    lp_why why;
    lp_quic_config config = lp_quic_default_config();
    config.tls = tls;
    config.accepts = which % 2 == RELAY;
    config.congestion = (lp_congestion)is.congestion;
    config.random = (lp_random){draw_octets, NULL};
    config.handler =
        (lp_quic_handler){&nodes[which], on_connected, on_stream, on_datagram,
                          on_budget,     on_migrated,  on_ended};
    if (lp_quic_new(&config, &nodes[which].quic, &why) != LP_OK ||
        lp_addr_read_ip(which % 2 == RELAY ? "192.0.2.1" : "192.0.2.2",
                        (uint16_t)(443 + which / 2), &nodes[which].addr) != LP_OK)
        abort();
}

static void open_all(void)
{
    lp_why why;
    lp_credentials *keys = NULL;
    lp_tls *tls[2];
    uint8_t seed[32] = {1};
    if (lp_credentials_of_seed(seed, LP_DEV_SERVER_NAME, &keys, &why) != LP_OK)
        abort();
    lp_key_hash hash = lp_credentials_hash(keys);
    lp_trust trust = {.fingerprint = &hash, .server_name = LP_DEV_SERVER_NAME};
    if (lp_tls_server_new(keys, &tls[RELAY], &why) != LP_OK ||
        lp_tls_client_new(keys, &trust, &tls[PLAYER], &why) != LP_OK)
        abort();
    for (int i = 0; i < 2; i++)
        ways[i].ring = calloc(RING, sizeof *ways[i].ring);
    for (int i = 0; i < node_count(); i++)
        open_node(i, tls[i % 2]);
    for (int t = 0; t < is.tunnels; t++) {
        const node *player = end_of(t, PLAYER);
        lp_conn *conn;
        if (lp_quic_dial(player->quic, &player->addr, &end_of(t, RELAY)->addr, now,
                         &conn) != LP_OK)
            abort();
    }
}

/* --- figures ---------------------------------------------------------------------- */

static int in_order(const void *a, const void *b)
{
    lp_duration left = *(const lp_duration *)a, right = *(const lp_duration *)b;
    return left < right ? -1 : left > right;
}

static double percentile(lp_duration *trips, size_t count, unsigned percent)
{
    qsort(trips, count, sizeof *trips, in_order);
    return count ? (double)trips[(count - 1) * percent / 100] / 1e6 : -1;
}

static void print(void)
{
    lp_duration time = since(SETTLING);
    double link = is.rate * 1e6 * (double)time / 8e9;
    if (is.later_rate > 0)
        link = (is.rate * ((double)half - SETTLING) + is.later_rate * (double)half) *
               1e6 / 8e9;
    printf("{\"idle_p50\": %.2f, \"idle_p99\": %.2f, ",
           percentile(idle_trips, idle_count, 50),
           percentile(idle_trips, idle_count, 99));
    printf("\"p50\": %.2f, \"p99\": %.2f, \"max\": %.2f, ",
           percentile(loaded_trips, loaded_count, 50),
           percentile(loaded_trips, loaded_count, 99),
           percentile(loaded_trips, loaded_count, 100));
    printf("\"game_lost\": %zu, ", loaded_sent - loaded_count);
    printf("\"lost\": %.4f, \"goodput\": %.4f, \"back\": %.4f, \"foreign\": %.4f, "
           "\"busy\": %.4f, "
           "\"modem_drops\": %" PRIu64 ", \"queue_drops\": %" PRIu64,
           1 - (double)loaded_count / (double)loaded_sent, (double)delivered / link,
           (double)delivered_back / link, (double)foreign_delivered / link,
           (double)ways[bulk_side()].busy / (double)time, ways[bulk_side()].drops,
           nodes[bulk_side()].dropped);
    for (int i = 0; i < WHYS; i++)
        printf(", \"%s\": %.4f", whys[i], (double)idle_for[i] / (double)time);
    printf(", \"back_modem_drops\": %" PRIu64 ", \"back_queue_drops\": %" PRIu64 "}\n",
           ways[!bulk_side()].drops, nodes[!bulk_side()].dropped);
}

static bool are_settled(void)
{
    bool all = true;
    for (int i = 0; i < node_count(); i++)
        all &= nodes[i].is_settled;
    return all;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        bool is_known = false;
        for (size_t o = 0; value && o < sizeof options / sizeof *options; o++)
            if (strlen(options[o].name) == (size_t)(value - argv[i]) &&
                strncmp(argv[i], options[o].name, (size_t)(value - argv[i])) == 0) {
                *options[o].value = atof(value + 1);
                is_known = true;
            }
        if (!is_known) {
            fprintf(stderr, "bench_links: there is no option %s\n", argv[i]);
            return 2;
        }
    }
    random_state = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(1 + is.seed);
    half = SETTLING + (lp_duration)(is.seconds * 5e8);
    end_of_run = SETTLING + (lp_duration)(is.seconds * 1e9);
    for (int i = 0; i < TUNNELS_MAX * 2 * STREAMS_MAX; i++)
        inner_tcp_start(&streams[0][0] + i);
    for (int i = 0; i < STREAMS_MAX; i++)
        inner_tcp_start(&foreigners[i]);
    open_all();
    while (!are_settled())
        run_until(now + 1);
    begin = now;
    next_flood = begin + ALONE + 1;
    run_until(begin + end_of_run);
    print();
    return 0;
}
