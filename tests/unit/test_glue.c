#include "core/glue.h"

#include <stdlib.h>

#include "core/offload.h"
#include "ip.h"
#include "test.h"

static uint8_t frame[IP_FRAME_MAX], out[IP_FRAME_MAX];

/* --- what goes in ----------------------------------------------------------------- */

/* The n-th segment of a flow's stream; `sent` octets were before it. */
typedef struct stream {
    ip_spec spec;
    unsigned port;
    uint32_t sent, count;
} stream;

static const uint8_t times[] = {1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4};

static stream tcp_stream(unsigned version, unsigned port)
{
    return (stream){{version, IP_TCP, NULL, 0, times, sizeof times, 0x10}, port, 0, 0};
}

static stream udp_stream(unsigned version, unsigned port)
{
    return (stream){{.version = version, .protocol = IP_UDP}, port, 0, 0};
}

/* Makes checksums right again, slowly. */
static void mend(uint8_t *at, size_t len)
{
    uint8_t *ip = at + IP_ETH;
    bool is_v4 = ip[0] >> 4 == 4;
    uint8_t *transport = ip + (is_v4 ? 20 : 40);
    size_t transport_len = len - (size_t)(transport - at);
    unsigned protocol = is_v4 ? ip[9] : ip[6];
    if (is_v4) {
        ip_set_u16(ip + 10, 0);
        ip_set_u16(ip + 10, 0xffff ^ ip_sum(0, ip, 20));
    }
    uint8_t *field = transport + (protocol == IP_TCP ? 16 : 6);
    ip_set_u16(field, 0);
    uint32_t pseudo = ip_pseudo(ip, is_v4 ? 4 : 6, protocol, transport_len);
    uint32_t checksum = 0xffff ^ ip_sum(pseudo, transport, transport_len);
    ip_set_u16(field, checksum == 0 && protocol == IP_UDP ? 0xffff : checksum);
}

static size_t next_segment(stream *its, size_t payload_len, unsigned flags,
                           uint32_t *random, uint8_t *at)
{
    its->spec.payload_len = payload_len;
    its->spec.tcp_flags = flags;
    size_t len = ip_build(&its->spec, random, at);
    uint8_t *transport = at + IP_ETH + (its->spec.version == 4 ? 20 : 40);
    uint32_t sequence = 0xfffff000 + its->sent;
    ip_set_u16(transport, its->port);
    if (its->spec.version == 4)
        ip_set_u16(at + 18, (uint16_t)(0xfff0 + its->count));
    if (its->spec.protocol == IP_TCP) {
        ip_set_u16(transport + 4, sequence >> 16);
        ip_set_u16(transport + 6, sequence & 0xffff);
    }
    its->sent += (uint32_t)payload_len;
    its->count++;
    mend(at, len);
    return len;
}

/* --- what comes out --------------------------------------------------------------- */

typedef struct outcome {
    size_t frames, super_frames;
    size_t last_len;
    lp_offload last;
} outcome;

static outcome drain(lp_glue *glue)
{
    outcome it = {0};
    lp_bytes view;
    while (lp_glue_next(glue, &view, &it.last)) {
        it.frames++;
        it.super_frames += it.last.gso != LP_GSO_NONE;
        it.last_len = view.len;
        memcpy(out, view.at, view.len);
    }
    return it;
}

static outcome put(lp_glue *glue, size_t len)
{
    lp_glue_put(glue, lp_bytes_of(frame, len));
    return drain(glue);
}

static outcome flush(lp_glue *glue)
{
    lp_glue_flush(glue);
    return drain(glue);
}

/* --- what is glued ---------------------------------------------------------------- */

/* The super-frames of tests/unit/test_offload.c that hold no CWR, and what Linux 6.18
 * makes of them. Their checksum is the pseudo header's sum, for the card to go on from. */
TEST(segments_that_linux_cut_become_the_frame_that_it_had)
{
    static const struct {
        const char *name;
        lp_gso gso;
        uint16_t start, offset, header_len;
        const char *whole;
        const char *segments[3];
    } rows[] = {
        {"TCP over IPv6",
         LP_GSO_TCP6,
         54,
         16,
         86,
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
        {"UDP over IPv4",
         LP_GSO_UDP,
         34,
         6,
         42,
         "02000000000b02000000000a08004500004412344000401114730a0000010a00"
         "00029c406987003014444142434445464748494a4b4c4d4e4f50515253545556"
         "5758595a5b5c5d5e5f606162636465666768",
         {"02000000000b02000000000a08004500002c123440004011148b0a0000010a00"
          "00029c4069870018a3a94142434445464748494a4b4c4d4e4f50",
          "02000000000b02000000000a08004500002c123540004011148a0a0000010a00"
          "00029c406987001823295152535455565758595a5b5c5d5e5f60",
          "02000000000b02000000000a08004500002412364000401114910a0000010a00"
          "00029c4069870010546e6162636465666768"}},
        {"UDP over IPv6",
         LP_GSO_UDP,
         54,
         6,
         62,
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
    EACH_ROW (row, rows) {
        lp_glue *glue = lp_glue_new();
        uint8_t want[200];
        size_t want_len = ip_from_hex(row->whole, want);
        outcome got = {0};
        for (int i = 0; i < 3; i++) {
            CHECK_EQ(got.frames, 0);
            got = put(glue, ip_from_hex(row->segments[i], frame));
        }
        CHECK_EQ(got.frames, 1);
        CHECK_BYTES(out, got.last_len, want, want_len);
        CHECK_EQ(got.last.gso, row->gso);
        CHECK_EQ(got.last.segment_len, 16);
        CHECK(got.last.needs_checksum);
        CHECK_EQ(got.last.checksum_start, row->start);
        CHECK_EQ(got.last.checksum_offset, row->offset);
        CHECK_EQ(got.last.header_len, row->header_len);
        lp_glue_free(glue);
    }
}

TEST(a_segment_that_ends_something_ends_the_super_frame)
{
    static const struct {
        const char *name;
        size_t payload_len;
        unsigned flags;
        size_t frames;
    } rows[] = {
        {"one as the others", 100, 0x10, 0},
        {"PSH", 100, 0x18, 1},
        {"FIN", 100, 0x11, 1},
        {"a short one", 99, 0x10, 1},
        {"a single octet", 1, 0x18, 1},
    };
    for (unsigned version = 4; version <= 6; version += 2) {
        EACH_ROW (row, rows) {
            lp_glue *glue = lp_glue_new();
            uint32_t random = 1;
            stream its = tcp_stream(version, 1);
            CHECK_EQ(put(glue, next_segment(&its, 100, 0x10, &random, frame)).frames,
                     0);
            outcome got = put(
                glue, next_segment(&its, row->payload_len, row->flags, &random, frame));
            CHECK_EQ(got.frames, row->frames);
            CHECK_EQ(got.super_frames, row->frames);
            CHECK_EQ(flush(glue).super_frames, 1 - row->frames);
            lp_glue_free(glue);
        }
    }
}

TEST(a_lone_segment_leaves_as_it_came)
{
    static const struct {
        const char *name;
        unsigned version, protocol;
    } rows[] = {{"TCP over IPv4", 4, IP_TCP},
                {"TCP over IPv6", 6, IP_TCP},
                {"UDP over IPv4", 4, IP_UDP},
                {"UDP over IPv6", 6, IP_UDP}};
    EACH_ROW (row, rows) {
        lp_glue *glue = lp_glue_new();
        uint32_t random = 1;
        stream its = row->protocol == IP_TCP ? tcp_stream(row->version, 1)
                                             : udp_stream(row->version, 1);
        size_t len = next_segment(&its, 100, 0x10, &random, frame);
        CHECK_EQ(put(glue, len).frames, 0);
        outcome got = flush(glue);
        CHECK_EQ(got.frames, 1);
        CHECK_EQ(got.last.gso, LP_GSO_NONE);
        CHECK(!got.last.needs_checksum);
        CHECK_BYTES(out, got.last_len, frame, len);
        CHECK_EQ(flush(glue).frames, 0);
        lp_glue_free(glue);
    }
}

TEST(a_shorter_datagram_ends_the_super_frame_and_a_longer_one_begins_the_next)
{
    static const struct {
        const char *name;
        size_t payload_len, now, super_frames_now;
    } rows[] = {
        {"as long", 100, 0, 0},
        {"shorter", 99, 1, 1},
        {"a single octet", 1, 1, 1},
        {"longer", 101, 1, 0},
    };
    for (unsigned version = 4; version <= 6; version += 2) {
        EACH_ROW (row, rows) {
            lp_glue *glue = lp_glue_new();
            uint32_t random = 1;
            stream its = udp_stream(version, 1);
            CHECK_EQ(put(glue, next_segment(&its, 100, 0, &random, frame)).frames, 0);
            outcome got =
                put(glue, next_segment(&its, row->payload_len, 0, &random, frame));
            CHECK_EQ(got.frames, row->now);
            CHECK_EQ(got.super_frames, row->super_frames_now);
            CHECK_EQ(flush(glue).frames, row->super_frames_now ? 0 : 1);
            lp_glue_free(glue);
        }
    }
}

TEST(where_the_kernel_cannot_cut_udp_it_passes_and_tcp_is_glued)
{
    lp_glue *glue = lp_glue_new();
    uint32_t random = 1;
    stream udp = udp_stream(4, 1), tcp = tcp_stream(4, 1);
    lp_glue_leave_udp(glue);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(put(glue, next_segment(&tcp, 100, 0x10, &random, frame)).frames, 0);
        outcome got = put(glue, next_segment(&udp, 100, 0, &random, frame));
        CHECK_EQ(got.frames, 1);
        CHECK_EQ(got.super_frames, 0);
    }
    CHECK_EQ(flush(glue).super_frames, 1);
    lp_glue_free(glue);
}

TEST(an_adapter_that_takes_whole_frames_only_gets_them)
{
    lp_glue *glue = lp_glue_new();
    uint32_t random = 1;
    stream udp = udp_stream(4, 1), tcp = tcp_stream(4, 1);
    lp_glue_leave_all(glue);
    for (int i = 0; i < 2; i++) {
        outcome got = put(glue, next_segment(&tcp, 100, 0x10, &random, frame));
        CHECK_EQ(got.frames, 1);
        CHECK_EQ(got.super_frames, 0);
        CHECK_EQ(put(glue, next_segment(&udp, 100, 0, &random, frame)).frames, 1);
    }
    CHECK_EQ(flush(glue).frames, 0);
    lp_glue_free(glue);
}

/* --- what is not ------------------------------------------------------------------ */

/* One octet of the second segment is another; then its checksums are right or not. */
TEST(what_would_not_come_out_as_it_went_in_is_not_glued)
{
    static const struct {
        const char *name;
        unsigned version;
        size_t at;
        uint8_t octet;
        bool is_mended;
    } rows[] = {
        {"for another station", 4, 5, 0x99, true},
        {"from another station", 4, 11, 0x99, true},
        {"type of service", 4, 15, 0x01, true},
        {"identification", 4, 19, 0x77, true},
        {"may not be fragmented", 4, 20, 0x40, true},
        {"more fragments", 4, 20, 0x20, true},
        {"reserved bit", 4, 20, 0x80, true},
        {"time to live", 4, 22, 63, true},
        {"IPv4's checksum", 4, 24, 0x77, false},
        {"sender", 4, 29, 0x77, true},
        {"receiver", 4, 33, 0x77, true},
        {"port", 4, 37, 0x77, true},
        {"sequence", 4, 41, 0x77, true},
        {"acknowledgement", 4, 45, 0x77, true},
        {"reserved bits", 4, 46, 0x81, true},
        {"no TCP options", 4, 46, 0x50, true},
        {"TCP header too short", 4, 46, 0x40, true},
        {"TCP header too long", 4, 46, 0xf0, true},
        {"SYN", 4, 47, 0x12, true},
        {"RST", 4, 47, 0x14, true},
        {"URG", 4, 47, 0x30, true},
        {"ECE", 4, 47, 0x50, true},
        {"CWR", 4, 47, 0x90, true},
        {"no ACK", 4, 47, 0x00, true},
        {"window", 4, 48, 0x77, true},
        {"TCP's checksum", 4, 50, 0x77, false},
        {"urgent pointer", 4, 53, 1, true},
        {"time stamp", 4, 65, 0x77, true},
        {"payload", 4, 66, 0x77, false},
        {"traffic class", 6, 14, 0x61, true},
        {"flow label", 6, 17, 0x77, true},
        {"hop limit", 6, 21, 63, true},
        {"IPv6 sender", 6, 37, 0x77, true},
        {"IPv6 receiver", 6, 53, 0x77, true},
        {"IPv6 TCP's checksum", 6, 70, 0x77, false},
    };
    EACH_ROW (row, rows) {
        lp_glue *glue = lp_glue_new();
        uint32_t random = 5;
        stream its = tcp_stream(row->version, 1);
        CHECK_EQ(put(glue, next_segment(&its, 40, 0x10, &random, frame)).frames, 0);
        size_t len = next_segment(&its, 40, 0x10, &random, frame);
        CHECK(frame[row->at] != row->octet);
        frame[row->at] = row->octet;
        if (row->is_mended)
            mend(frame, len);
        outcome first = put(glue, len), rest = flush(glue);
        CHECK_EQ(first.super_frames + rest.super_frames, 0);
        CHECK_EQ(first.frames + rest.frames, 2);
        CHECK_BYTES(out, rest.frames > 0 ? rest.last_len : first.last_len, frame, len);
        lp_glue_free(glue);
    }
}

TEST(a_datagram_that_would_not_come_out_as_it_went_in_is_not_glued)
{
    static const struct {
        const char *name;
        unsigned version;
        size_t at;
        uint8_t octet;
        bool is_mended;
    } rows[] = {
        {"type of service", 4, 15, 0x01, true},
        {"identification", 4, 19, 0x77, true},
        {"may not be fragmented", 4, 20, 0x40, true},
        {"more fragments", 4, 20, 0x20, true},
        {"time to live", 4, 22, 63, true},
        {"IPv4's checksum", 4, 24, 0x77, false},
        {"sender", 4, 29, 0x77, true},
        {"port", 4, 37, 0x77, true},
        {"shorter by its own length", 4, 39, 47, true},
        {"longer by its own length", 4, 39, 49, true},
        {"UDP's checksum", 4, 40, 0x77, false},
        {"payload", 4, 42, 0x77, false},
        {"traffic class", 6, 14, 0x61, true},
        {"flow label", 6, 17, 0x77, true},
        {"hop limit", 6, 21, 63, true},
        {"IPv6 receiver", 6, 53, 0x77, true},
        {"IPv6 UDP's checksum", 6, 60, 0x77, false},
    };
    EACH_ROW (row, rows) {
        lp_glue *glue = lp_glue_new();
        uint32_t random = 5;
        stream its = udp_stream(row->version, 1);
        CHECK_EQ(put(glue, next_segment(&its, 40, 0, &random, frame)).frames, 0);
        size_t len = next_segment(&its, 40, 0, &random, frame);
        CHECK(frame[row->at] != row->octet);
        frame[row->at] = row->octet;
        if (row->is_mended)
            mend(frame, len);
        outcome first = put(glue, len), rest = flush(glue);
        CHECK_EQ(first.super_frames + rest.super_frames, 0);
        CHECK_EQ(first.frames + rest.frames, 2);
        CHECK_BYTES(out, rest.frames > 0 ? rest.last_len : first.last_len, frame, len);
        lp_glue_free(glue);
    }
}

/* In UDP zero says that there is none, and a card would write one. Zero that was summed
 * up is written as 0xffff, by us and by all others. */
TEST(a_datagram_without_a_checksum_passes_and_one_with_0xffff_is_glued)
{
    static const struct {
        const char *name;
        unsigned checksum;
        size_t super_frames;
    } rows[] = {{"none", 0, 0}, {"minus zero", 0xffff, 1}};
    EACH_ROW (row, rows) {
        lp_glue *glue = lp_glue_new();
        uint32_t random = 9;
        stream its = udp_stream(4, 1);
        CHECK_EQ(put(glue, next_segment(&its, 40, 0, &random, frame)).frames, 0);
        size_t len = next_segment(&its, 40, 0, &random, frame);
        /* What the checksum was goes into the payload, so that it becomes zero. */
        uint32_t last = ip_sum((uint32_t)ip_u16(frame + 40), frame + len - 2, 2);
        ip_set_u16(frame + len - 2, last);
        ip_set_u16(frame + 40, row->checksum);
        outcome first = put(glue, len), rest = flush(glue);
        CHECK_EQ(first.super_frames + rest.super_frames, row->super_frames);
        CHECK_EQ(first.frames + rest.frames, 2 - row->super_frames);
        lp_glue_free(glue);
    }
}

TEST(a_checksum_written_as_minus_zero_stays_as_it_is)
{
    lp_glue *glue = lp_glue_new();
    uint32_t random = 9;
    stream its = tcp_stream(4, 1);
    CHECK_EQ(put(glue, next_segment(&its, 40, 0x10, &random, frame)).frames, 0);
    size_t len = next_segment(&its, 40, 0x10, &random, frame);
    /* What the checksum was goes into the payload, so that it becomes zero. */
    uint32_t last = ip_sum((uint32_t)ip_u16(frame + 50), frame + len - 2, 2);
    ip_set_u16(frame + len - 2, last);
    ip_set_u16(frame + 50, 0xffff);
    CHECK(ip_judge(frame, len).is_sound);
    CHECK_EQ(put(glue, len).super_frames, 0);
    CHECK_BYTES(out, len, frame, len);
    lp_glue_free(glue);
}

TEST(frames_that_cannot_wait_pass_behind_what_came_before_them)
{
    static const struct {
        const char *name;
        unsigned version, protocol, port, flags, fragment;
        size_t payload_len, padding;
        size_t frames;
    } rows[] = {
        {"UDP without payload overtakes", 4, IP_UDP, 1, 0, 0, 0, 0, 1},
        {"UDP over IPv6 without payload too", 6, IP_UDP, 1, 0, 0, 0, 0, 1},
        {"a padded datagram too", 4, IP_UDP, 1, 0, 0, 4, 14, 1},
        {"a fragment of UDP does not", 4, IP_UDP, 1, 0, 0x2001, 40, 0, 2},
        {"another flow's acknowledgement overtakes", 4, IP_TCP, 2, 0x10, 0, 0, 0, 1},
        {"the flow's acknowledgement does not", 4, IP_TCP, 1, 0x10, 0, 0, 0, 2},
        {"a padded segment does not", 4, IP_TCP, 1, 0x10, 0, 40, 6, 2},
        {"a longer segment does not, and waits", 4, IP_TCP, 1, 0x10, 0, 41, 0, 1},
        {"a fragment of TCP does not", 4, IP_TCP, 2, 0x10, 0x2001, 40, 0, 2},
    };
    EACH_ROW (row, rows) {
        lp_glue *glue = lp_glue_new();
        uint32_t random = 5;
        stream first = tcp_stream(4, 1), second = first;
        CHECK_EQ(put(glue, next_segment(&first, 40, 0x10, &random, frame)).frames, 0);
        second.sent = first.sent;
        second.count = first.count;
        second.port = row->port;
        second.spec.version = row->version;
        second.spec.protocol = row->protocol;
        second.spec.fragment = row->fragment;
        size_t len =
            next_segment(&second, row->payload_len, row->flags, &random, frame);
        memset(frame + len, 0, row->padding);
        CHECK_EQ(put(glue, len + row->padding).frames, row->frames);
        CHECK_EQ(flush(glue).frames, 2 - row->frames);
        lp_glue_free(glue);
    }
}

TEST(what_is_no_plain_segment_passes_at_once)
{
    static const struct {
        const char *name;
        const char *frame;
    } rows[] = {
        {"a runt", "0200"},
        {"ARP", "ffffffffffff02000000000a080600010800060400010200000000"
                "0a0a490001000000000000"},
        {"tagged TCP", "02000000000b02000000000a8100002a080045000028000000004006"
                       "00000a0000010a0000020001000200000001000000025010ffff00000000"},
        {"a version that is none", "02000000000b02000000000a08007500"},
        {"IPv4 cut short", "02000000000b02000000000a080045000028"},
    };
    lp_glue *glue = lp_glue_new();
    EACH_ROW (row, rows) {
        size_t len = ip_from_hex(row->frame, frame);
        CHECK_EQ(put(glue, len).frames, 1);
        CHECK_BYTES(out, len, frame, len);
    }
    lp_glue_free(glue);
}

/* --- bounds ----------------------------------------------------------------------- */

TEST(a_super_frame_is_bounded_in_segments_and_in_octets)
{
    static const struct {
        const char *name;
        size_t payload_len, count;
    } rows[] = {
        {"64 segments", 100, 64},
        {"the most that fits", 1446, 45},
        {"two large ones", 32741, 2},
        {"no two fit", 32742, 1},
    };
    EACH_ROW (row, rows) {
        lp_glue *glue = lp_glue_new();
        uint32_t random = 5;
        stream its = tcp_stream(4, 1);
        outcome got = {0};
        for (size_t i = 0; got.frames == 0 && i < 100; i++)
            got = put(glue, next_segment(&its, row->payload_len, 0x10, &random, frame));
        CHECK_EQ(got.frames, 1);
        CHECK_EQ(got.last_len, 66 + row->count * row->payload_len);
        CHECK_EQ(ip_u16(out + 16) + 14, got.last_len);
        lp_glue_free(glue);
    }
}

TEST(eight_flows_wait_at_once_and_one_more_sends_the_oldest)
{
    lp_glue *glue = lp_glue_new();
    uint32_t random = 5;
    stream streams[LP_GLUE_MAX_FLOWS + 1];
    for (unsigned i = 0; i <= LP_GLUE_MAX_FLOWS; i++)
        streams[i] = tcp_stream(4, 100 + i);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < LP_GLUE_MAX_FLOWS; i++)
            CHECK_EQ(
                put(glue, next_segment(&streams[i], 40, 0x10, &random, frame)).frames,
                0);
    size_t len = next_segment(&streams[LP_GLUE_MAX_FLOWS], 40, 0x10, &random, frame);
    outcome got = put(glue, len);
    CHECK_EQ(got.super_frames, 1);
    CHECK_EQ(ip_u16(out + 34), 100);
    CHECK_EQ(flush(glue).frames, LP_GLUE_MAX_FLOWS);
    lp_glue_free(glue);
}

TEST(running_out_of_memory_is_told)
{
    lp_test_fail_allocation(1);
    CHECK(lp_glue_new() == NULL);
    CHECK(lp_test_allocation_failed());
    lp_glue_free(NULL);
}

/* --- any stream ------------------------------------------------------------------- */

enum { FLOWS = 12, MOST = 400, STREAM_ROOM = MOST * 1600 };

typedef struct expected {
    uint8_t *at; /* the flow's frames, one after the other */
    size_t lens[MOST];
    size_t in, out, in_len, out_len;
} expected;

/* The flow's next frame must be this one. */
static void expect(expected *flows, lp_bytes view)
{
    ip_parts parts = ip_judge(view.at, view.len);
    CHECK(parts.is_sound);
    expected *flow = &flows[ip_u16(view.at + parts.transport_at) - 1];
    CHECK(flow->out < flow->in);
    CHECK_BYTES(view.at, view.len, flow->at + flow->out_len, flow->lens[flow->out]);
    flow->out_len += flow->lens[flow->out++];
}

static size_t drain_and_cut(lp_glue *glue, expected *flows)
{
    lp_bytes view;
    lp_offload offload;
    size_t super_frames = 0;
    while (lp_glue_next(glue, &view, &offload)) {
        size_t count = lp_offload_segment_count(view, &offload);
        CHECK(count > 0 && (offload.gso == LP_GSO_NONE) == (count == 1));
        super_frames += count > 1;
        for (size_t i = 0; i < count; i++) {
            size_t len =
                lp_offload_segment(view, &offload, i, lp_space_of(out, sizeof out));
            expect(flows, lp_bytes_of(out, len));
        }
    }
    return super_frames;
}

TEST(whatever_is_glued_and_cut_is_what_it_was_and_in_order)
{
    uint32_t random = 2026;
    size_t super_frames = 0;
    for (int run = 0; run < 20; run++) {
        lp_glue *glue = lp_glue_new();
        stream streams[FLOWS];
        expected *flows = calloc(FLOWS, sizeof *flows);
        for (unsigned i = 0; i < FLOWS; i++) {
            unsigned version = i % 2 ? 6 : 4;
            bool is_udp = i / 2 % 2;
            streams[i] =
                is_udp ? udp_stream(version, i + 1) : tcp_stream(version, i + 1);
            flows[i].at = malloc(STREAM_ROOM);
        }
        for (int i = 0; i < MOST; i++) {
            /* Bursts of few flows, full segments mostly, a gap now and then. */
            size_t which = ip_random(&random) % (run % 2 ? FLOWS : 4);
            expected *flow = &flows[which];
            uint32_t dice = ip_random(&random);
            size_t payload_len = dice % 8 == 0 ? dice / 8 % 1400 : 1400;
            unsigned flags = dice / 64 % 8 == 0 ? dice / 512 & 0xff : 0x10;
            streams[which].sent += dice % 61 == 0;
            size_t len =
                next_segment(&streams[which], payload_len, flags, &random, frame);
            memcpy(flow->at + flow->in_len, frame, len);
            flow->in_len += len;
            flow->lens[flow->in++] = len;
            lp_glue_put(glue, lp_bytes_of(frame, len));
            super_frames += drain_and_cut(glue, flows);
            if (dice % 53 == 0)
                lp_glue_flush(glue);
            super_frames += drain_and_cut(glue, flows);
        }
        lp_glue_flush(glue);
        super_frames += drain_and_cut(glue, flows);
        for (int i = 0; i < FLOWS; i++) {
            CHECK_EQ(flows[i].out, flows[i].in);
            free(flows[i].at);
        }
        free(flows);
        lp_glue_free(glue);
    }
    CHECK(super_frames > 500);
}
