#include "runtime/frame_log.h"

#include "heard.h"

static heard lines;

static lp_frame_log frame_log_of(const char *text)
{
    static lp_log_sink log;
    lp_frame_log frame_log = {0};
    log = log_to(&lines, LP_INFO);
    CHECK_EQ(lp_frame_log_read(text, &log, &frame_log), LP_OK);
    return frame_log;
}

static const uint8_t arp[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
                                0,    0,    0,    0,    0x07, 0x08, 0x06};

static lp_frame_line line_of(lp_peer peer)
{
    return (lp_frame_line){
        .direction = "to_relay", .peer = peer, .frame = lp_bytes_of(arp, sizeof arp)};
}

/* L-031, G-019, W-027 */
TEST(the_forms_of_log_frames_say_which_frames_are_logged)
{
    static const struct {
        const char *name, *text;
        size_t of_seven, of_eight; /* of 300 frames each, in turn */
    } rows[] = {
        {"not given", NULL, 0, 0},
        {"off", "off", 0, 0},
        {"all", "all", 300, 300},
        {"every one by number", "1", 300, 300},
        {"one in three: a bit of both", "3", 100, 100},
        {"one in a hundred: the first of each hundred", "100", 6, 0},
        {"the rarest", "4294967295", 1, 0},
        {"one peer's", "peer:7", 300, 0},
        {"nobody's here", "peer:4294967294", 0, 0},
    };
    EACH_ROW (row, rows) {
        lp_frame_log frame_log = frame_log_of(row->text);
        size_t logged[2] = {0};
        for (size_t i = 0; i < 600; i++) {
            size_t before = lines.count;
            lp_frame_line line = line_of(i % 2 ? 8 : 7);
            lp_frame_log_note(&frame_log, &line);
            logged[i % 2] += lines.count - before;
        }
        CHECK_EQ(logged[0], row->of_seven);
        CHECK_EQ(logged[1], row->of_eight);
    }
}

TEST(anything_else_is_refused_and_changes_nothing)
{
    static const struct {
        const char *name, *text;
    } rows[] = {
        {"empty", ""},
        {"a word", "some"},
        {"upper case", "ALL"},
        {"none in none", "0"},
        {"negative", "-1"},
        {"signed", "+1"},
        {"with a space", " 1"},
        {"with a tail", "100x"},
        {"a fraction", "1.5"},
        {"too rare", "4294967296"},
        {"too many digits", "99999999999999999999999"},
        {"no peer", "peer:"},
        {"nobody", "peer:0"},
        {"everyone is not a peer", "peer:4294967295"},
        {"a peer by name", "peer:alice"},
        {"two peers", "peer:7,8"},
        {"two forms", "all,peer:7"},
    };
    EACH_ROW (row, rows) {
        lp_frame_log frame_log = {.peer = 99};
        CHECK_EQ(lp_frame_log_read(row->text, NULL, &frame_log), LP_ERR_MALFORMED);
        CHECK_EQ(frame_log.peer, 99);
        CHECK(!frame_log.on);
    }
}

TEST(a_line_says_what_the_frame_was_and_what_became_of_it)
{
    lp_frame_log frame_log = frame_log_of("all");
    lp_frame_line line = line_of(7);
    line.room = "QUAKE";
    line.reason = LP_REASON_BPDU;
    line.target_count = 0;
    lp_frame_log_note(&frame_log, &line);
    CHECK_STR(lines.line[0].text,
              "frame direction=to_relay room=QUAKE peer=7 src=02:00:00:00:00:07 "
              "dst=ff:ff:ff:ff:ff:ff ethertype=0x0806 len=60 action=filtered "
              "reason=bpdu targets=0");
    CHECK_EQ(lines.line[0].level, LP_INFO);
}

TEST(a_forwarded_frame_has_no_reason)
{
    lp_frame_log frame_log = frame_log_of("all");
    lp_frame_line line = line_of(7);
    line.target_count = 3;
    lp_frame_log_note(&frame_log, &line);
    CHECK_HAS(lines.line[0].text, "action=forwarded targets=3");
    CHECK(!strstr(lines.line[0].text, "room="));
}

TEST(a_runt_is_logged_without_an_ethertype)
{
    lp_frame_log frame_log = frame_log_of("all");
    lp_frame_line line = line_of(7);
    line.frame.len = 13;
    line.reason = LP_REASON_MALFORMED;
    lp_frame_log_note(&frame_log, &line);
    CHECK_HAS(lines.line[0].text,
              "ethertype=\"\" len=13 action=dropped reason=malformed");
}
