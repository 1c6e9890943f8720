/*
 * A walk stays inside its frame, finds what really stands there, and is not swayed by
 * padding.
 */
#include <assert.h>

#include "base/cursor.h"
#include "wire/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_offsets(const lp_packet *packet, const uint8_t *data, size_t size)
{
    assert(packet->network_at <= size && packet->transport_at <= size);
    assert(packet->tag_count <= 8);
    assert(packet->is_first || packet->is_fragment);
    assert(packet->ip_version == 0 || packet->network_at >= LP_FRAME_HEADER_LEN);
    assert(packet->ip_version != 0 || packet->transport_at == 0);
    assert(packet->truncated || packet->network_at + packet->ip_len <= size);
    const uint8_t *transport = data + packet->transport_at;
    if (packet->has_ports) {
        assert(packet->is_first && packet->transport_at + 4 <= size);
        assert(lp_get_u16(transport) == packet->source_port);
        assert(lp_get_u16(transport + 2) == packet->destination_port);
    }
    if (packet->has_icmp) {
        assert(packet->is_first && packet->transport_at + 1 <= size);
        assert(transport[0] == packet->icmp_type);
    }
}

static void check_same(const lp_packet *a, const lp_packet *b)
{
    assert(a->ip_len == b->ip_len && a->protocol == b->protocol);
    assert(a->transport_at == b->transport_at && a->truncated == b->truncated);
    assert(a->has_ports == b->has_ports && a->has_icmp == b->has_icmp);
    assert(a->is_first == b->is_first && a->is_fragment == b->is_fragment);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lp_packet packet = lp_packet_walk(lp_bytes_of(data, size));
    check_offsets(&packet, data, size);

    /* With SNAP, an 802.3 length spans the padding too. */
    if (packet.ip_version != 0 && !packet.is_snap && !packet.truncated) {
        size_t end = packet.network_at + packet.ip_len;
        lp_packet bare = lp_packet_walk(lp_bytes_of(data, end));
        check_same(&packet, &bare);
    }
    lp_frame frame;
    lp_err err = lp_frame_read(lp_bytes_of(data, size), &frame);
    assert((err == LP_OK) == (size >= LP_FRAME_HEADER_LEN));
    return 0;
}
