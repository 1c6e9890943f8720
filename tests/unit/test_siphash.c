#include "quic/siphash.h"
#include "test.h"

TEST(siphash_gives_the_authors_vectors)
{
    /* SipHash-2-4, key 00..0f, inputs empty, 00, 00 01, ...: the reference vectors. */
    static const struct {
        const char *name;
        size_t len;
        uint64_t hash;
    } rows[] = {
        {"empty", 0, 0x726fdb47dd0e0e31u},
        {"one octet", 1, 0x74f839c593dc67fdu},
        {"less than a word", 7, 0xab0200f58b01d137u},
        {"a word", 8, 0x93f5f5799a932462u},
        {"the paper's example", 15, 0xa129ca6149be45e5u},
    };
    uint8_t octets[16];
    for (uint8_t i = 0; i < sizeof octets; i++)
        octets[i] = i;
    lp_sip_key key = lp_sip_key_of(octets);
    EACH_ROW (row, rows)
        CHECK(lp_siphash(&key, lp_bytes_of(octets, row->len)) == row->hash);
}
