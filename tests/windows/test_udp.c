#include "os/udp.h"
#include "ready.h"
#include "test.h"

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

static void send_one(lp_udp *from, const lp_udp_train *train)
{
    size_t sent = 0;
    CHECK_EQ(lp_udp_send(from, train, 1, &sent), LP_OK);
    CHECK_EQ(sent, 1);
}

TEST(a_packet_arrives_with_both_addresses)
{
    static const struct {
        const char *name, *bind_to, *target;
        uint8_t family;
    } rows[] = {
        {"IPv4", "127.0.0.1", "127.0.0.1", 4},
        {"IPv4 on a socket of both kinds", "::", "127.0.0.1", 4},
        {"IPv6", "::1", "::1", 6},
        {"IPv6 on a socket of both kinds", "::", "::1", 6},
    };
    EACH_ROW (row, rows) {
        lp_udp *here = open_at(row->bind_to), *there = open_at(row->bind_to);
        lp_addr target = reach(there, row->target);
        lp_udp_train train = {.remote = target, .payloads = lp_bytes_of("hello", 5)};
        const lp_udp_in *in;
        size_t count = 0;
        send_one(here, &train);
        CHECK(wait_readable(lp_udp_fd(there)));
        CHECK_EQ(lp_udp_receive(there, &in, &count), LP_OK);
        CHECK_EQ(count, 1);
        CHECK_BYTES(in->payload.at, in->payload.len, "hello", 5);
        CHECK_EQ(in->remote.family, row->family);
        CHECK_EQ(in->remote.port, lp_udp_local(here).port);
        CHECK(lp_addr_equal(&in->local, &target));
        CHECK_EQ(lp_udp_receive(there, &in, &count), LP_ERR_WOULD_BLOCK);
        lp_udp_close(here);
        lp_udp_close(there);
    }
}

TEST(a_train_arrives_packet_by_packet)
{
    static uint8_t payloads[1000];
    lp_udp *here = open_at("127.0.0.1"), *there = open_at("127.0.0.1");
    lp_udp_train train = {.remote = reach(there, "127.0.0.1"),
                          .payloads = lp_bytes_of(payloads, sizeof payloads),
                          .segment_len = 300};
    size_t lens[4] = {0}, got = 0;
    send_one(here, &train);
    while (got < 4 && wait_readable(lp_udp_fd(there))) {
        const lp_udp_in *in;
        size_t count = 0;
        if (lp_udp_receive(there, &in, &count) == LP_OK)
            for (size_t i = 0; i < count && got < 4; i++)
                lens[got++] = in[i].payload.len;
    }
    CHECK_EQ(got, 4);
    CHECK_EQ(lens[0], 300);
    CHECK_EQ(lens[2], 300);
    CHECK_EQ(lens[3], 100);
    lp_udp_close(here);
    lp_udp_close(there);
}

TEST(a_refused_packet_does_not_break_the_socket)
{
    lp_udp *here = open_at("127.0.0.1"), *gone = open_at("127.0.0.1");
    lp_addr nobody = reach(gone, "127.0.0.1");
    lp_udp_close(gone);
    lp_udp_train to_nobody = {.remote = nobody, .payloads = lp_bytes_of("hello", 5)};
    lp_udp_train to_us = {.remote = reach(here, "127.0.0.1"),
                          .payloads = lp_bytes_of("again", 5)};
    const lp_udp_in *in;
    size_t count = 0;
    send_one(here, &to_nobody);
    send_one(here, &to_us);
    CHECK(wait_readable(lp_udp_fd(here)));
    CHECK_EQ(lp_udp_receive(here, &in, &count), LP_OK);
    CHECK_EQ(count, 1);
    CHECK_BYTES(in->payload.at, in->payload.len, "again", 5);
    lp_udp_close(here);
}

TEST(a_source_address_that_went_away_does_not_stop_a_packet)
{
    lp_udp *here = open_at("0.0.0.0"), *there = open_at("127.0.0.1");
    lp_udp_train train = {.local = addr("192.0.2.77", 0),
                          .remote = reach(there, "127.0.0.1"),
                          .payloads = lp_bytes_of("hello", 5)};
    send_one(here, &train);
    CHECK(wait_readable(lp_udp_fd(there)));
    lp_udp_close(here);
    lp_udp_close(there);
}

TEST(what_cannot_be_bound_is_explained)
{
    lp_udp *taken = open_at("127.0.0.1"), *udp = NULL;
    lp_why why;
    lp_addr same = lp_udp_local(taken);
    CHECK_EQ(lp_udp_open(&same, false, &udp, &why), LP_ERR_IN_USE);
    CHECK_HAS(why.text, "another program has this port");
    CHECK_EQ(lp_udp_open(&same, true, &udp, &why), LP_ERR_UNSUPPORTED);
    CHECK(!udp);
    lp_udp_close(taken);
}

TEST(without_memory_there_is_no_socket)
{
    lp_udp *udp = NULL;
    lp_why why;
    lp_addr at = addr("127.0.0.1", 0);
    for (unsigned n = 1; n <= 3; n++) {
        lp_test_fail_allocation(n);
        CHECK_EQ(lp_udp_open(&at, false, &udp, &why), LP_ERR_NO_MEMORY);
        CHECK(lp_test_allocation_failed());
        CHECK(!udp);
    }
}
