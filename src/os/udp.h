/*
 * One UDP socket, read and written in batches.
 *
 * Linux: recvmmsg with UDP_GRO in, sendmsg with UDP_SEGMENT out, IP_PKTINFO for our own
 * address, ECN bits both ways, never fragmented (IP_MTU_DISCOVER = PROBE: DF set, and
 * the kernel's own path MTU cache is not believed).
 */
#pragma once

#include "base/addr.h"
#include "os/fd.h"

typedef struct lp_udp lp_udp;

#define LP_UDP_BATCH 64 /* what one lp_udp_receive reads at most, before GRO's cut */

typedef struct lp_udp_in {
    lp_addr local, remote;
    uint8_t ecn;
    lp_bytes payload; /* valid until the next lp_udp_receive */
} lp_udp_in;

/* A train: payloads of segment_len octets, the last perhaps shorter, in one piece. */
typedef struct lp_udp_train {
    lp_addr local, remote; /* local: family 0 or any address lets the kernel choose */
    uint8_t ecn;
    lp_bytes payloads;
    size_t segment_len; /* 0 or >= payloads.len: one packet */
} lp_udp_train;

#define LP_UDP_TRAIN_SEGMENTS 64
#define LP_UDP_TRAIN_BYTES    65000

/*
 * Binds. [::] takes IPv4 as well. `reuse_port` lets several workers share it.
 *   LP_ERR_IN_USE, LP_ERR_DENIED, LP_ERR_IO  `why` says what and what to do
 */
LP_MUST_USE lp_err lp_udp_open(const lp_addr *bind_to, bool reuse_port,
                               lp_udp **out_udp, lp_why *why);
void lp_udp_close(lp_udp *udp); /* NULL is fine */
lp_fd lp_udp_fd(const lp_udp *udp);
lp_addr lp_udp_local(const lp_udp *udp); /* with the port that was given */

/*
 * What is there now, GRO trains cut into packets. *out_packets is the socket's own. Fewer
 * than LP_UDP_BATCH: there were no more.
 *   LP_ERR_WOULD_BLOCK  nothing; LP_ERR_IO: the socket is broken. ICMP errors are
 *   swallowed.
 */
LP_MUST_USE lp_err lp_udp_receive(lp_udp *udp, const lp_udp_in **out_packets,
                                  size_t *out_count);

/*
 * Sends trains in order; *out_sent trains went out or were lost for good (no route now:
 * QUIC will try again).
 *   LP_ERR_WOULD_BLOCK  the socket is full: wait until it is writable, send the rest
 */
LP_MUST_USE lp_err lp_udp_send(lp_udp *udp, const lp_udp_train *trains, size_t count,
                               size_t *out_sent);
