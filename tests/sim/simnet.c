#include "sim/simnet.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct connection {
    sim_path path;
    bool is_cut;
    bool is_deaf[2];       /* by side: it closed, died, or heard of the end */
    lp_time control_at[2]; /* when the last control octets reach this side */
} connection;

typedef struct pending {
    lp_time at;
    uint64_t number; /* events of one moment come in the order they were made */
    sim_event event;
} pending;

struct simnet {
    lp_time now;
    uint64_t random;
    connection *conns; /* by number; the first is nobody's */
    size_t conn_count;
    pending *heap; /* the next one first */
    size_t heap_count, heap_size;
    uint64_t events_made;
    uint8_t *shown; /* octets of the event that the caller looks at */
};

static void *must(void *at)
{
    if (!at) {
        fputs("simnet: out of memory\n", stderr);
        abort();
    }
    return at;
}

simnet *simnet_new(uint32_t seed)
{
    simnet *net = must(calloc(1, sizeof *net));
    net->random = seed + UINT64_C(0x9e3779b97f4a7c15);
    net->conns = must(calloc(1, sizeof *net->conns));
    net->conn_count = 1;
    return net;
}

void simnet_free(simnet *net)
{
    for (size_t i = 0; i < net->heap_count; i++)
        free((void *)net->heap[i].event.octets.at);
    free(net->shown);
    free(net->heap);
    free(net->conns);
    free(net);
}

lp_time simnet_now(const simnet *net)
{
    return net->now;
}

uint32_t simnet_random(simnet *net)
{
    net->random ^= net->random << 13; /* xorshift64, Marsaglia 2003 */
    net->random ^= net->random >> 7;
    net->random ^= net->random << 17;
    return (uint32_t)(net->random >> 32);
}

static bool happens(simnet *net, unsigned permille)
{
    return permille > 0 && simnet_random(net) % 1000 < permille;
}

/* --- the heap --------------------------------------------------------------------- */

static bool is_before(const pending *a, const pending *b)
{
    return a->at < b->at || (a->at == b->at && a->number < b->number);
}

static void swap(pending *a, pending *b)
{
    pending kept = *a;
    *a = *b;
    *b = kept;
}

static void push(simnet *net, lp_time at, sim_event event)
{
    if (net->heap_count == net->heap_size) {
        net->heap_size = net->heap_size > 0 ? net->heap_size * 2 : 64;
        net->heap = must(realloc(net->heap, net->heap_size * sizeof *net->heap));
    }
    size_t i = net->heap_count++;
    net->heap[i] = (pending){at, net->events_made++, event};
    for (; i > 0 && is_before(&net->heap[i], &net->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&net->heap[i], &net->heap[(i - 1) / 2]);
}

static pending pop(simnet *net)
{
    pending first = net->heap[0];
    net->heap[0] = net->heap[--net->heap_count];
    for (size_t i = 0;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++) {
            if (child < net->heap_count &&
                is_before(&net->heap[child], &net->heap[least]))
                least = child;
        }
        if (least == i)
            return first;
        swap(&net->heap[i], &net->heap[least]);
        i = least;
    }
}

/* --- connections ------------------------------------------------------------------ */

static connection *find(const simnet *net, sim_conn conn)
{
    return &net->conns[conn < net->conn_count ? conn : 0];
}

static lp_bytes copy(lp_bytes octets)
{
    uint8_t *at = must(malloc(octets.len + 1));
    if (octets.len > 0)
        memcpy(at, octets.at, octets.len);
    return lp_bytes_of(at, octets.len);
}

static sim_side other(sim_side side)
{
    return side == SIM_OPENER ? SIM_ACCEPTOR : SIM_OPENER;
}

sim_conn simnet_connect(simnet *net, const sim_path *path)
{
    sim_conn conn = (sim_conn)net->conn_count++;
    net->conns = must(realloc(net->conns, net->conn_count * sizeof *net->conns));
    net->conns[conn] = (connection){.path = *path};
    push(net, net->now + path->delay,
         (sim_event){.kind = SIM_OPENED, .conn = conn, .side = SIM_ACCEPTOR});
    return conn;
}

void simnet_accept(simnet *net, sim_conn conn)
{
    connection *found = find(net, conn);
    found->control_at[SIM_OPENER] = net->now + found->path.delay;
    push(net, found->control_at[SIM_OPENER],
         (sim_event){.kind = SIM_OPENED, .conn = conn, .side = SIM_OPENER});
}

const sim_path *simnet_path(const simnet *net, sim_conn conn)
{
    return &find(net, conn)->path;
}

/* In order: what is lost is sent again, and holds up what comes after it. */
static void push_in_order(simnet *net, connection *conn, sim_event event)
{
    lp_time at = net->now + conn->path.delay;
    if (happens(net, conn->path.loss_permille))
        at += 2 * conn->path.delay;
    lp_time *last = &conn->control_at[event.side];
    *last = at > *last ? at : *last;
    push(net, *last, event);
}

void simnet_send_control(simnet *net, sim_conn conn, sim_side from, lp_bytes octets)
{
    connection *found = find(net, conn);
    if (found->is_cut || found->is_deaf[from])
        return;
    push_in_order(net, found,
                  (sim_event){.kind = SIM_CONTROL,
                              .conn = conn,
                              .side = other(from),
                              .octets = copy(octets)});
}

void simnet_send_datagram(simnet *net, sim_conn conn, sim_side from, lp_bytes datagram)
{
    connection *found = find(net, conn);
    if (found->is_cut || found->is_deaf[from])
        return;
    int copies = happens(net, found->path.loss_permille) ? 0 : 1;
    if (copies > 0 && happens(net, found->path.duplicate_permille))
        copies = 2;
    for (int i = 0; i < copies; i++) {
        lp_duration late =
            found->path.jitter ? simnet_random(net) % found->path.jitter : 0;
        push(net, net->now + found->path.delay + late,
             (sim_event){.kind = SIM_DATAGRAM,
                         .conn = conn,
                         .side = other(from),
                         .octets = copy(datagram)});
    }
}

void simnet_close(simnet *net, sim_conn conn, sim_side from, uint64_t code)
{
    connection *found = find(net, conn);
    if (!found->is_deaf[from])
        push_in_order(
            net, found,
            (sim_event){
                .kind = SIM_CLOSED, .conn = conn, .side = other(from), .code = code});
    found->is_deaf[from] = true;
}

static void push_lost(simnet *net, sim_conn conn, sim_side side)
{
    push(net, net->now + SIM_IDLE_TIMEOUT,
         (sim_event){.kind = SIM_LOST, .conn = conn, .side = side});
}

void simnet_cut(simnet *net, sim_conn conn)
{
    find(net, conn)->is_cut = true;
    push_lost(net, conn, SIM_OPENER);
    push_lost(net, conn, SIM_ACCEPTOR);
}

void simnet_abandon(simnet *net, sim_conn conn, sim_side dead)
{
    find(net, conn)->is_deaf[dead] = true;
    push_lost(net, conn, other(dead));
}

/* --- time ------------------------------------------------------------------------- */

lp_time simnet_deadline(const simnet *net)
{
    return net->heap_count > 0 ? net->heap[0].at : LP_NEVER;
}

/* Whether anybody is there to hear it. */
static bool arrives(const connection *conn, const sim_event *event)
{
    return !conn->is_deaf[event->side] && (!conn->is_cut || event->kind == SIM_LOST);
}

bool simnet_next(simnet *net, lp_time until, sim_event *out_event)
{
    free(net->shown);
    net->shown = NULL;
    while (simnet_deadline(net) <= until) {
        pending next = pop(net);
        net->now = next.at;
        connection *conn = find(net, next.event.conn);
        if (arrives(conn, &next.event)) {
            bool is_end = next.event.kind == SIM_CLOSED || next.event.kind == SIM_LOST;
            conn->is_deaf[next.event.side] = is_end;
            net->shown = (uint8_t *)next.event.octets.at;
            *out_event = next.event;
            return true;
        }
        free((void *)next.event.octets.at);
    }
    net->now = until > net->now ? until : net->now;
    return false;
}
