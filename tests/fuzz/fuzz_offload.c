/*
 * Any octets as a virtio-net header and a frame. What a frame is cut into is, judged
 * slowly, packets with right lengths and checksums that hold the frame's payload, all
 * of it and in order; a checksum is completed in its two octets or not at all.
 *
 *   kind               1   modulo 5: an lp_gso
 *   segment_len        2
 *   checksum_start     2
 *   checksum_offset    2
 *   frame              *
 */
#include "core/offload.h"

#include <stdio.h>
#include <stdlib.h>

#include "../ip.h"
#include "base/cursor.h"
#include "wire/packet.h"

#define PROMISE(cond) ((cond) ? (void)0 : broken(#cond))

static void broken(const char *promise)
{
    fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* On the heap and no longer than said, so that the sanitizer sees a step outside. */
static uint8_t *copy_of(lp_bytes bytes)
{
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    PROMISE(copy != NULL);
    if (bytes.len > 0)
        memcpy(copy, bytes.at, bytes.len);
    return copy;
}

static void check_segments(lp_bytes frame, const lp_offload *offload)
{
    uint8_t *out = copy_of(frame);
    size_t count = lp_offload_segment_count(frame, offload);
    size_t network_at = lp_packet_walk(frame).network_at;
    size_t shift = network_at - IP_ETH; /* past VLAN tags, if count is not zero */
    size_t payload_at = 0, done = 0;
    PROMISE(count <= 1024);
    for (size_t i = 0; i < count; i++) {
        size_t len = lp_offload_segment(frame, offload, i, lp_space_of(out, frame.len));
        ip_parts parts = ip_judge(out + shift, len - shift);
        PROMISE(len > 0 && len <= frame.len);
        PROMISE(parts.is_sound && !parts.is_fragment);
        PROMISE(i == 0 || parts.payload_at + shift == payload_at);
        payload_at = parts.payload_at + shift;
        size_t slice_len = len - payload_at;
        PROMISE(i + 1 == count ? slice_len <= offload->segment_len
                               : slice_len == offload->segment_len);
        PROMISE(memcmp(out + payload_at, frame.at + payload_at + done, slice_len) == 0);
        PROMISE(lp_offload_segment(frame, offload, i, lp_space_of(out, len - 1)) == 0);
        done += slice_len;
    }
    if (count > 0) {
        size_t ip_len = lp_packet_walk(frame).ip_len;
        PROMISE(payload_at + done == network_at + ip_len);
    }
    PROMISE(lp_offload_segment(frame, offload, count, lp_space_of(out, frame.len)) ==
            0);
    free(out);
}

static void check_checksum(lp_bytes frame, const lp_offload *offload)
{
    uint8_t *out = copy_of(frame);
    size_t start = offload->checksum_start, field = start + offload->checksum_offset;
    lp_err err = lp_offload_checksum(lp_space_of(out, frame.len), offload);
    PROMISE((err != LP_OK) == (field + 2 > frame.len));
    if (!err) {
        uint32_t partial = (uint32_t)ip_u16(frame.at + field);
        if (offload->checksum_offset % 2 == 0)
            PROMISE(ip_sum(partial, out + start, frame.len - start) == 0xffff);
        PROMISE(ip_u16(out + field) != 0);
        memcpy(out + field, frame.at + field, 2);
    }
    PROMISE(frame.len == 0 || memcmp(out, frame.at, frame.len) == 0);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lp_cursor in = {.rest = lp_bytes_of(data, size)};
    lp_offload offload = {.needs_checksum = true, .gso = lp_take_u8(&in) % 5};
    offload.segment_len = lp_take_u16(&in);
    offload.checksum_start = lp_take_u16(&in);
    offload.checksum_offset = lp_take_u16(&in);
    if (in.failed)
        return 0;
    uint8_t *frame = copy_of(in.rest);
    check_checksum(lp_bytes_of(frame, in.rest.len), &offload);
    if (offload.gso != LP_GSO_NONE)
        check_segments(lp_bytes_of(frame, in.rest.len), &offload);
    free(frame);
    return 0;
}
