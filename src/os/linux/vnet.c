#include "os/linux/vnet.h"

#include <assert.h>
#include <linux/virtio_net.h>

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
