#include "os/linux/vnet.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* since the headers of Linux 6.2 */
#endif

static const uint8_t kernels[] = {
    [LP_GSO_NONE] = VIRTIO_NET_HDR_GSO_NONE,
    [LP_GSO_TCP4] = VIRTIO_NET_HDR_GSO_TCPV4,
    [LP_GSO_TCP6] = VIRTIO_NET_HDR_GSO_TCPV6,
    [LP_GSO_UDP] = VIRTIO_NET_HDR_GSO_UDP_L4,
};

/* That a segment says CWR (GSO_ECN) is seen in the segment itself. */
static lp_gso read_gso(uint8_t type)
{
    for (unsigned gso = 0; gso < sizeof kernels; gso++)
        if (kernels[gso] == (type & ~VIRTIO_NET_HDR_GSO_ECN))
            return (lp_gso)gso;
    return LP_GSO_OTHER;
}

lp_offload lp_vnet_read(const struct virtio_net_hdr *header)
{
    return (lp_offload){
        .needs_checksum = header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
        .checksum_start = header->csum_start,
        .checksum_offset = header->csum_offset,
        .gso = read_gso(header->gso_type),
        .segment_len = header->gso_size,
        .header_len = header->hdr_len,
    };
}

void lp_vnet_write(const lp_offload *offload, struct virtio_net_hdr *out_header)
{
    assert(offload->gso != LP_GSO_OTHER); /* that is for reading only */
    *out_header = (struct virtio_net_hdr){
        .flags = offload->needs_checksum ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0,
        .gso_type = kernels[offload->gso],
        .hdr_len = offload->header_len,
        .gso_size = offload->gso != LP_GSO_NONE ? offload->segment_len : 0,
        .csum_start = offload->checksum_start,
        .csum_offset = offload->checksum_offset,
    };
}

/* --- what this kernel can --------------------------------------------------------- */

/* Two datagrams of one octet, from 127.0.0.1 to its port 9 (discard), for a station that
 * the loopback interface is not: the kernel looks at the super-frame and drops it. */
static bool write_to_nobody(int fd, unsigned loopback)
{
    static const uint8_t frame[] = {
        0x02, 0,    0,   0,  0,   1, 0, 0, 0, 0,  0,    0,    0x08, 0x00, /* Ethernet */
        0x45, 0,    0,   30, 0,   0, 0, 0, 1, 17, 0xbb, 0xcd,             /* IPv4 */
        127,  0,    0,   1,  127, 0, 0, 1, 0, 9,  0,    9,    0,    10,
        0xfe, 0x1d, 'a', 'b' /* UDP */
    };
    const lp_offload offload = {.needs_checksum = true,
                                .checksum_start = 34,
                                .checksum_offset = 6,
                                .gso = LP_GSO_UDP,
                                .segment_len = 1,
                                .header_len = 42};
    struct sockaddr_ll to = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_IP),
                             .sll_ifindex = (int)loopback};
    struct virtio_net_hdr vnet;
    lp_vnet_write(&offload, &vnet);
    struct iovec pieces[2] = {{&vnet, sizeof vnet},
                              {(void *)(uintptr_t)frame, sizeof frame}};
    struct msghdr message = {
        .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = pieces, .msg_iovlen = 2};
    return sendmsg(fd, &message, MSG_DONTWAIT) > 0;
}

bool lp_vnet_cuts_udp(void)
{
    int one = 1;
    unsigned loopback = if_nametoindex("lo");
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    bool can = fd >= 0 && loopback > 0 &&
               setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) == 0 &&
               write_to_nobody(fd, loopback);
    if (fd >= 0)
        close(fd);
    return can;
}
