/* Between powrprof.c and machine.c: events that last as long as either runs. */
#pragma once

#define POWER_SLEEP "Global\\softlan-test-sleep"
#define POWER_WAKE  "Global\\softlan-test-wake"
#define POWER_HEARD "Global\\softlan-test-heard" /* all who were told have returned */
