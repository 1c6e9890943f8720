/* The virtio-net header, in which TAP devices and packet sockets speak of offloads. */
#pragma once

#include "base/offload.h"

struct virtio_net_hdr;

lp_offload lp_vnet_read(const struct virtio_net_hdr *header);
void lp_vnet_write(const lp_offload *offload, struct virtio_net_hdr *out_header);
