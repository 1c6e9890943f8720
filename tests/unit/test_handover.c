/* Two endpoints of one relay, on one address; connections go from one to the other. */
#include "quic_net.h"

enum { MAIL_MAX = 64 };

/* A letter on its way between the two. */
typedef struct astray {
    uint8_t worker;
    lp_addr local, remote;
    size_t len;
    uint8_t octet[LP_UDP_PAYLOAD_MAX];
} astray;

static sim_net *net;
static lp_census *census;
static bool knows_old_ids; /* the system steers by them */
static lp_quic_past past;  /* of who moved last */
static astray mail[MAIL_MAX];
static size_t mail_count;
static unsigned forgotten;

static lp_quic *endpoint(unsigned worker)
{
    return net->nodes[worker == 0 ? RELAY : SECOND].quic;
}

static sim_node *node_of(unsigned worker)
{
    return &net->nodes[worker == 0 ? RELAY : SECOND];
}

static void note_astray(void *state, uint8_t worker, const lp_udp_packet *packet)
{
    astray *letter = &mail[mail_count++];
    CHECK(mail_count < MAIL_MAX);
    *letter = (astray){worker, packet->local, packet->remote, packet->payload.len, {0}};
    memcpy(letter->octet, packet->payload.at, letter->len);
}

static void note_forget(void *state, const lp_quic_past *gone)
{
    forgotten++;
    lp_quic_forget(endpoint(gone->stub.worker), gone->stub);
}

static void deliver_mail(void)
{
    for (size_t i = 0; i < mail_count; i++) {
        lp_udp_packet packet = {mail[i].local, mail[i].remote, 0,
                                lp_bytes_of(mail[i].octet, mail[i].len)};
        lp_quic_on_astray(endpoint(mail[i].worker), &packet, net->now);
    }
    mail_count = 0;
}

/* As the system's program does. */
static const sim_node *steer(const sim_net *all, const sim_flight *flight)
{
    ngtcp2_version_cid ids;
    if (ngtcp2_pkt_decode_version_cid(&ids, flight->octet, flight->len,
                                      LP_QUIC_CID_LEN))
        return node_of(0);
    for (size_t i = 0; knows_old_ids && i < past.id_count; i++)
        if (lp_bytes_equal(lp_bytes_of(ids.dcid, ids.dcidlen),
                           lp_bytes_of(past.ids[i].octet, LP_QUIC_CID_LEN)))
            return node_of(1);
    return node_of(lp_lane_worker(ids.dcid[0], 2));
}

static void be_one_of_two(lp_quic_config *config, uint8_t worker)
{
    config->worker = worker;
    config->workers = 2;
    config->census = census;
    config->handler.on_astray = note_astray;
    config->handler.on_forget = note_forget;
}

static void be_first(lp_quic_config *config)
{
    be_one_of_two(config, 0);
}

static void be_second(lp_quic_config *config)
{
    be_one_of_two(config, 1);
}

static void open_net(void)
{
    lp_quic_config config = lp_quic_default_config();
    lp_census_limits limits = lp_quic_census_limits(&config);
    census = lp_census_new(&limits, (const uint8_t *)"sixteen octets.");
    net = net_new();
    net->steer = steer;
    net->nodes[SECOND].addr = net->nodes[RELAY].addr;
    knows_old_ids = false;
    memset(&past, 0, sizeof past);
    mail_count = 0;
    forgotten = 0;
    start_endpoint(net, RELAY, be_first);
    start_endpoint(net, SECOND, be_second);
    start_endpoint(net, CLIENT, NULL);
    lp_quic_set_lane(net->nodes[CLIENT].quic, 4);
}

static void close_net(void)
{
    net_free(net);
    lp_census_free(census);
}

static void run_with_mail(lp_duration time)
{
    for (lp_time end = net->now + time; net->now < end;) {
        run(net, LP_MS(1));
        deliver_mail();
    }
}

static void connect_first(void)
{
    dial(net, CLIENT);
    CHECK(run_until(net, LP_SECONDS(5), both_connected));
}

static lp_conn *part(void)
{
    lp_conn *conn = net->nodes[RELAY].conn;
    CHECK_EQ(lp_quic_part(endpoint(0), conn, 1), LP_OK);
    net->nodes[RELAY].conn = NULL;
    return conn;
}

static void join(lp_conn *conn)
{
    CHECK_EQ(lp_quic_join(endpoint(1), conn, net->now), LP_OK);
    node_of(1)->conn = conn;
    past = *lp_conn_past(conn);
}

static void say(sim_node *node, size_t len)
{
    static uint64_t said; /* of one side, from the first octet on */
    uint8_t octets[4096];
    said = 0;
    for (size_t i = 0; i < len; i++)
        octets[i] = stream_octet(said++);
    CHECK_EQ(lp_conn_send(node->conn, lp_bytes_of(octets, len)), LP_OK);
}

/* Octets and datagrams, both ways. */
static void talk(void)
{
    sim_node *client = &net->nodes[CLIENT], *relay = node_of(1);
    say(client, 3000);
    client->datagrams_out = relay->datagrams_out = 5;
    client->datagram_len = relay->datagram_len = 900;
    lp_conn_want_write(client->conn);
    lp_conn_want_write(relay->conn);
    run_with_mail(LP_SECONDS(1));
    say(relay, 3000);
    run_with_mail(LP_SECONDS(1));
    CHECK_EQ(relay->stream_in, 3000);
    CHECK_EQ(client->stream_in, 3000);
    CHECK(!relay->stream_is_wrong && !client->stream_is_wrong);
    CHECK_EQ(relay->datagrams_in, 5);
    CHECK_EQ(client->datagrams_in, 5);
    CHECK_EQ(node_of(0)->datagrams_in, 0);
}

TEST(a_connection_comes_to_the_worker_that_its_first_id_names)
{
    open_net();
    connect_first();
    CHECK_EQ(lp_quic_conn_count(endpoint(0)), 1);
    CHECK_EQ(lp_quic_conn_count(endpoint(1)), 0);
    CHECK_EQ(lp_quic_stats_of(endpoint(0))->astray, 0);
    close_net();
}

TEST(a_connection_goes_on_where_it_was_handed_to)
{
    open_net();
    connect_first();
    join(part());
    CHECK_EQ(lp_quic_conn_count(endpoint(0)), 0);
    CHECK_EQ(lp_quic_conn_count(endpoint(1)), 1);
    talk();
    CHECK_EQ(net->nodes[CLIENT].ended, 0);
    CHECK_EQ(node_of(1)->budget, lp_conn_budget(node_of(1)->conn));
    CHECK(node_of(1)->is_settled); /* told anew */
    CHECK_EQ(lp_quic_stats_of(endpoint(1))->moved_in, 1);
    CHECK(lp_quic_stats_of(endpoint(0))->astray > 0);
    close_net();
}

TEST(nothing_goes_astray_where_the_system_knows_the_old_ids)
{
    open_net();
    connect_first();
    run(net, LP_SECONDS(1));
    knows_old_ids = true;
    join(part());
    talk();
    CHECK_EQ(lp_quic_stats_of(endpoint(0))->astray, 0);
    CHECK_EQ(lp_quic_stats_of(endpoint(1))->astray, 0);
    close_net();
}

TEST(what_arrives_while_it_is_on_its_way_is_not_lost)
{
    open_net();
    connect_first();
    lp_conn *conn = part();
    net->nodes[CLIENT].datagrams_out = 3;
    net->nodes[CLIENT].datagram_len = 500;
    lp_conn_want_write(net->nodes[CLIENT].conn);
    run(net, LP_MS(30));
    CHECK(mail_count > 0);
    join(conn);
    run_with_mail(LP_MS(100));
    CHECK_EQ(node_of(1)->datagrams_in, 3);
    close_net();
}

TEST(a_bad_network_does_not_hinder_it)
{
    open_net();
    connect_first();
    net->loss = 5;
    net->duplicates = 20;
    net->jitter = LP_MS(15);
    join(part());
    say(&net->nodes[CLIENT], 4096);
    say(node_of(1), 4096);
    run_with_mail(LP_SECONDS(10));
    CHECK_EQ(node_of(1)->stream_in, 4096);
    CHECK_EQ(net->nodes[CLIENT].stream_in, 4096);
    close_net();
}

TEST(the_worker_that_it_left_may_close)
{
    open_net();
    connect_first();
    join(part());
    knows_old_ids = true;
    lp_quic_free(endpoint(0));
    node_of(0)->quic = NULL;
    talk();
    close_net();
}

TEST(a_client_behind_a_nat_that_changes_its_mind_is_followed)
{
    open_net();
    connect_first();
    join(part());
    net->nodes[CLIENT].nat = addr_of("203.0.113.5", 60001);
    lp_conn_ping(net->nodes[CLIENT].conn);
    run_with_mail(LP_SECONDS(1));
    talk();
    CHECK_EQ(node_of(1)->migrated, 1);
    close_net();
}

TEST(a_client_that_migrates_calls_it_by_another_id_and_finds_it)
{
    open_net();
    connect_first();
    join(part());
    run_with_mail(LP_SECONDS(1));
    net->nodes[CLIENT].moved = addr_of("203.0.113.77", 50000);
    CHECK_EQ(
        lp_conn_migrate(net->nodes[CLIENT].conn, &net->nodes[CLIENT].moved, net->now),
        LP_OK);
    talk();
    CHECK_EQ(node_of(1)->migrated, 1);
    close_net();
}

static size_t free_slots(const lp_quic *quic)
{
    size_t count = 0;
    for (const lp_slot *slot = quic->free_slots; slot; slot = slot->next_free)
        count++;
    return count;
}

TEST(nothing_is_left_of_it_anywhere_when_it_has_ended)
{
    open_net();
    connect_first();
    join(part());
    CHECK_EQ(free_slots(endpoint(0)), endpoint(0)->slot_count - 1); /* the stub */
    CHECK(lp_keymap_count(endpoint(1)->foreign_ids) > 0);
    CHECK_EQ(lp_census_conns(census), 1);
    lp_conn_close(net->nodes[CLIENT].conn, 0, "bye");
    run_with_mail(LP_SECONDS(20));
    CHECK_EQ(node_of(1)->ended, 1);
    CHECK_STR(node_of(1)->end.reason, "bye");
    CHECK_EQ(node_of(0)->ended, 0);
    CHECK_EQ(forgotten, 1);
    CHECK_EQ(free_slots(endpoint(0)), endpoint(0)->slot_count);
    CHECK_EQ(free_slots(endpoint(1)), endpoint(1)->slot_count);
    CHECK_EQ(lp_keymap_count(endpoint(0)->foreign_ids), 0);
    CHECK_EQ(lp_keymap_count(endpoint(1)->foreign_ids), 0);
    CHECK_EQ(lp_census_conns(census), 0);
    close_net();
}

TEST(one_that_ends_at_once_where_it_went_ends_there)
{
    open_net();
    connect_first();
    join(part());
    lp_conn_close(node_of(1)->conn, 7, "no seat");
    run_with_mail(LP_SECONDS(20));
    CHECK_EQ(net->nodes[CLIENT].end.err, LP_OK);
    CHECK_EQ(net->nodes[CLIENT].end.code, 7);
    CHECK_EQ(forgotten, 1);
    close_net();
}

TEST(one_that_joins_nobody_is_freed)
{
    open_net();
    connect_first();
    lp_quic_discard(part());
    close_net();
}

TEST(a_worker_without_a_slot_takes_nobody_in)
{
    open_net();
    connect_first();
    lp_conn *conn = part();
    endpoint(1)->free_slots = NULL;
    CHECK_EQ(lp_quic_join(endpoint(1), conn, net->now), LP_ERR_FULL);
    CHECK_EQ(forgotten, 1);
    CHECK_EQ(lp_census_conns(census), 0);
    run_with_mail(LP_SECONDS(40));
    CHECK_EQ(net->nodes[CLIENT].ended, 1); /* by a stateless reset, or silence */
    close_net();
}

TEST(one_that_is_due_is_taken_off_the_list)
{
    open_net();
    start_endpoint(net, OTHER, NULL); /* lane 0 */
    connect_first();
    lp_conn *first = net->nodes[RELAY].conn;
    dial(net, OTHER);
    run(net, LP_SECONDS(1));
    CHECK_EQ(lp_quic_conn_count(endpoint(0)), 2);
    lp_conn *second = net->nodes[RELAY].conn;
    lp_conn_want_write(first);
    lp_conn_want_write(second);
    net->nodes[RELAY].conn = first;
    join(part());
    CHECK(lp_quic_next_due(endpoint(0), net->now) == second);
    CHECK(lp_quic_next_due(endpoint(0), net->now) == NULL);
    lp_conn_want_write(second);
    net->nodes[RELAY].conn = second; /* the last of the list */
    join(part());
    CHECK(lp_quic_next_due(endpoint(0), net->now) == NULL);
    run_with_mail(LP_SECONDS(1));
    CHECK_EQ(net->nodes[CLIENT].ended + net->nodes[OTHER].ended, 0);
    close_net();
}

TEST(a_retry_leads_back_to_the_same_worker)
{
    open_net();
    lp_addr somewhere = addr_of("192.0.2.99", 1);
    for (size_t i = 0; i < lp_quic_default_config().max_handshakes / 2; i++) {
        somewhere.ip[2] = (uint8_t)i;
        somewhere.ip[1] = (uint8_t)(i >> 8);
        CHECK_EQ(lp_census_enter(census, &somewhere), LP_OK);
    }
    connect_first();
    CHECK_EQ(lp_quic_stats_of(endpoint(0))->retries, 1);
    CHECK_EQ(lp_quic_conn_count(endpoint(0)), 1);
    CHECK_EQ(lp_quic_stats_of(endpoint(0))->astray, 0);
    CHECK_EQ(lp_quic_stats_of(endpoint(1))->astray, 0);
    close_net();
}

/* A packet with a short header to an id that begins with `octet`, for worker 0's socket. */
static void hand_in_stray(uint8_t octet)
{
    uint8_t payload[60] = {0x40, octet, 1, 2, 3, 4, 5, 6, 7};
    lp_udp_packet packet = {net->nodes[RELAY].addr, net->nodes[CLIENT].addr, 0,
                            lp_bytes_of(payload, sizeof payload)};
    lp_quic_on_packet(endpoint(0), &packet, net->now);
}

TEST(only_the_worker_whose_id_it_is_says_that_it_knows_nothing)
{
    open_net();
    hand_in_stray(1);
    CHECK_EQ(lp_quic_stats_of(endpoint(0))->resets, 0);
    CHECK_EQ(mail_count, 1);
    deliver_mail();
    CHECK_EQ(lp_quic_stats_of(endpoint(1))->resets, 1);
    hand_in_stray(2); /* of a run with more workers; now its lane is ours */
    CHECK_EQ(lp_quic_stats_of(endpoint(0))->resets, 1);
    CHECK_EQ(mail_count, 0);
    close_net();
}

TEST(parting_without_memory_changes_nothing)
{
    open_net();
    connect_first();
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_quic_part(endpoint(0), net->nodes[RELAY].conn, 1), LP_ERR_NO_MEMORY);
    CHECK_EQ(lp_quic_conn_count(endpoint(0)), 1);
    run(net, LP_SECONDS(40));
    CHECK_EQ(net->nodes[CLIENT].ended, 0);
    close_net();
}
