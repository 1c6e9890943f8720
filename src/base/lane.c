#include "base/lane.h"

/*
 * FNV-1a, folded to as many bits as there are lanes. Not keyed: clients and relays must
 * come to the same without having spoken, and four bits tell little (docs/threat-model.md).
 */
uint8_t lp_lane_of_room(const char *room)
{
    uint32_t hash = 2166136261u;
    for (; *room; room++)
        hash = (hash ^ (uint8_t)*room) * 16777619u;
    hash ^= hash >> 16;
    hash ^= hash >> 8;
    hash ^= hash >> 4;
    return hash & (LP_LANES - 1);
}
