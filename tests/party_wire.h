/* A party's wire for tests: a veth pair in a fresh network. "party" is the gateway's
 * end and the host's, 10.73.42.1; "far" is where a LAN host would be. */
#pragma once

#include "base/mac.h"
#include "netns.h"
#include "os/lan.h"
#include "ready.h"
#include "test.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

static const lp_mac host_mac = {{2, 0, 0, 0, 0, 1}};
static const lp_mac far_mac = {{2, 0, 0, 0, 0, 2}};
static const lp_mac player_mac = {{2, 0, 0, 0, 0, 0x50}};

/* IPv6 is off, so that no frame is on the wire but the test's. */
static inline void make_wire(void)
{
    enter_new_network();
    CHECK(sh("ip link add party address 02:00:00:00:00:01 type veth "
             "peer name far address 02:00:00:00:00:02 && "
             "echo 1 > /proc/sys/net/ipv6/conf/party/disable_ipv6 && "
             "echo 1 > /proc/sys/net/ipv6/conf/far/disable_ipv6 && "
             "ip link set party up && ip link set far up && "
             "ip address add 10.73.42.1/24 dev party"));
}

static inline lp_lan *open_wire(void)
{
    lp_lan *lan = NULL;
    lp_why why = {""};
    CHECK_EQ(lp_lan_open("party", &lan, &why), LP_OK);
    CHECK_STR(why.text, "");
    return lan;
}

/* A packet socket at the far end; it hears what the wire brings, not what it sends. */
static inline int open_far(void)
{
    struct sockaddr_ll name = {.sll_family = AF_PACKET,
                               .sll_protocol = htons(ETH_P_ALL),
                               .sll_ifindex = (int)if_nametoindex("far")};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK_EQ(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

/* An Ethernet frame of 60 octets whose last one is `mark`. */
static inline lp_bytes frame_of(lp_mac to, lp_mac from, uint16_t type, uint8_t mark)
{
    static uint8_t frame[60];
    memset(frame, 0, sizeof frame);
    memcpy(frame, to.octet, 6);
    memcpy(frame + 6, from.octet, 6);
    frame[12] = (uint8_t)(type >> 8);
    frame[13] = (uint8_t)type;
    frame[59] = mark;
    return lp_bytes_of(frame, sizeof frame);
}

static inline void send_far(int far, lp_bytes frame)
{
    CHECK_EQ(send(far, frame.at, frame.len, 0), frame.len);
}

static uint8_t captured[65536 + 64];

/* The next captured frame; false when there is none. */
static inline bool capture(lp_lan *lan, lp_lan_frame *out_frame)
{
    size_t count;
    out_frame->space = lp_space_of(captured, sizeof captured);
    return lp_lan_read(lan, out_frame, 1, &count) == LP_OK;
}
