/*
 * Reads and writes big-endian fields. The first overrun sets `failed`; from then on
 * reads give zero and writes do nothing, so a reader or writer checks once, at its end.
 */
#pragma once

#include "base/span.h"

typedef struct lp_cursor {
    lp_bytes rest;
    bool failed;
} lp_cursor;

lp_bytes lp_take(lp_cursor *in, size_t len);
uint8_t lp_take_u8(lp_cursor *in);
uint16_t lp_take_u16(lp_cursor *in);
uint32_t lp_take_u32(lp_cursor *in);

typedef struct lp_writer {
    lp_space rest;
    size_t len; /* octets written so far */
    bool failed;
} lp_writer;

void lp_put(lp_writer *out, lp_bytes bytes);
void lp_put_u8(lp_writer *out, uint8_t value);
void lp_put_u16(lp_writer *out, uint16_t value);
void lp_put_u32(lp_writer *out, uint32_t value);

/* Single fields at a known place, for code that has already checked the length. */
static inline uint16_t lp_get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t lp_get_u32(const uint8_t *at)
{
    return (uint32_t)lp_get_u16(at) << 16 | lp_get_u16(at + 2);
}

static inline void lp_set_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void lp_set_u32(uint8_t *at, uint32_t value)
{
    lp_set_u16(at, (uint16_t)(value >> 16));
    lp_set_u16(at + 2, (uint16_t)value);
}
