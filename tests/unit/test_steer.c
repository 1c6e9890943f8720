/* Sockets on one port, and which of them the kernel gives a packet to. */
#include "os/steer.h"

#include "os/service.h"
#include "ready.h"
#include "test.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 3, LONG = 0xc0, SHORT = 0x40 };

static lp_udp *sockets[WORKERS], *sender;
static lp_steer *steer;

static void open_sockets(const char *ip)
{
    lp_addr at = {0};
    lp_why why;
    CHECK_EQ(lp_addr_read_ip(ip, 0, &at), LP_OK);
    CHECK_EQ(lp_udp_open(&at, false, &sender, &why), LP_OK);
    for (size_t i = 0; i < WORKERS; i++) {
        CHECK_EQ(lp_udp_open(&at, true, &sockets[i], &why), LP_OK);
        at = lp_udp_local(sockets[i]);
    }
    CHECK_EQ(lp_steer_open(sockets[0], WORKERS, &steer, &why), LP_OK);
}

static void close_sockets(void)
{
    lp_steer_close(steer);
    lp_udp_close(sender);
    for (size_t i = 0; i < WORKERS; i++)
        lp_udp_close(sockets[i]);
}

/* Loopback delivers within the call, so what is not there now will not come. */
static int who_got_it(void)
{
    int who = -1;
    for (int i = 0; i < WORKERS; i++) {
        const lp_udp_in *in;
        size_t count;
        if (lp_udp_receive(sockets[i], &in, &count) == LP_OK) {
            CHECK_EQ(who, -1);
            CHECK_EQ(count, 1);
            who = i;
        }
    }
    return who;
}

static int send_and_see(const uint8_t *payload, size_t len)
{
    size_t sent;
    lp_udp_train train = {.remote = lp_udp_local(sockets[0]),
                          .payloads = lp_bytes_of(payload, len)};
    CHECK_EQ(lp_udp_send(sender, &train, 1, &sent), LP_OK);
    return who_got_it();
}

/* A packet with an id that begins with `lane`. */
static int send_id(uint8_t form, uint8_t lane)
{
    uint8_t packet[40] = {form};
    memset(packet + 1, 0xee, sizeof packet - 1);
    packet[form & 0x80 ? 6 : 1] = lane;
    return send_and_see(packet, sizeof packet);
}

static void check_lanes(void)
{
    for (unsigned octet = 0; octet < 256; octet++) {
        int wanted = (int)lp_lane_worker((uint8_t)octet, WORKERS);
        CHECK_EQ(send_id(SHORT, (uint8_t)octet), wanted);
        CHECK_EQ(send_id(LONG, (uint8_t)octet), wanted);
    }
}

TEST(a_packet_goes_to_the_worker_that_its_id_names)
{
    static const struct {
        const char *name;
    } rows[] = {{"127.0.0.1"}, {"::1"}};
    EACH_ROW (row, rows) {
        open_sockets(row->name);
        check_lanes();
        close_sockets();
    }
}

TEST(what_is_too_short_for_an_id_goes_to_the_first)
{
    static const uint8_t octets[] = {LONG, 1, 1, 1, 1, 1};
    open_sockets("127.0.0.1");
    for (size_t len = 1; len <= sizeof octets; len++)
        CHECK_EQ(send_and_see(octets, len), 0);
    CHECK_EQ(send_and_see((const uint8_t[]){SHORT}, 1), 0);
    CHECK_EQ(send_and_see((const uint8_t[]){SHORT, 2}, 2), 2);
    close_sockets();
}

TEST(an_id_may_be_an_exception_for_a_while)
{
    static const uint8_t packet[] = {SHORT, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    static const uint8_t neighbour[] = {SHORT, 2, 3, 4, 5, 6, 7, 8, 8, 10, 11};
    open_sockets("127.0.0.1");
    lp_err err = lp_steer_pin(steer, packet + 1, 1);
    if (err == LP_ERR_DENIED) {
        printf("skipped: the right to load BPF programs is missing\n");
        close_sockets();
        return;
    }
    CHECK_EQ(err, LP_OK);
    CHECK_EQ(send_and_see(packet, sizeof packet), 1);
    CHECK_EQ(send_and_see(neighbour, sizeof neighbour), 2);
    check_lanes();
    CHECK_EQ(lp_steer_pin(steer, packet + 1, 0), LP_OK); /* it went on to another */
    CHECK_EQ(send_and_see(packet, sizeof packet), 0);
    lp_steer_unpin(steer, packet + 1);
    lp_steer_unpin(steer, packet + 1);
    CHECK_EQ(send_and_see(packet, sizeof packet), 2);
    close_sockets();
}

/* In a child: there is no way back. */
static int in_child(int (*what)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(what());
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int pin_without_privileges(void)
{
    static const uint8_t packet[] = {SHORT, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    lp_why why;
    open_sockets("127.0.0.1");
    if (lp_privileges_drop("nobody", LP_KEEP_NOTHING, &why) != LP_OK)
        return 2;
    lp_err err = lp_steer_pin(steer, packet + 1, 1);
    return err == LP_OK && send_and_see(packet, sizeof packet) == 1 ? 0 : 1;
}

TEST(exceptions_are_made_after_privileges_were_given_up)
{
    if (geteuid() != 0)
        printf("skipped: not root\n");
    else
        CHECK_EQ(in_child(pin_without_privileges), 0);
}

static int steer_without_privileges(void)
{
    static const uint8_t id[LP_STEER_ID_LEN] = {2};
    lp_why why;
    if (geteuid() == 0 && lp_privileges_drop("nobody", LP_KEEP_NOTHING, &why) != LP_OK)
        return 2;
    open_sockets("127.0.0.1");
    check_lanes();
    return lp_steer_pin(steer, id, 1) == LP_ERR_DENIED ? 0 : 1;
}

TEST(lanes_need_no_privileges)
{
    CHECK_EQ(in_child(steer_without_privileges), 0);
}
