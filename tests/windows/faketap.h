/* Where the fake adapter's cable ends: on loopback, in the namespace that Wine runs in. */
#pragma once

#define FAKETAP_PORT 28673 /* the driver's */
#define CABLE_PORT   28674 /* tests/windows/cable.py's */

#define FAKETAP_CLASS   "{4D36E972-E325-11CE-BFC1-08002BE10318}"
#define FAKETAP_SUBKEY  "7042"
#define FAKETAP_ID      "{7E6B6F2A-1111-4222-8333-0123456789AB}"
#define FAKETAP_SERVICE "faketap"
