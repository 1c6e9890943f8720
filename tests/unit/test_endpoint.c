#include "quic_net.h"

/* A relay, a client, and a connection between them. */
static sim_net *net_over(lp_duration delay, void (*adjust)(lp_quic_config *))
{
    sim_net *net = net_new();
    net->delay = delay;
    start_endpoint(net, RELAY, adjust);
    start_endpoint(net, CLIENT, adjust);
    dial(net, CLIENT);
    CHECK(run_until(net, LP_SECONDS(20), both_connected));
    return net;
}

static sim_net *connected_net(void (*adjust)(lp_quic_config *))
{
    return net_over(LP_MS(10), adjust);
}

static bool all_datagrams_left(const sim_net *net)
{
    return net->nodes[RELAY].datagrams_out + net->nodes[CLIENT].datagrams_out == 0;
}

static bool both_settled(const sim_net *net)
{
    return net->nodes[RELAY].is_settled && net->nodes[CLIENT].is_settled;
}

static void send_datagrams(sim_node *node, unsigned count, size_t len)
{
    node->datagrams_out = count;
    node->datagram_len = len;
    lp_conn_want_write(node->conn);
}

/* --- the ordinary ----------------------------------------------------------------- */

TEST(a_handshake_tells_both_sides_whose_key_is_there)
{
    sim_net *net = connected_net(NULL);
    lp_credentials *relay = credentials_of(1, LP_DEV_SERVER_NAME);
    lp_credentials *client = credentials_of(2, "client");
    lp_key_hash hashes[] = {lp_credentials_hash(relay), lp_credentials_hash(client)};
    CHECK_BYTES(net->nodes[CLIENT].peer.octet, 32, hashes[0].octet, 32);
    CHECK_BYTES(net->nodes[RELAY].peer.octet, 32, hashes[1].octet, 32);
    CHECK_EQ(lp_quic_stats_of(net->nodes[RELAY].quic)->handshakes, 1);
    CHECK(lp_addr_equal(lp_conn_remote(net->nodes[RELAY].conn),
                        &net->nodes[CLIENT].addr));
    CHECK_EQ(lp_conn_rtt(net->nodes[CLIENT].conn) / LP_MS(1), 20);
    CHECK(net->now < LP_SECONDS(1000) + LP_MS(80)); /* two round trips */
    lp_credentials_free(relay);
    lp_credentials_free(client);
    net_free(net);
}

typedef struct weather {
    const char *name;
    unsigned loss, duplicates, damage;
    lp_duration jitter;
} weather;

static const weather weathers[] = {
    {"a clean path", 0, 0, 0, 0},
    {"loss", 5, 0, 0, 0},
    {"damage", 0, 0, 5, 0},
    {"reordering and duplicates", 0, 20, 0, LP_MS(15)},
    {"all of it", 3, 10, 1, LP_MS(5)},
};

static void set_weather(sim_net *net, const weather *row)
{
    net->loss = row->loss;
    net->duplicates = row->duplicates;
    net->damage = row->damage;
    net->jitter = row->jitter;
}

TEST(a_handshake_gets_through_any_weather)
{
    EACH_ROW (row, weathers) {
        for (uint64_t seed = 1; seed <= 10; seed++) {
            sim_net *net = net_new();
            net->seed = seed << 40 | 1;
            start_endpoint(net, RELAY, NULL);
            start_endpoint(net, CLIENT, NULL);
            set_weather(net, row);
            dial(net, CLIENT);
            CHECK(run_until(net, LP_SECONDS(10), both_connected));
            net_free(net);
        }
    }
}

#define STREAM_LEN (400 * 1024) /* several flow control windows */

static bool streams_are_complete(const sim_net *net)
{
    return net->nodes[RELAY].stream_in >= STREAM_LEN &&
           net->nodes[CLIENT].stream_in >= STREAM_LEN;
}

static lp_err send_stream(lp_conn *conn, size_t from, size_t len)
{
    uint8_t *octets = malloc(len);
    for (size_t i = 0; i < len; i++)
        octets[i] = stream_octet(from + i);
    lp_err err = lp_conn_send(conn, lp_bytes_of(octets, len));
    free(octets);
    return err;
}

TEST(the_control_stream_carries_octets_in_order_both_ways)
{
    EACH_ROW (row, weathers) {
        sim_net *net = connected_net(NULL);
        set_weather(net, row);
        for (size_t at = 0; at < STREAM_LEN; at += STREAM_LEN / 64) {
            CHECK_EQ(send_stream(net->nodes[CLIENT].conn, at, STREAM_LEN / 64), LP_OK);
            CHECK_EQ(send_stream(net->nodes[RELAY].conn, at, STREAM_LEN / 64), LP_OK);
        }
        CHECK(run_until(net, LP_SECONDS(60), streams_are_complete));
        CHECK(!net->nodes[RELAY].stream_is_wrong);
        CHECK(!net->nodes[CLIENT].stream_is_wrong);
        run(net, LP_SECONDS(2));
        CHECK_EQ(net->nodes[RELAY].conn->outbox.len, 0); /* nothing kept for nobody */
        CHECK_EQ(net->nodes[CLIENT].conn->outbox.len, 0);
        net_free(net);
    }
}

/* One message at a time, as they are: nothing behind it shows QUIC that it was lost. */
TEST(control_that_had_to_be_sent_again_is_counted)
{
    static const struct {
        const char *name;
        unsigned loss;
    } rows[] = {{"a clean path", 0}, {"every fifth packet is lost", 20}};
    EACH_ROW (row, rows) {
        sim_net *net = connected_net(NULL);
        run(net, LP_SECONDS(5));
        uint64_t before = lp_conn_look(net->nodes[CLIENT].conn).control_late;
        net->loss = row->loss;
        for (size_t i = 0; i < 40; i++) {
            CHECK_EQ(send_stream(net->nodes[CLIENT].conn, 100 * i, 100), LP_OK);
            run(net, LP_SECONDS(2));
        }
        uint64_t late = lp_conn_look(net->nodes[CLIENT].conn).control_late - before;
        CHECK_EQ(net->nodes[RELAY].stream_in, 4000);
        CHECK_EQ(late > 0, row->loss > 0);
        CHECK(late <= 40);
        net_free(net);
    }
}

TEST(a_peer_that_does_not_read_fills_a_bounded_queue)
{
    sim_net *net = connected_net(NULL);
    lp_conn *conn = net->nodes[RELAY].conn;
    CHECK_EQ(send_stream(conn, 0, LP_QUIC_STREAM_QUEUE_MAX), LP_OK);
    CHECK_EQ(send_stream(conn, 0, 1), LP_ERR_FULL);
    net_free(net);
}

/* P-008 */
TEST(datagrams_arrive_both_ways_beside_the_control_stream)
{
    EACH_ROW (row, weathers) {
        sim_net *net = connected_net(NULL);
        CHECK(run_until(net, LP_SECONDS(5), both_settled));
        set_weather(net, row);
        CHECK_EQ(send_stream(net->nodes[CLIENT].conn, 0, 5000), LP_OK);
        for (int i = 0; i < 50; i++) {
            send_datagrams(&net->nodes[CLIENT], 20, net->nodes[CLIENT].budget);
            send_datagrams(&net->nodes[RELAY], 20, 100);
            CHECK(run_until(net, LP_SECONDS(60), all_datagrams_left));
            run(net, LP_MS(5));
        }
        run(net, LP_SECONDS(2));
        CHECK_EQ(net->nodes[RELAY].stream_in, 5000);
        CHECK_EQ(net->nodes[RELAY].longest_in, net->nodes[CLIENT].budget);
        /* Never doubled, and never lost but by the path. */
        CHECK(net->nodes[RELAY].datagrams_in <= 1000);
        CHECK(net->nodes[CLIENT].datagrams_in <= 1000);
        unsigned least = 1000 - 15 * (row->loss + row->damage);
        CHECK(net->nodes[RELAY].datagrams_in >= least);
        CHECK(net->nodes[CLIENT].datagrams_in >= least);
        net_free(net);
    }
}

TEST(small_datagrams_share_packets_when_more_follow)
{
    static const struct {
        const char *name;
        bool coalesces;
        unsigned min_packets, max_packets;
    } rows[] = {
        {"one by one", false, 120, 140},
        {"together", true, 8, 16},
    };
    EACH_ROW (row, rows) {
        sim_net *net = connected_net(NULL);
        CHECK(run_until(net, LP_SECONDS(5), both_settled));
        uint64_t before = lp_quic_stats_of(net->nodes[CLIENT].quic)->packets_out;
        net->nodes[CLIENT].coalesces = row->coalesces;
        send_datagrams(&net->nodes[CLIENT], 120, 100);
        CHECK(run_until(net, LP_SECONDS(5), all_datagrams_left));
        uint64_t packets =
            lp_quic_stats_of(net->nodes[CLIENT].quic)->packets_out - before;
        CHECK(packets >= row->min_packets);
        CHECK(packets <= row->max_packets);
        run(net, LP_MS(100));
        CHECK_EQ(net->nodes[RELAY].datagrams_in, 120);
        net_free(net);
    }
}

/* P-007, P-009 */
TEST(a_datagram_over_the_budget_is_never_taken)
{
    sim_net *net = connected_net(NULL);
    CHECK(run_until(net, LP_SECONDS(5), both_settled));
    send_datagrams(&net->nodes[CLIENT], 1, net->nodes[CLIENT].budget + 1);
    run(net, LP_SECONDS(1));
    CHECK_EQ(net->nodes[CLIENT].datagrams_out, 1);
    CHECK_EQ(net->nodes[CLIENT].ended, 0);
    CHECK_EQ(net->nodes[RELAY].datagrams_in, 0);
    net_free(net);
}

/* P-009, P-017, J-03 */
TEST(the_budget_is_what_the_path_carries_and_settles)
{
    static const struct {
        const char *name;
        size_t mtu, budget;
        lp_duration within;
    } rows[] = {
        {"1500-octet link", 1452, 1452 - 32, LP_MS(150)},
        {"room for the default inner MTU, no more", 1346, 1346 - 32, LP_SECONDS(3)},
        {"1400-octet link, IPv4", 1372, 1372 - 32, LP_SECONDS(2)},
        {"1400-octet link, IPv6", 1352, 1348 - 32, LP_SECONDS(3)},
        {"1280-octet link, IPv4", 1252, 1252 - 32, LP_SECONDS(1)},
        {"1280-octet link, IPv6", 1232, 1232 - 32, LP_SECONDS(2)},
        {"the least that QUIC needs", 1200, 1200 - 32, LP_SECONDS(3)},
    };
    EACH_ROW (row, rows) {
        sim_net *net = net_new();
        net->mtu = row->mtu;
        start_endpoint(net, RELAY, NULL);
        start_endpoint(net, CLIENT, NULL);
        dial(net, CLIENT);
        CHECK(run_until(net, LP_SECONDS(1), both_connected));
        CHECK_EQ(net->nodes[CLIENT].budget, 1200 - 32); /* told at once, grows later */
        lp_time start = net->now;
        CHECK(run_until(net, LP_SECONDS(10), both_settled));
        CHECK_EQ(net->nodes[CLIENT].budget, row->budget);
        CHECK_EQ(net->nodes[RELAY].budget, row->budget);
        CHECK(net->now - start <= row->within);
        send_datagrams(&net->nodes[CLIENT], 1, row->budget);
        run(net, LP_SECONDS(1));
        CHECK_EQ(net->nodes[RELAY].longest_in, row->budget);
        net_free(net);
    }
}

/* The library refuses another update until the other side has answered with new keys, so
 * each one that it agrees to shows that those before were done in both directions. */
static void update_keys(sim_net *net, int who)
{
    sim_node *one = &net->nodes[who],
             *other = &net->nodes[who == RELAY ? CLIENT : RELAY];
    unsigned heard_by_one = one->datagrams_in, heard_by_other = other->datagrams_in;
    CHECK_EQ(ngtcp2_conn_initiate_key_update(one->conn->ngtcp2, net->now), 0);
    send_datagrams(one, 10, 100);
    run(net, LP_SECONDS(1));
    send_datagrams(other, 10, 100);
    run(net, LP_SECONDS(1));
    send_datagrams(one, 10, 100);
    run(net, LP_SECONDS(3)); /* three PTOs must pass before the next, RFC 9001 6.5 */
    CHECK_EQ(other->datagrams_in, heard_by_other + 20);
    CHECK_EQ(one->datagrams_in, heard_by_one + 10);
}

TEST(key_updates_go_unnoticed_by_either_side_without_tls)
{
    static const struct {
        const char *name;
        int first, then, last;
    } rows[] = {
        {"the client's", CLIENT, CLIENT, CLIENT},
        {"the relay's", RELAY, RELAY, RELAY},
        {"in turn", CLIENT, RELAY, CLIENT},
    };
    EACH_ROW (row, rows) {
        sim_net *net = connected_net(NULL);
        run(net, LP_SECONDS(1));
        CHECK(net->nodes[RELAY].conn->session.ssl == NULL);
        update_keys(net, row->first);
        update_keys(net, row->then);
        update_keys(net, row->last);
        CHECK_EQ(net->nodes[RELAY].ended + net->nodes[CLIENT].ended, 0);
        net_free(net);
    }
}

/* Packets of either phase are under way at once, out of order, and some get lost. */
TEST(a_key_update_survives_bad_weather)
{
    sim_net *net = connected_net(NULL);
    run(net, LP_SECONDS(1));
    net->jitter = LP_MS(30);
    net->loss = 10;
    for (int i = 0; i < 4; i++) {
        sim_node *one = &net->nodes[i % 2 ? RELAY : CLIENT];
        send_datagrams(&net->nodes[CLIENT], 50, 100);
        send_datagrams(&net->nodes[RELAY], 50, 100);
        run(net, LP_MS(5));
        CHECK_EQ(ngtcp2_conn_initiate_key_update(one->conn->ngtcp2, net->now), 0);
        send_datagrams(&net->nodes[CLIENT], 50, 100);
        send_datagrams(&net->nodes[RELAY], 50, 100);
        run(net, LP_SECONDS(6));
    }
    CHECK_EQ(net->nodes[RELAY].ended + net->nodes[CLIENT].ended, 0);
    CHECK(net->nodes[RELAY].datagrams_in > 300);
    CHECK(net->nodes[CLIENT].datagrams_in > 300);
    net_free(net);
}

TEST(a_relay_keeps_no_tls_after_the_handshake_and_hears_none)
{
    sim_net *net = connected_net(NULL);
    CHECK(net->nodes[RELAY].conn->session.ssl == NULL);
    CHECK(net->nodes[CLIENT].conn->session.ssl != NULL);
    run(net, LP_SECONDS(1));
    static const uint8_t words[] = "a TLS message";
    CHECK_EQ(ngtcp2_conn_submit_crypto_data(net->nodes[CLIENT].conn->ngtcp2,
                                            NGTCP2_ENCRYPTION_LEVEL_1RTT, words,
                                            sizeof words),
             0);
    send_datagrams(&net->nodes[CLIENT], 1, 100);
    run(net, LP_SECONDS(1));
    CHECK_EQ(net->nodes[RELAY].ended, 1);
    CHECK_HAS(net->nodes[RELAY].end.reason, "unexpected message");
    CHECK_EQ(net->nodes[CLIENT].ended, 1);
    net_free(net);
}

/* A lone datagram is all that leaves, and what comes later is not forgotten over it. */
TEST(a_connection_that_rests_goes_on_when_there_is_more)
{
    sim_net *net = connected_net(NULL);
    CHECK(run_until(net, LP_SECONDS(5), both_settled));
    run(net, LP_SECONDS(1));
    uint64_t before = lp_quic_stats_of(net->nodes[CLIENT].quic)->packets_out;
    for (unsigned i = 0; i < 100; i++) {
        send_datagrams(&net->nodes[CLIENT], 1, 100);
        write_all(net);
        CHECK_EQ(net->nodes[CLIENT].datagrams_out, 0); /* none waits for company */
        CHECK_EQ(lp_quic_stats_of(net->nodes[CLIENT].quic)->packets_out - before,
                 i + 1);
        net->now += LP_US(10);
    }
    CHECK_EQ(lp_conn_send(net->nodes[CLIENT].conn, lp_bytes_of((uint8_t[1]){0}, 1)),
             LP_OK);
    send_datagrams(&net->nodes[CLIENT], 1, 100);
    run(net, LP_SECONDS(1));
    CHECK_EQ(net->nodes[RELAY].stream_in, 1);
    CHECK_EQ(net->nodes[RELAY].datagrams_in, 101);
    net_free(net);
}

/* Two players, 60 packets a second each: an acknowledgement travels with the next one. */
TEST(acknowledgements_of_a_thin_flow_travel_with_its_datagrams)
{
    enum { ROUNDS = 120 };
    sim_net *net = connected_net(NULL);
    CHECK(run_until(net, LP_SECONDS(5), both_settled));
    run(net, LP_SECONDS(1));
    uint64_t relay = lp_quic_stats_of(net->nodes[RELAY].quic)->packets_out;
    uint64_t client = lp_quic_stats_of(net->nodes[CLIENT].quic)->packets_out;
    for (unsigned i = 0; i < ROUNDS; i++) {
        send_datagrams(&net->nodes[RELAY], 1, 100);
        run(net, LP_MS(9));
        send_datagrams(&net->nodes[CLIENT], 1, 100);
        run(net, LP_MS(8));
    }
    relay = lp_quic_stats_of(net->nodes[RELAY].quic)->packets_out - relay;
    client = lp_quic_stats_of(net->nodes[CLIENT].quic)->packets_out - client;
    CHECK(relay >= ROUNDS && relay <= ROUNDS + ROUNDS / 10);
    CHECK(client >= ROUNDS && client <= ROUNDS + ROUNDS / 10);
    run(net, LP_SECONDS(1));
    CHECK_EQ(net->nodes[RELAY].datagrams_in, ROUNDS);
    CHECK_EQ(lp_conn_look(net->nodes[RELAY].conn).packets_lost, 0);
    net_free(net);
}

/* Each wakes the sender up. Where the way is short, a packet a millisecond would have one
 * each; what fills the congestion window must hear soon. */
TEST(acknowledgements_of_small_datagrams_are_few_and_of_large_ones_prompt)
{
    enum { COUNT = 200 };
    static const struct {
        const char *name;
        size_t len;
        unsigned min_packets, max_packets;
    } rows[] = {
        {"small", 100, COUNT / 36, COUNT / 10},
        {"large", 1100, COUNT / 5, COUNT / 2 + 10},
    };
    EACH_ROW (row, rows) {
        sim_net *net = connected_net(NULL);
        net->delay = LP_US(100);
        CHECK(run_until(net, LP_SECONDS(5), both_settled));
        run(net, LP_SECONDS(1));
        const lp_quic_stats *relay = lp_quic_stats_of(net->nodes[RELAY].quic);
        uint64_t before = relay->packets_out;
        for (unsigned i = 0; i < COUNT; i++) {
            send_datagrams(&net->nodes[CLIENT], 1, row->len);
            run(net, LP_MS(1));
        }
        CHECK(relay->packets_out - before >= row->min_packets);
        CHECK(relay->packets_out - before <= row->max_packets);
        CHECK_EQ(net->nodes[RELAY].datagrams_in, COUNT);
        run(net, LP_MS(25));
        CHECK_EQ(lp_conn_look(net->nodes[CLIENT].conn).in_flight, 0);
        net_free(net);
    }
}

/* An alarm for it would wake the receiver once more. */
TEST(an_acknowledgement_goes_when_another_packet_comes_or_soon_without_one)
{
    static const struct {
        const char *name;
        lp_duration apart, answered, unanswered;
    } rows[] = {
        {"another packet a little later", LP_US(1500), LP_US(1800), LP_US(1600)},
        {"another packet at once, and none after", LP_US(300), LP_US(5600),
         LP_US(4900)},
    };
    EACH_ROW (row, rows) {
        sim_net *net = net_over(LP_US(100), NULL);
        lp_conn *conn = net->nodes[CLIENT].conn;
        CHECK(run_until(net, LP_SECONDS(5), both_settled));
        run(net, LP_SECONDS(1));
        (void)lp_conn_feel(conn);
        send_datagrams(&net->nodes[CLIENT], 1, 1300);
        run(net, row->apart);
        send_datagrams(&net->nodes[CLIENT], 1, 1300);
        run(net, row->unanswered - row->apart);
        CHECK(lp_conn_look(conn).in_flight > 0);
        run(net, row->answered - row->unanswered);
        CHECK_EQ(lp_conn_look(conn).in_flight, 0);
        lp_duration rtt = lp_conn_feel(conn).rtt; /* without the receiver's patience */
        CHECK(rtt >= 2 * net->delay);
        CHECK(rtt < 2 * net->delay + LP_US(100));
        net_free(net);
    }
}

/* RFC 9000 section 13.2.1: within max_ack_delay, which is 25 ms. */
TEST(an_acknowledgement_without_company_is_not_late)
{
    sim_net *net = connected_net(NULL);
    CHECK(run_until(net, LP_SECONDS(5), both_settled));
    run(net, LP_SECONDS(1));
    send_datagrams(&net->nodes[CLIENT], 1, 100);
    run(net, 2 * net->delay + LP_MS(15));
    CHECK(lp_conn_look(net->nodes[CLIENT].conn).in_flight > 0);
    run(net, LP_MS(10));
    CHECK_EQ(lp_conn_look(net->nodes[CLIENT].conn).in_flight, 0);
    net_free(net);
}

/* A download that is spaced out, and what comes back from its receiver. */
TEST(an_acknowledgement_goes_with_a_datagram_that_waits_for_its_turn)
{
    enum { ROUNDS = 100 };
    static const struct {
        const char *name;
        lp_duration apart;
        unsigned min_packets, max_packets;
    } rows[] = {
        {"soon", LP_MS(5), ROUNDS, ROUNDS + ROUNDS / 10},
        {"too late to wait for", LP_MS(12), 2 * ROUNDS - ROUNDS / 10, 2 * ROUNDS + 5},
    };
    EACH_ROW (row, rows) {
        sim_net *net = connected_net(NULL);
        sim_node *relay = &net->nodes[RELAY], *client = &net->nodes[CLIENT];
        CHECK(run_until(net, LP_SECONDS(5), both_settled));
        run(net, LP_SECONDS(1));
        uint64_t before = lp_quic_stats_of(relay->quic)->packets_out;
        for (unsigned i = 0; i < ROUNDS; i++) {
            relay->held_until = net->now + row->apart;
            send_datagrams(relay, 1, 1100);
            send_datagrams(client, 1, 100);
            run(net, row->apart);
        }
        uint64_t sent = lp_quic_stats_of(relay->quic)->packets_out - before;
        CHECK(sent >= row->min_packets);
        CHECK(sent <= row->max_packets);
        run(net, LP_SECONDS(1));
        CHECK_EQ(client->datagrams_in, ROUNDS);
        CHECK_EQ(relay->datagrams_in, ROUNDS);
        CHECK_EQ(lp_conn_look(client->conn).packets_lost, 0);
        net_free(net);
    }
}

static void no_limit_per_ip(lp_quic_config *config)
{
    config->max_conns_per_ip = 0;
}

TEST(many_connections_share_one_endpoint)
{
    enum { MANY = 500 };
    sim_net *net = connected_net(no_limit_per_ip);
    net->nodes[CLIENT].has_all_ports = true;
    for (unsigned i = 1; i < MANY; i++) {
        net->nodes[CLIENT].addr.port = (uint16_t)(50000 + i);
        dial(net, CLIENT);
        run(net, LP_MS(200));
    }
    CHECK_EQ(net->nodes[CLIENT].connected, MANY);
    CHECK_EQ(lp_quic_conn_count(net->nodes[RELAY].quic), MANY);
    net->nodes[RELAY].datagrams_in = 0;
    send_datagrams(&net->nodes[CLIENT], 1, 50);
    run(net, LP_MS(100));
    CHECK_EQ(net->nodes[RELAY].datagrams_in, 1);
    net_free(net);
}

/* --- endings ---------------------------------------------------------------------- */

/* RFC 9000 19.19: the phrase is UTF-8, so that it is cut between characters. */
TEST(a_long_reason_is_cut_between_characters)
{
    char words[301] = "x"; /* one octet, then characters of two */
    for (int i = 1; i < 299; i += 2)
        memcpy(words + i, "\xc3\xa4", 3);
    sim_net *net = connected_net(NULL);
    lp_conn_close(net->nodes[CLIENT].conn, 7, words);
    write_all(net);
    const char *cut = net->nodes[CLIENT].end.reason;
    CHECK_EQ(strlen(cut), 255);
    CHECK_EQ((unsigned char)cut[254], 0xa4);

    sim_net *another = connected_net(NULL);
    lp_conn_close(another->nodes[CLIENT].conn, 7, words + 1);
    write_all(another);
    cut = another->nodes[CLIENT].end.reason;
    CHECK_EQ(strlen(cut), 254);
    CHECK_EQ((unsigned char)cut[253], 0xa4);
    net_free(net);
    net_free(another);
}

TEST(a_close_arrives_with_its_code_and_reason_after_what_was_sent)
{
    static const struct {
        const char *name;
        size_t closer, other;
    } rows[] = {{"the relay closes", RELAY, CLIENT},
                {"the client closes", CLIENT, RELAY}};
    EACH_ROW (row, rows) {
        sim_net *net = connected_net(NULL);
        sim_node *closer = &net->nodes[row->closer], *other = &net->nodes[row->other];
        CHECK_EQ(send_stream(net->nodes[CLIENT].conn, 0, 1), LP_OK);
        run(net, LP_SECONDS(1));
        size_t sent = row->closer == CLIENT;
        CHECK_EQ(send_stream(closer->conn, sent, 3000), LP_OK);
        lp_conn *conn = closer->conn;
        lp_conn_close(conn, 7, "good\x1bnight");
        CHECK_EQ(send_stream(conn, 0, 1), LP_ERR_CLOSED);
        CHECK_EQ(closer->ended, 0); /* not from inside the call */
        write_all(net);
        CHECK_EQ(closer->ended, 1);
        CHECK_EQ(closer->end.err, LP_ERR_CLOSED);
        CHECK_EQ(closer->end.code, 7);
        run(net, LP_SECONDS(1));
        CHECK_EQ(other->ended, 1);
        CHECK_EQ(other->end.err, LP_OK);
        CHECK_EQ(other->end.code, 7);
        CHECK_STR(other->end.reason, "good?night"); /* no escapes for a terminal */
        CHECK_EQ(other->stream_in, sent + 3000);
        CHECK_EQ(lp_quic_conn_count(closer->quic), 0);
        run(net, LP_SECONDS(20)); /* no leftovers: tombs fall, slots come back */
        CHECK_EQ(lp_quic_deadline(closer->quic), LP_NEVER);
        CHECK_EQ(lp_quic_deadline(other->quic), LP_NEVER);
        net_free(net);
    }
}

TEST(a_close_that_got_lost_is_said_again)
{
    sim_net *net = connected_net(NULL);
    run(net, LP_SECONDS(1));
    net->mtu = 0; /* nothing passes */
    lp_conn_close(net->nodes[RELAY].conn, 9, "bye");
    run(net, LP_MS(5));
    CHECK_EQ(net->nodes[RELAY].ended, 1);
    net->mtu = LP_UDP_PAYLOAD_MAX;
    send_datagrams(&net->nodes[CLIENT], 1, 100);
    run(net, LP_MS(100));
    CHECK_EQ(net->nodes[CLIENT].ended, 1);
    CHECK_EQ(net->nodes[CLIENT].end.code, 9);
    CHECK_EQ(lp_quic_stats_of(net->nodes[RELAY].quic)->resets, 0);
    net_free(net);
}

TEST(a_close_waits_only_so_long_for_a_peer_that_does_not_read)
{
    sim_net *net = connected_net(NULL);
    CHECK_EQ(send_stream(net->nodes[CLIENT].conn, 0, 1), LP_OK);
    run(net, LP_SECONDS(1));
    net->nodes[RELAY].is_deaf = true;
    CHECK_EQ(send_stream(net->nodes[CLIENT].conn, 1, STREAM_LEN), LP_OK);
    lp_conn_close(net->nodes[CLIENT].conn, 1, "enough");
    run(net, LP_SECONDS(2));
    CHECK_EQ(net->nodes[CLIENT].ended, 1);
    CHECK_EQ(net->nodes[CLIENT].end.err, LP_ERR_CLOSED);
    net_free(net);
}

static bool client_ended(const sim_net *net)
{
    return net->nodes[CLIENT].ended > 0;
}

TEST(a_connection_that_on_connected_refuses_is_closed)
{
    sim_net *net = net_new();
    start_endpoint(net, RELAY, NULL);
    start_endpoint(net, CLIENT, NULL);
    net->nodes[RELAY].refuses = true;
    dial(net, CLIENT);
    CHECK(run_until(net, LP_SECONDS(5), client_ended));
    CHECK_EQ(net->nodes[CLIENT].end.err, LP_ERR_REFUSED);
    CHECK_EQ(net->nodes[RELAY].ended, 1);
    CHECK_EQ(lp_quic_conn_count(net->nodes[RELAY].quic), 0);
    net_free(net);
}

TEST(a_connection_can_be_closed_before_it_is_one)
{
    sim_net *net = net_new();
    start_endpoint(net, CLIENT, NULL);
    lp_conn_close(dial(net, CLIENT), 3, "changed my mind");
    run(net, LP_MS(10));
    CHECK_EQ(net->nodes[CLIENT].ended, 1);
    CHECK_EQ(net->nodes[CLIENT].end.err, LP_ERR_CLOSED);
    CHECK_EQ(net->nodes[CLIENT].end.code, 3);
    net_free(net);
}

TEST(nobody_there_is_a_timeout)
{
    sim_net *net = net_new();
    start_endpoint(net, CLIENT, NULL);
    dial(net, CLIENT);
    CHECK(run_until(net, LP_SECONDS(11), client_ended));
    CHECK_EQ(net->nodes[CLIENT].end.err, LP_ERR_TIMEOUT);
    CHECK_EQ(lp_quic_stats_of(net->nodes[CLIENT].quic)->handshakes_failed, 1);
    net_free(net);
}

static void no_keep_alive(lp_quic_config *config)
{
    config->keep_alive = 0;
}

TEST(silence_ends_a_connection_unless_it_is_kept_alive)
{
    static const struct {
        const char *name;
        void (*adjust)(lp_quic_config *);
        bool is_deaf, ends;
    } rows[] = {
        {"kept alive", NULL, false, false},
        {"the other side is gone", NULL, true, true},
        {"nothing to say", no_keep_alive, false, true},
    };
    EACH_ROW (row, rows) {
        sim_net *net = connected_net(row->adjust);
        run(net, LP_SECONDS(3));
        net->nodes[RELAY].is_deaf = row->is_deaf;
        run(net, LP_SECONDS(29) / 2);
        CHECK_EQ(net->nodes[CLIENT].ended, 0);
        run(net, LP_SECONDS(100));
        CHECK_EQ(net->nodes[CLIENT].ended, row->ends);
        CHECK_EQ(net->nodes[RELAY].ended, row->ends);
        CHECK_EQ(net->nodes[CLIENT].end.err, row->ends ? LP_ERR_TIMEOUT : LP_OK);
        net_free(net);
    }
}

TEST(a_ping_is_answered_soon)
{
    sim_net *net = connected_net(no_keep_alive);
    run(net, LP_SECONDS(5));
    uint64_t before = lp_conn_look(net->nodes[CLIENT].conn).packets_received;
    run(net, LP_SECONDS(1));
    CHECK_EQ(lp_conn_look(net->nodes[CLIENT].conn).packets_received, before);
    lp_conn_ping(net->nodes[CLIENT].conn);
    run(net, LP_MS(100));
    CHECK_EQ(lp_conn_look(net->nodes[CLIENT].conn).packets_received, before + 1);
    run(net, LP_SECONDS(5)); /* once, not from now on */
    CHECK_EQ(lp_conn_look(net->nodes[CLIENT].conn).packets_received, before + 1);
    net_free(net);
}

TEST(a_restarted_relay_resets_what_it_has_forgotten)
{
    sim_net *net = connected_net(NULL);
    run(net, LP_SECONDS(1));
    start_endpoint(net, RELAY, NULL);
    send_datagrams(&net->nodes[CLIENT], 1, 100);
    lp_time start = net->now;
    CHECK(run_until(net, LP_SECONDS(5), client_ended));
    CHECK(net->now - start < LP_MS(30)); /* one round trip */
    CHECK_EQ(net->nodes[CLIENT].end.err, LP_ERR_IO);
    CHECK_HAS(net->nodes[CLIENT].end.reason, "forgotten");
    CHECK_EQ(lp_quic_stats_of(net->nodes[RELAY].quic)->resets, 1);
    net_free(net);
}

/* --- moving ----------------------------------------------------------------------- */

TEST(a_relay_follows_a_client_whose_nat_changed_its_mind)
{
    sim_net *net = connected_net(NULL);
    CHECK(run_until(net, LP_SECONDS(5), both_settled));
    net->nodes[CLIENT].nat = addr_of("198.51.100.7", 61000);
    send_datagrams(&net->nodes[CLIENT], 1, 100);
    run(net, LP_SECONDS(1));
    CHECK_EQ(net->nodes[RELAY].migrated, 1);
    CHECK(
        lp_addr_equal(lp_conn_remote(net->nodes[RELAY].conn), &net->nodes[CLIENT].nat));
    send_datagrams(&net->nodes[RELAY], 5, 100);
    run(net, LP_SECONDS(2));
    CHECK_EQ(net->nodes[CLIENT].datagrams_in, 5);
    CHECK_EQ(net->nodes[RELAY].budget, 1420); /* discovered anew */
    CHECK_EQ(net->nodes[CLIENT].ended, 0);
    net_free(net);
}

TEST(a_client_moves_to_another_address_and_back)
{
    sim_net *net = connected_net(NULL);
    sim_node *client = &net->nodes[CLIENT], *relay = &net->nodes[RELAY];
    CHECK_EQ(lp_conn_migrate(client->conn, &client->addr, net->now),
             LP_ERR_WOULD_BLOCK);
    CHECK(run_until(net, LP_SECONDS(5), both_settled));
    CHECK_EQ(lp_conn_migrate(client->conn, &client->addr, net->now), LP_ERR_IN_USE);
    client->moved = addr_of("203.0.113.5", 40000);
    CHECK_EQ(lp_conn_migrate(client->conn, &client->moved, net->now), LP_OK);
    run(net, LP_SECONDS(3));
    CHECK_EQ(relay->migrated, 1);
    CHECK(lp_addr_equal(lp_conn_remote(relay->conn), &client->moved));
    send_datagrams(client, 5, 100);
    send_datagrams(relay, 5, 100);
    run(net, LP_SECONDS(1));
    CHECK_EQ(relay->datagrams_in, 5);
    CHECK_EQ(client->datagrams_in, 5);
    CHECK_EQ(client->budget, 1420);
    CHECK(client->is_settled);
    CHECK_EQ(lp_conn_migrate(client->conn, &client->addr, net->now), LP_OK);
    run(net, LP_SECONDS(3));
    CHECK(lp_addr_equal(lp_conn_remote(relay->conn), &client->addr));
    CHECK_EQ(client->ended + relay->ended, 0);
    net_free(net);
}
