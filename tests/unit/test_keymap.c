#include "quic/keymap.h"
#include "test.h"

#include <stdlib.h>

enum { MANY = 300 };

static lp_bytes key_of(uint32_t number)
{
    static uint32_t key; /* the map copies it */
    key = number;
    return lp_bytes_of(&key, sizeof key);
}

static uint32_t value_of(lp_keymap *map, uint32_t number)
{
    const uint32_t *value = lp_keymap_find(map, key_of(number));
    return value ? *value : UINT32_MAX;
}

TEST(a_key_keeps_its_value_while_others_come_and_go)
{
    lp_keymap *map = lp_keymap_new(MANY, (lp_sip_key){{1, 2}});
    bool is_in[MANY] = {false};
    uint32_t seed = 1;
    size_t count = 0;
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t number = (seed >> 8) % MANY;
        if (is_in[number])
            lp_keymap_remove(map, key_of(number));
        else
            CHECK_EQ(lp_keymap_put(map, key_of(number), number * 3), LP_OK);
        is_in[number] = !is_in[number];
        count += is_in[number] ? 1 : (size_t)-1;
        CHECK_EQ(lp_keymap_count(map), count);
        uint32_t other = (seed >> 20) % MANY;
        CHECK_EQ(value_of(map, other), is_in[other] ? other * 3 : UINT32_MAX);
    }
    for (uint32_t number = 0; number < MANY; number++)
        CHECK_EQ(value_of(map, number), is_in[number] ? number * 3 : UINT32_MAX);
    lp_keymap_free(map);
}

TEST(a_full_map_takes_no_more_but_still_changes_what_it_has)
{
    lp_keymap *map = lp_keymap_new(3, (lp_sip_key){{1, 2}});
    for (uint32_t number = 0; number < 3; number++)
        CHECK_EQ(lp_keymap_put(map, key_of(number), number), LP_OK);
    CHECK_EQ(lp_keymap_put(map, key_of(3), 3), LP_ERR_FULL);
    CHECK_EQ(lp_keymap_put(map, key_of(1), 9), LP_OK);
    CHECK_EQ(value_of(map, 1), 9);
    CHECK_EQ(value_of(map, 3), UINT32_MAX);
    lp_keymap_free(map);
}

TEST(keys_of_impossible_lengths_are_never_there)
{
    static const struct {
        const char *name;
        size_t len;
        lp_err err;
    } rows[] = {
        {"empty", 0, LP_ERR_TOO_BIG},
        {"longest", LP_KEYMAP_KEY_MAX, LP_OK},
        {"too long", LP_KEYMAP_KEY_MAX + 1, LP_ERR_TOO_BIG},
    };
    lp_keymap *map = lp_keymap_new(3, (lp_sip_key){{1, 2}});
    EACH_ROW (row, rows) {
        uint8_t octets[LP_KEYMAP_KEY_MAX + 1] = {0};
        lp_bytes key = lp_bytes_of(octets, row->len);
        CHECK_EQ(lp_keymap_put(map, key, 1), row->err);
        CHECK_EQ(lp_keymap_find(map, key) != NULL, row->err == LP_OK);
        lp_keymap_remove(map, key);
        CHECK_EQ(lp_keymap_count(map), 0);
    }
    lp_keymap_free(map);
}

TEST(a_map_needs_its_memory)
{
    lp_test_fail_allocation(1);
    CHECK(!lp_keymap_new(3, (lp_sip_key){{1, 2}}));
    CHECK(lp_test_allocation_failed());
}
