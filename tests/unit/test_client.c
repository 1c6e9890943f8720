#include "core/client.h"

#include "unit/membership.h"

/* In a room with a gateway, Alice, and a budget that carries exactly the room's MTU. */
static lp_member *member_in_company(void)
{
    lp_member *member = new_member(LP_ROLE_CLIENT);
    lp_message welcome = welcome_message();
    say_hello(member, 1314, 0);
    CHECK_EQ(say(member, &welcome, 0), LP_OK);
    CHECK_EQ(announce(member, GATEWAY, LP_ROLE_GATEWAY), LP_OK);
    CHECK_EQ(announce(member, ALICE, LP_ROLE_CLIENT), LP_OK);
    return member;
}

TEST(a_frame_of_ours_gets_its_header_written_in_front)
{
    static uint8_t space[SPACE_LEN];
    static const uint8_t header[] = {0x10, 0, 0, 60,   0, 0, 0, ROOM,
                                     0,    0, 0, SELF, 0, 0, 0, 0};
    lp_member *member = member_in_company();
    lp_client client = lp_client_start(test_mac(SELF), member);
    lp_bytes datagram;
    lp_space at = put_frame(space, LP_MAC_BROADCAST, test_mac(SELF), FRAME_LEN);
    CHECK_EQ(lp_client_on_frame(&client, at, FRAME_LEN, &datagram), LP_REASON_NONE);
    CHECK(datagram.at == space);
    CHECK_EQ(datagram.len, LP_DATAGRAM_HEADER_LEN + FRAME_LEN);
    CHECK_BYTES(datagram.at, LP_DATAGRAM_HEADER_LEN, header, sizeof header);
    CHECK_EQ(client.stats.stat[LP_STAT_FRAMES_RX], 1);
    CHECK_EQ(client.stats.stat[LP_STAT_BYTES_RX], FRAME_LEN);
    CHECK_EQ(client.stats.stat[LP_STAT_DATAGRAMS_TX], 1);
    CHECK_EQ(client.stats.stat[LP_STAT_BROADCAST_TO_LAN], 1);
    lp_member_free(member);
}

/* W-024; what each filter takes is test_filter.c's. */
TEST(what_the_adapter_sends_is_checked_before_it_leaves)
{
    static uint8_t space[SPACE_LEN];
    static const struct {
        const char *name;
        lp_mac source;
        size_t len;
        lp_reason reason;
    } rows[] = {
        {"ours", {{2, 0, 0, 0, 0, SELF}}, FRAME_LEN, LP_REASON_NONE},
        {"the largest", {{2, 0, 0, 0, 0, SELF}}, 1294, LP_REASON_NONE},
        {"over the MTU", {{2, 0, 0, 0, 0, SELF}}, 1295, LP_REASON_TAP_MTU},
        {"jumbo", {{2, 0, 0, 0, 0, SELF}}, 1519, LP_REASON_JUMBO},
        {"runt", {{2, 0, 0, 0, 0, SELF}}, 13, LP_REASON_MALFORMED},
        {"nothing", {{2, 0, 0, 0, 0, SELF}}, 0, LP_REASON_MALFORMED},
        {"another's",
         {{2, 0, 0, 0, 0, ALICE}},
         FRAME_LEN,
         LP_REASON_UNAUTHORIZED_SOURCE},
        {"a group's", {{3, 0, 0, 0, 0, SELF}}, FRAME_LEN, LP_REASON_INVALID_SOURCE},
    };
    lp_member *member = member_in_company();
    EACH_ROW (row, rows) {
        lp_client client = lp_client_start(test_mac(SELF), member);
        lp_bytes datagram = {0};
        lp_space at = put_frame(space, lan_host, row->source, row->len);
        CHECK_EQ(lp_client_on_frame(&client, at, row->len, &datagram), row->reason);
        CHECK_EQ(datagram.len != 0, row->reason == LP_REASON_NONE);
        CHECK_EQ(client.stats.stat[LP_STAT_DATAGRAMS_TX],
                 row->reason == LP_REASON_NONE);
        CHECK_EQ(lp_stats_drops(&client.stats), row->reason != LP_REASON_NONE);
        CHECK_EQ(client.stats.stat[LP_STAT_BROADCAST_TO_LAN], 0);
    }
    lp_member_free(member);
}

/* P-009: the path may shrink after the room's MTU was chosen. */
TEST(a_frame_that_the_path_no_longer_carries_is_dropped_here)
{
    static uint8_t space[SPACE_LEN];
    lp_member *member = member_in_company();
    lp_client client = lp_client_start(test_mac(SELF), member);
    lp_bytes datagram;
    lp_member_on_budget(member, 1000, true, 0, 0);
    lp_space at = put_frame(space, lan_host, test_mac(SELF), 984);
    CHECK_EQ(lp_client_on_frame(&client, at, 984, &datagram), LP_REASON_NONE);
    at = put_frame(space, lan_host, test_mac(SELF), 985);
    CHECK_EQ(lp_client_on_frame(&client, at, 985, &datagram),
             LP_REASON_DATAGRAM_BUDGET);
    lp_member_free(member);
}

TEST(while_not_joined_nothing_crosses)
{
    static uint8_t space[SPACE_LEN];
    lp_member *member = member_in_company();
    lp_client client = lp_client_start(test_mac(SELF), member);
    lp_bytes out;
    lp_peer peer;
    lp_member_on_lost(member, 0);
    lp_space at = put_frame(space, lan_host, test_mac(SELF), FRAME_LEN);
    CHECK_EQ(lp_client_on_frame(&client, at, FRAME_LEN, &out), LP_REASON_NO_GATEWAY);
    at = put_frame(space, test_mac(SELF), lan_host, FRAME_LEN);
    CHECK_EQ(lp_client_on_datagram(&client, put_datagram(at, ROOM, GATEWAY, FRAME_LEN),
                                   &out, &peer),
             LP_REASON_MALFORMED);
    CHECK_EQ(peer, 0);
    lp_member_free(member);
}

/* W-025, L-012 */
TEST(what_the_relay_passes_on_is_checked_before_the_adapter_gets_it)
{
    static uint8_t space[SPACE_LEN];
#define ME                      \
    {                           \
        {                       \
            2, 0, 0, 0, 0, SELF \
        }                       \
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
#define HOST                          \
    {                                 \
        {                             \
            0x00, 0x1b, 0x21, 1, 2, 3 \
        }                             \
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
    static const struct {
        const char *name;
        lp_peer sender;
        lp_mac source, destination;
        size_t len;
        lp_reason reason;
    } rows[] = {
        {"from the LAN to us", GATEWAY, HOST, ME, FRAME_LEN, LP_REASON_NONE},
        {"from the LAN to all", GATEWAY, HOST, ALL, FRAME_LEN, LP_REASON_NONE},
        {"from the LAN to a group", GATEWAY, HOST, GROUP, FRAME_LEN, LP_REASON_NONE},
        {"from a player to us", ALICE, HER, ME, FRAME_LEN, LP_REASON_NONE},
        {"from a player to all", ALICE, HER, ALL, FRAME_LEN, LP_REASON_NONE},
        {"a frame before its peer_joined", BOB, HIM, ME, FRAME_LEN, LP_REASON_NONE},
        {"for somebody else", GATEWAY, HOST, HER, FRAME_LEN, LP_REASON_MISDIRECTED},
        {"ours, come back", GATEWAY, ME, ALL, FRAME_LEN, LP_REASON_LOOP},
        {"a player's, come from the LAN", GATEWAY, HER, ALL, FRAME_LEN, LP_REASON_LOOP},
        {"a player as another", BOB, HER, ME, FRAME_LEN, LP_REASON_UNAUTHORIZED_SOURCE},
        {"a player as a host", ALICE, HOST, ME, FRAME_LEN,
         LP_REASON_UNAUTHORIZED_SOURCE},
        {"from no address", GATEWAY, ZERO, ME, FRAME_LEN, LP_REASON_INVALID_SOURCE},
        {"from a group", GATEWAY, GROUP, ME, FRAME_LEN, LP_REASON_INVALID_SOURCE},
        {"the largest", GATEWAY, HOST, ME, 1294, LP_REASON_NONE},
        {"over the MTU", GATEWAY, HOST, ME, 1295, LP_REASON_TAP_MTU},
        {"jumbo", GATEWAY, HOST, ME, 1519, LP_REASON_JUMBO},
        {"runt", GATEWAY, HOST, ME, 13, LP_REASON_MALFORMED},
    };
    lp_member *member = member_in_company();
    EACH_ROW (row, rows) {
        lp_client client = lp_client_start(test_mac(SELF), member);
        lp_bytes frame = {0};
        lp_peer peer;
        bool passes = row->reason == LP_REASON_NONE;
        lp_space at = put_frame(space, row->destination, row->source, row->len);
        lp_bytes datagram = put_datagram(at, ROOM, row->sender, row->len);
        CHECK_EQ(lp_client_on_datagram(&client, datagram, &frame, &peer), row->reason);
        CHECK_EQ(peer, row->sender);
        if (passes)
            CHECK_EQ(frame.len, row->len);
        CHECK_EQ(client.stats.stat[LP_STAT_DATAGRAMS_RX], 1);
        CHECK_EQ(client.stats.stat[LP_STAT_FRAMES_TX], passes);
        CHECK_EQ(client.stats.stat[LP_STAT_BYTES_TX], passes ? row->len : 0);
        CHECK_EQ(lp_stats_drops(&client.stats), !passes);
    }
    lp_member_free(member);
}

/* L-025: the LAN's DHCP server is heard, a player's is not. */
TEST(what_only_a_server_may_say_is_taken_from_the_gateway_alone)
{
    static uint8_t space[SPACE_LEN];
    static const struct {
        const char *name;
        lp_peer sender;
        lp_reason reason;
    } rows[] = {
        {"gateway", GATEWAY, LP_REASON_NONE},
        {"player", ALICE, LP_REASON_DHCP_SERVER},
        {"not known yet", BOB, LP_REASON_DHCP_SERVER},
    };
    lp_member *member = member_in_company();
    lp_client client = lp_client_start(test_mac(SELF), member);
    EACH_ROW (row, rows) {
        lp_bytes frame;
        lp_peer peer;
        lp_mac source = row->sender == GATEWAY ? lan_host : test_mac(row->sender);
        lp_space at = put_frame(space, test_mac(SELF), source, FRAME_LEN);
        make_dhcp_answer(at);
        CHECK_EQ(lp_client_on_datagram(&client,
                                       put_datagram(at, ROOM, row->sender, FRAME_LEN),
                                       &frame, &peer),
                 row->reason);
    }
    lp_member_free(member);
}

/* P-004 */
TEST(a_datagram_that_breaks_the_protocol_is_malformed)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t octet;
    } rows[] = {
        {"another version", 0, 0x20},
        {"a reserved type", 0, 0x13},
        {"a reserved flag", 1, 1},
        {"a longer payload than said", 3, FRAME_LEN - 1},
        {"a shorter payload than said", 3, FRAME_LEN + 1},
        {"another room", 7, ROOM + 1},
    };
    lp_member *member = member_in_company();
    EACH_ROW (row, rows) {
        static uint8_t space[SPACE_LEN];
        lp_client client = lp_client_start(test_mac(SELF), member);
        lp_bytes frame;
        lp_peer peer = BOB;
        lp_space at = put_frame(space, test_mac(SELF), lan_host, FRAME_LEN);
        lp_bytes datagram = put_datagram(at, ROOM, GATEWAY, FRAME_LEN);
        space[row->at] = row->octet;
        CHECK_EQ(lp_client_on_datagram(&client, datagram, &frame, &peer),
                 LP_REASON_MALFORMED);
        CHECK_EQ(peer, 0);
        CHECK_EQ(client.stats.reason[LP_REASON_MALFORMED], 1);
    }
    lp_member_free(member);
}

TEST(a_keepalive_is_counted_and_gives_no_frame)
{
    uint8_t space[LP_DATAGRAM_HEADER_LEN];
    lp_datagram keepalive = {
        .type = LP_DATAGRAM_KEEPALIVE, .room = ROOM, .source = ALICE};
    lp_member *member = member_in_company();
    lp_client client = lp_client_start(test_mac(SELF), member);
    lp_bytes frame = lp_bytes_of(space, 1);
    lp_peer peer;
    size_t len = lp_datagram_write(&keepalive, lp_space_of(space, sizeof space));
    CHECK_EQ(lp_client_on_datagram(&client, lp_bytes_of(space, len), &frame, &peer),
             LP_REASON_NONE);
    CHECK_EQ(frame.len, 0);
    CHECK_EQ(client.stats.stat[LP_STAT_KEEPALIVES], 1);
    CHECK_EQ(client.stats.stat[LP_STAT_FRAMES_TX], 0);
    lp_member_free(member);
}

/* D-008: one-way and two-way broadcast flow are told apart. */
TEST(broadcast_from_the_lan_is_not_mixed_up_with_players)
{
    static uint8_t space[SPACE_LEN];
    lp_member *member = member_in_company();
    lp_client client = lp_client_start(test_mac(SELF), member);
    lp_bytes frame;
    lp_peer peer;
    lp_space at = put_frame(space, LP_MAC_BROADCAST, test_mac(ALICE), FRAME_LEN);
    CHECK_EQ(lp_client_on_datagram(&client, put_datagram(at, ROOM, ALICE, FRAME_LEN),
                                   &frame, &peer),
             LP_REASON_NONE);
    CHECK_EQ(client.stats.stat[LP_STAT_BROADCAST_FROM_LAN], 0);
    at = put_frame(space, mdns, lan_host, FRAME_LEN);
    CHECK_EQ(lp_client_on_datagram(&client, put_datagram(at, ROOM, GATEWAY, FRAME_LEN),
                                   &frame, &peer),
             LP_REASON_NONE);
    CHECK_EQ(client.stats.stat[LP_STAT_BROADCAST_FROM_LAN], 1);
    lp_member_free(member);
}
