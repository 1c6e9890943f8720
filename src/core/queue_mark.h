/* Congestion Experienced, for lp_queue alone. */
#pragma once

#include "base/span.h"

/*
 * Sets the mark in the IP header of the frame that a datagram carries (RFC 3168), if its
 * sender can take it: then it slows down without a loss. `head` is the datagram's
 * beginning, as far as the inner headers reach; the rest may lie elsewhere. False: it is
 * not IP, or not able to.
 */
bool lp_queue_mark(lp_space head);
