/* os/udp.h on a wire that is slow and narrow: what loopback never is. */
#include "netns.h"
#include "os/udp.h"
#include "test.h"

static lp_addr addr(const char *ip, uint16_t port)
{
    lp_addr out = {0};
    CHECK_EQ(lp_addr_read_ip(ip, port, &out), LP_OK);
    return out;
}

static lp_udp *open_on_wire(const char *wire_options)
{
    lp_udp *udp = NULL;
    lp_why why;
    lp_addr any = addr("::", 0);
    enter_new_network();
    CHECK(sh("ip link add wire type veth peer name far && "
             "echo 1 > /proc/sys/net/ipv6/conf/wire/disable_ipv6 && ip link set wire "
             "%s up && "
             "ip link set far up && ip address add 192.0.2.1/24 dev wire && "
             "ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev wire",
             wire_options));
    CHECK_EQ(lp_udp_open(&any, false, &udp, &why), LP_OK);
    return udp;
}

static uint64_t packets_sent(void)
{
    uint64_t count = 0;
    FILE *output = popen("ip -s -json link show wire | "
                         "sed 's/.*\"tx\":{[^}]*\"packets\":\\([0-9]*\\).*/\\1/'",
                         "r");
    CHECK_EQ(fscanf(output, "%" SCNu64, &count), 1);
    pclose(output);
    return count;
}

TEST(a_full_socket_says_would_block_and_keeps_its_place)
{
    static const uint8_t payload[40000];
    enum { TRAINS = 4 * LP_UDP_BATCH };
    static lp_udp_train trains[TRAINS];
    lp_udp *udp = open_on_wire("");
    size_t sent = 0, more = 1;
    CHECK(sh("tc qdisc add dev wire root tbf rate 8kbit burst 60kb limit 64mb"));
    for (size_t i = 0; i < TRAINS; i++)
        trains[i] = (lp_udp_train){.remote = addr("192.0.2.2", 9),
                                   .payloads = lp_bytes_of(payload, sizeof payload),
                                   .segment_len = 1000};
    CHECK_EQ(lp_udp_send(udp, trains, TRAINS, &sent), LP_ERR_WOULD_BLOCK);
    CHECK(sent > 0);
    CHECK(sent < TRAINS);
    CHECK_EQ(lp_udp_send(udp, trains + sent, 1, &more), LP_ERR_WOULD_BLOCK);
    CHECK_EQ(more, 0);
    lp_udp_close(udp);
}

TEST(a_packet_too_big_for_the_wire_is_lost_and_never_cut_in_fragments)
{
    static const uint8_t payload[3000];
    lp_udp *udp = open_on_wire("mtu 1280");
    lp_addr far = addr("192.0.2.2", 9);
    const lp_udp_train trains[] = {
        {.remote = far, .payloads = lp_bytes_of(payload, 1400)},
        {.remote = far, .payloads = lp_bytes_of(payload, 3000), .segment_len = 1400},
        {.remote = far, .payloads = lp_bytes_of(payload, 1252)},
        {.remote = far, .payloads = lp_bytes_of(payload, 1253)},
        {.remote = far, .payloads = lp_bytes_of(payload, 1000), .segment_len = 500},
    };
    uint64_t before = packets_sent();
    size_t sent = 0;
    CHECK_EQ(lp_udp_send(udp, trains, 5, &sent), LP_OK);
    CHECK_EQ(sent, 5);
    /* The wire may carry the train as one super-packet. */
    uint64_t went = packets_sent() - before;
    CHECK(went == 2 || went == 3);
    lp_udp_close(udp);
}

TEST(a_firewall_or_a_missing_route_loses_packets_and_nothing_else)
{
    lp_udp *udp = open_on_wire("");
    CHECK(sh("ip route add prohibit 198.51.100.0/24 && ip route add blackhole "
             "203.0.113.0/24"));
    const lp_udp_train trains[] = {
        {.remote = addr("198.51.100.1", 9), .payloads = lp_bytes_of("1", 1)},
        {.remote = addr("203.0.113.1", 9), .payloads = lp_bytes_of("2", 1)},
        {.remote = addr("2001:db8::1", 9), .payloads = lp_bytes_of("3", 1)},
        {.remote = addr("8.8.8.8", 9), .payloads = lp_bytes_of("4", 1)},
        {.remote = addr("192.0.2.2", 9), .payloads = lp_bytes_of("5", 1)},
    };
    uint64_t before = packets_sent();
    size_t sent = 0;
    CHECK_EQ(lp_udp_send(udp, trains, 5, &sent), LP_OK);
    CHECK_EQ(sent, 5);
    CHECK_EQ(packets_sent() - before, 1);
    lp_udp_close(udp);
}
