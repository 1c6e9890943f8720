/*
 * A link with a character: frames that come in on one interface leave on the other,
 * later, fewer, in another order. For kernels without netem.
 *
 *     linkem IF IF [--rate BIT/S] [--queue OCTETS] [--delay MS] [--jitter MS]
 *            [--loss %] [--duplicate %] [--reorder %] [--mtu OCTETS] [--seed N]
 *
 * Each direction is: MTU, loss, duplication, drop-tail queue, serialiser, delay. Jitter
 * is uniform and keeps the order; a reordered frame waits 5 ms longer, so that others
 * overtake it. The same seed and the same arrivals give the same fate to every frame.
 *
 * The interfaces need their offloads off. SIGTERM or SIGINT prints the counters as one
 * line of JSON and ends it.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX       2048
#define FRAMES_MAX      8192 /* under way in one direction */
#define HEADER_LEN      14
#define SECOND          UINT64_C(1000000000)
#define MILLISECOND     UINT64_C(1000000)
#define REORDERED_LATER (5 * MILLISECOND)

typedef struct frame {
    uint64_t due;   /* when it leaves */
    uint64_t order; /* of arrival: frames due at once leave as they came */
    size_t len;
    uint8_t octet[FRAME_MAX];
} frame;

typedef struct character {
    double rate, queue; /* 0: no limit */
    double delay, jitter;
    double loss, duplicate, reorder; /* percent */
    double mtu;                      /* 0: no limit */
    double seed;
} character;

typedef struct direction {
    const char *name;
    int in, out;
    frame *due[FRAMES_MAX]; /* a binary heap, the next to leave on top */
    size_t due_count;
    frame frames[FRAMES_MAX];
    frame *unused[FRAMES_MAX];
    size_t unused_count;
    uint64_t wire_free; /* when the serialiser is done with what it has */
    uint64_t last_due;
    uint64_t arrivals;
    uint64_t sent, lost, too_big, queue_drops, duplicated, reordered;
} direction;

static character link_is;
static direction ways[2];
static uint64_t random_state;
static volatile sig_atomic_t asked_to_stop;

static void on_signal(int number)
{
    (void)number;
    asked_to_stop = 1;
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static double zero_to_one(void) /* xorshift64 */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (double)(random_state >> 11) / 9007199254740992.0;
}

static bool happens(double percent)
{
    return percent > 0 && zero_to_one() * 100 < percent;
}

_Noreturn static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static int open_interface(const char *name)
{
    struct sockaddr_ll where = {.sll_family = AF_PACKET,
                                .sll_protocol = htons(ETH_P_ALL),
                                .sll_ifindex = (int)if_nametoindex(name)};
    if (!where.sll_ifindex)
        give_up(name);
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
    if (fd < 0)
        give_up("AF_PACKET socket");
    int on = 1, large = 8 << 20;
    struct packet_mreq all = {.mr_ifindex = where.sll_ifindex,
                              .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) ||
        setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) ||
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof large) ||
        bind(fd, (struct sockaddr *)&where, sizeof where))
        give_up(name);
    return fd;
}

/* --- frames under way ------------------------------------------------------------- */

static bool leaves_before(const frame *a, const frame *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void swap(frame **a, frame **b)
{
    frame *kept = *a;
    *a = *b;
    *b = kept;
}

static void push(direction *way, frame *f)
{
    size_t at = way->due_count++;
    way->due[at] = f;
    for (; at > 0 && leaves_before(way->due[at], way->due[(at - 1) / 2]);
         at = (at - 1) / 2)
        swap(&way->due[at], &way->due[(at - 1) / 2]);
}

static frame *pop(direction *way)
{
    frame *first = way->due[0];
    way->due[0] = way->due[--way->due_count];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < way->due_count &&
                leaves_before(way->due[child], way->due[least]))
                least = child;
        if (least == at)
            return first;
        swap(&way->due[at], &way->due[least]);
        at = least;
    }
}

/* --- a frame's fate --------------------------------------------------------------- */

/* When the last bit of `len` octets is on the wire; false: the queue is full. */
static bool serialise(direction *way, size_t len, uint64_t at, uint64_t *out_end)
{
    *out_end = at;
    if (link_is.rate <= 0)
        return true;
    uint64_t start = way->wire_free > at ? way->wire_free : at;
    double waiting = (double)(start - at) / SECOND * link_is.rate / 8;
    if (link_is.queue > 0 && waiting + (double)len > link_is.queue)
        return false;
    *out_end = start + (uint64_t)((double)len * 8 * SECOND / link_is.rate);
    way->wire_free = *out_end;
    return true;
}

static void schedule(direction *way, const uint8_t *octets, size_t len, uint64_t at)
{
    uint64_t end;
    if (way->unused_count == 0 || !serialise(way, len, at, &end)) {
        way->queue_drops++;
        return;
    }
    double late = link_is.delay + (2 * zero_to_one() - 1) * link_is.jitter;
    uint64_t due = end + (uint64_t)((late > 0 ? late : 0) * MILLISECOND);
    if (due < way->last_due)
        due = way->last_due;
    way->last_due = due;
    if (happens(link_is.reorder)) {
        due += REORDERED_LATER;
        way->reordered++;
    }
    frame *f = way->unused[--way->unused_count];
    f->due = due;
    f->order = way->arrivals++;
    f->len = len;
    memcpy(f->octet, octets, len);
    push(way, f);
}

static void arrive(direction *way, const uint8_t *octets, size_t len, uint64_t at)
{
    if (link_is.mtu > 0 && (double)len > link_is.mtu + HEADER_LEN) {
        way->too_big++;
        return;
    }
    if (happens(link_is.loss)) {
        way->lost++;
        return;
    }
    schedule(way, octets, len, at);
    if (happens(link_is.duplicate)) {
        way->duplicated++;
        schedule(way, octets, len, at);
    }
}

static void receive_all(direction *way)
{
    uint8_t octets[FRAME_MAX];
    ssize_t len;
    while ((len = recv(way->in, octets, sizeof octets, MSG_TRUNC)) > 0)
        if ((size_t)len <= sizeof octets)
            arrive(way, octets, (size_t)len, now());
}

static void send_due(direction *way)
{
    while (way->due_count > 0 && way->due[0]->due <= now()) {
        frame *f = pop(way);
        if (send(way->out, f->octet, f->len, 0) == (ssize_t)f->len)
            way->sent++;
        way->unused[way->unused_count++] = f;
    }
}

/* --- the program ------------------------------------------------------------------ */

static void read_options(int argc, char **argv)
{
    static const struct {
        const char *name;
        double *value;
    } options[] = {
        {"--rate", &link_is.rate},       {"--queue", &link_is.queue},
        {"--delay", &link_is.delay},     {"--jitter", &link_is.jitter},
        {"--loss", &link_is.loss},       {"--duplicate", &link_is.duplicate},
        {"--reorder", &link_is.reorder}, {"--mtu", &link_is.mtu},
        {"--seed", &link_is.seed},
    };
    for (int i = 3; i < argc; i += 2) {
        double *value = NULL;
        for (size_t o = 0; o < sizeof options / sizeof *options; o++)
            if (strcmp(argv[i], options[o].name) == 0)
                value = options[o].value;
        if (!value || i + 1 == argc) {
            fprintf(stderr, "linkem: %s is no option, or lacks its value\n", argv[i]);
            exit(2);
        }
        *value = atof(argv[i + 1]);
    }
    random_state = UINT64_C(0x9e3779b97f4a7c15) * (1 + (uint64_t)link_is.seed);
}

static void open_direction(direction *way, const char *name, int in, int out)
{
    way->name = name;
    way->in = in;
    way->out = out;
    for (size_t i = 0; i < FRAMES_MAX; i++)
        way->unused[way->unused_count++] = &way->frames[i];
}

static void wait_for_work(void)
{
    struct pollfd fds[2] = {{.fd = ways[0].in, .events = POLLIN},
                            {.fd = ways[1].in, .events = POLLIN}};
    uint64_t at = now(), next = at + SECOND;
    for (int i = 0; i < 2; i++)
        if (ways[i].due_count > 0 && ways[i].due[0]->due < next)
            next = ways[i].due[0]->due;
    uint64_t left = next > at ? next - at : 0;
    struct timespec patience = {(time_t)(left / SECOND), (long)(left % SECOND)};
    ppoll(fds, 2, &patience, NULL);
}

static void print(const direction *way, const char *end)
{
    printf("\"%s\":{\"sent\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"too_big\":%" PRIu64
           ",\"queue_drops\":%" PRIu64 ",\"duplicated\":%" PRIu64
           ",\"reordered\":%" PRIu64 "}%s",
           way->name, way->sent, way->lost, way->too_big, way->queue_drops,
           way->duplicated, way->reordered, end);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: linkem IF IF [--loss %% ...]\n");
        return 2;
    }
    read_options(argc, argv);
    int a = open_interface(argv[1]), b = open_interface(argv[2]);
    open_direction(&ways[0], "forth", a, b);
    open_direction(&ways[1], "back", b, a);
    struct sigaction stop = {.sa_handler = on_signal};
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    prctl(PR_SET_TIMERSLACK, 1UL);
    puts("linkem: ready");
    fflush(stdout);

    while (!asked_to_stop) {
        for (int i = 0; i < 2; i++) {
            receive_all(&ways[i]);
            send_due(&ways[i]);
        }
        wait_for_work();
    }
    printf("{");
    print(&ways[0], ",");
    print(&ways[1], "}\n");
    return 0;
}
