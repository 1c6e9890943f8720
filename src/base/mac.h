/* Ethernet addresses. */
#pragma once

#include "base/error.h"
#include "base/span.h"

typedef struct lp_mac {
    uint8_t octet[6];
} lp_mac;

_Static_assert(sizeof(lp_mac) == 6, "lp_mac is copied straight off the wire");

#define LP_MAC_TEXT_LEN 18 /* "02:00:00:00:00:00" and its NUL */

#define LP_MAC_BROADCAST ((lp_mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}})

static inline bool lp_mac_equal(lp_mac a, lp_mac b)
{
    return memcmp(a.octet, b.octet, sizeof a.octet) == 0;
}

/* True for broadcast too: it is the multicast address of everyone. */
static inline bool lp_mac_is_multicast(lp_mac mac)
{
    return mac.octet[0] & 1;
}

static inline bool lp_mac_is_zero(lp_mac mac)
{
    return lp_mac_equal(mac, (lp_mac){{0}});
}

static inline bool lp_mac_is_broadcast(lp_mac mac)
{
    return lp_mac_equal(mac, LP_MAC_BROADCAST);
}

/* What a remote player's adapter may be called: unicast, locally administered. */
static inline bool lp_mac_is_identity(lp_mac mac)
{
    return (mac.octet[0] & 3) == 2;
}

/*
 * Reads exactly six pairs of hexadecimal digits with colons between them, in either
 * case. No spaces, no dashes: one spelling, so that two files compare equal.
 *   LP_ERR_MALFORMED  it is anything else
 */
LP_MUST_USE lp_err lp_mac_read(const char *text, lp_mac *out_mac);

/* Lower case, as the identity file and every log line have it. Returns `out`. */
const char *lp_mac_write(lp_mac mac, char out[LP_MAC_TEXT_LEN]);
