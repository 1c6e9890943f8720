/*
 * The host's addresses and routes: looked at, watched, and changed only to undo what
 * would cut the tunnel off (rtnetlink on Linux, IP helper on Windows).
 */
#pragma once

#include "base/addr.h"
#include "base/time.h"
#include "os/fd.h"

typedef struct lp_net lp_net;

#define LP_NET_NAME_LEN 128 /* an interface's name as people see it, in UTF-8 */

/* A socket that reports changes; poll its fd. */
LP_MUST_USE lp_err lp_net_open(lp_net **out_net, lp_why *why);
void lp_net_close(lp_net *net); /* Windows: gives back what was changed; NULL is fine */
lp_fd lp_net_fd(const lp_net *net);

/* Reads what is pending: did an address, link or route change since the last call? */
bool lp_net_changed(lp_net *net);

typedef struct lp_route {
    unsigned ifindex;
    uint64_t luid;       /* Windows' lasting name of the interface; elsewhere 0 */
    lp_addr source;      /* the address that packets would come from */
    lp_addr gateway;     /* family 0: on-link */
    lp_addr prefix;      /* of the table's entry that it follows; family 0: not told */
    unsigned prefix_len; /* of that prefix */
    uint32_t metric;     /* Windows: the interface's is in it */
} lp_route;

/* Best-route look-up (W-013). LP_ERR_NOT_FOUND: no route. */
LP_MUST_USE lp_err lp_net_route_to(lp_net *net, const lp_addr *destination,
                                   lp_route *out_route);

/*
 * The same, were there neither the interface `inside` nor the routes that we pinned: where
 * a pin should lead. The source is not told.
 */
LP_MUST_USE lp_err lp_net_way_around(lp_net *net, const lp_addr *destination,
                                     unsigned inside, lp_route *out_route);

/*
 * Removes every default route (v4, v6) through this interface, and what amounts to one:
 * unicast routes wider than /8, of which two halves, 0.0.0.0/1 and 128.0.0.0/1, are the
 * usual trick (DHCP option 121 can bring them). How many there were.
 */
size_t lp_net_drop_defaults(lp_net *net, unsigned ifindex);

/* Would the system take a default route through this interface if it were offered one?
 * (Windows: until lp_tap_set_mtu. Linux leaves that to the DHCP client: false.) */
bool lp_net_takes_defaults(lp_net *net, unsigned ifindex);

/* Is the way to the relay pinned in any case, before the adapter is up (Windows), or only
 * where the party's subnet would take it over (Linux)? */
bool lp_net_always_pins(void);

/*
 * Pins a host route to `destination` along `along`; marked as ours (Linux: protocol 76;
 * Windows: a journal), so that a later run can find what a killed one left
 * (lp_net_repair). A pin of ours to the same destination goes first.
 *   LP_ERR_IN_USE  an identical one exists: it is used, and not ours to remove
 */
LP_MUST_USE lp_err lp_net_pin(lp_net *net, const lp_addr *destination,
                              const lp_route *along, lp_why *why);
void lp_net_unpin(lp_net *net, const lp_addr *destination);

/*
 * Which interface's route wins for packets to 255.255.255.255: a game that sends there
 * names no adapter, and they leave by one only. `out_name` is that interface's.
 * LP_ERR_NOT_FOUND: none.
 */
LP_MUST_USE lp_err lp_net_broadcasts_leave_by(lp_net *net, unsigned *out_ifindex,
                                              char out_name[LP_NET_NAME_LEN]);

/*
 * Gives back what a killed run changed and could not give back: routes, and on Windows an
 * adapter's settings and its network's category. *out_restored is how many, also on
 * failure. To be called where no session runs.
 *   LP_ERR_IN_USE  another lanparty-client runs (Windows): these changes are its own
 *   LP_ERR_IO      some could not be given back, and stay written down for the next try
 */
LP_MUST_USE lp_err lp_net_repair(lp_net *net, size_t *out_restored, lp_why *why);

/* The interface's address that a person would name: non-link-local IPv4 first (D-003),
 * then global IPv6, then link-local. LP_ERR_NOT_FOUND: none yet. */
LP_MUST_USE lp_err lp_net_address_of(lp_net *net, unsigned ifindex, lp_addr *out_addr,
                                     unsigned *out_prefix_len);

/* Which other interface has an IPv4 subnet that overlaps this one's, by the name that
 * people see? "": none. */
void lp_net_overlap(lp_net *net, unsigned ifindex, char out_name[LP_NET_NAME_LEN]);

/* What a person does about it on this system; NULL: nothing of its own. */
typedef enum lp_net_trouble {
    LP_NET_NO_LEASE,         /* the party's DHCP server was not heard */
    LP_NET_STRAY_BROADCASTS, /* lp_net_broadcasts_leave_by: not by the adapter */
    LP_NET_IS_PUBLIC,        /* the firewall's view of the party (lp_net_trust) */
} lp_net_trouble;
const char *lp_net_advice(lp_net_trouble trouble);

/* Windows' lasting name for an interface; 0 where there is none (Linux). */
uint64_t lp_net_luid(unsigned ifindex);

/* --- what takes its time ----------------------------------------------------------
 *
 * These begin something that goes on by itself and may take seconds; lp_net_next_note
 * tells how each ended, and lp_net_fd is readable then.
 */

/*
 * Asks the system for the interface's address anew (DHCP).
 *   LP_ERR_IN_USE       it is being asked already
 *   LP_ERR_UNSUPPORTED  its address is not from DHCP, or (Linux) the system leaves that to
 *                       a program of the user's choice: `why` says what to do
 *   LP_ERR_NOT_FOUND    no such interface, or its IPv4 is switched off
 */
LP_MUST_USE lp_err lp_net_renew(lp_net *net, unsigned ifindex, lp_why *why);

/* Could it ever (Windows)? */
bool lp_net_can_renew(void);

/*
 * Has the firewall take the interface's network for one like at home, not for a public one
 * where games are not let in (Windows; elsewhere nothing happens). What it was comes back
 * with lp_net_distrust, lp_net_close, or lp_net_repair. Cheap to ask again, and needed: a
 * network appears seconds after its cable, and may appear anew.
 */
void lp_net_trust(lp_net *net, unsigned ifindex);
/* Waits so long at most: what takes longer goes on by itself, and stays written down for
 * the next start. */
void lp_net_distrust(lp_net *net, lp_duration patience);

typedef struct lp_net_note {
    enum {
        LP_NET_RENEWED, /* or could not: `why` */
        LP_NET_TRUSTED, /* the same; LP_OK also where it was trusted before */
    } what;
    lp_err err;
    lp_why why;
} lp_net_note;

/* News of one kind replaces older news. False: there is none. */
bool lp_net_next_note(lp_net *net, lp_net_note *out_note);

/*
 * The machine's interfaces, addresses, routes and metrics as a person reads them, for a
 * report; always NUL-terminated, what does not fit is left out. How many octets.
 */
#define LP_NET_TEXT_MAX 32768
size_t lp_net_describe(lp_net *net, char *out, size_t out_len);
