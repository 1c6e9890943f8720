#include "os/resolve.h"

#include "os/sockaddr.h"
#include "os/windows/errors.h"
#include "os/windows/wake.h"
#include "os/windows/winsock.h"

#include <assert.h>
#include <process.h>
#include <stdatomic.h>
#include <stdlib.h>

#define ANSWERS_MAX 16

static lp_err explain(lp_why *why, const char *host, int code)
{
    char text[LP_WINDOWS_TEXT_LEN];
    switch (code) {
    case WSAHOST_NOT_FOUND:
    case WSANO_DATA:
    case WSANO_RECOVERY:
        return lp_explain(why, LP_ERR_NOT_FOUND,
                          "there is no host named %s: check the spelling", host);
    case WSATRY_AGAIN:
        return lp_explain(why, LP_ERR_TIMEOUT,
                          "cannot look up %s: no name server answers; is this machine "
                          "online?",
                          host);
    case WSA_NOT_ENOUGH_MEMORY:
        return lp_explain(why, LP_ERR_NO_MEMORY, "no memory to look up %s", host);
    default:
        return lp_explain(why, LP_ERR_IO, "cannot look up %s: %s", host,
                          lp_windows_text((unsigned long)code, text));
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
    lp_winsock_start();
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
        return explain(why, name->host, WSAHOST_NOT_FOUND);
    *out_count = count;
    return LP_OK;
}

/* --- on a thread of its own ------------------------------------------------------- */

struct lp_lookup {
    atomic_int holders; /* the asker and the thread: the last one frees */
    lp_wake *done;
    lp_endpoint_name name;
    lp_addr found[ANSWERS_MAX];
    size_t count;
    lp_err err;
    lp_why why;
};

void lp_lookup_drop(lp_lookup *lookup)
{
    if (!lookup || atomic_fetch_sub(&lookup->holders, 1) > 1)
        return;
    lp_wake_close(lookup->done);
    free(lookup);
}

static unsigned __stdcall look_up(void *state)
{
    lp_lookup *lookup = state;
    lookup->err = lp_resolve(&lookup->name, lookup->found, ANSWERS_MAX, &lookup->count,
                             &lookup->why);
    lp_wake_ring(lookup->done);
    lp_lookup_drop(lookup);
    return 0;
}

lp_err lp_lookup_start(const lp_endpoint_name *name, lp_lookup **out_lookup)
{
    lp_why ignored;
    lp_lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return LP_ERR_NO_MEMORY;
    lookup->name = *name;
    atomic_init(&lookup->holders, 1);
    if (lp_wake_open(&lookup->done, &ignored) != LP_OK)
        goto failed;
    atomic_fetch_add(&lookup->holders, 1);
    uintptr_t thread = _beginthreadex(NULL, 0, look_up, lookup, 0, NULL);
    if (thread == 0) {
        lp_lookup_drop(lookup); /* the thread's part */
        goto failed;
    }
    CloseHandle((HANDLE)thread);
    *out_lookup = lookup;
    return LP_OK;
failed:
    lp_lookup_drop(lookup);
    return LP_ERR_IO;
}

lp_fd lp_lookup_fd(const lp_lookup *lookup)
{
    return lp_wake_fd(lookup->done);
}

lp_err lp_lookup_answer(const lp_lookup *lookup, lp_addr *out, size_t max,
                        size_t *out_count, lp_why *why)
{
    if (lookup->err) {
        *why = lookup->why;
        return lookup->err;
    }
    *out_count = lookup->count < max ? lookup->count : max;
    memcpy(out, lookup->found, *out_count * sizeof *out);
    return LP_OK;
}
