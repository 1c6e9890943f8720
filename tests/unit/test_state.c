#include "gui/state.h"

#include "gui_state.h"

#include <stdlib.h>

static const char whole[] =
    "{'program':'lanparty-client','version':'0.1.0','state':'joined','waits_for_orders'"
    ":true,"
    "'room':'PARTY','relay':{'name':'relay.example','port':4433,'address':'[2001:db8::"
    "1]:4433',"
    "'reachable':true,'rtt_ms':11.5},'last_error':null,'connected_ms':61000,"
    "'gateway_present':true,'gateway_latency_ms':23.25,'tap':{'name':'LAN','ip':'10.73."
    "42.51'},"
    "'peers':[{'peer_id':1,'role':'gateway','mac':null,'rtt_ms':12},"
    "{'peer_id':7,'role':'client','mac':'02:5e:10:00:00:02','rtt_ms':0}],'broadcast':'"
    "both',"
    "'health':[{'code':'no_address','severity':'warn','title':'No address','detail':'',"
    "'remedy':'wait','fix':'Get one'},{'code':'x','severity':'error','title':'Bad'}],"
    "'counters':{'frames_rx':1}}";

TEST(everything_that_a_service_says_is_read)
{
    lp_state state = state_of(whole);
    CHECK_EQ(state.phase, LP_PHASE_JOINED);
    CHECK(state.waits_for_orders && state.has_gateway);
    CHECK_STR(state.version, "0.1.0");
    CHECK_STR(state.room, "PARTY");
    CHECK_STR(state.relay, "relay.example");
    CHECK_EQ(state.port, 4433);
    CHECK_STR(state.address, "[2001:db8::1]:4433");
    CHECK(state.relay_ms == 11.5 && state.gateway_ms == 23.25);
    CHECK(state.connected_ms == 61000 && state.next_try_ms == LP_STATE_UNKNOWN_MS);
    CHECK_STR(state.last_error, "");
    CHECK_STR(state.ip, "10.73.42.51");
    CHECK_STR(state.adapter, "LAN");
    CHECK_EQ(state.broadcast, LP_BROADCAST_BOTH);
}

TEST(peers_and_problems_are_rows)
{
    lp_state state = state_of(whole);
    CHECK_EQ(state.peer_count, 2);
    CHECK(state.peer[0].is_gateway && !state.peer[1].is_gateway);
    CHECK_STR(state.peer[0].mac, "");
    CHECK_STR(state.peer[1].mac, "02:5e:10:00:00:02");
    CHECK(state.peer[0].rtt_ms == 12 && state.peer[1].rtt_ms == LP_STATE_UNKNOWN_MS);
    CHECK_EQ(state.health_count, 2);
    CHECK_STR(state.health[0].fix, "Get one");
    CHECK(!state.health[0].is_error && state.health[1].is_error);
    CHECK_STR(state.health[1].remedy, "");
}

TEST(what_a_service_leaves_out_or_gets_wrong_is_not_known)
{
    static const struct {
        const char *name, *text;
        lp_phase phase;
    } rows[] = {
        {"nothing at all", "{}", LP_PHASE_STRANGE},
        {"idle", "{'state':'idle'}", LP_PHASE_IDLE},
        {"a state of the future", "{'state':'dreaming'}", LP_PHASE_STRANGE},
        {"a state that is a number", "{'state':4}", LP_PHASE_STRANGE},
        {"texts that are numbers",
         "{'state':'idle','room':1,'relay':2,'tap':3,'peers':4}", LP_PHASE_IDLE},
        {"numbers that are texts",
         "{'state':'idle','relay':{'port':'x','rtt_ms':'y'},'connected_ms':'z'}",
         LP_PHASE_IDLE},
        {"numbers beyond reason",
         "{'state':'idle','relay':{'port':70000,'rtt_ms':-4},'connected_ms':1e300}",
         LP_PHASE_IDLE},
        {"rows that are none", "{'state':'idle','peers':[1,'x',null],'health':[[],7]}",
         LP_PHASE_IDLE},
        {"a flow of the future", "{'state':'idle','broadcast':'sideways'}",
         LP_PHASE_IDLE},
    };
    EACH_ROW (row, rows) {
        lp_state state = state_of(row->text);
        CHECK_EQ(state.phase, row->phase);
        CHECK_EQ(state.port, 0);
        CHECK(state.relay_ms == LP_STATE_UNKNOWN_MS);
        CHECK(state.connected_ms == LP_STATE_UNKNOWN_MS);
        CHECK_EQ(state.health_count, 0);
        CHECK_EQ(state.broadcast, LP_BROADCAST_NONE);
        CHECK_STR(state.room, "");
    }
}

TEST(texts_are_cut_at_a_whole_character_and_made_safe)
{
    char json[1024] = "{\"state\":\"idle\",\"room\":\"a\\u0007b\",\"last_error\":\"";
    size_t at = strlen(json);
    for (size_t i = 0; i < 300; i++)
        at += (size_t)snprintf(json + at, 3, "\xc3\xa9");
    snprintf(json + at, 3, "\"}");
    lp_state state = {0};
    lp_why why;
    CHECK_EQ(lp_state_read(lp_bytes_of(json, strlen(json)), &state, &why), LP_OK);
    CHECK_STR(state.room, "a b");
    CHECK_EQ(strlen(state.last_error), 510);
}

TEST(more_peers_and_problems_than_fit_are_counted_and_cut)
{
    static char json[16384];
    size_t len =
        (size_t)snprintf(json, sizeof json, "{\"state\":\"joined\",\"peers\":[");
    for (int i = 0; i < LP_STATE_PEERS_MAX + 3; i++)
        len += (size_t)snprintf(json + len, sizeof json - len, "%s{\"peer_id\":%d}",
                                i ? "," : "", i);
    len += (size_t)snprintf(json + len, sizeof json - len, "],\"health\":[");
    for (int i = 0; i < LP_STATE_HEALTH_MAX + 3; i++)
        len += (size_t)snprintf(json + len, sizeof json - len, "%s{\"title\":\"%d\"}",
                                i ? "," : "", i);
    len += (size_t)snprintf(json + len, sizeof json - len, "]}");
    lp_state state = {0};
    lp_why why;
    CHECK_EQ(lp_state_read(lp_bytes_of(json, len), &state, &why), LP_OK);
    CHECK_EQ(state.peer_count, LP_STATE_PEERS_MAX);
    CHECK_EQ(state.peers_beyond, 3);
    CHECK_EQ(state.health_count, LP_STATE_HEALTH_MAX);
}

TEST(what_is_no_object_changes_nothing)
{
    static const struct {
        const char *name, *text;
    } rows[] = {
        {"nothing", ""}, {"a list", "[]"}, {"half", "{\"state\":"}, {"words", "hello"}};
    EACH_ROW (row, rows) {
        lp_state state = {.port = 7};
        lp_why why = {""};
        CHECK_EQ(lp_state_read(lp_bytes_of(row->text, strlen(row->text)), &state, &why),
                 LP_ERR_MALFORMED);
        CHECK_EQ(state.port, 7);
        CHECK(why.text[0]);
    }
}

TEST(an_answer_that_is_too_long_is_not_read)
{
    lp_state state;
    lp_why why;
    char *text = calloc(1, LP_STATE_TEXT_MAX + 1);
    CHECK_EQ(lp_state_read(lp_bytes_of(text, LP_STATE_TEXT_MAX + 1), &state, &why),
             LP_ERR_TOO_BIG);
    free(text);
}

TEST(a_session_is_there_from_the_first_try_to_the_last)
{
    static const struct {
        const char *name;
        lp_phase phase;
        bool is_busy;
    } rows[] = {
        {"idle", LP_PHASE_IDLE, false},
        {"offline", LP_PHASE_OFFLINE, true},
        {"connecting", LP_PHASE_CONNECTING, true},
        {"measuring", LP_PHASE_MEASURING, true},
        {"joining", LP_PHASE_JOINING, true},
        {"joined", LP_PHASE_JOINED, true},
        {"refused", LP_PHASE_REFUSED, false},
        {"ended", LP_PHASE_ENDED, false},
    };
    EACH_ROW (row, rows)
        CHECK_EQ(lp_state_is_busy(&(lp_state){.phase = row->phase}), row->is_busy);
}
