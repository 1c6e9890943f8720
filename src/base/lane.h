/*
 * Lanes: how a packet finds its worker where a relay has several on one port.
 *
 * The low bits of a connection id's first octet are a lane, and a lane belongs to one
 * worker for as long as the relay runs. A relay's own ids name the lane of the worker
 * that gave them; the first id of all is the client's choice, and a client that chooses
 * the lane of its room comes to the worker where the room lives. It is a hint: a
 * connection that arrives elsewhere is handed over.
 */
#pragma once

#include <stdint.h>

#define LP_LANES       16 /* and no more workers than that */
#define LP_MAX_WORKERS LP_LANES

/* Whose it is. `octet` is an id's first; `workers` is 1 to LP_MAX_WORKERS. */
static inline unsigned lp_lane_worker(uint8_t octet, unsigned workers)
{
    return (octet & (LP_LANES - 1)) % workers;
}

/* The lane of a room, below LP_LANES. `room` is the code in its canonical form. */
uint8_t lp_lane_of_room(const char *room);
