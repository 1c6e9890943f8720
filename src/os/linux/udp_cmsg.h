/* The control messages beside a datagram: our address, ECN bits, segment length. */
#pragma once

#include "os/udp.h"

struct msghdr;

/* Both packet infos, both traffic classes and GRO's length, with room. */
#define LP_UDP_CONTROL_LEN 192
#define LP_CMSG_ALIGN      _Alignas(size_t)

/* Fills local (without its port) and ecn of `in`; *out_segment_len only where GRO
 * acted. */
void lp_udp_cmsg_read(const struct msghdr *message, lp_udp_in *in,
                      size_t *out_segment_len);

/*
 * Writes into message->msg_control and sets msg_controllen. `from` is ignored where it
 * is any address or of another family than the remote's; segment_len 0: no train.
 */
void lp_udp_cmsg_write(struct msghdr *message, uint8_t remote_family,
                       const lp_addr *from, uint8_t ecn, size_t segment_len);
