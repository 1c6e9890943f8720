#include "netns.h"
#include "os/linux/vnet.h"
#include "os/tap.h"
#include "ready.h"
#include "test.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

static const lp_mac our_mac = {{2, 0, 0, 0, 0, 1}};

static lp_tap *open_tap(const char *name)
{
    lp_tap *tap = NULL;
    lp_why why;
    enter_new_network();
    CHECK_EQ(lp_tap_open(name, our_mac, &tap, &why), LP_OK);
    return tap;
}

static bool setting_is(const lp_tap *tap, const char *setting, const char *value)
{
    return sh("test $(cat /proc/sys/net/ipv6/conf/%s/%s) = %s", lp_tap_name(tap),
              setting, value);
}

TEST(the_adapter_has_its_name_and_address_and_is_down)
{
    lp_tap *tap = open_tap(NULL);
    CHECK_STR(lp_tap_name(tap), "lan0");
    CHECK_EQ(lp_tap_ifindex(tap), if_nametoindex("lan0"));
    CHECK(sh("ip link show lan0 | grep -q 'link/ether 02:00:00:00:00:01'"));
    CHECK(!sh("ip link show lan0 up | grep -q lan0"));
    lp_tap_close(tap);
}

TEST(the_adapter_goes_when_it_is_closed)
{
    lp_tap *tap = open_tap("party");
    CHECK_STR(lp_tap_name(tap), "party");
    lp_tap_close(tap);
    CHECK_EQ(if_nametoindex("party"), 0);
}

TEST(the_link_follows_and_the_adapter_stays_up)
{
    lp_why why;
    lp_tap *tap = open_tap(NULL);
    CHECK_EQ(lp_tap_set_link(tap, true, &why), LP_OK);
    CHECK(sh("ip link show lan0 | grep -q LOWER_UP"));
    CHECK_EQ(lp_tap_set_link(tap, false, &why), LP_OK);
    CHECK(sh("ip link show lan0 | grep -q NO-CARRIER"));
    CHECK(sh("ip link show lan0 up | grep -q lan0"));
    CHECK_EQ(lp_tap_set_link(tap, true, &why), LP_OK);
    CHECK(sh("ip link show lan0 | grep -q LOWER_UP"));
    lp_tap_close(tap);
}

TEST(the_mtu_is_set_or_the_sentence_says_why_not)
{
    lp_why why;
    lp_tap *tap = open_tap(NULL);
    CHECK_EQ(lp_tap_set_mtu(tap, 1280, &why), LP_OK);
    CHECK(sh("ip link show lan0 | grep -q 'mtu 1280'"));
    CHECK(lp_tap_set_mtu(tap, 20, &why) != LP_OK);
    CHECK_HAS(why.text, "lan0");
    CHECK_HAS(why.text, "20");
    lp_tap_close(tap);
}

/* W-019: the party's router must not take the player's internet over. */
TEST(routers_on_the_party_are_not_believed)
{
    lp_tap *tap = open_tap(NULL);
    CHECK(lp_tap_ignores_routers(tap));
    CHECK(setting_is(tap, "accept_ra_defrtr", "0"));
    CHECK(setting_is(tap, "accept_ra_rt_info_max_plen", "0"));
    lp_tap_close(tap);
}

TEST(frames_pass_both_ways)
{
    static const uint8_t arp[42] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,  9,  8,  6,
        0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,  0,  0,  9,
        10,   73,   42,   9,    0,    0,    0, 0, 0, 0, 10, 73, 42, 1,
    };
    uint8_t got[2048];
    lp_offload offload;
    size_t len = 0;
    lp_why why;
    lp_tap *tap = open_tap(NULL);
    CHECK(sh("echo 1 > /proc/sys/net/ipv6/conf/lan0/disable_ipv6"));
    CHECK_EQ(lp_tap_set_link(tap, true, &why), LP_OK);
    CHECK(sh("ip address add 10.73.42.1/24 dev lan0"));
    CHECK_EQ(lp_tap_read(tap, lp_space_of(got, sizeof got), &len, &offload),
             LP_ERR_WOULD_BLOCK);
    CHECK_EQ(lp_tap_write(tap, lp_bytes_of(arp, sizeof arp), LP_OFFLOAD_NONE), LP_OK);
    CHECK(wait_readable(lp_tap_fd(tap)));
    CHECK_EQ(lp_tap_read(tap, lp_space_of(got, sizeof got), &len, &offload), LP_OK);
    CHECK_EQ(len, 42);
    CHECK_BYTES(got, 6, arp + 6, 6); /* to the one who asked */
    CHECK_BYTES(got + 6, 6, our_mac.octet, 6);
    CHECK_EQ(got[21], 2); /* an answer */
    lp_tap_close(tap);
}

/* A UDP socket of this machine, which has a neighbour beyond the adapter. */
static int connect_over(lp_tap *tap)
{
    lp_why why;
    CHECK(sh("echo 1 > /proc/sys/net/ipv6/conf/lan0/disable_ipv6"));
    CHECK_EQ(lp_tap_set_link(tap, true, &why), LP_OK);
    CHECK(sh("ip address add 10.73.42.1/24 dev lan0 && "
             "ip neigh add 10.73.42.9 lladdr 02:00:00:00:00:09 dev lan0"));
    return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* One system call of the sender's is one frame of ours, with the rest left to do. */
TEST(a_super_frame_comes_whole_with_its_offload)
{
    enum { SEGMENT = 1000, PAYLOAD = 9500 };
    static uint8_t payload[PAYLOAD], got[65536 + 64];
    struct sockaddr_in far = {.sin_family = AF_INET,
                              .sin_port = htons(27015),
                              .sin_addr.s_addr = htonl(0x0a492a09)};
    int size = SEGMENT;
    size_t len = 0;
    lp_offload offload = {0};
    lp_tap *tap = open_tap(NULL);
    int fd = connect_over(tap);
    if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof size) == 0) {
        CHECK_EQ(sendto(fd, payload, PAYLOAD, 0, (struct sockaddr *)&far, sizeof far),
                 PAYLOAD);
        CHECK(wait_readable(lp_tap_fd(tap)));
        CHECK_EQ(lp_tap_read(tap, lp_space_of(got, sizeof got), &len, &offload), LP_OK);
        CHECK_EQ(len, 14 + 20 + 8 + PAYLOAD);
        CHECK_EQ(offload.gso, LP_GSO_UDP);
        CHECK_EQ(offload.segment_len, SEGMENT);
        CHECK(offload.needs_checksum);
        CHECK_EQ(offload.checksum_start, 34);
        CHECK_EQ(offload.checksum_offset, 6);
    }
    close(fd);
    lp_tap_close(tap);
}

/* What we leave to the kernel, it does: the datagram is heard with its checksum. */
TEST(a_frame_whose_checksum_is_left_to_the_kernel_is_heard)
{
    static const uint8_t datagram[] = {
        2,  0, 0,    0,    0,  1,  2,    0,    0,  0,  0,    9,    8,  0, /* Ethernet */
        69, 0, 0,    33,   0,  1,  64,   0,    64, 17, 0xd2, 0x2f, 10, 73,
        42, 9, 10,   73,   42, 1,              /* IPv4 */
        1,  0, 0x69, 0x87, 0,  13, 0x68, 0xba, /* UDP, the pseudo header's sum */
        1,  2, 3,    4,    5,
    };
    const lp_offload left = {
        .needs_checksum = true, .checksum_start = 34, .checksum_offset = 6};
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(27015)};
    uint8_t got[64];
    lp_tap *tap = open_tap(NULL);
    int fd = connect_over(tap);
    CHECK_EQ(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    CHECK_EQ(lp_tap_write(tap, lp_bytes_of(datagram, sizeof datagram), &left), LP_OK);
    CHECK(wait_readable(fd));
    CHECK_EQ(recv(fd, got, sizeof got, MSG_DONTWAIT), 5);
    CHECK_BYTES(got, 5, datagram + 42, 5);
    close(fd);
    lp_tap_close(tap);
}

TEST(a_super_frame_is_heard_as_the_datagrams_that_it_holds)
{
    static const uint8_t super[] = {
        2,  0, 0,    0,    0,  1,  2,    0,    0,  0,  0,    9,    8,  0, /* Ethernet */
        69, 0, 0,    38,   0,  1,  64,   0,    64, 17, 0xd2, 0x2a, 10, 73,
        42, 9, 10,   73,   42, 1,              /* IPv4 */
        1,  0, 0x69, 0x87, 0,  18, 0x68, 0xbf, /* UDP, the pseudo header's sum */
        1,  2, 3,    4,    5,  6,  7,    8,    9,  10,
    };
    const lp_offload left = {.needs_checksum = true,
                             .checksum_start = 34,
                             .checksum_offset = 6,
                             .gso = LP_GSO_UDP,
                             .segment_len = 6,
                             .header_len = 42};
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(27015)};
    uint8_t got[64];
    lp_tap *tap = open_tap(NULL);
    int fd = connect_over(tap);
    CHECK_EQ(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    CHECK_EQ(lp_tap_write(tap, lp_bytes_of(super, sizeof super), &left), LP_OK);
    if (lp_tap_cuts_udp(tap)) {
        CHECK(wait_readable(fd));
        CHECK_EQ(recv(fd, got, sizeof got, MSG_DONTWAIT), 6);
        CHECK_BYTES(got, 6, super + 42, 6);
        CHECK_EQ(recv(fd, got, sizeof got, MSG_DONTWAIT), 4);
        CHECK_BYTES(got, 4, super + 48, 4);
    }
    CHECK_EQ(recv(fd, got, sizeof got, MSG_DONTWAIT), -1);
    close(fd);
    lp_tap_close(tap);
}

TEST(whether_the_kernel_cuts_udp_is_known_by_asking_or_by_trying)
{
    lp_tap *tap = open_tap(NULL);
    CHECK_EQ(lp_vnet_cuts_udp(), lp_tap_cuts_udp(tap));
    CHECK(sh("ip link set lo down"));
    CHECK(!lp_vnet_cuts_udp());
    lp_tap_close(tap);
}

TEST(a_frame_for_an_adapter_that_is_down_is_lost)
{
    static const uint8_t frame[60] = {2};
    lp_tap *tap = open_tap(NULL);
    CHECK_EQ(lp_tap_write(tap, lp_bytes_of(frame, sizeof frame), LP_OFFLOAD_NONE),
             LP_ERR_WOULD_BLOCK);
    lp_tap_close(tap);
}

/* W-026 */
TEST(a_deleted_adapter_is_an_error_both_ways)
{
    static const uint8_t frame[60] = {2};
    uint8_t got[2048];
    lp_offload offload;
    size_t len;
    lp_tap *tap = open_tap(NULL);
    CHECK(sh("ip link delete lan0"));
    CHECK_EQ(lp_tap_read(tap, lp_space_of(got, sizeof got), &len, &offload), LP_ERR_IO);
    CHECK_EQ(lp_tap_write(tap, lp_bytes_of(frame, sizeof frame), LP_OFFLOAD_NONE),
             LP_ERR_IO);
    lp_tap_close(tap);
}

TEST(a_name_that_is_taken_or_too_long_is_refused)
{
    lp_why why;
    lp_tap *first = open_tap("party"), *second = NULL;
    CHECK_EQ(lp_tap_open("party", our_mac, &second, &why), LP_ERR_IN_USE);
    CHECK_HAS(why.text, "party");
    CHECK_EQ(lp_tap_open("lo", our_mac, &second, &why), LP_ERR_IN_USE);
    CHECK(sh("ip tuntap add mode tap name forever"));
    CHECK_EQ(lp_tap_open("forever", our_mac, &second, &why), LP_ERR_IN_USE);
    CHECK_EQ(lp_tap_open("a-name-of-16-let", our_mac, &second, &why), LP_ERR_TOO_BIG);
    CHECK_HAS(why.text, "a-name-of-16-let");
    CHECK(second == NULL);
    lp_tap_close(first);
}

TEST(a_multicast_address_is_refused_and_nothing_stays)
{
    lp_why why;
    lp_tap *tap = NULL;
    enter_new_network();
    CHECK(lp_tap_open("party", (lp_mac){{1, 0, 0, 0, 0, 1}}, &tap, &why) != LP_OK);
    CHECK_HAS(why.text, "01:00:00:00:00:01");
    CHECK_EQ(if_nametoindex("party"), 0);
}

TEST(running_out_of_memory_is_told)
{
    lp_why why;
    lp_tap *tap = NULL;
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_tap_open(NULL, our_mac, &tap, &why), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
}
