#include "subject.h"

#include "forwarder.h"
#include "need.h"

#include <malloc.h>
#include <time.h>

#include "os/random.h"
#include "runtime/relay_worker.h"

struct subject {
    uv_loop_t loop;
    lp_log_sink log;
    lp_credentials *keys;
    lp_tls *tls;
    lp_relay_worker *worker;
    forwarder *forwarder;
    bool is_weighing, is_counting;
    subject_cost cost;
};

/* --- life ------------------------------------------------------------------------- */

static void on_failed(void *state, const char *why)
{
    need(false, why);
}

static void ignore_line(void *state, lp_log_level level, const char *line)
{
    if (level >= LP_WARN)
        fprintf(stderr, "bench: %s\n", line);
}

static void open_worker(subject *it, size_t max_links, size_t max_in_room)
{
    lp_why why;
    lp_relay_worker_config config = {
        .listen = {.family = 4, .ip = {127, 0, 0, 1}},
        .quic = lp_quic_default_config(),
        .relay = lp_relay_default_config(),
        .log = &it->log,
        .on_failed = on_failed,
    };
    it->log = (lp_log_sink){.level = LP_WARN, .write = ignore_line};
    need(lp_credentials_generate(LP_DEV_SERVER_NAME, &it->keys, &why) == LP_OK &&
             lp_tls_server_new(it->keys, &it->tls, &why) == LP_OK,
         why.text);
    config.quic.tls = it->tls;
    config.quic.max_conns_per_ip = 0;
    config.quic.max_handshakes = config.quic.max_handshakes_per_ip = 1 << 16;
    config.relay.max_links = max_links;
    if (max_in_room > config.relay.max_clients)
        config.relay.max_clients = max_in_room;
    lp_random_fill(lp_os_random(), config.quic.secret, sizeof config.quic.secret);
    need(lp_relay_worker_open(&it->loop, &config, &it->worker, &why) == LP_OK,
         why.text);
}

subject *subject_open(subject_kind kind, size_t max_links, size_t max_in_room)
{
    subject *it = calloc(1, sizeof *it);
    need(it && uv_loop_init(&it->loop) == 0, "no memory");
    if (kind == SUBJECT_RELAY) {
        open_worker(it, max_links, max_in_room);
    } else {
        it->forwarder = forwarder_open(&it->loop, kind == SUBJECT_FLOODER);
        need(it->forwarder, "no forwarder");
    }
    return it;
}

void subject_close(subject *it)
{
    if (it->worker)
        lp_relay_worker_close(it->worker);
    else
        forwarder_close(it->forwarder);
    uv_run(&it->loop, UV_RUN_DEFAULT);
    uv_loop_close(&it->loop);
    lp_tls_free(it->tls);
    lp_credentials_free(it->keys);
    free(it);
}

lp_addr subject_local(const subject *it)
{
    return it->worker ? lp_relay_worker_local(it->worker)
                      : forwarder_local(it->forwarder);
}

lp_key_hash subject_key(const subject *it)
{
    return it->keys ? lp_credentials_hash(it->keys) : (lp_key_hash){0};
}

void subject_route(subject *it, const lp_addr *from, const lp_addr *to)
{
    if (it->forwarder)
        forwarder_route(it->forwarder, from, to);
}

/* --- turns ------------------------------------------------------------------------ */

static uint64_t cpu_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * LP_SECONDS(1) + (uint64_t)now.tv_nsec;
}

static size_t heap_now(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* callgrind counts what happens in here and nothing else (bench/run). */
static __attribute__((noinline)) void counted_turn(uv_loop_t *loop)
{
    uv_run(loop, UV_RUN_NOWAIT);
}

void subject_weigh(subject *it)
{
    it->is_weighing = true;
}

void subject_count(subject *it)
{
    it->is_weighing = false;
    it->is_counting = true;
}

void subject_turn(subject *it)
{
    if (it->is_counting) {
        uint64_t cpu = cpu_now();
        counted_turn(&it->loop);
        it->cost.cpu_ns += cpu_now() - cpu;
    } else {
        size_t heap = it->is_weighing ? heap_now() : 0;
        uv_run(&it->loop, UV_RUN_NOWAIT);
        it->cost.heap += it->is_weighing ? heap_now() - heap : 0;
    }
}

subject_cost subject_cost_of(const subject *it)
{
    return it->cost;
}
