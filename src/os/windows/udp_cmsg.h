/* Control messages of the UDP socket: our own address, ECN, trains. */
#pragma once

#include "os/udp.h"
#include "os/windows/winsock.h"

#define LP_UDP_CONTROL_LEN 128

void lp_udp_cmsg_read(WSAMSG *message, lp_udp_in *in, size_t *out_segment_len);

/* Fills message->Control, which has LP_UDP_CONTROL_LEN octets of room. `from` of family 0
 * or another than the remote's: Windows chooses. segment_len 0: one packet. */
void lp_udp_cmsg_write(WSAMSG *message, uint8_t remote_family, const lp_addr *from,
                       uint8_t ecn, size_t segment_len);
