/*
 * os/clock.h for a benchmark: time stands still until it is told to go on, so that round
 * trips are what they are said to be on any machine, busy or under valgrind. Alarms cost
 * the system calls that they cost elsewhere.
 */
#pragma once

#include "os/clock.h"

/* Alarms that are due by then have gone off when it returns. */
void virtual_clock_set(lp_time now);
