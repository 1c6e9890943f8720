/* IPv4 fragmentation, RFC 791 section 3.2. */
#include <assert.h>

#include "base/cursor.h"
#include "core/offload.h"
#include "core/repair_parts.h"

#define IPV4_MIN_MTU     68 /* RFC 791: the longest header and eight octets */
#define IPV4_HEADER_LEN  20
#define IPV4_OPTIONS_MAX 40
#define IPV4_PAYLOAD_MAX 65535

enum { IPV4_LENGTH_AT = 2, IPV4_FRAGMENT_AT = 6, IPV4_CHECKSUM_AT = 10 };
enum { MORE_FRAGMENTS = 0x2000, OFFSET_MASK = 0x1fff, OFFSET_UNIT = 8 };
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_IS_COPIED = 0x80 };

/*
 * Leaves only what later fragments carry. Like Linux, it puts no-operations in place of
 * the rest, so that every fragment's header has one length. False: they are malformed.
 */
static bool blank_uncopied(lp_space options)
{
    size_t at = 0;
    while (at < options.len && options.at[at] != OPTION_END) {
        size_t left = options.len - at;
        size_t option_len = 1;
        if (options.at[at] != OPTION_NOP) {
            option_len = left >= 2 ? options.at[at + 1] : 0;
            if (option_len < 2 || option_len > left)
                return false;
        }
        if (!(options.at[at] & OPTION_IS_COPIED))
            memset(options.at + at, OPTION_NOP, option_len);
        at += option_len;
    }
    return true;
}

static bool has_sound_options(lp_bytes header)
{
    uint8_t scratch[IPV4_OPTIONS_MAX];
    size_t len = header.len - IPV4_HEADER_LEN;
    memcpy(scratch, header.at + IPV4_HEADER_LEN, len);
    return blank_uncopied(lp_space_of(scratch, len));
}

/* All fragments but the last carry this much. */
static size_t step_of(size_t header_len, size_t mtu)
{
    return (mtu - header_len) / OFFSET_UNIT * OFFSET_UNIT;
}

size_t lp_repair_count_fragments(lp_bytes frame, const lp_packet *packet, size_t mtu)
{
    if (packet->ip_len <= mtu)
        return 1;
    if (packet->dont_fragment || mtu < IPV4_MIN_MTU)
        return 0;
    const uint8_t *ip = frame.at + packet->network_at;
    lp_bytes header = lp_bytes_of(ip, (size_t)(ip[0] & 0x0f) * 4);
    size_t payload_len = packet->ip_len - header.len;
    size_t offset =
        (lp_get_u16(ip + IPV4_FRAGMENT_AT) & OFFSET_MASK) * (size_t)OFFSET_UNIT;
    /* The offset field would overflow: somebody tries a ping of death. */
    if (offset + payload_len > IPV4_PAYLOAD_MAX || !has_sound_options(header))
        return 0;
    size_t step = step_of(header.len, mtu);
    return (payload_len + step - 1) / step;
}

static size_t copy_trimmed(lp_bytes frame, size_t len, lp_space out)
{
    if (len > out.len)
        return 0;
    memcpy(out.at, frame.at, len);
    return len;
}

/* Turns a copy of the whole packet's header into that of the fragment. */
static void finish_header(lp_space header, size_t offset, size_t slice_len,
                          bool is_last)
{
    uint8_t *ip = header.at;
    uint16_t field =
        lp_get_u16(ip + IPV4_FRAGMENT_AT); /* the frame may be one itself */
    field = (uint16_t)(field + offset / OFFSET_UNIT);
    if (!is_last)
        field |= MORE_FRAGMENTS;
    lp_set_u16(ip + IPV4_FRAGMENT_AT, field);
    lp_set_u16(ip + IPV4_LENGTH_AT, (uint16_t)(header.len + slice_len));

    if (offset > 0) {
        bool are_sound = blank_uncopied(
            lp_space_of(ip + IPV4_HEADER_LEN, header.len - IPV4_HEADER_LEN));
        assert(are_sound); /* else there were no fragments */
    }
    lp_set_u16(ip + IPV4_CHECKSUM_AT, 0);
    uint32_t sum = lp_checksum_add(0, lp_bytes_of(ip, header.len));
    lp_set_u16(ip + IPV4_CHECKSUM_AT, lp_checksum_finish(sum));
}

size_t lp_repair_fragment(lp_bytes frame, size_t mtu, size_t index, lp_space out)
{
    lp_packet packet = lp_packet_walk(frame);
    if (!lp_repair_is_sound_ip(frame, &packet))
        return 0;
    if (index >= lp_repair_count_fragments(frame, &packet, mtu))
        return 0;
    if (packet.ip_len <= mtu)
        return copy_trimmed(frame, packet.network_at + packet.ip_len, out);

    size_t header_len = (size_t)(frame.at[packet.network_at] & 0x0f) * 4;
    size_t headers_len = packet.network_at + header_len;
    size_t step = step_of(header_len, mtu);
    size_t offset = index * step;
    size_t left = packet.ip_len - header_len - offset;
    bool is_last = left <= step;
    size_t slice_len = is_last ? left : step;
    if (headers_len + slice_len > out.len)
        return 0;
    memcpy(out.at, frame.at, headers_len);
    memcpy(out.at + headers_len, frame.at + headers_len + offset, slice_len);
    finish_header(lp_space_of(out.at + packet.network_at, header_len), offset,
                  slice_len, is_last);
    return headers_len + slice_len;
}
