#include "os/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static void fill(void *state, uint8_t *at, size_t len)
{
    (void)state;
    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            abort(); /* keys made of anything else would be worse than none */
        at += got;
        len -= (size_t)got;
    }
}

lp_random lp_os_random(void)
{
    return (lp_random){.fill = fill};
}
