/* Every allocation fails once; the relay goes on, and forgets nobody who should stay.
 */
#include "core/relay.h"
#include "relay_rig.h"

TEST(a_relay_is_made_whole_or_not_at_all)
{
    for (unsigned n = 1;; n++) {
        lp_relay_config config = rig_config();
        lp_test_fail_allocation(n);
        lp_relay *relay = lp_relay_new(&config, 0);
        bool failed = lp_test_allocation_failed();
        CHECK_EQ(relay == NULL, failed);
        lp_relay_free(relay);
        if (!failed)
            break;
        CHECK(n < 100);
    }
}

TEST(a_connection_is_refused_where_there_is_no_memory)
{
    lp_relay *relay = rig_new();
    lp_fingerprint key = {{1}};
    lp_addr from = {.family = 4};
    lp_link link = 0;
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_relay_on_connect(relay, &key, &from, 0, &link), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
    CHECK_EQ(lp_relay_link_count(relay), 0);
    CHECK_EQ(lp_relay_on_connect(relay, &key, &from, 0, &link), LP_OK);
    lp_relay_free(relay);
}

/* Alice is there, bob joins and may fail. Whoever is a member afterwards knows of the
 * other one, and frames between members pass. */
static void check_join(lp_relay *relay, rig_peer alice, rig_peer bob)
{
    bool alice_is_in = lp_relay_budget(relay, alice.link) > 0;
    bool bob_is_in = lp_relay_budget(relay, bob.link) > 0;
    bool alice_knows = false, bob_knows = false, bob_is_welcome = false;
    lp_link to;
    for (lp_message heard; heard = rig_hear(relay, &to), to != 0;) {
        if (to == bob.link && heard.type == LP_MESSAGE_WELCOME)
            bob_is_welcome = true;
        else if (heard.type == LP_MESSAGE_PEER_JOINED)
            *(to == alice.link ? &alice_knows : &bob_knows) = true;
        else if (heard.type == LP_MESSAGE_PEER_LEFT)
            *(to == alice.link ? &alice_knows : &bob_knows) = false;
    }
    if (alice_is_in)
        CHECK_EQ(alice_knows, bob_is_in);
    if (bob_is_in) {
        CHECK_EQ(bob_knows, alice_is_in);
        CHECK(bob_is_welcome);
    }
    lp_link closed;
    for (uint64_t code; (code = rig_close(relay, &closed)) != LP_CLOSE_NONE;) {
        /* jansson calls some of its own failures malformed (wire/json.h), and so bob's
         * hello; on Linux, where it is the system's, its allocations do not fail here. */
        CHECK(code == LP_CLOSE_INTERNAL ||
              (code == LP_CLOSE_REJECTED && closed == bob.link));
        CHECK(closed == alice.link || closed == bob.link);
    }
    CHECK_EQ(lp_relay_link_count(relay), alice_is_in + bob_is_in);
}

/* After whatever happened, both can join (again), and reach each other. */
static void check_usable(lp_relay *relay)
{
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    rig_peer bob = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 3, 0);
    CHECK(alice.id != 0 && bob.id != 0);
    CHECK(rig_is_target(rig_send(relay, alice, bob.mac, alice.mac, 0), bob));
    CHECK(rig_is_target(rig_send(relay, bob, alice.mac, bob.mac, 0), alice));
}

TEST(a_join_without_memory_leaves_no_half_member)
{
    for (unsigned n = 1;; n++) {
        lp_relay *relay = rig_new();
        rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
        rig_peer bob = {.link = rig_connect(relay, 3, BUDGET, 0)};
        lp_message hello = rig_hello(LP_ROLE_CLIENT, "QUAKE", 3);
        lp_test_fail_allocation(n);
        rig_say(relay, bob.link, &hello, 0);
        bool failed = lp_test_allocation_failed();
        check_join(relay, alice, bob);
        check_usable(relay);
        lp_relay_free(relay);
        if (!failed)
            break;
        CHECK(n < 200);
    }
}

TEST(a_room_without_memory_is_no_room)
{
    for (unsigned n = 1;; n++) {
        lp_relay *relay = rig_new();
        lp_link link = rig_connect(relay, 2, BUDGET, 0);
        lp_message hello = rig_hello(LP_ROLE_CLIENT, "QUAKE", 2);
        lp_test_fail_allocation(n);
        rig_say(relay, link, &hello, 0);
        bool failed = lp_test_allocation_failed();
        lp_relay_room_view view;
        size_t cursor = 0;
        bool has_room = lp_relay_next_room(relay, &cursor, 0, &view);
        CHECK_EQ(has_room, lp_relay_budget(relay, link) > 0);
        check_usable(relay);
        lp_relay_free(relay);
        if (!failed)
            break;
        CHECK(n < 200);
    }
}

/* Whom bob's leaving cannot be told, cannot stay: it would take him for present. */
TEST(a_goodbye_without_memory_reaches_everyone_who_stays)
{
    for (unsigned n = 1;; n++) {
        lp_relay *relay = rig_new();
        rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
        rig_peer bob = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 3, 0);
        lp_test_fail_allocation(n);
        rig_say_text(relay, bob.link, "{\"type\":\"disconnect\",\"reason\":\"bye\"}",
                     0);
        bool failed = lp_test_allocation_failed();
        lp_message heard = rig_hear_last(relay, alice.link);
        if (lp_relay_budget(relay, alice.link) > 0)
            CHECK_EQ(heard.type, LP_MESSAGE_PEER_LEFT);
        CHECK_EQ(lp_relay_budget(relay, bob.link), 0);
        check_usable(relay);
        lp_relay_free(relay);
        if (!failed)
            break;
        CHECK(n < 200);
    }
}

TEST(a_frame_costs_no_allocation)
{
    lp_relay *relay = rig_new();
    rig_peer gateway = rig_join(relay, LP_ROLE_GATEWAY, "QUAKE", 1, 0);
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    lp_test_fail_allocation(1);
    for (unsigned i = 0; i < 100; i++) {
        rig_send(relay, alice, mdns, alice.mac, 0);
        rig_send(relay, alice, rig_mac(50 + i), alice.mac, 0);
        rig_send(relay, gateway, alice.mac, rig_mac(1000 + i), 0);
        lp_relay_on_egress(relay, gateway.link, 76, LP_REASON_NONE);
    }
    CHECK(!lp_test_allocation_failed());
    lp_relay_free(relay);
}
