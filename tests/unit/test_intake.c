#include "core/intake.h"

#include "ip.h"
#include "test.h"

static uint8_t frame[IP_FRAME_MAX], room[IP_FRAME_MAX];

static size_t build(unsigned protocol, size_t payload_len)
{
    ip_spec spec = {.version = 4,
                    .protocol = protocol,
                    .tcp_flags = 0x10,
                    .payload_len = payload_len};
    uint32_t random = 3;
    return ip_build(&spec, &random, frame);
}

TEST(what_is_captured_becomes_whole_frames_or_a_reason)
{
    static const struct {
        const char *name;
        lp_offload offload;
        lp_reason reason;
        size_t count;
        uint64_t segmented, checksummed;
    } rows[] = {
        {"whole", {0}, LP_REASON_NONE, 1, 0, 0},
        {"a checksum to finish", {true, 34, 16}, LP_REASON_NONE, 1, 0, 1},
        {"a checksum outside", {true, 9999, 16}, LP_REASON_MALFORMED, 0, 0, 0},
        {"a super-frame", {true, 34, 16, LP_GSO_TCP4, 1000}, LP_REASON_NONE, 3, 1, 0},
        {"a super-frame of another kind",
         {true, 34, 16, LP_GSO_UDP, 1000},
         LP_REASON_MALFORMED,
         0,
         0,
         0},
        {"a kind we do not know",
         {true, 34, 16, LP_GSO_OTHER, 1000},
         LP_REASON_UNREPAIRABLE,
         0,
         0,
         0},
    };
    EACH_ROW (row, rows) {
        lp_stats stats = {0};
        lp_intake intake;
        size_t len = build(IP_TCP, 2500), count = 0;
        if (row->offload.needs_checksum)
            ip_set_u16(frame + 50, ip_pseudo(frame + IP_ETH, 4, IP_TCP, len - 34));
        lp_space got;
        CHECK_EQ(lp_intake_start(&intake, lp_space_of(frame, len), &row->offload,
                                 lp_space_of(room, sizeof room), &stats),
                 row->reason);
        while (row->reason == LP_REASON_NONE && lp_intake_next(&intake, &got)) {
            CHECK(ip_judge(got.at, got.len).is_sound);
            CHECK(got.at == (row->segmented ? room : frame));
            count++;
        }
        CHECK_EQ(count, row->count);
        CHECK_EQ(stats.stat[LP_STAT_SEGMENTED], row->segmented);
        CHECK_EQ(stats.stat[LP_STAT_CHECKSUMMED], row->checksummed);
    }
}
