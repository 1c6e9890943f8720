#include "core/glue.h"

#include <assert.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "core/offload.h"
#include "wire/packet.h"

#define IP_LEN_MAX  65535 /* of IPv4 with its header, of IPv6 without: take the less */
#define STRAND_ROOM (LP_FRAME_HEADER_LEN + IP_LEN_MAX)
#define STRANDS     (LP_GLUE_MAX_FLOWS + 1) /* one is due while its successor begins */

enum {
    IPV4_LENGTH_AT = 2,
    IPV4_ID_AT = 4,
    IPV4_FRAGMENT_AT = 6,
    IPV4_CHECKSUM_AT = 10,
    IPV4_ADDRESSES_AT = 12,
    IPV4_HEADER_LEN = 20,
    IPV6_LENGTH_AT = 4,
    IPV6_NEXT_AT = 6,
    IPV6_ADDRESSES_AT = 8,
    IPV6_HEADER_LEN = 40,
    TCP_SEQUENCE_AT = 4,
    TCP_ACK_AT = 8,
    TCP_DATA_OFFSET_AT = 12,
    TCP_FLAGS_AT = 13,
    TCP_WINDOW_AT = 14,
    TCP_CHECKSUM_AT = 16,
    TCP_URGENT_AT = 18,
    TCP_HEADER_LEN = 20,
    UDP_LENGTH_AT = 4,
    UDP_CHECKSUM_AT = 6,
    UDP_HEADER_LEN = 8,
};

enum { IPV4_DONT_FRAGMENT = 0x4000 };
enum { TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_ACK = 0x10, TCP_ECE = 0x40 };

/* A frame that holds plain TCP or UDP: Ethernet, IP without options, then the segment. */
typedef struct segment {
    lp_bytes frame; /* without the padding of short frames */
    bool is_padded;
    uint8_t ip_version, protocol;
    size_t transport_at, payload_at; /* payload_at is 0 where the header is nonsense */
} segment;

/* What waits: one segment, or several of them glued. */
typedef struct strand {
    uint8_t *at;
    size_t len;
    uint8_t ip_version, protocol;
    size_t transport_at, payload_at;
    size_t segment_len, count;
    bool is_due;
} strand;

struct lp_glue {
    strand strands[STRANDS];
    strand *spare[STRANDS], *waiting[STRANDS]; /* waiting: the oldest first */
    size_t spare_count, waiting_count;
    lp_bytes passing; /* behind what is due, goes as it came */
    bool leaves_all, leaves_udp;
};

/* --- reading ---------------------------------------------------------------------- */

typedef enum kind { OTHER, SEGMENT, DOUBTFUL } kind;

/* Where the payload begins; 0 where the transport's header contradicts the IP header. */
static size_t find_payload(lp_bytes frame, const lp_packet *packet, size_t end)
{
    const uint8_t *transport = frame.at + packet->transport_at;
    size_t transport_len = end - packet->transport_at;
    if (packet->protocol == LP_PROTO_UDP)
        return lp_get_u16(transport + UDP_LENGTH_AT) == transport_len
                   ? packet->transport_at + UDP_HEADER_LEN
                   : 0;
    size_t header_len = (size_t)(transport[TCP_DATA_OFFSET_AT] >> 4) * 4;
    bool fits = header_len >= TCP_HEADER_LEN && header_len <= transport_len;
    return fits ? packet->transport_at + header_len : 0;
}

static kind read_segment(const lp_glue *glue, lp_bytes frame, segment *out_piece)
{
    lp_packet packet = lp_packet_walk(frame);
    if (packet.truncated)
        return DOUBTFUL;
    bool is_udp = packet.protocol == LP_PROTO_UDP && !glue->leaves_udp;
    if (packet.protocol != LP_PROTO_TCP && !is_udp)
        return OTHER;
    size_t ip_header_len = packet.ip_version == 4 ? IPV4_HEADER_LEN : IPV6_HEADER_LEN;
    size_t header_len = is_udp ? UDP_HEADER_LEN : TCP_HEADER_LEN;
    size_t end = packet.network_at + packet.ip_len;
    if (packet.network_at != LP_FRAME_HEADER_LEN || packet.is_fragment ||
        packet.transport_at != LP_FRAME_HEADER_LEN + ip_header_len ||
        packet.transport_at + header_len > end)
        return DOUBTFUL;
    *out_piece = (segment){
        .frame = lp_bytes_of(frame.at, end),
        .is_padded = end < frame.len,
        .ip_version = packet.ip_version,
        .protocol = packet.protocol,
        .transport_at = packet.transport_at,
        .payload_at = find_payload(frame, &packet, end),
    };
    return SEGMENT;
}

static lp_bytes addresses_of(uint8_t ip_version, const uint8_t *frame)
{
    const uint8_t *ip = frame + LP_FRAME_HEADER_LEN;
    return ip_version == 4 ? lp_bytes_of(ip + IPV4_ADDRESSES_AT, 8)
                           : lp_bytes_of(ip + IPV6_ADDRESSES_AT, 32);
}

/* Of the pseudo header: RFC 768, RFC 9293 3.1, RFC 8200 8.1. */
static uint32_t sum_pseudo_header(uint8_t ip_version, uint8_t protocol,
                                  const uint8_t *frame, size_t transport_len)
{
    return lp_checksum_add(protocol + (uint32_t)transport_len,
                           addresses_of(ip_version, frame));
}

static size_t checksum_at(uint8_t protocol)
{
    return protocol == LP_PROTO_TCP ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT;
}

/*
 * The sum over what holds its own checksum is zero. That checksum can be written in two
 * ways, of which one is nobody's who computes it, and would not come out again: 0xffff,
 * but in UDP 0, which says that there is none.
 */
static bool is_sound(uint32_t sum, uint16_t checksum, uint16_t never)
{
    return checksum != never && lp_checksum_finish(sum) == 0;
}

static bool has_sound_checksums(const segment *piece)
{
    const uint8_t *ip = piece->frame.at + LP_FRAME_HEADER_LEN;
    lp_bytes header = lp_bytes_of(ip, IPV4_HEADER_LEN);
    lp_bytes transport = lp_bytes_after(piece->frame, piece->transport_at);
    if (piece->ip_version == 4 && !is_sound(lp_checksum_add(0, header),
                                            lp_get_u16(ip + IPV4_CHECKSUM_AT), 0xffff))
        return false;
    uint32_t pseudo = sum_pseudo_header(piece->ip_version, piece->protocol,
                                        piece->frame.at, transport.len);
    return is_sound(lp_checksum_add(pseudo, transport),
                    lp_get_u16(transport.at + checksum_at(piece->protocol)),
                    piece->protocol == LP_PROTO_TCP ? 0xffff : 0);
}

/* Plain data: no flag that a super-frame would repeat, or keep for its first segment. */
static bool is_plain_tcp(const uint8_t *tcp)
{
    uint8_t flags = tcp[TCP_FLAGS_AT];
    return (flags & TCP_ACK) && !(tcp[TCP_DATA_OFFSET_AT] & 0x0f) &&
           !(flags & ~(TCP_ACK | TCP_PSH | TCP_FIN | TCP_ECE));
}

/* Cut out of a super-frame, would it come out as it is? */
static bool can_be_glued(const segment *piece)
{
    const uint8_t *ip = piece->frame.at + LP_FRAME_HEADER_LEN;
    if (piece->is_padded || piece->payload_at == 0 ||
        piece->payload_at == piece->frame.len)
        return false;
    if (piece->protocol == LP_PROTO_TCP &&
        !is_plain_tcp(piece->frame.at + piece->transport_at))
        return false;
    if (piece->ip_version == 4 &&
        (lp_get_u16(ip + IPV4_FRAGMENT_AT) & ~IPV4_DONT_FRAGMENT))
        return false;
    return has_sound_checksums(piece);
}

static bool is_last(const segment *piece)
{
    const uint8_t *tcp = piece->frame.at + piece->transport_at;
    return piece->protocol == LP_PROTO_TCP && (tcp[TCP_FLAGS_AT] & (TCP_PSH | TCP_FIN));
}

/* --- comparing -------------------------------------------------------------------- */

static bool is_of_flow(const strand *held, const segment *piece)
{
    return !held->is_due && held->ip_version == piece->ip_version &&
           held->protocol == piece->protocol &&
           lp_bytes_equal(addresses_of(held->ip_version, held->at),
                          addresses_of(piece->ip_version, piece->frame.at)) &&
           memcmp(held->at + held->transport_at, piece->frame.at + piece->transport_at,
                  4) == 0;
}

static bool has_same_ip(const strand *held, const segment *piece)
{
    const uint8_t *ours = held->at + LP_FRAME_HEADER_LEN;
    const uint8_t *its = piece->frame.at + LP_FRAME_HEADER_LEN;
    if (held->ip_version == 6)
        return memcmp(ours, its, IPV6_LENGTH_AT) == 0 &&
               memcmp(ours + IPV6_NEXT_AT, its + IPV6_NEXT_AT,
                      IPV6_ADDRESSES_AT - IPV6_NEXT_AT) == 0;
    uint16_t id = (uint16_t)(lp_get_u16(ours + IPV4_ID_AT) + held->count);
    return memcmp(ours, its, IPV4_LENGTH_AT) == 0 &&
           lp_get_u16(its + IPV4_ID_AT) == id &&
           memcmp(ours + IPV4_FRAGMENT_AT, its + IPV4_FRAGMENT_AT,
                  IPV4_CHECKSUM_AT - IPV4_FRAGMENT_AT) == 0;
}

static bool has_same_tcp(const strand *held, const segment *piece)
{
    const uint8_t *ours = held->at + held->transport_at;
    const uint8_t *its = piece->frame.at + piece->transport_at;
    uint32_t next =
        lp_get_u32(ours + TCP_SEQUENCE_AT) + (uint32_t)(held->len - held->payload_at);
    uint8_t flags_differ = ours[TCP_FLAGS_AT] ^ its[TCP_FLAGS_AT];
    return lp_get_u32(its + TCP_SEQUENCE_AT) == next &&
           memcmp(ours + TCP_ACK_AT, its + TCP_ACK_AT, TCP_FLAGS_AT - TCP_ACK_AT) ==
               0 &&
           (flags_differ & ~(TCP_PSH | TCP_FIN)) == 0 &&
           memcmp(ours + TCP_WINDOW_AT, its + TCP_WINDOW_AT,
                  TCP_CHECKSUM_AT - TCP_WINDOW_AT) == 0 &&
           memcmp(ours + TCP_URGENT_AT, its + TCP_URGENT_AT,
                  held->payload_at - held->transport_at - TCP_URGENT_AT) == 0;
}

/* TCP's data offset is among what has_same_tcp compares: options are equally long. Of UDP
 * nothing is left to compare: ports make the flow, the rest is length and checksum. */
static bool continues(const strand *held, const segment *piece)
{
    size_t payload_len = piece->frame.len - piece->payload_at;
    return payload_len <= held->segment_len && held->len + payload_len <= STRAND_ROOM &&
           piece->payload_at == held->payload_at &&
           memcmp(held->at, piece->frame.at, LP_FRAME_HEADER_LEN) == 0 &&
           has_same_ip(held, piece) &&
           (held->protocol == LP_PROTO_UDP || has_same_tcp(held, piece));
}

/* --- gluing ----------------------------------------------------------------------- */

static strand *find(lp_glue *glue, const segment *piece)
{
    for (size_t i = 0; i < glue->waiting_count; i++)
        if (is_of_flow(glue->waiting[i], piece))
            return glue->waiting[i];
    return NULL;
}

static void append(strand *held, const segment *piece)
{
    lp_bytes payload = lp_bytes_after(piece->frame, piece->payload_at);
    memcpy(held->at + held->len, payload.at, payload.len);
    held->len += payload.len;
    held->count++;
    if (held->protocol == LP_PROTO_TCP)
        held->at[held->transport_at + TCP_FLAGS_AT] |=
            piece->frame.at[piece->transport_at + TCP_FLAGS_AT];
    held->is_due = is_last(piece) || payload.len < held->segment_len ||
                   held->count == LP_GLUE_MAX_SEGMENTS;
}

static void begin(lp_glue *glue, const segment *piece)
{
    if (glue->waiting_count == LP_GLUE_MAX_FLOWS)
        glue->waiting[0]->is_due = true;
    strand *held = glue->spare[--glue->spare_count];
    glue->waiting[glue->waiting_count++] = held;
    memcpy(held->at, piece->frame.at, piece->frame.len);
    held->len = piece->frame.len;
    held->ip_version = piece->ip_version;
    held->protocol = piece->protocol;
    held->transport_at = piece->transport_at;
    held->payload_at = piece->payload_at;
    held->segment_len = piece->frame.len - piece->payload_at;
    held->count = 1;
    held->is_due = false;
}

void lp_glue_put(lp_glue *glue, lp_bytes frame)
{
    segment piece;
    assert(glue->spare_count > 0 && glue->passing.len == 0); /* next said no */
    if (glue->leaves_all) {
        glue->passing = frame;
        return;
    }
    kind what = frame.len <= STRAND_ROOM ? read_segment(glue, frame, &piece) : DOUBTFUL;
    if (what == DOUBTFUL)
        lp_glue_flush(glue);
    if (what != SEGMENT) {
        glue->passing = frame;
        return;
    }
    strand *held = find(glue, &piece);
    bool is_glueable = can_be_glued(&piece);
    if (held && is_glueable && continues(held, &piece)) {
        append(held, &piece);
        return;
    }
    if (held)
        held->is_due = true;
    if (is_glueable && !is_last(&piece))
        begin(glue, &piece);
    else
        glue->passing = frame;
}

void lp_glue_leave_all(lp_glue *glue)
{
    glue->leaves_all = true;
}

void lp_glue_leave_udp(lp_glue *glue)
{
    glue->leaves_udp = true;
}

void lp_glue_flush(lp_glue *glue)
{
    for (size_t i = 0; i < glue->waiting_count; i++)
        glue->waiting[i]->is_due = true;
}

/* --- giving ----------------------------------------------------------------------- */

static lp_gso gso_of(const strand *held)
{
    if (held->protocol == LP_PROTO_UDP)
        return LP_GSO_UDP;
    return held->ip_version == 4 ? LP_GSO_TCP4 : LP_GSO_TCP6;
}

static void finish_ip(strand *held)
{
    uint8_t *ip = held->at + LP_FRAME_HEADER_LEN;
    size_t ip_len = held->len - LP_FRAME_HEADER_LEN;
    if (held->ip_version == 6) {
        lp_set_u16(ip + IPV6_LENGTH_AT, (uint16_t)(ip_len - IPV6_HEADER_LEN));
        return;
    }
    lp_set_u16(ip + IPV4_LENGTH_AT, (uint16_t)ip_len);
    lp_set_u16(ip + IPV4_CHECKSUM_AT, 0);
    uint32_t sum = lp_checksum_add(0, lp_bytes_of(ip, IPV4_HEADER_LEN));
    lp_set_u16(ip + IPV4_CHECKSUM_AT, lp_checksum_finish(sum));
}

/* Lengths and the sums that a card goes on from; checksums themselves are its work. */
static lp_offload finish(strand *held)
{
    if (held->count == 1)
        return (lp_offload){0};
    finish_ip(held);
    uint8_t *transport = held->at + held->transport_at;
    size_t transport_len = held->len - held->transport_at;
    if (held->protocol == LP_PROTO_UDP)
        lp_set_u16(transport + UDP_LENGTH_AT, (uint16_t)transport_len);
    uint32_t pseudo =
        sum_pseudo_header(held->ip_version, held->protocol, held->at, transport_len);
    size_t field = checksum_at(held->protocol);
    lp_set_u16(transport + field, (uint16_t)pseudo);
    return (lp_offload){
        .needs_checksum = true,
        .checksum_start = (uint16_t)held->transport_at,
        .checksum_offset = (uint16_t)field,
        .gso = gso_of(held),
        .segment_len = (uint16_t)held->segment_len,
        .header_len = (uint16_t)held->payload_at,
    };
}

static strand *take_due(lp_glue *glue)
{
    for (size_t i = 0; i < glue->waiting_count; i++) {
        strand *held = glue->waiting[i];
        if (!held->is_due)
            continue;
        glue->waiting_count--;
        memmove(glue->waiting + i, glue->waiting + i + 1,
                (glue->waiting_count - i) * sizeof held);
        glue->spare[glue->spare_count++] = held;
        return held;
    }
    return NULL;
}

bool lp_glue_next(lp_glue *glue, lp_bytes *out_frame, lp_offload *out_offload)
{
    strand *held = take_due(glue);
    if (held) {
        *out_offload = finish(held);
        *out_frame = lp_bytes_of(held->at, held->len);
        return true;
    }
    if (glue->passing.len == 0)
        return false;
    *out_offload = (lp_offload){0};
    *out_frame = glue->passing;
    glue->passing = (lp_bytes){0};
    return true;
}

/* --- life ------------------------------------------------------------------------- */

lp_glue *lp_glue_new(void)
{
    lp_glue *glue = calloc(1, sizeof *glue + (size_t)STRANDS * STRAND_ROOM);
    if (!glue)
        return NULL;
    uint8_t *room = (uint8_t *)(glue + 1);
    for (size_t i = 0; i < STRANDS; i++) {
        glue->strands[i].at = room + i * STRAND_ROOM;
        glue->spare[glue->spare_count++] = &glue->strands[i];
    }
    return glue;
}

void lp_glue_free(lp_glue *glue)
{
    free(glue);
}
