/*
 * Control messages: JSON objects, each behind a 4-byte big-endian length, on the first
 * bidirectional stream that the client opens (docs/protocol.md, "Control").
 *
 * One struct, one reader, one writer. Unknown fields are ignored; absent optional ones
 * are elided; an unknown type is LP_MESSAGE_UNKNOWN and is skipped, so that an old
 * peer survives a newer one.
 */
#pragma once

#include "base/error.h"
#include "base/mac.h"
#include "wire/datagram.h"

#define LP_MESSAGE_MAX   16384 /* octets of JSON in one message */
#define LP_ROOM_MAX      32    /* characters of a room code */
#define LP_REASON_MAX    256   /* octets of a sentence, UTF-8; the next two likewise */
#define LP_SOFTWARE_MAX  64
#define LP_AUTH_MAX      1024
#define LP_STATS_MAX     96 /* named numbers in one stats message */
#define LP_STAT_NAME_MAX 40
#define LP_STAT_MAX      9007199254740991 /* 2^53 - 1: JSON's safe integers */
#define LP_TAP_MTU_MIN   68    /* RFC 791's smallest; peers ask for more (member.h) */
#define LP_TAP_MTU_MAX   65521 /* a frame must fit in payload_len */

typedef enum lp_message_type {
    LP_MESSAGE_UNKNOWN,
    LP_MESSAGE_HELLO,       /* peer to relay, first */
    LP_MESSAGE_WELCOME,     /* relay to peer, the answer */
    LP_MESSAGE_REJECT,      /* relay to peer, the other answer */
    LP_MESSAGE_PEER_JOINED, /* relay to peer */
    LP_MESSAGE_PEER_LEFT,   /* relay to peer */
    LP_MESSAGE_LATENCY,     /* relay to peer: how far away another peer is */
    LP_MESSAGE_STATS,       /* peer to relay */
    LP_MESSAGE_DISCONNECT,  /* both ways, before a close */
} lp_message_type;

typedef enum lp_role { LP_ROLE_CLIENT, LP_ROLE_GATEWAY } lp_role;

typedef enum lp_mode { /* C-007; a v1 relay grants only the first */
                       LP_MODE_RELAY,
                       LP_MODE_DIRECT_P2P,
                       LP_MODE_DIRECT_FAILED_RELAY_FALLBACK,
} lp_mode;

/* Why a hello was refused. The wire has the name, people read `reason`. */
typedef enum lp_reject_code {
    LP_REJECT_OTHER, /* also: a code newer than this program */
    LP_REJECT_VERSION,
    LP_REJECT_BAD_ROOM,
    LP_REJECT_BAD_ROLE_OR_MAC,
    LP_REJECT_DUPLICATE_MAC,
    LP_REJECT_SECOND_GATEWAY,
    LP_REJECT_ROOM_FULL,
    LP_REJECT_RELAY_FULL,
    LP_REJECT_BUDGET_TOO_SMALL, /* cannot carry this room's MTU */
    LP_REJECT_AUTH,             /* reserved for invites */
    LP_REJECT_MALFORMED,        /* the hello was not a hello */
} lp_reject_code;

typedef char lp_room_code[LP_ROOM_MAX + 1];

typedef struct lp_hello {
    uint32_t version; /* the newest that the sender speaks */
    lp_role role;
    lp_room_code room; /* canonical: upper case */
    bool has_mac;      /* clients yes, gateways no */
    lp_mac mac;
    uint32_t datagram_budget;
    char software[LP_SOFTWARE_MAX + 1]; /* empty: not given */
    char auth[LP_AUTH_MAX + 1];         /* empty: not given; reserved (C-017) */
} lp_hello;

typedef struct lp_welcome {
    uint32_t version;
    lp_mode mode;
    lp_peer peer_id;
    uint32_t room_id;
    uint32_t tap_mtu;
    bool gateway_present;
    lp_peer gateway_peer_id;  /* 0: not given */
    uint32_t datagram_budget; /* what the relay will accept and send; 0: not given */
    bool stamps;              /* the relay understands them (wire/stamp.h) */
    char software[LP_SOFTWARE_MAX + 1];
} lp_welcome;

typedef struct lp_reject {
    lp_reject_code code;
    char reason[LP_REASON_MAX + 1];
    uint32_t room_mtu, peer_mtu; /* LP_REJECT_BUDGET_TOO_SMALL: both; else 0 */
} lp_reject;

typedef struct lp_peer_joined {
    lp_peer peer_id;
    lp_role role;
    bool has_mac;
    lp_mac mac;
} lp_peer_joined;

typedef struct lp_peer_left {
    lp_peer peer_id;
    char reason[LP_REASON_MAX + 1];
} lp_peer_left;

typedef struct lp_latency {
    lp_peer peer_id;
    uint32_t rtt_us; /* relay to that peer and back */
} lp_latency;

typedef struct lp_stat {
    char name[LP_STAT_NAME_MAX + 1]; /* lower case, digits and underscores */
    uint64_t value;                  /* at most LP_STAT_MAX on the wire */
} lp_stat;

typedef struct lp_stats_message {
    size_t count;
    lp_stat stats[LP_STATS_MAX];
} lp_stats_message;

typedef struct lp_disconnect {
    char reason[LP_REASON_MAX + 1];
} lp_disconnect;

typedef struct lp_message {
    lp_message_type type;
    union {
        lp_hello hello;
        lp_welcome welcome;
        lp_reject reject;
        lp_peer_joined peer_joined;
        lp_peer_left peer_left;
        lp_latency latency;
        lp_stats_message stats;
        lp_disconnect disconnect;
    };
} lp_message;

/*
 * Reads one JSON text (without its length). Every limit above is enforced here; beyond
 * this call a message is trusted to be within them.
 *   LP_ERR_TOO_BIG    over LP_MESSAGE_MAX
 *   LP_ERR_MALFORMED  not JSON, or a field is missing, of the wrong type or out of
 *                     range; `why` begins with the field's name and a colon
 *   LP_ERR_NO_MEMORY
 * Sentences for people (reason) are never a ground to refuse: they are cut to their
 * limit, and control characters in them become spaces.
 */
LP_MUST_USE lp_err lp_message_read(lp_bytes json, lp_message *out_message, lp_why *why);

/*
 * What a relay answers to a first message that lp_message_read refused: a bad room is
 * LP_REJECT_BAD_ROOM, a bad role or mac LP_REJECT_BAD_ROLE_OR_MAC, a version of 0 or
 * one newer than ours (whose fields we cannot judge) LP_REJECT_VERSION; all else, also
 * what is no hello and what has nothing wrong with it, is LP_REJECT_MALFORMED. `why`
 * already has the sentence.
 */
lp_reject_code lp_reject_code_of_hello(lp_bytes json);

/*
 * Length and JSON into `space`; the octets written, or 0 if it does not fit
 * (LP_MESSAGE_MAX + 4 always suffices). Allocates nothing. Equal messages give equal
 * octets: no spaces, fields in the order of docs/protocol.md. The type must be known.
 */
size_t lp_message_write(const lp_message *message, lp_space space);

/*
 * Cuts a stream of octets into messages. Holds at most one message; nothing is
 * allocated until its first octets come.
 */
typedef struct lp_message_stream {
    uint8_t *buffer; /* LP_MESSAGE_MAX + 4, or NULL */
    size_t len;
} lp_message_stream;

void lp_message_stream_fini(lp_message_stream *stream);

/*
 * Takes octets from `*bytes` until one message is whole; call again until
 * LP_ERR_WOULD_BLOCK.
 *   LP_OK               *out_json holds one JSON text, valid until the next call
 *   LP_ERR_WOULD_BLOCK  more octets are needed; all of `*bytes` was taken
 *   LP_ERR_TOO_BIG      a length of 0 or over LP_MESSAGE_MAX: the stream is broken
 *   LP_ERR_NO_MEMORY
 */
LP_MUST_USE lp_err lp_message_stream_next(lp_message_stream *stream, lp_bytes *bytes,
                                          lp_bytes *out_json);

/*
 * 1 to LP_ROOM_MAX letters, digits, '-' or '_'; the canonical form is upper case, so
 * that people can read codes aloud.
 *   LP_ERR_MALFORMED
 */
LP_MUST_USE lp_err lp_room_code_read(const char *text, lp_room_code out_room);

const char *lp_role_name(lp_role role);               /* "client", "gateway" */
const char *lp_mode_name(lp_mode mode);               /* "relay", "direct-p2p", ... */
const char *lp_reject_code_name(lp_reject_code code); /* "duplicate_mac", ... */
