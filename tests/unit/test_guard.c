#include "core/guard.h"

#include "test.h"

static const lp_guard_limits small = {
    .bytes_burst = 1000,
    .bytes_rate = 100,
    .broadcast_burst = 4,
    .broadcast_rate = 2,
    .unknown_burst = 2,
    .unknown_rate = 1,
};

/* Sends frames of `len` until one is refused; how many passed, and why no more. */
static unsigned flood(lp_guard *guard, size_t len, lp_cast cast, lp_time now,
                      lp_reason *out_reason)
{
    unsigned passed = 0;
    while ((*out_reason = lp_guard_on_frame(guard, len, cast, now)) == LP_REASON_NONE)
        passed++;
    return passed;
}

/* L-026 */
TEST(each_kind_of_frame_has_its_own_limit)
{
    static const struct {
        const char *name;
        size_t len;
        lp_cast cast;
        unsigned at_once, a_second_later;
        lp_reason reason;
    } rows[] = {
        {"unicast, by octets", 100, LP_CAST_UNICAST, 10, 1, LP_REASON_TOTAL_RATE},
        {"broadcast, by frames", 20, LP_CAST_MULTICAST, 4, 2, LP_REASON_BROADCAST_RATE},
        {"broadcast, by octets", 500, LP_CAST_MULTICAST, 2, 0, LP_REASON_TOTAL_RATE},
        {"unknown unicast", 20, LP_CAST_UNKNOWN_UNICAST, 2, 1,
         LP_REASON_UNKNOWN_UNICAST_RATE},
    };
    EACH_ROW (row, rows) {
        lp_guard guard = lp_guard_start(&small, 0);
        lp_reason reason;
        CHECK_EQ(flood(&guard, row->len, row->cast, 0, &reason), row->at_once);
        CHECK_EQ(reason, row->reason);
        CHECK_EQ(flood(&guard, row->len, row->cast, LP_SECONDS(1), &reason),
                 row->a_second_later);
    }
}

TEST(a_refused_storm_does_not_eat_the_octets_of_the_game)
{
    lp_guard guard = lp_guard_start(&small, 0);
    for (int i = 0; i < 1000; i++)
        lp_guard_on_frame(&guard, 100, LP_CAST_MULTICAST, 0);
    CHECK_EQ(lp_guard_on_frame(&guard, 600, LP_CAST_UNICAST, 0), LP_REASON_NONE);
    CHECK_EQ(lp_guard_on_frame(&guard, 20, LP_CAST_UNKNOWN_UNICAST, 0),
             LP_REASON_TOTAL_RATE);
}

/* L-038: 15 ports, bursts of 32 each, beside what every host says. */
TEST(the_defaults_let_a_game_look_for_servers_and_stop_a_storm)
{
    lp_guard_limits limits = lp_guard_default_limits();
    lp_guard guard = lp_guard_start(&limits, 0);
    for (int i = 0; i < 15 * 32 + 100; i++)
        CHECK_EQ(lp_guard_on_frame(&guard, 342, LP_CAST_MULTICAST, 0), LP_REASON_NONE);

    lp_reason reason;
    unsigned rest = flood(&guard, 342, LP_CAST_MULTICAST, 0, &reason);
    CHECK_EQ(rest, 1024 - (15 * 32 + 100));
    CHECK_EQ(reason, LP_REASON_BROADCAST_RATE);
    CHECK_EQ(flood(&guard, 60, LP_CAST_MULTICAST, LP_SECONDS(1), &reason), 256);
    CHECK_EQ(flood(&guard, 60, LP_CAST_UNKNOWN_UNICAST, LP_SECONDS(1), &reason), 256);
    CHECK_EQ(flood(&guard, 60, LP_CAST_UNKNOWN_UNICAST, LP_SECONDS(2), &reason), 64);
}

TEST(the_defaults_carry_a_gigabit)
{
    lp_guard_limits limits = lp_guard_default_limits();
    lp_guard guard = lp_guard_start(&limits, 0);
    lp_reason reason;
    CHECK_EQ(flood(&guard, 1024, LP_CAST_UNICAST, 0, &reason), 16 * 1024);
    CHECK_EQ(flood(&guard, 1000, LP_CAST_UNICAST, LP_MS(100), &reason), 12500);
}

/* L-027 */
TEST(the_thirty_second_malformed_datagram_within_ten_seconds_is_one_too_many)
{
    static const struct {
        const char *name;
        lp_duration step;
        unsigned sent;
        bool is_too_many;
    } rows[] = {
        {"a burst, short of the limit", 0, 31, false},
        {"a burst", 0, 32, true},
        {"just within ten seconds", LP_SECONDS(10) / 31 - 1, 32, true},
        {"one at a time, for long", LP_SECONDS(1), 1000, false},
    };
    EACH_ROW (row, rows) {
        lp_guard guard = lp_guard_start(&small, 0);
        bool is_too_many = false;
        for (unsigned i = 0; i < row->sent; i++)
            is_too_many |=
                lp_guard_on_malformed(&guard, LP_SECONDS(60) + i * row->step);
        CHECK_EQ(is_too_many, row->is_too_many);
        CHECK_EQ(guard.malformed_total, row->sent);
    }
}

TEST(a_window_begins_with_its_first_malformed_datagram)
{
    lp_guard guard = lp_guard_start(&small, 0);
    for (int i = 0; i < 31; i++)
        CHECK(!lp_guard_on_malformed(&guard, LP_SECONDS(9)));
    CHECK(lp_guard_on_malformed(&guard, LP_SECONDS(19) - 1));

    guard = lp_guard_start(&small, 0);
    for (int i = 0; i < 31; i++)
        CHECK(!lp_guard_on_malformed(&guard, LP_SECONDS(9)));
    CHECK(!lp_guard_on_malformed(&guard, LP_SECONDS(19)));
}
