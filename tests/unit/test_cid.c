#include "quic/cid.h"
#include "test.h"

static void count_up(void *state, uint8_t *at, size_t len)
{
    uint8_t *next = state;
    for (size_t i = 0; i < len; i++)
        at[i] = (*next)++;
}

static uint8_t counter;
static const lp_random random_source = {count_up, &counter};
static const lp_cid_codec codec = {{{1, 2}}, 7};

TEST(a_connection_id_names_its_place)
{
    static const struct {
        const char *name;
        lp_place place;
    } rows[] = {
        {"first", {0, 0}},
        {"any", {1234, 56}},
        {"last", {UINT16_MAX, UINT8_MAX}},
    };
    EACH_ROW (row, rows) {
        uint8_t cid[LP_QUIC_CID_LEN];
        lp_place place = {0};
        lp_cid_write(&codec, row->place, random_source, cid);
        CHECK_EQ(cid[0], 7);
        CHECK(lp_cid_read(&codec, lp_bytes_of(cid, sizeof cid), &place));
        CHECK_EQ(place.slot, row->place.slot);
        CHECK_EQ(place.generation, row->place.generation);
    }
}

TEST(two_ids_of_one_connection_share_nothing_but_the_worker)
{
    uint8_t a[LP_QUIC_CID_LEN], b[LP_QUIC_CID_LEN];
    lp_place place = {300, 4};
    lp_cid_write(&codec, place, random_source, a);
    lp_cid_write(&codec, place, random_source, b);
    CHECK_EQ(a[0], b[0]);
    CHECK(memcmp(a + 1, b + 1, 3) != 0);
    CHECK(memcmp(a + 4, b + 4, 4) != 0);
}

TEST(ids_of_other_workers_and_lengths_are_not_ours)
{
    uint8_t cid[LP_QUIC_CID_LEN + 1] = {0};
    lp_place place;
    lp_cid_write(&codec, (lp_place){1, 1}, random_source, cid);
    for (size_t len = 0; len <= sizeof cid; len++)
        CHECK_EQ(lp_cid_read(&codec, lp_bytes_of(cid, len), &place),
                 len == LP_QUIC_CID_LEN);
    cid[0] = 8;
    CHECK(!lp_cid_read(&codec, lp_bytes_of(cid, LP_QUIC_CID_LEN), &place));
}

TEST(without_the_key_an_id_names_another_place)
{
    static const lp_cid_codec other = {{{1, 3}}, 7};
    uint8_t cid[LP_QUIC_CID_LEN];
    lp_place place;
    lp_cid_write(&codec, (lp_place){1, 1}, random_source, cid);
    CHECK(lp_cid_read(&other, lp_bytes_of(cid, sizeof cid), &place));
    CHECK(place.slot != 1 || place.generation != 1);
}
