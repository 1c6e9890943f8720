#include "quic/path.h"

#include "base/cursor.h"

static ngtcp2_socklen put_v6(ngtcp2_sockaddr_in6 *out, const lp_addr *addr)
{
    *out = (ngtcp2_sockaddr_in6){.sin6_family = NGTCP2_AF_INET6};
    lp_set_u16((uint8_t *)&out->sin6_port, addr->port);
    memcpy(&out->sin6_addr, addr->ip, 16);
    out->sin6_scope_id = addr->scope_id;
    return sizeof *out;
}

static ngtcp2_socklen put_v4(ngtcp2_sockaddr_in *out, const lp_addr *addr)
{
    *out = (ngtcp2_sockaddr_in){.sin_family = NGTCP2_AF_INET};
    lp_set_u16((uint8_t *)&out->sin_port, addr->port);
    memcpy(&out->sin_addr, addr->ip, 4);
    return sizeof *out;
}

static ngtcp2_addr put(ngtcp2_sockaddr_union *out, const lp_addr *addr)
{
    bool is_v6 = addr->family == 6;
    ngtcp2_socklen len = is_v6 ? put_v6(&out->in6, addr) : put_v4(&out->in, addr);
    return (ngtcp2_addr){.addr = &out->sa, .addrlen = len};
}

const ngtcp2_path *lp_path_fill(ngtcp2_path_storage *storage, const lp_addr *local,
                                const lp_addr *remote)
{
    storage->path = (ngtcp2_path){
        .local = put(&storage->local_addrbuf, local),
        .remote = put(&storage->remote_addrbuf, remote),
    };
    return &storage->path;
}

lp_addr lp_path_addr(const ngtcp2_addr *addr)
{
    lp_addr out = {0};
    if (addr->addr->sa_family == NGTCP2_AF_INET6) {
        const ngtcp2_sockaddr_in6 *in6 =
            (const ngtcp2_sockaddr_in6 *)(void *)addr->addr;
        out.family = 6;
        out.port = lp_get_u16((const uint8_t *)&in6->sin6_port);
        memcpy(out.ip, &in6->sin6_addr, 16);
        out.scope_id = in6->sin6_scope_id;
    } else {
        const ngtcp2_sockaddr_in *in = (const ngtcp2_sockaddr_in *)(void *)addr->addr;
        out.family = 4;
        out.port = lp_get_u16((const uint8_t *)&in->sin_port);
        memcpy(out.ip, &in->sin_addr, 4);
    }
    return out;
}
