/*
 * Hands frames to this host's own stack as if the wire had brought them (J-06). What we
 * inject into the wire never reaches the host that injects it.
 *
 * BPF_PROG_TEST_RUN with live frames (Linux 5.18): a program that says XDP_PASS is run
 * over the frame, with the interface named as the one it came in on. Nothing is
 * attached to the interface, so nothing can be left behind.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

/*
 * Loads the program and tries live frames without delivering one. It needs CAP_BPF and
 * CAP_NET_ADMIN; -1 where they or the kernel's support are missing.
 */
int lp_lan_host_open(unsigned ifindex);

/* Needs no capability any more. Errors as in lp_lan_write_to_host. */
LP_MUST_USE lp_err lp_lan_host_write(int program, unsigned ifindex, lp_bytes frame);
