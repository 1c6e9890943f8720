/* Relays with several workers, on threads of their own. Also run under TSan (tools/build
 * tsan), so nothing here is looked at from two threads. */
#include "runtime/relay_crew.h"

#include "party.h"

static party here; /* its keys, tls and config; the crew is its worker */
static lp_relay_crew *crew;
static player alice, bob, carol;

/* Of two workers: lane 2, and lane 5. A code in lower case names the same room, but a
 * client that hints at it so hints at another lane: "party" is 12. */
#define ROOM_OF_ZERO "EVEN"
#define ROOM_OF_ONE  "PARTY"
#define WRONG_HINT   "party"

static void ignore_line(void *state, lp_log_level level, const char *line)
{
}

static void prepare(void)
{
    lp_why why;
    memset(&here, 0, sizeof here);
    open_loop();
    CHECK_EQ(lp_credentials_generate(LP_DEV_SERVER_NAME, &here.keys, &why), LP_OK);
    here.tls = relay_tls(here.keys);
    here.log = (lp_log_sink){.level = LP_DEBUG, .write = ignore_line};
    here.config.listen = (lp_addr){.family = 4, .ip = {127, 0, 0, 1}};
    here.config.quic = lp_quic_default_config();
    here.config.relay = lp_relay_default_config();
    here.config.quic.tls = here.tls;
    here.config.log = &here.log;
    here.config.on_failed = fail_party;
    lp_random_fill(lp_os_random(), here.config.quic.secret, 32);
}

static void open_crew(unsigned workers)
{
    lp_why why;
    CHECK_EQ(lp_relay_crew_open(&loop, &here.config, workers, &crew, &why), LP_OK);
    CHECK_EQ(lp_relay_crew_start(crew, &why), LP_OK);
    here.config.listen = lp_relay_crew_local(crew);
}

static void close_all(void)
{
    close_player(&alice);
    close_player(&bob);
    close_player(&carol);
    lp_relay_crew_close(crew);
    close_loop();
    lp_relay_crew_free(crew);
    free_player(&alice);
    free_player(&bob);
    free_player(&carol);
    lp_tls_free(here.tls);
    lp_credentials_free(here.keys);
}

static void join(player *it, uint8_t number, const char *room)
{
    open_player(it, &here, number, room);
    CHECK(turn_until(is_joined, it));
}

/* A number out of the status, of one worker or (ALL) of all. */
enum { ALL = -1 };

static json_int_t number_in(int worker, const char *name)
{
    json_t *state = lp_relay_crew_describe(crew, lp_clock_now());
    const json_t *all = json_object_get(state, "quic");
    const json_t *one =
        json_array_get(json_object_get(state, "workers"), (size_t)worker);
    json_int_t value =
        json_integer_value(json_object_get(worker == ALL ? all : one, name));
    json_decref(state);
    return value;
}

static void check_frame(player *from, uint8_t from_number, player *to)
{
    to->frames = 0;
    send_frame(from, LP_MAC_BROADCAST, party_mac(from_number), "who hosts?");
    CHECK(turn_until(has_frame, to));
    CHECK_STR(words_in(to), "who hosts?");
}

TEST(rooms_live_on_the_workers_of_their_lanes)
{
    prepare();
    open_crew(2);
    join(&alice, 1, ROOM_OF_ZERO);
    join(&bob, 2, ROOM_OF_ONE);
    join(&carol, 3, ROOM_OF_ONE);
    check_frame(&bob, 2, &carol);
    check_frame(&carol, 3, &bob);
    CHECK_EQ(alice.frames, 0);
    CHECK_EQ(lp_relay_crew_members(crew), 3);
    CHECK_EQ(number_in(ALL, "connections"), 3);
    CHECK_EQ(number_in(0, "rooms"), 1);
    CHECK_EQ(number_in(0, "connections"), 1);
    CHECK_EQ(number_in(1, "rooms"), 1);
    CHECK_EQ(number_in(1, "connections"), 2);
    CHECK_EQ(number_in(ALL, "astray"), 0);
    CHECK_EQ(number_in(ALL, "moved_in"), 0);
    CHECK_EQ(lp_member_welcome(lp_uplink_member(alice.uplink))->peer_id >> 24, 0);
    CHECK_EQ(lp_member_welcome(lp_uplink_member(bob.uplink))->peer_id >> 24, 1);
    close_all();
}

TEST(who_comes_to_the_wrong_worker_is_handed_over)
{
    prepare();
    open_crew(2);
    join(&alice, 1, ROOM_OF_ONE);
    join(&bob, 2, WRONG_HINT);
    join(&carol, 3, ROOM_OF_ZERO);
    CHECK_EQ(number_in(1, "moved_in"), 1);
    CHECK_EQ(number_in(1, "connections"), 2);
    for (unsigned i = 0; i < 50; i++) {
        check_frame(&alice, 1, &bob);
        check_frame(&bob, 2, &alice);
    }
    CHECK_EQ(bob.losses, 0);
    close_all();
}

static bool is_alone(void *state)
{
    return lp_relay_crew_members(crew) == 1;
}

TEST(who_was_handed_over_may_leave_and_come_again)
{
    prepare();
    open_crew(2);
    join(&carol, 3, ROOM_OF_ZERO);
    for (unsigned i = 0; i < 3; i++) {
        join(&bob, 2, WRONG_HINT);
        lp_uplink_leave(bob.uplink, "bedtime", lp_clock_now());
        CHECK(turn_until(is_alone, NULL));
        close_player(&bob);
        uv_run(&loop, UV_RUN_NOWAIT);
        free_player(&bob);
    }
    join(&bob, 2, WRONG_HINT);
    join(&alice, 1, ROOM_OF_ONE);
    check_frame(&alice, 1, &bob);
    CHECK_EQ(number_in(1, "moved_in"), 4);
    close_all();
}

TEST(a_relay_with_one_worker_is_one_on_the_callers_loop)
{
    prepare();
    open_crew(1);
    join(&alice, 1, ROOM_OF_ONE);
    join(&bob, 2, WRONG_HINT);
    join(&carol, 3, ROOM_OF_ZERO);
    check_frame(&alice, 1, &bob);
    CHECK_EQ(number_in(0, "rooms"), 2);
    CHECK_EQ(number_in(ALL, "moved_in"), 0);
    CHECK_EQ(number_in(1, "rooms"), 0); /* there is none */
    close_all();
}

static bool was_refused(void *state)
{
    return ((player *)state)->losses > 0;
}

TEST(limits_are_those_of_all_workers_together)
{
    static const struct {
        const char *name;
        size_t max_links, max_rooms, per_ip;
    } rows[] = {
        {"connections", 2, 9, 0},
        {"connections from one address", 9, 9, 2},
        {"rooms", 9, 1, 0},
    };
    EACH_ROW (row, rows) {
        prepare();
        here.config.relay.max_links = row->max_links;
        here.config.relay.max_rooms = row->max_rooms;
        here.config.quic.max_conns_per_ip = row->per_ip;
        open_crew(2);
        join(&alice, 1, ROOM_OF_ONE);
        join(&bob, 2, ROOM_OF_ONE);
        open_player(&carol, &here, 3, ROOM_OF_ZERO);
        CHECK(turn_until(was_refused, &carol));
        CHECK(!is_joined(&carol));
        close_all();
    }
}

static bool crew_is_over(void *state)
{
    return lp_relay_crew_is_over(crew);
}

TEST(a_crew_that_leaves_tells_everyone)
{
    prepare();
    open_crew(2);
    join(&alice, 1, ROOM_OF_ZERO);
    join(&bob, 2, ROOM_OF_ONE);
    join(&carol, 3, WRONG_HINT);
    CHECK(!lp_relay_crew_is_over(crew));
    lp_relay_crew_leave(crew, "maintenance", lp_clock_now());
    CHECK(turn_until(was_lost, &alice));
    CHECK(turn_until(was_lost, &bob));
    CHECK(turn_until(was_lost, &carol));
    CHECK(turn_until(crew_is_over, NULL));
    CHECK_STR(alice.text, "maintenance");
    CHECK_STR(carol.text, "maintenance");
    close_all();
}

TEST(a_certificate_is_replaced_while_others_join)
{
    prepare();
    open_crew(2);
    open_player(&alice, &here, 1, ROOM_OF_ZERO);
    open_player(&bob, &here, 2, ROOM_OF_ONE);
    open_player(&carol, &here, 3, WRONG_HINT);
    while (!is_joined(&alice) || !is_joined(&bob) || !is_joined(&carol)) {
        lp_why why;
        CHECK_EQ(lp_tls_replace(here.tls, here.keys, &why), LP_OK);
        uv_run(&loop, UV_RUN_ONCE);
    }
    close_all();
}

TEST(a_crew_that_does_not_open_leaves_nothing_open)
{
    lp_relay_crew *second = NULL;
    lp_why why;
    prepare();
    open_crew(1); /* its port is its own */
    CHECK_EQ(lp_relay_crew_open(&loop, &here.config, 2, &second, &why), LP_ERR_IN_USE);
    lp_relay_crew_close(second);
    lp_relay_crew_close(crew);
    close_loop();
    lp_relay_crew_free(second);
    lp_relay_crew_free(crew);
    lp_relay_crew_close(NULL);
    lp_relay_crew_free(NULL);
    lp_tls_free(here.tls);
    lp_credentials_free(here.keys);
}

TEST(a_crew_without_memory_leaves_nothing_open)
{
    bool failed = true;
    prepare();
    here.config.relay.max_links = 16;
    for (unsigned n = 1; failed; n++) {
        lp_relay_crew *it = NULL;
        lp_why why;
        lp_test_fail_allocation(n);
        lp_err err = lp_relay_crew_open(&loop, &here.config, 2, &it, &why);
        failed = lp_test_allocation_failed();
        CHECK(failed || err == LP_OK);
        lp_relay_crew_close(it);
        uv_run(&loop, UV_RUN_NOWAIT);
        lp_relay_crew_free(it);
    }
    close_loop();
    lp_tls_free(here.tls);
    lp_credentials_free(here.keys);
}
