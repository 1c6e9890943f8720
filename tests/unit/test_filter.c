#include "core/filter.h"

#include "base/cursor.h"
#include "test.h"

#include <stdlib.h>

/*
 * To add a filter: a row in src/core/filter.c, a line in src/core/reasons.def, and here
 * the frame it refuses beside the nearest one that it must let through. The tests
 * below then hide both in tags, SNAP and extension headers, and cut them everywhere.
 */

#define NONE    LP_REASON_NONE
#define ROOM    1280
#define MAX_LEN 2048

/* Frames as hexadecimal text: destination, source, ethertype, and so on. */
#define ALL    "ffffffffffff "
#define HOST   "001122334455 "
#define PLAYER "025e10000001 "
#define V6     "333300000001 " PLAYER "86dd "
#define V4     ALL PLAYER "0800 "

#define IP4_OF(len, fragment, protocol)                            \
    "4500 " len " 0000 " fragment " 40" protocol " 0000 0a492a01 " \
    "0a492a02 "
#define IP4(protocol) V4 IP4_OF("001c", "0000", protocol) /* 8 octets follow */
#define IP6_OF(len, next)                  \
    V6 "60000000 " len " " next "ff "      \
       "fe800000000000000000000000000001 " \
       "ff020000000000000000000000000001 "
#define IP6(next)                IP6_OF("0008", next)
#define UDP(source, destination) source " " destination " 0008 0000"
#define ICMPV6(type)             IP6("3a") type "00 0000 00000000"

#define LLC(destination, octets) destination PLAYER octets /* length first */
#define ZEROS \
    "00000000000000000000000000000000000000000000000000000000000000000000000000"

struct sample {
    const char *name;
    const char *hex;
    lp_reason from_client, from_lan;
};

static const struct sample samples[] = {
    /* L-022, G-010, W-025: never, whoever sends it. */
    {"EAPOL to its group", "0180c2000003 " PLAYER "888e 01010000", LP_REASON_EAPOL,
     LP_REASON_EAPOL},
    {"EAPOL to one host", HOST PLAYER "888e 01010000", LP_REASON_EAPOL,
     LP_REASON_EAPOL},
    {"LLDP to its group", "0180c200000e " PLAYER "88cc 0200", LP_REASON_LLDP,
     LP_REASON_LLDP},
    {"LLDP to everyone", ALL PLAYER "88cc 0200", LP_REASON_LLDP, LP_REASON_LLDP},
    {"LACP", "0180c2000002 " PLAYER "8809 01010114", LP_REASON_SLOW, LP_REASON_SLOW},
    {"LACP to one host", HOST PLAYER "8809 01010114", LP_REASON_SLOW, LP_REASON_SLOW},
    {"PAUSE", "0180c2000001 " PLAYER "8808 0001ffff", LP_REASON_LINK_LOCAL,
     LP_REASON_LINK_LOCAL},
    {"PAUSE to one host", HOST PLAYER "8808 0001ffff", LP_REASON_LINK_LOCAL,
     LP_REASON_LINK_LOCAL},
    {"spanning tree", LLC("0180c2000000 ", "0007 424203 00000000"), LP_REASON_BPDU,
     LP_REASON_BPDU},
    {"spanning tree to one host", LLC(HOST, "0007 424203 00000000"), LP_REASON_BPDU,
     LP_REASON_BPDU},
    {"spanning tree, group bit", LLC(HOST, "0007 434203 00000000"), LP_REASON_BPDU,
     LP_REASON_BPDU},
    {"PVST+", LLC("01000ccccccd ", "000a aaaa03 00000c 010b 0000"), LP_REASON_BPDU,
     LP_REASON_BPDU},
    {"PVST+ to everyone", LLC(ALL, "000a aaaa03 00000c 010b 0000"), LP_REASON_BPDU,
     LP_REASON_BPDU},
    {"bridged spanning tree", LLC(ALL, "000a aaaa03 0080c2 000e 0000"), LP_REASON_BPDU,
     LP_REASON_BPDU},
    {"first link-local group", "0180c2000000 " PLAYER "88b5 00", LP_REASON_LINK_LOCAL,
     LP_REASON_LINK_LOCAL},
    {"last link-local group", "0180c200000f " PLAYER "88b5 00", LP_REASON_LINK_LOCAL,
     LP_REASON_LINK_LOCAL},
    {"past the link-local groups", "0180c2000010 " PLAYER "88b5 00", NONE, NONE},
    {"CDP", LLC("01000ccccccc ", "000a aaaa03 00000c 2000 0000"), LP_REASON_CISCO,
     LP_REASON_CISCO},
    {"VTP to everyone", LLC(ALL, "000a aaaa03 00000c 2003 0000"), LP_REASON_CISCO,
     LP_REASON_CISCO},
    {"Cisco's group, unknown protocol", "01000ccdcdcd " PLAYER "88b5 00",
     LP_REASON_CISCO, LP_REASON_CISCO},
    {"to a Cisco host", "00000c112233 " PLAYER "88b5 00", NONE, NONE},

    {"source is a group",
     HOST "010203040506 "
          "0806 00",
     LP_REASON_INVALID_SOURCE, LP_REASON_INVALID_SOURCE},
    {"source is everyone", HOST ALL "0806 00", LP_REASON_INVALID_SOURCE,
     LP_REASON_INVALID_SOURCE},
    {"source is zero",
     HOST "000000000000 "
          "0806 00",
     LP_REASON_INVALID_SOURCE, LP_REASON_INVALID_SOURCE},

    /* L-023, L-025, W-024, G-013: only the LAN's own routers and servers. */
    {"DHCP offer", IP4("11") UDP("0043", "0044"), LP_REASON_DHCP_SERVER, NONE},
    {"DHCP answer to a relay agent", IP4("11") UDP("0043", "0043"),
     LP_REASON_DHCP_SERVER, NONE},
    {"DHCP offer from another port", IP4("11") UDP("4000", "0044"),
     LP_REASON_DHCP_SERVER, NONE},
    {"DHCP offer, first fragment", V4 IP4_OF("001c", "2000", "11") UDP("0043", "0044"),
     LP_REASON_DHCP_SERVER, NONE},
    {"DHCP offer behind IP options",
     V4 "4600 0020 0000 0000 4011 0000 0a492a01 0a492a02 01010101 " UDP("0043", "0044"),
     LP_REASON_DHCP_SERVER, NONE},
    {"DHCP offer, padded", IP4("11") UDP("0043", "0044") ZEROS, LP_REASON_DHCP_SERVER,
     NONE},
    {"DHCP request", IP4("11") UDP("0044", "0043"), NONE, NONE},
    {"DHCP's ports in TCP", IP4("06") UDP("0043", "0044"), NONE, NONE},
    {"DHCP's ports in IPv6", IP6("11") UDP("0043", "0044"), NONE, NONE},

    {"DHCPv6 advertise", IP6("11") UDP("0223", "0222"), LP_REASON_DHCPV6_SERVER, NONE},
    {"DHCPv6 server to relay agent", IP6("11") UDP("0223", "0223"),
     LP_REASON_DHCPV6_SERVER, NONE},
    {"DHCPv6 from another port", IP6("11") UDP("4000", "0222"), LP_REASON_DHCPV6_SERVER,
     NONE},
    {"DHCPv6 solicit", IP6("11") UDP("0222", "0223"), NONE, NONE},
    {"DHCPv6's ports in IPv4", IP4("11") UDP("0223", "0222"), NONE, NONE},

    {"router advertisement", ICMPV6("86"), LP_REASON_IPV6_RA, NONE},
    {"redirect", ICMPV6("89"), LP_REASON_IPV6_REDIRECT, NONE},
    {"router solicitation", ICMPV6("85"), NONE, NONE},
    {"neighbour solicitation", ICMPV6("87"), NONE, NONE},
    {"neighbour advertisement", ICMPV6("88"), NONE, NONE},
    {"ping over IPv6", ICMPV6("80"), NONE, NONE},
    {"MLD behind a router alert",
     IP6_OF("0010", "00") "3a00 05020000 0100 "
                          "8f00 0000 00000000",
     NONE, NONE},
    {"ICMPv6 in IPv4 means nothing", IP4("3a") "8600 0000 00000000", NONE, NONE},

    {"first IPv6 fragment",
     IP6_OF("0010", "2c") "1100 0001 00000001 " UDP("1000", "1001"),
     LP_REASON_IPV6_FRAGMENT, NONE},
    {"later IPv6 fragment",
     IP6_OF("0010", "2c") "1100 0008 00000001 " UDP("1000", "1001"),
     LP_REASON_IPV6_FRAGMENT, NONE},
    {"IPv6 fragment that is whole",
     IP6_OF("0010", "2c") "3a00 0000 00000001 "
                          "8600 0000 00000000",
     LP_REASON_IPV6_FRAGMENT, NONE},

    /* L-024: nothing that ends before it can be inspected. */
    {"IPv6 without its header", V6 "60000000 0008 3a", LP_REASON_OPAQUE, NONE},
    {"IPv6 without its payload", IP6("3a"), LP_REASON_OPAQUE, NONE},
    {"IPv6 that is IPv4", V6 IP4_OF("001c", "0000", "11") UDP("1000", "1001"),
     LP_REASON_OPAQUE, NONE},
    {"IPv6 length says no ports", IP6_OF("0003", "11") UDP("0223", "0222"),
     LP_REASON_OPAQUE, NONE},
    {"IPv6 extension without end", IP6("00") "3aff 00000000 0000", LP_REASON_OPAQUE,
     NONE},
    {"IPv4 without its header", V4 "4500 001c", LP_REASON_OPAQUE, NONE},
    {"IPv4 header of 16 octets",
     V4 "4400 0018 0000 0000 4011 0000 0a492a01 " UDP("0043", "0044"), LP_REASON_OPAQUE,
     NONE},
    {"IPv4 that is IPv6", V4 "60000000 0008 3aff" ZEROS, LP_REASON_OPAQUE, NONE},
    {"IPv4 options beyond the end",
     V4 "4f00 003c 0000 0000 4011 0000 0a492a01 0a492a02", LP_REASON_OPAQUE, NONE},
    {"IPv4 length says no ports", V4 IP4_OF("0016", "0000", "11") UDP("0043", "0044"),
     LP_REASON_OPAQUE, NONE},
    {"first fragment too short for ports", V4 IP4_OF("0016", "2000", "11") "0043",
     LP_REASON_OPAQUE, NONE},
    {"LLC that is not there", LLC(ALL, "0007 42"), LP_REASON_OPAQUE, NONE},
    {"SNAP without a protocol",
     LLC(ALL, "0003 aa0000 "
              "0000"),
     LP_REASON_OPAQUE, NONE},
    {"SNAP beyond the 802.3 length", LLC(ALL, "0003 aaaa03 000000 0800 4500"),
     LP_REASON_OPAQUE, NONE},

    /* What a LAN party lives on. */
    {"ARP request", ALL PLAYER "0806 0001 0800 0604 0001" ZEROS, NONE, NONE},
    {"mDNS", IP4("11") UDP("14e9", "14e9"), NONE, NONE},
    {"IGMP", V4 IP4_OF("001c", "0000", "02") "1600 0000 e00000fb", NONE, NONE},
    {"ping", IP4("01") "0800 0000 00000000", NONE, NONE},
    {"game's broadcast", IP4("11") UDP("6987", "6987"), NONE, NONE},
    {"later IPv4 fragment", V4 IP4_OF("001c", "00b9", "11") "0043 0044 00000000", NONE,
     NONE},
    {"first IPv4 fragment", V4 IP4_OF("001c", "2000", "11") UDP("6987", "6987"), NONE,
     NONE},
    {"IPX, Ethernet II", ALL PLAYER "8137 ffff 001e 0011" ZEROS, NONE, NONE},
    {"IPX, 802.3 raw", LLC(ALL, "001e ffff 001e 0011" ZEROS), NONE, NONE},
    {"IPX, LLC", LLC(ALL, "0021 e0e003 ffff 001e" ZEROS), NONE, NONE},
    {"NetBEUI", LLC("030000000001 ", "0006 f0f003 2c00ff" ZEROS), NONE, NONE},
    {"AppleTalk", LLC(ALL, "000a aaaa03 080007 809b 0000"), NONE, NONE},
    {"an ethertype nobody knows", ALL PLAYER "1234 00", NONE, NONE},
    {"nothing behind the header", ALL PLAYER "1234", NONE, NONE},
};

/* --- frames ----------------------------------------------------------------------- */

struct frame {
    uint8_t at[MAX_LEN];
    size_t len;
};

static struct frame frame_of(const char *hex)
{
    struct frame frame = {.len = 0};
    while (*hex) {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        char pair[3] = {hex[0], hex[1], '\0'};
        frame.at[frame.len++] = (uint8_t)strtoul(pair, NULL, 16);
        hex += 2;
    }
    return frame;
}

static void insert(struct frame *frame, size_t where, const char *hex)
{
    struct frame piece = frame_of(hex);
    memmove(frame->at + where + piece.len, frame->at + where, frame->len - where);
    memcpy(frame->at + where, piece.at, piece.len);
    frame->len += piece.len;
}

static bool has_ethertype(const struct frame *frame)
{
    return lp_get_u16(frame->at + 12) >= LP_ETHERTYPE_MIN;
}

/* In a copy of its own, so that the sanitizer sees a read past the end. */
static lp_reason verdict(lp_direction from, const uint8_t *at, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    memcpy(copy + 1, at, len);
    lp_reason reason = lp_filter_frame(from, lp_bytes_of(copy + 1, len), ROOM);
    free(copy);
    return reason;
}

static void check_both(const struct frame *frame, lp_reason from_client,
                       lp_reason from_lan)
{
    CHECK_STR(lp_reason_name(verdict(LP_FROM_CLIENT, frame->at, frame->len)),
              lp_reason_name(from_client));
    CHECK_STR(lp_reason_name(verdict(LP_FROM_LAN, frame->at, frame->len)),
              lp_reason_name(from_lan));
}

/* --- the table, as it stands, hidden, and cut ------------------------------------- */

TEST(every_filter_refuses_its_frames_and_lets_their_neighbours_pass)
{
    EACH_ROW (row, samples) {
        struct frame frame = frame_of(row->hex);
        check_both(&frame, row->from_client, row->from_lan);
    }
}

TEST(tags_hide_no_control_frame_and_are_themselves_refused_from_clients)
{
    static const char *const tags[] = {"8100 0005 ", "88a8 0005 ", "9100 0005 ",
                                       "9200 0005 ", "88a8 0005 8100 0006 "};
    EACH_ROW (row, samples) {
        for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
            struct frame frame = frame_of(row->hex);
            insert(&frame, 12, tags[i]);
            bool is_control = row->from_lan != NONE;
            check_both(&frame, is_control ? row->from_client : LP_REASON_VLAN,
                       row->from_lan);
        }
    }
}

TEST(snap_hides_nothing)
{
    /* RFC 1042, and the 802.1H tunnel that Wi-Fi access points unpack. */
    static const char *const headers[] = {"0000 aaaa03 000000", "0000 aaaa03 0000f8"};
    EACH_ROW (row, samples) {
        for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
            struct frame frame = frame_of(row->hex);
            if (!has_ethertype(&frame))
                continue;
            insert(&frame, 12, headers[i]);
            lp_set_u16(frame.at + 12, (uint16_t)(frame.len - LP_FRAME_HEADER_LEN));
            check_both(&frame, row->from_client, row->from_lan);
        }
    }
}

/* Puts an extension header between the IPv6 header and what follows it. */
static void extend(struct frame *frame, uint8_t kind, const char *hex)
{
    size_t before = frame->len;
    insert(frame, 54, hex);
    frame->at[54] = frame->at[20];
    frame->at[20] = kind;
    size_t grown = lp_get_u16(frame->at + 18) + frame->len - before;
    lp_set_u16(frame->at + 18, (uint16_t)grown);
}

TEST(extension_headers_hide_nothing)
{
    static const struct {
        uint8_t kind;
        const char *hex;
    } headers[] = {
        {LP_PROTO_HOPOPTS, "0000 0104 00000000"},
        {LP_PROTO_DSTOPTS, "0001 010c 000000000000000000000000"},
        {LP_PROTO_ROUTING, "0000 0000 00000000"},
        {LP_PROTO_AH, "0001 0000 00000001 00000001"},
    };
    EACH_ROW (row, samples) {
        struct frame frame = frame_of(row->hex);
        bool is_whole_ipv6 = lp_get_u16(frame.at + 12) == LP_ETHERTYPE_IPV6 &&
                             row->from_client != LP_REASON_OPAQUE;
        if (!is_whole_ipv6)
            continue;
        for (int i = 0; i < 8; i++) {
            extend(&frame, headers[i % 4].kind, headers[i % 4].hex);
            check_both(&frame, row->from_client, row->from_lan);
        }
        extend(&frame, LP_PROTO_FRAGMENT, "0000 0000 00000001");
        check_both(&frame, LP_REASON_IPV6_FRAGMENT, NONE);
        extend(&frame, LP_PROTO_DSTOPTS, "0000 0104 00000000");
        check_both(&frame, LP_REASON_IPV6_FRAGMENT, NONE);
    }
}

TEST(more_extension_headers_than_anyone_follows_are_opaque)
{
    struct frame frame = frame_of(ICMPV6("86"));
    for (int i = 0; i < 17; i++)
        extend(&frame, LP_PROTO_DSTOPTS, "0000 0104 00000000");
    check_both(&frame, LP_REASON_OPAQUE, NONE);
}

TEST(more_tags_than_anyone_follows_are_refused_whoever_stacks_them)
{
    struct frame frame = frame_of(ICMPV6("86"));
    for (int i = 0; i < LP_PACKET_MAX_TAGS - 1; i++)
        insert(&frame, 12, "8100 0005 ");
    check_both(&frame, LP_REASON_VLAN, NONE);
    for (int i = 0; i < 2; i++) {
        insert(&frame, 12, "8100 0005 ");
        check_both(&frame, LP_REASON_OPAQUE, LP_REASON_OPAQUE);
    }
}

/*
 * The property: no beginning of a refused frame passes from a client. What a cut takes
 * away was promised by a length field before it, so doubt remains (OPAQUE) unless the
 * rest already says what it is.
 */
TEST(cutting_a_refused_frame_never_makes_it_pass_from_a_client)
{
    EACH_ROW (row, samples) {
        struct frame frame = frame_of(row->hex);
        for (size_t len = 0; len < frame.len && row->from_client != NONE; len++) {
            lp_reason reason = verdict(LP_FROM_CLIENT, frame.at, len);
            bool is_runt = len < LP_FRAME_HEADER_LEN;
            CHECK_EQ(reason == LP_REASON_MALFORMED, is_runt);
            CHECK(reason != NONE);
            /* Less of it looks like itself or like doubt, never like something else. */
            CHECK(is_runt || reason == row->from_client || reason == LP_REASON_OPAQUE ||
                  row->from_lan != NONE);
        }
    }
}

TEST(a_cut_ip_packet_never_passes_from_a_client)
{
    static const struct {
        const char *name, *hex;
    } rows[] = {
        {"IPv4", IP4("11") UDP("6987", "6987")},
        {"IPv6", IP6("11") UDP("6987", "6987")},
        {"behind an extension",
         IP6_OF("0010", "3c") "1100 0104 00000000 " UDP("6987", "6987")},
        {"in SNAP", LLC(ALL, "0024 aaaa03 000000 0800 ") IP4_OF("001c", "0000", "11")
                        UDP("6987", "6987")},
    };
    EACH_ROW (row, rows) {
        struct frame frame = frame_of(row->hex);
        CHECK_EQ(verdict(LP_FROM_CLIENT, frame.at, frame.len), NONE);
        for (size_t len = LP_FRAME_HEADER_LEN; len < frame.len; len++)
            CHECK_EQ(verdict(LP_FROM_CLIENT, frame.at, len), LP_REASON_OPAQUE);
    }
}

TEST(every_reason_that_names_a_kind_of_frame_has_a_sample)
{
    for (int reason = LP_REASON_EAPOL; reason <= LP_REASON_OPAQUE; reason++) {
        bool has_sample = reason == LP_REASON_VLAN; /* made from every other sample */
        for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
            has_sample |= (int)samples[i].from_client == reason;
        if (!has_sample)
            lp_test_fail(__FILE__, __LINE__, "no sample shows %s",
                         lp_reason_name((lp_reason)reason));
    }
}

/* --- sizes: L-021, L-023, G-010 --------------------------------------------------- */

TEST(size_is_limited_by_the_header_the_room_and_ethernet)
{
    static const struct {
        const char *name;
        size_t len;
        lp_reason in_room, of_any_size;
    } rows[] = {
        {"nothing", 0, LP_REASON_MALFORMED, LP_REASON_MALFORMED},
        {"runt", 13, LP_REASON_MALFORMED, LP_REASON_MALFORMED},
        {"header alone", 14, NONE, NONE},
        {"largest in the room", ROOM + 14, NONE, NONE},
        {"one too many for the room", ROOM + 15, LP_REASON_TAP_MTU, NONE},
        {"largest on a wire", 1518, LP_REASON_TAP_MTU, NONE},
        {"jumbo", 1519, LP_REASON_JUMBO, LP_REASON_JUMBO},
    };
    struct frame frame = frame_of(ALL PLAYER "1234");
    EACH_ROW (row, rows) {
        lp_bytes bytes = lp_bytes_of(frame.at, row->len);
        for (int from = LP_FROM_CLIENT; from <= LP_FROM_LAN; from++) {
            CHECK_EQ(lp_filter_frame((lp_direction)from, bytes, ROOM), row->in_room);
            CHECK_EQ(lp_filter_frame_of_any_size((lp_direction)from, bytes),
                     row->of_any_size);
        }
    }
}

TEST(a_frame_that_may_be_cut_is_still_filtered)
{
    struct frame frame = frame_of("0180c200000e " PLAYER "88cc 0200");
    lp_bytes bytes = lp_bytes_of(frame.at, 1500);
    CHECK_EQ(lp_filter_frame_of_any_size(LP_FROM_LAN, bytes), LP_REASON_LLDP);
}
