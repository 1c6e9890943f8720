#include "gui/diagnose.h"

#include "test.h"

static lp_diagnosis diagnosis;
static char text[LP_DIAGNOSIS_TEXT_MAX];

static const char *diagnose(const char *state)
{
    lp_diagnose(lp_bytes_of(state, strlen(state)), &diagnosis);
    return lp_diagnosis_text(&diagnosis, text);
}

static const char whole[] =
    "{\"state\":\"joined\",\"version\":\"0.1.0\",\"room\":\"PARTY\","
    "\"relay\":{\"name\":\"relay.example\",\"port\":443,\"address\":\"198.51.100.1:"
    "443\","
    "\"reachable\":true,\"rtt_ms\":11.55,\"datagram_budget\":1382},\"route_pinned\":"
    "\"pinned\","
    "\"gateway_present\":true,\"gateway_latency_ms\":23.4,\"broadcast\":\"both\","
    "\"tap\":{\"name\":\"LAN\",\"driver\":\"9.24\",\"mac\":\"02:5a:00:00:00:01\","
    "\"mtu\":1280,"
    "\"ip\":\"10.73.42.51\",\"up\":true},"
    "\"says\":[\"Connected to relay\",\"DHCP received: 10.73.42.51\"],"
    "\"health\":[{\"title\":\"One\",\"detail\":\"two\",\"remedy\":\"three\"}],"
    "\"peers\":[{\"peer_id\":1,\"role\":\"gateway\",\"mac\":null,\"rtt_ms\":12.0}],"
    "\"counters\":{\"frames_rx\":18231,\"frames_tx\":20412,\"datagrams_rx\":5,"
    "\"datagrams_tx\":6,\"drop_source\":2,\"drop_runt\":1,\"drop_jumbo\":0},"
    "\"live\":{\"rtt_us\":11550}}";

TEST(every_line_of_the_diagnostics_is_there)
{
    static const struct {
        const char *name, *line;
    } rows[] = {
        {"D-001", "Relay reachable: yes\r\n"},
        {"D-002, support", "QUIC datagrams: yes\r\n"},
        {"D-002", "QUIC datagram budget: 1382 octets\r\n"},
        {"D-003, found", "Adapter found: yes\r\n"},
        {"D-003, name", "Adapter: LAN\r\n"},
        {"D-003, MAC", "MAC address: 02:5a:00:00:00:01\r\n"},
        {"D-003, MTU", "MTU: 1280 octets\r\n"},
        {"D-003, IP", "Address: 10.73.42.51\r\n"},
        {"D-004", "Route to the relay pinned: pinned\r\n"},
        {"D-005, frames", "Frames from the adapter: 18231\r\n"},
        {"D-005, datagrams", "Datagrams sent: 6\r\n"},
        {"D-005, drops", "Frames dropped: 3\r\n"},
        {"D-005, why", "drop_source: 2\r\n"},
        {"D-006", "Round trip: 11.6 ms\r\n"},
        {"D-007", "Gateway present: yes\r\n"},
        {"D-008", "Broadcast flow: both ways\r\n"},
        {"D-009", "Connected to relay\r\n"},
        {"D-011", "DHCP received: 10.73.42.51\r\n"},
        {"D-012", "Gateway latency: 23.4 ms\r\n"},
        {"D-015", "Problem: One; two; three\r\n"},
        {"who is there", "Peer 1: gateway, \xe2\x80\x93, 12.0 ms\r\n"},
        {"the driver", "Driver: 9.24\r\n"},
        {"what is slow", "rtt_us: 11550\r\n"},
    };
    EACH_ROW (row, rows)
        CHECK_HAS(diagnose(whole), row->line);
    CHECK(!strstr(text, "drop_jumbo"));
    CHECK(!strstr(text, "PARTY")); /* the room's code is no diagnosis */
}

TEST(an_idle_service_has_few_facts_and_all_lines)
{
    CHECK_HAS(diagnose("{\"state\":\"idle\"}"), "Relay reachable: \xe2\x80\x93\r\n");
    CHECK_HAS(text, "Frames dropped: 0\r\n");
    CHECK_HAS(text, "[Network adapter]\r\nAdapter found: no\r\n");
    CHECK_HAS(text, "QUIC datagrams: \xe2\x80\x93\r\n");
}

TEST(what_has_words_of_its_own_is_told_in_them)
{
    static const struct {
        const char *name, *state, *line;
    } rows[] = {
        {"one way", "{\"broadcast\":\"to_lan\"}",
         "Broadcast flow: one way, only to the LAN\r\n"},
        {"the other way", "{\"broadcast\":\"from_lan\"}",
         "Broadcast flow: one way, only from the LAN\r\n"},
        {"silence", "{\"broadcast\":\"none\"}", "Broadcast flow: nothing seen yet\r\n"},
        {"a newer word", "{\"broadcast\":\"sideways\"}",
         "Broadcast flow: sideways\r\n"},
        {"a relay without datagrams",
         "{\"relay\":{\"reachable\":true,\"datagram_budget\":0}}",
         "QUIC datagrams: no: the relay cannot carry a LAN\r\n"},
        {"a relay that is gone",
         "{\"relay\":{\"reachable\":false,\"datagram_budget\":0}}",
         "QUIC datagrams: \xe2\x80\x93\r\n"},
    };
    EACH_ROW (row, rows)
        CHECK_HAS(diagnose(row->state), row->line);
}

TEST(a_silent_service_is_told_as_such)
{
    CHECK_HAS(diagnose(""), "has not answered yet");
    CHECK_EQ(diagnosis.count, 1);
}

TEST(more_lines_than_fit_are_left_out)
{
    static char state[16384];
    size_t len =
        (size_t)snprintf(state, sizeof state, "{\"state\":\"idle\",\"counters\":{");
    for (int i = 0; i < 400; i++)
        len += (size_t)snprintf(state + len, sizeof state - len, "%s\"c%d\":1",
                                i ? "," : "", i);
    snprintf(state + len, sizeof state - len, "}}");
    diagnose(state);
    CHECK_EQ(diagnosis.count, LP_DIAGNOSIS_MAX);
}

TEST(strange_values_are_shown_and_harmless)
{
    CHECK_HAS(diagnose("{\"state\":[],\"relay\":7,\"says\":{\"a\":1},\"health\":\"x\","
                       "\"peers\":[1],\"counters\":{\"drop_x\":-5,\"a\\u001bb\":1},"
                       "\"version\":\"a\\nb\"}"),
              "Service version: a b\r\n");
    CHECK_HAS(text, "a b: 1\r\n");
    CHECK_HAS(text, "Frames dropped: 0\r\n");
}
