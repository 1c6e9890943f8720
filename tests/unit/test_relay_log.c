#include "runtime/relay_log.h"

#include "heard.h"
#include "relay_rig.h"

static heard lines;

static const lp_relay_event whole = {
    .kind = LP_RELAY_JOINED,
    .link = 5,
    .peer = 7,
    .role = LP_ROLE_CLIENT,
    .room = "QUAKE",
    .has_mac = true,
    .mac = {{0x02, 0, 0, 0, 0, 0x07}},
    .from = {.family = 4, .ip = {192, 0, 2, 9}, .port = 5000},
    .mtu = 1280,
    .count = 32,
    .text = "bye",
};

TEST(every_event_has_its_sentence_and_its_weight)
{
    static const struct {
        const char *name;
        lp_relay_event_kind kind;
        lp_log_level level;
    } rows[] = {
        {"peer joined", LP_RELAY_JOINED, LP_INFO},
        {"peer came back", LP_RELAY_TOOK_OVER, LP_INFO},
        {"peer rejected", LP_RELAY_REJECTED, LP_INFO},
        {"peer left", LP_RELAY_LEFT, LP_INFO},
        {"room opened", LP_RELAY_ROOM_MADE, LP_INFO},
        {"room closed", LP_RELAY_ROOM_GONE, LP_INFO},
        {"malformed datagrams", LP_RELAY_MALFORMED, LP_WARN},
        {"unknown message", LP_RELAY_MESSAGE_UNKNOWN, LP_DEBUG},
    };
    EACH_ROW (row, rows) {
        lp_log_sink log = log_to(&lines, LP_DEBUG);
        lp_relay_event event = whole;
        event.kind = row->kind;
        lp_log_relay_event(&log, &event);
        CHECK_EQ(lines.count, 1);
        CHECK_EQ(lines.line[0].level, row->level);
        CHECK(strncmp(lines.line[0].text, row->name, strlen(row->name)) == 0);
        CHECK_HAS(lines.line[0].text,
                  " room=QUAKE mac=02:00:00:00:00:07 reason=bye peer=7 role=client "
                  "from=192.0.2.9:5000 mtu=1280 count=32");
    }
}

TEST(what_an_event_does_not_know_is_left_out)
{
    lp_log_sink log = log_to(&lines, LP_DEBUG);
    lp_relay_event event = {.kind = LP_RELAY_REJECTED, .text = "the room is full"};
    lp_log_relay_event(&log, &event);
    CHECK_STR(lines.line[0].text, "peer rejected reason=\"the room is full\"");
}

TEST(strangers_who_come_and_go_do_not_fill_the_disk)
{
    lp_log_sink sink = log_to(&lines, LP_INFO);
    lp_relay_log log = lp_relay_log_start(&sink, 0);
    lp_relay_event quiet = {.kind = LP_RELAY_MESSAGE_UNKNOWN};
    for (int i = 0; i < 3 * LP_RELAY_LOG_BURST; i++) {
        lp_relay_log_event(&log, &whole, 0);
        lp_relay_log_event(&log, &quiet, 0); /* below the level: takes nobody's place */
    }
    CHECK_EQ(lines.count, LP_RELAY_LOG_BURST);

    sink = log_to(&lines, LP_INFO);
    for (int i = 0; i < LP_RELAY_LOG_RATE + 5; i++)
        lp_relay_log_event(&log, &whole, LP_SECONDS(1));
    CHECK_EQ(lines.count, LP_RELAY_LOG_RATE + 1);
    CHECK_STR(lines.line[0].text,
              "peers come and go too fast for this log lines_left_out=2000");
    CHECK_HAS(lines.line[1].text, "peer joined");
}

TEST(events_below_the_level_are_not_written)
{
    lp_log_sink log = log_to(&lines, LP_WARN);
    lp_relay_event event = {.kind = LP_RELAY_JOINED};
    lp_log_relay_event(&log, &event);
    CHECK_EQ(lines.count, 0);
    event.kind = LP_RELAY_MALFORMED;
    lp_log_relay_event(&log, &event);
    CHECK_EQ(lines.count, 1);
}

/* L-031 */
TEST(a_frame_line_says_room_peer_and_what_was_decided)
{
    lp_log_sink log = log_to(&lines, LP_INFO);
    lp_frame_log frame_log;
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 1, 0);
    rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    char want[128];
    CHECK_EQ(lp_frame_log_read("all", &log, &frame_log), LP_OK);

    lp_bytes datagram = rig_datagram(alice, 0, LP_MAC_BROADCAST, alice.mac, FRAME_LEN);
    lp_verdict verdict = lp_relay_on_datagram(relay, alice.link, datagram, 0);
    lp_log_verdict(&frame_log, relay, alice.link, datagram, &verdict);
    snprintf(want, sizeof want, "direction=relay room=QUAKE peer=%u ", alice.id);
    CHECK_HAS(lines.line[0].text, want);
    CHECK_HAS(lines.line[0].text, "src=02:00:00:00:00:01 dst=ff:ff:ff:ff:ff:ff "
                                  "ethertype=0x88b6 len=60 action=forwarded targets=1");

    datagram = rig_datagram(alice, 0, LP_MAC_BROADCAST, lan_host, FRAME_LEN);
    verdict = lp_relay_on_datagram(relay, alice.link, datagram, 0);
    lp_log_verdict(&frame_log, relay, alice.link, datagram, &verdict);
    CHECK_HAS(lines.line[1].text,
              "action=filtered reason=unauthorized_source targets=0");
    lp_relay_free(relay);
}

TEST(garbage_is_logged_as_what_it_is)
{
    lp_log_sink log = log_to(&lines, LP_INFO);
    lp_frame_log frame_log;
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 1, 0);
    lp_bytes garbage = lp_bytes_of("\xff\xff", 2);
    CHECK_EQ(lp_frame_log_read("all", &log, &frame_log), LP_OK);
    lp_verdict verdict = lp_relay_on_datagram(relay, alice.link, garbage, 0);
    lp_log_verdict(&frame_log, relay, alice.link, garbage, &verdict);
    CHECK_HAS(lines.line[0].text, "len=0 action=dropped reason=malformed targets=0");
    lp_relay_free(relay);
}

TEST(a_line_about_nobody_names_nobody)
{
    lp_log_sink log = log_to(&lines, LP_INFO);
    lp_frame_log frame_log;
    lp_relay *relay = rig_new();
    lp_link silent = rig_connect(relay, 1, BUDGET, 0);
    lp_bytes garbage = lp_bytes_of("\xff\xff", 2);
    CHECK_EQ(lp_frame_log_read("all", &log, &frame_log), LP_OK);
    lp_verdict verdict = lp_relay_on_datagram(relay, silent, garbage, 0);
    lp_log_verdict(&frame_log, relay, silent, garbage, &verdict);
    CHECK_EQ(lines.count, 1);
    CHECK(!strstr(lines.line[0].text, "room="));
    lp_relay_free(relay);
}

/* L-020: ingress peer, target peer, encoded length, target budget */
TEST(a_datagram_too_large_for_its_target_names_both_peers_and_both_numbers)
{
    lp_log_sink log = log_to(&lines, LP_DEBUG);
    lp_relay *relay = rig_new();
    rig_peer alice = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 1, 0);
    rig_peer bob = rig_join(relay, LP_ROLE_CLIENT, "QUAKE", 2, 0);
    lp_bytes datagram = rig_datagram(alice, 0, bob.mac, alice.mac, FRAME_LEN);
    char want[128];
    lp_log_egress(&log, relay, bob.link, datagram, 70);
    snprintf(want, sizeof want,
             "reason=egress_budget room=QUAKE peer=%u target=%u "
             "len=76 budget=70",
             alice.id, bob.id);
    CHECK_HAS(lines.line[0].text, want);
    CHECK_EQ(lines.line[0].level, LP_DEBUG);

    lp_log_sink quiet = log_to(&lines, LP_INFO);
    lp_log_egress(&quiet, relay, bob.link, datagram, 70);
    CHECK_EQ(lines.count, 0);
    lp_relay_free(relay);
}
