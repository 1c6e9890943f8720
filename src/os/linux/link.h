/* The interfaces of this machine, as the kernel describes them. */
#pragma once

#include "base/mac.h"

#define LP_LINK_NAME_LEN 16
#define LP_LINKS_MAX     256

typedef struct lp_link {
    char name[LP_LINK_NAME_LEN];
    unsigned ifindex;
    unsigned hardware; /* ARPHRD_ETHER and others */
    lp_mac mac;
    unsigned mtu;
    bool is_loopback, is_up, has_carrier;
    char kind[16];                 /* "veth", "bridge", "tun"...; "" for hardware */
    char master[LP_LINK_NAME_LEN]; /* the bridge, bond or VRF that it serves, or "" */
    char master_kind[16];          /* what that is */
} lp_link;

/* All of them, LP_LINKS_MAX at most. LP_ERR_IO: the kernel does not say. */
LP_MUST_USE lp_err lp_links_read(lp_link out[LP_LINKS_MAX], size_t *out_count);

/* LP_ERR_NOT_FOUND, LP_ERR_IO */
LP_MUST_USE lp_err lp_link_find(const char *name, lp_link *out_link);
