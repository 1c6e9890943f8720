/*
 * Learns which peer owns which Ethernet address, and says where a unicast frame goes.
 *
 * Two kinds of entries share one table: a member's own address is pinned for as long as
 * it is a member, and stations heard behind the gateway are learned and forgotten. A
 * full table forgets the station that was silent longest, never a member.
 *
 * Pure: no sockets, no clock. It allocates to make place for more stations, twice as many
 * each time; where memory runs out, the table counts as full. Not thread-safe; one switch
 * belongs to one room, driven by one loop.
 */
#pragma once

#include "base/error.h"
#include "base/mac.h"
#include "base/time.h"
#include "wire/datagram.h"

typedef struct lp_switch lp_switch;

#define LP_STATION_LIFETIME LP_SECONDS(300) /* IEEE 802.1Q's default ageing time */

/*
 * NULL when memory runs out. `max_pinned` members and `max_stations` learned ones.
 * `seed` is random: players choose addresses, and must not be able to make them collide.
 */
lp_switch *lp_switch_new(size_t max_pinned, size_t max_stations, uint32_t seed);
void lp_switch_free(lp_switch *sw); /* NULL is fine */

/*
 * `mac` is `peer`'s own until lp_switch_unpin. A learned entry gives way.
 *   LP_ERR_IN_USE  another member has this address; nothing changed
 *   LP_ERR_FULL    max_pinned members are there; nothing changed
 */
LP_MUST_USE lp_err lp_switch_pin(lp_switch *sw, lp_mac mac, lp_peer peer);
void lp_switch_unpin(lp_switch *sw, lp_mac mac); /* unknown is fine */

/* Who has pinned it; 0 if nobody. */
lp_peer lp_switch_pinned(const lp_switch *sw, lp_mac mac);

/* Notes that `mac` was heard from behind `peer`. A member's address is left as it is. */
void lp_switch_learn(lp_switch *sw, lp_mac mac, lp_peer peer, lp_time now);

/* Forgets every learned station behind `peer` (it left). */
void lp_switch_forget(lp_switch *sw, lp_peer peer);

/* Where unicast to `mac` goes; 0 if that is not known. */
lp_peer lp_switch_route(const lp_switch *sw, lp_mac mac, lp_time now);

/* How many live learned stations there are, for status. */
size_t lp_switch_stations(const lp_switch *sw, lp_time now);
