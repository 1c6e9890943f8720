/* The virtio-net header, in which TAP devices and packet sockets speak of offloads. */
#pragma once

#include "base/offload.h"

struct virtio_net_hdr;

lp_offload lp_vnet_read(const struct virtio_net_hdr *header);
void lp_vnet_write(const lp_offload *offload, struct virtio_net_hdr *out_header);

/*
 * True if this kernel cuts super-frames of UDP that are written to it (Linux 6.2). Tried
 * with one on the loopback interface, addressed to nobody. False where that cannot be
 * tried: without CAP_NET_RAW, or loopback down.
 */
bool lp_vnet_cuts_udp(void);
