#include "core/queue_flow.h"

#include "base/cursor.h"
#include "wire/datagram.h"
#include "wire/packet.h"

/*
 * What makes a flow, as words for the hash: Ethernet addresses, ethertype, protocol and a
 * kind; ports; IP addresses. Words that a frame has no use for are left out.
 */
enum { MAX_WORDS = 2 + 1 + 4 };

typedef struct flow_key {
    uint64_t words[MAX_WORDS];
    size_t count;
} flow_key;

static uint64_t word_at(const uint8_t *at)
{
    uint64_t word; /* in whichever order: the hash is for this process only */
    memcpy(&word, at, sizeof word);
    return word;
}

/* --- SipHash-1-3 (Aumasson and Bernstein), as Python and Rust hash their tables ---- */

typedef struct sip {
    uint64_t v0, v1, v2, v3;
} sip;

static uint64_t rotated(uint64_t value, unsigned by)
{
    return value << by | value >> (64 - by);
}

static void stir(sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotated(s->v1, 13) ^ s->v0;
    s->v0 = rotated(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotated(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotated(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotated(s->v1, 17) ^ s->v2;
    s->v2 = rotated(s->v2, 32);
}

static uint32_t hash(const flow_key *key, uint32_t seed)
{
    sip s = {0x736f6d6570736575u ^ seed, 0x646f72616e646f6du,
             0x6c7967656e657261u ^ seed, 0x7465646279746573u};
    for (size_t i = 0; i < key->count; i++) {
        s.v3 ^= key->words[i];
        stir(&s);
        s.v0 ^= key->words[i];
    }
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++)
        stir(&s);
    uint64_t all = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    return (uint32_t)(all ^ all >> 32);
}

/* --- what makes a flow ------------------------------------------------------------ */

/* `kind` tells IPv4, IPv6 and everything else apart. */
static void put_ethernet(flow_key *key, lp_bytes frame, uint16_t ethertype,
                         uint8_t kind, uint8_t protocol)
{
    uint32_t addresses_end;
    memcpy(&addresses_end, frame.at + 8, sizeof addresses_end);
    key->words[0] = word_at(frame.at);
    key->words[1] = (uint64_t)addresses_end << 32 | (uint32_t)ethertype << 16 |
                    (uint32_t)kind << 8 | protocol;
    key->count = 2;
}

static void put_ip(flow_key *key, lp_bytes addresses, uint32_t ports)
{
    key->words[key->count++] = ports;
    for (size_t at = 0; at < addresses.len; at += 8)
        key->words[key->count++] = word_at(addresses.at + at);
}

static flow_key key_of(lp_bytes frame)
{
    flow_key key = {.count = 0};
    lp_packet packet = lp_packet_walk(frame);
    const uint8_t *ip = frame.at + packet.network_at;
    bool has_ports = packet.has_ports && !packet.is_fragment;
    put_ethernet(&key, frame, packet.ethertype, packet.ip_version,
                 packet.is_fragment ? LP_PROTO_FRAGMENT : packet.protocol);
    if (packet.ip_version != 0)
        put_ip(&key,
               packet.ip_version == 4 ? lp_bytes_of(ip + 12, 8)
                                      : lp_bytes_of(ip + 8, 32),
               has_ports ? (uint32_t)packet.source_port << 16 | packet.destination_port
                         : 0);
    return key;
}

/* --- nearly every frame: UDP or TCP in IPv4, nothing special about it -------------- */

enum {
    IP_AT = LP_FRAME_HEADER_LEN,
    IP_LEN = 20,
    PORTS_AT = IP_AT + IP_LEN,
    FRAGMENT_BITS = 0x3fff, /* "more follow", and where it belongs */
};

static bool is_plain(lp_bytes frame)
{
    const uint8_t *ip = frame.at + IP_AT;
    return frame.len >= PORTS_AT + 4 &&
           lp_get_u16(frame.at + 12) == LP_ETHERTYPE_IPV4 && ip[0] == 0x45 &&
           (lp_get_u16(ip + 6) & FRAGMENT_BITS) == 0 &&
           (ip[9] == LP_PROTO_UDP || ip[9] == LP_PROTO_TCP) &&
           lp_get_u16(ip + 2) >= IP_LEN + 4;
}

/* What key_of finds by walking. */
static flow_key plain_key_of(lp_bytes frame)
{
    flow_key key = {.count = 0};
    const uint8_t *ip = frame.at + IP_AT;
    put_ethernet(&key, frame, LP_ETHERTYPE_IPV4, 4, ip[9]);
    put_ip(&key, lp_bytes_of(ip + 12, 8), lp_get_u32(frame.at + PORTS_AT));
    return key;
}

uint32_t lp_queue_flow_hash(lp_bytes datagram, uint32_t seed)
{
    flow_key key = {.count = 0};
    if (datagram.len >= LP_DATAGRAM_HEADER_LEN + LP_FRAME_HEADER_LEN) {
        lp_bytes frame = lp_bytes_after(datagram, LP_DATAGRAM_HEADER_LEN);
        key = is_plain(frame) ? plain_key_of(frame) : key_of(frame);
    }
    return hash(&key, seed);
}
