/* The virtio-net header, in which TAP devices and packet sockets speak of offloads. */
#pragma once

#include "base/offload.h"

#include <linux/virtio_net.h>

lp_offload lp_vnet_read(const struct virtio_net_hdr *header);
struct virtio_net_hdr lp_vnet_write(const lp_offload *offload);
