/*
 * IP packets for tests, built and judged the slow and obvious way: none of our own
 * code, so that it cannot agree with itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { IP_ETH = 14, IP_TCP = 6, IP_UDP = 17 };

#define IP_FRAME_MAX (14 + 65535 + 40)

/* xorshift32: the same numbers everywhere, from a seed that is not zero. */
static inline uint32_t ip_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static inline size_t ip_u16(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

static inline void ip_set_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* RFC 1071, octet by octet. 0xffff over what holds its own right checksum. */
static inline uint32_t ip_sum(uint32_t sum, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

typedef struct ip_parts {
    bool is_sound; /* lengths agree with the frame's, checksums are right */
    bool is_fragment;
    unsigned version;
    unsigned protocol;
    size_t transport_at;
    size_t payload_at;
} ip_parts;

static inline uint32_t ip_pseudo(const uint8_t *ip, unsigned version, unsigned protocol,
                                 size_t transport_len)
{
    uint32_t sum = ip_sum(protocol, (uint8_t[]){0, 0}, 2);
    uint8_t len[2];
    ip_set_u16(len, transport_len);
    sum = ip_sum(sum, len, 2);
    return version == 4 ? ip_sum(sum, ip + 12, 8) : ip_sum(sum, ip + 8, 32);
}

static inline bool ip_take_header(const uint8_t *ip, size_t len, ip_parts *parts)
{
    if (parts->version == 4 && len >= 20) {
        size_t header_len = (size_t)(ip[0] & 15) * 4;
        parts->protocol = ip[9];
        parts->transport_at = IP_ETH + header_len;
        parts->is_fragment = ip_u16(ip + 6) & 0x3fff;
        return header_len >= 20 && header_len <= len && ip_u16(ip + 2) == len &&
               ip_sum(0, ip, header_len) == 0xffff;
    }
    if (parts->version != 6 || len < 40 || ip_u16(ip + 4) + 40 != len)
        return false;
    size_t at = 40;
    parts->protocol = ip[6];
    while ((parts->protocol == 0 || parts->protocol == 60) && at + 8 <= len) {
        parts->protocol = ip[at];
        at += ((size_t)ip[at + 1] + 1) * 8;
    }
    parts->transport_at = IP_ETH + at;
    return at <= len;
}

/* For IPv4 and IPv6 with option headers, TCP and UDP, without VLAN tags. */
static inline ip_parts ip_judge(const uint8_t *frame, size_t len)
{
    ip_parts parts = {0};
    if (len <= IP_ETH)
        return parts;
    const uint8_t *ip = frame + IP_ETH;
    parts.version = ip[0] >> 4;
    if (ip_u16(frame + 12) != (parts.version == 4 ? 0x0800 : 0x86dd) ||
        !ip_take_header(ip, len - IP_ETH, &parts))
        return parts;
    if (parts.is_fragment) {
        parts.is_sound = true;
        return parts;
    }
    size_t left = len - parts.transport_at;
    const uint8_t *transport = frame + parts.transport_at;
    bool is_tcp = parts.protocol == IP_TCP;
    if (left < (is_tcp ? 20u : 8u) || (!is_tcp && ip_u16(transport + 4) != left))
        return parts;
    parts.payload_at =
        parts.transport_at + (is_tcp ? (size_t)(transport[12] >> 4) * 4 : 8);
    uint32_t pseudo = ip_pseudo(ip, parts.version, parts.protocol, left);
    parts.is_sound =
        parts.payload_at <= len && ip_sum(pseudo, transport, left) == 0xffff;
    return parts;
}

/* Right checksums, whatever was changed; a fragment's transport has none of its own. */
static inline void ip_seal(uint8_t *frame, size_t len)
{
    uint8_t *ip = frame + IP_ETH;
    ip_parts parts = {.version = ip[0] >> 4};
    if (parts.version == 4) {
        size_t header_len = (size_t)(ip[0] & 15) * 4;
        ip_set_u16(ip + 10, 0);
        ip_set_u16(ip + 10, 0xffff ^ ip_sum(0, ip, header_len));
    }
    if (!ip_take_header(ip, len - IP_ETH, &parts) || parts.is_fragment)
        return;
    size_t left = len - parts.transport_at;
    uint8_t *field = frame + parts.transport_at + (parts.protocol == IP_TCP ? 16 : 6);
    ip_set_u16(field, 0);
    uint32_t pseudo = ip_pseudo(ip, parts.version, parts.protocol, left);
    uint32_t checksum = 0xffff ^ ip_sum(pseudo, frame + parts.transport_at, left);
    ip_set_u16(field, checksum != 0 ? checksum : 0xffff);
}

/* What differs between two packets of one form: addresses, ports, ECN, TTL, IP ids, DF,
 * flow label; TCP's numbers, window and urgent pointer. */
static inline void ip_scramble(uint8_t *frame, size_t len, uint32_t *random)
{
    uint8_t *ip = frame + IP_ETH;
    ip_parts parts = {.version = ip[0] >> 4};
    ip_take_header(ip, len - IP_ETH, &parts);
    uint8_t *transport = frame + parts.transport_at;
    if (parts.version == 4) {
        ip[1] = (uint8_t)ip_random(random);
        ip_set_u16(ip + 4, ip_random(random));
        ip[6] = ip_random(random) & 0x40;
        ip[8] = (uint8_t)(1 + ip_random(random) % 255);
        ip_set_u16(ip + 14, ip_random(random));
        ip_set_u16(ip + 18, ip_random(random));
    } else {
        ip[0] = (uint8_t)(0x60 | (ip_random(random) & 15));
        ip[1] = (uint8_t)ip_random(random);
        ip_set_u16(ip + 2, ip_random(random));
        ip[7] = (uint8_t)(1 + ip_random(random) % 255);
        ip_set_u16(ip + 22, ip_random(random));
        ip_set_u16(ip + 38, ip_random(random));
    }
    ip_set_u16(transport, ip_random(random));
    ip_set_u16(transport + 2, ip_random(random));
    for (size_t at = 4; parts.protocol == IP_TCP && at < 20; at++)
        if (at < 12 || at == 14 || at == 15 || at >= 18)
            transport[at] = (uint8_t)ip_random(random);
    ip_seal(frame, len);
}

typedef struct ip_spec {
    unsigned version, protocol;
    const uint8_t *options; /* of IPv4, or extension headers, first one hop-by-hop */
    size_t options_len;     /* a multiple of 4, or of 8 */
    const uint8_t *tcp_options;
    size_t tcp_options_len; /* a multiple of 4 */
    unsigned tcp_flags;
    unsigned fragment; /* IPv4's flags and offset */
    size_t payload_len;
} ip_spec;

static inline size_t ip_build_header(const ip_spec *spec, size_t inner_len, uint8_t *ip)
{
    size_t header_len = (spec->version == 4 ? 20 : 40) + spec->options_len;
    memset(ip, 0, header_len);
    if (spec->options_len > 0)
        memcpy(ip + header_len - spec->options_len, spec->options, spec->options_len);
    if (spec->version == 6) {
        static const uint8_t addresses[32] = {
            [0] = 0xfd, [15] = 1, [16] = 0xfd, [31] = 2};
        ip[0] = 0x60;
        ip_set_u16(ip + 4, spec->options_len + inner_len);
        ip[6] = (uint8_t)(spec->options_len > 0 ? 0 : spec->protocol);
        ip[7] = 64;
        memcpy(ip + 8, addresses, sizeof addresses);
        return header_len;
    }
    static const uint8_t addresses[8] = {10, 0, 0, 1, 10, 0, 0, 2};
    ip[0] = (uint8_t)(0x40 + header_len / 4);
    ip_set_u16(ip + 2, header_len + inner_len);
    ip_set_u16(ip + 4, 0xfffe);
    ip_set_u16(ip + 6, spec->fragment);
    ip[8] = 64;
    ip[9] = (uint8_t)spec->protocol;
    memcpy(ip + 12, addresses, sizeof addresses);
    ip_set_u16(ip + 10, 0xffff ^ ip_sum(0, ip, header_len));
    return header_len;
}

/* A whole frame with whole checksums and a random payload; its length. */
static inline size_t ip_build(const ip_spec *spec, uint32_t *random, uint8_t *frame)
{
    static const uint8_t macs[12] = {2, 0, 0, 0, 0, 0xb, 2, 0, 0, 0, 0, 0xa};
    bool is_tcp = spec->protocol == IP_TCP;
    size_t header_len = is_tcp ? 20 + spec->tcp_options_len : 8;
    size_t inner_len = header_len + spec->payload_len;
    memcpy(frame, macs, sizeof macs);
    ip_set_u16(frame + 12, spec->version == 4 ? 0x0800 : 0x86dd);
    uint8_t *ip = frame + IP_ETH;
    uint8_t *transport = ip + ip_build_header(spec, inner_len, ip);
    memset(transport, 0, header_len);
    ip_set_u16(transport, 40000);
    ip_set_u16(transport + 2, 27015);
    if (is_tcp) {
        memset(transport + 4, 0xff, 4); /* the sequence wraps */
        transport[12] = (uint8_t)(header_len / 4 << 4);
        transport[13] = (uint8_t)spec->tcp_flags;
        if (spec->tcp_options_len > 0)
            memcpy(transport + 20, spec->tcp_options, spec->tcp_options_len);
    } else {
        ip_set_u16(transport + 4, inner_len);
    }
    for (size_t i = 0; i < spec->payload_len; i++)
        transport[header_len + i] = (uint8_t)ip_random(random);
    uint32_t pseudo = ip_pseudo(ip, spec->version, spec->protocol, inner_len);
    uint32_t checksum = 0xffff ^ ip_sum(pseudo, transport, inner_len);
    ip_set_u16(transport + (is_tcp ? 16 : 6), checksum != 0 ? checksum : 0xffff);
    return (size_t)(transport - frame) + inner_len;
}

/* Octets from pairs of hexadecimal digits; blanks are skipped. */
static inline size_t ip_from_hex(const char *text, uint8_t *out)
{
    size_t digits = 0;
    for (; *text; text++) {
        const char *digit = strchr("0123456789abcdef", *text);
        if (!digit)
            continue;
        unsigned value = (unsigned)(digit - "0123456789abcdef");
        out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] << 4 | value : value);
        digits++;
    }
    return digits / 2;
}
