/*
 * Intel's ipsec-mb: AES-128-GCM for one packet at a time, without the dispatching and the
 * named parameters that cost EVP more than the octets of a small packet.
 */
#include "quic/aead.h"

#include <intel-ipsec-mb.h>
#include <openssl/crypto.h>
#include <stdlib.h>

/* Its functions keep no state but what they are given: every thread may use them. */
typedef struct functions {
    aes_gcm_pre_t expand;
    aes_gcm_enc_dec_t seal, open;
    keyexp_t expand_mask;
    aes_cfb_t mask;
    bool are_usable;
} functions;

static functions mb;

/* With fewer features ipsec-mb emulates AES, in time that depends on the key. */
#define NEEDED (IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ | IMB_FEATURE_AVX2)

/* The manager of its job queues is only asked which functions fit this CPU. */
static void choose_functions(void)
{
    IMB_ARCH arch;
    IMB_MGR *manager = alloc_mb_mgr(0);
    if (!manager)
        return;
    init_mb_mgr_auto(manager, &arch);
    mb = (functions){
        .expand = manager->gcm128_pre,
        .seal = manager->gcm128_enc,
        .open = manager->gcm128_dec,
        .expand_mask = manager->keyexp_128,
        .mask = manager->aes128_cfb_one,
        .are_usable = imb_get_errno(manager) == 0 && arch != IMB_ARCH_NONE &&
                      (manager->features & NEEDED) == NEEDED,
    };
    free_mb_mgr(manager);
}

/* --- keys ------------------------------------------------------------------------- */

typedef struct gcm_key_data gcm_key;

typedef struct mask_key {
    uint8_t rounds[11 * 16];
} mask_key;

enum { CACHE_LINE = 64 };

static size_t len_for(lp_key_use use)
{
    size_t len = use == LP_KEY_MASKS ? sizeof(mask_key) : sizeof(gcm_key);
    return (len + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

static void *expand(const uint8_t *raw, lp_key_use use)
{
    uint8_t for_decryption[15 * 16] __attribute__((aligned(16))); /* nobody's need */
    void *key = aligned_alloc(CACHE_LINE, len_for(use));
    if (!key)
        return NULL;
    if (use == LP_KEY_MASKS) {
        mb.expand_mask(raw, ((mask_key *)key)->rounds, for_decryption);
        OPENSSL_cleanse(for_decryption, sizeof for_decryption);
    } else {
        mb.expand(raw, key);
    }
    return key;
}

static void discard(void *key, lp_key_use use)
{
    OPENSSL_cleanse(key, len_for(use));
    free(key);
}

/* --- packets ---------------------------------------------------------------------- */

static bool seal(void *key, lp_bytes plain, const uint8_t *nonce, lp_bytes aad,
                 uint8_t *out)
{
    struct gcm_context_data scratch;
    mb.seal(key, &scratch, out, plain.at, plain.len, nonce, aad.at, aad.len,
            out + plain.len, LP_AEAD_TAG_LEN);
    return true;
}

static bool open_sealed(void *key, lp_bytes sealed, const uint8_t *nonce, lp_bytes aad,
                        uint8_t *out)
{
    struct gcm_context_data scratch;
    uint8_t tag[LP_AEAD_TAG_LEN];
    size_t plain_len = sealed.len - LP_AEAD_TAG_LEN;
    /* `sealed` may be where `out` is, but the tag lies behind what is written. */
    mb.open(key, &scratch, out, sealed.at, plain_len, nonce, aad.at, aad.len, tag,
            sizeof tag);
    return CRYPTO_memcmp(tag, sealed.at + plain_len, sizeof tag) == 0;
}

/* One block of CFB is the sample's encryption, xored with what is to be hidden. */
static bool mask(void *key, const uint8_t *sample, uint8_t *out)
{
    static const uint8_t zeros[LP_MASK_LEN];
    mb.mask(out, zeros, sample, ((mask_key *)key)->rounds, LP_MASK_LEN);
    return true;
}

const lp_aead *lp_aead_aes_mb(void)
{
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
    static const lp_aead aes = {
        .name = "AES-128-GCM by ipsec-mb",
        .key_len = 16,
        .max_sealed = 1ull << 23,
        .max_forged = 1ull << 52,
        .expand = expand,
        .discard = discard,
        .seal = seal,
        .open = open_sealed,
        .mask = mask,
    };
    return CRYPTO_THREAD_run_once(&once, choose_functions) && mb.are_usable ? &aes
                                                                            : NULL;
}
