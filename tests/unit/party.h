/* A relay's worker and players with their uplinks, on one loop and over real sockets. */
#pragma once

#include "heard.h"
#include "loop.h"
#include "os/clock.h"
#include "os/random.h"
#include "runtime/relay_worker.h"
#include "runtime/uplink.h"
#include "tls_here.h"

enum { PARTY_FRAME_LEN = 60 };

/* --- the relay -------------------------------------------------------------------- */

typedef struct party {
    lp_credentials *keys;
    lp_tls *tls;
    lp_relay_worker *worker;
    lp_relay_worker_config config;
    heard lines;
    lp_log_sink log;
} party;

static void fail_party(void *state, const char *words)
{
    CHECK_STR(words, "");
}

/* At the port that it had before; at first, at any. */
static inline void open_worker(party *it)
{
    lp_why why;
    it->config.quic.tls = it->tls;
    it->config.log = &it->log;
    it->config.on_failed = fail_party;
    CHECK_EQ(lp_relay_worker_open(&loop, &it->config, &it->worker, &why), LP_OK);
    it->config.listen = lp_relay_worker_local(it->worker);
}

static inline void close_worker(party *it)
{
    lp_relay_worker_close(it->worker);
    it->worker = NULL;
    uv_run(&loop, UV_RUN_NOWAIT); /* the port is free now */
}

static inline void open_party_for(party *it, size_t max_clients)
{
    lp_why why;
    memset(it, 0, sizeof *it);
    open_loop();
    CHECK_EQ(lp_credentials_generate(LP_DEV_SERVER_NAME, &it->keys, &why), LP_OK);
    it->tls = relay_tls(it->keys);
    it->log = log_to(&it->lines, LP_INFO);
    it->config.listen = (lp_addr){.family = 4, .ip = {127, 0, 0, 1}};
    it->config.quic = lp_quic_default_config();
    it->config.relay = lp_relay_default_config();
    it->config.relay.max_clients = max_clients;
    lp_random_fill(lp_os_random(), it->config.quic.secret, 32);
    open_worker(it);
}

static inline void open_party(party *it)
{
    open_party_for(it, 8);
}

static inline void close_party(party *it)
{
    close_worker(it);
    close_loop();
    lp_tls_free(it->tls);
    lp_credentials_free(it->keys);
}

/* --- players ---------------------------------------------------------------------- */

typedef struct player {
    lp_credentials *keys;
    lp_tls *tls;
    lp_net *net;
    lp_uplink *uplink;
    lp_log_sink log;
    heard lines;

    /* What the uplink told: w welcome, r reject, + peer joined, - peer left, x goodbye,
     * f frame, l lost, d dialled. */
    char story[256];
    size_t told;
    size_t frames, losses, unsent;
    size_t longest;               /* of the frames */
    char frame[PARTY_FRAME_LEN];  /* the last one's beginning */
    char text[LP_REASON_MAX + 1]; /* of the last event that had one */
    char lost_why[LP_WHY_MAX];
    lp_time lost_next;
    lp_addr dialled;
} player;

static inline void tell(player *it, char what)
{
    if (it->told + 1 < sizeof it->story)
        it->story[it->told++] = what;
}

static void on_frame(void *state, lp_bytes octets, lp_time now)
{
    player *it = state;
    lp_datagram datagram = {0};
    CHECK(lp_member_unwrap(lp_uplink_member(it->uplink), octets, &datagram));
    size_t len = datagram.payload.len;
    CHECK(len >= PARTY_FRAME_LEN);
    memcpy(it->frame, datagram.payload.at,
           len < PARTY_FRAME_LEN ? len : PARTY_FRAME_LEN);
    if (len > it->longest)
        it->longest = len;
    it->frames++;
    tell(it, 'f');
}

static void on_event(void *state, const lp_member_event *event, lp_time now)
{
    static const char kinds[] = {
        [LP_MEMBER_EVENT_WELCOME] = 'w',     [LP_MEMBER_EVENT_REJECT] = 'r',
        [LP_MEMBER_EVENT_PEER_JOINED] = '+', [LP_MEMBER_EVENT_PEER_LEFT] = '-',
        [LP_MEMBER_EVENT_DISCONNECT] = 'x',  [LP_MEMBER_EVENT_UNKNOWN_MESSAGE] = '?'};
    player *it = state;
    tell(it, kinds[event->kind]);
    if (event->text[0])
        snprintf(it->text, sizeof it->text, "%s", event->text);
}

static void on_dial(void *state, const lp_addr *relay, lp_time now)
{
    player *it = state;
    it->dialled = *relay;
    tell(it, 'd');
}

static void on_lost(void *state, const char *words, lp_time next, lp_time now)
{
    player *it = state;
    it->losses++;
    it->lost_next = next;
    snprintf(it->lost_why, sizeof it->lost_why, "%s", words);
    tell(it, 'l');
}

static void on_net_changed(void *state, lp_time now)
{
}

static lp_time no_deadline(void *state)
{
    return LP_NEVER;
}

static void on_no_deadline(void *state, lp_time now)
{
    CHECK_EQ(now, LP_NEVER);
}

static void on_player_unsent(void *state, lp_reason reason, size_t count)
{
    ((player *)state)->unsent += count;
}

static inline lp_mac party_mac(uint8_t number)
{
    return (lp_mac){{0x02, 0, 0, 0, 0, number}};
}

/* Knows the relay's key as `expected`; the relay's own where that is NULL. */
static inline void open_player_expecting(player *it, party *at, uint8_t number,
                                         lp_role role, const char *room,
                                         const lp_key_hash *expected)
{
    lp_why why;
    lp_key_hash hash = lp_credentials_hash(at->keys);
    memset(it, 0, sizeof *it);
    it->keys = peer_credentials(number);
    it->tls = peer_tls(it->keys, expected ? expected : &hash);
    it->log = log_to(&it->lines, LP_INFO);
    CHECK_EQ(lp_net_open(&it->net, &why), LP_OK);
    lp_uplink_config config = {
        .relay = {.host = "127.0.0.1", .port = at->config.listen.port},
        .member = {.role = role, .mac = party_mac(number), .random = lp_os_random()},
        .tls = it->tls,
        .log = &it->log,
        .net = it->net,
        .handler = {it, on_frame, on_event, on_dial, on_lost, on_net_changed,
                    no_deadline, on_no_deadline, fail_party, on_player_unsent},
    };
    snprintf(config.member.room, sizeof config.member.room, "%s", room);
    CHECK_EQ(lp_uplink_open(&loop, &config, &it->uplink, &why), LP_OK);
    lp_uplink_start(it->uplink, lp_clock_now());
}

static inline void open_player(player *it, party *at, uint8_t number, const char *room)
{
    open_player_expecting(it, at, number, LP_ROLE_CLIENT, room, NULL);
}

/* Before close_party; what it owns is freed by free_player after it. */
static inline void close_player(player *it)
{
    lp_uplink_close(it->uplink);
}

static inline void free_player(player *it)
{
    lp_net_close(it->net);
    lp_tls_free(it->tls);
    lp_credentials_free(it->keys);
}

static inline bool is_joined(void *state)
{
    player *it = state;
    return lp_member_state_of(lp_uplink_member(it->uplink)) == LP_MEMBER_JOINED &&
           strchr(it->story, 'w');
}

static inline bool was_lost(void *state)
{
    return ((player *)state)->losses > 0;
}

static inline bool has_frame(void *state)
{
    return ((player *)state)->frames > 0;
}

static inline bool is_over(void *state)
{
    return lp_uplink_is_over(((player *)state)->uplink);
}

/* A frame with these words in it. */
static inline void send_frame(player *it, lp_mac to, lp_mac from, const char *words)
{
    uint8_t space[LP_DATAGRAM_HEADER_LEN + PARTY_FRAME_LEN] = {0};
    uint8_t *frame = space + LP_DATAGRAM_HEADER_LEN;
    memcpy(frame, to.octet, 6);
    memcpy(frame + 6, from.octet, 6);
    frame[12] = 0x88; /* local experimental 2, IEEE 802: nobody looks into it */
    frame[13] = 0xb6;
    snprintf((char *)frame + 14, PARTY_FRAME_LEN - 14, "%s", words);
    lp_time now = lp_clock_now();
    lp_uplink_send(it->uplink,
                   lp_member_wrap(lp_uplink_member(it->uplink),
                                  lp_space_of(space, sizeof space), PARTY_FRAME_LEN),
                   now);
    lp_uplink_flush(it->uplink, now);
}

static inline const char *words_in(const player *it)
{
    return it->frame + 14;
}

/* --- what frames cost ------------------------------------------------------------- */

/*
 * True if a thousand frames in a row, each sent by `exchange`, cost no allocation anywhere
 * in this program. What is to grow grows in the first ones; and now and then there is
 * something else to do, such as statistics to be sent, so it is tried several times.
 */
static inline bool frames_cost_no_allocation(void (*exchange)(void))
{
    enum { IN_A_ROW = 1000, TRIES = 5 };
    unsigned long before = 0;
    for (int i = 0; i <= TRIES; i++) {
        before = lp_test_allocations();
        for (int k = 0; k < IN_A_ROW; k++)
            exchange();
        if (lp_test_allocations() == before)
            return true;
    }
    fprintf(stderr, "%lu allocations in the last %d exchanges\n",
            lp_test_allocations() - before, IN_A_ROW);
    return false;
}
