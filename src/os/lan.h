/*
 * The party's wire: one Ethernet interface, captured and injected by AF_PACKET, and the
 * gateway host's own stack (J-06), with nothing left behind on exit or crash:
 * promiscuous by membership, filters and programs owned by file descriptors.
 */
#pragma once

#include "base/mac.h"
#include "base/offload.h"

typedef struct lp_lan lp_lan;

#define LP_LAN_NAME_LEN    16
#define LP_LAN_MAX_MEMBERS 256 /* in the kernel's filter; beyond, user space decides */

typedef struct lp_lan_info {
    char name[LP_LAN_NAME_LEN];
    unsigned ifindex;
    lp_mac mac;
    unsigned mtu;
    bool can_reach_host; /* frames can be handed to this host's own stack */
    bool cuts_udp;       /* the kernel cuts super-frames of UDP that are written */
} lp_lan_info;

/*
 * Picks the only suitable wired interface: Ethernet, up with carrier, a real device or
 * a free veth; no loopback, Wi-Fi, bridge, bridge port, bond member or tunnel.
 *   LP_ERR_NOT_FOUND  none; `why` lists what was seen and why each was passed over
 *   LP_ERR_IN_USE     several; `why` lists them, so that one can be named
 */
LP_MUST_USE lp_err lp_lan_pick(char out_name[LP_LAN_NAME_LEN], lp_why *why);

/*
 * Opens it: checks (G-004 to G-006, each with its own sentence), capture socket,
 * promiscuous membership, in-kernel filter with no members yet. A bridge, bond or VLAN
 * is a fine wire for who names it; a port or member of one is not: it sees neither the
 * host's own frames nor all of the others.
 *   LP_ERR_NOT_FOUND    no such interface
 *   LP_ERR_UNSUPPORTED  it can never be the wire; LP_ERR_IO: not now (down, no cable)
 *   LP_ERR_DENIED       CAP_NET_RAW and CAP_NET_ADMIN are needed
 */
LP_MUST_USE lp_err lp_lan_open(const char *name, lp_lan **out_lan, lp_why *why);
void lp_lan_close(lp_lan *lan); /* NULL is fine */
int lp_lan_fd(const lp_lan *lan);
const lp_lan_info *lp_lan_look(const lp_lan *lan);
bool lp_lan_has_carrier(const lp_lan *lan); /* asked anew */
/* False once it was removed. Ask now and then: reading tells only if its link was up. */
bool lp_lan_is_there(const lp_lan *lan);

/*
 * Renews the in-kernel filter: from now on unicast reaches us only for these addresses,
 * and what comes from them (our own injections coming back, loops) does not.
 */
LP_MUST_USE lp_err lp_lan_set_members(lp_lan *lan, const lp_mac *members, size_t count);

typedef struct lp_lan_frame {
    lp_space space; /* the reader's, for the frame: 64 KiB and more hold anything */
    size_t len;
    bool from_own_host; /* outgoing: this machine's own traffic to players */
    bool has_tag;       /* a VLAN tag that the kernel took off */
    uint16_t tag;       /* its control information: priority, VID */
    lp_offload offload; /* what the card was still to do to it */
} lp_lan_frame;

#define LP_LAN_BATCH 8 /* more super-frames at once would only leave the CPU's cache */

/*
 * Those that wait, up to `count` (LP_LAN_BATCH at most), each into the `space` that its
 * place in `frames` brings; spaces may change places. Fewer: there are no more now.
 *   LP_ERR_WOULD_BLOCK: none; LP_ERR_NOT_FOUND: the interface is gone; LP_ERR_IO.
 *   A link that went down is not an error: it says WOULD_BLOCK until it is back.
 */
LP_MUST_USE lp_err lp_lan_read(lp_lan *lan, lp_lan_frame *frames, size_t count,
                               size_t *out_count);

/*
 * Onto the wire; what `offload` leaves to do, the card does or the kernel in its place:
 * UDP's super-frames only where `cuts_udp` says so, else LP_ERR_IO.
 * LP_ERR_WOULD_BLOCK: lost, as on a wire; LP_ERR_TOO_BIG: beyond the interface's MTU
 * (of super-frames nobody looks at the segments: the caller knows); LP_ERR_IO.
 */
LP_MUST_USE lp_err lp_lan_write(lp_lan *lan, lp_bytes frame, const lp_offload *offload);

/*
 * Into this host's own stack, as if the wire had brought it: for frames to its address
 * and to everyone. A system call of some 13 us. Our own capture does not see the frame:
 * the filter drops what comes from members.
 *   LP_ERR_UNSUPPORTED  the kernel cannot (before 5.18, or opened without CAP_BPF)
 *   LP_ERR_TOO_BIG      over what one page holds, far above any room's MTU
 *   LP_ERR_WOULD_BLOCK  lost; LP_ERR_IO
 */
LP_MUST_USE lp_err lp_lan_write_to_host(lp_lan *lan, lp_bytes frame);

/* Frames the kernel dropped because we read too slowly, since the last call. */
uint64_t lp_lan_take_kernel_drops(lp_lan *lan);
