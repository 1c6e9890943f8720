#include "core/switch.h"

#include "test.h"

enum { GATEWAY = 1, ALICE = 2, BOB = 3 };

#define SEED 0x5eed

static lp_mac mac_of(uint32_t n)
{
    return (lp_mac){{0x02, 0, (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8),
                     (uint8_t)n}};
}

TEST(a_member_is_found_until_it_is_unpinned)
{
    lp_switch *sw = lp_switch_new(2, 2, SEED);
    CHECK_EQ(lp_switch_route(sw, mac_of(1), 0), 0);
    CHECK_EQ(lp_switch_pin(sw, mac_of(1), ALICE), LP_OK);
    CHECK_EQ(lp_switch_pinned(sw, mac_of(1)), ALICE);
    CHECK_EQ(lp_switch_route(sw, mac_of(1), LP_NEVER), ALICE);
    CHECK_EQ(lp_switch_stations(sw, 0), 0);

    lp_switch_unpin(sw, mac_of(1));
    CHECK_EQ(lp_switch_pinned(sw, mac_of(1)), 0);
    CHECK_EQ(lp_switch_route(sw, mac_of(1), 0), 0);
    lp_switch_unpin(sw, mac_of(1));
    lp_switch_free(sw);
}

/* L-007 */
TEST(two_members_cannot_have_one_address)
{
    lp_switch *sw = lp_switch_new(2, 2, SEED);
    CHECK_EQ(lp_switch_pin(sw, mac_of(1), ALICE), LP_OK);
    CHECK_EQ(lp_switch_pin(sw, mac_of(1), BOB), LP_ERR_IN_USE);
    CHECK_EQ(lp_switch_pinned(sw, mac_of(1)), ALICE);
    CHECK_EQ(lp_switch_pin(sw, mac_of(1), ALICE), LP_OK); /* its own: nothing to do */
    CHECK_EQ(lp_switch_pin(sw, mac_of(2), BOB), LP_OK); /* which took no second place */
    lp_switch_free(sw);
}

TEST(members_fill_their_own_places_only)
{
    lp_switch *sw = lp_switch_new(2, 1, SEED);
    lp_switch_learn(sw, mac_of(3), GATEWAY, 0);
    CHECK_EQ(lp_switch_pin(sw, mac_of(1), ALICE), LP_OK);
    CHECK_EQ(lp_switch_pin(sw, mac_of(2), BOB), LP_OK);
    CHECK_EQ(lp_switch_pin(sw, mac_of(3), BOB), LP_ERR_FULL);
    CHECK_EQ(lp_switch_pinned(sw, mac_of(3)), 0);
    CHECK_EQ(lp_switch_route(sw, mac_of(3), 0), GATEWAY);

    lp_switch_unpin(sw, mac_of(2));
    CHECK_EQ(lp_switch_pin(sw, mac_of(3), BOB), LP_OK);
    lp_switch_free(sw);
}

/* L-018 */
TEST(a_station_is_forgotten_after_its_lifetime)
{
    static const struct {
        const char *name;
        lp_time at;
        lp_peer peer;
        size_t count;
    } rows[] = {
        {"just heard", LP_SECONDS(7), GATEWAY, 1},
        {"last moment", LP_SECONDS(7) + LP_STATION_LIFETIME - 1, GATEWAY, 1},
        {"too old", LP_SECONDS(7) + LP_STATION_LIFETIME, 0, 0},
    };
    lp_switch *sw = lp_switch_new(1, 4, SEED);
    lp_switch_learn(sw, mac_of(1), GATEWAY, LP_SECONDS(7));
    EACH_ROW (row, rows) {
        CHECK_EQ(lp_switch_route(sw, mac_of(1), row->at), row->peer);
        CHECK_EQ(lp_switch_stations(sw, row->at), row->count);
    }
    lp_switch_free(sw);
}

TEST(a_station_that_speaks_again_stays_and_moves_at_once)
{
    lp_switch *sw = lp_switch_new(1, 4, SEED);
    lp_switch_learn(sw, mac_of(1), GATEWAY, 0);
    lp_switch_learn(sw, mac_of(1), BOB, LP_SECONDS(200));
    CHECK_EQ(lp_switch_route(sw, mac_of(1), LP_SECONDS(400)), BOB);
    CHECK_EQ(lp_switch_stations(sw, LP_SECONDS(400)), 1);
    lp_switch_free(sw);
}

TEST(only_live_stations_are_counted)
{
    lp_switch *sw = lp_switch_new(1, 8, SEED);
    for (uint32_t i = 0; i < 5; i++)
        lp_switch_learn(sw, mac_of(i), GATEWAY, LP_SECONDS(100) * i);
    CHECK_EQ(lp_switch_stations(sw, LP_SECONDS(400)), 3);
    lp_switch_free(sw);
}

TEST(a_members_address_cannot_be_learned_away)
{
    lp_switch *sw = lp_switch_new(1, 4, SEED);
    CHECK_EQ(lp_switch_pin(sw, mac_of(1), ALICE), LP_OK);
    lp_switch_learn(sw, mac_of(1), GATEWAY, 0);
    CHECK_EQ(lp_switch_route(sw, mac_of(1), 0), ALICE);
    CHECK_EQ(lp_switch_stations(sw, 0), 0);
    lp_switch_free(sw);
}

TEST(a_learned_station_gives_way_to_a_member)
{
    lp_switch *sw = lp_switch_new(1, 1, SEED);
    lp_switch_learn(sw, mac_of(1), GATEWAY, 0);
    CHECK_EQ(lp_switch_pinned(sw, mac_of(1)), 0);
    CHECK_EQ(lp_switch_pin(sw, mac_of(1), ALICE), LP_OK);
    CHECK_EQ(lp_switch_route(sw, mac_of(1), 0), ALICE);
    CHECK_EQ(lp_switch_stations(sw, 0), 0);

    lp_switch_learn(sw, mac_of(2), GATEWAY, 0); /* its place is free again */
    CHECK_EQ(lp_switch_route(sw, mac_of(2), 0), GATEWAY);
    lp_switch_free(sw);
}

TEST(unpin_leaves_learned_stations_alone)
{
    lp_switch *sw = lp_switch_new(1, 1, SEED);
    lp_switch_learn(sw, mac_of(1), GATEWAY, 0);
    lp_switch_unpin(sw, mac_of(1));
    CHECK_EQ(lp_switch_route(sw, mac_of(1), 0), GATEWAY);
    lp_switch_free(sw);
}

TEST(a_full_table_forgets_the_station_silent_longest_and_no_member)
{
    lp_switch *sw = lp_switch_new(1, 3, SEED);
    CHECK_EQ(lp_switch_pin(sw, mac_of(9), ALICE), LP_OK);
    for (uint32_t i = 0; i < 3; i++)
        lp_switch_learn(sw, mac_of(i), GATEWAY, i);
    lp_switch_learn(sw, mac_of(0), GATEWAY, 3); /* now 1 is the oldest */
    lp_switch_learn(sw, mac_of(3), GATEWAY, 4);
    CHECK_EQ(lp_switch_route(sw, mac_of(0), 5), GATEWAY);
    CHECK_EQ(lp_switch_route(sw, mac_of(1), 5), 0);
    CHECK_EQ(lp_switch_route(sw, mac_of(2), 5), GATEWAY);
    CHECK_EQ(lp_switch_route(sw, mac_of(3), 5), GATEWAY);
    CHECK_EQ(lp_switch_route(sw, mac_of(9), 5), ALICE);
    lp_switch_free(sw);
}

TEST(a_table_grows_with_the_party_and_then_allocates_no_more)
{
    enum { STATIONS = 4096 };
    lp_switch *sw = lp_switch_new(2, STATIONS, SEED);
    CHECK_EQ(lp_switch_pin(sw, mac_of(STATIONS), ALICE), LP_OK);
    for (uint32_t i = 0; i < STATIONS; i++) {
        lp_switch_learn(sw, mac_of(i), GATEWAY, i);
        CHECK_EQ(lp_switch_stations(sw, i), i + 1);
    }
    for (uint32_t i = 0; i < STATIONS; i++)
        CHECK_EQ(lp_switch_route(sw, mac_of(i), STATIONS), GATEWAY);
    CHECK_EQ(lp_switch_route(sw, mac_of(STATIONS), STATIONS), ALICE);
    lp_test_fail_allocation(1);
    lp_switch_learn(sw, mac_of(STATIONS + 1), GATEWAY, STATIONS);
    CHECK_EQ(lp_switch_pin(sw, mac_of(STATIONS + 2), BOB), LP_OK);
    CHECK(!lp_test_allocation_failed());
    CHECK_EQ(lp_switch_route(sw, mac_of(0), STATIONS), 0);
    CHECK_EQ(lp_switch_route(sw, mac_of(1), STATIONS), GATEWAY);
    lp_switch_free(sw);
}

TEST(a_table_that_cannot_grow_counts_as_full)
{
    enum { STATIONS = 1000 };
    for (unsigned n = 1; n <= 2; n++) {
        lp_switch *sw = lp_switch_new(1, STATIONS, SEED);
        CHECK_EQ(lp_switch_pin(sw, mac_of(STATIONS), ALICE), LP_OK);
        uint32_t known = 0;
        lp_test_fail_allocation(n);
        while (lp_switch_route(sw, mac_of(0), 0) == (known ? GATEWAY : 0))
            lp_switch_learn(sw, mac_of(known++), GATEWAY, 0);
        CHECK(lp_test_allocation_failed());
        CHECK(known > 1 && known < STATIONS);
        for (uint32_t i = 1; i < known; i++)
            CHECK_EQ(lp_switch_route(sw, mac_of(i), 0), GATEWAY);
        CHECK_EQ(lp_switch_route(sw, mac_of(STATIONS), 0), ALICE);
        for (uint32_t i = known; i < 2 * known; i++) /* there is memory again */
            lp_switch_learn(sw, mac_of(i), GATEWAY, 0);
        CHECK_EQ(lp_switch_stations(sw, 0), 2 * known - 1);
        lp_switch_free(sw);
    }
}

TEST(a_flood_of_addresses_leaves_exactly_the_newest)
{
    enum { STATIONS = 500, FLOOD = 20000 };
    lp_switch *sw = lp_switch_new(4, STATIONS, SEED);
    CHECK_EQ(lp_switch_pin(sw, mac_of(FLOOD), ALICE), LP_OK);
    for (uint32_t i = 0; i < FLOOD; i++)
        lp_switch_learn(sw, mac_of(i), GATEWAY, i);
    unsigned known = 0;
    for (uint32_t i = 0; i < FLOOD; i++)
        known += lp_switch_route(sw, mac_of(i), FLOOD) == GATEWAY;
    CHECK_EQ(known, STATIONS);
    CHECK_EQ(lp_switch_route(sw, mac_of(FLOOD - STATIONS), FLOOD), GATEWAY);
    CHECK_EQ(lp_switch_stations(sw, FLOOD), STATIONS);
    CHECK_EQ(lp_switch_pinned(sw, mac_of(FLOOD)), ALICE);
    lp_switch_free(sw);
}

TEST(the_stations_of_one_peer_are_forgotten_together)
{
    lp_switch *sw = lp_switch_new(1, 8, SEED);
    CHECK_EQ(lp_switch_pin(sw, mac_of(9), BOB), LP_OK);
    for (uint32_t i = 0; i < 8; i++)
        lp_switch_learn(sw, mac_of(i), i % 2 ? BOB : GATEWAY, i);
    lp_switch_forget(sw, BOB);
    for (uint32_t i = 0; i < 8; i++)
        CHECK_EQ(lp_switch_route(sw, mac_of(i), 8), i % 2 ? 0 : GATEWAY);
    CHECK_EQ(lp_switch_stations(sw, 8), 4);
    CHECK_EQ(lp_switch_pinned(sw, mac_of(9)), BOB); /* a member goes by unpin */

    for (uint32_t i = 10; i < 14; i++)
        lp_switch_learn(sw, mac_of(i), GATEWAY, 9); /* their places are free again */
    CHECK_EQ(lp_switch_stations(sw, 9), 8);
    lp_switch_free(sw);
}

TEST(a_switch_without_places_learns_nothing_and_refuses_members)
{
    lp_switch *sw = lp_switch_new(0, 0, SEED);
    lp_switch_learn(sw, mac_of(1), GATEWAY, 0);
    CHECK_EQ(lp_switch_route(sw, mac_of(1), 0), 0);
    CHECK_EQ(lp_switch_pin(sw, mac_of(1), ALICE), LP_ERR_FULL);
    lp_switch_free(sw);
    lp_switch_free(NULL);
}

TEST(the_address_zero_is_no_special_station)
{
    lp_switch *sw = lp_switch_new(1, 1, SEED);
    CHECK_EQ(lp_switch_route(sw, (lp_mac){{0}}, 0), 0);
    CHECK_EQ(lp_switch_pinned(sw, (lp_mac){{0}}), 0);
    lp_switch_unpin(sw, (lp_mac){{0}});
    lp_switch_learn(sw, (lp_mac){{0}}, GATEWAY, 0);
    CHECK_EQ(lp_switch_route(sw, (lp_mac){{0}}, 0), GATEWAY);
    lp_switch_free(sw);
}

/* The same steps on an array that is searched from end to end. */
TEST(a_long_random_life_agrees_with_a_simple_model)
{
    enum { MACS = 64, PINS = 8, STEPS = 50000 };
    struct {
        lp_peer pinned, learned;
    } model[MACS] = {{0}};
    unsigned pins = 0;
    uint32_t dice = 12345;
    lp_switch *sw = lp_switch_new(PINS, MACS, SEED);
    for (lp_time now = 0; now < STEPS; now++) {
        dice = dice * 1664525 + 1013904223;
        uint32_t n = dice >> 8 & (MACS - 1);
        lp_peer peer = 1 + (dice >> 16 & 3);
        switch (dice >> 28 & 3) {
        case 0:
            if (lp_switch_pin(sw, mac_of(n), peer) != LP_OK) {
                CHECK(pins == PINS || model[n].pinned != peer);
            } else if (!model[n].pinned) {
                model[n].pinned = peer;
                model[n].learned = 0;
                pins++;
            }
            break;
        case 1:
            lp_switch_unpin(sw, mac_of(n));
            pins -= model[n].pinned != 0;
            model[n].pinned = 0;
            break;
        default:
            lp_switch_learn(sw, mac_of(n), peer, now);
            if (!model[n].pinned)
                model[n].learned = peer;
        }
        n = dice >> 4 & (MACS - 1);
        CHECK_EQ(lp_switch_pinned(sw, mac_of(n)), model[n].pinned);
        CHECK_EQ(lp_switch_route(sw, mac_of(n), now),
                 model[n].pinned ? model[n].pinned : model[n].learned);
    }
    CHECK(pins <= PINS);
    lp_switch_free(sw);
}

TEST(running_out_of_memory_gives_no_switch_and_no_leak)
{
    unsigned n = 0;
    for (bool failed = true; failed;) {
        lp_test_fail_allocation(++n);
        lp_switch *sw = lp_switch_new(8, 8, SEED);
        failed = lp_test_allocation_failed();
        CHECK_EQ(sw == NULL, failed);
        lp_switch_free(sw);
    }
    CHECK(n > 1);
}
