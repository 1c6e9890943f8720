#include "os/resolve.h"

#include "os/sockaddr.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ANSWERS_MAX 16

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

/* --- on a thread of its own ------------------------------------------------------- */

struct lp_lookup {
    atomic_int holders;  /* the asker and the thread: the last one frees */
    atomic_bool is_done; /* what follows `name` is the asker's */
    int done;            /* an eventfd */
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
    if (lookup->done >= 0)
        close(lookup->done);
    free(lookup);
}

static void *look_up(void *state)
{
    lp_lookup *lookup = state;
    lookup->err = lp_resolve(&lookup->name, lookup->found, ANSWERS_MAX, &lookup->count,
                             &lookup->why);
    atomic_store(&lookup->is_done, true);
    (void)eventfd_write(lookup->done, 1); /* the first write always fits */
    lp_lookup_drop(lookup);
    return NULL;
}

/* Signals are for the thread that runs the loop. */
static int start_thread(lp_lookup *lookup)
{
    pthread_attr_t detached;
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, &detached, look_up, lookup);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
    return error;
}

lp_err lp_lookup_start(const lp_endpoint_name *name, lp_lookup **out_lookup)
{
    lp_lookup *lookup = calloc(1, sizeof *lookup);
    if (!lookup)
        return LP_ERR_NO_MEMORY;
    lookup->name = *name;
    atomic_init(&lookup->holders, 1);
    lookup->done = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (lookup->done < 0)
        goto failed;
    atomic_fetch_add(&lookup->holders, 1);
    if (start_thread(lookup) != 0) {
        lp_lookup_drop(lookup); /* the thread's part */
        goto failed;
    }
    *out_lookup = lookup;
    return LP_OK;
failed:
    lp_lookup_drop(lookup);
    return LP_ERR_IO;
}

lp_fd lp_lookup_fd(const lp_lookup *lookup)
{
    return lookup->done;
}

lp_err lp_lookup_answer(const lp_lookup *lookup, lp_addr *out, size_t max,
                        size_t *out_count, lp_why *why)
{
    assert(atomic_load(&lookup->is_done)); /* its descriptor was readable */
    if (lookup->err) {
        *why = lookup->why;
        return lookup->err;
    }
    *out_count = lookup->count < max ? lookup->count : max;
    memcpy(out, lookup->found, *out_count * sizeof *out);
    return LP_OK;
}
