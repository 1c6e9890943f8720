/*
 * What a relay is loaded with: clients on sockets of their own, behind a network that
 * takes its time. Or, for the floor, the same sockets without QUIC.
 */
#pragma once

#include "base/addr.h"
#include "base/time.h"
#include "quic/tls.h"

typedef struct load_shape {
    size_t clients, per_room;
    size_t frame_len; /* 0: they only stay */
    size_t burst;     /* frames that a client sends at once, to another of its room */
    size_t every;     /* so many ticks; 0 is 1 */
    bool coalesces;   /* a client's frames share packets */
    bool is_plain;    /* no QUIC: frames are UDP payloads */
    bool shares_a_socket;
    lp_duration tick, rtt;
} load_shape;

typedef struct load load;

/* `relay_key` is borrowed for the call. Ends the program when something is missing. */
load *load_open(const load_shape *shape, const lp_addr *relay,
                const lp_key_hash *relay_key);
void load_close(load *it);

/* The clients' part of one tick: what arrived is read, what is due is sent. */
void load_tick(load *it, lp_time now);

size_t load_joined(const load *it);
/* Where the client with this number is, and whom it sends to. */
lp_addr load_addr(const load *it, size_t client);
size_t load_partner(const load *it, size_t client);

void load_start_sending(load *it);
uint64_t load_frames_sent(const load *it);
uint64_t load_frames_heard(const load *it);
uint64_t load_packets_heard(const load *it); /* UDP payloads from the relay */
