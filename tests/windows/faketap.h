/*
 * Where the fake adapters' cables end: on loopback, in the namespace that Wine runs in.
 * Each has a key below the network class, the first two ports and the first id; what else
 * it is stands there:
 *
 *   NetCfgInstanceId, NetworkAddress   as with the real driver
 *   Flaw                               what is wrong with it: busy, deaf (keeps its address),
 *                                      cut (refuses its cable), old (driver), or nothing
 *
 * A datagram of one letter from the cable is an order: s puts the machine to sleep, w
 * wakes it up, g takes the device away.
 */
#pragma once

#define FAKETAP_MAX  4
#define FAKETAP_PORT 28673 /* the driver's; 2 on for each adapter */
#define CABLE_PORT   28674 /* tests/windows/cable.py's */

#define FAKETAP_CLASS   "{4D36E972-E325-11CE-BFC1-08002BE10318}"
#define FAKETAP_SUBKEY  "704" /* and a digit, from 2 on */
#define FAKETAP_ID      "{7E6B6F2A-1111-4222-8333-0123456789A" /* a digit, and } */
#define FAKETAP_SERVICE "faketap"
