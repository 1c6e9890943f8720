/*
 * The player's virtual Ethernet adapter: a TAP device that exists while it is open.
 *
 * The kernel removes it when the handle closes, a crash included: nothing to restore.
 */
#pragma once

#include "base/mac.h"
#include "base/offload.h"
#include "os/fd.h"

#define LP_IFNAME_LEN 16

typedef struct lp_tap lp_tap;

/*
 * Creates the adapter, down, with this MAC. `name` may hold %d; NULL means "lan%d".
 *   LP_ERR_DENIED, LP_ERR_IN_USE (the name), LP_ERR_IO,
 *   LP_ERR_UNSUPPORTED (no /dev/net/tun)
 */
LP_MUST_USE lp_err lp_tap_open(const char *name, lp_mac mac, lp_tap **out_tap,
                               lp_why *why);
void lp_tap_close(lp_tap *tap); /* NULL is fine */
lp_fd lp_tap_fd(const lp_tap *tap);
const char *lp_tap_name(const lp_tap *tap);
unsigned lp_tap_ifindex(const lp_tap *tap);
/* The kernel cuts super-frames of UDP that are written (Linux 6.2). */
bool lp_tap_cuts_udp(const lp_tap *tap);
/* IPv6 router advertisements on it install no routes. False: someone should watch. */
bool lp_tap_ignores_routers(const lp_tap *tap);

LP_MUST_USE lp_err lp_tap_set_mtu(lp_tap *tap, unsigned mtu, lp_why *why);
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
