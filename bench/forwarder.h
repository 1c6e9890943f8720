/*
 * The floor: takes a UDP payload and sends it on, with the relay's own event loop,
 * socket and batches. What a relay costs beyond it is what it does.
 */
#pragma once

#include <uv.h>

#include "base/addr.h"

typedef struct forwarder forwarder;

/* `floods`: to everyone it knows but the sender. NULL when something is missing. */
forwarder *forwarder_open(uv_loop_t *loop, bool floods);
void forwarder_close(forwarder *it); /* then run the loop to its end */

lp_addr forwarder_local(const forwarder *it);

/* `from` is known from now on; what comes from there goes to `to`. */
void forwarder_route(forwarder *it, const lp_addr *from, const lp_addr *to);
