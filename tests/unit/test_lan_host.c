/* J-06: players and the gateway's own host reach each other. */
#include "os/service.h"
#include "party_wire.h"

#include <netinet/in.h>
#include <sys/wait.h>

static int host_socket(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(5000)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static uint16_t ip_checksum(const uint8_t *header)
{
    uint32_t sum = 0;
    for (int i = 0; i < 20; i += 2)
        sum += (uint32_t)header[i] << 8 | header[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

/* A player's UDP datagram of `len` octets to 10.73.42.1 or to all, port 5000. */
static lp_bytes datagram_to(lp_mac to, const uint8_t ip[4], size_t len)
{
    static const uint8_t headers[42] = {
        0,    0,    0,    0,    0, 0, 0, 0, 0,  0,  0, 0, 8, 0, /* Ethernet */
        0x45, 0,    0,    0,    0, 0, 0, 0, 64, 17, 0, 0,       /* IPv4 */
        10,   73,   42,   50,   0, 0, 0, 0,                     /* addresses */
        0x13, 0x88, 0x13, 0x88, 0, 0, 0, 0, /* UDP without a checksum */
    };
    static uint8_t frame[4096];
    memset(frame, 'x', sizeof frame);
    memcpy(frame, headers, sizeof headers);
    memcpy(frame, to.octet, 6);
    memcpy(frame + 6, player_mac.octet, 6);
    frame[16] = (uint8_t)((len + 28) >> 8);
    frame[17] = (uint8_t)(len + 28);
    memcpy(frame + 30, ip, 4);
    uint16_t sum = ip_checksum(frame + 14);
    frame[24] = (uint8_t)(sum >> 8);
    frame[25] = (uint8_t)sum;
    frame[38] = (uint8_t)((len + 8) >> 8);
    frame[39] = (uint8_t)(len + 8);
    return lp_bytes_of(frame, sizeof headers + len);
}

TEST(a_players_datagram_reaches_a_program_on_the_host)
{
    static const struct {
        const char *name;
        uint8_t ip[4];
        bool to_all;
        size_t len;
    } rows[] = {
        {"one octet, padded", {10, 73, 42, 1}, false, 1},
        {"ordinary", {10, 73, 42, 1}, false, 1000},
        {"as large as the wire takes", {10, 73, 42, 1}, false, 1472},
        {"broadcast, as games search", {255, 255, 255, 255}, true, 100},
        {"to the subnet", {10, 73, 42, 255}, true, 100},
    };
    make_wire();
    lp_lan *lan = open_wire();
    CHECK(lp_lan_look(lan)->can_reach_host);
    CHECK_EQ(lp_lan_set_members(lan, &player_mac, 1), LP_OK);
    int program = host_socket();
    EACH_ROW (row, rows) {
        uint8_t got[2048];
        lp_lan_frame frame;
        lp_mac to = row->to_all ? LP_MAC_BROADCAST : host_mac;
        CHECK_EQ(lp_lan_write_to_host(lan, datagram_to(to, row->ip, row->len)), LP_OK);
        CHECK(wait_readable(program));
        CHECK_EQ(recv(program, got, sizeof got, MSG_DONTWAIT), row->len);
        CHECK(!capture(lan, &frame)); /* our capture does not take it for the wire's */
    }
    close(program);
    lp_lan_close(lan);
}

/* The whole conversation: the question by us, the answer captured. */
TEST(the_host_answers_a_players_arp_request)
{
    /* clang-format off */
    static const uint8_t arp[42] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0x50, 8, 6, /* Ethernet */
        0, 1, 8, 0, 6, 4, 0, 1,                                        /* who has */
        2, 0, 0, 0, 0, 0x50, 10, 73, 42, 50,                           /* asks */
        0, 0, 0, 0, 0, 0, 10, 73, 42, 1,                               /* is sought */
    };
    /* clang-format on */
    make_wire();
    lp_lan *lan = open_wire();
    lp_lan_frame frame = {0};
    CHECK_EQ(lp_lan_set_members(lan, &player_mac, 1), LP_OK);
    CHECK_EQ(lp_lan_write_to_host(lan, lp_bytes_of(arp, sizeof arp)), LP_OK);
    CHECK(wait_readable(lp_lan_fd(lan)));
    CHECK(capture(lan, &frame));
    CHECK(frame.from_own_host);
    CHECK_BYTES(captured, 6, player_mac.octet, 6);
    CHECK_BYTES(captured + 6, 6, host_mac.octet, 6);
    CHECK_EQ(captured[21], 2); /* an answer */
    lp_lan_close(lan);
}

TEST(frames_that_are_no_frames_are_refused)
{
    static const uint8_t octets[5000];
    make_wire();
    lp_lan *lan = open_wire();
    CHECK_EQ(lp_lan_write_to_host(lan, lp_bytes_of(octets, 13)), LP_ERR_TOO_BIG);
    CHECK_EQ(lp_lan_write_to_host(lan, lp_bytes_of(octets, 5000)), LP_ERR_TOO_BIG);
    lp_lan_close(lan);
}

/* G-022: everything works with the two capabilities that a gateway keeps. */
TEST(it_all_works_after_privileges_are_gone)
{
    static const uint8_t host_ip[4] = {10, 73, 42, 1};
    make_wire();
    lp_lan *lan = open_wire();
    int program = host_socket(), far = open_far();
    pid_t child = fork();
    if (child == 0) {
        lp_why why;
        lp_lan_frame frame;
        bool ok =
            lp_privileges_drop("nobody", LP_KEEP_NET_ADMIN | LP_KEEP_NET_RAW, &why) ==
                LP_OK &&
            lp_lan_set_members(lan, &player_mac, 1) == LP_OK &&
            lp_lan_write_to_host(lan, datagram_to(host_mac, host_ip, 9)) == LP_OK &&
            lp_lan_write(lan, frame_of(far_mac, player_mac, 0x88b5, 1),
                         LP_OFFLOAD_NONE) == LP_OK &&
            lp_lan_has_carrier(lan) && !capture(lan, &frame);
        _exit(ok ? 0 : 1);
    }
    uint8_t got[100];
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    CHECK_EQ(recv(program, got, sizeof got, MSG_DONTWAIT), 9);
    CHECK_EQ(recv(far, got, sizeof got, MSG_DONTWAIT), 60);
    close(program);
    close(far);
    lp_lan_close(lan);
}

TEST(without_the_right_to_load_programs_the_host_is_out_of_reach_and_the_rest_works)
{
    static const uint8_t host_ip[4] = {10, 73, 42, 1};
    make_wire();
    pid_t child = fork();
    if (child == 0) {
        lp_why why;
        lp_lan *lan = NULL;
        bool ok = lp_privileges_drop("nobody", LP_KEEP_NET_RAW, &why) == LP_OK &&
                  lp_lan_open("party", &lan, &why) == LP_OK &&
                  !lp_lan_look(lan)->can_reach_host &&
                  lp_lan_write_to_host(lan, datagram_to(host_mac, host_ip, 9)) ==
                      LP_ERR_UNSUPPORTED &&
                  lp_lan_write(lan, frame_of(far_mac, player_mac, 0x88b5, 1),
                               LP_OFFLOAD_NONE) == LP_OK;
        _exit(ok ? 0 : 1);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

TEST(without_any_capability_the_sentence_names_them)
{
    make_wire();
    pid_t child = fork();
    if (child == 0) {
        lp_why why;
        lp_lan *lan = NULL;
        bool ok = lp_privileges_drop("nobody", LP_KEEP_NOTHING, &why) == LP_OK &&
                  lp_lan_open("party", &lan, &why) == LP_ERR_DENIED &&
                  strstr(why.text, "CAP_NET_RAW");
        _exit(ok ? 0 : 1);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}
