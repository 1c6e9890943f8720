/*
 * Which of several sockets on one port gets a QUIC packet: decided in the kernel, by the
 * connection id that the packet names, as base/lane.h says. And exceptions: ids whose
 * connection went elsewhere.
 */
#pragma once

#include "base/lane.h"
#include "os/udp.h"

typedef struct lp_steer lp_steer;

#define LP_STEER_ID_LEN 8 /* octets of an id in a packet with a short header */

/*
 * For the sockets on the port of `udp`, which is one of them. They were opened with
 * reuse_port, one after another in the order of their workers' numbers.
 *   LP_ERR_UNSUPPORTED  the system chooses by its own lights; every packet arrives, at one
 *                       of them
 */
LP_MUST_USE lp_err lp_steer_open(const lp_udp *udp, unsigned workers,
                                 lp_steer **out_steer, lp_why *why);
void lp_steer_close(lp_steer *steer); /* NULL is fine */

/*
 * Packets that name this id with a short header go to `worker` from now on. From any
 * thread, and after privileges were given up.
 *   LP_ERR_DENIED  opened without the right to load BPF programs: there are no exceptions
 *   LP_ERR_FULL, LP_ERR_IO
 */
LP_MUST_USE lp_err lp_steer_pin(lp_steer *steer, const uint8_t id[LP_STEER_ID_LEN],
                                unsigned worker);
/* What is not pinned stays so. */
void lp_steer_unpin(lp_steer *steer, const uint8_t id[LP_STEER_ID_LEN]);
