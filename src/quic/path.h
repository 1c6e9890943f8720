/* Our addresses to ngtcp2's paths and back. */
#pragma once

#include "base/addr.h"

#include <ngtcp2/ngtcp2.h>

/* `storage` holds the path and must not move while the path is used. */
const ngtcp2_path *lp_path_fill(ngtcp2_path_storage *storage, const lp_addr *local,
                                const lp_addr *remote);

lp_addr lp_path_addr(const ngtcp2_addr *addr);
