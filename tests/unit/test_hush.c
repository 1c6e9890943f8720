#include "quic/hush.h"

#include "test.h"

/* The library, as far as this is concerned: what BBR would do (its MinRTTFilter). */
typedef struct library {
    lp_hush hush;
    lp_duration low;
    lp_time low_at;
    unsigned silences;
} library;

/* For so long a packet goes out each 5 ms, and is answered after `rtt`. */
static void go_on(library *lib, lp_time *now, lp_duration length, lp_duration rtt,
                  bool is_busy)
{
    lp_time clock = 0;
    for (lp_time end = *now + length; *now < end; *now += LP_MS(5)) {
        if (is_busy)
            lp_hush_on_packet(&lib->hush, rtt, *now);
        lp_time sent = lp_hush_clock(&lib->hush, *now);
        lp_time heard = lp_hush_clock(&lib->hush, *now + rtt);
        CHECK(sent >= *now && sent >= clock); /* it never goes back */
        clock = sent;
        lp_duration seen = heard - sent;
        bool is_over = heard > lib->low_at + LP_SECONDS(5);
        if (lib->low == 0 || seen < lib->low || is_over) {
            lib->silences += is_over && lib->low != 0 && seen >= lib->low;
            lib->low = seen;
            lib->low_at = heard;
        }
        lp_hush_on_rtt(&lib->hush, seen, *now + rtt);
    }
}

TEST(a_busy_connection_hardly_falls_silent)
{
    library busy = {.low = 0}, idle = {.low = 0};
    lp_time now = LP_SECONDS(1000);
    go_on(&busy, &now, LP_SECONDS(60), LP_MS(20), true);
    CHECK(busy.silences <= 2);
    now = LP_SECONDS(1000);
    go_on(&idle, &now, LP_SECONDS(60), LP_MS(20), false);
    CHECK(idle.silences >= 10);
}

TEST(the_library_is_never_deceived_by_more_than_a_third)
{
    library lib = {.low = 0};
    lp_time now = LP_SECONDS(1000);
    for (int i = 0; i < 120; i++) {
        go_on(&lib, &now, LP_SECONDS(1), LP_MS(100), true);
        CHECK(lib.low >= LP_MS(66));
    }
}

TEST(a_longer_path_is_not_hidden)
{
    library lib = {.low = 0};
    lp_time now = LP_SECONDS(1000);
    go_on(&lib, &now, LP_SECONDS(10), LP_MS(20), true);
    go_on(&lib, &now, LP_SECONDS(12), LP_MS(80), true);
    CHECK(lib.low > LP_MS(50));
}

TEST(the_clock_is_ahead_only_for_a_moment)
{
    library lib = {.low = 0};
    lp_time now = LP_SECONDS(1000);
    for (int i = 0; i < 6000; i++) {
        go_on(&lib, &now, LP_MS(5), LP_MS(20), true);
        CHECK(lp_hush_clock(&lib.hush, now) <= now + LP_MS(5));
    }
    CHECK_EQ(lp_hush_clock(&lib.hush, now + LP_MS(20)), now + LP_MS(20));
}
