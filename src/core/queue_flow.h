/* Which flow a datagram belongs to, for lp_queue alone. */
#pragma once

#include "base/span.h"

/*
 * A keyed hash of the frame's addresses, ethertype and, where it is IP, addresses,
 * protocol and ports. Fragments are told apart by addresses alone: the later ones have
 * no ports, and all should stay in order.
 */
uint32_t lp_queue_flow_hash(lp_bytes datagram, uint32_t seed);
