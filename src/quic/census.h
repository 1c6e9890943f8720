/*
 * How many connections there are, and from where: what a relay's limits are about. One
 * for all endpoints of a program, whichever threads they are on; asked for each new
 * connection and each end, never for a packet of one that stands.
 */
#pragma once

#include "base/addr.h"
#include "base/error.h"

typedef struct lp_census lp_census;

/* A source is an IPv4 address or an IPv6 /64: a customer there has at least that. */
typedef struct lp_census_limits {
    size_t max_conns;                            /* handshakes included; at least 1 */
    size_t max_conns_there;                      /* from one source; 0: no limit */
    size_t max_handshakes, max_handshakes_there; /* unfinished ones; 0: no limit */
} lp_census_limits;

/* NULL when memory runs out. `key` is secret: strangers choose what is hashed with it. */
lp_census *lp_census_new(const lp_census_limits *limits, const uint8_t key[16]);
void lp_census_free(lp_census *census); /* NULL is fine */

typedef enum lp_census_mood {
    LP_CENSUS_QUIET,
    LP_CENSUS_BUSY, /* half of a limit on handshakes: a client shall prove its address */
    LP_CENSUS_FULL,
} lp_census_mood;

/* How a newcomer from there is to be met. */
lp_census_mood lp_census_look(lp_census *census, const lp_addr *from);

/* A handshake begins.
 *   LP_ERR_FULL  there is one too many already; nothing is counted */
LP_MUST_USE lp_err lp_census_enter(lp_census *census, const lp_addr *from);
/* It is over, well or not. */
void lp_census_settle(lp_census *census, const lp_addr *from);
/* The connection is gone. */
void lp_census_leave(lp_census *census, const lp_addr *from);

size_t lp_census_conns(lp_census *census); /* handshakes included */
