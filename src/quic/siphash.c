#include "quic/siphash.h"

static uint64_t get_le64(const uint8_t *at, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static void mix(uint64_t v[4], int rounds)
{
    while (rounds--) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    mix(v, 2);
    v[0] ^= word;
}

lp_sip_key lp_sip_key_of(const uint8_t octets[16])
{
    return (lp_sip_key){{get_le64(octets, 8), get_le64(octets + 8, 8)}};
}

uint64_t lp_siphash(const lp_sip_key *key, lp_bytes input)
{
    uint64_t v[4] = {
        key->half[0] ^ 0x736f6d6570736575u,
        key->half[1] ^ 0x646f72616e646f6du,
        key->half[0] ^ 0x6c7967656e657261u,
        key->half[1] ^ 0x7465646279746573u,
    };
    size_t whole = input.len & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8)
        absorb(v, get_le64(input.at + i, 8));
    absorb(v,
           (uint64_t)input.len << 56 | get_le64(input.at + whole, input.len - whole));
    v[2] ^= 0xff;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
