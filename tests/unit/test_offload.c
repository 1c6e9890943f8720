#include "core/offload.h"

#include "ip.h"
#include "test.h"

static uint8_t frame[IP_FRAME_MAX], out[IP_FRAME_MAX], whole[IP_FRAME_MAX];

/* What Linux 6.18 makes of these when they are sent to a device without offloads:
 * PACKET_VNET_HDR in, segments of 16 octets out, captured at the other end of a veth.
 */
typedef struct golden {
    const char *name;
    lp_gso gso;
    const char *frame;
    const char *segments[3];
} golden;

static const golden goldens[] = {
    {"TCP over IPv4",
     LP_GSO_TCP4,
     "02000000000b02000000000a08004500005c12344000400614660a0000010a00"
     "00029c400050fffffff001020304809901f4145100000101080a000011110000"
     "22224142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e"
     "5f606162636465666768",
     {"02000000000b02000000000a080045000044123440004006147e0a0000010a00"
      "00029c400050fffffff001020304809001f44a3200000101080a000011110000"
      "22224142434445464748494a4b4c4d4e4f50",
      "02000000000b02000000000a080045000044123540004006147d0a0000010a00"
      "00029c4000500000000001020304801001f4ca2200000101080a000011110000"
      "22225152535455565758595a5b5c5d5e5f60",
      "02000000000b02000000000a08004500003c12364000400614840a0000010a00"
      "00029c4000500000001001020304801901f4fb4600000101080a000011110000"
      "22226162636465666768"}},
    {"UDP over IPv4",
     LP_GSO_UDP,
     "02000000000b02000000000a08004500004412344000401114730a0000010a00"
     "00029c406987003014444142434445464748494a4b4c4d4e4f50515253545556"
     "5758595a5b5c5d5e5f606162636465666768",
     {"02000000000b02000000000a08004500002c123440004011148b0a0000010a00"
      "00029c4069870018a3a94142434445464748494a4b4c4d4e4f50",
      "02000000000b02000000000a08004500002c123540004011148a0a0000010a00"
      "00029c406987001823295152535455565758595a5b5c5d5e5f60",
      "02000000000b02000000000a08004500002412364000401114910a0000010a00"
      "00029c4069870010546e6162636465666768"}},
    {"TCP over IPv6",
     LP_GSO_TCP6,
     "02000000000b02000000000a86dd6000000000480640fd000000000000000000"
     "000000000001fd0000000000000000000000000000029c400050000003e80102"
     "0304801801f4fa5200000101080a00001111000022224142434445464748494a"
     "4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768",
     {"02000000000b02000000000a86dd6000000000300640fd000000000000000000"
      "000000000001fd0000000000000000000000000000029c400050000003e80102"
      "0304801001f460b900000101080a00001111000022224142434445464748494a"
      "4b4c4d4e4f50",
      "02000000000b02000000000a86dd6000000000300640fd000000000000000000"
      "000000000001fd0000000000000000000000000000029c400050000003f80102"
      "0304801001f4e02800000101080a00001111000022225152535455565758595a"
      "5b5c5d5e5f60",
      "02000000000b02000000000a86dd6000000000280640fd000000000000000000"
      "000000000001fd0000000000000000000000000000029c400050000004080102"
      "0304801801f4114e00000101080a00001111000022226162636465666768"}},
    {"TCP behind hop-by-hop options",
     LP_GSO_TCP6,
     "02000000000b02000000000a86dd6000000000500040fd000000000000000000"
     "000000000001fd00000000000000000000000000000206000104000000009c40"
     "0050000003e801020304801801f4fa5200000101080a00001111000022224142"
     "434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162"
     "636465666768",
     {"02000000000b02000000000a86dd6000000000380040fd000000000000000000"
      "000000000001fd00000000000000000000000000000206000104000000009c40"
      "0050000003e801020304801001f460b900000101080a00001111000022224142"
      "434445464748494a4b4c4d4e4f50",
      "02000000000b02000000000a86dd6000000000380040fd000000000000000000"
      "000000000001fd00000000000000000000000000000206000104000000009c40"
      "0050000003f801020304801001f4e02800000101080a00001111000022225152"
      "535455565758595a5b5c5d5e5f60",
      "02000000000b02000000000a86dd6000000000300040fd000000000000000000"
      "000000000001fd00000000000000000000000000000206000104000000009c40"
      "00500000040801020304801801f4114e00000101080a00001111000022226162"
      "636465666768"}},
    {"TCP behind destination options",
     LP_GSO_TCP6,
     "02000000000b02000000000a86dd6000000000503c40fd000000000000000000"
     "000000000001fd00000000000000000000000000000206000104000000009c40"
     "0050000003e801020304801801f4fa5200000101080a00001111000022224142"
     "434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162"
     "636465666768",
     {"02000000000b02000000000a86dd6000000000383c40fd000000000000000000"
      "000000000001fd00000000000000000000000000000206000104000000009c40"
      "0050000003e801020304801001f460b900000101080a00001111000022224142"
      "434445464748494a4b4c4d4e4f50",
      "02000000000b02000000000a86dd6000000000383c40fd000000000000000000"
      "000000000001fd00000000000000000000000000000206000104000000009c40"
      "0050000003f801020304801001f4e02800000101080a00001111000022225152"
      "535455565758595a5b5c5d5e5f60",
      "02000000000b02000000000a86dd6000000000303c40fd000000000000000000"
      "000000000001fd00000000000000000000000000000206000104000000009c40"
      "00500000040801020304801801f4114e00000101080a00001111000022226162"
      "636465666768"}},
    {"UDP over IPv6",
     LP_GSO_UDP,
     "02000000000b02000000000a86dd6000000000301140fd000000000000000000"
     "000000000001fd0000000000000000000000000000029c4069870030fa454142"
     "434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162"
     "636465666768",
     {"02000000000b02000000000a86dd6000000000181140fd000000000000000000"
      "000000000001fd0000000000000000000000000000029c4069870018bda74142"
      "434445464748494a4b4c4d4e4f50",
      "02000000000b02000000000a86dd6000000000181140fd000000000000000000"
      "000000000001fd0000000000000000000000000000029c40698700183d275152"
      "535455565758595a5b5c5d5e5f60",
      "02000000000b02000000000a86dd6000000000101140fd000000000000000000"
      "000000000001fd0000000000000000000000000000029c40698700106e6c6162"
      "636465666768"}},
};

static lp_offload into_segments(lp_gso gso, size_t segment_len)
{
    return (lp_offload){.gso = gso, .segment_len = (uint16_t)segment_len};
}

static size_t load(const golden *what)
{
    return ip_from_hex(what->frame, frame);
}

/* --- checksums -------------------------------------------------------------------- */

TEST(the_example_of_rfc_1071_sums_up)
{
    static const uint8_t octets[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    CHECK_EQ(lp_checksum_add(0, lp_bytes_of(octets, sizeof octets)), 0xddf2);
    CHECK_EQ(lp_checksum_finish(0xddf2), 0x220d);
    CHECK_EQ(lp_checksum_add(0, lp_bytes_of(NULL, 0)), 0);
}

TEST(sums_agree_with_a_slow_one_at_every_length_and_alignment)
{
    uint32_t random = 7;
    uint8_t octets[80];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)ip_random(&random);
    for (size_t from = 0; from < 8; from++) {
        for (size_t len = 0; from + len <= sizeof octets; len++) {
            uint32_t sum = lp_checksum_add(0xffff, lp_bytes_of(octets + from, len));
            CHECK_EQ(sum, ip_sum(0xffff, octets + from, len));
        }
    }
}

TEST(pieces_of_even_length_sum_to_the_whole)
{
    uint8_t octets[64];
    memset(octets, 0xfe, sizeof octets);
    lp_bytes all = lp_bytes_of(octets, sizeof octets);
    for (size_t cut = 0; cut <= sizeof octets; cut += 2) {
        uint32_t sum = lp_checksum_add(0, lp_bytes_of(octets, cut));
        CHECK_EQ(lp_checksum_add(sum, lp_bytes_after(all, cut)),
                 lp_checksum_add(0, all));
    }
}

/* A frame whose transport starts at 34, its checksum partial as the kernel has it. */
static size_t load_partial(unsigned protocol, lp_offload *offload)
{
    ip_spec spec = {.version = 4, .protocol = protocol, .payload_len = 6};
    uint32_t random = 3;
    size_t len = ip_build(&spec, &random, whole);
    memcpy(frame, whole, len);
    size_t field = protocol == IP_TCP ? 16 : 6;
    uint32_t pseudo = ip_pseudo(frame + IP_ETH, 4, protocol, len - 34);
    ip_set_u16(frame + 34 + field, pseudo);
    *offload = (lp_offload){.needs_checksum = true,
                            .checksum_start = 34,
                            .checksum_offset = (uint16_t)field};
    return len;
}

TEST(a_partial_checksum_is_completed)
{
    static const struct {
        const char *name;
        unsigned protocol;
    } rows[] = {{"TCP", IP_TCP}, {"UDP", IP_UDP}};
    EACH_ROW (row, rows) {
        lp_offload offload;
        size_t len = load_partial(row->protocol, &offload);
        CHECK(!ip_judge(frame, len).is_sound);
        CHECK_EQ(lp_offload_checksum(lp_space_of(frame, len), &offload), LP_OK);
        CHECK_BYTES(frame, len, whole, len);
    }
}

TEST(a_checksum_of_zero_is_sent_as_all_ones)
{
    lp_offload offload;
    size_t len = load_partial(IP_UDP, &offload);
    memset(frame + 42, 0, 6);
    uint32_t sum = ip_sum(0, frame + 34, len - 34);
    ip_set_u16(frame + 42, 0xffff - sum); /* now everything sums to 0xffff */
    CHECK_EQ(lp_offload_checksum(lp_space_of(frame, len), &offload), LP_OK);
    CHECK_EQ(ip_u16(frame + 40), 0xffff);
    CHECK(ip_judge(frame, len).is_sound);
}

TEST(a_checksum_field_outside_the_frame_is_malformed)
{
    static const struct {
        const char *name;
        uint16_t start, offset;
        lp_err err;
    } rows[] = {
        {"last two octets", 34, 12, LP_OK},
        {"half of it outside", 34, 13, LP_ERR_MALFORMED},
        {"starts at the end", 48, 0, LP_ERR_MALFORMED},
        {"starts far outside", 65535, 65535, LP_ERR_MALFORMED},
    };
    EACH_ROW (row, rows) {
        lp_offload offload;
        size_t len = load_partial(IP_UDP, &offload);
        offload.checksum_start = row->start;
        offload.checksum_offset = row->offset;
        memcpy(out, frame, len);
        CHECK_EQ(lp_offload_checksum(lp_space_of(out, len), &offload), row->err);
        if (row->err)
            CHECK_BYTES(out, len, frame, len);
    }
}

TEST(a_whole_checksum_is_left_alone)
{
    lp_offload offload;
    size_t len = load_partial(IP_UDP, &offload);
    offload.needs_checksum = false;
    memcpy(out, frame, len);
    CHECK_EQ(lp_offload_checksum(lp_space_of(out, len), &offload), LP_OK);
    CHECK_BYTES(out, len, frame, len);
}

/* --- segments --------------------------------------------------------------------- */

TEST(segments_are_those_that_linux_makes)
{
    EACH_ROW (row, goldens) {
        lp_bytes super = lp_bytes_of(frame, load(row));
        lp_offload offload = into_segments(row->gso, 16);
        CHECK_EQ(lp_offload_segment_count(super, &offload), 3);
        for (size_t i = 0; i < 3; i++) {
            size_t want_len = ip_from_hex(row->segments[i], whole);
            size_t len =
                lp_offload_segment(super, &offload, i, lp_space_of(out, want_len));
            CHECK_BYTES(out, len, whole, want_len);
        }
        CHECK_EQ(lp_offload_segment(super, &offload, 3, lp_space_of(out, sizeof out)),
                 0);
    }
}

TEST(padding_behind_the_packet_is_in_no_segment)
{
    EACH_ROW (row, goldens) {
        size_t len = load(row);
        memset(frame + len, 0xee, 9);
        lp_offload offload = into_segments(row->gso, 16);
        CHECK_EQ(lp_offload_segment_count(lp_bytes_of(frame, len + 9), &offload), 3);
        size_t want_len = ip_from_hex(row->segments[2], whole);
        size_t got_len = lp_offload_segment(lp_bytes_of(frame, len + 9), &offload, 2,
                                            lp_space_of(out, sizeof out));
        CHECK_BYTES(out, got_len, whole, want_len);
    }
}

TEST(a_super_frame_cut_anywhere_is_refused)
{
    EACH_ROW (row, goldens) {
        size_t len = load(row);
        lp_offload offload = into_segments(row->gso, 16);
        for (size_t cut = 0; cut < len; cut++) {
            /* A copy that ends where it ends, for the sanitizer. */
            uint8_t part[200];
            memcpy(part + sizeof part - cut, frame, cut);
            lp_bytes view = lp_bytes_of(part + sizeof part - cut, cut);
            CHECK_EQ(lp_offload_segment_count(view, &offload), 0);
            CHECK_EQ(
                lp_offload_segment(view, &offload, 0, lp_space_of(out, sizeof out)), 0);
        }
    }
}

TEST(a_segment_that_does_not_fit_is_not_written)
{
    EACH_ROW (row, goldens) {
        lp_bytes super = lp_bytes_of(frame, load(row));
        lp_offload offload = into_segments(row->gso, 16);
        size_t want_len = ip_from_hex(row->segments[0], whole);
        for (size_t space = 0; space < want_len; space++) {
            uint8_t small[200];
            CHECK_EQ(
                lp_offload_segment(super, &offload, 0,
                                   lp_space_of(small + sizeof small - space, space)),
                0);
        }
    }
}

TEST(headers_that_contradict_the_offload_are_refused)
{
    static const struct {
        const char *name;
        size_t golden;
        lp_gso gso;
        size_t segment_len;
        size_t at; /* this octet becomes `octet` */
        uint8_t octet;
        size_t count;
    } rows[] = {
        {"untouched", 0, LP_GSO_TCP4, 16, 0, 2, 3},
        {"another protocol", 0, LP_GSO_UDP, 16, 0, 2, 0},
        {"another version", 0, LP_GSO_TCP6, 16, 0, 2, 0},
        {"TCP said to be UDP over IPv6", 2, LP_GSO_UDP, 16, 0, 2, 0},
        {"UDP said to be TCP", 1, LP_GSO_TCP4, 16, 0, 2, 0},
        {"no segment length", 0, LP_GSO_TCP4, 0, 0, 2, 0},
        {"ARP", 0, LP_GSO_TCP4, 16, 13, 0x06, 0},
        {"a fragment", 0, LP_GSO_TCP4, 16, 20, 0x20, 0},
        {"a later fragment", 0, LP_GSO_TCP4, 16, 21, 0x01, 0},
        {"IP header too short", 0, LP_GSO_TCP4, 16, 14, 0x44, 0},
        {"longer than the frame", 0, LP_GSO_TCP4, 16, 16, 0x01, 0},
        {"ends within the TCP header", 0, LP_GSO_TCP4, 16, 17, 50, 0},
        {"TCP header too short", 0, LP_GSO_TCP4, 16, 46, 0x40, 0},
        {"TCP header that leaves one segment", 0, LP_GSO_TCP4, 16, 46, 0xf0, 1},
        {"IPv6 with an authentication header", 3, LP_GSO_TCP6, 16, 20, 51, 0},
        {"IPv6 with a fragment header", 3, LP_GSO_TCP6, 16, 20, 44, 0},
        {"IPv6 with a routing header", 3, LP_GSO_TCP6, 16, 20, 43, 0},
        {"IPv6 whose options reach too far", 3, LP_GSO_TCP6, 16, 55, 9, 0},
    };
    EACH_ROW (row, rows) {
        lp_bytes super = lp_bytes_of(frame, load(&goldens[row->golden]));
        frame[row->at] = row->octet;
        lp_offload offload = into_segments(row->gso, row->segment_len);
        CHECK_EQ(lp_offload_segment_count(super, &offload), row->count);
        size_t len =
            lp_offload_segment(super, &offload, 0, lp_space_of(out, sizeof out));
        CHECK_EQ(len > 0, row->count > 0);
    }
}

TEST(a_tcp_header_longer_than_the_packet_is_refused)
{
    ip_spec spec = {.version = 4, .protocol = IP_TCP, .payload_len = 3};
    uint32_t random = 5;
    size_t len = ip_build(&spec, &random, frame);
    lp_offload offload = into_segments(LP_GSO_TCP4, 1);
    CHECK_EQ(lp_offload_segment_count(lp_bytes_of(frame, len), &offload), 3);
    frame[46] = 0x60;
    CHECK_EQ(lp_offload_segment_count(lp_bytes_of(frame, len), &offload), 0);
}

TEST(at_most_1024_segments_come_of_one_frame)
{
    static const struct {
        const char *name;
        size_t payload_len, count;
    } rows[] = {
        {"nothing in it", 0, 1},  {"one short", 9, 1},       {"one full", 10, 1},
        {"one and a bit", 11, 2}, {"the last", 10240, 1024}, {"one more", 10241, 0},
    };
    EACH_ROW (row, rows) {
        ip_spec spec = {
            .version = 4, .protocol = IP_UDP, .payload_len = row->payload_len};
        uint32_t random = 11;
        lp_bytes super = lp_bytes_of(frame, ip_build(&spec, &random, frame));
        lp_offload offload = into_segments(LP_GSO_UDP, 10);
        CHECK_EQ(lp_offload_segment_count(super, &offload), row->count);
        CHECK_EQ(lp_offload_segment(super, &offload, row->count,
                                    lp_space_of(out, sizeof out)),
                 0);
    }
}

TEST(a_frame_without_gso_is_its_own_only_segment)
{
    size_t len = load(&goldens[0]);
    lp_offload none = {0};
    CHECK_EQ(lp_offload_segment_count(lp_bytes_of(frame, len), &none), 1);
    size_t got =
        lp_offload_segment(lp_bytes_of(frame, len), &none, 0, lp_space_of(out, len));
    CHECK_BYTES(out, got, frame, len);
    CHECK_EQ(
        lp_offload_segment(lp_bytes_of(frame, len), &none, 1, lp_space_of(out, len)),
        0);
    CHECK_EQ(lp_offload_segment(lp_bytes_of(frame, len), &none, 0,
                                lp_space_of(out, len - 1)),
             0);
}

TEST(only_udp_avoids_a_checksum_of_zero)
{
    static const struct {
        const char *name;
        unsigned protocol;
        lp_gso gso;
        size_t field_at, checksum;
    } rows[] = {
        {"TCP", IP_TCP, LP_GSO_TCP4, 50, 0},
        {"UDP", IP_UDP, LP_GSO_UDP, 40, 0xffff},
    };
    EACH_ROW (row, rows) {
        ip_spec spec = {.version = 4, .protocol = row->protocol, .payload_len = 8};
        uint32_t random = 21;
        size_t len = ip_build(&spec, &random, frame);
        /* What the checksum was goes into the payload: the sum is all ones without it. */
        uint32_t last =
            ip_sum((uint32_t)ip_u16(frame + row->field_at), frame + len - 2, 2);
        ip_set_u16(frame + len - 2, last);
        lp_offload offload = into_segments(row->gso, 8);
        size_t got = lp_offload_segment(lp_bytes_of(frame, len), &offload, 0,
                                        lp_space_of(out, sizeof out));
        CHECK_EQ(ip_u16(out + row->field_at), row->checksum);
        CHECK(ip_judge(out, got).is_sound);
    }
}

/* Cuts the frame and puts it together again, judging each segment on the way. */
static void cut_and_compare(const ip_spec *spec, lp_gso gso, size_t segment_len)
{
    uint32_t random = (uint32_t)(spec->payload_len + segment_len);
    lp_bytes super = lp_bytes_of(frame, ip_build(spec, &random, frame));
    ip_parts want = ip_judge(frame, super.len);
    CHECK(want.is_sound);

    lp_offload offload = into_segments(gso, segment_len);
    size_t count = lp_offload_segment_count(super, &offload);
    size_t together = 0;
    for (size_t i = 0; i < count; i++) {
        size_t len =
            lp_offload_segment(super, &offload, i, lp_space_of(out, sizeof out));
        ip_parts got = ip_judge(out, len);
        CHECK(got.is_sound);
        CHECK_EQ(got.payload_at, want.payload_at);
        if (i + 1 < count)
            CHECK_EQ(len - got.payload_at, segment_len);
        memcpy(whole + together, out + got.payload_at, len - got.payload_at);
        together += len - got.payload_at;
    }
    CHECK_BYTES(whole, together, frame + want.payload_at, spec->payload_len);
}

TEST(whatever_is_cut_comes_together_again_with_sound_checksums)
{
    static const uint8_t hop_tcp[] = {IP_TCP, 0, 1, 4, 0, 0, 0, 0};
    static const uint8_t hop_dst_udp[] = {60,     0, 1, 4,  0, 0, 0, 0, /* then */
                                          IP_UDP, 1, 1, 12, 0, 0, 0, 0,
                                          0,      0, 0, 0,  0, 0, 0, 0};
    static const uint8_t nops[] = {1, 1, 1, 0};
    static const uint8_t times[] = {1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4};
    static const struct {
        const char *name;
        lp_gso gso;
        ip_spec spec;
    } rows[] = {
        {"TCP over IPv4", LP_GSO_TCP4, {4, IP_TCP, NULL, 0, times, 12, 0x99}},
        {"TCP over IPv4 with options",
         LP_GSO_TCP4,
         {4, IP_TCP, nops, 4, NULL, 0, 0x19}},
        {"UDP over IPv4", LP_GSO_UDP, {4, IP_UDP}},
        {"TCP over IPv6", LP_GSO_TCP6, {6, IP_TCP, NULL, 0, times, 12, 0x18}},
        {"TCP behind options", LP_GSO_TCP6, {6, IP_TCP, hop_tcp, 8, times, 12, 0x18}},
        {"UDP behind two", LP_GSO_UDP, {6, IP_UDP, hop_dst_udp, 24}},
    };
    uint32_t random = 2026;
    EACH_ROW (row, rows) {
        for (int i = 0; i < 200; i++) {
            ip_spec spec = row->spec;
            size_t segment_len = 1 + ip_random(&random) % 1500;
            spec.payload_len = ip_random(&random) % (i % 8 == 0 ? 65400 : 6000);
            if (spec.payload_len / segment_len < 1024)
                cut_and_compare(&spec, row->gso, segment_len);
        }
    }
}
