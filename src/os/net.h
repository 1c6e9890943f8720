/*
 * The host's addresses and routes: looked at, watched, and changed only to undo what
 * would cut the tunnel off (rtnetlink on Linux, IP helper on Windows).
 */
#pragma once

#include "base/addr.h"
#include "os/fd.h"

typedef struct lp_net lp_net;

/* A socket that reports changes; poll its fd. */
LP_MUST_USE lp_err lp_net_open(lp_net **out_net, lp_why *why);
void lp_net_close(lp_net *net); /* Windows: unpins what is pinned; NULL is fine */
lp_fd lp_net_fd(const lp_net *net);

/* Reads what is pending: did an address, link or route change since the last call? */
bool lp_net_changed(lp_net *net);

typedef struct lp_route {
    unsigned ifindex;
    lp_addr source;  /* the address that packets would come from */
    lp_addr gateway; /* family 0: on-link */
    uint32_t metric;
} lp_route;

/* Best-route look-up. LP_ERR_NOT_FOUND: no route. */
LP_MUST_USE lp_err lp_net_route_to(lp_net *net, const lp_addr *destination,
                                   lp_route *out_route);

/*
 * Removes every default route (v4, v6) through this interface, and what amounts to one:
 * unicast routes wider than /8, of which two halves, 0.0.0.0/1 and 128.0.0.0/1, are the
 * usual trick (DHCP option 121 can bring them). How many there were.
 */
size_t lp_net_drop_defaults(lp_net *net, unsigned ifindex);

/*
 * Pins a host route to `destination` along `along`; marked as ours (Linux: protocol 76;
 * Windows: a journal), so that a later run can find what a killed one left
 * (lp_net_unpin_stale).
 *   LP_ERR_IN_USE  an identical one exists: it is used, and not ours to remove
 */
LP_MUST_USE lp_err lp_net_pin(lp_net *net, const lp_addr *destination,
                              const lp_route *along, lp_why *why);
void lp_net_unpin(lp_net *net, const lp_addr *destination);
/* Also gives back what was changed on an adapter (Windows). How many changes. */
size_t lp_net_unpin_stale(lp_net *net);

/* The interface's address that a person would name: non-link-local IPv4 first (D-003),
 * then global IPv6, then link-local. LP_ERR_NOT_FOUND: none yet. */
LP_MUST_USE lp_err lp_net_address_of(lp_net *net, unsigned ifindex, lp_addr *out_addr,
                                     unsigned *out_prefix_len);

/* Which other interface has an IPv4 subnet that overlaps this one's? "": none. */
void lp_net_overlap(lp_net *net, unsigned ifindex, char out_name[16]);
