/*
 * The capture socket's filter in the kernel, so that a busy LAN's unrelated unicast
 * never reaches us: a classic BPF program made anew whenever a member comes or goes.
 *
 * It accepts what is for everyone or for a member, and does not come from a member:
 * that would be our own injection on its way back.
 */
#pragma once

#include "base/mac.h"

struct sock_filter;

#define LP_LAN_FILTER_MAX_LEN 4096 /* instructions: the kernel's BPF_MAXINSNS */

/*
 * Writes the program for these members (LP_LAN_MAX_MEMBERS at most, twins allowed) to
 * LP_LAN_FILTER_MAX_LEN places; returns its length in instructions.
 */
size_t lp_lan_filter_write(const lp_mac *members, size_t count,
                           struct sock_filter *out);

/* Everything passes but what is too short for an Ethernet header. */
size_t lp_lan_filter_write_open(struct sock_filter *out);
