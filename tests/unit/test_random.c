#include "os/random.h"
#include "test.h"

TEST(every_octet_is_filled_and_none_beyond)
{
    /* 64 tries: an octet that stays zero in all of them was not written. */
    uint8_t seen[33] = {0};
    for (int i = 0; i < 64; i++) {
        uint8_t got[33] = {0};
        lp_random_fill(lp_os_random(), got, 32);
        for (size_t j = 0; j < sizeof got; j++)
            seen[j] |= got[j];
    }
    for (size_t j = 0; j < 32; j++)
        CHECK(seen[j] != 0);
    CHECK_EQ(seen[32], 0);
}

TEST(two_draws_differ)
{
    uint8_t a[16], b[16];
    lp_random_fill(lp_os_random(), a, sizeof a);
    lp_random_fill(lp_os_random(), b, sizeof b);
    CHECK(memcmp(a, b, sizeof a) != 0);
}

TEST(a_large_draw_is_whole)
{
    /* getrandom(2) may stop short above 256 octets when a signal comes. */
    static uint8_t got[100000];
    size_t zeros = 0;
    lp_random_fill(lp_os_random(), got, sizeof got);
    for (size_t i = 0; i < sizeof got; i++)
        zeros += got[i] == 0;
    CHECK(zeros > 0);
    CHECK(zeros < 2000); /* 390 expected */
}
