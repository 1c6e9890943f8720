#include "wire/stamp.h"

#include "hex.h"
#include "test.h"
#include "wire/datagram.h"

TEST(a_stamp_is_read_and_written_back)
{
    uint8_t octets[LP_STAMP_LEN], written[LP_STAMP_LEN];
    size_t len = lp_test_hex("14 03 01020304 fffffffe", octets, sizeof octets);
    lp_stamp stamp;
    CHECK_EQ(lp_stamp_read(lp_bytes_of(octets, len), &stamp), LP_OK);
    CHECK_EQ(stamp.sent, 0x01020304);
    CHECK_EQ(stamp.transit, 0xfffffffe);
    CHECK(stamp.has_transit && stamp.wants_answers);
    lp_stamp_write(&stamp, written);
    CHECK_BYTES(written, sizeof written, octets, len);
}

TEST(what_is_a_stamp_is_a_table)
{
    static const struct {
        const char *name;
        const char *hex;
        lp_err err;
    } rows[] = {
        {"nothing to tell", "14 00 00000007 00000000", LP_OK},
        {"a transit of nothing", "14 01 00000007 00000000", LP_OK},
        {"answers are wanted", "14 02 00000007 00000000", LP_OK},
        {"a transit that is not given", "14 00 00000007 00000001", LP_ERR_MALFORMED},
        {"a reserved flag", "14 04 00000007 00000000", LP_ERR_MALFORMED},
        {"cut", "14 00 00000007 000000", LP_ERR_MALFORMED},
        {"too long", "14 00 00000007 00000000 00", LP_ERR_MALFORMED},
        {"another version", "24 00 00000007 00000000", LP_ERR_MALFORMED},
        {"another type", "12 00 00000007 00000000", LP_ERR_MALFORMED},
        {"no octets", "", LP_ERR_MALFORMED},
    };
    EACH_ROW (row, rows) {
        uint8_t octets[32];
        size_t len = lp_test_hex(row->hex, octets, sizeof octets);
        lp_stamp stamp = {.sent = 9};
        CHECK_EQ(lp_stamp_read(lp_bytes_of(octets, len), &stamp), row->err);
        CHECK_EQ(stamp.sent, row->err ? 9 : 7);
    }
}

TEST(who_forwards_frames_takes_no_stamp_for_one)
{
    uint8_t octets[LP_STAMP_LEN];
    lp_stamp stamp = {.sent = 7};
    lp_datagram datagram;
    lp_stamp_write(&stamp, octets);
    CHECK(lp_datagram_read(lp_bytes_of(octets, sizeof octets), &datagram) != LP_OK);
}
