/* Names to addresses. */
#pragma once

#include "base/addr.h"

/*
 * The addresses of `name` in the order of preference (RFC 6724), each with its port; a
 * literal is answered at once. Blocks for as long as the resolver does: for a worker
 * thread.
 *   LP_ERR_NOT_FOUND  no such name
 *   LP_ERR_TIMEOUT    no name server answered: try again later
 */
LP_MUST_USE lp_err lp_resolve(const lp_endpoint_name *name, lp_addr *out, size_t max,
                              size_t *out_count, lp_why *why);
