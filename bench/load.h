/*
 * What a relay is loaded with: clients that join rooms and send frames there. Or, for
 * the floor, the same sockets and frames without QUIC.
 *
 * Time is lp_clock_now's, so a program may link a virtual clock. Ends the program when
 * something is missing.
 */
#pragma once

#include "base/addr.h"
#include "base/time.h"
#include "quic/tls.h"

typedef struct load_shape {
    size_t clients, per_room;
    size_t per_socket; /* clients that share one, with an address of its own; 0 is 1,
                          and all at one address */
    size_t frame_len;  /* 0: they only stay */
    size_t burst;      /* frames that a client sends at once, to another of its room */
    size_t every;      /* so many ticks; 0 is 1 */
    bool coalesces;    /* a client's frames share packets */
    bool broadcasts;   /* to all of its room instead */
    bool is_plain;     /* no QUIC: frames are UDP payloads */
    size_t workers;    /* of the relay; rooms are spread evenly over them. 0 is 1 */
    size_t
        strangers; /* one in so many hints at a worker where its room is not; 0: none */
    lp_duration tick, rtt;
} load_shape;

typedef struct load load;

/* `relay_key` is borrowed for the call. */
load *load_open(const load_shape *shape, const lp_addr *relay,
                const lp_key_hash *relay_key);
void load_close(load *it);

/* So many clients more begin to join. */
void load_dial(load *it, size_t count, lp_time now);

/* The clients' part of one tick: what arrived is read, what is due is sent. */
void load_tick(load *it, lp_time now);

size_t load_dialled(const load *it);
size_t load_joined(const load *it);
/* From dialling to the relay's welcome; 0: not yet. */
lp_duration load_join_time(const load *it, size_t client);

/* Where the client with this number is, and whom it sends to. */
lp_addr load_addr(const load *it, size_t client);
size_t load_partner(const load *it, size_t client);

void load_start_sending(load *it);
uint64_t load_frames_sent(const load *it); /* once for everyone who should hear it */
uint64_t load_frames_heard(const load *it);
uint64_t load_packets_heard(const load *it); /* UDP payloads from the relay */
