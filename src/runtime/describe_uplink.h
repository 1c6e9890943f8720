/* The part of a client's and a gateway's status that is the same. */
#pragma once

#include <jansson.h>

#include "runtime/uplink.h"

/* {"state", "room_id", "peer_id", "tap_mtu", "gateway_present", "gateway_peer_id",
 * "relay": {...}, "peers": [...], "reconnects", "live": {gauges}}; a new reference. */
json_t *lp_describe_uplink(lp_uplink *uplink, const lp_endpoint_name *relay);
