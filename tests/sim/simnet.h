/*
 * A network in memory, with its own time: connections that carry control octets
 * reliably and datagrams as luck will have it. It knows nothing of engines; sim_world.h
 * drives them.
 *
 * Everything is drawn from one seed: a run that fails fails again.
 */
#pragma once

#include "base/span.h"
#include "base/time.h"

typedef struct simnet simnet;
typedef uint32_t sim_conn; /* 0 is none; never used twice */

/* Which end of a connection: who opened it, or who was called. */
typedef enum sim_side { SIM_OPENER, SIM_ACCEPTOR } sim_side;

typedef struct sim_path {
    lp_duration delay;      /* one way */
    lp_duration jitter;     /* a datagram takes up to this much longer: reordering */
    unsigned loss_permille; /* of datagrams; control octets are only late by it */
    unsigned duplicate_permille; /* of datagrams */
} sim_path;

#define SIM_IDLE_TIMEOUT LP_SECONDS(30) /* from a cut to SIM_LOST */

typedef enum sim_event_kind {
    SIM_OPENED,  /* for the acceptor: somebody calls; for the opener: it was accepted */
    SIM_CONTROL, /* octets of the stream, in order */
    SIM_DATAGRAM,
    SIM_CLOSED, /* the other side closed; all its control octets came before */
    SIM_LOST,   /* nothing was heard for SIM_IDLE_TIMEOUT after a cut */
} sim_event_kind;

typedef struct sim_event {
    sim_event_kind kind;
    sim_conn conn;
    sim_side side;   /* who hears it */
    lp_bytes octets; /* valid until the next call */
    uint64_t code;   /* SIM_CLOSED */
} sim_event;

/* Aborts when memory runs out: it is a test. */
simnet *simnet_new(uint32_t seed);
void simnet_free(simnet *net);

lp_time simnet_now(const simnet *net);
uint32_t simnet_random(simnet *net);

/* The acceptor hears SIM_OPENED, and accepts or closes; then it is the opener's turn.
 */
sim_conn simnet_connect(simnet *net, const sim_path *path);
void simnet_accept(simnet *net, sim_conn conn);
const sim_path *simnet_path(const simnet *net, sim_conn conn);
void simnet_send_control(simnet *net, sim_conn conn, sim_side from, lp_bytes octets);
void simnet_send_datagram(simnet *net, sim_conn conn, sim_side from, lp_bytes datagram);
/* The other side hears SIM_CLOSED; this side nothing more. */
void simnet_close(simnet *net, sim_conn conn, sim_side from, uint64_t code);

/* A pulled cable: nothing crosses any more, and nobody is told before SIM_LOST. */
void simnet_cut(simnet *net, sim_conn conn);

/* This side died (kill -9): it hears nothing more; the other one gets SIM_LOST. */
void simnet_abandon(simnet *net, sim_conn conn, sim_side dead);

/* When the next event is; LP_NEVER if there is none. */
lp_time simnet_deadline(const simnet *net);

/*
 * The next event up to and including `until`, and the time moves to it. False: there is
 * none, and the time is now `until` (never backwards).
 */
bool simnet_next(simnet *net, lp_time until, sim_event *out_event);
