#include "quic_net.h"

#include <openssl/crypto.h>

/* OpenSSL 3.5 does not survive its own allocations failing (SSL_set_quic_tls_cbs), so the
 * harness fails only those of ngtcp2 and ours. */
void *__real_malloc(size_t size);
void *__real_realloc(void *at, size_t size);

static void *openssl_malloc(size_t size, const char *file, int line)
{
    return __real_malloc(size);
}

static void *openssl_realloc(void *at, size_t size, const char *file, int line)
{
    return __real_realloc(at, size);
}

static void openssl_free(void *at, const char *file, int line)
{
    free(at);
}

__attribute__((constructor)) static void spare_openssl(void)
{
    CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
}

static sim_net *quiet_net(void (*adjust)(lp_quic_config *))
{
    sim_net *net = net_new();
    start_endpoint(net, RELAY, adjust);
    start_endpoint(net, CLIENT, NULL);
    start_endpoint(net, OTHER, NULL);
    return net;
}

static const lp_quic_stats *stats(const sim_net *net)
{
    return lp_quic_stats_of(net->nodes[RELAY].quic);
}

/* What the client says first, as it leaves it. */
static sim_flight first_packet(sim_net *net)
{
    write_all(net);
    net->flight_count = 0;
    dial(net, CLIENT);
    write_all(net);
    CHECK_EQ(net->flight_count, 1);
    sim_flight first = net->flights[0];
    net->flight_count = 0;
    return first;
}

static void hand_in(sim_net *net, sim_flight *flight, size_t len)
{
    /* In memory of its own length, so that the sanitizer sees one octet too many. */
    uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, flight->octet, len);
    lp_udp_packet packet = {net->nodes[RELAY].addr, flight->from, 0,
                            lp_bytes_of(exact, len)};
    lp_quic_on_packet(net->nodes[RELAY].quic, &packet, net->now);
    free(exact);
}

/* --- limits ----------------------------------------------------------------------- */

static void few_handshakes(lp_quic_config *config)
{
    config->max_handshakes = 4;
}

static void few_conns(lp_quic_config *config)
{
    config->max_conns = 2;
}

static void few_per_ip(lp_quic_config *config)
{
    config->max_conns_per_ip = 2;
}

static void few_handshakes_per_ip(lp_quic_config *config)
{
    config->max_handshakes_per_ip = 4;
}

TEST(under_load_a_client_must_show_that_it_is_where_it_says)
{
    static const struct {
        const char *name;
        void (*adjust)(lp_quic_config *);
        unsigned retries;
    } rows[] = {
        {"no load", NULL, 0},
        {"half of all handshakes", few_handshakes, 1},
        {"half of one address's handshakes", few_handshakes_per_ip, 1},
    };
    EACH_ROW (row, rows) {
        sim_net *net = quiet_net(row->adjust);
        for (int i = 0; i < 2; i++) { /* half-open ones: said hello and left */
            sim_flight first = first_packet(net);
            first.from.port = (uint16_t)(1000 + i);
            hand_in(net, &first, first.len);
            start_endpoint(net, CLIENT, NULL);
        }
        dial(net, CLIENT);
        CHECK(run_until(net, LP_SECONDS(2), both_connected));
        CHECK_EQ(stats(net)->retries, row->retries);
        run(net, LP_SECONDS(20)); /* the half-open ones time out */
        CHECK_EQ(lp_quic_conn_count(net->nodes[RELAY].quic), 1);
        CHECK_EQ(stats(net)->handshakes_failed, 2);
        net_free(net);
    }
}

static bool client_is_refused(const sim_net *net)
{
    return net->nodes[CLIENT].ended && net->nodes[CLIENT].end.err == LP_ERR_REFUSED;
}

TEST(connections_beyond_a_limit_are_refused_and_told_so)
{
    static const struct {
        const char *name;
        void (*adjust)(lp_quic_config *);
        bool others_too;
    } rows[] = {
        {"all connections", few_conns, true},
        {"one address's", few_per_ip, false},
    };
    EACH_ROW (row, rows) {
        sim_net *net = quiet_net(row->adjust);
        dial(net, CLIENT);
        dial(net, CLIENT);
        run(net, LP_SECONDS(1));
        CHECK_EQ(net->nodes[CLIENT].connected, 2);
        dial(net, CLIENT);
        CHECK(run_until(net, LP_SECONDS(1), client_is_refused));
        CHECK_EQ(stats(net)->refused_limits, 1);
        dial(net, OTHER);
        run(net, LP_SECONDS(1));
        CHECK_EQ(net->nodes[OTHER].connected, !row->others_too);
        net_free(net);
    }
}

TEST(an_ipv6_network_counts_as_one_address)
{
    static const struct {
        const char *name, *ip;
        bool connects;
    } rows[] = {
        {"the same /64", "2001:db8::ffff", false},
        {"the next /64", "2001:db8:0:1::1", true},
    };
    EACH_ROW (row, rows) {
        sim_net *net = quiet_net(few_per_ip);
        net->nodes[RELAY].addr = addr_of("2001:db8:ffff::1", 443);
        net->nodes[CLIENT].addr = addr_of("2001:db8::1", 5000);
        net->nodes[OTHER].addr = addr_of(row->ip, 5000);
        dial(net, CLIENT);
        dial(net, CLIENT);
        run(net, LP_SECONDS(1));
        CHECK_EQ(net->nodes[CLIENT].connected, 2);
        dial(net, OTHER);
        run(net, LP_SECONDS(1));
        CHECK_EQ(net->nodes[OTHER].connected, row->connects);
        net_free(net);
    }
}

TEST(a_limit_counts_only_those_who_are_there)
{
    sim_net *net = quiet_net(few_per_ip);
    for (int i = 0; i < 5; i++) {
        dial(net, CLIENT);
        run(net, LP_SECONDS(1));
        CHECK_EQ(net->nodes[CLIENT].connected, i + 1);
        lp_conn_close(net->nodes[CLIENT].conn, 0, "");
        run(net, LP_SECONDS(1));
    }
    CHECK_EQ(stats(net)->refused_limits, 0);
    CHECK_EQ(lp_census_conns(net->nodes[RELAY].quic->census), 0);
    CHECK_EQ(lp_keymap_count(net->nodes[RELAY].quic->foreign_ids), 0);
    net_free(net);
}

/* --- strangers -------------------------------------------------------------------- */

TEST(an_unknown_version_is_told_which_one_we_speak)
{
    static const struct {
        const char *name;
        uint8_t version[4];
        size_t len;
        size_t answers;
    } rows[] = {
        {"full size", {0x1a, 0x2a, 0x3a, 0x4a}, 1200, 1},
        {"an amplifier's", {0x1a, 0x2a, 0x3a, 0x4a}, 1199, 0},
        {"version 2, which the library knows", {0x6b, 0x33, 0x43, 0xcf}, 1200, 1},
    };
    EACH_ROW (row, rows) {
        sim_net *net = quiet_net(NULL);
        lp_udp_packet answer;
        sim_flight hello = {
            .from = net->nodes[CLIENT].addr,
            .octet = {0xc0, 0, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 9}};
        memcpy(hello.octet + 1, row->version, sizeof row->version);
        hand_in(net, &hello, row->len);
        CHECK_EQ(net->nodes[RELAY].quic->stateless_count, row->answers);
        if (lp_quic_next_stateless(net->nodes[RELAY].quic, &answer)) {
            static const uint8_t after_first[] = {0, 0, 0, 0, 1, 9, 8, 1, 2, 3,
                                                  4, 5, 6, 7, 8, 0, 0, 0, 1};
            CHECK_BYTES(answer.payload.at + 1, answer.payload.len - 1, after_first,
                        sizeof after_first);
        }
        net_free(net);
    }
}

TEST(a_first_packet_cut_anywhere_harms_nobody)
{
    sim_net *net = quiet_net(NULL);
    sim_flight first = first_packet(net);
    for (size_t len = 0; len < first.len; len++)
        hand_in(net, &first, len);
    CHECK_EQ(lp_quic_conn_count(net->nodes[RELAY].quic), 0);
    CHECK_EQ(stats(net)->garbage, first.len);
    hand_in(net, &first, first.len);
    CHECK_EQ(lp_quic_conn_count(net->nodes[RELAY].quic), 1);
    net_free(net);
}

TEST(garbage_harms_nobody)
{
    sim_net *net = quiet_net(NULL);
    dial(net, CLIENT);
    CHECK(run_until(net, LP_SECONDS(1), both_connected));
    sim_flight noise = {.from = net->nodes[CLIENT].addr};
    for (int i = 0; i < 20000; i++) {
        size_t len = draw(net) % LP_UDP_PAYLOAD_MAX;
        draw_octets(net, noise.octet, 64);
        if (i % 2) /* what looks like an Initial gets further */
            memcpy(noise.octet, "\xc0\x00\x00\x00\x01\x08", 6);
        noise.from.port = (uint16_t)draw(net);
        hand_in(net, &noise, len);
        net->nodes[RELAY].quic->stateless_count = 0;
    }
    run(net, LP_SECONDS(30));
    CHECK_EQ(net->nodes[CLIENT].ended, 0);
    CHECK_EQ(lp_quic_conn_count(net->nodes[RELAY].quic), 1);
    net_free(net);
}

TEST(a_flipped_bit_anywhere_is_only_a_lost_packet)
{
    sim_net *net = quiet_net(NULL);
    sim_flight first = first_packet(net);
    net->nodes[CLIENT].is_deaf = true;
    for (size_t i = 0; i < first.len; i++) {
        sim_flight bent = first;
        bent.octet[i] ^= 1 << i % 8;
        bent.from.port = (uint16_t)(2000 + i);
        hand_in(net, &bent, bent.len);
    }
    run(net, LP_SECONDS(15));
    CHECK_EQ(net->nodes[RELAY].connected, 0);
    CHECK_EQ(lp_quic_conn_count(net->nodes[RELAY].quic), 0);
    net_free(net);
}

TEST(resets_are_smaller_than_their_cause_and_few)
{
    sim_net *net = quiet_net(NULL);
    lp_udp_packet answer;
    sim_flight stray = {.from = net->nodes[CLIENT].addr, .octet = {0x40, 3}};
    for (size_t len = 1; len < 100; len++) {
        net->now += LP_SECONDS(1);
        hand_in(net, &stray, len);
        bool answers = lp_quic_next_stateless(net->nodes[RELAY].quic, &answer);
        CHECK_EQ(answers, len > 21);
        CHECK(!answers || answer.payload.len < len);
    }
    uint64_t before = stats(net)->resets;
    net->now += LP_SECONDS(1);
    for (int i = 0; i < 1000; i++) {
        hand_in(net, &stray, 100);
        lp_quic_next_stateless(net->nodes[RELAY].quic, &answer);
    }
    CHECK_EQ(stats(net)->resets - before, 100);
    net_free(net);
}

/* --- memory ----------------------------------------------------------------------- */

TEST(running_out_of_memory_costs_one_connection_at_most)
{
    for (unsigned n = 1;; n += 1 + n / 16) {
        sim_net *net = quiet_net(NULL);
        sim_node *client = &net->nodes[CLIENT];
        lp_test_fail_allocation(n);
        lp_err err = lp_quic_dial(client->quic, &client->addr, &net->nodes[RELAY].addr,
                                  net->now, &client->conn);
        if (!err)
            run(net, LP_MS(500));
        bool has_failed = lp_test_allocation_failed();
        CHECK(!err || err == LP_ERR_NO_MEMORY);
        CHECK(lp_quic_conn_count(client->quic) <= 1);
        dial(net, CLIENT); /* the endpoints live on */
        run(net, LP_SECONDS(20));
        CHECK(net->nodes[CLIENT].connected >= 1);
        net_free(net);
        if (!has_failed)
            break;
    }
}

TEST(an_endpoint_needs_its_memory)
{
    lp_quic *quic = NULL;
    lp_why why;
    sim_net *net = quiet_net(NULL);
    lp_quic_config config = lp_quic_default_config();
    config.tls = net->relay_tls;
    config.random = (lp_random){draw_octets, net};
    for (unsigned n = 1;; n++) {
        lp_test_fail_allocation(n);
        lp_err err = lp_quic_new(&config, &quic, &why);
        bool has_failed = lp_test_allocation_failed();
        if (!err)
            lp_quic_free(quic);
        if (!has_failed)
            break;
        CHECK(err == LP_ERR_NO_MEMORY || err == LP_ERR_CRYPTO || err == LP_OK);
    }
    config.max_conns = 60000;
    CHECK_EQ(lp_quic_new(&config, &quic, &why), LP_ERR_TOO_BIG);
    net_free(net);
}
