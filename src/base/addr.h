/*
 * IP addresses with ports, and the ways people write them.
 *
 * Pure text work: names are resolved elsewhere (os/), numbers here.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

typedef struct lp_addr {
    uint8_t family; /* 4, 6, or 0 for none */
    uint16_t port;
    uint8_t ip[16];    /* network order; the first four octets for IPv4 */
    uint32_t scope_id; /* interface of a link-local IPv6 address; else 0 */
} lp_addr;

#define LP_ADDR_TEXT_LEN 80 /* "[v6]:port" and its NUL, with room */
#define LP_DEFAULT_PORT  443

bool lp_addr_equal(const lp_addr *a, const lp_addr *b);   /* address and port */
bool lp_addr_same_ip(const lp_addr *a, const lp_addr *b); /* the port aside */
bool lp_addr_is_any(const lp_addr *addr);                 /* 0.0.0.0 or :: */

/* "192.0.2.1" or "2001:db8::1", brackets allowed around IPv6; port is set as given.
 *   LP_ERR_MALFORMED  it is not an IP literal */
LP_MUST_USE lp_err lp_addr_read_ip(const char *text, uint16_t port, lp_addr *out_addr);

/* "192.0.2.1:443" or "[2001:db8::1]:443". Returns `out`. */
const char *lp_addr_write(const lp_addr *addr, char out[LP_ADDR_TEXT_LEN]);
const char *lp_addr_write_ip(const lp_addr *addr, char out[LP_ADDR_TEXT_LEN]);

#define LP_HOST_MAX 253 /* a DNS name, RFC 1035 */

/* Where a relay is, as a person typed it: a name or a literal, and a port (N-001). */
typedef struct lp_endpoint_name {
    char host[LP_HOST_MAX + 1]; /* without brackets */
    uint16_t port;
} lp_endpoint_name;

/*
 * "relay.example", "relay.example:4433", "192.0.2.1", "192.0.2.1:4433",
 * "2001:db8::1", "[2001:db8::1]:4433". Without a port: LP_DEFAULT_PORT.
 *   LP_ERR_MALFORMED  empty, a bad port, or no host name has that form: 10.0.0.300 is a
 *                     slip of the pen, and resolvers take 10.1 for 10.0.0.1
 */
LP_MUST_USE lp_err lp_endpoint_name_read(const char *text, lp_endpoint_name *out_name);

/*
 * Where to listen: "0.0.0.0:443", "[::]:443", "443/udp" or "443" (L-001). Without an
 * address: [::], which takes IPv4 too.
 *   LP_ERR_MALFORMED  anything else
 */
LP_MUST_USE lp_err lp_addr_read_listen(const char *text, lp_addr *out_addr);
