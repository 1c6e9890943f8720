#include "wire/packet.h"

#include <stdlib.h>

#include "hex.h"
#include "test.h"

/* Frames are spelled from pieces; a length is four hexadecimal digits. */
#define ETH      "ffffffffffff 025e10000001 "
#define TAG      "8100 0005 "
#define STAG     "88a8 0005 "
#define OLD_TAG  "9100 0005 "
#define OLD_TAG2 "9200 0005 "
#define SNAP     "aaaa03 000000 "
#define SNAP_F8  "aaaa03 0000f8 "
#define IPV4_ANY "0a000001 0a000002 "
#define IPV4(len, fragment, protocol) \
    "0800 4500 " len "0000 " fragment "40 " protocol "0000 " IPV4_ANY
#define IPV6_ANY        "fe800000000000000000000000000001 ff020000000000000000000000000001 "
#define IPV6(len, next) "86dd 60000000 " len next "40 " IPV6_ANY
#define UDP             "0043 0044 0008 0000 "
#define TCP_PORTS       "1f90 01bb "

static const struct row {
    const char *name;
    const char *hex;
    lp_packet want;
} rows[] = {
    {"ARP", ETH "0806 0001", {.ethertype = 0x0806, .network_at = 14, .is_first = true}},
    {"IPv4 UDP",
     ETH IPV4("001c", "0000", "11") UDP,
     {.ethertype = 0x0800,
      .network_at = 14,
      .ip_version = 4,
      .ip_len = 28,
      .is_first = true,
      .protocol = LP_PROTO_UDP,
      .transport_at = 34,
      .has_ports = true,
      .source_port = 67,
      .destination_port = 68}},
    {"IPv4 TCP with DF behind padding",
     ETH IPV4("0018", "4000", "06") TCP_PORTS "000000000000",
     {.ethertype = 0x0800,
      .network_at = 14,
      .ip_version = 4,
      .ip_len = 24,
      .is_first = true,
      .dont_fragment = true,
      .protocol = LP_PROTO_TCP,
      .transport_at = 34,
      .has_ports = true,
      .source_port = 8080,
      .destination_port = 443}},
    {"IPv4 ICMP behind options",
     ETH "0800 4600 001c 0000 0000 40 01 0000" IPV4_ANY "94040000 08000000",
     {.ethertype = 0x0800,
      .network_at = 14,
      .ip_version = 4,
      .ip_len = 28,
      .is_first = true,
      .protocol = LP_PROTO_ICMP,
      .transport_at = 38,
      .has_icmp = true,
      .icmp_type = 8}},
    {"IPv4 first fragment",
     ETH IPV4("001c", "2000", "11") UDP,
     {.ethertype = 0x0800,
      .network_at = 14,
      .ip_version = 4,
      .ip_len = 28,
      .is_fragment = true,
      .is_first = true,
      .protocol = LP_PROTO_UDP,
      .transport_at = 34,
      .has_ports = true,
      .source_port = 67,
      .destination_port = 68}},
    {"IPv4 last fragment",
     ETH IPV4("001c", "0001", "11") UDP,
     {.ethertype = 0x0800,
      .network_at = 14,
      .ip_version = 4,
      .ip_len = 28,
      .is_fragment = true,
      .protocol = LP_PROTO_UDP}},
    {"one tag",
     ETH TAG "0806 0001",
     {.tag_count = 1, .ethertype = 0x0806, .network_at = 18, .is_first = true}},
    {"a tag of every kind",
     ETH STAG TAG OLD_TAG OLD_TAG2 IPV4("0014", "0000", "fd"),
     {.tag_count = 4,
      .ethertype = 0x0800,
      .network_at = 30,
      .ip_version = 4,
      .ip_len = 20,
      .is_first = true,
      .protocol = 0xfd,
      .transport_at = 50}},
    {"LLC: a spanning tree BPDU",
     ETH "0004 424203 00",
     {.is_llc = true, .llc_dsap = 0x42, .network_at = 17, .is_first = true}},
    {"SNAP IPv4",
     ETH "0024" SNAP IPV4("001c", "0000", "11") UDP,
     {.is_snap = true,
      .ethertype = 0x0800,
      .network_at = 22,
      .ip_version = 4,
      .ip_len = 28,
      .is_first = true,
      .protocol = LP_PROTO_UDP,
      .transport_at = 42,
      .has_ports = true,
      .source_port = 67,
      .destination_port = 68}},
    {"SNAP behind a tag, with the bridge-tunnel OUI and padding",
     ETH TAG "0008" SNAP_F8 "0806 0001",
     {.tag_count = 1,
      .is_snap = true,
      .ethertype = 0x0806,
      .network_at = 26,
      .is_first = true}},
    {"a tag behind SNAP",
     ETH "000c" SNAP TAG "888e",
     {.tag_count = 1,
      .is_snap = true,
      .ethertype = 0x888e,
      .network_at = 26,
      .is_first = true}},
    {"SNAP with its odd bits set",
     ETH "0008 abab13 000000 0806",
     {.is_snap = true, .ethertype = 0x0806, .network_at = 22, .is_first = true}},
    {"SNAP of a vendor: Cisco's discovery",
     ETH "0008 aaaa03 00000c 2000",
     {.is_llc = true, .llc_dsap = 0xaa, .network_at = 22, .is_first = true}},
    {"IPv6 ICMPv6: a router advertisement",
     ETH IPV6("0004", "3a") "86000000",
     {.ethertype = 0x86dd,
      .network_at = 14,
      .ip_version = 6,
      .ip_len = 44,
      .is_first = true,
      .dont_fragment = true,
      .protocol = LP_PROTO_ICMPV6,
      .transport_at = 54,
      .has_icmp = true,
      .icmp_type = 134}},
    {"IPv6 UDP behind hop-by-hop, a long routing header, destination options and AH",
     ETH IPV6("0034", "00") "2b00000000000000" /* hop-by-hop, 8 octets */
                            "3c010000000000000000000000000000" /* routing, 16 */
                            "3300000000000000" /* destination options, 8 */
                            "1101000000000000 00000000" UDP, /* AH: 1 + 2 words, 12 */
     {.ethertype = 0x86dd,
      .network_at = 14,
      .ip_version = 6,
      .ip_len = 92,
      .is_first = true,
      .dont_fragment = true,
      .protocol = LP_PROTO_UDP,
      .transport_at = 98,
      .has_ports = true,
      .source_port = 67,
      .destination_port = 68}},
    {"IPv6 TCP behind mobility, HIP and Shim6",
     ETH IPV6("001c",
              "87") "8b00000000000000 8c00000000000000 0600000000000000" TCP_PORTS,
     {.ethertype = 0x86dd,
      .network_at = 14,
      .ip_version = 6,
      .ip_len = 68,
      .is_first = true,
      .dont_fragment = true,
      .protocol = LP_PROTO_TCP,
      .transport_at = 78,
      .has_ports = true,
      .source_port = 8080,
      .destination_port = 443}},
    {"IPv6 first fragment, with options behind the fragment header",
     ETH IPV6("0018", "2c") "3c00000100000000 1100000000000000" UDP,
     {.ethertype = 0x86dd,
      .network_at = 14,
      .ip_version = 6,
      .ip_len = 64,
      .is_fragment = true,
      .is_first = true,
      .dont_fragment = true,
      .protocol = LP_PROTO_UDP,
      .transport_at = 70,
      .has_ports = true,
      .source_port = 67,
      .destination_port = 68}},
    {"IPv6 atomic fragment counts as one",
     ETH IPV6("000c", "2c") "3a00000000000000 80000000",
     {.ethertype = 0x86dd,
      .network_at = 14,
      .ip_version = 6,
      .ip_len = 52,
      .is_fragment = true,
      .is_first = true,
      .dont_fragment = true,
      .protocol = LP_PROTO_ICMPV6,
      .transport_at = 62,
      .has_icmp = true,
      .icmp_type = 128}},
    {"IPv6 later fragment: what follows is no header",
     ETH IPV6("0010", "2c") "3c00000800000000 3a00000000000000",
     {.ethertype = 0x86dd,
      .network_at = 14,
      .ip_version = 6,
      .ip_len = 56,
      .is_fragment = true,
      .dont_fragment = true,
      .protocol = LP_PROTO_DSTOPTS}},
    {"IPv6 ESP ends the walk",
     ETH IPV6("0008", "32") UDP,
     {.ethertype = 0x86dd,
      .network_at = 14,
      .ip_version = 6,
      .ip_len = 48,
      .is_first = true,
      .dont_fragment = true,
      .protocol = LP_PROTO_ESP,
      .transport_at = 54}},
    {"IPv6 no next header ends the walk",
     ETH IPV6("0008", "3c") "3b00000000000000",
     {.ethertype = 0x86dd,
      .network_at = 14,
      .ip_version = 6,
      .ip_len = 48,
      .is_first = true,
      .dont_fragment = true,
      .protocol = LP_PROTO_NONE,
      .transport_at = 62}},
};

static void check_packet(lp_packet got, lp_packet want)
{
    CHECK_EQ(got.tag_count, want.tag_count);
    CHECK_EQ(got.is_llc, want.is_llc);
    CHECK_EQ(got.is_snap, want.is_snap);
    CHECK_EQ(got.llc_dsap, want.llc_dsap);
    CHECK_EQ(got.ethertype, want.ethertype);
    CHECK_EQ(got.network_at, want.network_at);
    CHECK_EQ(got.ip_version, want.ip_version);
    CHECK_EQ(got.ip_len, want.ip_len);
    CHECK_EQ(got.is_fragment, want.is_fragment);
    CHECK_EQ(got.is_first, want.is_first);
    CHECK_EQ(got.dont_fragment, want.dont_fragment);
    CHECK_EQ(got.protocol, want.protocol);
    CHECK_EQ(got.transport_at, want.transport_at);
    CHECK_EQ(got.has_ports, want.has_ports);
    CHECK_EQ(got.source_port, want.source_port);
    CHECK_EQ(got.destination_port, want.destination_port);
    CHECK_EQ(got.has_icmp, want.has_icmp);
    CHECK_EQ(got.icmp_type, want.icmp_type);
    CHECK_EQ(got.truncated, want.truncated);
}

static lp_packet walk_hex(const char *hex)
{
    uint8_t octets[512];
    size_t len = lp_test_hex(hex, octets, sizeof octets);
    CHECK(len <= sizeof octets);
    return lp_packet_walk(lp_bytes_of(octets, len));
}

TEST(a_walk_finds_what_is_inside_a_frame) /* L-023, L-024 */
{
    EACH_ROW (row, rows)
        check_packet(walk_hex(row->hex), row->want);
}

/* A copy on the heap ends where the frame ends: a sanitizer sees any step beyond. */
static lp_packet walk_cut(const uint8_t *octets, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    CHECK(copy != NULL);
    memcpy(copy, octets, len);
    lp_packet packet = lp_packet_walk(lp_bytes_of(copy, len));
    free(copy);
    return packet;
}

TEST(a_walk_cut_at_any_octet_says_so_or_found_the_same) /* L-024 */
{
    EACH_ROW (row, rows) {
        uint8_t octets[512];
        size_t whole = lp_test_hex(row->hex, octets, sizeof octets);
        for (size_t len = 0; len <= whole; len++) {
            lp_packet got = walk_cut(octets, len);
            CHECK(got.network_at <= len && got.transport_at <= len);
            if (!got.truncated)
                check_packet(got, row->want);
            if (len < 14 || len < got.network_at + got.ip_len)
                CHECK(got.truncated);
        }
    }
}

TEST(a_header_that_contradicts_itself_is_doubt)
{
    static const struct {
        const char *name;
        const char *hex;
        int ip_version;
    } doubts[] = {
        {"nothing", "", 0},
        {"runt", "ffffffffffff 025e10000001 08", 0},
        {"IPv4 that says version 6", ETH "0800 6500 0014 0000 0000 40 11 0000" IPV4_ANY,
         0},
        {"IPv6 that says version 4", ETH "86dd 40000000 0000 3b 40" IPV6_ANY, 0},
        {"IPv4 header of 16 octets", ETH "0800 4400 0014 0000 0000 40 11 0000" IPV4_ANY,
         0},
        {"IPv4 shorter than its header", ETH IPV4("0013", "0000", "11"), 0},
        {"IPv4 options beyond the frame",
         ETH "0800 4f00 003c 0000 0000 40 11 0000" IPV4_ANY, 0},
        {"IPv4 longer than the frame", ETH IPV4("001d", "0000", "11") UDP, 4},
        {"IPv4 ports behind its end", ETH IPV4("0017", "0000", "11") UDP, 4},
        {"IPv6 longer than the frame", ETH IPV6("0009", "11") UDP, 6},
        {"IPv6 ports behind its end", ETH IPV6("0003", "11") UDP, 6},
        {"IPv6 extension behind its end", ETH IPV6("0007", "3c") "1100000000000000" UDP,
         6},
        {"IPv6 extension longer than the rest",
         ETH IPV6("0010", "3c") "1103000000000000" UDP, 6},
        {"802.3 longer than the frame", ETH "0005 424203 00", 0},
        {"802.3 too short for LLC", ETH "0002 424203 00", 0},
        {"802.3 too short for SNAP", ETH "0007" SNAP "0800", 0},
        {"tag without a frame", ETH "8100 0005", 0},
    };
    EACH_ROW (row, doubts) {
        lp_packet packet = walk_hex(row->hex);
        CHECK(packet.truncated);
        CHECK_EQ(packet.ip_version, row->ip_version);
        CHECK_EQ(packet.transport_at != 0 && packet.ip_version == 0, false);
    }
}

/* `count` times `piece` between `head` and `tail`. */
static lp_packet walk_repeated(const char *head, const char *piece, int count,
                               const char *tail)
{
    char hex[1024];
    size_t len = (size_t)snprintf(hex, sizeof hex, "%s", head);
    for (int i = 0; i < count; i++)
        len += (size_t)snprintf(hex + len, sizeof hex - len, "%s", piece);
    snprintf(hex + len, sizeof hex - len, "%s", tail);
    return walk_hex(hex);
}

TEST(a_walk_passes_eight_tags_and_no_more)
{
    lp_packet eight = walk_repeated(ETH, TAG, 8, "0806 0001");
    CHECK_EQ(eight.tag_count, 8);
    CHECK_EQ(eight.ethertype, 0x0806);
    CHECK(!eight.truncated);
    lp_packet nine = walk_repeated(ETH, TAG, 9, "0806 0001");
    CHECK_EQ(nine.tag_count, 8);
    CHECK_EQ(nine.ethertype, 0);
    CHECK(nine.truncated);
}

TEST(a_walk_passes_sixteen_extension_headers_and_no_more)
{
    lp_packet sixteen = walk_repeated(ETH IPV6("0088", "3c"), "3c00000000000000", 15,
                                      "1100000000000000" UDP);
    CHECK_EQ(sixteen.protocol, LP_PROTO_UDP);
    CHECK_EQ(sixteen.destination_port, 68);
    CHECK(!sixteen.truncated);
    lp_packet seventeen = walk_repeated(ETH IPV6("0090", "3c"), "3c00000000000000", 16,
                                        "1100000000000000" UDP);
    CHECK(!seventeen.has_ports);
    CHECK(seventeen.truncated);
}
