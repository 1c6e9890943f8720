/* Bounded views of memory. A view never owns what it points at. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct lp_bytes {
    const uint8_t *at;
    size_t len;
} lp_bytes;

/* A place to write: `at[0..len)` belongs to the writer for the call. */
typedef struct lp_space {
    uint8_t *at;
    size_t len;
} lp_space;

static inline lp_bytes lp_bytes_of(const void *at, size_t len)
{
    return (lp_bytes){.at = at, .len = len};
}

static inline lp_space lp_space_of(void *at, size_t len)
{
    return (lp_space){.at = at, .len = len};
}

/* The view without its first `len` octets; the caller has checked that they exist. */
static inline lp_bytes lp_bytes_after(lp_bytes bytes, size_t len)
{
    return lp_bytes_of(bytes.at + len, bytes.len - len);
}

static inline bool lp_bytes_equal(lp_bytes a, lp_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}
