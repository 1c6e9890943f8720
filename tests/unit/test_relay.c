#include "core/relay.h"

#include "relay_rig.h"

TEST(a_link_is_a_slot_that_comes_back_late_under_another_number)
{
    lp_relay *relay = rig_new();
    lp_link first = rig_connect(relay, 1, BUDGET, 0);
    CHECK(first != 0);
    CHECK(lp_relay_slot_of(relay, first) < 16);
    CHECK_EQ(lp_relay_link_count(relay), 1);
    lp_relay_on_close(relay, first, "bye", 0);
    CHECK_EQ(lp_relay_link_count(relay), 0);

    bool is_seen[16] = {false};
    for (unsigned i = 0; i < 16; i++) {
        lp_link link = rig_connect(relay, 2 + i, BUDGET, 0);
        CHECK(link != 0 && link != first);
        CHECK(!is_seen[lp_relay_slot_of(relay, link)]);
        is_seen[lp_relay_slot_of(relay, link)] = true;
    }
    CHECK_EQ(rig_connect(relay, 99, BUDGET, 0), 0);
    lp_relay_free(relay);
}

TEST(events_for_a_link_that_is_gone_are_harmless)
{
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    lp_addr from = {.family = 4};
    lp_relay_on_close(relay, alice.link, "bye", 0);
    static const lp_link gone[] = {0, 3, UINT32_MAX};
    for (size_t i = 0; i < 4; i++) {
        lp_link link = i < 3 ? gone[i] : alice.link;
        lp_message hello = rig_hello(LP_ROLE_CLIENT, "QUAKE", 2);
        rig_say(relay, link, &hello, 0);
        lp_relay_on_budget(relay, link, BUDGET, true, 0);
        lp_relay_on_rtt(relay, link, LP_MS(1));
        lp_relay_on_address(relay, link, &from);
        lp_relay_on_egress(relay, link, 100, LP_REASON_NONE);
        lp_relay_on_close(relay, link, "again", 0);
        CHECK_EQ(lp_relay_budget(relay, link), 0);
        alice.link = link;
        lp_verdict verdict = rig_send(relay, alice, mdns, alice.mac, 0);
        CHECK_EQ(verdict.target_count, 0);
        CHECK_EQ(verdict.reason, LP_REASON_MALFORMED);
    }
    CHECK_EQ(lp_relay_link_count(relay), 0);
    CHECK_EQ(lp_relay_stats(relay)->stat[LP_STAT_DATAGRAMS_TX], 0);
    lp_relay_free(relay);
}

TEST(who_says_no_hello_is_let_go_in_time)
{
    lp_relay *relay = rig_new();
    CHECK_EQ(lp_relay_deadline(relay), LP_NEVER);
    lp_link idle = rig_connect(relay, 1, BUDGET, LP_SECONDS(1));
    rig_connect(relay, 2, BUDGET, LP_SECONDS(2));
    CHECK_EQ(lp_relay_deadline(relay), LP_SECONDS(1) + LP_RELAY_HELLO_TIMEOUT);

    lp_relay_on_deadline(relay, lp_relay_deadline(relay) - 1);
    CHECK_EQ(rig_close(relay, NULL), LP_CLOSE_NONE);
    lp_relay_on_deadline(relay, lp_relay_deadline(relay));
    lp_message goodbye = rig_hear_last(relay, idle);
    CHECK_EQ(goodbye.type, LP_MESSAGE_DISCONNECT);
    CHECK_HAS(goodbye.disconnect.reason, "hello");
    lp_link closed;
    CHECK_EQ(rig_close(relay, &closed), LP_CLOSE_TIMEOUT);
    CHECK_EQ(closed, idle);
    CHECK_EQ(lp_relay_deadline(relay), LP_SECONDS(2) + LP_RELAY_HELLO_TIMEOUT);
    lp_relay_free(relay);
}

/* C-012, L-030 */
TEST(a_lost_connection_leaves_the_room_and_its_address_behind)
{
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    rig_peer bob = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 3, 0);
    lp_relay_on_close(relay, bob.link, "idle\ntimeout", 0);

    lp_link to;
    lp_message left = rig_hear(relay, &to);
    CHECK_EQ(to, alice.link);
    CHECK_EQ(left.type, LP_MESSAGE_PEER_LEFT);
    CHECK_EQ(left.peer_left.peer_id, bob.id);
    CHECK_STR(left.peer_left.reason, "idle timeout");
    CHECK_EQ(rig_close(relay, NULL), LP_CLOSE_NONE);

    rig_peer again = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 3, 0);
    CHECK_EQ(again.id, bob.id); /* who comes back is who it was */
    rig_peer carol = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 4, 0);
    CHECK(carol.id != alice.id && carol.id != bob.id);
    lp_relay_free(relay);
}

TEST(messages_for_a_lost_connection_are_dropped)
{
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    lp_link bob = rig_connect(relay, 3, BUDGET, 0);
    lp_message hello = rig_hello(LP_ROLE_CLIENT, "QUAKE", 3);
    rig_say(relay, bob, &hello, 0);
    lp_relay_on_close(relay, bob, "gone before its welcome was written", 0);

    lp_link to;
    CHECK_EQ(rig_hear(relay, &to).type, LP_MESSAGE_PEER_JOINED);
    CHECK_EQ(to, alice.link);
    CHECK_EQ(rig_hear(relay, &to).type, LP_MESSAGE_PEER_LEFT);
    CHECK_EQ(to, alice.link);
    rig_hear(relay, &to);
    CHECK_EQ(to, 0);
    lp_relay_free(relay);
}

TEST(a_link_is_closed_after_its_last_message)
{
    lp_relay *relay = rig_new();
    lp_link link = rig_connect(relay, 1, BUDGET, 0);
    rig_say_text(relay, link, "{}", 0);
    lp_relay_close end;
    CHECK(!lp_relay_next_close(relay, &end));
    lp_link to;
    CHECK_EQ(rig_hear(relay, &to).type, LP_MESSAGE_REJECT);
    CHECK(lp_relay_next_close(relay, &end));
    CHECK_EQ(end.link, link);
    CHECK_EQ(end.code, LP_CLOSE_REJECTED);
    CHECK(end.reason[0] != '\0');
    CHECK_EQ(lp_relay_link_count(relay), 1); /* until the connection is gone */
    lp_relay_on_close(relay, link, "closed", 0);
    CHECK_EQ(lp_relay_link_count(relay), 0);
    lp_relay_free(relay);
}

TEST(a_shutdown_says_goodbye_to_everyone_and_admits_no_one)
{
    lp_relay *relay = rig_new();
    rig_peer peers[] = {
        rig_join(relay, LP_ROLE_GATEWAY, "QUAKE", 1, 0),
        rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0),
        rig_join(relay, LP_ROLE_CLIENT, "DOOM", 3, 0),
        {.link = rig_connect(relay, 4, BUDGET, 0)}, /* has said nothing yet */
    };
    lp_relay_shut_down(relay, "restarting", 0);
    for (size_t i = 0; i < 4; i++) {
        lp_link to;
        lp_message goodbye = rig_hear(relay, &to);
        CHECK_EQ(to, peers[i].link);
        CHECK_EQ(goodbye.type, LP_MESSAGE_DISCONNECT);
        CHECK_STR(goodbye.disconnect.reason, "restarting");
    }
    lp_link to;
    rig_hear(relay, &to);
    CHECK_EQ(to, 0); /* no word about each other */
    for (size_t i = 0; i < 4; i++)
        CHECK_EQ(rig_close(relay, NULL), LP_CLOSE_NORMAL);
    CHECK_EQ(lp_relay_link_count(relay), 0);
    CHECK_EQ(rig_connect(relay, 5, BUDGET, 0), 0);
    CHECK_EQ(lp_relay_deadline(relay), LP_NEVER);
    lp_relay_free(relay);
}

/* D-012 */
TEST(clients_hear_every_five_seconds_how_far_the_lan_is)
{
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    CHECK_EQ(lp_relay_deadline(relay), LP_NEVER); /* no gateway: nothing to tell */
    rig_peer gateway = rig_join(relay, LP_ROLE_GATEWAY, "QUAKE", 1, LP_SECONDS(1));
    CHECK_EQ(lp_relay_deadline(relay), LP_SECONDS(1) + LP_RELAY_LATENCY_EVERY);

    lp_relay_on_deadline(relay, LP_SECONDS(6));
    lp_link to;
    rig_hear(relay, &to);
    CHECK_EQ(to, 0); /* not measured yet */

    lp_relay_on_rtt(relay, gateway.link, LP_US(23456));
    lp_relay_on_deadline(relay, LP_SECONDS(11));
    lp_message latency = rig_hear(relay, &to);
    CHECK_EQ(to, alice.link);
    CHECK_EQ(latency.type, LP_MESSAGE_LATENCY);
    CHECK_EQ(latency.latency.peer_id, gateway.id);
    CHECK_EQ(latency.latency.rtt_us, 23456);
    rig_hear(relay, &to);
    CHECK_EQ(to, 0); /* the gateway is told nothing */

    lp_relay_on_close(relay, alice.link, "bye", LP_SECONDS(12));
    CHECK_EQ(lp_relay_deadline(relay), LP_NEVER);
    lp_relay_free(relay);
}

/* L-028, L-029 */
TEST(views_show_rooms_and_who_is_in_them)
{
    lp_relay *relay = rig_new();
    rig_peer gateway = rig_join(relay, LP_ROLE_GATEWAY, "QUAKE", 1, 0);
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, LP_SECONDS(1));
    rig_join(relay, LP_ROLE_CLIENT, "DOOM", 3, 0);
    rig_send(relay, gateway, alice.mac, lan_host, LP_SECONDS(2));
    lp_relay_on_egress(relay, alice.link, 76, LP_REASON_NONE);
    lp_relay_on_rtt(relay, alice.link, LP_MS(15));
    lp_addr moved = {.family = 4, .ip = {198, 51, 100, 7}, .port = 9};
    lp_relay_on_address(relay, alice.link, &moved);

    lp_relay_room_view room;
    size_t rooms = 0;
    CHECK(lp_relay_next_room(relay, &rooms, LP_SECONDS(2), &room));
    CHECK_STR(room.code, "QUAKE");
    CHECK_EQ(room.room_id, alice.room);
    CHECK_EQ(room.mtu, LP_RELAY_ROOM_MTU_DEFAULT);
    CHECK(room.has_gateway);
    CHECK_EQ(room.clients, 1);
    CHECK_EQ(room.stations, 1);
    CHECK(lp_relay_next_room(relay, &rooms, LP_SECONDS(2), &room));
    CHECK_STR(room.code, "DOOM");
    CHECK(!room.has_gateway);
    CHECK(!lp_relay_next_room(relay, &rooms, LP_SECONDS(2), &room));

    lp_relay_peer_view peer;
    size_t peers = 0;
    CHECK(lp_relay_next_peer(relay, "QUAKE", &peers, &peer));
    CHECK_EQ(peer.peer_id, gateway.id);
    CHECK_EQ(peer.role, LP_ROLE_GATEWAY);
    CHECK(!peer.has_mac);
    CHECK_EQ(peer.last_seen, LP_SECONDS(2));
    CHECK_EQ(peer.stats.stat[LP_STAT_DATAGRAMS_RX], 1);
    CHECK(lp_relay_next_peer(relay, "QUAKE", &peers, &peer));
    CHECK_EQ(peer.link, alice.link);
    CHECK(peer.has_mac && lp_mac_equal(peer.mac, alice.mac));
    CHECK_EQ(lp_get_u32(peer.identity.octet), 2);
    CHECK(lp_addr_equal(&peer.from, &moved));
    CHECK_EQ(peer.budget, BUDGET);
    CHECK_EQ(peer.rtt, LP_MS(15));
    CHECK_EQ(peer.joined_at, LP_SECONDS(1));
    CHECK_EQ(peer.stats.stat[LP_STAT_DATAGRAMS_TX], 1);
    CHECK_EQ(peer.stats.stat[LP_STAT_BYTES_TX], 76);
    CHECK(peer.reported == NULL);
    CHECK(!lp_relay_next_peer(relay, "QUAKE", &peers, &peer));
    peers = 0;
    CHECK(!lp_relay_next_peer(relay, "HEXEN", &peers, &peer));

    lp_peer id;
    const char *code;
    CHECK(lp_relay_whois(relay, alice.link, &id, &code));
    CHECK_EQ(id, alice.id);
    CHECK_STR(code, "QUAKE");
    CHECK(!lp_relay_whois(relay, rig_connect(relay, 4, BUDGET, 0), &id, &code));
    lp_relay_free(relay);
}

TEST(the_oldest_events_give_way)
{
    lp_relay *relay = rig_new();
    for (uint32_t i = 0; i < 200;
         i++) { /* each is joined, room made, left, room gone */
        rig_peer peer = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2 + i, 0);
        lp_relay_on_close(relay, peer.link, "bye", 0);
    }
    lp_relay_event event;
    size_t count = 0;
    lp_peer last = 0;
    while (lp_relay_next_event(relay, &event)) {
        last = event.peer;
        count++;
    }
    CHECK_EQ(count, 256);
    CHECK_EQ(event.kind, LP_RELAY_ROOM_GONE);
    CHECK_EQ(last, 200);
    CHECK_STR(event.room, "QUAKE");
    lp_relay_free(relay);
}
