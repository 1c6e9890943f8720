#include "core/repair.h"

#include "ip.h"
#include "test.h"

#define MTU 1280

static uint8_t frame[IP_FRAME_MAX], out[IP_FRAME_MAX], whole[IP_FRAME_MAX];

/* A packet that Linux 6.18 sent through a device with an MTU of 100, in fragments. */
typedef struct golden {
    const char *name;
    const char *frame;
    const char *fragments[3];
} golden;

static const golden goldens[] = {
    {"without options",
     "02000000000b02000000000a0800450000b2cf000000401197380a0000010a00"
     "00029c406987009e02bb4142434445464748494a4b4c4d4e4f50515253545556"
     "5758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f70717273747576"
     "7778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f90919293949596"
     "9798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6"
     "b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6",
     {"02000000000b02000000000a080045000064cf002000401177860a0000010a00"
      "00029c406987009e02bb4142434445464748494a4b4c4d4e4f50515253545556"
      "5758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f70717273747576"
      "7778797a7b7c7d7e7f808182838485868788",
      "02000000000b02000000000a080045000062cf00000a4011977e0a0000010a00"
      "0002898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6"
      "a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6"
      "c7c8c9cacbcccdcecfd0d1d2d3d4d5d6"}},
    {"a copied option and one that is not",
     "02000000000b02000000000a0800480000becf2e00004011efe70a0000010a00"
     "0002940400000707080a000001019c406987009e02bb4142434445464748494a"
     "4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a"
     "6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a"
     "8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aa"
     "abacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9ca"
     "cbcccdcecfd0d1d2d3d4d5d6",
     {"02000000000b02000000000a080048000060cf2e20004011d0450a0000010a00"
      "0002940400000707080a000001019c406987009e02bb4142434445464748494a"
      "4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a"
      "6b6c6d6e6f707172737475767778",
      "02000000000b02000000000a080048000060cf2e20084011dc4b0a0000010a00"
      "0002940400000101010101010101797a7b7c7d7e7f808182838485868788898a"
      "8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aa"
      "abacadaeafb0b1b2b3b4b5b6b7b8",
      "02000000000b02000000000a08004800003ecf2e00104011fc650a0000010a00"
      "0002940400000101010101010101b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9ca"
      "cbcccdcecfd0d1d2d3d4d5d6"}},
};

/* A frame of UDP whose IP packet has `ip_len` octets. */
static size_t build(unsigned version, unsigned fragment, size_t ip_len)
{
    uint32_t random = 1;
    ip_spec spec = {.version = version,
                    .protocol = IP_UDP,
                    .fragment = fragment,
                    .payload_len = ip_len - (version == 4 ? 28 : 48)};
    return ip_build(&spec, &random, frame);
}

enum { DF = 0x4000, MF = 0x2000 };

static void fix_header_checksum(void)
{
    ip_set_u16(frame + 24, 0);
    ip_set_u16(frame + 24,
               0xffff ^ ip_sum(0, frame + 14, (size_t)(frame[14] & 15) * 4));
}

/* --- fragments -------------------------------------------------------------------- */

TEST(fragments_are_those_that_linux_makes)
{
    EACH_ROW (row, goldens) {
        lp_bytes view = lp_bytes_of(frame, ip_from_hex(row->frame, frame));
        lp_repair repair = lp_repair_start(true, 0);
        lp_repair_plan plan = lp_repair_plan_for(&repair, view, 100, 0);
        CHECK_EQ(plan.kind, LP_REPAIR_FRAGMENTS);
        size_t count = 0;
        for (; count < 3 && row->fragments[count]; count++) {
            size_t want_len = ip_from_hex(row->fragments[count], whole);
            size_t len =
                lp_repair_fragment(view, 100, count, lp_space_of(out, want_len));
            CHECK_BYTES(out, len, whole, want_len);
        }
        CHECK_EQ(plan.fragment_count, count);
        CHECK_EQ(lp_repair_fragment(view, 100, count, lp_space_of(out, sizeof out)), 0);
    }
}

TEST(a_fragment_that_does_not_fit_is_not_written)
{
    lp_bytes view = lp_bytes_of(frame, ip_from_hex(goldens[1].frame, frame));
    for (size_t i = 0; i < 3; i++) {
        size_t want_len = ip_from_hex(goldens[1].fragments[i], whole);
        for (size_t space = 0; space < want_len; space++) {
            uint8_t small[200];
            CHECK_EQ(
                lp_repair_fragment(view, 100, i,
                                   lp_space_of(small + sizeof small - space, space)),
                0);
        }
    }
}

/* Fragments the packet, judges each and puts the payload together again. */
static void fragment_and_compare(size_t len, size_t mtu)
{
    lp_repair repair = lp_repair_start(true, 0);
    lp_repair_plan plan = lp_repair_plan_for(&repair, lp_bytes_of(frame, len), mtu, 0);
    CHECK_EQ(plan.kind, LP_REPAIR_FRAGMENTS);
    size_t header_len = (size_t)(frame[14] & 15) * 4;
    size_t field = ip_u16(frame + 20), together = 0;

    for (size_t i = 0; i < plan.fragment_count; i++) {
        size_t got = lp_repair_fragment(lp_bytes_of(frame, len), mtu, i,
                                        lp_space_of(out, 14 + mtu));
        ip_parts parts = ip_judge(out, got);
        bool is_last = i + 1 == plan.fragment_count;
        CHECK(parts.is_sound && parts.is_fragment);
        CHECK_EQ(ip_u16(out + 18), ip_u16(frame + 18)); /* identification */
        CHECK_EQ(ip_u16(out + 20) & 0x1fff, (field & 0x1fff) + together / 8);
        CHECK_EQ(ip_u16(out + 20) & 0xe000,
                 is_last ? field & 0xe000 : (field | MF) & 0xe000);
        CHECK_BYTES(out, 14, frame, 14);
        CHECK_BYTES(out + 22, 2, frame + 22, 2);
        CHECK_BYTES(out + 26, 8, frame + 26, 8);
        size_t slice_len = got - 14 - header_len;
        CHECK(is_last || slice_len % 8 == 0);
        memcpy(whole + together, out + 14 + header_len, slice_len);
        together += slice_len;
    }
    size_t payload_len = ip_u16(frame + 16) - header_len;
    CHECK_BYTES(whole, together, frame + 14 + header_len, payload_len);
}

TEST(whatever_is_fragmented_comes_together_again)
{
    static const uint8_t options[] = {1,    7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, /* then */
                                      0x94, 4, 0,  0};
    static const struct {
        const char *name;
        ip_spec spec;
    } rows[] = {
        {"a whole packet", {4, IP_UDP}},
        {"with options", {4, IP_UDP, options, 16}},
        {"TCP", {4, IP_TCP}},
        {"the first of several", {4, IP_UDP, .fragment = MF}},
        {"one in the middle", {4, IP_UDP, options, 16, .fragment = MF | 123}},
        {"the last", {4, IP_UDP, .fragment = 123}},
    };
    uint32_t random = 4;
    EACH_ROW (row, rows) {
        for (int i = 0; i < 200; i++) {
            ip_spec spec = row->spec;
            spec.payload_len = 1473 + ip_random(&random) % 2000;
            size_t len = ip_build(&spec, &random, frame);
            memset(frame + len, 0xee, 7); /* padding that is in no fragment */
            fragment_and_compare(len + 7, 68 + ip_random(&random) % 1400);
        }
    }
}

TEST(a_ping_of_1500_octets_becomes_two_frames)
{
    size_t len = build(4, 0, 1500);
    fragment_and_compare(len, MTU);
    CHECK_EQ(
        lp_repair_fragment(lp_bytes_of(frame, len), MTU, 0, lp_space_of(out, 1294)),
        14 + 20 + 1256);
    CHECK_EQ(
        lp_repair_fragment(lp_bytes_of(frame, len), MTU, 1, lp_space_of(out, 1294)),
        14 + 20 + 224);
}

TEST(what_fits_without_its_padding_is_only_trimmed)
{
    static const struct {
        const char *name;
        unsigned version, fragment;
    } rows[] = {{"IPv4", 4, 0}, {"IPv4 with DF", 4, DF}, {"IPv6", 6, 0}};
    EACH_ROW (row, rows) {
        size_t len = build(row->version, row->fragment, MTU);
        memset(frame + len, 0xee, 4);
        lp_bytes padded = lp_bytes_of(frame, len + 4);
        lp_repair repair = lp_repair_start(true, 0);
        lp_repair_plan plan = lp_repair_plan_for(&repair, padded, MTU, 0);
        CHECK_EQ(plan.kind, LP_REPAIR_FRAGMENTS);
        CHECK_EQ(plan.fragment_count, 1);
        size_t got = lp_repair_fragment(padded, MTU, 0, lp_space_of(out, len));
        CHECK_BYTES(out, got, frame, len);
        CHECK_EQ(lp_repair_fragment(padded, MTU, 1, lp_space_of(out, len)), 0);
        CHECK_EQ(lp_repair_fragment(padded, MTU, 0, lp_space_of(out, len - 1)), 0);
    }
}

TEST(options_that_make_no_sense_are_not_fragmented)
{
    static const struct {
        const char *name;
        uint8_t options[4];
        lp_repair_kind kind;
    } rows[] = {
        {"no operation", {1, 1, 1, 1}, LP_REPAIR_FRAGMENTS},
        {"the end, then anything", {0, 7, 0, 0}, LP_REPAIR_FRAGMENTS},
        {"fills the header", {7, 4, 0, 0}, LP_REPAIR_FRAGMENTS},
        {"length zero", {7, 0, 0, 0}, LP_REPAIR_NOTHING},
        {"length one", {0x94, 1, 0, 0}, LP_REPAIR_NOTHING},
        {"past the header", {1, 7, 4, 0}, LP_REPAIR_NOTHING},
        {"no room for a length", {1, 1, 1, 7}, LP_REPAIR_NOTHING},
    };
    EACH_ROW (row, rows) {
        uint32_t random = 9;
        ip_spec spec = {4, IP_UDP, row->options, 4, .payload_len = 1400};
        size_t len = ip_build(&spec, &random, frame);
        lp_repair repair = lp_repair_start(true, 0);
        lp_repair_plan plan =
            lp_repair_plan_for(&repair, lp_bytes_of(frame, len), MTU, 0);
        CHECK_EQ(plan.kind, row->kind);
        CHECK_EQ(plan.reason, row->kind == LP_REPAIR_FRAGMENTS
                                  ? LP_REASON_NONE
                                  : LP_REASON_UNREPAIRABLE);
        size_t got =
            lp_repair_fragment(lp_bytes_of(frame, len), MTU, 0, lp_space_of(out, 1294));
        CHECK_EQ(got > 0, row->kind == LP_REPAIR_FRAGMENTS);
    }
}

/* --- answers ---------------------------------------------------------------------- */

TEST(each_kind_of_frame_gets_what_it_deserves)
{
    /* A packet of 1500 octets; up to two octets are changed, IPv4's checksum is
     * renewed. */
    static const struct {
        const char *name;
        unsigned version, fragment;
        lp_repair_kind kind;
        struct {
            size_t at;
            uint8_t octet;
        } change[2];
    } rows[] = {
        {"IPv4", 4, 0, LP_REPAIR_FRAGMENTS},
        {"IPv4 with DF", 4, DF, LP_REPAIR_REPLY},
        {"IPv6", 6, 0, LP_REPAIR_REPLY},
        {"IPv4 broadcast", 4, 0, LP_REPAIR_FRAGMENTS, {{0, 0xff}, {30, 0xff}}},
        {"to a broadcast MAC", 4, DF, LP_REPAIR_NOTHING, {{0, 0xff}}},
        {"to a multicast MAC", 6, 0, LP_REPAIR_NOTHING, {{0, 0x33}}},
        {"from a multicast MAC", 4, DF, LP_REPAIR_NOTHING, {{6, 0x03}}},
        {"from no MAC", 4, DF, LP_REPAIR_NOTHING, {{6, 0}, {11, 0}}},
        {"to IPv4 multicast", 4, DF, LP_REPAIR_NOTHING, {{30, 224}}},
        {"to IPv4 broadcast", 4, DF, LP_REPAIR_NOTHING, {{30, 255}}},
        {"to IPv4 zero", 4, DF, LP_REPAIR_NOTHING, {{30, 0}}},
        {"to IPv4 loopback", 4, DF, LP_REPAIR_NOTHING, {{30, 127}}},
        {"from IPv4 zero", 4, DF, LP_REPAIR_NOTHING, {{26, 0}}},
        {"from IPv4 loopback", 4, DF, LP_REPAIR_NOTHING, {{26, 127}}},
        {"from IPv4 multicast", 4, DF, LP_REPAIR_NOTHING, {{26, 239}}},
        {"from IPv4 class E", 4, DF, LP_REPAIR_NOTHING, {{26, 240}}},
        {"to IPv6 multicast", 6, 0, LP_REPAIR_NOTHING, {{38, 0xff}}},
        {"from IPv6 multicast", 6, 0, LP_REPAIR_NOTHING, {{22, 0xff}}},
        {"from IPv6 unspecified", 6, 0, LP_REPAIR_NOTHING, {{22, 0}, {37, 0}}},
        {"from IPv6 loopback", 6, 0, LP_REPAIR_NOTHING, {{22, 0}}},
        {"a first fragment", 4, DF | MF, LP_REPAIR_REPLY},
        {"a later fragment", 4, DF | 1, LP_REPAIR_NOTHING},
        {"ICMP echo", 4, DF, LP_REPAIR_REPLY, {{23, 1}, {34, 8}}},
        {"ICMP echo reply", 4, DF, LP_REPAIR_REPLY, {{23, 1}, {34, 0}}},
        {"ICMP unreachable", 4, DF, LP_REPAIR_NOTHING, {{23, 1}, {34, 3}}},
        {"ICMP source quench", 4, DF, LP_REPAIR_NOTHING, {{23, 1}, {34, 4}}},
        {"ICMP redirect", 4, DF, LP_REPAIR_NOTHING, {{23, 1}, {34, 5}}},
        {"ICMP time exceeded", 4, DF, LP_REPAIR_NOTHING, {{23, 1}, {34, 11}}},
        {"ICMP parameter problem", 4, DF, LP_REPAIR_NOTHING, {{23, 1}, {34, 12}}},
        {"ICMP nobody knows", 4, DF, LP_REPAIR_NOTHING, {{23, 1}, {34, 40}}},
        {"ICMPv6 echo", 6, 0, LP_REPAIR_REPLY, {{20, 58}, {54, 128}}},
        {"ICMPv6 error", 6, 0, LP_REPAIR_NOTHING, {{20, 58}, {54, 2}}},
        {"ICMPv6 unknown error", 6, 0, LP_REPAIR_NOTHING, {{20, 58}, {54, 127}}},
        {"ICMPv6 redirect", 6, 0, LP_REPAIR_NOTHING, {{20, 58}, {54, 137}}},
        {"IPv6 first fragment", 6, 0, LP_REPAIR_REPLY, {{20, 44}, {56, 0}}},
        {"IPv6 later fragment", 6, 0, LP_REPAIR_NOTHING, {{20, 44}, {56, 1}}},
        {"IPv6 extension past the end", 6, 0, LP_REPAIR_NOTHING, {{20, 60}, {55, 255}}},
        {"IPv4 longer than the frame", 4, 0, LP_REPAIR_NOTHING, {{16, 6}}},
        {"IPv6 longer than the frame", 6, 0, LP_REPAIR_NOTHING, {{18, 6}}},
        {"neither", 4, 0, LP_REPAIR_NOTHING, {{13, 0x06}}},
        {"in a VLAN", 4, 0, LP_REPAIR_NOTHING, {{12, 0x81}, {13, 0x00}}},
        {"IPv4's header says 6", 4, 0, LP_REPAIR_NOTHING, {{14, 0x65}}},
        {"a ping of death", 4, 0x1fff, LP_REPAIR_NOTHING},
    };
    EACH_ROW (row, rows) {
        size_t len = build(row->version, row->fragment, 1500);
        if (row->version == 6)
            memset(frame + 54, 0, 4); /* what a changed protocol shall find */
        for (size_t i = 0; i < 2; i++) {
            if (row->change[i].at > 0 || row->change[i].octet > 0)
                frame[row->change[i].at] = row->change[i].octet;
        }
        if (row->change[0].at == 6)
            memset(frame + 6, row->change[0].octet, 6);
        if (row->change[0].at == 22)
            memset(frame + 22, row->change[0].octet, 15);
        if (row->version == 4)
            fix_header_checksum();
        lp_repair repair = lp_repair_start(true, 0);
        lp_repair_plan plan =
            lp_repair_plan_for(&repair, lp_bytes_of(frame, len), MTU, 0);
        CHECK_EQ(plan.kind, row->kind);
        CHECK_EQ(plan.reason, row->kind == LP_REPAIR_FRAGMENTS ? LP_REASON_NONE
                              : row->kind == LP_REPAIR_REPLY   ? LP_REASON_TAP_MTU
                                                             : LP_REASON_UNREPAIRABLE);
        CHECK_EQ(plan.reply_len > 0, row->kind == LP_REPAIR_REPLY);
        CHECK_EQ(plan.fragment_count > 0, row->kind == LP_REPAIR_FRAGMENTS);
    }
}

TEST(the_sender_of_ipv4_learns_the_mtu)
{
    size_t len = build(4, DF, 1500);
    lp_repair repair = lp_repair_start(true, 0);
    lp_repair_plan plan = lp_repair_plan_for(&repair, lp_bytes_of(frame, len), MTU, 0);

    size_t head_len =
        ip_from_hex("02000000000a 02000000000b 0800" /* MACs change places */
                    "45c0 0240 0000 4000 4001 0000"  /* 576 octets, DF, TTL 64 */
                    "0a000002 0a000001"              /* so do addresses */
                    "0304 0000 0000 0500",           /* next hop: 1280 */
                    whole);
    memcpy(whole + head_len, frame + 14, 548);
    ip_set_u16(whole + 24, 0xffff ^ ip_sum(0, whole + 14, 20));
    ip_set_u16(whole + 36, 0xffff ^ ip_sum(0, whole + 34, 556));
    CHECK_BYTES(plan.reply, plan.reply_len, whole, head_len + 548);
}

TEST(the_sender_of_ipv6_learns_the_mtu)
{
    size_t len = build(6, 0, 1500);
    lp_repair repair = lp_repair_start(true, 0);
    lp_repair_plan plan = lp_repair_plan_for(&repair, lp_bytes_of(frame, len), 1134, 0);

    size_t head_len = ip_from_hex("02000000000a 02000000000b 86dd"
                                  "60000000 04d8 3a 40"
                                  "fd000000000000000000000000000002"
                                  "fd000000000000000000000000000001"
                                  "0200 0000 0000046e", /* honest below 1280 too */
                                  whole);
    memcpy(whole + head_len, frame + 14, 1280 - 48);
    uint32_t pseudo = ip_pseudo(whole + 14, 6, 58, 1240);
    ip_set_u16(whole + 56, 0xffff ^ ip_sum(pseudo, whole + 54, 1240));
    CHECK_BYTES(plan.reply, plan.reply_len, whole, 14 + 1280);
}

TEST(a_short_packet_is_quoted_whole_without_its_padding)
{
    size_t len = build(4, DF, 200);
    memset(frame + len, 0xee, 1300);
    lp_repair repair = lp_repair_start(true, 0);
    lp_repair_plan plan =
        lp_repair_plan_for(&repair, lp_bytes_of(frame, len + 1300), 100, 0);
    CHECK_EQ(plan.reply_len, 14 + 28 + 200);
    CHECK_BYTES(plan.reply + 42, 200, frame + 14, 200);
}

TEST(a_damaged_ipv4_header_is_not_repaired)
{
    size_t len = build(4, 0, 1500);
    for (size_t at = 14; at < 34; at++) {
        lp_repair repair = lp_repair_start(true, 0);
        frame[at] ^= 0x10;
        lp_repair_plan plan =
            lp_repair_plan_for(&repair, lp_bytes_of(frame, len), MTU, 0);
        frame[at] ^= 0x10;
        CHECK_EQ(plan.kind, LP_REPAIR_NOTHING);
        CHECK_EQ(plan.reason, LP_REASON_UNREPAIRABLE);
    }
}

TEST(a_packet_cut_anywhere_is_unrepairable)
{
    for (unsigned version = 4; version <= 6; version += 2) {
        size_t len = build(version, 0, 1500);
        for (size_t cut = 0; cut < len; cut++) {
            static uint8_t part[1600];
            memcpy(part + sizeof part - cut, frame, cut);
            lp_bytes view = lp_bytes_of(part + sizeof part - cut, cut);
            lp_repair repair = lp_repair_start(true, 0);
            lp_repair_plan plan = lp_repair_plan_for(&repair, view, MTU, 0);
            CHECK_EQ(plan.kind, LP_REPAIR_NOTHING);
            CHECK_EQ(plan.reason, LP_REASON_UNREPAIRABLE);
            CHECK_EQ(lp_repair_fragment(view, MTU, 0, lp_space_of(out, sizeof out)), 0);
        }
    }
}

TEST(answers_are_limited_and_fragments_are_not)
{
    static const struct {
        const char *name;
        lp_time at;
        unsigned replies;
    } rows[] = {
        {"at once", 0, 100},
        {"a second later", LP_SECONDS(1), 50},
        {"nothing for a millisecond", LP_SECONDS(1) + LP_MS(1), 0},
    };
    lp_repair repair = lp_repair_start(true, 0);
    EACH_ROW (row, rows) {
        unsigned replies = 0;
        for (int i = 0; i < 200; i++) {
            size_t len = build(4, DF, 1300);
            lp_repair_plan plan =
                lp_repair_plan_for(&repair, lp_bytes_of(frame, len), MTU, row->at);
            if (plan.kind == LP_REPAIR_REPLY)
                replies++;
            else
                CHECK_EQ(plan.reason, LP_REASON_REPLY_LIMIT);
        }
        CHECK_EQ(replies, row->replies);
        size_t len = build(4, 0, 1300);
        lp_repair_plan plan =
            lp_repair_plan_for(&repair, lp_bytes_of(frame, len), MTU, row->at);
        CHECK_EQ(plan.kind, LP_REPAIR_FRAGMENTS);
    }
}

TEST(switched_off_it_only_says_that_the_frame_was_too_large)
{
    lp_repair repair = lp_repair_start(false, 0);
    for (unsigned version = 4; version <= 6; version += 2) {
        size_t len = build(version, 0, 1500);
        lp_repair_plan plan =
            lp_repair_plan_for(&repair, lp_bytes_of(frame, len), MTU, 0);
        CHECK_EQ(plan.kind, LP_REPAIR_NOTHING);
        CHECK_EQ(plan.reason, LP_REASON_TAP_MTU);
    }
}

/* --- segment sizes ---------------------------------------------------------------- */

enum { SYN = 0x02, ACK = 0x10 };

typedef struct mss_row {
    const char *name;
    unsigned version, flags;
    size_t mtu;
    size_t options_len;
    uint8_t options[16];
    size_t mss_at; /* in the options; 0: nothing changes */
    size_t mss;
} mss_row;

static const mss_row mss_rows[] = {
    {"IPv4 SYN", 4, SYN, 1280, 4, {2, 4, 5, 180}, 2, 1240},
    {"IPv4 SYN and ACK", 4, SYN | ACK, 1280, 4, {2, 4, 5, 180}, 2, 1240},
    {"IPv6 SYN", 6, SYN, 1280, 4, {2, 4, 5, 160}, 2, 1220},
    {"IPv6 below its minimum", 6, SYN, 1134, 4, {2, 4, 5, 160}, 2, 1074},
    {"the largest there is", 4, SYN, 1280, 4, {2, 4, 255, 255}, 2, 1240},
    {"between others", 4, SYN, 1280, 12, {4, 2, 2, 4, 5, 180, 1, 3, 3, 7}, 4, 1240},
    {"at an odd place", 4, SYN, 1280, 8, {1, 2, 4, 5, 180, 3, 3, 7}, 3, 1240},
    {"at an odd place, IPv6", 6, SYN, 1280, 8, {1, 2, 4, 5, 180, 3, 3, 7}, 3, 1220},
    {"small enough", 4, SYN, 1280, 4, {2, 4, 4, 216}},
    {"one too large", 4, SYN, 1280, 4, {2, 4, 4, 217}, 2, 1240},
    {"no SYN", 4, ACK, 1280, 4, {2, 4, 5, 180}},
    {"no options", 4, SYN, 1280, 0, {0}},
    {"not said", 4, SYN, 1280, 4, {3, 3, 7, 0}},
    {"behind the end", 4, SYN, 1280, 8, {0, 0, 0, 0, 2, 4, 5, 180}},
    {"another length", 4, SYN, 1280, 4, {2, 3, 5, 180}},
    {"length zero", 4, SYN, 1280, 8, {3, 0, 1, 1, 2, 4, 5, 180}},
    {"past the header", 4, SYN, 1280, 4, {1, 2, 4, 5}},
    {"no room for a length", 4, SYN, 1280, 4, {1, 1, 1, 2}},
    {"an MTU that carries nothing", 4, SYN, 40, 4, {2, 4, 5, 180}},
    {"an MTU that carries one octet", 4, SYN, 41, 4, {2, 4, 5, 180}, 2, 1},
    {"an MTU that carries all", 4, SYN, 70000, 4, {2, 4, 255, 255}},
};

static size_t build_syn(const mss_row *row)
{
    uint32_t random = 77;
    ip_spec spec = {.version = row->version,
                    .protocol = IP_TCP,
                    .tcp_flags = row->flags,
                    .tcp_options = row->options,
                    .tcp_options_len = row->options_len,
                    .payload_len = 5};
    return ip_build(&spec, &random, frame);
}

TEST(a_syn_announces_no_more_than_fits)
{
    EACH_ROW (row, mss_rows) {
        size_t len = build_syn(row);
        memcpy(whole, frame, len);
        CHECK_EQ(lp_repair_clamp_mss(lp_space_of(frame, len), row->mtu),
                 row->mss_at > 0);
        if (row->mss_at > 0) {
            size_t tcp = row->version == 4 ? 34 : 54;
            CHECK(ip_judge(frame, len).is_sound);
            ip_set_u16(whole + tcp + 20 + row->mss_at, row->mss);
            memcpy(whole + tcp + 16, frame + tcp + 16, 2); /* judged above */
        }
        CHECK_BYTES(frame, len, whole, len);
        CHECK(!lp_repair_clamp_mss(lp_space_of(frame, len), row->mtu));
    }
}

TEST(every_announcement_is_lowered_with_a_sound_checksum)
{
    uint32_t random = 99;
    for (int i = 0; i < 2000; i++) {
        uint8_t options[8] = {2, 4, 0, 0, 1, 1, 1, 0};
        size_t mss = 1 + ip_random(&random) % 65535;
        if (i % 2 != 0)
            memmove(options + 1, options, 7), options[0] = 1;
        ip_set_u16(options + 2 + i % 2, mss);
        ip_spec spec = {i % 4 < 2 ? 4 : 6, IP_TCP, NULL, 0, options, 8, SYN};
        size_t len = ip_build(&spec, &random, frame);
        size_t mtu = 576 + ip_random(&random) % 1000;
        size_t limit = mtu - (spec.version == 4 ? 40 : 60);
        CHECK_EQ(lp_repair_clamp_mss(lp_space_of(frame, len), mtu), mss > limit);
        CHECK(ip_judge(frame, len).is_sound);
    }
}

TEST(a_syn_cut_anywhere_is_left_alone)
{
    EACH_ROW (row, mss_rows) {
        size_t len = build_syn(row);
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t part[200];
            memcpy(part + sizeof part - cut, frame, cut);
            lp_space view = lp_space_of(part + sizeof part - cut, cut);
            CHECK(!lp_repair_clamp_mss(view, row->mtu));
            CHECK_BYTES(view.at, cut, frame, cut);
        }
    }
}

TEST(only_a_whole_tcp_header_is_read)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t octet;
        bool changes;
    } rows[] = {
        {"untouched", 0, 2, true},       {"UDP", 23, 17, false},
        {"a fragment", 20, 0x20, false}, {"header too short", 46, 0x40, false},
        {"too long", 46, 0x80, false},   {"to everyone", 0, 0xff, true},
    };
    EACH_ROW (row, rows) {
        size_t len = build_syn(&mss_rows[0]);
        frame[row->at] = row->octet;
        CHECK_EQ(lp_repair_clamp_mss(lp_space_of(frame, len), MTU), row->changes);
    }
}
