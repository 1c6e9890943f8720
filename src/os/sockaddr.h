/* lp_addr to and from socket addresses, the same on Linux and Windows. */
#pragma once

#include "base/addr.h"

struct sockaddr;
struct sockaddr_storage;

/*
 * Writes `addr` for a socket of `family` (AF_INET, AF_INET6) and returns its length:
 * IPv4 becomes v4-mapped on an IPv6 socket. IPv6 for an IPv4 socket is written as it
 * is, and the system refuses it.
 */
unsigned lp_sockaddr_write(const lp_addr *addr, int family,
                           struct sockaddr_storage *out);

/* v4-mapped addresses come back as family 4; anything that is no IP address as family
 * 0. */
lp_addr lp_sockaddr_read(const struct sockaddr *from);

/* The same for a bare IPv6 address, as control messages and netlink have it. */
lp_addr lp_addr_of_ip6(const uint8_t ip[16], uint32_t ifindex, uint16_t port);
lp_addr lp_addr_of_ip4(const uint8_t ip[4], uint16_t port);
