#include "os/random.h"

#include <stdlib.h>

#include <windows.h>

#include <bcrypt.h>

static void fill(void *state, uint8_t *at, size_t len)
{
    (void)state;
    while (len > 0) {
        ULONG part = len < 65536 ? (ULONG)len : 65536;
        if (BCryptGenRandom(NULL, at, part, BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0)
            abort(); /* keys made of anything else would be worse than none */
        at += part;
        len -= part;
    }
}

lp_random lp_os_random(void)
{
    return (lp_random){.fill = fill};
}
