/* --status for people: a program's state (the JSON of --status --json) as a page of text. */
#pragma once

#include <jansson.h>

#define LP_SHOW_ROOMS_MAX \
    16 /* of a relay's rooms: those where datagrams wait longest */

void lp_show_relay(const json_t *state);
void lp_show_gateway(const json_t *state);
void lp_show_client(const json_t *state);
