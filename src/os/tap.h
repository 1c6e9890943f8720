/*
 * The player's virtual Ethernet adapter: a TAP device.
 *
 * Linux makes one, and removes it when the handle closes, a crash included: nothing to
 * restore. Windows has adapters of OpenVPN's driver tap-windows6, of which one is ours
 * while it is open; what is changed on it is given back, after a crash by the next run.
 */
#pragma once

#include "base/mac.h"
#include "base/offload.h"
#include "os/fd.h"

#define LP_IFNAME_LEN 16

typedef struct lp_tap lp_tap;

/* One adapter that can be named. */
typedef struct lp_tap_choice {
    char id[40];    /* never changes */
    char name[128]; /* as people see it and may change it */
} lp_tap_choice;

/* What there is to choose from; nothing where adapters are made (Linux). How many. */
size_t lp_tap_list(lp_tap_choice *out, size_t max);

/*
 * Windows: makes an adapter of our own, with a name that people understand; takes seconds.
 * Linux makes them when they are opened: LP_ERR_UNSUPPORTED.
 *   LP_ERR_NOT_FOUND  the driver is not installed
 *   LP_ERR_DENIED, LP_ERR_IO  and no half-made device is left behind
 */
LP_MUST_USE lp_err lp_tap_create(lp_tap_choice *out_made, lp_why *why);
/* Removes those that lp_tap_create made, and no others. How many. */
LP_MUST_USE lp_err lp_tap_remove(size_t *out_count, lp_why *why);

#define LP_TAP_ANY "any"

/*
 * Creates the adapter, down, with this MAC. `name` may hold %d; NULL means "lan%d".
 * Windows: takes the adapter of that name or id; NULL: one that lp_tap_create made, else
 * the only one there is, and where there is none, makes one; LP_TAP_ANY: the first that
 * opens. Gives it the MAC, which may take seconds; what is not ours gets its own back.
 *   LP_ERR_DENIED
 *   LP_ERR_IN_USE       the name; Windows: another program has it, or there are several
 *   LP_ERR_NOT_FOUND    Windows: there is none, or none of that name
 *   LP_ERR_REFUSED      Windows: it does not take the MAC (W-022)
 *   LP_ERR_UNSUPPORTED  no /dev/net/tun; Windows: a driver that is too old
 *   LP_ERR_IO
 */
LP_MUST_USE lp_err lp_tap_open(const char *name, lp_mac mac, lp_tap **out_tap,
                               lp_why *why);
void lp_tap_close(lp_tap *tap); /* NULL is fine */
lp_fd lp_tap_fd(const lp_tap *tap);
const char *lp_tap_name(const lp_tap *tap);
unsigned lp_tap_ifindex(const lp_tap *tap);
const char *lp_tap_driver(const lp_tap *tap); /* its version; "": the system's own */
/* Super-frames of TCP and partial checksums may be written (not on Windows). */
bool lp_tap_cuts_tcp(const lp_tap *tap);
/* The kernel cuts super-frames of UDP that are written (Linux 6.2). */
bool lp_tap_cuts_udp(const lp_tap *tap);
/* IPv6 router advertisements on it install no routes. False: someone should watch. */
bool lp_tap_ignores_routers(const lp_tap *tap);

LP_MUST_USE lp_err lp_tap_set_mtu(lp_tap *tap, unsigned mtu, lp_why *why);
/* What that changed in the system is as it was before, until it is asked for again; to be
 * called while the link is down. The adapter stays ours, its MAC with it. (Linux: nothing
 * was changed that does not go with the adapter.) */
void lp_tap_rest(lp_tap *tap);
/* Up with carrier, or without carrier: DHCP clients and games see the cable. */
LP_MUST_USE lp_err lp_tap_set_link(lp_tap *tap, bool up, lp_why *why);

/*
 * One frame into `space` (64 KiB and more hold anything), its length, and what the
 * kernel leaves to us as to any card: the adapter says that it can do checksums and
 * segments of TCP and, where the kernel knows them (6.2), UDP.
 *   LP_ERR_WOULD_BLOCK, LP_ERR_IO (W-026: stop)
 */
LP_MUST_USE lp_err lp_tap_read(lp_tap *tap, lp_space space, size_t *out_len,
                               lp_offload *out_offload);
/* What `offload` leaves to do, the kernel does: of UDP segments only where it can, see
 * above, else the frame is lost. LP_ERR_WOULD_BLOCK: its queue is full, the
 * frame lost as on a wire; or LP_ERR_IO, as above. */
LP_MUST_USE lp_err lp_tap_write(lp_tap *tap, lp_bytes frame, const lp_offload *offload);
/* Frames that were taken for writing, and lost all the same; since the last call. */
uint64_t lp_tap_take_lost(lp_tap *tap);
