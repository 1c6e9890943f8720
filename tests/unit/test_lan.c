#include "party_wire.h"

#include <linux/virtio_net.h>
#include <netinet/in.h>

/* --- what is captured ------------------------------------------------------------- */

/* G-012 */
TEST(unicast_is_captured_for_members_only)
{
    make_wire();
    lp_lan *lan = open_wire();
    int far = open_far();
    lp_lan_frame frame;
    send_far(far, frame_of(player_mac, far_mac, 0x88b5, 1));
    send_far(far, frame_of(LP_MAC_BROADCAST, far_mac, 0x88b5, 2));
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK(capture(lan, &frame));
    CHECK_EQ(captured[59], 2);
    CHECK(!capture(lan, &frame));

    CHECK_EQ(lp_lan_set_members(lan, &player_mac, 1), LP_OK);
    send_far(far, frame_of(player_mac, far_mac, 0x88b5, 3));
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK(capture(lan, &frame));
    CHECK_EQ(frame.len, 60);
    CHECK_EQ(captured[59], 3);
    CHECK(!frame.from_own_host && !frame.has_tag && !frame.offload.needs_checksum);
    CHECK_EQ(frame.offload.gso, LP_GSO_NONE);

    CHECK_EQ(lp_lan_set_members(lan, NULL, 0), LP_OK);
    send_far(far, frame_of(player_mac, far_mac, 0x88b5, 4));
    send_far(far, frame_of(LP_MAC_BROADCAST, far_mac, 0x88b5, 5));
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK(capture(lan, &frame));
    CHECK_EQ(captured[59], 5);
    close(far);
    lp_lan_close(lan);
}

TEST(a_full_party_fits_the_kernels_filter_and_one_more_opens_it)
{
    make_wire();
    lp_lan *lan = open_wire();
    int far = open_far();
    lp_lan_frame frame;
    lp_mac members[LP_LAN_MAX_MEMBERS + 1];
    for (size_t i = 0; i <= LP_LAN_MAX_MEMBERS; i++)
        members[i] = (lp_mac){{2, 1, 0xff, 0, (uint8_t)(i >> 8), (uint8_t)i}};
    for (int again = 0; again < 3; again++) /* old and new program at once */
        CHECK_EQ(lp_lan_set_members(lan, members, LP_LAN_MAX_MEMBERS), LP_OK);
    send_far(far, frame_of(members[255], far_mac, 0x88b5, 1));
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK(capture(lan, &frame));

    CHECK_EQ(lp_lan_set_members(lan, members, LP_LAN_MAX_MEMBERS + 1), LP_OK);
    send_far(far, frame_of(player_mac, far_mac, 0x88b5, 2));
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK(capture(lan, &frame));
    CHECK_EQ(captured[59], 2);
    close(far);
    lp_lan_close(lan);
}

/* Before Linux 6.8 it is this small everywhere; since then each network has its own. */
TEST(a_small_kernel_budget_for_filters_loses_no_members)
{
    make_wire();
    (void)!system("echo 20480 2>/dev/null > /proc/sys/net/core/optmem_max");
    lp_lan *lan = open_wire();
    int far = open_far();
    lp_mac members[LP_LAN_MAX_MEMBERS];
    for (size_t i = 0; i < LP_LAN_MAX_MEMBERS; i++)
        members[i] = (lp_mac){{2, 1, 0xff, 0, (uint8_t)(i >> 8), (uint8_t)i}};
    for (size_t count = 1; count <= LP_LAN_MAX_MEMBERS; count++) {
        lp_lan_frame frame;
        CHECK_EQ(lp_lan_set_members(lan, members, count), LP_OK);
        send_far(far, frame_of(members[count - 1], far_mac, 0x88b5, (uint8_t)count));
        CHECK(wait_readable(lp_lan_fd(lan)));
        CHECK(capture(lan, &frame));
        CHECK_EQ(captured[59], (uint8_t)count);
    }
    close(far);
    lp_lan_close(lan);
}

/* J-06: VLAN tags arrive beside the frame; unseen, they would be lost. */
TEST(a_vlan_tag_is_reported)
{
    make_wire();
    lp_lan *lan = open_wire();
    int far = open_far();
    uint8_t tagged[60];
    lp_lan_frame frame;
    memcpy(tagged, frame_of(LP_MAC_BROADCAST, far_mac, 0x8100, 7).at, sizeof tagged);
    tagged[14] = 0x60; /* priority 3 */
    tagged[15] = 42;
    tagged[16] = 0x88;
    tagged[17] = 0xb5;
    send_far(far, lp_bytes_of(tagged, sizeof tagged));
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK(capture(lan, &frame));
    CHECK(frame.has_tag);
    CHECK_EQ(frame.tag, 0x602a);
    CHECK_EQ(frame.len, 56);
    CHECK_EQ(captured[12] << 8 | captured[13], 0x88b5);
    close(far);
    lp_lan_close(lan);
}

/* Ethernet, IPv4 and TCP before 9000 octets for the player, in segments of 1000. */
enum { SUPER_PAYLOAD = 9000, SUPER_HEADERS = 54 };
static const uint8_t super_headers[SUPER_HEADERS] = {
    2,    0,    0,    0,    0,  0x50, 2,    0,  0,  0, 0, 2, 8,    0,    /* Ethernet */
    0x45, 0,    0x23, 0x50, 0,  1,    0x40, 0,  64, 6, 0, 0,             /* IPv4 */
    10,   73,   42,   2,    10, 73,   42,   50,                          /* addresses */
    0,    80,   0x80, 0,    0,  0,    0,    1,  0,  0, 0, 0, 0x50, 0x10, /* TCP */
    0xff, 0xff, 0,    0,    0,  0,
};

/* A super-frame as GRO or a neighbour on the same machine makes it. */
TEST(a_super_frame_comes_whole_with_its_offload)
{
    struct {
        struct virtio_net_hdr vnet;
        uint8_t frame[sizeof super_headers + SUPER_PAYLOAD];
    } __attribute__((packed)) sent = {
        .vnet = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                 .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                 .hdr_len = sizeof super_headers,
                 .gso_size = 1000,
                 .csum_start = 34,
                 .csum_offset = 16},
    };
    memcpy(sent.frame, super_headers, sizeof super_headers);
    make_wire();
    lp_lan *lan = open_wire();
    int far = open_far(), one = 1;
    lp_lan_frame frame = {0};
    CHECK_EQ(lp_lan_set_members(lan, &player_mac, 1), LP_OK);
    CHECK_EQ(setsockopt(far, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one), 0);
    CHECK_EQ(send(far, &sent, sizeof sent, 0), sizeof sent);
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK(capture(lan, &frame));
    CHECK_EQ(frame.len, sizeof sent.frame);
    CHECK_EQ(frame.offload.gso, LP_GSO_TCP4);
    CHECK_EQ(frame.offload.segment_len, 1000);
    CHECK(frame.offload.needs_checksum);
    CHECK_EQ(frame.offload.checksum_start, 34);
    CHECK_EQ(frame.offload.checksum_offset, 16);
    close(far);
    lp_lan_close(lan);
}

TEST(a_frame_larger_than_the_space_is_counted_and_passed_over)
{
    make_wire();
    lp_lan *lan = open_wire();
    int far = open_far();
    uint8_t small[59];
    lp_lan_frame frame = {lp_space_of(small, sizeof small)};
    size_t count;
    send_far(far, frame_of(LP_MAC_BROADCAST, far_mac, 0x88b5, 1));
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK_EQ(lp_lan_read(lan, &frame, 1, &count), LP_ERR_WOULD_BLOCK);
    CHECK_EQ(lp_lan_take_kernel_drops(lan), 1);
    CHECK_EQ(lp_lan_take_kernel_drops(lan), 0);
    close(far);
    lp_lan_close(lan);
}

/* The second is too large for its place: the others close up, each with its octets. */
TEST(several_frames_come_at_once_in_their_order)
{
    enum { ROOM = 59 + 1 };
    uint8_t rooms[LP_LAN_BATCH][ROOM];
    lp_lan_frame frames[LP_LAN_BATCH];
    size_t count = 0;
    make_wire();
    lp_lan *lan = open_wire();
    int far = open_far();
    for (size_t i = 0; i < LP_LAN_BATCH; i++)
        frames[i].space = lp_space_of(rooms[i], i == 1 ? ROOM - 1 : ROOM);
    for (uint8_t mark = 1; mark <= 5; mark++)
        send_far(far, frame_of(LP_MAC_BROADCAST, far_mac, 0x88b5, mark));
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK_EQ(lp_lan_read(lan, frames, LP_LAN_BATCH, &count), LP_OK);
    CHECK_EQ(count, 4);
    for (size_t i = 0; i < count; i++) {
        CHECK(frames[i].len <= frames[i].space.len);
        CHECK_EQ(frames[i].space.at[59], i == 0 ? 1 : i + 2);
    }
    CHECK_EQ(lp_lan_take_kernel_drops(lan), 1);
    for (size_t i = 0; i < LP_LAN_BATCH; i++) /* no space is there twice */
        for (size_t k = 0; k < i; k++)
            CHECK(frames[i].space.at != frames[k].space.at);
    CHECK_EQ(lp_lan_read(lan, frames, LP_LAN_BATCH, &count), LP_ERR_WOULD_BLOCK);
    close(far);
    lp_lan_close(lan);
}

TEST(what_we_read_too_slowly_is_counted)
{
    make_wire();
    lp_lan *lan = open_wire();
    int far = open_far(), least = 1;
    setsockopt(lp_lan_fd(lan), SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
    for (int i = 0; i < 100; i++)
        send_far(far, frame_of(LP_MAC_BROADCAST, far_mac, 0x88b5, 1));
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK(lp_lan_take_kernel_drops(lan) > 0);
    CHECK_EQ(lp_lan_take_kernel_drops(lan), 0);
    close(far);
    lp_lan_close(lan);
}

/* --- what is sent ----------------------------------------------------------------- */

TEST(what_we_write_reaches_the_wire_and_does_not_come_back)
{
    make_wire();
    lp_lan *lan = open_wire();
    int far = open_far();
    uint8_t got[100];
    lp_lan_frame frame;
    CHECK_EQ(lp_lan_set_members(lan, &player_mac, 1), LP_OK);
    CHECK_EQ(lp_lan_write(lan, frame_of(LP_MAC_BROADCAST, player_mac, 0x88b5, 9),
                          LP_OFFLOAD_NONE),
             LP_OK);
    CHECK(wait_readable(far));
    CHECK_EQ(recv(far, got, sizeof got, 0), 60);
    CHECK_EQ(got[59], 9);
    CHECK(!capture(lan, &frame));
    close(far);
    lp_lan_close(lan);
}

TEST(a_frame_beyond_the_mtu_is_refused)
{
    static const uint8_t frame[1600] = {2};
    make_wire();
    lp_lan *lan = open_wire();
    CHECK_EQ(lp_lan_write(lan, lp_bytes_of(frame, 1514), LP_OFFLOAD_NONE), LP_OK);
    CHECK_EQ(lp_lan_write(lan, lp_bytes_of(frame, sizeof frame), LP_OFFLOAD_NONE),
             LP_ERR_TOO_BIG);
    lp_lan_close(lan);
}

/* Whole, as long as nobody on its way needs it cut. */
TEST(a_super_frame_leaves_with_what_is_left_to_do)
{
    static uint8_t frame[SUPER_HEADERS + SUPER_PAYLOAD], got[sizeof frame + 1];
    lp_offload left = {.needs_checksum = true,
                       .checksum_start = 34,
                       .checksum_offset = 16,
                       .gso = LP_GSO_TCP4,
                       .segment_len = 1000,
                       .header_len = SUPER_HEADERS};
    memcpy(frame, super_headers, sizeof super_headers);
    make_wire();
    lp_lan *lan = open_wire();
    int far = open_far();
    CHECK_EQ(lp_lan_write(lan, lp_bytes_of(frame, sizeof frame), &left), LP_OK);
    CHECK(wait_readable(far));
    CHECK_EQ(recv(far, got, sizeof got, 0), sizeof frame);
    CHECK_BYTES(got, sizeof frame, frame, sizeof frame);
    left.segment_len = 0;
    CHECK_EQ(lp_lan_write(lan, lp_bytes_of(frame, sizeof frame), &left), LP_ERR_IO);
    close(far);
    lp_lan_close(lan);
}

/* --- the host's own traffic (J-06) ------------------------------------------------ */

TEST(what_the_host_sends_to_a_player_is_captured_with_its_partial_checksum)
{
    make_wire();
    lp_lan *lan = open_wire();
    lp_lan_frame frame = {0};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7)};
    inet_pton(AF_INET, "10.73.42.50", &to.sin_addr);
    CHECK(sh("ip neighbour add 10.73.42.50 lladdr 02:00:00:00:00:50 dev party"));
    CHECK_EQ(lp_lan_set_members(lan, &player_mac, 1), LP_OK);
    int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(sendto(udp, "hello", 5, 0, (struct sockaddr *)&to, sizeof to), 5);
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK(capture(lan, &frame));
    CHECK(frame.from_own_host);
    CHECK_BYTES(captured, 6, player_mac.octet, 6);
    CHECK_BYTES(captured + 42, 5, "hello", 5);
    CHECK(frame.offload.needs_checksum);
    CHECK_EQ(frame.offload.checksum_start, 34);
    CHECK_EQ(frame.offload.checksum_offset, 6);
    close(udp);
    lp_lan_close(lan);
}

/* --- the cable -------------------------------------------------------------------- */

TEST(a_cable_that_was_out_is_no_error_and_works_again)
{
    make_wire();
    lp_lan *lan = open_wire();
    int far = open_far();
    lp_lan_frame frame = {lp_space_of(captured, sizeof captured)};
    size_t count;
    CHECK(lp_lan_has_carrier(lan));
    CHECK(sh("ip link set far down"));
    CHECK(!lp_lan_has_carrier(lan));
    CHECK(sh("ip link set party down"));
    CHECK_EQ(lp_lan_read(lan, &frame, 1, &count), LP_ERR_WOULD_BLOCK);
    CHECK_EQ(lp_lan_write(lan, frame_of(LP_MAC_BROADCAST, player_mac, 0x88b5, 1),
                          LP_OFFLOAD_NONE),
             LP_ERR_WOULD_BLOCK);
    CHECK(sh("ip link set party up && ip link set far up"));
    CHECK(lp_lan_has_carrier(lan));
    CHECK_EQ(recv(far, captured, sizeof captured, 0), -1); /* its own ENETDOWN */
    send_far(far, frame_of(LP_MAC_BROADCAST, far_mac, 0x88b5, 2));
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK(capture(lan, &frame));
    CHECK_EQ(captured[59], 2);
    close(far);
    lp_lan_close(lan);
}

TEST(an_interface_that_is_gone_is_told)
{
    make_wire();
    lp_lan *lan = open_wire();
    lp_lan_frame frame = {lp_space_of(captured, sizeof captured)};
    size_t count;
    CHECK(sh("ip link delete party"));
    CHECK_EQ(lp_lan_read(lan, &frame, 1, &count), LP_ERR_NOT_FOUND);
    CHECK(!lp_lan_has_carrier(lan));
    CHECK_EQ(lp_lan_write(lan, frame_of(LP_MAC_BROADCAST, player_mac, 0x88b5, 1),
                          LP_OFFLOAD_NONE),
             LP_ERR_IO);
    lp_lan_close(lan);
}

/* --- opening ---------------------------------------------------------------------- */

/* G-002 */
TEST(it_is_promiscuous_exactly_while_it_is_open)
{
    make_wire();
    CHECK(sh("ip -details link show party | grep -q 'promiscuity 0'"));
    lp_lan *lan = open_wire();
    CHECK(sh("ip -details link show party | grep -q 'promiscuity 1'"));
    lp_lan_close(lan);
    CHECK(sh("ip -details link show party | grep -q 'promiscuity 0'"));
}

TEST(it_knows_what_it_opened)
{
    make_wire();
    lp_lan *lan = open_wire();
    const lp_lan_info *info = lp_lan_look(lan);
    CHECK_STR(info->name, "party");
    CHECK_EQ(info->ifindex, if_nametoindex("party"));
    CHECK(lp_mac_equal(info->mac, host_mac));
    CHECK_EQ(info->mtu, 1500);
    lp_lan_close(lan);
}

TEST(a_bridge_may_be_the_wire)
{
    make_wire();
    CHECK(sh("ip link add br0 type bridge && ip link set party master br0 && "
             "ip link set br0 up"));
    lp_lan *lan = NULL;
    lp_why why;
    CHECK_EQ(lp_lan_open("br0", &lan, &why), LP_OK);
    lp_lan_close(lan);
}

/* G-005, G-006: each trap by its own sentence. */
TEST(what_cannot_be_the_wire_is_refused_with_what_to_do)
{
    static const struct {
        const char *name, *prepare;
        lp_err err;
        const char *says;
    } rows[] = {
        {"eth9", "true", LP_ERR_NOT_FOUND, "no interface eth9"},
        {"lo", "true", LP_ERR_UNSUPPORTED, "loopback"},
        {"tun9", "ip tuntap add mode tun name tun9", LP_ERR_UNSUPPORTED,
         "not an Ethernet"},
        {"down9", "ip link add down9 type veth peer name other9", LP_ERR_IO,
         "ip link set down9 up"},
        {"far", "ip link set party down", LP_ERR_IO, "cable"},
        {"party", "ip link add br9 type bridge && ip link set party master br9",
         LP_ERR_UNSUPPORTED, "name br9 instead"},
        {"a-name-of-more-than-15-letters", "true", LP_ERR_NOT_FOUND, "a-name-of"},
    };
    EACH_ROW (row, rows) {
        lp_lan *lan = NULL;
        lp_why why = {""};
        make_wire();
        CHECK(sh("%s", row->prepare));
        CHECK_EQ(lp_lan_open(row->name, &lan, &why), row->err);
        CHECK_HAS(why.text, row->says);
        CHECK(lan == NULL);
    }
}

/* G-004 */
TEST(wifi_is_refused)
{
    static const struct {
        const char *name;
    } rows[] = {{"phy80211"}, {"wireless"}};
    make_wire();
    enter_new_mounts();
    EACH_ROW (row, rows) {
        lp_lan *lan = NULL;
        lp_why why = {""};
        CHECK(
            sh("mount -t tmpfs none /sys/class/net && mkdir -p /sys/class/net/party/%s",
               row->name));
        CHECK_EQ(lp_lan_open("party", &lan, &why), LP_ERR_UNSUPPORTED);
        CHECK_HAS(why.text, "Wi-Fi");
        CHECK(sh("umount /sys/class/net"));
    }
}

TEST(running_out_of_memory_is_told_at_every_step)
{
    unsigned n = 1;
    make_wire();
    for (;; n++) {
        lp_lan *lan = NULL;
        lp_why why;
        lp_test_fail_allocation(n);
        lp_err err = lp_lan_open("party", &lan, &why);
        bool failed = lp_test_allocation_failed();
        CHECK_EQ(err, failed ? LP_ERR_NO_MEMORY : LP_OK);
        lp_lan_close(lan);
        if (!failed || n > 20)
            break;
    }
    CHECK(n > 1);
}
