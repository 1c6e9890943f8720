/*
 * Who is measured: a relay with its workers, or the plain forwarder, on event loops of
 * their own that run when they are told to. What they cost is counted in their turns alone.
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

typedef struct subject_shape {
    subject_kind kind;
    unsigned workers; /* of a relay, as are its limits */
    size_t max_links, max_in_room;
} subject_shape;

subject *subject_open(const subject_shape *shape);
void subject_close(subject *it);

lp_addr subject_local(const subject *it);
lp_key_hash subject_key(const subject *it); /* a relay's */

/* A forwarder: what comes from there goes to `to`. */
void subject_route(subject *it, const lp_addr *from, const lp_addr *to);

/* From here on its turns are weighed; from there on counted and no longer weighed. */
void subject_weigh(subject *it);
void subject_count(subject *it);

/* Everything that it can do now. Workers take their turns at once, on threads of theirs. */
void subject_turn(subject *it);

subject_cost subject_cost_of(const subject *it);

/* What a relay says of itself in --status, summed over its workers. */
uint64_t subject_quic_count(const subject *it, const char *name);
