/*
 * Our segments and checksums against the kernel's: random super-frames go into a veth
 * whose offloads are off, with a virtio-net header, so that the kernel must finish them.
 * What comes out at the other end must be, octet by octet, what lp_offload makes; and
 * lp_glue makes of it the frame that went in.
 *
 *     offload_diff [COUNT [SEED]]
 *
 * Skipped (77) without root. A failure prints the case, which a seed repeats.
 */
#include "core/offload.h"

#include "core/glue.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../ip.h"
#include "../netns.h"
#include "base/cursor.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* Linux 6.2 */
#endif

enum { HEADER = sizeof(struct virtio_net_hdr), MOST_SEGMENTS = 100 };

static uint8_t sent[HEADER + IP_FRAME_MAX], got[IP_FRAME_MAX], ours[IP_FRAME_MAX];

static const uint8_t hop_tcp[] = {IP_TCP, 0, 1, 4, 0, 0, 0, 0};
static const uint8_t nops[] = {1, 1, 1, 0};
static const uint8_t times[] = {1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4};

static const struct {
    uint8_t kernels;
    lp_gso gso;
    ip_spec spec;
} kinds[] = {
    {VIRTIO_NET_HDR_GSO_TCPV4, LP_GSO_TCP4, {4, IP_TCP, NULL, 0, times, 12}},
    {VIRTIO_NET_HDR_GSO_TCPV4, LP_GSO_TCP4, {4, IP_TCP, nops, 4, NULL, 0}},
    {VIRTIO_NET_HDR_GSO_TCPV6, LP_GSO_TCP6, {6, IP_TCP, NULL, 0, times, 12}},
    {VIRTIO_NET_HDR_GSO_TCPV6, LP_GSO_TCP6, {6, IP_TCP, hop_tcp, 8, NULL, 0}},
    {VIRTIO_NET_HDR_GSO_UDP_L4, LP_GSO_UDP, {4, IP_UDP}},
    {VIRTIO_NET_HDR_GSO_UDP_L4, LP_GSO_UDP, {6, IP_UDP}},
    {VIRTIO_NET_HDR_GSO_NONE, LP_GSO_NONE, {4, IP_UDP}},
    {VIRTIO_NET_HDR_GSO_NONE, LP_GSO_NONE, {6, IP_TCP, hop_tcp, 8, NULL, 0}},
};

static void must(bool worked, const char *what)
{
    if (worked)
        return;
    perror(what);
    exit(1);
}

static void switch_off(int fd, const char *interface, uint32_t command)
{
    struct ethtool_value off = {.cmd = command};
    struct ifreq request = {.ifr_data = (void *)&off};
    memcpy(request.ifr_name, interface, strlen(interface));
    must(ioctl(fd, SIOCETHTOOL, &request) == 0, "ethtool");
}

static int open_packet_socket(const char *interface, int protocol)
{
    int fd = socket(AF_PACKET, SOCK_RAW, 0), buffer = 8 << 20;
    struct timeval patience = {.tv_sec = 5};
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons((uint16_t)protocol),
                                  .sll_ifindex = (int)if_nametoindex(interface)};
    must(fd >= 0, "socket");
    must(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) == 0,
         "SO_RCVBUFFORCE");
    must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0,
         "SO_RCVTIMEO");
    must(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    return fd;
}

/* A frame as a sender leaves it to its network card; the offload says what is left. */
static size_t make_case(uint32_t *random, uint8_t *frame, lp_offload *offload,
                        struct virtio_net_hdr *header)
{
    size_t kind = ip_random(random) % (sizeof kinds / sizeof *kinds);
    ip_spec spec = kinds[kind].spec;
    size_t segment_len = 100 + ip_random(random) % 1300;
    size_t count = ip_random(random) % (60000 / segment_len) % MOST_SEGMENTS;
    spec.payload_len = kinds[kind].gso == LP_GSO_NONE
                           ? ip_random(random) % 1300
                           : segment_len * (1 + count) + 1 + ip_random(random) % 99;
    spec.tcp_flags = ip_random(random) & 0xf9; /* no SYN, no RST */
    size_t len = ip_build(&spec, random, frame);
    ip_parts parts = ip_judge(frame, len);
    size_t field = parts.protocol == IP_TCP ? 16 : 6;
    uint32_t pseudo = ip_pseudo(frame + IP_ETH, parts.version, parts.protocol,
                                len - parts.transport_at);
    ip_set_u16(frame + parts.transport_at + field, pseudo);

    *offload = (lp_offload){.needs_checksum = true,
                            .checksum_start = (uint16_t)parts.transport_at,
                            .checksum_offset = (uint16_t)field,
                            .gso = kinds[kind].gso,
                            .segment_len = (uint16_t)segment_len};
    bool is_whole = offload->gso == LP_GSO_NONE;
    *header = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                      .gso_type = kinds[kind].kernels,
                                      .gso_size = is_whole ? 0 : offload->segment_len,
                                      .csum_start = offload->checksum_start,
                                      .csum_offset = offload->checksum_offset};
    return len;
}

static size_t make_ours(lp_bytes frame, const lp_offload *offload, size_t index)
{
    lp_space space = lp_space_of(ours, sizeof ours);
    size_t len = lp_offload_segment(frame, offload, index, space);
    if (offload->gso == LP_GSO_NONE)
        must(lp_offload_checksum(lp_space_of(ours, len), offload) == LP_OK, "checksum");
    return len;
}

/* Plain TCP or UDP, and few enough segments for one super-frame. */
static bool is_glueable(const lp_offload *offload, size_t count)
{
    const uint8_t *frame = sent + HEADER, *tcp = frame + offload->checksum_start;
    bool is_plain = offload->checksum_start == (frame[IP_ETH] >> 4 == 4 ? 34 : 54);
    bool is_data = offload->gso == LP_GSO_UDP || (tcp[13] & 0xb0) == 0x10;
    return offload->gso != LP_GSO_NONE && is_plain && is_data && count > 1 &&
           count <= LP_GLUE_MAX_SEGMENTS;
}

/* True if the segments that were put were glued to what was sent. */
static bool is_whole_again(lp_glue *glue, lp_bytes frame, const lp_offload *offload)
{
    lp_bytes glued;
    lp_offload left;
    lp_glue_flush(glue);
    return lp_glue_next(glue, &glued, &left) && left.gso == offload->gso &&
           left.segment_len == offload->segment_len &&
           left.checksum_start == offload->checksum_start &&
           left.checksum_offset == offload->checksum_offset &&
           lp_bytes_equal(glued, frame) && !lp_glue_next(glue, &glued, &left);
}

/* True if the kernel's are ours; counts them, and super-frames glued. */
static bool compare(int in, int out, lp_glue *glue, uint32_t *random, size_t *segments,
                    size_t *super_frames)
{
    lp_offload offload;
    struct virtio_net_hdr header;
    size_t len = make_case(random, sent + HEADER, &offload, &header);
    lp_bytes frame = lp_bytes_of(sent + HEADER, len);
    memcpy(sent, &header, HEADER);
    must(send(in, sent, HEADER + len, 0) == (ssize_t)(HEADER + len), "send");

    size_t count = lp_offload_segment_count(frame, &offload);
    bool may_glue = is_glueable(&offload, count), is_glued = false;
    for (size_t i = 0; i < count; i++) {
        ssize_t got_len = recv(out, got, sizeof got, 0);
        size_t our_len = make_ours(frame, &offload, i);
        must(got_len > 0, "the kernel sent fewer");
        if ((size_t)got_len != our_len || memcmp(got, ours, our_len) != 0) {
            printf("segment %zu of %zu, %zu octets (kernel: %zd), kind %d differs\n", i,
                   count, our_len, got_len, (int)offload.gso);
            return false;
        }
        if (!may_glue)
            continue;
        lp_glue_put(glue, lp_bytes_of(got, our_len));
        is_glued = i + 1 == count && is_whole_again(glue, frame, &offload);
    }
    *segments += count;
    *super_frames += may_glue;
    if (may_glue && !is_glued)
        printf("%zu segments are not glued to what they were\n", count);
    return count > 0 && is_glued == may_glue;
}

int main(int argc, char **argv)
{
    unsigned long cases = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
    uint32_t seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1, random = seed;
    int yes = 1;
    enter_new_network();
    /* Else the kernel would say things of its own. */
    must(sh("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6 && "
            "ip link add va type veth peer name vb && "
            "ip link set va up && ip link set vb up"),
         "ip");
    int in = open_packet_socket("va", 0), out = open_packet_socket("vb", ETH_P_ALL);
    must(setsockopt(in, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof yes) == 0,
         "PACKET_VNET_HDR");
    switch_off(in, "va", ETHTOOL_STSO);
    switch_off(in, "va", ETHTOOL_SGSO);
    switch_off(in, "va", ETHTOOL_STXCSUM);
    switch_off(in, "va", ETHTOOL_SSG);

    size_t segments = 0, super_frames = 0;
    lp_glue *glue = lp_glue_new();
    must(glue != NULL, "memory");
    for (unsigned long i = 0; i < cases; i++) {
        if (!compare(in, out, glue, &random, &segments, &super_frames)) {
            printf("case %lu of seed %" PRIu32 "\n", i, seed);
            return 1;
        }
    }
    printf("%lu frames, %zu segments: as the kernel makes them; %zu glued again\n",
           cases, segments, super_frames);
    lp_glue_free(glue);
    close(in);
    close(out);
    return segments == 0 || super_frames == 0;
}
