#include "os/resolve.h"

#include "os/linux/sockaddr.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>

static lp_err explain(lp_why *why, const char *host, int code)
{
    switch (code) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_FAIL:
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "there is no host named %s: check the spelling", host);
    case EAI_AGAIN:
        return lp_explain(why, LP_ERR_TIMEOUT,
                          "cannot look up %s: no name server answers; is this machine "
                          "online?",
                          host);
    case EAI_MEMORY:
        return lp_explain(why, LP_ERR_NO_MEMORY, "no memory to look up %s", host);
    default:
        return lp_explain(why, LP_ERR_IO, "cannot look up %s: %s", host,
                          code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
    }
}

lp_err lp_resolve(const lp_endpoint_name *name, lp_addr *out, size_t max,
                  size_t *out_count, lp_why *why)
{
    const struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found;
    size_t count = 0;
    assert(max > 0);
    if (lp_addr_read_ip(name->host, name->port, &out[0]) == LP_OK) {
        *out_count = 1;
        return LP_OK;
    }
    int code = getaddrinfo(name->host, NULL, &wanted, &found);
    if (code != 0)
        return explain(why, name->host, code);
    for (const struct addrinfo *at = found; at && count < max; at = at->ai_next) {
        lp_addr addr = lp_sockaddr_read(at->ai_addr);
        addr.port = name->port;
        if (addr.family != 0)
            out[count++] = addr;
    }
    freeaddrinfo(found);
    if (count == 0)
        return explain(why, name->host, EAI_NONAME);
    *out_count = count;
    return LP_OK;
}
