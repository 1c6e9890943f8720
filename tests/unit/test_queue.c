#include "core/queue.h"

#include "core/queue_flow.h"
#include "ip.h"
#include "test.h"

#define SEED   5
#define HEADER 16
#define FLOWS  32

static uint8_t datagram[HEADER + 4096];

/* One of some ports whose flows do not share a place in the queue's table. */
static unsigned port_of(unsigned flow)
{
    static unsigned ports[FLOWS], known;
    static bool is_taken[256];
    for (unsigned port = known ? ports[known - 1] + 1 : 1024; known < FLOWS; port++) {
        ip_spec spec = {.version = 4, .protocol = IP_UDP};
        uint32_t random = 1;
        size_t len = HEADER + ip_build(&spec, &random, datagram + HEADER);
        ip_set_u16(datagram + HEADER + 34, port);
        uint8_t place = (uint8_t)lp_queue_flow_hash(lp_bytes_of(datagram, len), SEED);
        if (!is_taken[place])
            ports[known++] = port;
        is_taken[place] = true;
    }
    return ports[flow];
}

/* `len` octets in all; the flow and the number can be read from it again. */
static lp_bytes make(unsigned flow, uint32_t number, size_t len)
{
    unsigned port = port_of(flow);
    uint32_t random = number + 1;
    ip_spec spec = {.version = 4, .protocol = IP_UDP, .payload_len = len - HEADER - 42};
    memset(datagram, 0, HEADER);
    ip_build(&spec, &random, datagram + HEADER);
    ip_set_u16(datagram + HEADER + 34, port);
    datagram[0] = (uint8_t)flow;
    ip_set_u16(datagram + 2, number >> 16);
    ip_set_u16(datagram + 4, number & 0xffff);
    return lp_bytes_of(datagram, len);
}

static unsigned flow_of(lp_bytes got)
{
    return got.at[0];
}

static uint32_t number_of(lp_bytes got)
{
    return (uint32_t)(ip_u16(got.at + 2) << 16 | ip_u16(got.at + 4));
}

static lp_queue *new_queue(void)
{
    lp_queue_limits limits = lp_queue_default_limits();
    return lp_queue_new(&limits, SEED);
}

static size_t put(lp_queue *queue, unsigned flow, uint32_t number, size_t len)
{
    return lp_queue_put(queue, make(flow, number, len), 0);
}

/* Peeks and pops; flow FLOWS when there is nothing. */
static unsigned take(lp_queue *queue, uint32_t *out_number)
{
    size_t dropped = 0;
    lp_bytes got = lp_queue_peek(queue, 0, &dropped);
    if (got.len == 0)
        return FLOWS;
    unsigned flow = flow_of(got);
    *out_number = number_of(got);
    lp_queue_pop(queue);
    return flow;
}

TEST(a_new_queue_is_empty)
{
    lp_queue *queue = new_queue();
    size_t dropped = 0;
    CHECK(lp_queue_is_empty(queue));
    CHECK_EQ(lp_queue_peek(queue, 0, &dropped).len, 0);
    CHECK_EQ(dropped, 0);
    lp_queue_free(queue);
    lp_queue_free(NULL);
}

TEST(what_is_next_says_how_long_it_has_waited)
{
    lp_queue *queue = new_queue();
    size_t dropped = 0;
    lp_queue_put(queue, make(0, 1, 100), LP_MS(10));
    lp_queue_put(queue, make(0, 2, 100), LP_MS(15));
    lp_queue_peek(queue, LP_MS(40), &dropped);
    CHECK_EQ(lp_queue_waited(queue, LP_MS(40)), LP_MS(30));
    CHECK_EQ(lp_queue_waited(queue, LP_MS(5)), 0); /* no clock runs back below zero */
    lp_queue_pop(queue);
    lp_queue_peek(queue, LP_MS(41), &dropped);
    CHECK_EQ(lp_queue_waited(queue, LP_MS(41)), LP_MS(26));
    lp_queue_free(queue);
}

TEST(what_goes_in_comes_out_at_every_length)
{
    lp_queue *queue = new_queue();
    for (size_t len = 1; len <= LP_QUEUE_DATAGRAM_MAX; len++) {
        size_t dropped = 0;
        uint32_t random = (uint32_t)len;
        for (size_t i = 0; i < len; i++)
            datagram[i] = (uint8_t)ip_random(&random);
        CHECK_EQ(lp_queue_put(queue, lp_bytes_of(datagram, len), 0), 0);
        CHECK_EQ(lp_queue_bytes(queue), len);
        for (int twice = 0; twice < 2; twice++) {
            lp_bytes got = lp_queue_peek(queue, 0, &dropped);
            CHECK_BYTES(got.at, got.len, datagram, len);
        }
        lp_queue_pop(queue);
        CHECK(lp_queue_is_empty(queue));
    }
    lp_queue_free(queue);
}

TEST(a_flow_stays_in_order)
{
    lp_queue *queue = new_queue();
    for (uint32_t i = 0; i < 150; i++)
        CHECK_EQ(put(queue, 0, i, 100 + i * 9), 0);
    CHECK_EQ(lp_queue_count(queue), 150);
    for (uint32_t i = 0, number; i < 150; i++) {
        CHECK_EQ(take(queue, &number), 0);
        CHECK_EQ(number, i);
    }
    CHECK_EQ(lp_queue_bytes(queue), 0);
    lp_queue_free(queue);
}

TEST(what_cannot_be_held_is_dropped_and_harms_nobody)
{
    lp_queue_limits limits = {
        .max_bytes = 500, .max_datagrams = 10, .max_wait = LP_NEVER};
    lp_queue *small = lp_queue_new(&limits, SEED), *queue = new_queue();
    CHECK_EQ(put(queue, 0, 1, 100), 0);
    CHECK_EQ(put(queue, 0, 2, LP_QUEUE_DATAGRAM_MAX + 1), 1);
    CHECK_EQ(lp_queue_put(queue, lp_bytes_of(datagram, 0), 0), 1);
    CHECK_EQ(lp_queue_count(queue), 1);
    CHECK_EQ(put(small, 0, 1, 100), 0);
    CHECK_EQ(put(small, 0, 2, 501), 1);
    CHECK_EQ(lp_queue_count(small), 1);
    lp_queue_free(queue);
    lp_queue_free(small);
}

/* --- fairness --------------------------------------------------------------------- */

TEST(a_thin_flow_is_never_behind_more_than_one_datagram_of_a_fat_one)
{
    static const struct {
        const char *name;
        unsigned fat;   /* flows that always have something to send */
        size_t fat_len; /* of each of their datagrams */
        size_t thin_len;
        unsigned interval; /* datagrams sent from one thin one to the next */
    } rows[] = {
        {"a game beside a download", 1, 1310, 120, 8},
        {"beside four", 4, 1310, 120, 24},
        {"beside twenty", 20, 1310, 120, 120},
        {"a larger game", 2, 1310, 290, 12},
        {"fat in small pieces", 3, 310, 100, 12},
        {"often", 1, 1310, 90, 2},
    };
    EACH_ROW (row, rows) {
        lp_queue *queue = new_queue();
        uint32_t random = 3;
        for (uint32_t i = 0; i < 500; i++) {
            CHECK_EQ(put(queue, 0, i, row->thin_len), 0);
            unsigned sent_by[FLOWS] = {0}, thin_done = 0;
            unsigned until_next = row->interval + ip_random(&random) % 3;
            for (unsigned sent = 0; sent < until_next; sent++) {
                for (unsigned fat = 1; fat <= row->fat && i == 0; fat++)
                    put(queue, fat, 0, row->fat_len), put(queue, fat, 0, row->fat_len);
                uint32_t number;
                unsigned flow = take(queue, &number);
                if (flow == 0)
                    thin_done++;
                else
                    put(queue, flow, 0, row->fat_len);
                if (flow != 0 && !thin_done)
                    CHECK(++sent_by[flow] <= 1);
            }
            CHECK_EQ(thin_done, 1);
        }
        lp_queue_free(queue);
    }
}

TEST(a_flow_that_begins_is_served_next)
{
    lp_queue *queue = new_queue();
    uint32_t number;
    for (uint32_t i = 0; i < 20; i++) {
        put(queue, 1, i, 1310);
        put(queue, 2, i, 1310);
    }
    CHECK_EQ(take(queue, &number), 1);
    CHECK_EQ(take(queue, &number), 2);
    CHECK_EQ(take(queue, &number), 1);
    for (uint32_t i = 0; i < 3; i++)
        put(queue, 3, i, 100); /* it is the turn of 2 */
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQ(take(queue, &number), 3);
        CHECK_EQ(number, i);
    }
    CHECK_EQ(take(queue, &number), 2);
    lp_queue_free(queue);
}

TEST(flows_that_want_all_they_can_get_share_it_by_octets)
{
    static const size_t lens[] = {100, 290, 310, 700, 1310, 1534, 2048};
    enum { COUNT = sizeof lens / sizeof *lens };
    lp_queue *queue = new_queue();
    size_t octets[COUNT] = {0};
    for (unsigned flow = 0; flow < COUNT; flow++)
        for (int i = 0; i < 4; i++)
            put(queue, flow, 0, lens[flow]);
    for (int i = 0; i < 20000; i++) {
        uint32_t number;
        unsigned flow = take(queue, &number);
        octets[flow] += lens[flow];
        put(queue, flow, 0, lens[flow]);
    }
    for (unsigned flow = 1; flow < COUNT; flow++) {
        size_t a = octets[0], b = octets[flow];
        CHECK((a > b ? a - b : b - a) <= 2 * LP_QUEUE_DATAGRAM_MAX);
    }
    lp_queue_free(queue);
}

TEST(no_flow_starves_while_new_ones_begin_all_the_time)
{
    lp_queue *queue = new_queue();
    unsigned since = 0, served = 0;
    /* Its datagram takes five turns; in each, all others may send 300 octets, and 300
     * more before theirs. */
    enum { PATIENCE = 5 * (FLOWS - 1) * 2 * 300 / 200 };
    put(queue, 0, 0, 1310);
    put(queue, 0, 0, 1310);
    for (uint32_t i = 0; i < 5000; i++) {
        put(queue, 1 + i % (FLOWS - 1), i,
            200); /* each has been forgotten again by then */
        uint32_t number;
        since++;
        if (take(queue, &number) != 0)
            continue;
        CHECK(since <= PATIENCE);
        since = 0;
        served++;
        put(queue, 0, 0, 1310);
    }
    CHECK(served >= 5000 / PATIENCE);
    lp_queue_free(queue);
}

TEST(a_flow_that_never_queues_two_gets_no_more_than_its_share)
{
    lp_queue *queue = new_queue();
    size_t lone = 0, steady = 0;
    for (uint32_t i = 0; i < 10; i++)
        put(queue, 0, i, 1310);
    put(queue, 1, 0, 1310);
    for (uint32_t i = 0; i < 2000; i++) {
        uint32_t number;
        unsigned flow = take(queue, &number);
        *(flow == 0 ? &steady : &lone) += 1;
        put(queue, flow, i, 1310); /* the lone one only after it was served */
    }
    CHECK(lone <= steady + 10);
    lp_queue_free(queue);
}

/* --- limits ----------------------------------------------------------------------- */

TEST(when_full_the_oldest_of_the_fattest_goes)
{
    static const struct {
        const char *name;
        lp_queue_limits limits;
    } rows[] = {
        {"in octets", {20 * 1310 + 300, 1000, LP_NEVER}},
        {"in datagrams", {1 << 20, 22, LP_NEVER}},
    };
    EACH_ROW (row, rows) {
        lp_queue *queue = lp_queue_new(&row->limits, SEED);
        size_t dropped = put(queue, 1, 0, 100) + put(queue, 2, 0, 120);
        for (uint32_t i = 0; i < 100; i++)
            dropped += put(queue, 0, i, 1310);
        CHECK_EQ(dropped, 80);
        CHECK_EQ(lp_queue_count(queue), 22);
        CHECK(lp_queue_bytes(queue) <= row->limits.max_bytes);

        CHECK_EQ(put(queue, 3, 0, 90), 1); /* the fat flow makes room for a thin one */
        unsigned thin = 0;
        uint32_t number, expected = 81;
        for (unsigned flow; (flow = take(queue, &number)) != FLOWS;) {
            if (flow == 0)
                CHECK_EQ(number, expected++);
            else
                thin++;
        }
        CHECK_EQ(thin, 3);
        CHECK_EQ(expected, 100);
        lp_queue_free(queue);
    }
}

TEST(what_waited_too_long_goes_when_its_turn_comes)
{
    static const struct {
        const char *name;
        lp_time now;
        size_t dropped, left;
    } rows[] = {
        {"in time", LP_MS(100), 0, 3},
        {"the first is late", LP_MS(100) + 1, 1, 2},
        {"two are late", LP_MS(150), 2, 1},
        {"all are late", LP_SECONDS(5), 3, 0},
    };
    EACH_ROW (row, rows) {
        lp_queue *queue = new_queue();
        size_t dropped = 0;
        for (uint32_t i = 0; i < 3; i++)
            lp_queue_put(queue, make(0, i, 1000), i * LP_MS(49));
        lp_bytes got = lp_queue_peek(queue, row->now, &dropped);
        CHECK_EQ(dropped, row->dropped);
        CHECK_EQ(lp_queue_count(queue), row->left);
        CHECK_EQ(lp_queue_bytes(queue), row->left * 1000);
        CHECK_EQ(got.len, row->left > 0 ? 1000 : 0);
        if (got.len > 0)
            CHECK_EQ(number_of(got), row->dropped);
        lp_queue_peek(queue, row->now, &dropped);
        CHECK_EQ(dropped, row->dropped); /* counted once */
        lp_queue_free(queue);
    }
}

TEST(a_stale_flow_does_not_hold_up_the_others)
{
    lp_queue *queue = new_queue();
    size_t dropped = 0;
    for (uint32_t i = 0; i < 5; i++)
        lp_queue_put(queue, make(0, i, 1000), 0);
    lp_queue_put(queue, make(1, 7, 100), LP_MS(90));
    lp_bytes got = lp_queue_peek(queue, LP_MS(120), &dropped);
    CHECK_EQ(dropped, 5);
    CHECK_EQ(flow_of(got), 1);
    CHECK_EQ(number_of(got), 7);
    lp_queue_free(queue);
}

/* --- memory ----------------------------------------------------------------------- */

TEST(a_queue_survives_running_out_of_memory_anywhere)
{
    lp_queue_limits limits = lp_queue_default_limits();
    for (unsigned n = 1;; n++) {
        lp_test_fail_allocation(n);
        lp_queue *queue = lp_queue_new(&limits, SEED);
        size_t dropped = 0;
        for (uint32_t i = 0; queue && i < 20; i++)
            dropped += put(queue, i % 3, i, 1000);
        bool has_failed = lp_test_allocation_failed();
        CHECK_EQ(queue == NULL, n == 1);
        if (queue) {
            CHECK_EQ(dropped, has_failed ? 1 : 0);
            CHECK_EQ(lp_queue_count(queue), 20 - dropped);
            CHECK_EQ(put(queue, 0, 0, 1000), 0);
        }
        lp_queue_free(queue);
        if (!has_failed)
            break;
    }
}

TEST(a_lone_datagram_costs_no_allocation_after_the_first)
{
    lp_queue *queue = new_queue();
    uint32_t number;
    put(queue, 0, 0, 1534);
    take(queue, &number);
    lp_test_fail_allocation(1);
    for (uint32_t i = 0; i < 1000; i++) {
        CHECK_EQ(put(queue, i % FLOWS, i, 1534), 0);
        CHECK_EQ(take(queue, &number), i % FLOWS);
    }
    CHECK(!lp_test_allocation_failed());
    lp_queue_free(queue);
}

/* Full datagrams, so many at once. */
static size_t pass_burst(lp_queue *queue, uint32_t count)
{
    size_t dropped = 0;
    uint32_t number;
    for (uint32_t i = 0; i < count; i++)
        dropped += put(queue, 0, i, 1534);
    while (take(queue, &number) != FLOWS)
        continue;
    return dropped;
}

TEST(bursts_of_one_size_cost_no_allocation_after_the_first)
{
    lp_queue *queue = new_queue();
    pass_burst(queue, 17);
    lp_test_fail_allocation(1);
    for (int i = 0; i < 100; i++)
        CHECK_EQ(pass_burst(queue, 17), 0);
    CHECK(!lp_test_allocation_failed());
    lp_queue_free(queue);
}

TEST(an_empty_queue_keeps_little_memory_and_gives_it_back_in_quiet_times)
{
    lp_queue *queue = new_queue();
    pass_burst(queue, 100);
    lp_test_fail_allocation(1);
    CHECK_EQ(pass_burst(queue, 18), 1); /* eight pages are kept, for 17 */
    CHECK(lp_test_allocation_failed());
    for (int i = 0; i < 8; i++)
        pass_burst(queue, 1);
    lp_test_fail_allocation(1);
    CHECK_EQ(pass_burst(queue, 3), 1); /* and now one, for two */
    CHECK(lp_test_allocation_failed());
    lp_queue_free(queue);
}

TEST(memory_is_bounded_whatever_the_datagrams)
{
    /* 560 KiB in chunks of 4 KiB, and the table. */
    enum { MOST_ALLOCATIONS = 140 + 1 };
    static const struct {
        const char *name;
        size_t shortest, longest;
    } rows[] = {
        {"tiny", 58, 58},   {"one block and one octet", 231, 256},
        {"mixed", 58, 600}, {"full", 1534, 1534},
        {"any", 58, 2048},
    };
    EACH_ROW (row, rows) {
        lp_queue *queue = new_queue();
        uint32_t random = 12;
        lp_test_fail_allocation(MOST_ALLOCATIONS + 1);
        for (uint32_t i = 0; i < 8000; i++) {
            size_t span = row->longest - row->shortest + 1;
            put(queue, i % FLOWS, i, row->shortest + ip_random(&random) % span);
            CHECK(lp_queue_bytes(queue) <= 256 * 1024);
            CHECK(lp_queue_count(queue) <= 1024);
        }
        CHECK(!lp_test_allocation_failed());
        lp_queue_free(queue);
    }
}

TEST(nothing_is_lost_or_made_up_whatever_happens)
{
    lp_queue_limits limits = {40000, 60, LP_MS(20)};
    lp_queue *queue = lp_queue_new(&limits, SEED);
    uint32_t random = 8, last[FLOWS] = {0};
    size_t in = 0, out = 0, dropped = 0;
    for (uint32_t i = 1; i <= 50000; i++) {
        lp_time now = LP_MS(i / 8);
        unsigned flow = ip_random(&random) % FLOWS;
        if (ip_random(&random) % 512 < 256 + i / 100 % 64) {
            size_t len = 58 + ip_random(&random) % 1990;
            dropped += lp_queue_put(queue, make(flow, i, len), now);
            in++;
        } else {
            lp_bytes got = lp_queue_peek(queue, now, &dropped);
            CHECK_EQ(got.len == 0, lp_queue_is_empty(queue));
            if (got.len > 0) {
                CHECK(number_of(got) > last[flow_of(got)]);
                last[flow_of(got)] = number_of(got);
                lp_queue_pop(queue);
                out++;
            }
        }
        CHECK_EQ(in, out + dropped + lp_queue_count(queue));
        CHECK_EQ(lp_queue_bytes(queue) == 0, lp_queue_is_empty(queue));
    }
    CHECK(out > 10000);
    CHECK(dropped > 100);
    lp_queue_free(queue);
}

/* --- flows ------------------------------------------------------------------------ */

static uint32_t hash_of(unsigned version, size_t at, uint8_t octet)
{
    uint32_t random = 6;
    ip_spec spec = {.version = version, .protocol = IP_UDP, .payload_len = 40};
    size_t len = HEADER + ip_build(&spec, &random, datagram + HEADER);
    if (at > 0)
        datagram[HEADER + at] = octet;
    return lp_queue_flow_hash(lp_bytes_of(datagram, len), SEED);
}

TEST(flows_are_told_apart_by_addresses_protocol_and_ports)
{
    static const struct {
        const char *name;
        unsigned version;
        size_t at; /* in the frame: this octet becomes 0x2f */
        bool differs;
    } rows[] = {
        {"the same", 4, 0, false},         {"destination MAC", 4, 5, true},
        {"source MAC", 4, 11, true},       {"type of service", 4, 15, false},
        {"identification", 4, 19, false},  {"protocol", 4, 23, true},
        {"source address", 4, 26, true},   {"destination address", 4, 33, true},
        {"source port", 4, 34, true},      {"destination port", 4, 37, true},
        {"UDP checksum", 4, 40, false},    {"payload", 4, 50, false},
        {"IPv6 hop limit", 6, 21, false},  {"IPv6 source", 6, 30, true},
        {"IPv6 destination", 6, 53, true}, {"IPv6 port", 6, 57, true},
        {"IPv6 payload", 6, 70, false},
    };
    EACH_ROW (row, rows) {
        bool differs =
            hash_of(row->version, 0, 0) != hash_of(row->version, row->at, 0x2f);
        CHECK_EQ(differs, row->differs);
    }
}

TEST(all_fragments_of_a_packet_are_one_flow)
{
    static const unsigned fragments[] = {0x2000, 0x2010, 0x0020};
    uint32_t hashes[3];
    for (size_t i = 0; i < 3; i++) {
        uint32_t random = (uint32_t)i + 1; /* each with its own payload */
        ip_spec spec = {4, IP_UDP, .fragment = fragments[i], .payload_len = 40};
        size_t len = HEADER + ip_build(&spec, &random, datagram + HEADER);
        ip_set_u16(datagram + HEADER + 34, i);
        hashes[i] = lp_queue_flow_hash(lp_bytes_of(datagram, len), SEED);
    }
    CHECK_EQ(hashes[0], hashes[1]);
    CHECK_EQ(hashes[1], hashes[2]);
}

TEST(a_seed_moves_every_flow)
{
    uint32_t random = 6;
    ip_spec spec = {.version = 4, .protocol = IP_UDP, .payload_len = 40};
    size_t len = HEADER + ip_build(&spec, &random, datagram + HEADER);
    lp_bytes view = lp_bytes_of(datagram, len);
    CHECK(lp_queue_flow_hash(view, 1) != lp_queue_flow_hash(view, 2));
}

/* A plain frame's flow is read without walking it; what is between makes no other. */
TEST(a_frame_that_must_be_walked_is_of_the_same_flow_as_a_plain_one)
{
    static const uint8_t tag[] = {0x81, 0x00, 0x00, 0x05};
    static const unsigned protocols[] = {IP_UDP, IP_TCP};
    for (size_t i = 0; i < 2; i++) {
        uint32_t random = 6;
        ip_spec spec = {.version = 4, .protocol = protocols[i], .payload_len = 40};
        size_t len = HEADER + ip_build(&spec, &random, datagram + HEADER);
        uint32_t plain = lp_queue_flow_hash(lp_bytes_of(datagram, len), SEED);
        uint8_t *at = datagram + HEADER + 12;
        memmove(at + sizeof tag, at, len - HEADER - 12);
        memcpy(at, tag, sizeof tag);
        CHECK_EQ(lp_queue_flow_hash(lp_bytes_of(datagram, len + sizeof tag), SEED),
                 plain);
    }
}

TEST(a_datagram_cut_anywhere_has_some_flow)
{
    for (unsigned version = 4; version <= 6; version += 2) {
        uint32_t random = 6;
        ip_spec spec = {.version = version, .protocol = IP_TCP, .payload_len = 8};
        size_t len = HEADER + ip_build(&spec, &random, datagram + HEADER);
        uint32_t whole = lp_queue_flow_hash(lp_bytes_of(datagram, len), SEED);
        unsigned same = 0;
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t part[200];
            memcpy(part + sizeof part - cut, datagram, cut);
            lp_bytes view = lp_bytes_of(part + sizeof part - cut, cut);
            same += lp_queue_flow_hash(view, SEED) == whole;
        }
        CHECK_EQ(same, 20 + 8 - 4); /* from the ports on */
    }
}
