/*
 * Clients for a relay that runs as a program of its own, in real time: they join rooms,
 * say how long that took, and stay until stdin ends.
 *
 *   bench_party ADDRESS FINGERPRINT CLIENTS PER_ROOM RATE
 *
 * RATE clients begin to join each second, whether earlier ones are done or not; with 0
 * there are always a few that do. One JSON object on stdout once all have joined.
 */
#include "load.h"
#include "need.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "os/clock.h"

/* So many share an address, fewer than a relay lets in from one. */
enum { PER_SOCKET = 100 };

/* Handshakes in flight with RATE 0: enough that the relay never waits for clients, and
 * too few for its limits. */
enum { ABREAST = 24 };

static size_t due(const load *clients, uint64_t rate, lp_duration since)
{
    if (rate == 0)
        return load_joined(clients) + ABREAST - load_dialled(clients);
    return (size_t)(since * rate / LP_SECONDS(1)) - load_dialled(clients);
}

/* Sleeps for a moment. False: stdin has ended. */
static bool rest(lp_duration time)
{
    char ignored[64];
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    struct timespec most = {.tv_nsec = (long)time};
    if (ppoll(&in, 1, &most, NULL) <= 0)
        return true;
    return read(STDIN_FILENO, ignored, sizeof ignored) > 0;
}

static void join(load *clients, size_t count, uint64_t rate)
{
    lp_time began = lp_clock_now();
    while (load_joined(clients) < count) {
        lp_time now = lp_clock_now();
        load_dial(clients, due(clients, rate, lp_time_until(began, now)), now);
        load_tick(clients, now);
        need(rest(LP_US(50)), "stdin ended before all have joined");
    }
}

static int compare(const void *a, const void *b)
{
    const lp_duration *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static void report(const load *clients, size_t count, lp_duration took)
{
    lp_duration *times = calloc(count, sizeof *times);
    need(times, "no memory");
    for (size_t i = 0; i < count; i++)
        times[i] = load_join_time(clients, i);
    qsort(times, count, sizeof *times, compare);
    printf("{\"clients\": %zu, \"seconds\": %.3f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
           "\"max_ms\": %.3f}\n",
           count, (double)took / LP_SECONDS(1), (double)times[count / 2] / LP_MS(1),
           (double)times[count * 99 / 100] / LP_MS(1),
           (double)times[count - 1] / LP_MS(1));
    fflush(stdout);
    free(times);
}

int main(int argc, char **argv)
{
    lp_addr relay;
    lp_key_hash key;
    need(argc == 6, "ADDRESS FINGERPRINT CLIENTS PER_ROOM RATE");
    need(lp_addr_read_listen(argv[1], &relay) == LP_OK, "that is no address");
    need(lp_key_hash_read(argv[2], &key) == LP_OK, "that is no fingerprint");
    load_shape shape = {
        .clients = strtoul(argv[3], NULL, 10),
        .per_room = strtoul(argv[4], NULL, 10),
        .per_socket = PER_SOCKET,
    };
    need(shape.clients > 0 && shape.per_room > 0, "nobody comes");

    load *clients = load_open(&shape, &relay, &key);
    lp_time began = lp_clock_now();
    join(clients, shape.clients, strtoull(argv[5], NULL, 10));
    report(clients, shape.clients, lp_time_until(began, lp_clock_now()));
    while (rest(LP_MS(1)))
        load_tick(clients, lp_clock_now());
    load_close(clients);
    return 0;
}
