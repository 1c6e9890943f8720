#include "os/windows/udp_cmsg.h"

#include "os/sockaddr.h"

#include <assert.h>
#include <string.h>

#define ECN_BITS 3

static bool is(const WSACMSGHDR *cmsg, int level, int type, size_t len)
{
    return cmsg->cmsg_level == level && cmsg->cmsg_type == type &&
           cmsg->cmsg_len >= WSA_CMSG_LEN(len);
}

static void read_one(WSACMSGHDR *cmsg, lp_udp_in *in, size_t *out_segment_len)
{
    struct in_pktinfo info4;
    struct in6_pktinfo info6;
    int ecn;
    DWORD segment_len;
    const void *data = WSA_CMSG_DATA(cmsg);
    if (is(cmsg, IPPROTO_IP, IP_PKTINFO, sizeof info4)) {
        memcpy(&info4, data, sizeof info4);
        in->local = lp_addr_of_ip4((const uint8_t *)&info4.ipi_addr, 0);
    } else if (is(cmsg, IPPROTO_IPV6, IPV6_PKTINFO, sizeof info6)) {
        memcpy(&info6, data, sizeof info6);
        if (in->local.family == 0)
            in->local = lp_addr_of_ip6(info6.ipi6_addr.s6_addr, info6.ipi6_ifindex, 0);
    } else if (is(cmsg, IPPROTO_IP, IP_ECN, sizeof ecn) ||
               is(cmsg, IPPROTO_IPV6, IPV6_ECN, sizeof ecn)) {
        memcpy(&ecn, data, sizeof ecn);
        in->ecn = (uint8_t)(ecn & ECN_BITS);
    } else if (is(cmsg, IPPROTO_UDP, UDP_COALESCED_INFO, sizeof segment_len)) {
        memcpy(&segment_len, data, sizeof segment_len);
        *out_segment_len = segment_len;
    }
}

void lp_udp_cmsg_read(WSAMSG *message, lp_udp_in *in, size_t *out_segment_len)
{
    for (WSACMSGHDR *cmsg = WSA_CMSG_FIRSTHDR(message); cmsg;
         cmsg = WSA_CMSG_NXTHDR(message, cmsg))
        read_one(cmsg, in, out_segment_len);
}

static void put(WSAMSG *message, int level, int type, const void *value, size_t len)
{
    WSACMSGHDR cmsg = {
        .cmsg_len = WSA_CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type};
    char *at = message->Control.buf + message->Control.len;
    assert(message->Control.len + WSA_CMSG_SPACE(len) <= LP_UDP_CONTROL_LEN);
    memcpy(at, &cmsg, sizeof cmsg);
    memcpy(at + WSA_CMSG_LEN(0), value, len);
    message->Control.len += (ULONG)WSA_CMSG_SPACE(len);
}

static void put_source(WSAMSG *message, const lp_addr *from)
{
    if (from->family == 4) {
        struct in_pktinfo info = {0};
        memcpy(&info.ipi_addr, from->ip, 4);
        put(message, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    } else {
        struct in6_pktinfo info = {.ipi6_ifindex = from->scope_id};
        memcpy(&info.ipi6_addr, from->ip, 16);
        put(message, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
}

void lp_udp_cmsg_write(WSAMSG *message, uint8_t remote_family, const lp_addr *from,
                       uint8_t ecn, size_t segment_len)
{
    bool is_v4 = remote_family == 4;
    message->Control.len = 0;
    if (from->family == remote_family && !lp_addr_is_any(from))
        put_source(message, from);
    if (ecn) {
        int class = ecn & ECN_BITS;
        put(message, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_ECN : IPV6_ECN,
            &class, sizeof class);
    }
    if (segment_len) {
        DWORD len = (DWORD)segment_len;
        put(message, IPPROTO_UDP, UDP_SEND_MSG_SIZE, &len, sizeof len);
    }
}
