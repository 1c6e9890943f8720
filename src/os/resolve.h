/* Names to addresses. */
#pragma once

#include "base/addr.h"
#include "os/fd.h"

/*
 * The addresses of `name` in the order of preference (RFC 6724), each with its port; a
 * literal is answered at once. Blocks for as long as the resolver does: for a worker
 * thread.
 *   LP_ERR_NOT_FOUND  no such name
 *   LP_ERR_TIMEOUT    no name server answered: try again later
 */
LP_MUST_USE lp_err lp_resolve(const lp_endpoint_name *name, lp_addr *out, size_t max,
                              size_t *out_count, lp_why *why);

/*
 * The same on a thread of its own, which can be left behind: where a network swallows
 * packets the resolver takes half a minute, and a program that ends does not.
 */
typedef struct lp_lookup lp_lookup;

LP_MUST_USE lp_err lp_lookup_start(const lp_endpoint_name *name,
                                   lp_lookup **out_lookup);
lp_fd lp_lookup_fd(const lp_lookup *lookup); /* readable once it is done */
/* Once it is done; answers as lp_resolve does. */
LP_MUST_USE lp_err lp_lookup_answer(const lp_lookup *lookup, lp_addr *out, size_t max,
                                    size_t *out_count, lp_why *why);
void lp_lookup_drop(lp_lookup *lookup); /* done or not; NULL is fine */
