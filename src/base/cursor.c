#include "base/cursor.h"

lp_bytes lp_take(lp_cursor *in, size_t len)
{
    if (in->failed || len > in->rest.len) {
        in->failed = true;
        return (lp_bytes){0};
    }
    lp_bytes taken = lp_bytes_of(in->rest.at, len);
    in->rest = lp_bytes_after(in->rest, len);
    return taken;
}

uint8_t lp_take_u8(lp_cursor *in)
{
    lp_bytes field = lp_take(in, 1);
    return field.len == 1 ? field.at[0] : 0;
}

uint16_t lp_take_u16(lp_cursor *in)
{
    lp_bytes field = lp_take(in, 2);
    return field.len == 2 ? lp_get_u16(field.at) : 0;
}

uint32_t lp_take_u32(lp_cursor *in)
{
    lp_bytes field = lp_take(in, 4);
    return field.len == 4 ? lp_get_u32(field.at) : 0;
}

void lp_put(lp_writer *out, lp_bytes bytes)
{
    if (out->failed || bytes.len > out->rest.len) {
        out->failed = true;
        return;
    }
    if (bytes.len > 0)
        memcpy(out->rest.at, bytes.at, bytes.len);
    out->rest = lp_space_of(out->rest.at + bytes.len, out->rest.len - bytes.len);
    out->len += bytes.len;
}

void lp_put_u8(lp_writer *out, uint8_t value)
{
    lp_put(out, lp_bytes_of(&value, 1));
}

void lp_put_u16(lp_writer *out, uint16_t value)
{
    uint8_t field[2];
    lp_set_u16(field, value);
    lp_put(out, lp_bytes_of(field, sizeof field));
}

void lp_put_u32(lp_writer *out, uint32_t value)
{
    uint8_t field[4];
    lp_set_u32(field, value);
    lp_put(out, lp_bytes_of(field, sizeof field));
}
