#include "base/cursor.h"

#include "test.h"

static const uint8_t octets[] = {1, 2, 3, 4, 5, 6, 7, 8};

TEST(fields_are_big_endian_and_in_order)
{
    lp_cursor in = {.rest = lp_bytes_of(octets, sizeof octets)};
    CHECK_EQ(lp_take_u8(&in), 0x01);
    CHECK_EQ(lp_take_u16(&in), 0x0203);
    CHECK_EQ(lp_take_u32(&in), 0x04050607);
    CHECK_EQ(in.rest.len, 1);
    lp_bytes last = lp_take(&in, 1);
    CHECK_BYTES(last.at, last.len, octets + 7, 1);
    CHECK(!in.failed);
}

TEST(the_first_overrun_sticks_and_reads_are_zero_from_then_on)
{
    lp_cursor in = {.rest = lp_bytes_of(octets, 3)};
    CHECK_EQ(lp_take_u32(&in), 0);
    CHECK(in.failed);
    CHECK_EQ(lp_take_u8(&in), 0);
    CHECK_EQ(lp_take_u16(&in), 0);
    CHECK_EQ(lp_take(&in, 1).len, 0);
    CHECK_EQ(lp_take(&in, 0).len, 0);
    CHECK(in.failed);
}

TEST(a_take_of_everything_leaves_nothing)
{
    lp_cursor in = {.rest = lp_bytes_of(octets, sizeof octets)};
    lp_bytes all = lp_take(&in, sizeof octets);
    CHECK_BYTES(all.at, all.len, octets, sizeof octets);
    CHECK_EQ(in.rest.len, 0);
    CHECK(!in.failed);
    lp_take(&in, SIZE_MAX);
    CHECK(in.failed);
}

TEST(what_is_put_is_what_is_taken)
{
    uint8_t space[8] = {0};
    lp_writer out = {.rest = lp_space_of(space, sizeof space)};
    lp_put_u8(&out, 0x01);
    lp_put_u16(&out, 0x0203);
    lp_put_u32(&out, 0x04050607);
    lp_put(&out, lp_bytes_of(octets + 7, 1));
    lp_put(&out, (lp_bytes){0});
    CHECK(!out.failed);
    CHECK_BYTES(space, out.len, octets, sizeof octets);
}

TEST(a_write_that_does_not_fit_writes_nothing_and_sticks)
{
    uint8_t space[4] = {9, 9, 9, 9};
    lp_writer out = {.rest = lp_space_of(space, 3)};
    lp_put_u32(&out, 0x01020304);
    CHECK(out.failed);
    lp_put_u8(&out, 1);
    static const uint8_t untouched[] = {9, 9, 9, 9};
    CHECK_BYTES(space, sizeof space, untouched, sizeof untouched);
    CHECK_EQ(out.len, 0);
}

TEST(single_fields_at_a_known_place_are_big_endian)
{
    uint8_t space[6];
    lp_set_u16(space, 0xfffe);
    lp_set_u32(space + 2, 0xfedcba98);
    static const uint8_t want[] = {0xff, 0xfe, 0xfe, 0xdc, 0xba, 0x98};
    CHECK_BYTES(space, sizeof space, want, sizeof want);
    CHECK_EQ(lp_get_u16(space), 0xfffe);
    CHECK_EQ(lp_get_u32(space + 2), 0xfedcba98);
}

TEST(views_are_equal_when_their_octets_are)
{
    uint8_t copy[sizeof octets];
    memcpy(copy, octets, sizeof octets);
    CHECK(lp_bytes_equal(lp_bytes_of(octets, 8), lp_bytes_of(copy, 8)));
    CHECK(!lp_bytes_equal(lp_bytes_of(octets, 8), lp_bytes_of(copy, 7)));
    CHECK(lp_bytes_equal((lp_bytes){0}, lp_bytes_of(copy, 0)));
    copy[7]++;
    CHECK(!lp_bytes_equal(lp_bytes_of(octets, 8), lp_bytes_of(copy, 8)));
}
