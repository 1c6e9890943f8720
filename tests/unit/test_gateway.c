#include "core/gateway.h"

#include "unit/membership.h"

#define NIC                           \
    {                                 \
        {                             \
            0x00, 0x1b, 0x21, 9, 9, 9 \
        }                             \
    }
#define HOST                          \
    {                                 \
        {                             \
            0x00, 0x1b, 0x21, 1, 2, 3 \
        }                             \
    }
#define OTHER                         \
    {                                 \
        {                             \
            0x00, 0x1b, 0x21, 4, 5, 6 \
        }                             \
    }
#define HER                      \
    {                            \
        {                        \
            2, 0, 0, 0, 0, ALICE \
        }                        \
    }
#define HIM                    \
    {                          \
        {                      \
            2, 0, 0, 0, 0, BOB \
        }                      \
    }
#define ALL                                    \
    {                                          \
        {                                      \
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff \
        }                                      \
    }
#define GROUP                            \
    {                                    \
        {                                \
            0x01, 0x00, 0x5e, 0, 0, 0xfb \
        }                                \
    }
#define ZERO  \
    {         \
        {     \
            0 \
        }     \
    }

static const lp_mac nic = NIC;

/* Joined, with Alice and Bob there before the gateway engine came to be. */
static lp_member *member_in_company(void)
{
    lp_member *member = new_member(LP_ROLE_GATEWAY);
    join_room(member, 0);
    CHECK_EQ(announce(member, ALICE, LP_ROLE_CLIENT), LP_OK);
    CHECK_EQ(announce(member, BOB, LP_ROLE_CLIENT), LP_OK);
    return member;
}

/* --- LAN to players --------------------------------------------------------------- */

/* G-009 to G-012, L-016 */
TEST(what_the_lan_sends_crosses_only_for_players)
{
    static uint8_t space[SPACE_LEN];
    static const struct {
        const char *name;
        lp_mac source, destination;
        size_t len;
        lp_reason reason;
    } rows[] = {
        {"to a player", HOST, HER, FRAME_LEN, LP_REASON_NONE},
        {"from this host to a player", NIC, HER, FRAME_LEN, LP_REASON_NONE},
        {"to all", HOST, ALL, FRAME_LEN, LP_REASON_NONE},
        {"to a group", HOST, GROUP, FRAME_LEN, LP_REASON_NONE},
        {"between two hosts", HOST, OTHER, FRAME_LEN, LP_REASON_UNKNOWN_DESTINATION},
        {"to this host", HOST, NIC, FRAME_LEN, LP_REASON_UNKNOWN_DESTINATION},
        {"a player's, come back", HER, ALL, FRAME_LEN, LP_REASON_LOOP},
        {"from no address", ZERO, HER, FRAME_LEN, LP_REASON_INVALID_SOURCE},
        {"runt", HOST, HER, 13, LP_REASON_MALFORMED},
        {"the largest", HOST, HER, 1294, LP_REASON_NONE},
        {"over the MTU", HOST, HER, 1295, LP_REASON_TAP_MTU},
        {"the wire's largest", HOST, HER, 1514, LP_REASON_TAP_MTU},
        {"over the MTU, to nobody", HOST, OTHER, 1514, LP_REASON_UNKNOWN_DESTINATION},
        {"jumbo", HOST, HER, 1519, LP_REASON_JUMBO},
    };
    lp_member *member = member_in_company();
    EACH_ROW (row, rows) {
        lp_gateway *gateway = lp_gateway_new(nic, member, 0);
        const lp_stats *stats = lp_gateway_stats(gateway);
        bool passes = row->reason == LP_REASON_NONE;
        bool is_dropped = !passes && row->reason != LP_REASON_TAP_MTU;
        lp_bytes datagram = {0};
        lp_space at = put_frame(space, row->destination, row->source, row->len);
        CHECK_EQ(lp_gateway_on_frame(gateway, at, row->len, &datagram), row->reason);
        CHECK_EQ(datagram.len, passes ? LP_DATAGRAM_HEADER_LEN + row->len : 0);
        CHECK_EQ(stats->stat[LP_STAT_FRAMES_RX], 1);
        CHECK_EQ(stats->stat[LP_STAT_BYTES_RX], row->len);
        CHECK_EQ(stats->stat[LP_STAT_DATAGRAMS_TX], passes);
        CHECK_EQ(lp_stats_drops(stats), is_dropped);
        lp_gateway_free(gateway);
    }
    lp_member_free(member);
}

TEST(a_frame_of_the_lan_gets_its_header_written_in_front)
{
    static uint8_t space[SPACE_LEN];
    static const uint8_t header[] = {0x10, 0, 0, 60,   0, 0, 0, ROOM,
                                     0,    0, 0, SELF, 0, 0, 0, 0};
    lp_member *member = member_in_company();
    lp_gateway *gateway = lp_gateway_new(nic, member, 0);
    lp_bytes datagram;
    lp_space at = put_frame(space, LP_MAC_BROADCAST, lan_host, FRAME_LEN);
    CHECK_EQ(lp_gateway_on_frame(gateway, at, FRAME_LEN, &datagram), LP_REASON_NONE);
    CHECK_BYTES(datagram.at, LP_DATAGRAM_HEADER_LEN, header, sizeof header);
    CHECK_EQ(lp_gateway_stats(gateway)->stat[LP_STAT_BROADCAST_FROM_LAN], 1);
    lp_gateway_free(gateway);
    lp_member_free(member);
}

TEST(a_player_who_left_is_nobody)
{
    static uint8_t space[SPACE_LEN];
    lp_member *member = member_in_company();
    lp_gateway *gateway = lp_gateway_new(nic, member, 0);
    lp_bytes datagram;
    lp_space at = put_frame(space, test_mac(ALICE), lan_host, FRAME_LEN);
    CHECK_EQ(lp_gateway_on_frame(gateway, at, FRAME_LEN, &datagram), LP_REASON_NONE);
    CHECK_EQ(dismiss(member, ALICE, ""), LP_OK);
    CHECK_EQ(lp_gateway_on_frame(gateway, at, FRAME_LEN, &datagram),
             LP_REASON_UNKNOWN_DESTINATION);
    lp_gateway_free(gateway);
    lp_member_free(member);
}

TEST(a_frame_that_the_path_no_longer_carries_is_dropped_here)
{
    static uint8_t space[SPACE_LEN];
    lp_member *member = member_in_company();
    lp_gateway *gateway = lp_gateway_new(nic, member, 0);
    lp_bytes datagram;
    lp_member_on_budget(member, 1000, true, 0, 0);
    lp_space at = put_frame(space, LP_MAC_BROADCAST, lan_host, 985);
    CHECK_EQ(lp_gateway_on_frame(gateway, at, 985, &datagram),
             LP_REASON_DATAGRAM_BUDGET);
    CHECK_EQ(lp_gateway_on_frame(gateway, at, 984, &datagram), LP_REASON_NONE);
    lp_gateway_free(gateway);
    lp_member_free(member);
}

TEST(while_not_joined_nothing_crosses)
{
    static uint8_t space[SPACE_LEN];
    lp_member *member = member_in_company();
    lp_gateway *gateway = lp_gateway_new(nic, member, 0);
    lp_bytes datagram;
    lp_injection injection;
    lp_peer peer;
    lp_member_on_lost(member, 0);
    lp_space at = put_frame(space, LP_MAC_BROADCAST, lan_host, FRAME_LEN);
    CHECK_EQ(lp_gateway_on_frame(gateway, at, FRAME_LEN, &datagram),
             LP_REASON_UNKNOWN_DESTINATION);
    at = put_frame(space, lan_host, test_mac(ALICE), FRAME_LEN);
    CHECK_EQ(lp_gateway_on_datagram(gateway, put_datagram(at, ROOM, ALICE, FRAME_LEN),
                                    &injection, &peer),
             LP_REASON_MALFORMED);
    lp_gateway_free(gateway);
    lp_member_free(member);
}

/* --- players to LAN --------------------------------------------------------------- */

/* G-013, G-014, G-024, J-06 */
TEST(what_a_player_sends_is_checked_again_and_goes_where_it_belongs)
{
    static uint8_t space[SPACE_LEN];
    enum { NOWHERE, WIRE, THIS_HOST, BOTH };
    static const struct {
        const char *name;
        lp_peer sender;
        lp_mac source, destination;
        size_t len;
        lp_reason reason;
        int where;
    } rows[] = {
        {"to a host", ALICE, HER, HOST, FRAME_LEN, LP_REASON_NONE, WIRE},
        {"to this host", ALICE, HER, NIC, FRAME_LEN, LP_REASON_NONE, THIS_HOST},
        {"to all", ALICE, HER, ALL, FRAME_LEN, LP_REASON_NONE, BOTH},
        {"to a group", BOB, HIM, GROUP, FRAME_LEN, LP_REASON_NONE, BOTH},
        {"to a player", ALICE, HER, HIM, FRAME_LEN, LP_REASON_MISDIRECTED, NOWHERE},
        {"as another player", BOB, HER, HOST, FRAME_LEN, LP_REASON_UNAUTHORIZED_SOURCE,
         NOWHERE},
        {"as a host", BOB, OTHER, HOST, FRAME_LEN, LP_REASON_UNAUTHORIZED_SOURCE,
         NOWHERE},
        {"as this host", BOB, NIC, HOST, FRAME_LEN, LP_REASON_UNAUTHORIZED_SOURCE,
         NOWHERE},
        {"from a stranger", 50, HIM, HOST, FRAME_LEN, LP_REASON_UNAUTHORIZED_SOURCE,
         NOWHERE},
        {"from nobody", 0, HER, HOST, FRAME_LEN, LP_REASON_UNAUTHORIZED_SOURCE,
         NOWHERE},
        {"from no address", ALICE, ZERO, HOST, FRAME_LEN, LP_REASON_INVALID_SOURCE,
         NOWHERE},
        {"the largest", ALICE, HER, HOST, 1294, LP_REASON_NONE, WIRE},
        {"over the MTU", ALICE, HER, HOST, 1295, LP_REASON_TAP_MTU, NOWHERE},
        {"jumbo", ALICE, HER, HOST, 1519, LP_REASON_JUMBO, NOWHERE},
        {"runt", ALICE, HER, HOST, 13, LP_REASON_MALFORMED, NOWHERE},
    };
    lp_member *member = member_in_company();
    EACH_ROW (row, rows) {
        lp_gateway *gateway = lp_gateway_new(nic, member, 0);
        lp_injection injection = {0};
        lp_peer peer;
        bool passes = row->reason == LP_REASON_NONE;
        lp_space at = put_frame(space, row->destination, row->source, row->len);
        lp_bytes datagram = put_datagram(at, ROOM, row->sender, row->len);
        CHECK_EQ(lp_gateway_on_datagram(gateway, datagram, &injection, &peer),
                 row->reason);
        CHECK_EQ(peer, row->sender);
        CHECK_EQ(injection.to_wire, (row->where & WIRE) != 0);
        CHECK_EQ(injection.to_host, (row->where & THIS_HOST) != 0);
        CHECK_EQ(injection.frame.len, passes ? row->len : 0);
        CHECK_EQ(lp_gateway_stats(gateway)->stat[LP_STAT_FRAMES_TX], passes);
        lp_gateway_free(gateway);
    }
    lp_member_free(member);
}

/* G-013: a relay that fails to filter does not make the LAN fall. */
TEST(what_only_a_server_may_say_never_reaches_the_wire)
{
    static uint8_t space[SPACE_LEN];
    lp_member *member = member_in_company();
    lp_gateway *gateway = lp_gateway_new(nic, member, 0);
    lp_injection injection;
    lp_peer peer;
    lp_space at = put_frame(space, LP_MAC_BROADCAST, test_mac(ALICE), FRAME_LEN);
    make_dhcp_answer(at);
    CHECK_EQ(lp_gateway_on_datagram(gateway, put_datagram(at, ROOM, ALICE, FRAME_LEN),
                                    &injection, &peer),
             LP_REASON_DHCP_SERVER);
    CHECK_EQ(lp_gateway_stats(gateway)->reason[LP_REASON_DHCP_SERVER], 1);
    lp_gateway_free(gateway);
    lp_member_free(member);
}

TEST(datagrams_without_a_frame_inject_nothing)
{
    static uint8_t space[SPACE_LEN];
    static const struct {
        const char *name;
        lp_datagram_type type;
        uint32_t room;
        lp_reason reason;
        lp_peer peer;
    } rows[] = {
        {"keepalive", LP_DATAGRAM_KEEPALIVE, ROOM, LP_REASON_NONE, ALICE},
        {"another room's keepalive", LP_DATAGRAM_KEEPALIVE, 1, LP_REASON_MALFORMED, 0},
        {"an empty frame", LP_DATAGRAM_FRAME, ROOM, LP_REASON_MALFORMED, ALICE},
        {"a reserved type", LP_DATAGRAM_VOICE, ROOM, LP_REASON_MALFORMED, 0},
    };
    lp_member *member = member_in_company();
    EACH_ROW (row, rows) {
        lp_gateway *gateway = lp_gateway_new(nic, member, 0);
        lp_injection injection = {0};
        lp_peer peer;
        lp_datagram datagram = {.type = row->type, .room = row->room, .source = ALICE};
        size_t len = lp_datagram_write(&datagram, lp_space_of(space, sizeof space));
        CHECK_EQ(
            lp_gateway_on_datagram(gateway, lp_bytes_of(space, len), &injection, &peer),
            row->reason);
        CHECK_EQ(peer, row->peer);
        CHECK_EQ(injection.frame.len, 0);
        CHECK(!injection.to_wire && !injection.to_host);
        lp_gateway_free(gateway);
    }
    lp_member_free(member);
}

/* --- CAM refresh ------------------------------------------------------------------ */

static size_t drain(lp_gateway *gateway, lp_time now)
{
    lp_cam_frame cam;
    size_t count = 0;
    while (lp_gateway_next_cam(gateway, now, &cam))
        count++;
    return count;
}

/* G-017 */
TEST(a_refresh_is_a_padded_frame_from_the_player_to_our_own_nic)
{
    static const uint8_t wire[LP_CAM_FRAME_LEN] = {
        0x00, 0x1b, 0x21, 9, 9, 9, 2, 0, 0, 0, 0, ALICE, 0x88, 0xb5};
    lp_member *member = new_member(LP_ROLE_GATEWAY);
    join_room(member, 0);
    lp_gateway *gateway = lp_gateway_new(nic, member, 0);
    lp_cam_frame cam;
    CHECK_EQ(lp_gateway_deadline(gateway), LP_NEVER);
    CHECK_EQ(announce(member, ALICE, LP_ROLE_CLIENT), LP_OK);
    lp_gateway_on_peer_joined(gateway, ALICE, LP_SECONDS(5));
    CHECK_EQ(lp_gateway_deadline(gateway), LP_SECONDS(5));
    CHECK(lp_gateway_next_cam(gateway, LP_SECONDS(5), &cam));
    CHECK_EQ(cam.peer, ALICE);
    CHECK(cam.on_join);
    CHECK(lp_mac_equal(cam.mac, test_mac(ALICE)));
    CHECK_BYTES(cam.frame, sizeof cam.frame, wire, sizeof wire);
    CHECK_EQ(lp_gateway_stats(gateway)->stat[LP_STAT_CAM_REFRESHES], 1);
    lp_gateway_free(gateway);
    lp_member_free(member);
}

/* G-015, G-016 */
TEST(a_player_is_refreshed_on_joining_and_every_minute)
{
    lp_member *member = member_in_company();
    lp_gateway *gateway = lp_gateway_new(nic, member, LP_SECONDS(1));
    lp_cam_frame cam;
    CHECK_EQ(drain(gateway, LP_SECONDS(1)), 2); /* Alice and Bob were there already */
    CHECK_EQ(lp_gateway_deadline(gateway), LP_SECONDS(61));

    CHECK_EQ(announce(member, 50, LP_ROLE_CLIENT), LP_OK);
    lp_gateway_on_peer_joined(gateway, 50, LP_SECONDS(30));
    CHECK_EQ(lp_gateway_deadline(gateway), LP_SECONDS(30));
    CHECK_EQ(drain(gateway, LP_SECONDS(30)), 1);
    CHECK_EQ(lp_gateway_deadline(gateway), LP_SECONDS(61));
    CHECK_EQ(drain(gateway, LP_SECONDS(61) - 1), 0);
    CHECK(lp_gateway_next_cam(gateway, LP_SECONDS(61), &cam));
    CHECK(!cam.on_join);
    CHECK_EQ(drain(gateway, LP_SECONDS(61)), 1);
    CHECK_EQ(lp_gateway_deadline(gateway), LP_SECONDS(90));
    lp_gateway_free(gateway);
    lp_member_free(member);
}

TEST(who_left_is_refreshed_no_more)
{
    lp_member *member = member_in_company();
    lp_gateway *gateway = lp_gateway_new(nic, member, 0);
    lp_cam_frame cam;
    CHECK_EQ(drain(gateway, 0), 2);
    CHECK_EQ(dismiss(member, ALICE, ""), LP_OK);
    CHECK(lp_gateway_next_cam(gateway, LP_SECONDS(60), &cam));
    CHECK_EQ(cam.peer, BOB);
    CHECK_EQ(drain(gateway, LP_SECONDS(60)), 0);
    CHECK_EQ(dismiss(member, BOB, ""), LP_OK);
    CHECK_EQ(drain(gateway, LP_SECONDS(120)), 0);
    CHECK_EQ(lp_gateway_deadline(gateway), LP_NEVER);
    lp_gateway_free(gateway);
    lp_member_free(member);
}

TEST(a_player_who_is_announced_again_has_one_refresh_with_the_new_address)
{
    lp_member *member = member_in_company();
    lp_gateway *gateway = lp_gateway_new(nic, member, 0);
    lp_message again = {.type = LP_MESSAGE_PEER_JOINED,
                        .peer_joined = {ALICE, LP_ROLE_CLIENT, true, test_mac(500)}};
    lp_cam_frame cam;
    CHECK_EQ(drain(gateway, 0), 2);
    CHECK_EQ(say(member, &again, 0), LP_OK);
    lp_gateway_on_peer_joined(gateway, ALICE, LP_SECONDS(10));
    CHECK(lp_gateway_next_cam(gateway, LP_SECONDS(10), &cam));
    CHECK(lp_mac_equal(cam.mac, test_mac(500)));
    CHECK_EQ(drain(gateway, LP_SECONDS(200)), 2);
    lp_gateway_free(gateway);
    lp_member_free(member);
}

TEST(only_players_are_refreshed)
{
    lp_member *member = new_member(LP_ROLE_GATEWAY);
    join_room(member, 0);
    lp_gateway *gateway = lp_gateway_new(nic, member, 0);
    lp_message other = {.type = LP_MESSAGE_PEER_JOINED,
                        .peer_joined = {60, LP_ROLE_GATEWAY, true, test_mac(60)}};
    CHECK_EQ(say(member, &other, 0), LP_OK);
    lp_gateway_on_peer_joined(gateway, 60, 0);
    lp_gateway_on_peer_joined(gateway, 61, 0); /* whom nobody announced */
    CHECK_EQ(lp_gateway_deadline(gateway), LP_NEVER);
    lp_gateway_free(gateway);
    lp_member_free(member);
}

/* Rooms fill, empty and fill again; the table does not grow and forgets nobody. */
TEST(refreshes_are_bounded_by_who_is_there)
{
    enum { FIRST = 100, TWICE = 2 * LP_MEMBER_MAX_PEERS };
    lp_member *member = new_member(LP_ROLE_GATEWAY);
    join_room(member, 0);
    lp_gateway *gateway = lp_gateway_new(nic, member, 0);
    for (lp_peer id = FIRST; id < FIRST + TWICE; id++) {
        if (id >= FIRST + LP_MEMBER_MAX_PEERS)
            CHECK_EQ(dismiss(member, id - LP_MEMBER_MAX_PEERS, ""), LP_OK);
        CHECK_EQ(announce(member, id, LP_ROLE_CLIENT), LP_OK);
        lp_gateway_on_peer_joined(gateway, id, id);
        drop_events(member);
    }
    CHECK_EQ(drain(gateway, FIRST + TWICE), LP_MEMBER_MAX_PEERS);
    lp_gateway_free(gateway);
    lp_member_free(member);
}

TEST(a_gateway_survives_running_out_of_memory)
{
    lp_member *member = member_in_company();
    lp_test_fail_allocation(1);
    CHECK(!lp_gateway_new(nic, member, 0));
    CHECK(lp_test_allocation_failed());
    lp_gateway_free(NULL);
    lp_member_free(member);
}
