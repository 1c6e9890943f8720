#include "core/relay.h"
#include "relay_rig.h"

/* One gateway, two players, and a player in another room. */
typedef struct lan_party {
    lp_relay *relay;
    rig_peer gateway, alice, bob, stranger;
} lan_party;

static lan_party party_new(void)
{
    lan_party party = {.relay = rig_new()};
    party.gateway = rig_join(party.relay, LP_ROLE_GATEWAY, "QUAKE", 1, 0);
    party.alice = rig_join(party.relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    party.bob = rig_join(party.relay, LP_ROLE_CLIENT, "QUAKE", 3, 0);
    party.stranger = rig_join(party.relay, LP_ROLE_CLIENT, "DOOM", 4, 0);
    rig_send(party.relay, party.gateway, party.alice.mac, lan_host, 0); /* is learned */
    return party;
}

typedef enum guest { NOBODY = 0, GATEWAY = 1, ALICE = 2, BOB = 4, OTHERS = 8 } guest;

static const rig_peer *peer_of(const lan_party *party, guest who)
{
    return who == GATEWAY ? &party->gateway
           : who == ALICE ? &party->alice
                          : &party->bob;
}

static unsigned targets_of(const lan_party *party, lp_verdict verdict)
{
    unsigned who = NOBODY;
    for (unsigned each = GATEWAY; each <= BOB; each <<= 1) {
        if (rig_is_target(verdict, *peer_of(party, each)))
            who |= each;
    }
    return rig_is_target(verdict, party->stranger) ? who | OTHERS : who;
}

/* L-009, L-012 to L-017, J-02 */
TEST(a_frame_goes_where_it_should_and_nowhere_else)
{
    static const lp_mac alice = {{2, 0, 0, 0, 0, 2}}, bob = {{2, 0, 0, 0, 0, 3}},
                        stranger = {{2, 0, 0, 0, 0, 4}}, nobody = {{2, 0, 0, 0, 0, 9}};
    const struct {
        const char *name;
        guest from;
        lp_mac source, destination;
        unsigned to;
        lp_reason reason;
    } rows[] = {
        {"player to player", ALICE, alice, bob, BOB, LP_REASON_NONE},
        {"player to a LAN host", ALICE, alice, lan_host, GATEWAY, LP_REASON_NONE},
        {"player to the unknown", ALICE, alice, nobody, GATEWAY, LP_REASON_NONE},
        {"player to another room's", ALICE, alice, stranger, GATEWAY, LP_REASON_NONE},
        {"player to itself", ALICE, alice, alice, NOBODY,
         LP_REASON_UNKNOWN_DESTINATION},
        {"player to all", ALICE, alice, LP_MAC_BROADCAST, GATEWAY | BOB,
         LP_REASON_NONE},
        {"player to some", ALICE, alice, mdns, GATEWAY | BOB, LP_REASON_NONE},
        {"LAN to a player", GATEWAY, lan_host, alice, ALICE, LP_REASON_NONE},
        {"LAN to all", GATEWAY, lan_host, LP_MAC_BROADCAST, ALICE | BOB,
         LP_REASON_NONE},
        {"LAN to the LAN", GATEWAY, lan_printer, lan_host, NOBODY,
         LP_REASON_UNKNOWN_DESTINATION},
        {"LAN to the unknown", GATEWAY, lan_host, nobody, NOBODY,
         LP_REASON_UNKNOWN_DESTINATION},
        {"LAN to another room's", GATEWAY, lan_host, stranger, NOBODY,
         LP_REASON_UNKNOWN_DESTINATION},
        {"a forged source", ALICE, bob, LP_MAC_BROADCAST, NOBODY,
         LP_REASON_UNAUTHORIZED_SOURCE},
        {"a LAN host's source", ALICE, lan_host, bob, NOBODY,
         LP_REASON_UNAUTHORIZED_SOURCE},
        {"a player's source from the LAN", GATEWAY, alice, LP_MAC_BROADCAST, NOBODY,
         LP_REASON_LOOP},
        {"a multicast source", ALICE, mdns, bob, NOBODY, LP_REASON_INVALID_SOURCE},
        {"a multicast source from the LAN", GATEWAY, mdns, bob, NOBODY,
         LP_REASON_INVALID_SOURCE},
    };
    EACH_ROW (row, rows) {
        lan_party party = party_new();
        lp_verdict verdict = rig_send(party.relay, *peer_of(&party, row->from),
                                      row->destination, row->source, 0);
        CHECK_EQ(verdict.reason, row->reason);
        CHECK_EQ(verdict.action, lp_reason_action(row->reason));
        CHECK_EQ(targets_of(&party, verdict), row->to);
        CHECK_EQ(verdict.target_count, __builtin_popcount(row->to));
        lp_relay_free(party.relay);
    }
}

TEST(a_destination_in_the_header_narrows_what_the_frame_says)
{
    static const lp_mac alice = {{2, 0, 0, 0, 0, 2}}, bob = {{2, 0, 0, 0, 0, 3}};
    enum { UNKNOWN_ID = 0xabcdef };
    lan_party party = party_new();
    const struct {
        const char *name;
        lp_peer header;
        lp_mac destination;
        unsigned to;
        lp_reason reason;
    } rows[] = {
        {"as the frame says", 0, bob, BOB, LP_REASON_NONE},
        {"everyone, as the frame says", LP_EVERYONE, bob, BOB, LP_REASON_NONE},
        {"the same", party.bob.id, bob, BOB, LP_REASON_NONE},
        {"another", party.gateway.id, bob, NOBODY, LP_REASON_UNKNOWN_DESTINATION},
        {"one of all", party.bob.id, mdns, BOB, LP_REASON_NONE},
        {"itself of all", party.alice.id, mdns, NOBODY, LP_REASON_UNKNOWN_DESTINATION},
        {"a stranger", party.stranger.id, mdns, NOBODY, LP_REASON_UNKNOWN_DESTINATION},
        {"nobody's id", UNKNOWN_ID, mdns, NOBODY, LP_REASON_UNKNOWN_DESTINATION},
        {"the LAN", party.gateway.id, lan_printer, GATEWAY, LP_REASON_NONE},
        {"not the LAN", party.bob.id, lan_printer, NOBODY,
         LP_REASON_UNKNOWN_DESTINATION},
    };
    EACH_ROW (row, rows) {
        lp_bytes datagram =
            rig_datagram(party.alice, row->header, row->destination, alice, FRAME_LEN);
        lp_verdict verdict =
            lp_relay_on_datagram(party.relay, party.alice.link, datagram, 0);
        CHECK_EQ(verdict.reason, row->reason);
        CHECK_EQ(targets_of(&party, verdict), row->to);
    }
    lp_relay_free(party.relay);
}

TEST(without_a_gateway_there_is_no_lan)
{
    lan_party party = party_new();
    lp_relay_on_close(party.relay, party.gateway.link, "unplugged", 0);
    static const lp_mac *const away[] = {&lan_host, &lan_printer};
    for (size_t i = 0; i < 2; i++) {
        lp_verdict verdict =
            rig_send(party.relay, party.alice, *away[i], party.alice.mac, 0);
        CHECK_EQ(verdict.reason, LP_REASON_NO_GATEWAY);
        CHECK_EQ(verdict.target_count, 0);
    }
    lp_verdict verdict = rig_send(party.relay, party.alice, mdns, party.alice.mac, 0);
    CHECK_EQ(targets_of(&party, verdict), BOB);
    lp_relay_free(party.relay);
}

/* L-019, L-021, P-009: which of two complaints about one frame is heard */
TEST(checks_come_in_the_documented_order)
{
    static const lp_mac alice = {{2, 0, 0, 0, 0, 2}}, bob = {{2, 0, 0, 0, 0, 3}},
                        bridge_group = {{0x01, 0x80, 0xc2, 0, 0, 0}};
    enum { HEADER = LP_DATAGRAM_HEADER_LEN, ROOM_FRAME = 1280 + LP_FRAME_HEADER_LEN };
    const struct {
        const char *name;
        size_t len; /* of the frame */
        lp_mac source, destination;
        int room_off_by;
        lp_reason reason;
    } rows[] = {
        {"1 before 2: the budget, whatever it is", BUDGET - HEADER + 1, alice, mdns, 1,
         LP_REASON_DATAGRAM_BUDGET},
        {"1: just within the budget, 4: not the room's MTU", BUDGET - HEADER, alice,
         mdns, 0, LP_REASON_TAP_MTU},
        {"2 before 3: another room's number", 0, alice, mdns, 1, LP_REASON_MALFORMED},
        {"3: a runt", LP_FRAME_HEADER_LEN - 1, alice, mdns, 0, LP_REASON_MALFORMED},
        {"4 before 5", ROOM_FRAME + 1, mdns, mdns, 0, LP_REASON_TAP_MTU},
        {"4: just within the MTU, 5: a multicast source", ROOM_FRAME, mdns, mdns, 0,
         LP_REASON_INVALID_SOURCE},
        {"5 before 6: forged link control", FRAME_LEN, bob, bridge_group, 0,
         LP_REASON_UNAUTHORIZED_SOURCE},
        {"6: link control", FRAME_LEN, alice, bridge_group, 0, LP_REASON_LINK_LOCAL},
        {"all is well", ROOM_FRAME, alice, mdns, 0, LP_REASON_NONE},
    };
    EACH_ROW (row, rows) {
        lan_party party = party_new();
        rig_peer from = party.alice;
        from.room += (uint32_t)row->room_off_by;
        lp_bytes datagram =
            rig_datagram(from, 0, row->destination, row->source, row->len);
        lp_verdict verdict = lp_relay_on_datagram(party.relay, from.link, datagram, 0);
        CHECK_EQ(verdict.reason, row->reason);
        CHECK_EQ(verdict.target_count, row->reason ? 0 : 2);
        lp_relay_free(party.relay);
    }
}

TEST(a_datagram_that_claims_to_be_anothers_is_malformed)
{
    lan_party party = party_new();
    rig_peer forger = party.alice;
    forger.id = party.bob.id;
    CHECK_EQ(rig_send(party.relay, forger, mdns, party.bob.mac, 0).reason,
             LP_REASON_MALFORMED);
    lp_relay_free(party.relay);
}

TEST(who_is_no_member_sends_nothing)
{
    lan_party party = party_new();
    rig_peer early = party.alice;
    early.link = rig_connect(party.relay, 8, BUDGET, 0);
    CHECK_EQ(rig_send(party.relay, early, mdns, early.mac, 0).reason,
             LP_REASON_MALFORMED);
    CHECK_EQ(lp_relay_budget(party.relay, early.link), 0);
    lp_relay_free(party.relay);
}

/* P-004, L-027 */
TEST(thirty_two_malformed_datagrams_in_ten_seconds_end_the_session)
{
    static const struct {
        const char *name;
        lp_duration apart;
        unsigned survives;
    } rows[] = {
        {"at once", 0, 31},
        {"over nine seconds", LP_MS(290), 31},
        {"over a minute", LP_SECONDS(1), 1000},
    };
    EACH_ROW (row, rows) {
        lan_party party = party_new();
        unsigned sent = 0;
        for (; sent < 1000; sent++) {
            lp_relay_on_datagram(party.relay, party.alice.link, lp_bytes_of("\x2f", 1),
                                 sent * row->apart);
            if (!lp_relay_budget(party.relay, party.alice.link))
                break;
        }
        CHECK_EQ(sent, row->survives);
        if (sent < 1000) {
            CHECK_EQ(rig_hear_last(party.relay, party.bob.link).type,
                     LP_MESSAGE_PEER_LEFT);
            CHECK_EQ(rig_close(party.relay, NULL), LP_CLOSE_MALFORMED);
        }
        lp_relay_event event;
        size_t events = 0;
        while (rig_event(party.relay, LP_RELAY_MALFORMED, &event))
            events++;
        CHECK(events > 0 && events <= 10); /* 1, 2, 4, ... */
        CHECK(lp_relay_budget(party.relay, party.bob.link) > 0);
        lp_relay_free(party.relay);
    }
}

/* P-018, L-029 */
TEST(a_keepalive_is_counted_and_goes_nowhere)
{
    lan_party party = party_new();
    uint8_t octets[LP_DATAGRAM_HEADER_LEN];
    lp_datagram keepalive = {
        LP_DATAGRAM_KEEPALIVE, party.alice.room, party.alice.id, 0, {NULL, 0}};
    size_t len = lp_datagram_write(&keepalive, lp_space_of(octets, sizeof octets));
    lp_verdict verdict = lp_relay_on_datagram(party.relay, party.alice.link,
                                              lp_bytes_of(octets, len), LP_SECONDS(7));
    CHECK_EQ(verdict.reason, LP_REASON_NONE);
    CHECK_EQ(verdict.target_count, 0);

    lp_relay_peer_view view;
    size_t cursor = 1; /* alice joined second */
    CHECK(lp_relay_next_peer(party.relay, "QUAKE", &cursor, &view));
    CHECK_EQ(view.last_seen, LP_SECONDS(7));
    CHECK_EQ(view.stats.stat[LP_STAT_KEEPALIVES], 1);
    lp_relay_free(party.relay);
}

/* L-026, L-038: limits are each player's own, and the gateway has none */
TEST(rates_are_limited_for_each_player_alone)
{
    static const struct {
        const char *name;
        lp_mac destination;
        unsigned passes; /* of 2000 at once */
        lp_reason reason;
    } rows[] = {
        {"broadcast",
         {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
         1024,
         LP_REASON_BROADCAST_RATE},
        {"multicast", {{0x01, 0x00, 0x5e, 0, 0, 0xfb}}, 1024, LP_REASON_BROADCAST_RATE},
        {"unknown unicast", {{2, 0, 0, 0, 0, 9}}, 256, LP_REASON_UNKNOWN_UNICAST_RATE},
        {"known unicast", {{2, 0, 0, 0, 0, 3}}, 2000, LP_REASON_NONE},
    };
    EACH_ROW (row, rows) {
        lan_party party = party_new();
        unsigned passed = 0;
        for (unsigned i = 0; i < 2000; i++) {
            lp_verdict verdict = rig_send(party.relay, party.alice, row->destination,
                                          party.alice.mac, 0);
            passed += verdict.target_count > 0;
        }
        CHECK_EQ(passed, row->passes);
        CHECK_EQ(lp_relay_stats(party.relay)->reason[row->reason],
                 row->reason ? 2000 - row->passes
                             : 2001); /* and the first of party_new */
        CHECK(rig_send(party.relay, party.bob, mdns, party.bob.mac, 0).target_count >
              0);
        for (unsigned i = 0; i < 2000; i++)
            CHECK_EQ(rig_send(party.relay, party.gateway, mdns, lan_host, 0).reason,
                     LP_REASON_NONE);
        lp_relay_free(party.relay);
    }
}

/* L-018, L-020, D-008 */
TEST(everything_is_counted_for_the_peer_and_for_the_relay)
{
    lan_party party = party_new();
    rig_send(party.relay, party.alice, mdns, party.alice.mac, 0);
    rig_send(party.relay, party.gateway, mdns, lan_host, 0);
    lp_relay_on_egress(party.relay, party.bob.link, 76, LP_REASON_NONE);
    lp_relay_on_egress(party.relay, party.bob.link, 76, LP_REASON_EGRESS_BUDGET);
    lp_relay_on_egress(party.relay, party.bob.link, 76, LP_REASON_QUEUE);

    const lp_stats *all = lp_relay_stats(party.relay);
    CHECK_EQ(all->stat[LP_STAT_DATAGRAMS_RX], 3);
    CHECK_EQ(all->stat[LP_STAT_BYTES_RX], 3 * (FRAME_LEN + LP_DATAGRAM_HEADER_LEN));
    CHECK_EQ(all->stat[LP_STAT_BROADCAST_TO_LAN], 1);
    CHECK_EQ(all->stat[LP_STAT_BROADCAST_FROM_LAN], 1);
    CHECK_EQ(all->stat[LP_STAT_DATAGRAMS_TX], 1);
    CHECK_EQ(all->reason[LP_REASON_NONE], 3);

    lp_relay_peer_view view;
    size_t cursor = 2; /* bob joined third */
    CHECK(lp_relay_next_peer(party.relay, "QUAKE", &cursor, &view));
    CHECK_EQ(view.stats.stat[LP_STAT_DATAGRAMS_TX], 1);
    CHECK_EQ(view.stats.reason[LP_REASON_EGRESS_BUDGET], 1);
    CHECK_EQ(view.stats.reason[LP_REASON_QUEUE], 1);
    CHECK_EQ(view.stats.stat[LP_STAT_DATAGRAMS_RX], 0);
    lp_relay_on_close(party.relay, party.bob.link, "bye", 0);
    CHECK_EQ(all->stat[LP_STAT_DATAGRAMS_TX], 1); /* past peers count too */
    lp_relay_free(party.relay);
}

/* L-014, L-030: whoever leaves, the others still get everything */
TEST(seats_close_up_when_someone_leaves)
{
    lp_relay_config config = rig_config();
    config.max_links = config.max_clients = 1024;
    lp_relay *relay = lp_relay_new(&config, 0);
    static rig_peer peers[1024];
    for (uint32_t i = 0; i < 1024; i++)
        peers[i] = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", i + 1, 0);
    CHECK_EQ(rig_send(relay, peers[500], mdns, peers[500].mac, 0).target_count, 1023);
    for (uint32_t i = 0; i < 1024; i += 3) {
        lp_relay_on_close(relay, peers[i].link, "bye", 0);
        rig_drop_sends(relay);
    }
    lp_verdict verdict = rig_send(relay, peers[500], mdns, peers[500].mac, 0);
    CHECK_EQ(verdict.target_count, 681);
    for (uint32_t i = 0; i < 1024; i++)
        CHECK_EQ(rig_is_target(verdict, peers[i]), i % 3 != 0 && i != 500);
    lp_relay_free(relay);
}
