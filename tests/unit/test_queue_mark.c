#include "core/queue_mark.h"

#include "ip.h"
#include "test.h"

#define HEADER 16 /* of a datagram */

enum { NOT_ECT, ECT_1, ECT_0, CE };

/* A datagram with a frame of TCP in it, and the IP header's two bits set. */
static size_t build(uint8_t *octets, unsigned version, unsigned bits)
{
    uint32_t random = 7;
    ip_spec spec = {.version = version, .protocol = IP_TCP, .payload_len = 100};
    size_t len = ip_build(&spec, &random, octets + HEADER);
    uint8_t *ip = octets + HEADER + IP_ETH;
    if (version == 4) {
        ip[1] = (uint8_t)((ip[1] & ~3u) | bits);
        ip_set_u16(ip + 10, 0);
        ip_set_u16(ip + 10, 0xffff - ip_sum(0, ip, (ip[0] & 15u) * 4));
    } else {
        ip[1] = (uint8_t)((ip[1] & ~0x30u) | bits << 4);
    }
    return HEADER + len;
}

static unsigned bits_of(const uint8_t *octets, unsigned version)
{
    return octets[HEADER + IP_ETH + 1] >> (version == 4 ? 0 : 4) & 3u;
}

TEST(only_who_can_take_a_mark_gets_one)
{
    static const struct {
        const char *name;
        unsigned version, bits;
        bool is_marked;
    } rows[] = {
        {"IPv4 without ECN", 4, NOT_ECT, false}, {"IPv4 ECT(0)", 4, ECT_0, true},
        {"IPv4 ECT(1)", 4, ECT_1, true},         {"IPv4, marked before", 4, CE, true},
        {"IPv6 without ECN", 6, NOT_ECT, false}, {"IPv6 ECT(0)", 6, ECT_0, true},
        {"IPv6 ECT(1)", 6, ECT_1, true},         {"IPv6, marked before", 6, CE, true},
    };
    EACH_ROW (row, rows) {
        uint8_t octets[HEADER + IP_FRAME_MAX] = {0};
        size_t len = build(octets, row->version, row->bits);
        CHECK_EQ(lp_queue_mark(lp_space_of(octets, len)), row->is_marked);
        CHECK_EQ(bits_of(octets, row->version), row->is_marked ? CE : NOT_ECT);
        CHECK(ip_judge(octets + HEADER, len - HEADER).is_sound); /* every checksum */
    }
}

TEST(what_is_cut_short_or_is_not_ip_is_left_alone)
{
    uint8_t octets[HEADER + IP_FRAME_MAX] = {0};
    size_t whole = build(octets, 4, ECT_0);
    for (size_t len = 0; len < HEADER + IP_ETH + 20; len++)
        CHECK(!lp_queue_mark(lp_space_of(octets, len)));
    octets[HEADER + 12] = 0x88;
    octets[HEADER + 13] = 0xb5; /* an ethertype for experiments */
    CHECK(!lp_queue_mark(lp_space_of(octets, whole)));
    CHECK_EQ(bits_of(octets, 4), ECT_0);
}
