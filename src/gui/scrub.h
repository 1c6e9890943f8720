/* Takes secrets out of a text that leaves the machine: a room's code lets anyone in. */
#pragma once

#include <stddef.h>

/*
 * Replaces, in place, every `secret` that stands as a word of its own by stars of the same
 * length; upper and lower case are the same, as they are to a relay. "" is no secret.
 * How many there were.
 */
size_t lp_scrub(char *text, const char *secret);
