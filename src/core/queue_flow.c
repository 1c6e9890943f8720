#include "core/queue_flow.h"

#include "base/cursor.h"
#include "wire/datagram.h"
#include "wire/packet.h"

#define KEY_MAX (12 + 2 + 32 + 1 + 4) /* MACs, ethertype, IPv6, protocol, ports */

/* --- HalfSipHash-1-3 (Aumasson and Bernstein), as Linux hashes its flows ---------- */

typedef struct sip {
    uint32_t v0, v1, v2, v3;
} sip;

static uint32_t rotated(uint32_t value, unsigned by)
{
    return value << by | value >> (32 - by);
}

static void stir(sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotated(s->v1, 5) ^ s->v0;
    s->v0 = rotated(s->v0, 16);
    s->v2 += s->v3;
    s->v3 = rotated(s->v3, 8) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotated(s->v3, 7) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotated(s->v1, 13) ^ s->v2;
    s->v2 = rotated(s->v2, 16);
}

static void absorb(sip *s, uint32_t word)
{
    s->v3 ^= word;
    stir(s);
    s->v0 ^= word;
}

static uint32_t hash(lp_bytes key, uint32_t seed)
{
    sip s = {0, seed, 0x6c796765, 0x74656462 ^ seed};
    size_t at = 0;
    for (; at + 4 <= key.len; at += 4)
        absorb(&s, lp_get_u32(key.at + at));
    uint32_t last = (uint32_t)key.len << 24;
    for (; at < key.len; at++)
        last |= (uint32_t)key.at[at] << (8 * (at % 4));
    absorb(&s, last);
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++)
        stir(&s);
    return s.v1 ^ s.v3;
}

/* --- what makes a flow ------------------------------------------------------------ */

static void put_ip(lp_writer *key, lp_bytes frame, const lp_packet *packet)
{
    const uint8_t *ip = frame.at + packet->network_at;
    lp_put(key,
           packet->ip_version == 4 ? lp_bytes_of(ip + 12, 8) : lp_bytes_of(ip + 8, 32));
    lp_put_u8(key, packet->is_fragment ? LP_PROTO_FRAGMENT : packet->protocol);
    if (packet->has_ports && !packet->is_fragment) {
        lp_put_u16(key, packet->source_port);
        lp_put_u16(key, packet->destination_port);
    }
}

uint32_t lp_queue_flow_hash(lp_bytes datagram, uint32_t seed)
{
    uint8_t octets[KEY_MAX];
    lp_writer key = {.rest = lp_space_of(octets, sizeof octets)};
    if (datagram.len >= LP_DATAGRAM_HEADER_LEN + LP_FRAME_HEADER_LEN) {
        lp_bytes frame = lp_bytes_after(datagram, LP_DATAGRAM_HEADER_LEN);
        lp_packet packet = lp_packet_walk(frame);
        lp_put(&key, lp_bytes_of(frame.at, 2 * sizeof(lp_mac)));
        lp_put_u16(&key, packet.ethertype);
        if (packet.ip_version != 0)
            put_ip(&key, frame, &packet);
    }
    return hash(lp_bytes_of(octets, key.len), seed);
}
