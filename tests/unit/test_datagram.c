#include "wire/datagram.h"

#include <stdlib.h>

#include "hex.h"
#include "test.h"

#define HEADER "00000102 0000000a 00000000"

TEST(a_datagram_is_read_and_written_back) /* P-001, P-002 */
{
    uint8_t octets[64], written[64];
    size_t len =
        lp_test_hex("10 00 0003 00000102 0000000a ffffffff aabbcc", octets, 64);
    lp_datagram datagram;
    CHECK_EQ(lp_datagram_read(lp_bytes_of(octets, len), &datagram), LP_OK);
    CHECK_EQ(datagram.type, LP_DATAGRAM_FRAME);
    CHECK_EQ(datagram.room, 0x102);
    CHECK_EQ(datagram.source, 10);
    CHECK_EQ(datagram.destination, LP_EVERYONE);
    CHECK(datagram.payload.at == octets + LP_DATAGRAM_HEADER_LEN);
    CHECK_EQ(datagram.payload.len, 3);
    size_t written_len = lp_datagram_write(&datagram, lp_space_of(written, 64));
    CHECK_BYTES(written, written_len, octets, len);
}

TEST(what_a_v1_receiver_accepts_is_a_table) /* P-003, P-004, P-018 */
{
    static const struct {
        const char *name;
        const char *hex;
        lp_err err;
    } rows[] = {
        {"frame", "10 00 0001" HEADER "aa", LP_OK},
        {"empty frame: the filter's to drop", "10 00 0000" HEADER, LP_OK},
        {"keepalive", "12 00 0000" HEADER, LP_OK},
        {"keepalive with payload", "12 00 0001" HEADER "aa", LP_ERR_MALFORMED},
        {"control is reserved", "11 00 0001" HEADER "aa", LP_ERR_MALFORMED},
        {"voice is reserved", "13 00 0001" HEADER "aa", LP_ERR_MALFORMED},
        {"unknown type", "1f 00 0001" HEADER "aa", LP_ERR_MALFORMED},
        {"sealed is not negotiated", "10 01 0001" HEADER "aa", LP_ERR_MALFORMED},
        {"reserved flag", "10 80 0001" HEADER "aa", LP_ERR_MALFORMED},
        {"version 0", "00 00 0001" HEADER "aa", LP_ERR_VERSION},
        {"version 2", "20 00 0001" HEADER "aa", LP_ERR_VERSION},
        {"length too small", "10 00 0001" HEADER "aabb", LP_ERR_MALFORMED},
        {"length too large", "10 00 0003" HEADER "aabb", LP_ERR_MALFORMED},
        {"no octets", "", LP_ERR_TRUNCATED},
        {"header cut", "10 00 0000 00000102 0000000a 000000", LP_ERR_TRUNCATED},
    };
    EACH_ROW (row, rows) {
        uint8_t octets[64];
        size_t len = lp_test_hex(row->hex, octets, sizeof octets);
        lp_datagram datagram = {.room = 7};
        CHECK_EQ(lp_datagram_read(lp_bytes_of(octets, len), &datagram), row->err);
        CHECK_EQ(datagram.room, row->err ? 7 : 0x102);
    }
}

TEST(a_payload_that_stands_in_place_is_not_copied)
{
    uint8_t space[LP_DATAGRAM_HEADER_LEN + 2] = {[16] = 0xaa, [17] = 0xbb};
    lp_datagram datagram = {.type = LP_DATAGRAM_FRAME,
                            .room = 0x102,
                            .source = 10,
                            .payload = lp_bytes_of(space + 16, 2)};
    CHECK_EQ(lp_datagram_write(&datagram, lp_space_of(space, sizeof space)), 18);
    uint8_t want[32];
    size_t len = lp_test_hex("10 00 0002" HEADER "aabb", want, sizeof want);
    CHECK_BYTES(space, sizeof space, want, len);
}

TEST(what_does_not_fit_is_not_written) /* P-015 */
{
    uint8_t payload[LP_DATAGRAM_PAYLOAD_MAX + 1] = {0};
    static uint8_t space[LP_DATAGRAM_HEADER_LEN + sizeof payload];
    lp_datagram datagram = {.payload = lp_bytes_of(payload, 2)};
    CHECK_EQ(lp_datagram_write(&datagram, lp_space_of(space, 17)), 0);
    CHECK_EQ(lp_datagram_write(&datagram, lp_space_of(space, 18)), 18);
    CHECK_EQ(lp_datagram_write(&datagram, lp_space_of(space, 3)), 0);

    datagram.payload.len = LP_DATAGRAM_PAYLOAD_MAX;
    CHECK_EQ(lp_datagram_write(&datagram, lp_space_of(space, sizeof space)),
             16 + 65535);
    lp_datagram again;
    CHECK_EQ(lp_datagram_read(lp_bytes_of(space, 16 + 65535), &again), LP_OK);
    datagram.payload.len++;
    CHECK_EQ(lp_datagram_write(&datagram, lp_space_of(space, sizeof space)), 0);
}

TEST(the_mtu_is_what_a_budget_leaves) /* P-013, P-014 */
{
    static const struct {
        const char *name;
        size_t budget, mtu;
    } rows[] = {
        {"nothing", 0, 0},
        {"not even an empty frame", 33, 0},
        {"an empty frame", 34, 0},
        {"one octet", 35, 1},
        {"UDP payloads of 1200", 1168, 1134},
        {"IPv6 on the adapter", 1314, 1280},
        {"more than a datagram's length can say", 100000, 65521},
    };
    EACH_ROW (row, rows) {
        CHECK_EQ(lp_mtu_of_budget(row->budget), row->mtu);
        if (row->mtu > 0 && row->mtu < 65521)
            CHECK_EQ(lp_budget_of_mtu(row->mtu), row->budget);
    }
}
