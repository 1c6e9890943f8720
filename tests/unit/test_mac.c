#include "base/mac.h"

#include "test.h"

TEST(a_mac_is_read_in_either_case_and_written_in_lower) /* P-011 */
{
    char text[LP_MAC_TEXT_LEN];
    lp_mac mac;
    CHECK_EQ(lp_mac_read("02:5E:10:ab:CD:ef", &mac), LP_OK);
    static const uint8_t want[] = {0x02, 0x5e, 0x10, 0xab, 0xcd, 0xef};
    CHECK_BYTES(mac.octet, sizeof mac.octet, want, sizeof want);
    CHECK_STR(lp_mac_write(mac, text), "02:5e:10:ab:cd:ef");
}

TEST(a_mac_has_one_spelling) /* P-011 */
{
    static const struct {
        const char *name;
    } rows[] = {
        {""},
        {"02:5e:10:00:00"},
        {"02:5e:10:00:00:0"},
        {"02:5e:10:00:00:01:"},
        {"02:5e:10:00:00:01:02"},
        {"02-5e-10-00-00-01"},
        {"025e10000001"},
        {" 2:5e:10:00:00:01"},
        {"2:5e:10:00:00:01 "},
        {"0g:5e:10:00:00:01"},
        {"02:5e:10:00:00:0G"},
        {"02:5e:10:00:00.01"},
        {"+2:5e:10:00:00:01"},
        {"02:5e:10:00:0001:"},
    };
    EACH_ROW (row, rows) {
        lp_mac mac = {{7}};
        CHECK_EQ(lp_mac_read(row->name, &mac), LP_ERR_MALFORMED);
        CHECK_EQ(mac.octet[0], 7);
    }
}

TEST(an_identity_is_unicast_and_locally_administered) /* P-012, L-008 */
{
    static const struct {
        const char *name;
        bool is_identity, is_multicast, is_broadcast, is_zero;
    } rows[] = {
        {"02:00:00:00:00:00", true, false, false, false},
        {"fe:ff:ff:ff:ff:ff", true, false, false, false},
        {"06:12:34:56:78:9a", true, false, false, false},
        {"00:00:00:00:00:00", false, false, false, true},
        {"00:1b:21:00:00:01", false, false, false, false},
        {"01:00:5e:00:00:fb", false, true, false, false},
        {"03:00:00:00:00:01", false, true, false, false},
        {"33:33:00:00:00:01", false, true, false, false},
        {"ff:ff:ff:ff:ff:ff", false, true, true, false},
    };
    EACH_ROW (row, rows) {
        lp_mac mac = {{0}};
        CHECK_EQ(lp_mac_read(row->name, &mac), LP_OK);
        CHECK_EQ(lp_mac_is_identity(mac), row->is_identity);
        CHECK_EQ(lp_mac_is_multicast(mac), row->is_multicast);
        CHECK_EQ(lp_mac_is_broadcast(mac), row->is_broadcast);
        CHECK_EQ(lp_mac_is_zero(mac), row->is_zero);
        CHECK(lp_mac_equal(mac, mac));
        mac.octet[5] ^= 1;
        CHECK_EQ(lp_mac_is_broadcast(mac) || lp_mac_is_zero(mac), false);
    }
}
