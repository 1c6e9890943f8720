/*
 * Our segments and checksums against the kernel's: random super-frames go into a veth
 * whose offloads are off, with a virtio-net header, so that the kernel must finish them.
 * What comes out at the other end must be, octet by octet, what lp_offload makes; and
 * lp_glue makes of it the frame that went in.
 *
 *     offload_diff [COUNT [SEED]]
 *
 * Skipped (77) without root. A failure prints the case, which a seed repeats.
 */
#include "core/offload.h"

#include "core/glue.h"

#include <inttypes.h>

#include "../ip.h"
#include "base/cursor.h"
#include "kernel_wire.h"

enum { HEADER = sizeof(struct virtio_net_hdr), MOST_SEGMENTS = 100 };

static uint8_t sent[HEADER + IP_FRAME_MAX], got[IP_FRAME_MAX], ours[IP_FRAME_MAX];

static const uint8_t hop_tcp[] = {IP_TCP, 0, 1, 4, 0, 0, 0, 0};
static const uint8_t hop_udp[] = {IP_UDP, 0, 1, 4, 0, 0, 0, 0};
static const uint8_t hop_dst_tcp[] = {60, 0, 1, 4, 0, 0, 0, 0, IP_TCP, 1, 1, 12,
                                      0,  0, 0, 0, 0, 0, 0, 0, 0,      0, 0, 0};
static const uint8_t nops[] = {1, 1, 1, 0};
static const uint8_t sack[] = {1, 1, 5, 10, 0, 0, 9, 9, 0, 1, 2, 3, 3, 3, 7, 0};
static const uint8_t times[] = {1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4};

static const struct {
    uint8_t kernels;
    lp_gso gso;
    ip_spec spec;
} kinds[] = {
    {VIRTIO_NET_HDR_GSO_TCPV4, LP_GSO_TCP4, {4, IP_TCP, NULL, 0, times, 12}},
    {VIRTIO_NET_HDR_GSO_TCPV4, LP_GSO_TCP4, {4, IP_TCP, nops, 4, NULL, 0}},
    {VIRTIO_NET_HDR_GSO_TCPV6, LP_GSO_TCP6, {6, IP_TCP, NULL, 0, times, 12}},
    {VIRTIO_NET_HDR_GSO_TCPV6, LP_GSO_TCP6, {6, IP_TCP, hop_tcp, 8, NULL, 0}},
    {VIRTIO_NET_HDR_GSO_TCPV6, LP_GSO_TCP6, {6, IP_TCP, hop_dst_tcp, 24, sack, 16}},
    {VIRTIO_NET_HDR_GSO_UDP_L4, LP_GSO_UDP, {4, IP_UDP}},
    {VIRTIO_NET_HDR_GSO_UDP_L4, LP_GSO_UDP, {4, IP_UDP, nops, 4}},
    {VIRTIO_NET_HDR_GSO_UDP_L4, LP_GSO_UDP, {6, IP_UDP, hop_udp, 8}},
    {VIRTIO_NET_HDR_GSO_UDP_L4, LP_GSO_UDP, {6, IP_UDP}},
    {VIRTIO_NET_HDR_GSO_NONE, LP_GSO_NONE, {4, IP_UDP}},
    {VIRTIO_NET_HDR_GSO_NONE, LP_GSO_NONE, {6, IP_TCP, hop_tcp, 8, NULL, 0}},
};

/* A frame as a sender leaves it to its network card; the offload says what is left. */
static size_t make_case(uint32_t *random, uint8_t *frame, lp_offload *offload,
                        struct virtio_net_hdr *header)
{
    size_t kind = ip_random(random) % (sizeof kinds / sizeof *kinds);
    ip_spec spec = kinds[kind].spec;
    size_t segment_len = 1 + ip_random(random) % (ip_random(random) % 4 ? 1400 : 40);
    size_t count = ip_random(random) % (60000 / segment_len) % MOST_SEGMENTS;
    size_t last_len = ip_random(random) % 8 ? 1 + ip_random(random) % segment_len
                                            : segment_len; /* often none is shorter */
    spec.payload_len = kinds[kind].gso == LP_GSO_NONE
                           ? ip_random(random) % 1300
                           : segment_len * (1 + count) + last_len;
    spec.tcp_flags = ip_random(random) & 0xf9; /* no SYN, no RST */
    size_t len = ip_build(&spec, random, frame);
    ip_scramble(frame, len, random);
    ip_parts parts = ip_judge(frame, len);
    size_t field = parts.protocol == IP_TCP ? 16 : 6;
    uint32_t pseudo = ip_pseudo(frame + IP_ETH, parts.version, parts.protocol,
                                len - parts.transport_at);
    ip_set_u16(frame + parts.transport_at + field, pseudo);

    *offload = (lp_offload){.needs_checksum = true,
                            .checksum_start = (uint16_t)parts.transport_at,
                            .checksum_offset = (uint16_t)field,
                            .gso = kinds[kind].gso,
                            .segment_len = (uint16_t)segment_len};
    bool is_whole = offload->gso == LP_GSO_NONE;
    *header = (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                      .gso_type = kinds[kind].kernels,
                                      .gso_size = is_whole ? 0 : offload->segment_len,
                                      .csum_start = offload->checksum_start,
                                      .csum_offset = offload->checksum_offset};
    return len;
}

static size_t make_ours(lp_bytes frame, const lp_offload *offload, size_t index)
{
    lp_space space = lp_space_of(ours, sizeof ours);
    size_t len = lp_offload_segment(frame, offload, index, space);
    if (offload->gso == LP_GSO_NONE)
        must(lp_offload_checksum(lp_space_of(ours, len), offload) == LP_OK, "checksum");
    return len;
}

/* Plain TCP or UDP, and few enough segments for one super-frame. */
static bool is_glueable(const lp_offload *offload, size_t count)
{
    const uint8_t *frame = sent + HEADER, *tcp = frame + offload->checksum_start;
    bool is_plain = offload->checksum_start == (frame[IP_ETH] >> 4 == 4 ? 34 : 54);
    bool is_data = offload->gso == LP_GSO_UDP || (tcp[13] & 0xb0) == 0x10;
    return offload->gso != LP_GSO_NONE && is_plain && is_data && count > 1 &&
           count <= LP_GLUE_MAX_SEGMENTS;
}

/* True if the segments that were put were glued to what was sent. */
static bool is_whole_again(lp_glue *glue, lp_bytes frame, const lp_offload *offload)
{
    lp_bytes glued;
    lp_offload left;
    lp_glue_flush(glue);
    return lp_glue_next(glue, &glued, &left) && left.gso == offload->gso &&
           left.segment_len == offload->segment_len &&
           left.checksum_start == offload->checksum_start &&
           left.checksum_offset == offload->checksum_offset &&
           lp_bytes_equal(glued, frame) && !lp_glue_next(glue, &glued, &left);
}

/* Whether the kernel's are ours; counts them, and super-frames glued. */
static outcome compare(const kernel_wire *wire, lp_glue *glue, uint32_t *random,
                       size_t *segments, size_t *super_frames)
{
    lp_offload offload;
    struct virtio_net_hdr header;
    size_t len = make_case(random, sent + HEADER, &offload, &header);
    lp_bytes frame = lp_bytes_of(sent + HEADER, len);
    memcpy(sent, &header, HEADER);
    if (!put_on_wire(wire, sent, HEADER + len))
        return LOST;

    size_t count = lp_offload_segment_count(frame, &offload);
    bool may_glue = is_glueable(&offload, count), is_glued = false;
    for (size_t i = 0; i < count; i++) {
        ssize_t got_len = recv(wire->out, got, sizeof got, 0);
        size_t our_len = make_ours(frame, &offload, i);
        if (got_len <= 0)
            return LOST;
        if ((size_t)got_len != our_len || memcmp(got, ours, our_len) != 0) {
            printf("segment %zu of %zu, %zu octets (kernel: %zd), kind %d differs\n", i,
                   count, our_len, got_len, (int)offload.gso);
            return DIFFERENT;
        }
        if (!may_glue)
            continue;
        lp_glue_put(glue, lp_bytes_of(got, our_len));
        is_glued = i + 1 == count && is_whole_again(glue, frame, &offload);
    }
    *segments += count;
    *super_frames += may_glue;
    if (may_glue && !is_glued)
        printf("%zu segments are not glued to what they were\n", count);
    return count > 0 && is_glued == may_glue ? SAME : DIFFERENT;
}

static outcome compare_often(const kernel_wire *wire, lp_glue *glue, uint32_t *random,
                             size_t *segments, size_t *super_frames)
{
    uint32_t before = *random;
    outcome found = compare(wire, glue, random, segments, super_frames);
    for (int tries = 1; found == LOST && tries < TRIES; tries++) {
        lp_bytes rest;
        lp_offload left;
        drain_wire(wire);
        lp_glue_flush(glue);
        while (lp_glue_next(glue, &rest, &left))
            ;
        *random = before;
        found = compare(wire, glue, random, segments, super_frames);
    }
    if (found == LOST)
        printf("the kernel sends fewer, each time\n");
    return found;
}

int main(int argc, char **argv)
{
    unsigned long cases = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
    uint32_t seed = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1, random = seed;
    kernel_wire wire = open_kernel_wire();
    size_t segments = 0, super_frames = 0;
    lp_glue *glue = lp_glue_new();
    must(glue != NULL, "memory");
    for (unsigned long i = 0; i < cases; i++) {
        if (compare_often(&wire, glue, &random, &segments, &super_frames) != SAME) {
            printf("case %lu of seed %" PRIu32 "\n", i, seed);
            return 1;
        }
    }
    printf("%lu frames, %zu segments: as the kernel makes them; %zu glued again\n",
           cases, segments, super_frames);
    lp_glue_free(glue);
    close_kernel_wire(&wire);
    return segments == 0 || super_frames == 0;
}
