/* An identity that is read, written and read again, is the same. */
#include <assert.h>

#include "wire/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lp_identity identity, again;
    lp_why why;
    if (lp_identity_read(lp_bytes_of(data, size), &identity, &why) != LP_OK) {
        assert(strchr(why.text, ':'));
        return 0;
    }
    assert(!identity.has_mac || lp_mac_is_identity(identity.mac));
    uint8_t text[LP_IDENTITY_MAX];
    size_t len = lp_identity_write(&identity, lp_space_of(text, sizeof text));
    assert(len > 0);
    lp_err err = lp_identity_read(lp_bytes_of(text, len), &again, &why);
    assert(err == LP_OK);
    assert(again.has_mac == identity.has_mac && lp_mac_equal(again.mac, identity.mac));
    assert(again.has_seed == identity.has_seed);
    assert(memcmp(again.seed, identity.seed, sizeof again.seed) == 0);
    return 0;
}
