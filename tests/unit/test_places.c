#include "core/places.h"

#include "test.h"

static const lp_place alice = {
    .identity = {(const uint8_t *)"alice", 5},
    .role = LP_ROLE_CLIENT,
    .mac = {{2, 0, 0, 0, 0, 1}},
    .room = "QUAKE",
};

TEST(who_comes_back_to_its_place_is_who_it_was)
{
    lp_place other_key = alice, other_mac = alice, other_room = alice, gateway = alice;
    other_key.identity = lp_bytes_of("bob", 3);
    other_mac.mac.octet[5] = 2;
    other_room.room = "DOOM";
    gateway.role = LP_ROLE_GATEWAY;
    const struct {
        const char *name;
        lp_place place;
        lp_peer id;
    } rows[] = {
        {"the same", alice, 7},
        {"another key", other_key, 0},
        {"another address", other_mac, 0},
        {"another room", other_room, 0},
        {"as gateway", gateway, 0},
    };
    lp_places *places = lp_places_new(4096, 1);
    CHECK_EQ(lp_places_find(places, &alice), 0);
    lp_places_note(places, &alice, 7);
    EACH_ROW (row, rows)
        CHECK_EQ(lp_places_find(places, &row->place), row->id);
    lp_places_note(places, &alice, 8);
    CHECK_EQ(lp_places_find(places, &alice), 8);
    lp_places_free(places);
}

TEST(a_gateway_has_no_address_to_be_known_by)
{
    lp_place one = alice, other = alice;
    one.role = other.role = LP_ROLE_GATEWAY;
    other.mac.octet[5] = 9;
    lp_places *places = lp_places_new(2, 1);
    lp_places_note(places, &one, 3);
    CHECK_EQ(lp_places_find(places, &other), 3);
    lp_places_free(places);
}

TEST(the_latest_of_a_slot_is_remembered)
{
    lp_place one = alice, other = alice;
    other.room = "DOOM";
    lp_places *places = lp_places_new(1, 1);
    lp_places_note(places, &one, 3);
    lp_places_note(places, &other, 4);
    CHECK_EQ(lp_places_find(places, &one), 0);
    CHECK_EQ(lp_places_find(places, &other), 4);
    lp_places_free(places);
}

TEST(without_memory_there_are_none)
{
    lp_test_fail_allocation(1);
    CHECK(!lp_places_new(4096, 1));
    CHECK(lp_test_allocation_failed());
}
