#include "core/roster.h"

#include <stdlib.h>

#include "test.h"

static lp_mac mac_of(uint32_t number)
{
    return (lp_mac){
        {0x02, 0, 0, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
}

static lp_member_peer player(lp_peer id)
{
    return (lp_member_peer){.id = id, .has_mac = true, .mac = mac_of(id)};
}

static lp_roster *new_roster(void)
{
    lp_roster *roster = malloc(sizeof *roster);
    lp_roster_init(roster, 12345);
    return roster;
}

TEST(a_peer_is_found_by_id_and_by_address_until_it_is_removed)
{
    lp_roster *roster = new_roster();
    lp_member_peer alice = player(7);
    CHECK(lp_roster_put(roster, &alice));
    CHECK_EQ(lp_roster_find(roster, 7)->id, 7);
    CHECK_EQ(lp_roster_find_mac(roster, mac_of(7))->id, 7);
    CHECK(!lp_roster_find(roster, 8));
    CHECK(!lp_roster_find_mac(roster, mac_of(8)));

    lp_roster_remove(roster, 7);
    lp_roster_remove(roster, 7);
    CHECK(!lp_roster_find(roster, 7));
    CHECK(!lp_roster_find_mac(roster, mac_of(7)));
    free(roster);
}

TEST(a_peer_without_an_address_is_not_found_by_the_zero_address)
{
    lp_roster *roster = new_roster();
    lp_member_peer gateway = {.id = 1, .role = LP_ROLE_GATEWAY};
    CHECK(lp_roster_put(roster, &gateway));
    CHECK(!lp_roster_find_mac(roster, (lp_mac){{0}}));
    lp_roster_remove(roster, 1);
    CHECK(!lp_roster_find(roster, 1));
    free(roster);
}

TEST(what_is_put_again_replaces_what_was_known)
{
    lp_roster *roster = new_roster();
    lp_member_peer before = player(7), after = player(7), seen;
    after.mac = mac_of(700);
    CHECK(lp_roster_put(roster, &before));
    CHECK(lp_roster_put(roster, &after));
    CHECK(!lp_roster_find_mac(roster, mac_of(7)));
    CHECK_EQ(lp_roster_find_mac(roster, mac_of(700))->id, 7);

    size_t cursor = 0;
    CHECK(lp_roster_next(roster, &cursor, &seen));
    CHECK(!lp_roster_next(roster, &cursor, &seen));
    free(roster);
}

TEST(an_address_that_two_peers_announced_is_the_later_ones_until_it_leaves)
{
    lp_roster *roster = new_roster();
    lp_member_peer first = player(1), second = player(2);
    second.mac = first.mac;
    CHECK(lp_roster_put(roster, &first));
    CHECK(lp_roster_put(roster, &second));
    CHECK_EQ(lp_roster_find_mac(roster, first.mac)->id, 2);
    lp_roster_remove(roster, 2);
    CHECK_EQ(lp_roster_find_mac(roster, first.mac)->id, 1);
    free(roster);
}

TEST(a_full_roster_refuses_one_more_and_keeps_everyone)
{
    lp_roster *roster = new_roster();
    lp_member_peer peer;
    for (uint32_t id = 1; id <= LP_ROSTER_MAX; id++) {
        peer = player(id);
        CHECK(lp_roster_put(roster, &peer));
    }
    peer = player(LP_ROSTER_MAX + 1);
    CHECK(!lp_roster_put(roster, &peer));
    CHECK(!lp_roster_find(roster, LP_ROSTER_MAX + 1));
    for (uint32_t id = 1; id <= LP_ROSTER_MAX; id++)
        CHECK_EQ(lp_roster_find_mac(roster, mac_of(id))->id, id);
    free(roster);
}

/* Ids never repeat on a relay, so entries must be used again without end. */
TEST(a_roster_lasts_through_more_peers_than_it_has_entries)
{
    lp_roster *roster = new_roster();
    for (uint32_t id = 1; id <= 5 * LP_ROSTER_MAX; id++) {
        lp_member_peer peer = player(id);
        CHECK(lp_roster_put(roster, &peer));
        if (id > 100)
            lp_roster_remove(roster, id - 100);
    }
    size_t cursor = 0, count = 0;
    lp_member_peer seen;
    while (lp_roster_next(roster, &cursor, &seen)) {
        CHECK(seen.id > 5 * LP_ROSTER_MAX - 100);
        CHECK_EQ(lp_roster_find(roster, seen.id)->id, seen.id);
        count++;
    }
    CHECK_EQ(count, 100);
    free(roster);
}
