#include "os/udp.h"
#include "ready.h"
#include "test.h"

#include <sys/socket.h>

static lp_addr addr(const char *ip, uint16_t port)
{
    lp_addr out = {0};
    CHECK_EQ(lp_addr_read_ip(ip, port, &out), LP_OK);
    return out;
}

static lp_udp *open_at(const char *ip)
{
    lp_udp *udp = NULL;
    lp_why why;
    lp_addr at = addr(ip, 0);
    CHECK_EQ(lp_udp_open(&at, false, &udp, &why), LP_OK);
    return udp;
}

static lp_addr reach(const lp_udp *udp, const char *ip)
{
    return addr(ip, lp_udp_local(udp).port);
}

static size_t send_one(lp_udp *from, const lp_udp_train *train)
{
    size_t sent = 0;
    CHECK_EQ(lp_udp_send(from, train, 1, &sent), LP_OK);
    return sent;
}

/* Gathers `want` packets; a train may come in several parts. */
static void receive_all(lp_udp *udp, size_t want, size_t *out_total,
                        size_t *out_packets)
{
    *out_total = *out_packets = 0;
    while (*out_packets < want && wait_readable(lp_udp_fd(udp))) {
        const lp_udp_in *packets;
        size_t count;
        if (lp_udp_receive(udp, &packets, &count) != LP_OK)
            continue;
        *out_packets += count;
        for (size_t i = 0; i < count; i++)
            *out_total += packets[i].payload.len;
    }
}

TEST(a_packet_arrives_with_both_addresses_and_its_ecn_bits)
{
    static const struct {
        const char *name, *bind_to, *target;
        uint8_t ecn;
        uint8_t family;
    } rows[] = {
        {"IPv4", "127.0.0.1", "127.0.0.1", 0, 4},
        {"IPv4, ECT(0)", "127.0.0.1", "127.0.0.1", 2, 4},
        {"IPv4 on a socket of both kinds", "::", "127.0.0.1", 0, 4},
        {"the same, CE", "::", "127.0.0.2", 3, 4},
        {"IPv6", "::1", "::1", 0, 6},
        {"IPv6 on a socket of both kinds, ECT(1)", "::", "::1", 1, 6},
    };
    EACH_ROW (row, rows) {
        lp_udp *here = open_at(row->bind_to), *there = open_at(row->bind_to);
        lp_addr target = reach(there, row->target);
        lp_udp_train train = {
            .remote = target, .ecn = row->ecn, .payloads = lp_bytes_of("hello", 5)};
        CHECK_EQ(send_one(here, &train), 1);
        const lp_udp_in *in;
        size_t count = 0;
        CHECK(wait_readable(lp_udp_fd(there)));
        CHECK_EQ(lp_udp_receive(there, &in, &count), LP_OK);
        CHECK_EQ(count, 1);
        CHECK_BYTES(in->payload.at, in->payload.len, "hello", 5);
        CHECK_EQ(in->ecn, row->ecn);
        CHECK_EQ(in->remote.family, row->family);
        CHECK_EQ(in->remote.port, lp_udp_local(here).port);
        CHECK(lp_addr_equal(&in->local, &target));
        lp_udp_close(here);
        lp_udp_close(there);
    }
}

TEST(an_answer_leaves_from_the_address_that_was_asked)
{
    lp_udp *here = open_at("::"), *there = open_at("::");
    const lp_udp_in *in;
    size_t count;
    lp_udp_train question = {.remote = reach(there, "127.0.0.9"),
                             .payloads = lp_bytes_of("?", 1)};
    CHECK_EQ(send_one(here, &question), 1);
    CHECK(wait_readable(lp_udp_fd(there)));
    CHECK_EQ(lp_udp_receive(there, &in, &count), LP_OK);
    lp_udp_train answer = {
        .local = in->local, .remote = in->remote, .payloads = lp_bytes_of("!", 1)};
    CHECK_EQ(send_one(there, &answer), 1);
    CHECK(wait_readable(lp_udp_fd(here)));
    CHECK_EQ(lp_udp_receive(here, &in, &count), LP_OK);
    CHECK(lp_addr_equal(&in->remote, &question.remote));
    lp_udp_close(here);
    lp_udp_close(there);
}

static void check_train(const char *bind_to, const char *target, bool gso_works)
{
    static uint8_t payload[LP_UDP_TRAIN_BYTES];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i / 1000);
    lp_udp *here = open_at(bind_to), *there = open_at(bind_to);
    int no_checksum = 1; /* makes the kernel refuse trains with EINVAL */
    if (!gso_works)
        setsockopt(lp_udp_fd(here), SOL_SOCKET, SO_NO_CHECK, &no_checksum, sizeof(int));

    lp_udp_train train = {.remote = reach(there, target),
                          .payloads = lp_bytes_of(payload, 43500),
                          .segment_len = 1000};
    CHECK_EQ(send_one(here, &train), 1);
    size_t packets = 0;
    while (packets < 44 && wait_readable(lp_udp_fd(there))) {
        const lp_udp_in *in;
        size_t count = 0;
        CHECK_EQ(lp_udp_receive(there, &in, &count), LP_OK);
        for (size_t i = 0; i < count; i++, packets++) {
            CHECK_EQ(in[i].payload.len, packets < 43 ? 1000 : 500);
            CHECK_EQ(in[i].payload.at[0], packets);
            CHECK_EQ(in[i].payload.at[in[i].payload.len - 1], packets);
        }
    }
    CHECK_EQ(packets, 44);
    lp_udp_close(here);
    lp_udp_close(there);
}

TEST(a_train_arrives_as_its_packets_in_order)
{
    check_train("127.0.0.1", "127.0.0.1", true);
    check_train("::", "127.0.0.1", true);
    check_train("::1", "::1", true);
}

TEST(a_train_that_the_kernel_refuses_goes_packet_by_packet)
{
    check_train("127.0.0.1", "127.0.0.1", false);
}

TEST(more_trains_than_one_call_takes_all_leave)
{
    enum { TRAINS = 3 * LP_UDP_BATCH + 1 };
    static const uint8_t payload[200];
    lp_udp *here = open_at("127.0.0.1"), *there = open_at("127.0.0.1");
    lp_udp_train trains[TRAINS];
    size_t sent = 0, total, packets;
    for (size_t i = 0; i < TRAINS; i++)
        trains[i] = (lp_udp_train){.remote = reach(there, "127.0.0.1"),
                                   .payloads = lp_bytes_of(payload, 200),
                                   .segment_len = i % 2 ? 100 : 0};
    CHECK_EQ(lp_udp_send(here, trains, TRAINS, &sent), LP_OK);
    CHECK_EQ(sent, TRAINS);
    receive_all(there, TRAINS + TRAINS / 2, &total, &packets);
    CHECK_EQ(packets, TRAINS + TRAINS / 2);
    CHECK_EQ(total, 200 * TRAINS);
    lp_udp_close(here);
    lp_udp_close(there);
}

TEST(what_cannot_be_delivered_is_lost_and_the_rest_goes_on)
{
    lp_udp *here = open_at("127.0.0.1"), *there = open_at("127.0.0.1");
    lp_udp *closed = open_at("127.0.0.1");
    lp_addr nobody = reach(closed, "127.0.0.1");
    lp_udp_close(closed);
    const lp_udp_train trains[] = {
        {.remote = nobody, .payloads = lp_bytes_of("1", 1)},
        {.remote = addr("::1", 9), .payloads = lp_bytes_of("2", 1)},
        {.remote = addr("255.255.255.255", 9), .payloads = lp_bytes_of("3", 1)},
        {.remote = reach(there, "127.0.0.1"), .payloads = lp_bytes_of("4", 1)},
    };
    size_t sent = 0, total, packets;
    CHECK_EQ(lp_udp_send(here, trains, 4, &sent), LP_OK);
    CHECK_EQ(sent, 4);
    receive_all(there, 1, &total, &packets);
    CHECK_EQ(packets, 1);
    const lp_udp_in *in;
    size_t count;
    CHECK_EQ(lp_udp_receive(here, &in, &count), LP_ERR_WOULD_BLOCK);
    lp_udp_close(here);
    lp_udp_close(there);
}

TEST(a_source_address_that_is_gone_is_replaced)
{
    static const struct {
        const char *name, *bind_to, *target, *gone;
        size_t segment_len;
    } rows[] = {
        {"IPv4", "127.0.0.1", "127.0.0.1", "192.0.2.77", 0},
        {"IPv4, a train", "::", "127.0.0.1", "192.0.2.77", 1},
        {"IPv6", "::", "::1", "2001:db8::77", 0},
    };
    EACH_ROW (row, rows) {
        lp_udp *here = open_at(row->bind_to), *there = open_at(row->bind_to);
        lp_udp_train train = {.local = addr(row->gone, 0),
                              .remote = reach(there, row->target),
                              .payloads = lp_bytes_of("hello", 5),
                              .segment_len = row->segment_len};
        size_t total, packets, want = row->segment_len ? 5 : 1;
        CHECK_EQ(send_one(here, &train), 1);
        receive_all(there, want, &total, &packets);
        CHECK_EQ(packets, want);
        CHECK_EQ(total, 5);
        lp_udp_close(here);
        lp_udp_close(there);
    }
}

TEST(nothing_there_is_would_block)
{
    lp_udp *udp = open_at("::1");
    const lp_udp_in *in;
    size_t count;
    CHECK_EQ(lp_udp_receive(udp, &in, &count), LP_ERR_WOULD_BLOCK);
    lp_udp_close(udp);
}

TEST(an_empty_datagram_is_no_packet)
{
    lp_udp *here = open_at("127.0.0.1"), *there = open_at("127.0.0.1");
    lp_udp_train train = {.remote = reach(there, "127.0.0.1"),
                          .payloads = lp_bytes_of("", 0)};
    const lp_udp_in *in;
    size_t count = 1;
    CHECK_EQ(send_one(here, &train), 1);
    CHECK(wait_readable(lp_udp_fd(there)));
    CHECK_EQ(lp_udp_receive(there, &in, &count), LP_OK);
    CHECK_EQ(count, 0);
    lp_udp_close(here);
    lp_udp_close(there);
}

TEST(a_port_that_is_taken_is_named)
{
    lp_udp *first = open_at("127.0.0.1"), *second = NULL;
    lp_addr taken = lp_udp_local(first);
    lp_addr foreign = addr("192.0.2.77", 0);
    char text[LP_ADDR_TEXT_LEN];
    lp_why why;
    CHECK_EQ(lp_udp_open(&taken, false, &second, &why), LP_ERR_IN_USE);
    CHECK_HAS(why.text, lp_addr_write(&taken, text));
    CHECK_EQ(lp_udp_open(&foreign, false, &second, &why), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, "192.0.2.77");
    CHECK(second == NULL);
    lp_udp_close(first);
}

TEST(workers_may_share_a_port)
{
    lp_udp *first = NULL, *second = NULL;
    lp_why why;
    lp_addr any = addr("127.0.0.1", 0);
    CHECK_EQ(lp_udp_open(&any, true, &first, &why), LP_OK);
    lp_addr same = lp_udp_local(first);
    CHECK_EQ(lp_udp_open(&same, true, &second, &why), LP_OK);
    lp_udp_close(first);
    lp_udp_close(second);
}

TEST(running_out_of_memory_is_told)
{
    lp_why why;
    lp_udp *udp = NULL;
    lp_addr any = addr("127.0.0.1", 0);
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_udp_open(&any, false, &udp, &why), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
    CHECK(udp == NULL);
}
