#include "os/linux/udp_cmsg.h"

#include "os/sockaddr.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#define ECN_BITS 3

static bool is(const struct cmsghdr *cmsg, int level, int type, size_t len)
{
    return cmsg->cmsg_level == level && cmsg->cmsg_type == type &&
           cmsg->cmsg_len >= CMSG_LEN(len);
}

static void read_one(const struct cmsghdr *cmsg, lp_udp_in *in, size_t *out_segment_len)
{
    struct in_pktinfo info4;
    struct in6_pktinfo info6;
    int number;
    if (is(cmsg, IPPROTO_IP, IP_PKTINFO, sizeof info4)) {
        memcpy(&info4, CMSG_DATA(cmsg), sizeof info4);
        in->local = lp_addr_of_ip4((const uint8_t *)&info4.ipi_spec_dst, 0);
    } else if (is(cmsg, IPPROTO_IPV6, IPV6_PKTINFO, sizeof info6)) {
        memcpy(&info6, CMSG_DATA(cmsg), sizeof info6);
        if (in->local.family ==
            0) /* for IPv4 both come, and the other one knows better */
            in->local = lp_addr_of_ip6(info6.ipi6_addr.s6_addr, info6.ipi6_ifindex, 0);
    } else if (is(cmsg, IPPROTO_IP, IP_TOS, 1)) {
        in->ecn = *CMSG_DATA(cmsg) & ECN_BITS;
    } else if (is(cmsg, IPPROTO_IPV6, IPV6_TCLASS, sizeof number)) {
        memcpy(&number, CMSG_DATA(cmsg), sizeof number);
        in->ecn = (uint8_t)(number & ECN_BITS);
    } else if (is(cmsg, IPPROTO_UDP, UDP_GRO, sizeof number)) {
        memcpy(&number, CMSG_DATA(cmsg), sizeof number);
        if (number > 0)
            *out_segment_len = (size_t)number;
    }
}

void lp_udp_cmsg_read(const struct msghdr *message, lp_udp_in *in,
                      size_t *out_segment_len)
{
    struct msghdr *walked = (struct msghdr *)(uintptr_t)message;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(walked); cmsg;
         cmsg = CMSG_NXTHDR(walked, cmsg))
        read_one(cmsg, in, out_segment_len);
}

static void put(struct msghdr *message, int level, int type, const void *value,
                size_t len)
{
    struct cmsghdr cmsg = {
        .cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
    uint8_t *at = (uint8_t *)message->msg_control + message->msg_controllen;
    assert(message->msg_controllen + CMSG_SPACE(len) <= LP_UDP_CONTROL_LEN);
    memcpy(at, &cmsg, sizeof cmsg);
    memcpy(at + CMSG_LEN(0), value, len);
    message->msg_controllen += CMSG_SPACE(len);
}

static void put_source(struct msghdr *message, const lp_addr *from)
{
    if (from->family == 4) {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_spec_dst, from->ip, 4);
        put(message, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    } else {
        struct in6_pktinfo info = {.ipi6_ifindex = from->scope_id};
        memcpy(&info.ipi6_addr, from->ip, 16);
        put(message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
}

void lp_udp_cmsg_write(struct msghdr *message, uint8_t remote_family,
                       const lp_addr *from, uint8_t ecn, size_t segment_len)
{
    message->msg_controllen = 0;
    if (from->family == remote_family && !lp_addr_is_any(from))
        put_source(message, from);
    if (ecn) {
        int class = ecn & ECN_BITS;
        bool is_v4 = remote_family == 4;
        put(message, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TOS : IPV6_TCLASS,
            &class, sizeof class);
    }
    if (segment_len) {
        uint16_t len = (uint16_t)segment_len;
        put(message, IPPROTO_UDP, UDP_SEGMENT, &len, sizeof len);
    }
    if (message->msg_controllen == 0)
        message->msg_control = NULL;
}
