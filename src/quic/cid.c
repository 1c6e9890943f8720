#include "quic/cid.h"

#include "base/cursor.h"

enum { WORKER_AT = 0, PLACE_AT = 1, SALT_AT = 4, SALT_LEN = 4 };

_Static_assert(SALT_AT + SALT_LEN == LP_QUIC_CID_LEN, "the salt ends the id");

static uint32_t mask_of(const lp_cid_codec *codec, const uint8_t *salt)
{
    return (uint32_t)lp_siphash(&codec->key, lp_bytes_of(salt, SALT_LEN));
}

void lp_cid_write(const lp_cid_codec *codec, lp_place place, lp_random random,
                  uint8_t out_cid[LP_QUIC_CID_LEN])
{
    uint8_t *salt = out_cid + SALT_AT;
    lp_random_fill(random, salt, SALT_LEN);
    uint32_t mask = mask_of(codec, salt);
    out_cid[WORKER_AT] = codec->worker;
    lp_set_u16(out_cid + PLACE_AT, (uint16_t)(place.slot ^ mask));
    out_cid[PLACE_AT + 2] = (uint8_t)(place.generation ^ mask >> 16);
}

bool lp_cid_read(const lp_cid_codec *codec, lp_bytes cid, lp_place *out_place)
{
    if (cid.len != LP_QUIC_CID_LEN || cid.at[WORKER_AT] != codec->worker)
        return false;
    uint32_t mask = mask_of(codec, cid.at + SALT_AT);
    out_place->slot = (uint16_t)(lp_get_u16(cid.at + PLACE_AT) ^ mask);
    out_place->generation = (uint8_t)(cid.at[PLACE_AT + 2] ^ mask >> 16);
    return true;
}
