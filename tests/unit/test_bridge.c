/* A bridge between a wire (a veth) and a relay's room in which a player sits. */
#include "runtime/bridge.h"

#include "ip.h"
#include "party.h"
#include "party_wire.h"
#include "ready.h"

#include <linux/virtio_net.h>

#define ROOM   "QUAKE"
#define NUMBER 0x50 /* the player's: player_mac is party_mac of it */

static party here;
static player alice;
static int far = -1;

static struct {
    lp_join join;
    lp_lan *lan;
    lp_bridge *bridge;
    heard lines;
    lp_log_sink log;
    unsigned failures;
    char why[LP_WHY_MAX];
} gateway;

static void on_failed(void *state, const char *words)
{
    gateway.failures++;
    snprintf(gateway.why, sizeof gateway.why, "%s", words);
}

/* --- a party ---------------------------------------------------------------------- */

static void open_gateway(void)
{
    lp_why why;
    lp_key_hash hash = lp_credentials_hash(here.keys);
    memset(&gateway, 0, sizeof gateway);
    gateway.log = log_to(&gateway.lines, LP_DEBUG);
    gateway.lan = open_wire();
    gateway.join.credentials = peer_credentials(1);
    gateway.join.tls = peer_tls(gateway.join.credentials, &hash);
    gateway.join.member = (lp_member_config){
        .role = LP_ROLE_GATEWAY, .room = ROOM, .random = lp_os_random()};
    CHECK_EQ(lp_net_open(&gateway.join.net, &why), LP_OK);
    lp_bridge_config config = {
        .relay = {.host = "127.0.0.1", .port = here.config.listen.port},
        .join = &gateway.join,
        .lan = gateway.lan,
        .repairs = true,
        .log = &gateway.log,
        .on_failed = on_failed,
    };
    CHECK_EQ(lp_bridge_open(&loop, &config, &gateway.bridge, &why), LP_OK);
    lp_bridge_start(gateway.bridge, lp_clock_now());
}

static bool has_heard(void *state)
{
    for (size_t i = 0; i < gateway.lines.count && i < HEARD_MAX; i++) {
        if (strstr(gateway.lines.line[i].text, state))
            return true;
    }
    return false;
}

/* The next frame at the far end that the host itself did not send. */
static bool far_gets(lp_mac from, uint8_t *out, size_t *out_len)
{
    ssize_t len;
    while ((len = recv(far, out, 2048, MSG_DONTWAIT)) > 0) {
        *out_len = (size_t)len;
        if (memcmp(out + 6, from.octet, 6) == 0)
            return true;
    }
    return false;
}

typedef struct arrival {
    uint8_t frame[2048];
    size_t len;
} arrival;

static bool players_frame_arrived(void *state)
{
    arrival *it = state;
    return far_gets(player_mac, it->frame, &it->len);
}

/* Everyone is there, and the wire has heard of the player. */
static void open_all(void)
{
    make_wire();
    far = open_far();
    open_party(&here);
    open_gateway();
    open_player(&alice, &here, NUMBER, ROOM);
    CHECK(turn_until(is_joined, &alice));
    CHECK(turn_until(has_heard, "CAM refresh"));
}

static void close_all(void)
{
    lp_bridge_close(gateway.bridge);
    close_player(&alice);
    close_party(&here);
    lp_lan_close(gateway.lan);
    lp_join_fini(&gateway.join);
    free_player(&alice);
    close(far);
}

static const json_t *look(json_t *state, const char *part, const char *name)
{
    return json_object_get(json_object_get(state, part), name);
}

static json_int_t counter(const char *name)
{
    json_t *state = lp_bridge_describe(gateway.bridge, lp_clock_now());
    json_int_t value = json_integer_value(look(state, "counters", name));
    json_decref(state);
    return value;
}

static bool health_shows(void *state)
{
    json_t *all = lp_bridge_describe(gateway.bridge, lp_clock_now());
    size_t i;
    json_t *row;
    bool shows = false;
    json_array_foreach(json_object_get(all, "health"), i, row) shows =
        shows || strcmp(json_string_value(json_object_get(row, "code")), state) == 0;
    json_decref(all);
    return shows;
}

/* --- frames ----------------------------------------------------------------------- */

/* G-016: the switch learns the player's port before the player said anything. */
TEST(a_player_who_joins_is_shown_to_the_switch)
{
    arrival seen;
    open_all();
    CHECK(turn_until(players_frame_arrived, &seen));
    CHECK_BYTES(seen.frame, 6, host_mac.octet, 6);
    CHECK_EQ(counter("cam_refreshes"), 1);
    close_all();
}

TEST(frames_cross_both_ways)
{
    arrival seen;
    open_all();
    CHECK(turn_until(players_frame_arrived, &seen)); /* the CAM refresh */
    send_frame(&alice, far_mac, player_mac, "anybody home?");
    CHECK(turn_until(players_frame_arrived, &seen));
    CHECK_EQ(seen.len, PARTY_FRAME_LEN);
    CHECK_STR((char *)seen.frame + 14, "anybody home?");

    send_far(far, frame_of(player_mac, far_mac, 0x88b6, 7));
    CHECK(turn_until(has_frame, &alice));
    CHECK_BYTES(alice.frame, 6, player_mac.octet, 6);
    CHECK_EQ(alice.frame[59], 7);
    close_all();
}

static void send_one_each_way(void)
{
    arrival seen;
    alice.frames = 0;
    send_frame(&alice, far_mac, player_mac, "ping");
    send_far(far, frame_of(player_mac, far_mac, 0x88b6, 7));
    CHECK(turn_until(players_frame_arrived, &seen));
    CHECK(turn_until(has_frame, &alice));
}

TEST(frames_cost_a_gateway_no_allocation)
{
    arrival seen;
    open_all();
    CHECK(turn_until(players_frame_arrived, &seen)); /* the CAM refresh */
    CHECK(frames_cost_no_allocation(send_one_each_way));
    close_all();
}

/* As core/glue.h says: it is kept, in case that another follows in the same batch. */
TEST(a_segment_that_nothing_follows_reaches_the_wire)
{
    uint8_t space[LP_DATAGRAM_HEADER_LEN + 256],
        *frame = space + LP_DATAGRAM_HEADER_LEN;
    ip_spec spec = {
        .version = 4, .protocol = IP_TCP, .tcp_flags = 0x10, .payload_len = 100};
    uint32_t random = 1;
    arrival seen;
    size_t len = ip_build(&spec, &random, frame);
    memcpy(frame, far_mac.octet, 6);
    memcpy(frame + 6, player_mac.octet, 6);
    open_all();
    CHECK(turn_until(players_frame_arrived, &seen)); /* the CAM refresh */
    lp_time now = lp_clock_now();
    lp_space datagram = lp_space_of(space, sizeof space);
    lp_uplink_send(alice.uplink,
                   lp_member_wrap(lp_uplink_member(alice.uplink), datagram, len), now);
    lp_uplink_flush(alice.uplink, now);
    CHECK(turn_until(players_frame_arrived, &seen));
    CHECK_BYTES(seen.frame, seen.len, frame, len);
    close_all();
}

static bool has_whole_super_frame(void *state)
{
    return alice.frames >= 9;
}

TEST(a_super_frame_reaches_the_player_in_frames_that_fit)
{
    enum { PAYLOAD = 9000, SEGMENT = 1000 };
    static const uint8_t headers[54] = {
        2,    0,    0,    0,    0,  0x50, 2,    0,  0,  0, 0, 2, 8,    0, /* Ethernet */
        0x45, 0,    0x23, 0x50, 0,  1,    0x40, 0,  64, 6, 0, 0,          /* IPv4 */
        10,   73,   42,   2,    10, 73,   42,   50, /* addresses */
        0,    80,   0x80, 0,    0,  0,    0,    1,  0,  0, 0, 0, 0x50, 0x10, /* TCP */
        0xff, 0xff, 0,    0,    0,  0,
    };
    struct {
        struct virtio_net_hdr vnet;
        uint8_t frame[sizeof headers + PAYLOAD];
    } __attribute__((packed)) super = {
        .vnet = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                 .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                 .hdr_len = sizeof headers,
                 .gso_size = SEGMENT,
                 .csum_start = 34,
                 .csum_offset = 16},
    };
    int one = 1;
    memcpy(super.frame, headers, sizeof headers);
    open_all();
    CHECK_EQ(setsockopt(far, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one), 0);
    CHECK_EQ(send(far, &super, sizeof super, 0), sizeof super);
    CHECK(turn_until(has_whole_super_frame, NULL));
    CHECK_EQ(alice.frames, PAYLOAD / SEGMENT);
    CHECK_EQ(alice.longest, sizeof headers + SEGMENT);
    CHECK_EQ(counter("segmented"), 1);
    close_all();
}

/* G-011, J-05 */
TEST(a_tagged_frame_goes_nowhere_and_the_host_is_told)
{
    uint8_t tagged[64] = {0};
    open_all();
    memcpy(tagged, player_mac.octet, 6);
    memcpy(tagged + 6, far_mac.octet, 6);
    memcpy(tagged + 12, (uint8_t[]){0x81, 0, 0, 42, 0x88, 0xb6}, 6);
    send_far(far, lp_bytes_of(tagged, sizeof tagged));
    CHECK(turn_until(health_shows, "tagged_frames"));
    CHECK_EQ(counter("drop_vlan"), 1);
    CHECK_EQ(alice.frames, 0);
    close_all();
}

/* --- the wire's troubles ---------------------------------------------------------- */

static bool carrier_is_back(void *state)
{
    return !health_shows("no_carrier");
}

/* Sends until it arrives: the far end's queue comes back a little after its link. */
static bool wire_carries(void *state)
{
    send_far(far, frame_of(player_mac, far_mac, 0x88b6, 7));
    return has_frame(&alice);
}

TEST(a_link_that_was_down_works_again)
{
    open_all();
    CHECK(sh("ip link set party down"));
    CHECK(turn_until(health_shows, "no_carrier"));
    CHECK(sh("ip link set party up"));
    CHECK(turn_until(carrier_is_back, NULL));
    CHECK(turn_until(wire_carries, NULL));
    CHECK_EQ(gateway.failures, 0);
    close_all();
}

static bool has_failed(void *state)
{
    return gateway.failures > 0;
}

TEST(an_interface_that_is_gone_is_told_once_and_by_name)
{
    static const struct {
        const char *name, *before;
    } rows[] = {
        {"pulled out while it was up", "true"},
        {"removed after it was set down", "ip link set party down"},
    };
    EACH_ROW (row, rows) {
        open_all();
        CHECK(sh("%s", row->before));
        for (int i = 0; i < 10; i++)
            uv_run(&loop, UV_RUN_NOWAIT);
        CHECK_EQ(gateway.failures, 0);
        CHECK(sh("ip link del party"));
        CHECK(turn_until(has_failed, NULL));
        CHECK_STR(gateway.why, "the LAN interface party is gone");
        lp_bridge_leave(gateway.bridge, gateway.why, lp_clock_now());
        close_all();
        CHECK_EQ(gateway.failures, 1);
    }
}

/* --- life ------------------------------------------------------------------------- */

static bool bridge_is_over(void *state)
{
    return lp_bridge_is_over(gateway.bridge);
}

static bool alice_saw_it_leave(void *state)
{
    return strchr(alice.story, '-') != NULL;
}

/* G-021 */
TEST(leaving_is_heard_by_the_room_and_silences_the_wire)
{
    arrival seen;
    open_all();
    CHECK(turn_until(players_frame_arrived, &seen));
    lp_bridge_leave(gateway.bridge, "the party is over", lp_clock_now());
    CHECK(turn_until(bridge_is_over, NULL));
    CHECK(turn_until(alice_saw_it_leave, NULL));
    CHECK_STR(alice.text, "the party is over");
    send_far(far, frame_of(player_mac, far_mac, 0x88b6, 7));
    for (int i = 0; i < 10; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    CHECK_EQ(alice.frames, 0);
    close_all();
}

TEST(what_it_is_can_be_described)
{
    open_all();
    json_t *state = lp_bridge_describe(gateway.bridge, lp_clock_now());
    CHECK_STR(json_string_value(json_object_get(state, "room")), ROOM);
    CHECK_STR(json_string_value(json_object_get(state, "state")), "joined");
    CHECK_STR(json_string_value(look(state, "lan", "interface")), "party");
    CHECK_STR(json_string_value(look(state, "lan", "mac")), "02:00:00:00:00:01");
    CHECK(json_is_true(look(state, "lan", "carrier")));
    CHECK_EQ(json_array_size(json_object_get(state, "peers")), 1);
    json_decref(state);
    close_all();
}
