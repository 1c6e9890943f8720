/*
 * What we glue, the kernel cuts: frames of several flows, most of which continue the one
 * before and some of which do not in one of many ways, go through lp_glue into a veth
 * whose offloads are off. What comes out at the other end must be those frames, octet by
 * octet, none lost, none more, each flow's in order.
 *
 *     glue_diff [ROUNDS [SEED]]
 *
 * Skipped (77) without root. A failure prints the round, which a seed repeats.
 */
#include "core/glue.h"

#include <inttypes.h>

#include "../ip.h"
#include "kernel_wire.h"

enum { HEADER = sizeof(struct virtio_net_hdr), FLOWS = 5, MOST = 120, ROOM = 2048 };

typedef struct frame {
    unsigned flow;
    size_t len;
    uint8_t octets[ROOM];
} frame;

/* A flow's headers as they stand; each frame moves them on. */
typedef struct flow {
    ip_spec spec;
    size_t segment_len;
    uint8_t headers[128]; /* of its last frame */
    uint32_t sequence;
    uint16_t id;
} flow;

static flow flows[FLOWS];
static frame frames[MOST]; /* sent, and not seen again yet */
static size_t frame_count;
static uint8_t sent[HEADER + IP_FRAME_MAX], got[IP_FRAME_MAX];
static size_t glued_tcp, glued_udp;

/* --- frames ----------------------------------------------------------------------- */

static const uint8_t times[] = {1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4};
static const uint8_t nops[] = {1, 1, 1, 0};
static const uint8_t hop_tcp[] = {IP_TCP, 0, 1, 4, 0, 0, 0, 0};

static void start_flow(flow *it, uint32_t *random)
{
    static const ip_spec specs[] = {
        {4, IP_TCP},
        {4, IP_TCP, NULL, 0, times, 12},
        {4, IP_UDP},
        {6, IP_TCP, NULL, 0, times, 12},
        {6, IP_UDP},
        {4, IP_TCP, nops, 4},
        {6, IP_TCP, hop_tcp, 8},
    };
    /* The plain ones more often. */
    size_t kind = ip_random(random) % (2 * sizeof specs / sizeof *specs);
    *it = (flow){.spec = specs[kind < sizeof specs / sizeof *specs ? kind : kind % 5],
                 .segment_len = 1 + ip_random(random) % 1300, /* and all fit the wire */
                 .sequence = ip_random(random),
                 .id = (uint16_t)ip_random(random)};
    it->spec.tcp_flags = 0x10;
    frame first;
    size_t len = ip_build(&it->spec, random, first.octets);
    ip_scramble(first.octets, len, random);
    memcpy(it->headers, first.octets, len);
}

/* The ways in which a frame may be unlike its predecessor. */
typedef enum oddity {
    NO_PAYLOAD,
    SHORTER,
    LONGER,
    FLAGS,
    ID,
    SEQUENCE,
    AGAIN,
    TTL,
    ECN,
    DONT_FRAGMENT,
    FRAGMENT,
    WINDOW,
    ACKNOWLEDGED,
    NO_CHECKSUM,
    OTHER_ZERO,
    WRONG_CHECKSUM,
    WRONG_LENGTH,
    PADDING,
    OPTION,
    RESERVED,
    ANY_OCTET,
    ODDITIES,
    NOTHING = ODDITIES /* it continues */
} oddity;

static size_t payload_len_of(const flow *it, oddity odd, uint32_t *random)
{
    switch (odd) {
    case NO_PAYLOAD:
        return 0;
    case SHORTER:
        return ip_random(random) % it->segment_len;
    case LONGER:
        return it->segment_len + 1 + ip_random(random) % 100;
    default:
        return it->segment_len;
    }
}

/* Before the checksums. */
static void change_headers(uint8_t *at, const ip_parts *parts, oddity odd,
                           uint32_t *random)
{
    uint8_t *ip = at + IP_ETH, *transport = at + parts->transport_at;
    bool is_tcp = parts->protocol == IP_TCP, is_v4 = parts->version == 4;
    if (odd == FLAGS && is_tcp)
        transport[13] = (uint8_t)ip_random(random);
    else if (odd == RESERVED && is_tcp)
        transport[12] |= (uint8_t)(1 << ip_random(random) % 4);
    else if (odd == ID && is_v4)
        ip_set_u16(ip + 4, ip_random(random));
    else if (odd == SEQUENCE && is_tcp)
        ip_set_u16(transport + 6, ip_random(random));
    else if (odd == TTL)
        ip[is_v4 ? 8 : 7]--;
    else if (odd == ECN)
        ip[1] ^= is_v4 ? 3 : 0x30;
    else if (odd == DONT_FRAGMENT && is_v4)
        ip[6] ^= 0x40;
    else if (odd == FRAGMENT && is_v4)
        ip[6] = 0x20;
    else if (odd == WINDOW && is_tcp)
        transport[15]++;
    else if (odd == ACKNOWLEDGED && is_tcp)
        transport[11]++;
    else if (odd == OPTION && is_tcp && parts->payload_at > parts->transport_at + 20)
        transport[31]++;
}

/* After them. */
static size_t spoil(uint8_t *at, size_t len, const ip_parts *parts, oddity odd,
                    uint32_t *random)
{
    uint8_t *field = at + parts->transport_at + (parts->protocol == IP_TCP ? 16 : 6);
    if (odd == NO_CHECKSUM)
        ip_set_u16(field, 0);
    else if (odd == OTHER_ZERO)
        ip_set_u16(field, 0xffff);
    else if (odd == WRONG_CHECKSUM)
        field[1] ^= 1;
    else if (odd == WRONG_LENGTH && parts->protocol == IP_UDP)
        at[parts->transport_at + 5] ^= 1;
    else if (odd == ANY_OCTET)
        at[IP_ETH + 2 + ip_random(random) % (len - IP_ETH - 2)] ^= 0x40;
    if (odd != PADDING)
        return len;
    size_t more = 1 + ip_random(random) % 20;
    memset(at + len, 0, more);
    return len + more;
}

static void make_frame(unsigned index, frame *out, uint32_t *random)
{
    flow *it = &flows[index];
    oddity odd = ip_random(random) % 5 ? NOTHING : ip_random(random) % ODDITIES;
    size_t header_len = IP_ETH + (it->spec.version == 4 ? 20 : 40) +
                        it->spec.options_len + (it->spec.protocol == IP_TCP ? 20 : 8) +
                        it->spec.tcp_options_len;
    ip_spec spec = it->spec;
    spec.payload_len = payload_len_of(it, odd, random);
    size_t len = ip_build(&spec, random, out->octets);
    uint8_t *ip = out->octets + IP_ETH;
    uint8_t lengths[2] = {ip[spec.version == 4 ? 2 : 4], ip[spec.version == 4 ? 3 : 5]};
    uint8_t udp_len[2];
    ip_parts parts = ip_judge(out->octets, len);
    memcpy(udp_len, out->octets + parts.transport_at + 4, 2);
    memcpy(out->octets, it->headers, header_len);
    memcpy(ip + (spec.version == 4 ? 2 : 4), lengths, 2);
    if (spec.protocol == IP_UDP)
        memcpy(out->octets + parts.transport_at + 4, udp_len, 2);
    if (spec.version == 4)
        ip_set_u16(ip + 4, it->id++);
    if (spec.protocol == IP_TCP) {
        ip_set_u16(out->octets + parts.transport_at + 4, it->sequence >> 16);
        ip_set_u16(out->octets + parts.transport_at + 6, it->sequence & 0xffff);
    }
    if (odd != AGAIN)
        it->sequence += (uint32_t)spec.payload_len;
    change_headers(out->octets, &parts, odd, random);
    ip_seal(out->octets, len);
    out->len = spoil(out->octets, len, &parts, odd, random);
    out->flow = odd == ANY_OCTET ? FLOWS : index; /* which its ports may not be of */
}

/* --- there and back --------------------------------------------------------------- */

static uint8_t kernels_word(lp_gso gso)
{
    switch (gso) {
    case LP_GSO_TCP4:
        return VIRTIO_NET_HDR_GSO_TCPV4;
    case LP_GSO_TCP6:
        return VIRTIO_NET_HDR_GSO_TCPV6;
    case LP_GSO_UDP:
        return VIRTIO_NET_HDR_GSO_UDP_L4;
    default:
        return VIRTIO_NET_HDR_GSO_NONE;
    }
}

/* False: the kernel has no room for one of them now. */
static bool send_glued(const kernel_wire *wire, lp_glue *glue)
{
    lp_bytes view;
    lp_offload left;
    bool all = true;
    while (lp_glue_next(glue, &view, &left)) {
        struct virtio_net_hdr header = {
            .flags = left.needs_checksum ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0,
            .gso_type = kernels_word(left.gso),
            .hdr_len = left.header_len,
            .gso_size = left.gso ? left.segment_len : 0,
            .csum_start = left.checksum_start,
            .csum_offset = left.checksum_offset,
        };
        memcpy(sent, &header, HEADER);
        memcpy(sent + HEADER, view.at, view.len);
        all &= put_on_wire(wire, sent, HEADER + view.len);
        glued_tcp += left.gso == LP_GSO_TCP4 || left.gso == LP_GSO_TCP6;
        glued_udp += left.gso == LP_GSO_UDP;
    }
    return all;
}

/* True if it is one that was sent, and the first left of its flow. */
static bool take_out(size_t len)
{
    bool passed[FLOWS + 1] = {false};
    for (size_t i = 0; i < frame_count; i++) {
        bool is_it = frames[i].len == len && memcmp(frames[i].octets, got, len) == 0;
        if (is_it && !passed[frames[i].flow]) {
            frame_count--;
            memmove(frames + i, frames + i + 1, (frame_count - i) * sizeof *frames);
            return true;
        }
        passed[frames[i].flow] = frames[i].flow != FLOWS;
    }
    return false;
}

static bool send_round(const kernel_wire *wire, lp_glue *glue, uint32_t *random)
{
    unsigned flow_count = 1 + ip_random(random) % FLOWS;
    size_t flush_every = 2 + ip_random(random) % MOST;
    bool all = true;
    for (size_t i = 0; i < frame_count; i++) {
        make_frame(ip_random(random) % flow_count, &frames[i], random);
        lp_glue_put(glue, lp_bytes_of(frames[i].octets, frames[i].len));
        all &= send_glued(wire, glue);
        if (i % flush_every == 0)
            lp_glue_flush(glue);
        all &= send_glued(wire, glue);
    }
    lp_glue_flush(glue);
    return send_glued(wire, glue) && all;
}

static outcome run_round(const kernel_wire *wire, lp_glue *glue, uint32_t *random)
{
    for (unsigned i = 0; i < FLOWS; i++)
        start_flow(&flows[i], random);
    frame_count = 1 + ip_random(random) % MOST;
    if (!send_round(wire, glue, random))
        return LOST;
    while (frame_count > 0) {
        ssize_t len = recv(wire->out, got, sizeof got, 0);
        if (len <= 0)
            return LOST;
        if (!take_out((size_t)len))
            return LOST; /* or one before it; or it is wrong, and will be again */
    }
    return recv(wire->out, got, sizeof got, MSG_DONTWAIT) < 0 ? SAME : DIFFERENT;
}

static outcome run_often(const kernel_wire *wire, lp_glue *glue, uint32_t *random)
{
    uint32_t before = *random;
    outcome found = run_round(wire, glue, random);
    for (int tries = 1; found == LOST && tries < TRIES; tries++) {
        drain_wire(wire);
        *random = before;
        found = run_round(wire, glue, random);
    }
    return found;
}

int main(int argc, char **argv)
{
    unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 300;
    uint32_t seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1, random = seed;
    kernel_wire wire = open_kernel_wire();
    lp_glue *glue = lp_glue_new();
    must(glue != NULL, "memory");
    for (unsigned long i = 0; i < rounds; i++) {
        if (run_often(&wire, glue, &random) != SAME) {
            printf("not as they were sent: round %lu of seed %" PRIu32 "\n", i, seed);
            return 1;
        }
    }
    printf("%lu rounds: the kernel cut %zu of TCP and %zu of UDP to what they were\n",
           rounds, glued_tcp, glued_udp);
    lp_glue_free(glue);
    close_kernel_wire(&wire);
    return glued_tcp == 0 || glued_udp == 0;
}
