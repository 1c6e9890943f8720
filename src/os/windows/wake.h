/*
 * A bell that any thread may ring and an event loop can wait for.
 *
 * The loop of libuv waits for sockets, and much of Windows tells its news on threads: the
 * bell is a loopback UDP socket connected to itself, readable while it rings.
 */
#pragma once

#include "base/error.h"
#include "os/fd.h"

typedef struct lp_wake lp_wake;

LP_MUST_USE lp_err lp_wake_open(lp_wake **out_wake, lp_why *why);
void lp_wake_close(lp_wake *wake); /* nobody rings it any more; NULL is fine */
lp_fd lp_wake_fd(const lp_wake *wake);

void lp_wake_ring(lp_wake *wake); /* any thread; costs little while it rings already */
/* Silent from now on. Look at what it rings for after this, never before. */
void lp_wake_clear(lp_wake *wake);
