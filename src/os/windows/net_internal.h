/* What the files of os/net.h share on Windows. */
#pragma once

#include "os/net.h"
#include "os/undo.h"
#include "os/windows/wake.h"
#include "os/windows/winsock.h"

#include <stdatomic.h>

#include <iphlpapi.h>
#include <netioapi.h>

#define LP_NET_PINS_MAX 8 /* the relay, and 255.255.255.255; room for more */

typedef struct lp_chores lp_chores;

struct lp_net {
    lp_wake *wake;
    atomic_bool has_changed;
    HANDLE routes, addresses, interfaces; /* what tells us; NULL: nobody does */
    lp_undo pins[LP_NET_PINS_MAX];
    size_t pin_count;
    bool has_claim; /* on the journal */
    lp_chores *chores;
};

SOCKADDR_INET lp_net_name_of(const lp_addr *addr);
lp_addr lp_net_address_in(const SOCKADDR_INET *name); /* without port and scope */

/* The interface's part of a route's metric, and whether its cable is in. False: there is
 * no such interface. */
bool lp_net_interface(NET_LUID luid, ADDRESS_FAMILY family, MIB_IPINTERFACE_ROW *out);

/* As in Network Connections; "interface 7" where it has none. */
const char *lp_net_alias(unsigned ifindex, char out[LP_NET_NAME_LEN]);

/* --- net_chores.c: threads, which may outlive lp_net ------------------------------ */
lp_chores *lp_chores_new(lp_wake *wake); /* NULL when memory ran out */
void lp_chores_leave(lp_chores *all);    /* its wake is rung no more; NULL is fine */
