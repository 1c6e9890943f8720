#include "hex.h"
#include "quic/aead.h"
#include "test.h"

#include <stdlib.h>

enum { PACKET_MAX = 1500, AAD_MAX = 48 };

typedef struct example {
    uint8_t raw[LP_AEAD_KEY_MAX], nonce[LP_AEAD_NONCE_LEN];
    uint8_t plain[PACKET_MAX], aad[AAD_MAX];
    size_t len, aad_len;
} example;

/* The same on every machine and at every run. */
static void fill(uint32_t *seed, uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        *seed = *seed * 1664525 + 1013904223;
        at[i] = (uint8_t)(*seed >> 24);
    }
}

static example example_of(size_t len)
{
    example it = {.len = len, .aad_len = 1 + len % AAD_MAX};
    uint32_t seed = (uint32_t)len + 1;
    fill(&seed, it.raw, sizeof it.raw);
    fill(&seed, it.nonce, sizeof it.nonce);
    fill(&seed, it.plain, len);
    fill(&seed, it.aad, it.aad_len);
    return it;
}

static bool seal_with(const lp_aead *how, const example *it, uint8_t *out)
{
    lp_key *key = lp_key_new(how, it->raw, LP_KEY_SEALS);
    bool ok = lp_key_seal(key, lp_bytes_of(it->plain, it->len), it->nonce,
                          lp_bytes_of(it->aad, it->aad_len), out);
    lp_key_free(key);
    return ok;
}

/* What comes out is in `out`, as long as the example's plain text. */
static bool open_with(const lp_aead *how, const example *it, const uint8_t *sealed,
                      uint8_t *out)
{
    /* In memory of its own length, so that the sanitizer sees one octet too many. */
    uint8_t *exact = malloc(it->len + LP_AEAD_TAG_LEN);
    memcpy(exact, sealed, it->len + LP_AEAD_TAG_LEN);
    lp_key *key = lp_key_new(how, it->raw, LP_KEY_OPENS);
    bool ok = lp_key_open(key, lp_bytes_of(exact, it->len + LP_AEAD_TAG_LEN), it->nonce,
                          lp_bytes_of(it->aad, it->aad_len), out);
    lp_key_free(key);
    free(exact);
    return ok;
}

/* --- vectors ---------------------------------------------------------------------- */

/* RFC 9001 appendix A.3 (AES-128-GCM) and A.5 (ChaCha20-Poly1305) */
static const struct vector {
    const char *name;
    bool is_chacha;
    const char *key, *nonce, *aad, *plain, *sealed, *mask_key, *sample, *mask;
} vectors[] = {
    {"a server's first packet", false, "cf3a5331653c364c88f0f379b6067e37",
     "0ac1493ca1905853b0bba03f", "c1000000010008f067a5502a4262b50040750001",
     "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf739"
     "88cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c94"
     "0d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00"
     "020304",
     "5a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f"
     "5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73"
     "cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850"
     "abbdca3d20398c276456cbc42158407dd074ee",
     "c206b8d9b9f0f37644430b490eeaa314", "2cd0991cd25b0aac406a5816b6394100",
     "2ec0d8356a"},
    {"a short packet", true,
     "c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8",
     "e0459b3474bdd0e46d417eb0", "4200bff4", "01", "655e5cd55c41f69080575d7999c25a5bfb",
     "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4",
     "5e5cd55c41f69080575d7999c25a5bfb", "aefefe7d03"},
};

static void check_vector(const struct vector *it, const lp_aead *how)
{
    uint8_t raw[32], nonce[12], aad[32], plain[128], wanted[160], sealed[160],
        opened[128];
    CHECK_EQ(lp_test_hex(it->key, raw, sizeof raw), how->key_len);
    CHECK_EQ(lp_test_hex(it->nonce, nonce, sizeof nonce), sizeof nonce);
    lp_bytes about = lp_bytes_of(aad, lp_test_hex(it->aad, aad, sizeof aad));
    size_t len = lp_test_hex(it->plain, plain, sizeof plain);
    size_t sealed_len = lp_test_hex(it->sealed, wanted, sizeof wanted);
    lp_key *sealing = lp_key_new(how, raw, LP_KEY_SEALS);
    lp_key *opening = lp_key_new(how, raw, LP_KEY_OPENS);
    CHECK(lp_key_seal(sealing, lp_bytes_of(plain, len), nonce, about, sealed));
    CHECK_BYTES(sealed, len + LP_AEAD_TAG_LEN, wanted, sealed_len);
    CHECK(lp_key_open(opening, lp_bytes_of(wanted, sealed_len), nonce, about, opened));
    CHECK_BYTES(opened, len, plain, len);
    lp_key_free(sealing);
    lp_key_free(opening);

    uint8_t sample[LP_MASK_LEN], mask[LP_MASK_LEN], wanted_mask[5];
    CHECK_EQ(lp_test_hex(it->mask_key, raw, sizeof raw), how->key_len);
    lp_test_hex(it->sample, sample, sizeof sample);
    lp_test_hex(it->mask, wanted_mask, sizeof wanted_mask);
    lp_key *masking = lp_key_new(how, raw, LP_KEY_MASKS);
    CHECK(lp_key_mask(masking, sample, mask));
    CHECK_BYTES(mask, sizeof wanted_mask, wanted_mask, sizeof wanted_mask);
    lp_key_free(masking);
}

TEST(packets_of_the_rfc_are_protected_as_it_says)
{
    EACH_ROW (row, vectors) {
        check_vector(row, row->is_chacha ? &lp_aead_chacha_evp : &lp_aead_aes_evp);
        if (!row->is_chacha)
            check_vector(row, lp_aead_aes());
    }
}

/* --- one backend against the other ------------------------------------------------ */

static const lp_aead *const all[] = {&lp_aead_aes_evp, &lp_aead_chacha_evp, NULL};

/* The i-th way to protect a packet that there is here; NULL past the last. */
static const lp_aead *way(size_t i)
{
    return i < 2 ? all[i] : i == 2 ? lp_aead_aes_mb() : NULL;
}

TEST(the_faster_one_is_taken_where_it_works)
{
    CHECK(lp_aead_aes() == (lp_aead_aes_mb() ? lp_aead_aes_mb() : &lp_aead_aes_evp));
}

TEST(every_length_is_sealed_alike_and_opens_with_either)
{
    const lp_aead *fast = lp_aead_aes();
    for (size_t len = 0; len <= PACKET_MAX; len++) {
        uint8_t one[PACKET_MAX + LP_AEAD_TAG_LEN], two[PACKET_MAX + LP_AEAD_TAG_LEN];
        uint8_t opened[PACKET_MAX];
        example it = example_of(len);
        CHECK(seal_with(&lp_aead_aes_evp, &it, one));
        CHECK(seal_with(fast, &it, two));
        CHECK_BYTES(two, len + LP_AEAD_TAG_LEN, one, len + LP_AEAD_TAG_LEN);
        CHECK(open_with(&lp_aead_aes_evp, &it, two, opened));
        CHECK_BYTES(opened, len, it.plain, len);
        CHECK(open_with(fast, &it, one, opened));
        CHECK_BYTES(opened, len, it.plain, len);
    }
}

TEST(masks_are_alike)
{
    for (uint32_t seed = 0; seed < 1000; seed++) {
        uint8_t raw[LP_AEAD_KEY_MAX], sample[LP_MASK_LEN], one[LP_MASK_LEN],
            two[LP_MASK_LEN];
        uint32_t state = seed;
        fill(&state, raw, sizeof raw);
        fill(&state, sample, sizeof sample);
        lp_key *slow = lp_key_new(&lp_aead_aes_evp, raw, LP_KEY_MASKS);
        lp_key *fast = lp_key_new(lp_aead_aes(), raw, LP_KEY_MASKS);
        CHECK(lp_key_mask(slow, sample, one));
        CHECK(lp_key_mask(fast, sample, two));
        CHECK_BYTES(two, sizeof two, one, sizeof one);
        lp_key_free(slow);
        lp_key_free(fast);
    }
}

TEST(a_packet_is_sealed_and_opened_where_it_lies)
{
    for (size_t i = 0; way(i); i++) {
        example it = example_of(1200);
        uint8_t packet[1200 + LP_AEAD_TAG_LEN];
        lp_bytes about = lp_bytes_of(it.aad, it.aad_len);
        lp_key *sealing = lp_key_new(way(i), it.raw, LP_KEY_SEALS);
        lp_key *opening = lp_key_new(way(i), it.raw, LP_KEY_OPENS);
        memcpy(packet, it.plain, it.len);
        CHECK(
            lp_key_seal(sealing, lp_bytes_of(packet, it.len), it.nonce, about, packet));
        CHECK(memcmp(packet, it.plain, it.len) != 0);
        CHECK(lp_key_open(opening, lp_bytes_of(packet, sizeof packet), it.nonce, about,
                          packet));
        CHECK_BYTES(packet, it.len, it.plain, it.len);
        lp_key_free(sealing);
        lp_key_free(opening);
    }
}

/* --- what must not open ----------------------------------------------------------- */

TEST(an_octet_changed_anywhere_is_noticed)
{
    enum { LEN = 100 };
    for (size_t i = 0; way(i); i++) {
        example it = example_of(LEN);
        uint8_t sealed[LEN + LP_AEAD_TAG_LEN], opened[LEN];
        CHECK(seal_with(way(i), &it, sealed));
        for (size_t bit = 0; bit < 8 * sizeof sealed; bit++) {
            sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
            CHECK(!open_with(way(i), &it, sealed, opened));
            sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        it.aad[0] ^= 1;
        CHECK(!open_with(way(i), &it, sealed, opened));
        it.aad[0] ^= 1;
        it.nonce[11] ^= 1;
        CHECK(!open_with(way(i), &it, sealed, opened));
        it.nonce[11] ^= 1;
        it.raw[0] ^= 1;
        CHECK(!open_with(way(i), &it, sealed, opened));
        it.raw[0] ^= 1;
        CHECK(open_with(way(i), &it, sealed, opened));
    }
}

TEST(less_than_a_tag_is_no_packet)
{
    for (size_t i = 0; way(i); i++) {
        example it = example_of(0);
        uint8_t sealed[LP_AEAD_TAG_LEN], opened[1];
        lp_key *key = lp_key_new(way(i), it.raw, LP_KEY_OPENS);
        CHECK(seal_with(way(i), &it, sealed));
        for (size_t len = 0; len < sizeof sealed; len++)
            CHECK(!lp_key_open(key, lp_bytes_of(sealed, len), it.nonce,
                               lp_bytes_of(it.aad, it.aad_len), opened));
        lp_key_free(key);
    }
}

/* --- keys ------------------------------------------------------------------------- */

TEST(a_key_is_expanded_when_it_is_first_used_and_then_holds_no_raw_key)
{
    static const uint8_t nothing[LP_AEAD_KEY_MAX];
    for (size_t i = 0; way(i); i++) {
        example it = example_of(16);
        uint8_t sealed[16 + LP_AEAD_TAG_LEN];
        lp_key *key = lp_key_new(way(i), it.raw, LP_KEY_SEALS);
        CHECK(key->expanded == NULL);
        CHECK(lp_key_seal(key, lp_bytes_of(it.plain, it.len), it.nonce,
                          lp_bytes_of(it.aad, it.aad_len), sealed));
        CHECK(key->expanded != NULL);
        CHECK_BYTES(key->raw, sizeof key->raw, nothing, sizeof nothing);
        lp_key_free(key);
    }
}

TEST(a_key_for_which_memory_runs_out_is_none)
{
    example it = example_of(16);
    lp_test_fail_allocation(1);
    CHECK(lp_key_new(lp_aead_aes(), it.raw, LP_KEY_SEALS) == NULL);
    lp_key_free(NULL);
}
