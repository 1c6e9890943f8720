#include "wire/frame.h"

#include "hex.h"
#include "test.h"

TEST(a_frame_is_read_as_a_view) /* P-010 */
{
    uint8_t octets[32];
    size_t len =
        lp_test_hex("ffffffffffff 025e10000001 0806 0001", octets, sizeof octets);
    lp_frame frame;
    CHECK_EQ(lp_frame_read(lp_bytes_of(octets, len), &frame), LP_OK);
    CHECK(lp_mac_is_broadcast(frame.destination));
    CHECK_BYTES(frame.source.octet, 6, octets + 6, 6);
    CHECK_EQ(frame.ethertype, LP_ETHERTYPE_ARP);
    CHECK(frame.payload.at == octets + 14);
    CHECK_EQ(frame.payload.len, 2);
}

TEST(a_header_alone_is_a_frame_and_less_is_a_runt) /* P-010 */
{
    uint8_t octets[LP_FRAME_HEADER_LEN] = {0};
    lp_frame frame = {.ethertype = 7};
    for (size_t len = 0; len < sizeof octets; len++)
        CHECK_EQ(lp_frame_read(lp_bytes_of(octets, len), &frame), LP_ERR_TRUNCATED);
    CHECK_EQ(frame.ethertype, 7);
    CHECK_EQ(lp_frame_read(lp_bytes_of(octets, sizeof octets), &frame), LP_OK);
    CHECK_EQ(frame.payload.len, 0);
}

TEST(every_kind_of_vlan_tag_is_known) /* L-023 */
{
    unsigned tags = 0;
    for (unsigned ethertype = 0; ethertype <= UINT16_MAX; ethertype++)
        tags += lp_ethertype_is_tag((uint16_t)ethertype);
    CHECK_EQ(tags, 4);
    CHECK(lp_ethertype_is_tag(0x8100));
    CHECK(lp_ethertype_is_tag(0x88a8));
    CHECK(lp_ethertype_is_tag(0x9100));
    CHECK(lp_ethertype_is_tag(0x9200));
}
