#include "os/sockaddr.h"

#ifdef _WIN32
#include "os/windows/winsock.h"
#else
#include <netinet/in.h>
#include <sys/socket.h>
#endif

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

static bool is_link_local(const uint8_t ip[16])
{
    return ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
}

lp_addr lp_addr_of_ip4(const uint8_t ip[4], uint16_t port)
{
    lp_addr addr = {.family = 4, .port = port};
    memcpy(addr.ip, ip, 4);
    return addr;
}

lp_addr lp_addr_of_ip6(const uint8_t ip[16], uint32_t ifindex, uint16_t port)
{
    if (memcmp(ip, v4_mapped, sizeof v4_mapped) == 0)
        return lp_addr_of_ip4(ip + sizeof v4_mapped, port);
    lp_addr addr = {.family = 6, .port = port};
    memcpy(addr.ip, ip, 16);
    /* Only link-local addresses need it, and lp_addr_equal would see a difference. */
    if (is_link_local(ip))
        addr.scope_id = ifindex;
    return addr;
}

unsigned lp_sockaddr_write(const lp_addr *addr, int family,
                           struct sockaddr_storage *out)
{
    if (family == AF_INET && addr->family == 4) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(addr->port)};
        memcpy(&in.sin_addr, addr->ip, 4);
        memcpy(out, &in, sizeof in);
        return sizeof in;
    }
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons(addr->port),
                               .sin6_scope_id = addr->scope_id};
    if (addr->family == 6) {
        memcpy(&in6.sin6_addr, addr->ip, 16);
    } else {
        memcpy(in6.sin6_addr.s6_addr, v4_mapped, sizeof v4_mapped);
        memcpy(in6.sin6_addr.s6_addr + sizeof v4_mapped, addr->ip, 4);
    }
    memcpy(out, &in6, sizeof in6);
    return sizeof in6;
}

lp_addr lp_sockaddr_read(const struct sockaddr *from)
{
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        return lp_addr_of_ip4((const uint8_t *)&in.sin_addr, ntohs(in.sin_port));
    }
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, from, sizeof in6);
        return lp_addr_of_ip6(in6.sin6_addr.s6_addr, in6.sin6_scope_id,
                              ntohs(in6.sin6_port));
    }
    return (lp_addr){0};
}
