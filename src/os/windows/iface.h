/*
 * The IP interface on top of an adapter, for as long as we run: the room's MTU, a metric
 * that makes it the first choice for broadcasts, and no default routes. What it was
 * before comes back.
 */
#pragma once

#include "base/error.h"

#include <stdint.h>

typedef struct lp_iface lp_iface;

/* `id` as NetCfgInstanceId has it.
 *   LP_ERR_NOT_FOUND  no IP interface has that id: is the adapter disabled? */
LP_MUST_USE lp_err lp_iface_open(const char *id, lp_iface **out_iface, lp_why *why);
void lp_iface_close(lp_iface *iface); /* gives back what it was; NULL is fine */
/* The same for a while: until lp_iface_take. */
void lp_iface_give_back(lp_iface *iface);

unsigned lp_iface_index(const lp_iface *iface);
uint64_t lp_iface_luid(const lp_iface *iface);

/* Again when the MTU changed. Of IPv6, below its least MTU, only the rest is set. */
LP_MUST_USE lp_err lp_iface_take(lp_iface *iface, unsigned mtu, lp_why *why);
