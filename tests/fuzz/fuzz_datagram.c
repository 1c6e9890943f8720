/* What is read as a datagram, written again, is the same octets. */
#include <assert.h>
#include <stdlib.h>

#include "wire/datagram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lp_datagram datagram;
    if (lp_datagram_read(lp_bytes_of(data, size), &datagram) != LP_OK)
        return 0;
    assert(datagram.payload.at == data + LP_DATAGRAM_HEADER_LEN);

    uint8_t *written = malloc(size);
    assert(written);
    assert(lp_datagram_write(&datagram, lp_space_of(written, size)) == size);
    assert(memcmp(written, data, size) == 0);
    assert(lp_datagram_write(&datagram, lp_space_of(written, size - 1)) == 0);
    free(written);
    return 0;
}
