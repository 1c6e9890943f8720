/*
 * Who is measured: the relay's worker, or the plain forwarder, on an event loop of its
 * own that runs when it is told to. What it costs is counted in its turns alone.
 *
 * Ends the program when something is missing.
 */
#pragma once

#include "base/addr.h"
#include "base/time.h"
#include "quic/tls.h"

typedef struct subject subject;

typedef enum subject_kind {
    SUBJECT_RELAY,
    SUBJECT_FORWARDER,
    SUBJECT_FLOODER, /* a forwarder that sends to everyone else */
} subject_kind;

/* What its turns cost: CPU time where they are counted, heap that they took and have not
 * given back where they are weighed. */
typedef struct subject_cost {
    uint64_t cpu_ns;
    size_t heap;
} subject_cost;

/* `max_links` and `max_in_room` are a relay's limits. */
subject *subject_open(subject_kind kind, size_t max_links, size_t max_in_room);
void subject_close(subject *it);

lp_addr subject_local(const subject *it);
lp_key_hash subject_key(const subject *it); /* a relay's */

/* A forwarder: what comes from there goes to `to`. */
void subject_route(subject *it, const lp_addr *from, const lp_addr *to);

/* From here on its turns are weighed; from there on counted and no longer weighed. */
void subject_weigh(subject *it);
void subject_count(subject *it);

/* Everything that it can do now. */
void subject_turn(subject *it);

subject_cost subject_cost_of(const subject *it);
