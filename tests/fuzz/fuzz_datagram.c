/* What is read as a datagram or as a stamp, written again, is the same octets; nothing is
 * both. */
#include <assert.h>
#include <stdlib.h>

#include "wire/datagram.h"
#include "wire/stamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_stamp(lp_bytes octets)
{
    lp_stamp stamp;
    lp_datagram datagram;
    uint8_t written[LP_STAMP_LEN];
    if (lp_stamp_read(octets, &stamp) != LP_OK)
        return;
    assert(lp_datagram_read(octets, &datagram) != LP_OK);
    lp_stamp_write(&stamp, written);
    assert(memcmp(written, octets.at, sizeof written) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lp_datagram datagram;
    try_stamp(lp_bytes_of(data, size));
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
