#include "runtime/relay_crew.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/clock.h"
#include "os/random.h"
#include "runtime/describe.h"
#include "runtime/mailbox.h"

typedef struct crew_member {
    lp_relay_crew *crew;
    unsigned number;
    uv_loop_t own_loop; /* of all but the first */
    uv_loop_t *loop;    /* NULL: not opened */
    lp_mailbox *mailbox;
    lp_relay_worker *worker; /* NULL once closed */
    uv_thread_t thread;
    bool has_thread;
} crew_member;

struct lp_relay_crew {
    lp_relay_worker_config config; /* as it was given */
    lp_census *census;
    lp_tally rooms;
    lp_steer *steer;
    unsigned count;
    crew_member members[LP_MAX_WORKERS];
};

static void post(const lp_relay_crew *crew, unsigned to, lp_letter *letter)
{
    lp_mailbox_post(crew->members[to].mailbox, letter);
}

/* --- letters from worker to worker ------------------------------------------------ */

typedef struct guest_letter {
    lp_letter letter;
    lp_relay_guest *guest;
} guest_letter;

static void read_guest(lp_letter *letter, void *reader)
{
    const crew_member *member = reader;
    lp_relay_worker_take(member->worker, ((guest_letter *)letter)->guest,
                         lp_clock_now());
    free(letter);
}

static void burn_guest(lp_letter *letter)
{
    lp_relay_guest_free(((guest_letter *)letter)->guest);
    free(letter);
}

static void send_guest(void *state, unsigned to, lp_relay_guest *guest)
{
    const crew_member *from = state;
    guest_letter *letter = malloc(sizeof *letter);
    if (!letter) { /* its peer hears nothing more, and comes again */
        lp_relay_guest_free(guest);
        return;
    }
    *letter = (guest_letter){{.read = read_guest, .burn = burn_guest}, guest};
    post(from->crew, to, &letter->letter);
}

typedef struct packet_letter {
    lp_letter letter;
    lp_addr local, remote;
    uint8_t ecn;
    size_t len;
    uint8_t payload[];
} packet_letter;

static void burn_plain(lp_letter *letter)
{
    free(letter);
}

static void read_packet(lp_letter *letter, void *reader)
{
    const crew_member *member = reader;
    const packet_letter *it = (packet_letter *)letter;
    lp_udp_packet packet = {it->local, it->remote, it->ecn,
                            lp_bytes_of(it->payload, it->len)};
    lp_relay_worker_on_astray(member->worker, &packet, lp_clock_now());
    free(letter);
}

/* A flood of them is lost, as on any wire. */
static void send_packet(void *state, unsigned to, const lp_udp_packet *packet)
{
    const crew_member *from = state;
    if (lp_mailbox_is_crowded(from->crew->members[to].mailbox))
        return;
    packet_letter *letter = malloc(sizeof *letter + packet->payload.len);
    if (!letter)
        return;
    *letter = (packet_letter){
        .letter = {.read = read_packet, .burn = burn_plain},
        .local = packet->local,
        .remote = packet->remote,
        .ecn = packet->ecn,
        .len = packet->payload.len,
    };
    memcpy(letter->payload, packet->payload.at, packet->payload.len);
    post(from->crew, to, &letter->letter);
}

typedef struct forget_letter {
    lp_letter letter;
    lp_quic_stub stub;
} forget_letter;

static void read_forget(lp_letter *letter, void *reader)
{
    const crew_member *member = reader;
    lp_relay_worker_forget(member->worker, ((forget_letter *)letter)->stub);
    free(letter);
}

static void send_forget(void *state, lp_quic_stub stub)
{
    const crew_member *from = state;
    forget_letter *letter = malloc(sizeof *letter);
    if (!letter)
        return; /* costs that worker a slot */
    *letter = (forget_letter){{.read = read_forget, .burn = burn_plain}, stub};
    post(from->crew, stub.worker, &letter->letter);
}

static void on_mail_read(void *reader)
{
    const crew_member *member = reader;
    if (member->worker)
        lp_relay_worker_flush(member->worker, lp_clock_now());
}

/* --- a worker fails --------------------------------------------------------------- */

typedef struct failure {
    lp_letter letter;
    char why[LP_WHY_MAX];
} failure;

static void tell_failure(const lp_relay_crew *crew, const char *why)
{
    crew->config.on_failed(crew->config.state, why);
}

static void read_failure(lp_letter *letter, void *reader)
{
    const crew_member *first = reader;
    tell_failure(first->crew, ((failure *)letter)->why);
    free(letter);
}

static void on_failed(void *state, const char *why)
{
    const crew_member *member = state;
    failure *letter = member->number > 0 ? malloc(sizeof *letter) : NULL;
    if (member->number == 0)
        tell_failure(member->crew, why);
    if (!letter)
        return;
    letter->letter = (lp_letter){.read = read_failure, .burn = burn_plain};
    snprintf(letter->why, sizeof letter->why, "%s", why);
    post(member->crew, 0, &letter->letter);
}

/* --- asking a worker -------------------------------------------------------------- */

typedef struct question {
    lp_letter letter;
    void (*what)(crew_member *member, void *arg);
    void *arg;
    uv_sem_t answered;
} question;

static void read_question(lp_letter *letter, void *reader)
{
    question *it = (question *)letter;
    it->what(reader, it->arg);
    uv_sem_post(&it->answered);
}

/* Only its own thread closes a mailbox, and that is asked for last of all. */
static void burn_question(lp_letter *letter)
{
    uv_sem_post(&((question *)letter)->answered);
}

/* Runs it where the worker lives, and waits. Never asked by one worker of another. */
static void ask(crew_member *member, void (*what)(crew_member *, void *), void *arg)
{
    question it = {{.read = read_question, .burn = burn_question}, what, arg};
    if (!member->has_thread) {
        what(member, arg);
        return;
    }
    uv_sem_init(&it.answered, 0);
    lp_mailbox_post(member->mailbox, &it.letter);
    uv_sem_wait(&it.answered);
    uv_sem_destroy(&it.answered);
}

static void ask_all(lp_relay_crew *crew, void (*what)(crew_member *, void *), void *arg)
{
    for (unsigned i = 0; i < crew->count; i++)
        ask(&crew->members[i], what, arg);
}

/* --- opening ---------------------------------------------------------------------- */

static lp_err share(lp_relay_crew *crew, lp_why *why)
{
    uint8_t key[16];
    lp_census_limits limits = lp_quic_census_limits(&crew->config.quic);
    limits.max_conns = crew->config.relay.max_links;
    lp_random_fill(lp_os_random(), key, sizeof key);
    crew->rooms.limit = crew->config.relay.max_rooms;
    crew->census = lp_census_new(&limits, key);
    return crew->census ? LP_OK : lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
}

static lp_relay_worker_config config_of(crew_member *member)
{
    lp_relay_crew *crew = member->crew;
    lp_relay_worker_config config = crew->config;
    config.worker = (uint8_t)member->number;
    config.workers = crew->count;
    config.reuse_port = crew->count > 1;
    config.quic.census = crew->census;
    config.relay.rooms = &crew->rooms;
    config.mail = (lp_relay_mail){member, send_guest, send_packet, send_forget};
    config.on_failed = on_failed;
    config.state = member;
    if (member->number > 0) /* where the first one is, if its port was any */
        config.listen = lp_relay_worker_local(crew->members[0].worker);
    return config;
}

static lp_err open_member(crew_member *member, uv_loop_t *loop, lp_why *why)
{
    if (!loop && uv_loop_init(&member->own_loop) != 0)
        return lp_explain(why, LP_ERR_IO,
                          "no event loop for a worker: too many open "
                          "files, or no memory");
    member->loop = loop ? loop : &member->own_loop;
    lp_err err = lp_mailbox_open(member->loop, member, on_mail_read, &member->mailbox);
    if (err)
        return lp_explain(why, err, "out of memory");
    lp_relay_worker_config config = config_of(member);
    return lp_relay_worker_open(member->loop, &config, &member->worker, why);
}

/* Without it all works, but for the packets that cross between workers. */
static void open_steer(lp_relay_crew *crew, const lp_udp *udp)
{
    lp_why why;
    if (lp_steer_open(udp, crew->count, &crew->steer, &why) != LP_OK)
        lp_log(crew->config.log, LP_WARN, "packets take detours between workers",
               F_STR("why", why.text));
    for (unsigned i = 0; i < crew->count; i++)
        lp_relay_worker_steer_with(crew->members[i].worker, crew->steer);
}

lp_err lp_relay_crew_open(uv_loop_t *loop, const lp_relay_worker_config *config,
                          unsigned workers, lp_relay_crew **out_crew, lp_why *why)
{
    lp_relay_crew *crew = calloc(1, sizeof *crew);
    if (!crew)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    crew->config = *config;
    crew->count = workers;
    lp_err err = share(crew, why);
    for (unsigned i = 0; i < workers; i++)
        crew->members[i] = (crew_member){.crew = crew, .number = i};
    for (unsigned i = 0; i < workers && !err; i++)
        err = open_member(&crew->members[i], i == 0 ? loop : NULL, why);
    if (!err && workers > 1)
        open_steer(crew, lp_relay_worker_udp(crew->members[0].worker));
    *out_crew = crew; /* also half open: closing needs the loop */
    return err;
}

/* --- running ---------------------------------------------------------------------- */

static void run(void *arg)
{
    crew_member *member = arg;
    uv_run(member->loop, UV_RUN_DEFAULT);
}

lp_err lp_relay_crew_start(lp_relay_crew *crew, lp_why *why)
{
    for (unsigned i = 1; i < crew->count; i++) {
        crew_member *member = &crew->members[i];
        if (uv_thread_create(&member->thread, run, member) != 0)
            return lp_explain(why, LP_ERR_NO_MEMORY, "no thread for worker %u", i);
        member->has_thread = true;
    }
    return LP_OK;
}

uv_loop_t *lp_relay_crew_loop(const lp_relay_crew *crew, unsigned worker)
{
    return crew->members[worker].loop;
}

static void leave(crew_member *member, void *reason)
{
    lp_relay_worker_leave(member->worker, reason, lp_clock_now());
}

void lp_relay_crew_leave(lp_relay_crew *crew, const char *reason, lp_time now)
{
    char words[LP_WHY_MAX];
    snprintf(words, sizeof words, "%s", reason);
    ask_all(crew, leave, words);
}

static void note_over(crew_member *member, void *all)
{
    *(bool *)all &= lp_relay_worker_is_over(member->worker);
}

bool lp_relay_crew_is_over(lp_relay_crew *crew)
{
    bool all = true;
    ask_all(crew, note_over, &all);
    return all;
}

/* --- closing ---------------------------------------------------------------------- */

static void close_member(crew_member *member, void *arg)
{
    lp_relay_worker_close(member->worker);
    member->worker = NULL;
    if (member->mailbox)
        lp_mailbox_close(member->mailbox);
}

/* All of it that is on a loop of its own. */
static void end_member(crew_member *member)
{
    bool had_thread = member->has_thread;
    if (!member->loop)
        return;
    ask(member, close_member, NULL);
    if (member->number == 0)
        return;
    if (had_thread)
        uv_thread_join(&member->thread);
    else
        uv_run(member->loop, UV_RUN_DEFAULT);
    member->has_thread = false;
    uv_loop_close(member->loop);
    member->loop = NULL;
}

void lp_relay_crew_close(lp_relay_crew *crew)
{
    for (unsigned i = crew ? crew->count : 0; i-- > 0;)
        end_member(&crew->members[i]);
}

void lp_relay_crew_free(lp_relay_crew *crew)
{
    if (!crew)
        return;
    for (unsigned i = 0; i < crew->count; i++)
        lp_mailbox_free(crew->members[i].mailbox);
    lp_steer_close(crew->steer);
    lp_census_free(crew->census);
    free(crew);
}

/* --- looking in ------------------------------------------------------------------- */

static void add_members(crew_member *member, void *sum)
{
    *(size_t *)sum += lp_relay_worker_members(member->worker);
}

size_t lp_relay_crew_members(lp_relay_crew *crew)
{
    size_t sum = 0;
    ask_all(crew, add_members, &sum);
    return sum;
}

lp_addr lp_relay_crew_local(const lp_relay_crew *crew)
{
    return lp_relay_worker_local(crew->members[0].worker);
}

static void describe_member(crew_member *member, void *out)
{
    *(json_t **)out = lp_relay_worker_describe(member->worker, lp_clock_now());
}

/* Percentiles of all together nobody has: the worst of them is told. */
static bool is_percentile(const char *name)
{
    return strstr(name, "_p50") || strstr(name, "_p99");
}

static void add_up(json_t *sum, const char *name, const json_t *state)
{
    const char *key;
    json_t *value, *total = json_object_get(sum, name);
    json_object_foreach(json_object_get(state, name), key, value)
    {
        json_int_t one = json_integer_value(value);
        json_int_t others = json_integer_value(json_object_get(total, key));
        json_int_t worst = one > others ? one : others;
        lp_tell_uint(total, key, (uint64_t)(is_percentile(key) ? worst : one + others));
    }
}

static json_t *in_short(unsigned number, const json_t *state)
{
    static const char *const names[] = {"connections", "packets_in", "packets_out",
                                        "astray", "moved_in"};
    const json_t *quic = json_object_get(state, "quic");
    json_t *worker = json_object();
    lp_tell_uint(worker, "worker", number);
    lp_tell_uint(worker, "rooms", json_array_size(json_object_get(state, "rooms")));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        json_object_set(worker, names[i], json_object_get(quic, names[i]));
    return worker;
}

json_t *lp_relay_crew_describe(lp_relay_crew *crew, lp_time now)
{
    json_t *all = json_pack("{s:[], s:{}, s:{}, s:{}, s:[]}", "rooms", "counters",
                            "quic", "live", "workers");
    for (unsigned i = 0; all && i < crew->count; i++) {
        json_t *state = NULL;
        ask(&crew->members[i], describe_member, &state);
        json_array_extend(json_object_get(all, "rooms"),
                          json_object_get(state, "rooms"));
        add_up(all, "counters", state);
        add_up(all, "quic", state);
        add_up(all, "live", state);
        json_array_append_new(json_object_get(all, "workers"), in_short(i, state));
        json_decref(state);
    }
    return all;
}
