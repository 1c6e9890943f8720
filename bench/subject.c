#include "subject.h"

#include "forwarder.h"
#include "need.h"

#include <malloc.h>
#include <time.h>

#include "os/clock.h"
#include "os/random.h"
#include "runtime/relay_crew.h"

/* A worker beyond the first, on a thread that runs its loop once for each turn. */
typedef struct helper {
    const subject *of;
    uv_loop_t *loop;
    uv_thread_t thread;
    uv_sem_t may_go, is_done;
    bool is_over;
    uint64_t cpu_ns;
} helper;

struct subject {
    uv_loop_t loop;
    lp_log_sink log;
    lp_credentials *keys;
    lp_tls *tls;
    lp_relay_crew *crew;
    forwarder *forwarder;
    size_t helper_count;
    helper helpers[LP_MAX_WORKERS];
    bool is_weighing, is_counting;
    subject_cost cost;
};

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

static uint64_t take_turn(const subject *it, uv_loop_t *loop)
{
    uint64_t cpu = cpu_now();
    if (it->is_counting)
        counted_turn(loop);
    else
        uv_run(loop, UV_RUN_NOWAIT);
    return it->is_counting ? cpu_now() - cpu : 0;
}

static void help(void *state)
{
    helper *one = state;
    for (uv_sem_wait(&one->may_go); !one->is_over; uv_sem_wait(&one->may_go)) {
        one->cpu_ns += take_turn(one->of, one->loop);
        uv_sem_post(&one->is_done);
    }
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
    size_t heap = it->is_weighing ? heap_now() : 0;
    for (size_t i = 0; i < it->helper_count; i++)
        uv_sem_post(&it->helpers[i].may_go);
    it->cost.cpu_ns += take_turn(it, &it->loop);
    for (size_t i = 0; i < it->helper_count; i++)
        uv_sem_wait(&it->helpers[i].is_done);
    it->cost.heap += it->is_weighing ? heap_now() - heap : 0;
}

subject_cost subject_cost_of(const subject *it)
{
    subject_cost all = it->cost;
    for (size_t i = 0; i < it->helper_count; i++)
        all.cpu_ns += it->helpers[i].cpu_ns;
    return all;
}

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

static void start_helper(subject *it, unsigned worker)
{
    helper *one = &it->helpers[it->helper_count++];
    one->of = it;
    one->loop = lp_relay_crew_loop(it->crew, worker);
    need(uv_sem_init(&one->may_go, 0) == 0 && uv_sem_init(&one->is_done, 0) == 0 &&
             uv_thread_create(&one->thread, help, one) == 0,
         "no thread");
}

static void end_helper(helper *one)
{
    one->is_over = true;
    uv_sem_post(&one->may_go);
    uv_thread_join(&one->thread);
    uv_sem_destroy(&one->may_go);
    uv_sem_destroy(&one->is_done);
}

static void open_relay(subject *it, const subject_shape *shape)
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
    config.relay.max_links = shape->max_links;
    if (shape->max_in_room > config.relay.max_clients)
        config.relay.max_clients = shape->max_in_room;
    lp_random_fill(lp_os_random(), config.quic.secret, sizeof config.quic.secret);
    need(lp_relay_crew_open(&it->loop, &config, shape->workers, &it->crew, &why) ==
             LP_OK,
         why.text);
    for (unsigned i = 1; i < shape->workers; i++)
        start_helper(it, i);
}

subject *subject_open(const subject_shape *shape)
{
    subject *it = calloc(1, sizeof *it);
    need(it && uv_loop_init(&it->loop) == 0, "no memory");
    if (shape->kind == SUBJECT_RELAY) {
        open_relay(it, shape);
    } else {
        it->forwarder = forwarder_open(&it->loop, shape->kind == SUBJECT_FLOODER);
        need(it->forwarder, "no forwarder");
    }
    return it;
}

void subject_close(subject *it)
{
    for (size_t i = 0; i < it->helper_count; i++)
        end_helper(&it->helpers[i]);
    if (it->crew)
        lp_relay_crew_close(it->crew);
    else
        forwarder_close(it->forwarder);
    uv_run(&it->loop, UV_RUN_DEFAULT);
    uv_loop_close(&it->loop);
    lp_relay_crew_free(it->crew);
    lp_tls_free(it->tls);
    lp_credentials_free(it->keys);
    free(it);
}

lp_addr subject_local(const subject *it)
{
    return it->crew ? lp_relay_crew_local(it->crew) : forwarder_local(it->forwarder);
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

uint64_t subject_quic_count(const subject *it, const char *name)
{
    json_t *all = it->crew ? lp_relay_crew_describe(it->crew, lp_clock_now()) : NULL;
    json_int_t value =
        json_integer_value(json_object_get(json_object_get(all, "quic"), name));
    json_decref(all);
    return (uint64_t)value;
}
