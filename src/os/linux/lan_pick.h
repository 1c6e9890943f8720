/* Which interfaces can be the party's wire, and why the others cannot. */
#pragma once

#include "os/lan.h"
#include "os/linux/link.h"

typedef enum lp_lan_trap {
    LP_LAN_SOUND,
    LP_LAN_LOOPBACK,
    LP_LAN_NOT_ETHERNET,
    LP_LAN_WIFI,
    LP_LAN_BRIDGE_PORT,
    LP_LAN_BOND_MEMBER,
    LP_LAN_DOWN,
    LP_LAN_NO_CARRIER,
} lp_lan_trap;

lp_lan_trap lp_lan_trap_of(const lp_link *link);

/* The sentence for someone who named this interface; LP_OK for LP_LAN_SOUND. */
lp_err lp_lan_explain(lp_lan_trap trap, const lp_link *link, lp_why *why);
