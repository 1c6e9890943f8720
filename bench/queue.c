/*
 * What core/queue costs alone: a batch of datagrams is put in and taken out again, and the
 * next; beside a plain ring that copies the same octets in.
 *
 *   bench_queue FLOWS DATAGRAMS
 *
 * FLOWS flows take turns. Prints one JSON object.
 */
#include "need.h"

#include <string.h>
#include <time.h>

#include "base/cursor.h"
#include "core/queue.h"
#include "wire/datagram.h"
#include "wire/packet.h"

enum { BATCH = 64, LEN = LP_DATAGRAM_HEADER_LEN + 100 };

static uint64_t cpu_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * LP_SECONDS(1) + (uint64_t)now.tv_nsec;
}

/* A game's: UDP over IPv4; the source port tells the flows apart. */
static void make_datagram(uint8_t *datagram, size_t flow)
{
    uint8_t *frame = datagram + LP_DATAGRAM_HEADER_LEN;
    memset(datagram, 0, LEN);
    datagram[0] = 0x10; /* version 1, a frame */
    lp_set_u16(frame + 12, LP_ETHERTYPE_IPV4);
    frame[14] = 0x45; /* version 4, no options */
    lp_set_u16(frame + 16, LEN - LP_DATAGRAM_HEADER_LEN - LP_FRAME_HEADER_LEN);
    frame[23] = LP_PROTO_UDP;
    lp_set_u16(frame + 34, (uint16_t)flow);
    lp_set_u16(frame + 36, 27960);
}

static uint8_t *make_datagrams(size_t flows)
{
    uint8_t *all = malloc(flows * LEN);
    need(all, "no memory");
    for (size_t i = 0; i < flows; i++)
        make_datagram(all + i * LEN, i);
    return all;
}

/* callgrind counts what happens in here and nothing else (bench/run). */
static __attribute__((noinline)) uint64_t
counted_turn(lp_queue *queue, const uint8_t *datagrams, size_t flows, size_t count)
{
    uint64_t began = cpu_now();
    size_t dropped = 0;
    for (size_t done = 0; done < count; done += BATCH) {
        lp_time now = LP_US(done);
        for (size_t i = done; i < done + BATCH; i++)
            dropped +=
                lp_queue_put(queue, lp_bytes_of(datagrams + i % flows * LEN, LEN), now);
        while (lp_queue_peek(queue, now, &dropped).len > 0)
            lp_queue_pop(queue);
    }
    need(dropped == 0, "the queue dropped something");
    return cpu_now() - began;
}

static uint64_t copy_turn(const uint8_t *datagrams, size_t flows, size_t count)
{
    static uint8_t ring[BATCH][LEN];
    uint64_t began = cpu_now();
    for (size_t i = 0; i < count; i++) {
        memcpy(ring[i % BATCH], datagrams + i % flows * LEN, LEN);
        __asm__ volatile("" ::: "memory"); /* or it would all be left out */
    }
    return cpu_now() - began;
}

int main(int argc, char **argv)
{
    need(argc == 3, "how many flows, and how many datagrams?");
    size_t flows = strtoul(argv[1], NULL, 10);
    size_t count = strtoul(argv[2], NULL, 10) / BATCH * BATCH;
    need(flows > 0 && flows <= 65536 && count > 0, "that is nothing to measure");
    lp_queue_limits limits = lp_queue_default_limits();
    lp_queue *queue = lp_queue_new(&limits, 1);
    uint8_t *datagrams = make_datagrams(flows);
    need(queue, "no memory");
    double ours = (double)counted_turn(queue, datagrams, flows, count);
    double copied = (double)copy_turn(datagrams, flows, count);
    printf("{\"ns\": %.1f, \"floor_ns\": %.1f, \"frames\": %zu}\n",
           ours / (double)count, copied / (double)count, count);
    lp_queue_free(queue);
    free(datagrams);
    return 0;
}
