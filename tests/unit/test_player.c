/* A player with a real adapter in a room where a gateway is. */
#include "runtime/player.h"

#include "netns.h"
#include "party.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM "QUAKE"

static party here;
static player gateway;
static const lp_mac our_mac = {{2, 0, 0, 0, 0, 0x50}};
static const lp_mac lan_mac = {{2, 0, 0, 0, 0, 2}}; /* of a machine at the party */

static struct {
    lp_join join;
    lp_player *player;
    heard lines;
    lp_log_sink log;
    unsigned failures;
    char why[LP_WHY_MAX];
    int stack; /* what this machine's own stack sends and hears on the adapter */
} it;

static void on_failed(void *state, const char *words)
{
    it.failures++;
    snprintf(it.why, sizeof it.why, "%s", words);
}

/* --- a party ---------------------------------------------------------------------- */

static lp_err open_ours(lp_why *why)
{
    lp_key_hash hash = lp_credentials_hash(here.keys);
    memset(&it, 0, sizeof it);
    it.stack = -1;
    it.log = log_to(&it.lines, LP_DEBUG);
    it.join.credentials = peer_credentials(0x50);
    it.join.tls = peer_tls(it.join.credentials, &hash);
    it.join.member = (lp_member_config){
        .role = LP_ROLE_CLIENT, .room = ROOM, .mac = our_mac, .random = lp_os_random()};
    CHECK_EQ(lp_net_open(&it.join.net, why), LP_OK);
    lp_player_config config = {
        .relay = {.host = "127.0.0.1", .port = here.config.listen.port},
        .join = &it.join,
        .tap_name = "lan0",
        .log = &it.log,
        .on_failed = on_failed,
    };
    return lp_player_open(&loop, &config, &it.player, why);
}

static json_t *describe(void)
{
    return lp_player_describe(it.player, lp_clock_now());
}

static bool adapter_is_up(void *state)
{
    json_t *all = describe();
    bool up = json_is_true(json_object_get(json_object_get(all, "tap"), "up"));
    json_decref(all);
    return up;
}

static bool gateway_saw_us(void *state)
{
    return strchr(gateway.story, '+') || is_joined(&gateway);
}

static int open_stack(void)
{
    struct sockaddr_ll name = {.sll_family = AF_PACKET,
                               .sll_protocol = htons(0x88b6),
                               .sll_ifindex = (int)if_nametoindex("lan0")};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

/* IPv6 is off, so that the stack says nothing by itself. */
static void open_all(void)
{
    lp_why why;
    enter_new_network();
    CHECK(sh("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"));
    open_party(&here);
    open_player_expecting(&gateway, &here, 1, LP_ROLE_GATEWAY, ROOM, NULL);
    CHECK(turn_until(is_joined, &gateway));
    CHECK_EQ(open_ours(&why), LP_OK);
    lp_player_start(it.player, lp_clock_now());
    CHECK(turn_until(adapter_is_up, NULL));
    CHECK(turn_until(gateway_saw_us, NULL));
    it.stack = open_stack();
}

static void close_all(void)
{
    lp_player_close(it.player);
    close_player(&gateway);
    close_party(&here);
    lp_join_fini(&it.join);
    free_player(&gateway);
    close(it.stack);
}

/* --- frames ----------------------------------------------------------------------- */

static bool stack_hears(void *state)
{
    return recv(it.stack, state, PARTY_FRAME_LEN, MSG_DONTWAIT) > 0;
}

TEST(frames_cross_both_ways)
{
    char frame[PARTY_FRAME_LEN] = {0};
    open_all();
    memcpy(frame, lan_mac.octet, 6);
    memcpy(frame + 6, our_mac.octet, 6);
    memcpy(frame + 12,
           "\x88\xb6"
           "anybody home?",
           16);
    CHECK_EQ(send(it.stack, frame, sizeof frame, 0), sizeof frame);
    CHECK(turn_until(has_frame, &gateway));
    CHECK_STR(words_in(&gateway), "anybody home?");
    while (stack_hears(frame)) /* our own */
        ;

    send_frame(&gateway, our_mac, lan_mac, "come in");
    CHECK(turn_until(stack_hears, frame));
    CHECK_STR(frame + 14, "come in");
    CHECK_BYTES(frame + 6, 6, lan_mac.octet, 6);
    close_all();
}

static void send_one_each_way(void)
{
    char frame[PARTY_FRAME_LEN] = "";
    memcpy(frame, lan_mac.octet, 6);
    memcpy(frame + 6, our_mac.octet, 6);
    memcpy(frame + 12, "\x88\xb6ping", 7);
    gateway.frames = 0;
    CHECK_EQ(send(it.stack, frame, sizeof frame, 0), sizeof frame);
    send_frame(&gateway, our_mac, lan_mac, "pong");
    CHECK(turn_until(has_frame, &gateway));
    do
        CHECK(turn_until(stack_hears, frame));
    while (memcmp(frame + 6, lan_mac.octet, 6) != 0); /* our own is heard as well */
}

TEST(frames_cost_a_player_no_allocation)
{
    open_all();
    CHECK(frames_cost_no_allocation(send_one_each_way));
    close_all();
}

/* W-012, W-024 */
TEST(the_adapter_is_what_the_relay_and_the_identity_say)
{
    open_all();
    json_t *all = describe();
    const json_t *tap = json_object_get(all, "tap");
    CHECK_STR(json_string_value(json_object_get(tap, "name")), "lan0");
    CHECK_STR(json_string_value(json_object_get(tap, "mac")), "02:00:00:00:00:50");
    CHECK_EQ(json_integer_value(json_object_get(tap, "mtu")), 1280);
    CHECK_STR(json_string_value(json_object_get(all, "room")), ROOM);
    json_decref(all);
    CHECK(sh("ip link show lan0 | grep -q 'LOWER_UP.*mtu 1280'"));
    CHECK(sh("ip link show lan0 | grep -q 'link/ether 02:00:00:00:00:50'"));
    close_all();
}

/* --- routes ----------------------------------------------------------------------- */

static bool default_route_was_removed(void *state)
{
    json_t *all = describe();
    bool removed =
        json_integer_value(json_object_get(all, "default_routes_removed")) > 0;
    json_decref(all);
    return removed;
}

static bool was_said(void *state)
{
    for (size_t i = 0; i < it.lines.count && i < HEARD_MAX; i++) {
        if (strstr(it.lines.line[i].text, state))
            return true;
    }
    return false;
}

/* W-019, D-014 */
TEST(a_default_route_into_the_party_does_not_stay_and_is_spoken_of)
{
    open_all();
    CHECK(sh("ip address add 10.73.42.50/24 dev lan0"));
    CHECK(sh("ip route add default via 10.73.42.1 dev lan0"));
    CHECK(turn_until(default_route_was_removed, NULL));
    CHECK(!sh("ip route show default | grep -q ."));
    CHECK(sh("ip route show | grep -q '^10.73.42.0/24 dev lan0'"));
    CHECK(turn_until(was_said, "TAP received default route, removed it"));
    CHECK(turn_until(was_said, "DHCP received: 10.73.42.50"));
    close_all();
}

TEST(what_no_program_can_mend_is_said)
{
    lp_why why;
    open_all();
    CHECK_EQ(lp_player_fix(it.player, "no_gateway", &why), LP_ERR_UNKNOWN);
    CHECK_HAS(why.text, "no_gateway");
    CHECK_EQ(lp_player_fix(it.player, "no_address", &why), LP_ERR_UNSUPPORTED);
    CHECK_HAS(why.text, "dhclient lan0");
    close_all();
}

/* W-036 */
TEST(a_game_that_names_no_adapter_speaks_to_the_party)
{
    open_all();
    CHECK(sh("ip route get 255.255.255.255 | grep -q 'dev lan0'"));
    close_all();
    CHECK_EQ(if_nametoindex("lan0"), 0);
}

/* --- sleep ------------------------------------------------------------------------ */

static bool gateway_saw_us_leave(void *state)
{
    return strchr(gateway.story, '-') != NULL;
}

static void check_is_joined_again(void)
{
    char frame[PARTY_FRAME_LEN];
    CHECK(turn_until(adapter_is_up, NULL));
    CHECK(sh("ip route get 255.255.255.255 | grep -q 'dev lan0'"));
    gateway.frames = 0;
    send_frame(&gateway, our_mac, lan_mac, "good morning");
    do
        CHECK(turn_until(stack_hears, frame));
    while (memcmp(frame + 6, lan_mac.octet, 6) != 0);
    CHECK_STR(frame + 14, "good morning");
}

/* W-030 */
TEST(who_sleeps_gives_back_what_it_changed_and_takes_it_again)
{
    open_all();
    lp_player_sleep(it.player, lp_clock_now());
    CHECK(!adapter_is_up(NULL));
    CHECK(!sh("ip route show table all proto 76 | grep -q ."));
    CHECK(turn_until(gateway_saw_us_leave, NULL));
    CHECK_STR(gateway.text, "this machine goes to sleep");
    CHECK(sh("ip link show lan0 | grep -q 'link/ether 02:00:00:00:00:50'"));
    lp_player_sleep(it.player, lp_clock_now());
    lp_player_wake(it.player, lp_clock_now());
    check_is_joined_again();
    close_all();
    CHECK_EQ(it.failures, 0);
}

/* --- trouble ---------------------------------------------------------------------- */

static bool has_failed(void *state)
{
    return it.failures > 0;
}

/* W-026. Frames come in all the while: whoever notices first, it is told in the middle of
 * something. */
TEST(an_adapter_that_is_deleted_under_us_is_told)
{
    open_all();
    CHECK(sh("ip link del lan0"));
    for (int i = 0; i < 3; i++)
        send_frame(&gateway, our_mac, lan_mac, "are you there?");
    CHECK(turn_until(has_failed, NULL));
    CHECK_HAS(it.why, "lan0");
    lp_player_leave(it.player, it.why, lp_clock_now());
    close_all();
    CHECK_EQ(it.failures, 1);
}

/* Someone's idea of tidying up; not the end of the evening. */
TEST(an_adapter_that_was_set_down_is_no_failure)
{
    char frame[PARTY_FRAME_LEN];
    open_all();
    CHECK(sh("ip link set lan0 down"));
    send_frame(&gateway, our_mac, lan_mac, "lost");
    for (int i = 0; i < 20; i++)
        uv_run(&loop, UV_RUN_NOWAIT);
    CHECK(sh("ip link set lan0 up"));
    send_frame(&gateway, our_mac, lan_mac, "found");
    CHECK(turn_until(stack_hears, frame));
    CHECK_EQ(it.failures, 0);
    close_all();
}

TEST(a_name_that_is_taken_leaves_nothing_behind)
{
    lp_why why;
    enter_new_network();
    CHECK(sh("ip link add lan0 type veth peer name other"));
    open_party(&here);
    CHECK_EQ(open_ours(&why), LP_ERR_IN_USE);
    CHECK_HAS(why.text, "lan0");
    CHECK(it.player == NULL);
    close_party(&here);
    lp_join_fini(&it.join);
}

/* --- the end ---------------------------------------------------------------------- */

static bool we_are_gone(void *state)
{
    return lp_player_is_over(it.player) && strchr(gateway.story, '-');
}

/* W-030, W-031 */
TEST(leaving_takes_the_cable_out_says_goodbye_and_removes_everything)
{
    open_all();
    lp_player_leave(it.player, "bedtime", lp_clock_now());
    CHECK(sh("ip link show lan0 | grep -q NO-CARRIER"));
    CHECK(turn_until(we_are_gone, NULL));
    CHECK_STR(gateway.text, "bedtime");
    close_all();
    CHECK_EQ(if_nametoindex("lan0"), 0);
    CHECK(!sh("ip route show table all proto 76 | grep -q ."));
}
