/*
 * Two ends of a veth in a network of our own, for tests that compare us with the kernel:
 * what goes into `in` with a virtio-net header, the kernel must cut and complete, for the
 * device will do nothing; it comes out of `out` as a wire would bring it.
 */
#pragma once

#include <arpa/inet.h>
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

#include "../netns.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* Linux 6.2 */
#endif

typedef struct kernel_wire {
    int in, out; /* packet sockets; out waits at most a second */
} kernel_wire;

static inline void must(bool worked, const char *what)
{
    if (worked)
        return;
    perror(what);
    exit(1);
}

static inline void switch_off(int fd, const char *interface, uint32_t command)
{
    struct ethtool_value off = {.cmd = command};
    struct ifreq request = {.ifr_data = (void *)&off};
    memcpy(request.ifr_name, interface, strlen(interface));
    must(ioctl(fd, SIOCETHTOOL, &request) == 0, "ethtool");
}

static inline int open_packet_socket(const char *interface, int protocol)
{
    int fd = socket(AF_PACKET, SOCK_RAW, 0), buffer = 8 << 20;
    struct timeval patience = {.tv_sec = 1};
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

/* Skips the whole program without root. */
static inline kernel_wire open_kernel_wire(void)
{
    int yes = 1;
    enter_new_network();
    /* Else the kernel would say things of its own. */
    must(sh("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6 && "
            "ip link add va type veth peer name vb && "
            "ip link set va up && ip link set vb up"),
         "ip");
    kernel_wire wire = {open_packet_socket("va", 0),
                        open_packet_socket("vb", ETH_P_ALL)};
    must(setsockopt(wire.in, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof yes) == 0,
         "PACKET_VNET_HDR");
    switch_off(wire.in, "va", ETHTOOL_STSO);
    switch_off(wire.in, "va", ETHTOOL_SGSO);
    switch_off(wire.in, "va", ETHTOOL_STXCSUM);
    switch_off(wire.in, "va", ETHTOOL_SSG);
    return wire;
}

/*
 * A kernel that is short of memory for a moment drops what it should cut, or refuses it:
 * then the same is tried again. What goes wrong for another reason does so each time.
 */
typedef enum outcome { SAME, DIFFERENT, LOST } outcome;

#define TRIES 4

static inline bool put_on_wire(const kernel_wire *wire, const uint8_t *octets,
                               size_t len)
{
    return send(wire->in, octets, len, 0) == (ssize_t)len;
}

static inline void drain_wire(const kernel_wire *wire)
{
    uint8_t octet;
    while (recv(wire->out, &octet, 1, 0) >= 0)
        ;
}

static inline void close_kernel_wire(const kernel_wire *wire)
{
    close(wire->in);
    close(wire->out);
}
