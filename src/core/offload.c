#include "core/offload.h"

#include "base/cursor.h"
#include "wire/packet.h"

#define MAX_SEGMENTS 1024

enum {
    IPV4_LENGTH_AT = 2,
    IPV4_ID_AT = 4,
    IPV4_CHECKSUM_AT = 10,
    IPV4_ADDRESSES_AT = 12,
    IPV4_ADDRESSES_LEN = 8,
    IPV6_LENGTH_AT = 4,
    IPV6_NEXT_AT = 6,
    IPV6_ADDRESSES_AT = 8,
    IPV6_ADDRESSES_LEN = 32,
    IPV6_HEADER_LEN = 40,
    TCP_SEQUENCE_AT = 4,
    TCP_DATA_OFFSET_AT = 12,
    TCP_FLAGS_AT = 13,
    TCP_CHECKSUM_AT = 16,
    TCP_HEADER_LEN = 20,
    UDP_LENGTH_AT = 4,
    UDP_CHECKSUM_AT = 6,
    UDP_HEADER_LEN = 8,
};

enum { TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_CWR = 0x80 };

/* A frame that is to become several: the same headers before slices of one payload. */
typedef struct super_frame {
    lp_packet packet;
    size_t payload_at; /* from the frame's start: where the repeated headers end */
    size_t payload_len;
} super_frame;

/* --- checksums -------------------------------------------------------------------- */

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

uint32_t lp_checksum_add(uint32_t sum, lp_bytes bytes)
{
    /* The sum's octets come out in the order they went in, whatever the machine's byte
     * order (RFC 1071 section 2 B): so native words do, four octets at a time. */
    uint64_t wide = 0;
    uint32_t word;
    for (; bytes.len >= sizeof word; bytes = lp_bytes_after(bytes, sizeof word)) {
        memcpy(&word, bytes.at, sizeof word);
        wide += word;
    }
    word = 0;
    if (bytes.len > 0)
        memcpy(&word, bytes.at, bytes.len);
    uint16_t native = fold(wide + word);
    uint8_t octets[2];
    memcpy(octets, &native, sizeof octets);
    return fold((uint64_t)sum + lp_get_u16(octets));
}

uint16_t lp_checksum_finish(uint32_t sum)
{
    return (uint16_t)~fold(sum);
}

/* In UDP a checksum of zero says that there is none (RFC 768). */
static uint16_t never_zero(uint16_t checksum)
{
    return checksum != 0 ? checksum : 0xffff;
}

lp_err lp_offload_checksum(lp_space frame, const lp_offload *offload)
{
    if (!offload->needs_checksum)
        return LP_OK;
    size_t start = offload->checksum_start;
    size_t field = start + offload->checksum_offset;
    if (field + 2 > frame.len)
        return LP_ERR_MALFORMED;
    /* The field already holds the pseudo header's sum. Which protocol it is, is not said;
     * like Linux, take it for UDP, as both zeros are right elsewhere. */
    lp_bytes covered = lp_bytes_of(frame.at + start, frame.len - start);
    uint16_t checksum = lp_checksum_finish(lp_checksum_add(0, covered));
    lp_set_u16(frame.at + field, never_zero(checksum));
    return LP_OK;
}

/* --- segments --------------------------------------------------------------------- */

static bool is_what_gso_says(const lp_packet *packet, lp_gso gso)
{
    switch (gso) {
    case LP_GSO_NONE:
        return false;
    case LP_GSO_TCP4:
        return packet->ip_version == 4 && packet->protocol == LP_PROTO_TCP;
    case LP_GSO_TCP6:
        return packet->ip_version == 6 && packet->protocol == LP_PROTO_TCP;
    case LP_GSO_UDP:
        return packet->ip_version != 0 && packet->protocol == LP_PROTO_UDP;
    case LP_GSO_OTHER:
        return false;
    }
    return false;
}

/*
 * Only options may stand between IPv6 and the transport. A routing header changes the
 * address that the checksum covers (RFC 8200 8.1), AH signs the length we would change.
 */
static bool has_plain_extensions(lp_bytes frame, const lp_packet *packet)
{
    const uint8_t *ip = frame.at + packet->network_at;
    uint8_t next = ip[IPV6_NEXT_AT];
    size_t at = packet->network_at + IPV6_HEADER_LEN;
    while (at < packet->transport_at) {
        if (next != LP_PROTO_HOPOPTS && next != LP_PROTO_DSTOPTS)
            return false;
        next = frame.at[at];
        at += ((size_t)frame.at[at + 1] + 1) * 8;
    }
    return at == packet->transport_at;
}

/* False: the headers are not those of a super-frame of this kind. */
static bool read_super_frame(lp_bytes frame, const lp_offload *offload,
                             super_frame *out_super)
{
    lp_packet packet = lp_packet_walk(frame);
    if (!is_what_gso_says(&packet, offload->gso) || offload->segment_len == 0)
        return false;
    /* SNAP has a length field of its own; nothing that is merged comes with it. */
    if (packet.truncated || packet.is_fragment || packet.is_snap || !packet.has_ports)
        return false;

    bool is_tcp = packet.protocol == LP_PROTO_TCP;
    size_t end = packet.network_at + packet.ip_len;
    size_t header_len = is_tcp ? TCP_HEADER_LEN : UDP_HEADER_LEN;
    if (end > frame.len || packet.transport_at + header_len > end)
        return false;
    if (is_tcp)
        header_len =
            (size_t)(frame.at[packet.transport_at + TCP_DATA_OFFSET_AT] >> 4) * 4;
    size_t payload_at = packet.transport_at + header_len;
    if ((is_tcp && header_len < TCP_HEADER_LEN) || payload_at > end)
        return false;
    if (packet.ip_version == 6 && !has_plain_extensions(frame, &packet))
        return false;

    *out_super = (super_frame){packet, payload_at, end - payload_at};
    return true;
}

static size_t count_segments(const super_frame *super, size_t segment_len)
{
    if (super->payload_len == 0)
        return 1;
    size_t count = (super->payload_len + segment_len - 1) / segment_len;
    return count <= MAX_SEGMENTS ? count : 0;
}

size_t lp_offload_segment_count(lp_bytes frame, const lp_offload *offload)
{
    super_frame super;
    if (offload->gso == LP_GSO_NONE)
        return 1;
    if (!read_super_frame(frame, offload, &super))
        return 0;
    return count_segments(&super, offload->segment_len);
}

static void finish_ip(const lp_packet *packet, size_t index, lp_space segment)
{
    uint8_t *ip = segment.at + packet->network_at;
    size_t ip_len = segment.len - packet->network_at;
    if (packet->ip_version == 6) {
        lp_set_u16(ip + IPV6_LENGTH_AT, (uint16_t)(ip_len - IPV6_HEADER_LEN));
        return;
    }
    lp_set_u16(ip + IPV4_LENGTH_AT, (uint16_t)ip_len);
    lp_set_u16(ip + IPV4_ID_AT, (uint16_t)(lp_get_u16(ip + IPV4_ID_AT) + index));
    lp_set_u16(ip + IPV4_CHECKSUM_AT, 0);
    lp_bytes header = lp_bytes_of(ip, packet->transport_at - packet->network_at);
    lp_set_u16(ip + IPV4_CHECKSUM_AT, lp_checksum_finish(lp_checksum_add(0, header)));
}

static uint32_t sum_pseudo_header(const lp_packet *packet, lp_space segment)
{
    const uint8_t *ip = segment.at + packet->network_at;
    lp_bytes addresses = packet->ip_version == 6
                             ? lp_bytes_of(ip + IPV6_ADDRESSES_AT, IPV6_ADDRESSES_LEN)
                             : lp_bytes_of(ip + IPV4_ADDRESSES_AT, IPV4_ADDRESSES_LEN);
    uint32_t transport_len = (uint32_t)(segment.len - packet->transport_at);
    return lp_checksum_add(packet->protocol + transport_len, addresses);
}

static uint16_t transport_checksum(const lp_packet *packet, lp_space segment)
{
    lp_bytes transport = lp_bytes_of(segment.at + packet->transport_at,
                                     segment.len - packet->transport_at);
    return lp_checksum_finish(
        lp_checksum_add(sum_pseudo_header(packet, segment), transport));
}

static void finish_tcp(const lp_packet *packet, size_t offset, bool is_last,
                       lp_space segment)
{
    uint8_t *tcp = segment.at + packet->transport_at;
    uint32_t sequence = lp_get_u32(tcp + TCP_SEQUENCE_AT);
    lp_set_u32(tcp + TCP_SEQUENCE_AT, sequence + (uint32_t)offset);
    if (!is_last)
        tcp[TCP_FLAGS_AT] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    if (offset > 0)
        tcp[TCP_FLAGS_AT] &= (uint8_t)~TCP_CWR; /* RFC 3168 6.1.2: once per window */
    lp_set_u16(tcp + TCP_CHECKSUM_AT, 0);
    lp_set_u16(tcp + TCP_CHECKSUM_AT, transport_checksum(packet, segment));
}

static void finish_udp(const lp_packet *packet, lp_space segment)
{
    uint8_t *udp = segment.at + packet->transport_at;
    lp_set_u16(udp + UDP_LENGTH_AT, (uint16_t)(segment.len - packet->transport_at));
    lp_set_u16(udp + UDP_CHECKSUM_AT, 0);
    lp_set_u16(udp + UDP_CHECKSUM_AT, never_zero(transport_checksum(packet, segment)));
}

static size_t copy_whole(lp_bytes frame, size_t index, lp_space out)
{
    if (index > 0 || frame.len == 0 || frame.len > out.len)
        return 0;
    memcpy(out.at, frame.at, frame.len);
    return frame.len;
}

size_t lp_offload_segment(lp_bytes frame, const lp_offload *offload, size_t index,
                          lp_space out)
{
    if (offload->gso == LP_GSO_NONE)
        return copy_whole(frame, index, out);
    super_frame super;
    if (!read_super_frame(frame, offload, &super))
        return 0;
    if (index >= count_segments(&super, offload->segment_len))
        return 0;

    size_t offset = index * offload->segment_len;
    size_t left = super.payload_len - offset;
    bool is_last = left <= offload->segment_len;
    size_t slice_len = is_last ? left : offload->segment_len;
    if (out.len < super.payload_at + slice_len)
        return 0;
    memcpy(out.at, frame.at, super.payload_at);
    memcpy(out.at + super.payload_at, frame.at + super.payload_at + offset, slice_len);

    lp_space segment = lp_space_of(out.at, super.payload_at + slice_len);
    finish_ip(&super.packet, index, segment);
    if (super.packet.protocol == LP_PROTO_TCP)
        finish_tcp(&super.packet, offset, is_last, segment);
    else
        finish_udp(&super.packet, segment);
    return segment.len;
}
