/* What the parts of repair.h share: not for anyone else. */
#pragma once

#include "core/repair.h"

/* IPv4 or IPv6 right behind the Ethernet header, all of it there, IPv4's checksum
 * right. */
bool lp_repair_is_sound_ip(lp_bytes frame, const lp_packet *packet);

/*
 * How many frames a sound packet becomes. 1: it fits once the padding is cut off.
 * 0: it must not or cannot be fragmented.
 */
size_t lp_repair_count_fragments(lp_bytes frame, const lp_packet *packet, size_t mtu);

/* May the sender of a sound packet be told that it was too big? */
bool lp_repair_may_answer(lp_bytes frame, const lp_packet *packet);

/* Tells it: the answer's length. */
size_t lp_repair_write_answer(lp_bytes frame, const lp_packet *packet, size_t mtu,
                              uint8_t out[LP_REPAIR_REPLY_MAX]);
