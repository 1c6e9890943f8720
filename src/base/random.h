/* A source of random octets, handed in: the operating system's, or a test's. */
#pragma once

#include "base/span.h"

typedef struct lp_random {
    void (*fill)(void *state, uint8_t *at, size_t len);
    void *state;
} lp_random;

static inline void lp_random_fill(lp_random random, void *at, size_t len)
{
    random.fill(random.state, at, len);
}

static inline uint32_t lp_random_u32(lp_random random)
{
    uint32_t value;
    lp_random_fill(random, &value, sizeof value);
    return value;
}
