#include "runtime/show.h"

#include "capture.h"

static const char relay_state[] =
    "{'program':'lanparty-relay','version':'0.1.0','listen':'[::]:443','rooms':["
    "{'room':'QUAKE','room_id':1,'mtu':1280,'gateway_present':true,'clients':1,"
    "'stations':17,'peers':[{'peer_id':7,'role':'client','mac':'02:00:00:00:00:07',"
    "'address':'192.0.2.9:5000','rtt_ms':12.345,'datagram_budget':1314,"
    "'last_seen_ms':40.0,'counters':{'datagrams_rx':111,'datagrams_tx':222,"
    "'drop_queue':3,'drop_bpdu':4},'live':{'packets_sent':1000,'packets_lost':25,"
    "'queue_p99_us':7400,'queue_datagrams':5},'reported':{'queue_p99_us':1200,"
    "'drop_queue':31}},"
    "{'peer_id':8,'role':'gateway','mac':null,'address':'192.0.2.10:5000',"
    "'rtt_ms':1.0,'datagram_budget':1400,'last_seen_ms':4.0,'counters':{}}]},"
    "{'room':'DOOM','mtu':1134,'gateway_present':false,'clients':0,'peers':[]}],"
    "'counters':{'datagrams_rx':333,'drop_bpdu':4},"
    "'health':[{'severity':'warn','title':'The certificate expires soon',"
    "'detail':'in 3 days','remedy':'renew it'}],"
    "'live':{'packets_per_read_p50':2,'packets_per_read_p99':63},"
    "'quic':{'connections':2,'garbage':5}}";

static const char gateway_state[] =
    "{'program':'lanparty-gateway','version':'0.1.0','state':'joined',"
    "'relay':{'name':'relay.example','address':'192.0.2.1:443','rtt_ms':12.3,"
    "'datagram_budget':1314},'room':'QUAKE','tap_mtu':1280,'peer_id':8,"
    "'gateway_present':true,'peers':[{'peer_id':7,'role':'client',"
    "'mac':'02:00:00:00:00:07'}],'health':[{'severity':'warn','title':'No address',"
    "'detail':'','remedy':'wait'}],'counters':{'frames_rx':12},"
    "'lan':{'interface':'eth0','mac':'00:1b:21:00:00:01','carrier':true,"
    "'reaches_own_host':false},'live':{'rtt_us':12300,'rtt_min_us':11000,"
    "'packets_sent':10000,'packets_lost':12,'control_late':2,'queue_p50_us':150,"
    "'queue_p99_us':3900,'queue_datagrams':7,'queue_octets':812,'cwnd':120000,"
    "'in_flight':4000,'packets_per_send_p99':47,'frames_per_packet_p50':12}}";

static const char client_state[] =
    "{'program':'lanparty-client','version':'0.1.0','state':'joined',"
    "'relay':{'name':'relay.example','address':'192.0.2.1:443','rtt_ms':12.3,"
    "'datagram_budget':1314},'room':'QUAKE','tap_mtu':1280,'peer_id':7,"
    "'gateway_present':false,'peers':[],'health':[],'counters':{'frames_tx':12},"
    "'tap':{'name':'lan0','mac':'02:00:00:00:00:07','ip':'10.73.42.7/24','up':true},"
    "'says':['Connected to relay','No LAN gateway in the room']}";

static json_t *read_state(const char *quoted)
{
    char text[4096];
    snprintf(text, sizeof text, "%s", quoted);
    for (char *at = text; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    json_t *state = json_loads(text, 0, NULL);
    CHECK(state != NULL);
    return state;
}

static const char *show(void (*shown)(const json_t *state), const char *quoted)
{
    json_t *state = read_state(quoted);
    capture captured = begin_capture(stdout);
    shown(state);
    const char *page = end_capture(&captured);
    json_decref(state);
    return page;
}

TEST(a_relays_page_has_rooms_peers_counters_and_quic)
{
    static const char *const parts[] = {
        "lanparty-relay 0.1.0 on [::]:443: 2 rooms, 2 connections\n",
        "room QUAKE  mtu 1280  gateway yes  players 1  LAN stations 17\n",
        "room DOOM  mtu 1134  gateway no  players 0  LAN stations 0\n",
        "02:00:00:00:00:07  192.0.2.9:5000",
        "  12.3    2.50       7.4 (    1.2)        5        7 (     31)        111"
        "        222        40\n",
        "gateway  -  ", /* no MAC */
        "dropped\n           4  bpdu                   spanning tree\n",
        "      2 /  63  packets per read\n",
        "         333  datagrams_rx\n",
        "           5  garbage\n",
    };
    const char *page = show(lp_show_relay, relay_state);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        CHECK_HAS(page, parts[i]);
}

/* What was measured is not known before it was. */
TEST(a_page_before_the_relay_answered_claims_nothing)
{
    const char *page = show(
        lp_show_client,
        "{'program':'lanparty-client','version':'0.1.0','state':'connecting',"
        "'relay':{'name':'relay.example','address':null,'reachable':false},"
        "'room':'QUAKE','tap_mtu':0,'peer_id':0,'gateway_present':false,'peers':[]}");
    CHECK(strstr(page, "relay.example (-), not connected\n"));
    CHECK(strstr(page, "room           QUAKE, not joined\n"));
    CHECK(!strstr(page, "rtt") && !strstr(page, "peer 0") && !strstr(page, "gateway"));
}

TEST(columns_are_as_wide_as_the_longest_address)
{
    const char *page =
        show(lp_show_relay, "{'rooms':[{'room':'QUAKE','peers':[{'peer_id':1,'address':"
                            "'[2001:db8:1234:5678:9abc:def0:1234:5678]:65535'},"
                            "{'peer_id':2,'address':'192.0.2.9:5000'}]}]}");
    const char *head = strstr(page, "rtt ms"), *row = strstr(page, "0.0 ");
    CHECK(head && row);
    const char *head_line = strstr(page, "  peer "), *row_line = strstr(page, "  1 ");
    CHECK_EQ(head + strlen("rtt ms") - head_line, row + strlen("0.0") - row_line);
}

TEST(a_gateways_page_has_relay_room_interface_and_problems)
{
    static const char *const parts[] = {
        "lanparty-gateway 0.1.0: joined\n",
        "relay.example (192.0.2.1:443), datagram budget 1314\n",
        "12.3 ms, at best 11.0 ms; 0.12 % of 10000 packets lost, control sent again 2 "
        "times\n",
        "0.1 ms or less for half of all datagrams, 3.9 ms for 99 in 100; 7 now, 812 "
        "octets\n",
        "120000 octets, 4000 of them on their way\n",
        "      0 /  47  packets per send\n     12 /   0  frames per packet\n",
        "dropped nothing\n",
        "QUAKE, mtu 1280, we are peer 8\n",
        "eth0, 00:1b:21:00:00:01, carrier yes, this host reachable no\n",
        "7 client 02:00:00:00:00:07\n",
        "warn: No address\n      -> wait\n", /* no detail, no brackets */
        "          12  frames_rx\n",
    };
    const char *page = show(lp_show_gateway, gateway_state);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        CHECK_HAS(page, parts[i]);
}

TEST(a_players_page_has_the_adapter_and_what_it_says)
{
    static const char *const parts[] = {
        "lanparty-client 0.1.0: joined\n",
        "LAN gateway    no\n",
        "lan0, 02:00:00:00:00:07, address 10.73.42.7/24, up yes\n",
        "  * Connected to relay\n  * No LAN gateway in the room\n",
        "          12  frames_tx\n",
    };
    const char *page = show(lp_show_client, client_state);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        CHECK_HAS(page, parts[i]);
}

/* At night one looks for who suffers, not for who is first in the table. */
TEST(a_relays_page_begins_with_the_rooms_that_wait_longest_and_ends_somewhere)
{
    char state[4096] = "{'rooms':[";
    size_t len = strlen(state);
    for (int i = 0; i < LP_SHOW_ROOMS_MAX + 2; i++)
        len += (size_t)snprintf(state + len, sizeof state - len,
                                "%s{'room':'ROOM%d','peers':[{'peer_id':1,'live':"
                                "{'queue_p99_us':%d}}]}",
                                i ? "," : "", i, 1000 * i);
    snprintf(state + len, sizeof state - len, "]}");
    const char *page = show(lp_show_relay, state);
    const char *worst = strstr(page, "room ROOM17 "), *next = strstr(page, "ROOM16 ");
    CHECK(worst && next && worst < next);
    CHECK(strstr(page, "room ROOM2 ") && !strstr(page, "room ROOM1 "));
    CHECK_HAS(page, "... and 2 rooms more");
}

TEST(a_reason_of_a_newer_program_is_shown_without_its_meaning)
{
    const char *page =
        show(lp_show_client, "{'counters':{'drop_gravity':9,'drop_queue':1}}");
    CHECK_HAS(page, "           9  gravity                \n");
    CHECK_HAS(page, "           1  queue                  waited too long");
}

TEST(a_player_who_waits_says_why_and_for_what)
{
    static const struct {
        const char *name, *state, *says;
    } rows[] = {
        {"for orders",
         "{'state':'idle','waits_for_orders':true,'program':'lanparty-client'}",
         "lanparty-client -: idle, waits to be told where to connect\n"},
        {"for the next try",
         "{'state':'offline','relay':{'reachable':false},'next_try_ms':1500.0,"
         "'last_error':'no route'}",
         "not connected, the next try in 1.5 s\n  why            no route\n"},
        {"for an adapter",
         "{'state':'offline','waits_for_orders':true,'relay':{'reachable':false},"
         "'last_error':'no adapter','room':'R'}",
         "not connected\n  why            no adapter\n  room           R, not "
         "joined\n"},
        {"for nothing",
         "{'state':'joined','connected_ms':3723000.5,'broadcast':'both'}",
         "  connected      for 1 h 02 min 03 s\n"},
    };
    EACH_ROW (row, rows)
        CHECK_HAS(show(lp_show_client, row->state), row->says);
}

TEST(a_detail_stands_in_brackets)
{
    CHECK_HAS(show(lp_show_client, "{'health':[{'severity':'warn','title':'T',"
                                   "'detail':'D','remedy':'R'}]}"),
              "warn: T (D)\n      -> R\n");
}

/* A program of another version may say less, or something else under the same name. */
TEST(what_is_not_said_or_not_understood_is_shown_as_nothing)
{
    static const struct {
        const char *name, *state;
    } rows[] = {
        {"empty", "{}"},
        {"a list", "[]"},
        {"nulls",
         "{'program':null,'rooms':null,'relay':null,'lan':null,'tap':null,"
         "'says':null,'health':null,'peers':null,'counters':null,'quic':null}"},
        {"numbers", "{'program':1,'rooms':1,'relay':1,'lan':1,'tap':1,'says':1,"
                    "'health':1,'peers':1,'counters':1,'quic':1}"},
        {"lists of other things",
         "{'rooms':[1,null,{}],'peers':['x',{}],'says':[7,null],'health':[[],{}],"
         "'counters':{'x':'y'},'quic':{'x':null}}"},
        {"peers of other things", "{'rooms':[{'peers':[1,null,{}]}]}"},
    };
    static void (*const pages[])(const json_t *state) = {lp_show_relay, lp_show_gateway,
                                                         lp_show_client};
    EACH_ROW (row, rows) {
        for (size_t i = 0; i < 3; i++) {
            const char *page = show(pages[i], row->state);
            CHECK(strstr(page, "counters\n") != NULL);
            CHECK(!strstr(page, "(null)"));
        }
    }
}
