#include "runtime/driver.h"

#include "loop.h"
#include "os/clock.h"
#include "os/random.h"
#include "tls_here.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define STORY_MAX 4096

/* One side: a driver, at most one connection, and what happened to it in order. */
typedef struct side {
    lp_driver *driver;
    lp_port port;
    bool is_connected, has_ended;
    lp_quic_end end;
    char story[STORY_MAX + 1]; /* s: octets of the stream; d: a datagram */
    size_t told;
    size_t datagrams, disorders;
    uint32_t last_number;
    size_t unsent[LP_REASON_COUNT];

    const char *to_say; /* what the engine wants on the stream; settle hands it over */
    uint64_t sends;     /* when settle was called last */
    lp_time wake_at;
    unsigned wakes;
} side;

static side relay, peer;
static lp_credentials *relay_keys, *peer_keys;
static lp_tls *relay_side_tls, *peer_side_tls;
static lp_why why;

/* --- what QUIC and the driver tell ------------------------------------------------ */

static void tell(side *it, char what)
{
    if (it->told < STORY_MAX)
        it->story[it->told++] = what;
}

static bool on_connected(void *state, lp_conn *conn, lp_time now)
{
    side *it = state;
    it->is_connected = true;
    return it->port.conn || lp_port_init(&it->port, conn, lp_os_random()) == LP_OK;
}

static void on_stream(void *state, lp_conn *conn, lp_bytes octets, lp_time now)
{
    tell(state, 's');
}

static void on_datagram(void *state, lp_conn *conn, lp_bytes datagram, lp_time now)
{
    side *it = state;
    uint32_t number;
    if (lp_port_hears(&it->port, datagram, now))
        return;
    memcpy(&number, datagram.at, sizeof number);
    it->disorders += it->datagrams > 0 && number <= it->last_number;
    it->last_number = number;
    it->datagrams++;
    tell(it, 'd');
}

static void on_budget(void *state, lp_conn *conn, size_t budget, bool settled,
                      lp_time now)
{
}

static void on_migrated(void *state, lp_conn *conn, const lp_addr *remote, lp_time now)
{
}

static void on_ended(void *state, lp_conn *conn, const lp_quic_end *end, lp_time now)
{
    side *it = state;
    it->has_ended = true;
    it->end = *end;
    lp_port_fini(&it->port);
}

static void settle(void *state, lp_time now)
{
    side *it = state;
    it->sends = lp_driver_meter(it->driver)->sends;
    if (!it->to_say)
        return;
    CHECK_EQ(lp_conn_send(it->port.conn, lp_bytes_of(it->to_say, strlen(it->to_say))),
             LP_OK);
    it->to_say = NULL;
}

static lp_time deadline(void *state)
{
    return ((side *)state)->wake_at;
}

static void on_deadline(void *state, lp_time now)
{
    side *it = state;
    CHECK(now >= it->wake_at);
    it->wake_at = LP_NEVER;
    it->wakes++;
}

static void on_unsent(void *state, lp_port *port, lp_reason reason, size_t count)
{
    side *it = state;
    CHECK(port == &it->port);
    it->unsent[reason] += count;
}

static void on_failed(void *state, lp_err err)
{
    CHECK_EQ(err, LP_OK);
}

/* --- two sides -------------------------------------------------------------------- */

static lp_err open_side(side *it, lp_tls *tls, bool accepts, const lp_addr *at)
{
    lp_quic_config config = lp_quic_default_config();
    lp_driver_engine engine = {it, settle, deadline, on_deadline, on_unsent, on_failed};
    *it = (side){.wake_at = LP_NEVER};
    config.tls = tls;
    config.accepts = accepts;
    config.random = lp_os_random();
    lp_random_fill(config.random, config.secret, sizeof config.secret);
    config.handler = (lp_quic_handler){it,        on_connected, on_stream, on_datagram,
                                       on_budget, on_migrated,  on_ended};
    return lp_driver_open(&loop, at, false, &config, &engine, &it->driver, &why);
}

static void make_keys(void)
{
    CHECK_EQ(lp_credentials_generate(LP_DEV_SERVER_NAME, &relay_keys, &why), LP_OK);
    peer_keys = peer_credentials(1);
    lp_key_hash hash = lp_credentials_hash(relay_keys);
    relay_side_tls = relay_tls(relay_keys);
    peer_side_tls = peer_tls(peer_keys, &hash);
}

static void free_keys(void)
{
    lp_tls_free(relay_side_tls);
    lp_tls_free(peer_side_tls);
    lp_credentials_free(relay_keys);
    lp_credentials_free(peer_keys);
}

static void open_both(const char *ip)
{
    lp_addr at;
    CHECK_EQ(lp_addr_read_ip(ip, 0, &at), LP_OK);
    open_loop();
    make_keys();
    CHECK_EQ(open_side(&relay, relay_side_tls, true, &at), LP_OK);
    CHECK_EQ(open_side(&peer, peer_side_tls, false, &at), LP_OK);
}

static void close_both(void)
{
    lp_driver_close(peer.driver);
    lp_driver_close(relay.driver);
    close_loop();
    lp_port_fini(&peer.port);
    lp_port_fini(&relay.port);
    free_keys();
}

static bool are_connected(void *state)
{
    return relay.is_connected && peer.is_connected;
}

static void dial(void)
{
    lp_addr local = lp_driver_local(peer.driver),
            remote = lp_driver_local(relay.driver);
    lp_time now = lp_clock_now();
    lp_conn *conn = NULL;
    CHECK_EQ(lp_quic_dial(lp_driver_quic(peer.driver), &local, &remote, now, &conn),
             LP_OK);
    CHECK_EQ(lp_port_init(&peer.port, conn, lp_os_random()), LP_OK);
    lp_driver_flush(peer.driver, now);
}

static void connect_both(const char *ip)
{
    open_both(ip);
    dial();
    CHECK(turn_until(are_connected, NULL));
}

/* A datagram that begins with its number. */
static void send_number(side *from, uint32_t number, size_t len)
{
    static uint8_t datagram[2048];
    memcpy(datagram, &number, sizeof number);
    lp_driver_send(from->driver, &from->port, lp_bytes_of(datagram, len),
                   lp_clock_now());
}

static bool has_datagram(void *state)
{
    return ((side *)state)->datagrams > 0;
}

static bool both_have_datagrams(void *state)
{
    return relay.datagrams > 0 && peer.datagrams > 0;
}

TEST(two_drivers_shake_hands_and_send_datagrams_both_ways)
{
    static const struct {
        const char *name, *ip;
    } rows[] = {{"IPv4", "127.0.0.1"}, {"IPv6", "::1"}};
    EACH_ROW (row, rows) {
        connect_both(row->ip);
        lp_key_hash key = lp_credentials_hash(peer_keys);
        CHECK_BYTES(lp_conn_identity(relay.port.conn)->octet, LP_KEY_HASH_LEN,
                    key.octet, LP_KEY_HASH_LEN);
        send_number(&peer, 7, 100);
        lp_driver_flush(peer.driver, lp_clock_now());
        CHECK(turn_until(has_datagram, &relay));
        send_number(&relay, 9, 100);
        lp_driver_flush(relay.driver, lp_clock_now());
        CHECK(turn_until(both_have_datagrams, NULL));
        CHECK_EQ(relay.last_number, 7);
        CHECK_EQ(peer.last_number, 9);
        CHECK_EQ(lp_quic_conn_count(lp_driver_quic(relay.driver)), 1);
        close_both();
    }
}

static bool relay_has_stream_and_three_datagrams(void *state)
{
    return relay.datagrams == 3 && strchr(relay.story, 's');
}

/* G-018 at its root: what the engine has to say overtakes frames that wait. */
TEST(control_goes_before_frames)
{
    connect_both("127.0.0.1");
    for (uint32_t i = 1; i <= 3; i++)
        send_number(&peer, i, 100);
    peer.to_say = "after the frames, and yet before them";
    CHECK_EQ(relay.told, 0); /* nothing leaves before the flush */
    lp_driver_flush(peer.driver, lp_clock_now());
    CHECK(turn_until(relay_has_stream_and_three_datagrams, NULL));
    CHECK_STR(relay.story, "sddd");
    close_both();
}

/* Settling goes on behind a lone frame's packet, and before those that are one batch. */
TEST(a_lone_frame_leaves_at_once_and_several_leave_together)
{
    static const struct {
        const char *name;
        uint32_t frames;
        uint64_t sent_at_settling;
    } rows[] = {{"one", 1, 1}, {"two", 2, 0}};
    EACH_ROW (row, rows) {
        connect_both("127.0.0.1");
        uint64_t before = lp_driver_meter(peer.driver)->sends;
        for (uint32_t i = 1; i <= row->frames; i++)
            send_number(&peer, i, 1000); /* a packet each */
        lp_driver_flush(peer.driver, lp_clock_now());
        CHECK_EQ(peer.sends - before, row->sent_at_settling);
        CHECK(lp_driver_meter(peer.driver)->sends > before);
        close_both();
    }
}

static bool all_are_accounted_for(void *state)
{
    return relay.datagrams + peer.unsent[LP_REASON_QUEUE] == *(size_t *)state;
}

TEST(a_burst_arrives_in_order_and_what_does_not_leave_is_told)
{
    size_t burst = 300;
    connect_both("127.0.0.1");
    for (uint32_t i = 1; i <= burst; i++)
        send_number(&peer, i, 1000);
    lp_driver_flush(peer.driver, lp_clock_now());
    CHECK(turn_until(all_are_accounted_for, &burst));
    CHECK_EQ(relay.disorders, 0);
    CHECK(relay.datagrams > 0);
    close_both();
}

static bool relay_has_twenty(void *state)
{
    return relay.datagrams == 20;
}

TEST(what_a_driver_does_can_be_looked_at)
{
    lp_gauges gauges = {{0}};
    connect_both("127.0.0.1");
    uint8_t datagram[100] = {0};
    lp_time earlier = lp_clock_now() - LP_MS(30); /* that long it has waited */
    for (int i = 0; i < 20; i++)
        lp_driver_send(peer.driver, &peer.port, lp_bytes_of(datagram, sizeof datagram),
                       earlier);
    lp_port_look(&peer.port, &gauges);
    CHECK_EQ(gauges.at[LP_GAUGE_OF_QUEUE_DATAGRAMS], 20);
    CHECK_EQ(gauges.at[LP_GAUGE_OF_QUEUE_OCTETS], 2000);
    lp_driver_flush(peer.driver, lp_clock_now());
    CHECK(turn_until(relay_has_twenty, NULL));
    lp_port_look(&peer.port, &gauges);
    lp_meter_look(lp_driver_meter(peer.driver), &gauges);
    CHECK_EQ(gauges.at[LP_GAUGE_OF_QUEUE_DATAGRAMS], 0);
    CHECK(gauges.at[LP_GAUGE_OF_QUEUE_P50] >= 30000); /* us */
    CHECK(gauges.at[LP_GAUGE_OF_RTT] > 0 && gauges.at[LP_GAUGE_OF_CWND] > 0);
    CHECK(gauges.at[LP_GAUGE_OF_FRAMES_P99] > 1); /* small ones share a packet */
    CHECK(gauges.at[LP_GAUGE_OF_READS] > 0 && gauges.at[LP_GAUGE_OF_SENDS] > 0);
    CHECK(gauges.at[LP_GAUGE_OF_READ_P50] > 0 && gauges.at[LP_GAUGE_OF_SEND_P50] > 0);
    close_both();
}

static void swap_datagrams(uint32_t number)
{
    relay.datagrams = peer.datagrams = 0;
    send_number(&peer, number, 100);
    lp_driver_flush(peer.driver, lp_clock_now());
    CHECK(turn_until(has_datagram, &relay));
    send_number(&relay, number, 100);
    lp_driver_flush(relay.driver, lp_clock_now());
    CHECK(turn_until(both_have_datagrams, NULL));
}

static uint64_t stamps_heard(const side *it)
{
    lp_gauges gauges = {{0}};
    lp_port_look(&it->port, &gauges);
    return gauges.at[LP_GAUGE_OF_STAMPS];
}

TEST(stamps_travel_with_datagrams_between_those_who_know_them)
{
    connect_both("127.0.0.1");
    swap_datagrams(1);
    CHECK_EQ(stamps_heard(&relay), 0);
    CHECK_EQ(stamps_heard(&peer), 0);
    uint64_t before = lp_conn_look(peer.port.conn).packets_sent;
    lp_port_stamp(&peer.port);
    swap_datagrams(2);
    CHECK_EQ(stamps_heard(&relay), 1);
    CHECK_EQ(stamps_heard(&peer), 1); /* who heard one may answer */
    CHECK_EQ(relay.datagrams, 1);     /* and nobody else hears of it */
    CHECK(lp_conn_look(peer.port.conn).packets_sent <= before + 2); /* acknowledging */
    swap_datagrams(3); /* nobody is busy, and a second is not over */
    CHECK_EQ(stamps_heard(&relay), 1);
    CHECK_EQ(stamps_heard(&peer), 1);
    close_both();
}

TEST(a_full_packet_has_no_room_for_a_stamp)
{
    connect_both("127.0.0.1");
    lp_port_stamp(&peer.port);
    size_t full = lp_conn_budget(peer.port.conn);
    peer.port.ways.sent_at = lp_clock_now() - LP_STAMP_EVERY_IDLE * 2;
    send_number(&peer, 1, full);
    lp_driver_flush(peer.driver, lp_clock_now());
    CHECK(turn_until(has_datagram, &relay));
    CHECK_EQ(stamps_heard(&relay), 0);
    peer.port.ways.sent_at -= LP_STAMP_EVERY_IDLE * LP_STAMP_URGENT;
    relay.datagrams = 0;
    send_number(&peer, 2, full); /* its time has come all the same */
    lp_driver_flush(peer.driver, lp_clock_now());
    CHECK(turn_until(has_datagram, &relay));
    CHECK_EQ(stamps_heard(&relay), 1);
    close_both();
}

TEST(what_no_longer_fits_the_path_is_told_and_blocks_nobody)
{
    connect_both("127.0.0.1");
    send_number(&peer, 1, lp_conn_budget(peer.port.conn) + 1);
    send_number(&peer, 2, 100);
    lp_driver_flush(peer.driver, lp_clock_now());
    CHECK(turn_until(has_datagram, &relay));
    CHECK_EQ(peer.unsent[LP_REASON_EGRESS_BUDGET], 1);
    CHECK_EQ(relay.last_number, 2);
    CHECK_EQ(relay.datagrams, 1);
    close_both();
}

TEST(a_datagram_that_no_queue_takes_is_told)
{
    connect_both("127.0.0.1");
    send_number(&peer, 1, LP_QUEUE_DATAGRAM_MAX);
    CHECK_EQ(peer.unsent[LP_REASON_QUEUE], 0);
    lp_queue *queue = peer.port.queue;
    peer.port.queue = NULL; /* as when memory ran out */
    send_number(&peer, 1, 100);
    CHECK_EQ(peer.unsent[LP_REASON_QUEUE], 1);
    lp_driver_flush(peer.driver, lp_clock_now());
    peer.port.queue = queue;
    close_both();
}

static bool relay_has_ended(void *state)
{
    return relay.has_ended;
}

TEST(a_connection_is_closed_with_its_reason_once_it_has_spoken)
{
    connect_both("127.0.0.1");
    peer.to_say = "last words";
    settle(&peer, 0);
    lp_conn_close(peer.port.conn, 3, "enough");
    lp_driver_flush(peer.driver, lp_clock_now());
    CHECK(turn_until(relay_has_ended, NULL));
    CHECK_STR(relay.story, "s");
    CHECK_EQ(relay.end.err, LP_OK);
    CHECK_EQ(relay.end.code, 3);
    CHECK_STR(relay.end.reason, "enough");
    close_both();
}

TEST(closing_a_driver_ends_its_connections_without_a_word)
{
    connect_both("127.0.0.1");
    lp_driver_close(peer.driver);
    lp_driver_close(relay.driver);
    lp_driver_close(relay.driver); /* twice is once */
    close_loop();
    lp_port_fini(&peer.port);
    lp_port_fini(&relay.port);
    lp_driver_close(NULL);
    free_keys();
}

static bool has_woken(void *state)
{
    return ((side *)state)->wakes > 0;
}

TEST(the_engines_deadline_wakes_it)
{
    open_both("127.0.0.1");
    relay.wake_at = lp_time_after(lp_clock_now(), LP_MS(1));
    lp_driver_flush(relay.driver, lp_clock_now());
    CHECK(turn_until(has_woken, &relay));
    CHECK_EQ(relay.wakes, 1);
    CHECK_EQ(peer.wakes, 0);
    close_both();
}

static bool relay_saw_garbage(void *state)
{
    return lp_quic_stats_of(lp_driver_quic(relay.driver))->garbage >= 3;
}

TEST(garbage_is_counted_and_answered_by_nothing)
{
    connect_both("127.0.0.1");
    lp_udp *stranger = NULL;
    lp_addr at = {.family = 4, .ip = {127, 0, 0, 1}};
    size_t sent;
    const lp_udp_train train = {.remote = lp_driver_local(relay.driver),
                                .payloads = lp_bytes_of("\x40garbage", 8)};
    CHECK_EQ(lp_udp_open(&at, false, &stranger, &why), LP_OK);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(lp_udp_send(stranger, &train, 1, &sent), LP_OK);
    CHECK(turn_until(relay_saw_garbage, NULL));
    send_number(&peer, 1, 100);
    lp_driver_flush(peer.driver, lp_clock_now());
    CHECK(turn_until(has_datagram, &relay));
    lp_udp_close(stranger);
    close_both();
}

TEST(a_port_that_is_taken_is_named)
{
    side second;
    char text[LP_ADDR_TEXT_LEN];
    open_both("127.0.0.1");
    lp_addr taken = lp_driver_local(relay.driver);
    CHECK_EQ(open_side(&second, relay_side_tls, true, &taken), LP_ERR_IN_USE);
    CHECK_HAS(why.text, lp_addr_write(&taken, text));
    CHECK(second.driver == NULL);
    close_both();
}

TEST(running_out_of_memory_leaves_nothing_open)
{
    bool failed = true;
    side third;
    lp_addr at = {.family = 4, .ip = {127, 0, 0, 1}};
    open_both("127.0.0.1"); /* grows libuv's own tables, which must not fail */
    for (unsigned n = 1; failed; n++) {
        lp_test_fail_allocation(n);
        lp_err err = open_side(&third, relay_side_tls, true, &at);
        failed = lp_test_allocation_failed();
        CHECK_EQ(err != LP_OK, failed);
        CHECK_EQ(third.driver == NULL, failed);
        CHECK(fcntl(STDIN_FILENO, F_GETFD) >=
              0); /* nor anything closed that is not ours */
        lp_driver_close(third.driver);
    }
    close_both();
}
