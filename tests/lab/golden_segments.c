/*
 * Writes tests/vectors/segment-*.hex: super-frames, and the frames that this machine's
 * kernel makes of them, small enough to be read. As root, by hand, when a case is added:
 *
 *     golden_segments tests/vectors
 */
#include <stdio.h>

#include "../ip.h"
#include "kernel_wire.h"

enum { HEADER = sizeof(struct virtio_net_hdr) };

static const uint8_t times[] = {1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4};
static const uint8_t hop_tcp[] = {IP_TCP, 0, 1, 4, 0, 0, 0, 0};
static const uint8_t router_alert[] = {0x94, 4, 0, 0};

typedef struct golden {
    const char *name, *what, *gso;
    uint8_t kernels;
    size_t segment_len;
    ip_spec spec;
    bool sums_to_zero; /* the first segment's checksum, or the whole frame's */
} golden;

/* clang-format off: a table reads like a table */
static const golden cases[] = {
    {"tcp4",
     "The identification counts up from fffe and wraps, and so does the sequence.",
     "tcp4",
     VIRTIO_NET_HDR_GSO_TCPV4,
     8,
     {4, IP_TCP, .tcp_flags = 0x10, .payload_len = 20}},
    {"tcp4-times",
     "Every segment has the options of the super-frame.",
     "tcp4",
     VIRTIO_NET_HDR_GSO_TCPV4,
     12,
     {4, IP_TCP, NULL, 0, times, 12, 0x10, .payload_len = 24}},
    {"tcp4-push-fin",
     "PSH and FIN belong to the last octets: only the last segment has them.",
     "tcp4",
     VIRTIO_NET_HDR_GSO_TCPV4,
     8,
     {4, IP_TCP, .tcp_flags = 0x19, .payload_len = 17}},
    {"tcp4-window-reduced",
     "CWR is said once, in the first segment; ECE in all (RFC 3168).",
     "tcp4",
     VIRTIO_NET_HDR_GSO_TCPV4,
     8,
     {4, IP_TCP, .tcp_flags = 0xd0, .payload_len = 24}},
    {"tcp4-odd",
     "Segments of an odd length: each sum begins anew.",
     "tcp4",
     VIRTIO_NET_HDR_GSO_TCPV4,
     7,
     {4, IP_TCP, .tcp_flags = 0x10, .payload_len = 15}},
    {"tcp4-ip-options",
     "IPv4 options, a router alert here, stand in every segment.",
     "tcp4",
     VIRTIO_NET_HDR_GSO_TCPV4,
     8,
     {4, IP_TCP, router_alert, 4, .tcp_flags = 0x10, .payload_len = 16}},
    {"tcp6",
     "IPv6 has no checksum and no identification of its own.",
     "tcp6",
     VIRTIO_NET_HDR_GSO_TCPV6,
     8,
     {6, IP_TCP, .tcp_flags = 0x18, .payload_len = 20}},
    {"tcp6-hop-by-hop",
     "The length counts the extension header, the checksum does not.",
     "tcp6",
     VIRTIO_NET_HDR_GSO_TCPV6,
     8,
     {6, IP_TCP, hop_tcp, 8, .tcp_flags = 0x10, .payload_len = 16}},
    {"udp4",
     "Each datagram has its own length.",
     "udp",
     VIRTIO_NET_HDR_GSO_UDP_L4,
     8,
     {4, IP_UDP, .payload_len = 21}},
    {"udp4-zero",
     "The first datagram's checksum comes to 0, which would say that there is none: "
     "ffff.",
     "udp",
     VIRTIO_NET_HDR_GSO_UDP_L4,
     8,
     {4, IP_UDP, .payload_len = 16},
     true},
    {"udp6",
     "As over IPv4, without a header's checksum.",
     "udp",
     VIRTIO_NET_HDR_GSO_UDP_L4,
     8,
     {6, IP_UDP, .payload_len = 21}},
    {"whole-tcp4",
     "Nothing to cut: a partial checksum, as a local sender leaves it.",
     "none",
     VIRTIO_NET_HDR_GSO_NONE,
     0,
     {4, IP_TCP, .tcp_flags = 0x18, .payload_len = 5}},
    {"whole-udp6",
     "A partial checksum over an odd number of octets.",
     "none",
     VIRTIO_NET_HDR_GSO_NONE,
     0,
     {6, IP_UDP, .payload_len = 5}},
    {"whole-udp4-zero",
     "A partial checksum that comes to 0 is written as ffff.",
     "none",
     VIRTIO_NET_HDR_GSO_NONE,
     0,
     {4, IP_UDP, .payload_len = 4},
     true},
};
/* clang-format on */

static void print_hex(FILE *out, const char *name, const uint8_t *at, size_t len)
{
    fprintf(out, "%s: ", name);
    for (size_t i = 0; i < len; i++)
        fprintf(out, "%02x", at[i]);
    fprintf(out, "\n");
}

/* The first two octets of the payload make the checksum over the first segment_len of
 * them (or over all) come to 0. */
static void sum_to_zero(const golden *it, uint8_t *frame, size_t len)
{
    size_t payload_at = len - it->spec.payload_len, transport_at = payload_at - 8;
    size_t covered = 8 + (it->segment_len ? it->segment_len : it->spec.payload_len);
    ip_set_u16(frame + payload_at, 0);
    ip_set_u16(frame + transport_at + 4, covered);
    ip_set_u16(frame + transport_at + 6, 0);
    uint32_t pseudo = ip_pseudo(frame + IP_ETH, 4, IP_UDP, covered);
    ip_set_u16(frame + payload_at,
               0xffff ^ ip_sum(pseudo, frame + transport_at, covered));
    ip_set_u16(frame + transport_at + 4, 8 + it->spec.payload_len);
}

static void write_vector(const kernel_wire *wire, const golden *it, const char *folder)
{
    uint8_t sent[HEADER + 256], got[256], *frame = sent + HEADER;
    char path[512];
    uint32_t random = 1;
    size_t len = ip_build(&it->spec, &random, frame);
    for (size_t i = 0; i < it->spec.payload_len; i++) /* octets that can be followed */
        frame[len - it->spec.payload_len + i] = (uint8_t)i;
    if (it->sums_to_zero)
        sum_to_zero(it, frame, len);
    ip_parts parts = ip_judge(frame, len);
    size_t field = it->spec.protocol == IP_TCP ? 16 : 6;
    ip_set_u16(frame + parts.transport_at + field,
               ip_pseudo(frame + IP_ETH, parts.version, parts.protocol,
                         len - parts.transport_at));
    struct virtio_net_hdr header = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                    .gso_type = it->kernels,
                                    .gso_size = (uint16_t)it->segment_len,
                                    .csum_start = (uint16_t)parts.transport_at,
                                    .csum_offset = (uint16_t)field};
    memcpy(sent, &header, HEADER);
    must(put_on_wire(wire, sent, HEADER + len), "send");

    snprintf(path, sizeof path, "%s/segment-%s.hex", folder, it->name);
    FILE *out = fopen(path, "w");
    must(out != NULL, path);
    fprintf(out, "# %s\ngso: %s\nsegment_len: %zu\nchecksum_start: %zu\n", it->what,
            it->gso, it->segment_len, parts.transport_at);
    fprintf(out, "checksum_offset: %zu\n", field);
    print_hex(out, "frame", frame, len);
    size_t count = it->segment_len
                       ? (it->spec.payload_len + it->segment_len - 1) / it->segment_len
                       : 1;
    for (size_t i = 0; i < count; i++) {
        ssize_t got_len = recv(wire->out, got, sizeof got, 0);
        must(got_len > 0, "the kernel sent fewer");
        print_hex(out, "segment", got, (size_t)got_len);
    }
    fclose(out);
}

int main(int argc, char **argv)
{
    kernel_wire wire = open_kernel_wire();
    if (argc != 2)
        return 2;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        write_vector(&wire, &cases[i], argv[1]);
    close_kernel_wire(&wire);
    return 0;
}
