#include "quic/mtu.h"
#include "test.h"

#define PTO LP_MS(100)

/* What the library does, on a path that carries `carries` and loses the first packets: for
 * each size three tries, one probe timeout apart; an answer at once, or three timeouts
 * after the last. */
static lp_time discover(lp_mtu *mtu, size_t carries, size_t limit, unsigned lost)
{
    lp_time now = 0;
    size_t reached = mtu->reached, failed = SIZE_MAX;
    for (size_t i = 0; i < lp_mtu_probe_count; i++) {
        size_t size = lp_mtu_probes[i];
        if (size <= reached || size >= failed || size > limit)
            continue;
        for (int try = 0; try < 3 && reached < size; try++) {
            CHECK(!lp_mtu_is_settled(mtu));
            lp_mtu_on_probe(mtu, size, PTO, now);
            if (size <= carries && lost == 0)
                reached = size;
            else
                now += try < 2 ? PTO : 3 * PTO;
            lost -= lost > 0;
        }
        if (reached < size)
            failed = size;
        lp_mtu_on_reached(mtu, reached, now);
    }
    return now;
}

TEST(discovery_is_settled_when_no_size_is_left_to_try)
{
    static const struct {
        const char *name;
        size_t carries, limit;
        unsigned lost; /* of the first probes */
        size_t reached;
        lp_duration takes;
    } rows[] = {
        {"Ethernet", 1452, 1452, 0, 1452, 0},
        {"the peer takes less", 1452, 1400, 0, 1400, 0},
        {"the peer takes no more than the least", 1452, 1200, 0, 1200, 0},
        {"a 1400-octet link", 1372, 1452, 0, 1372, 10 * PTO},
        {"just enough for the default room", 1346, 1452, 0, 1346, 10 * PTO},
        {"a 1280-octet link", 1252, 1452, 0, 1252, 15 * PTO},
        {"the narrowest", 1200, 1452, 0, 1200, 15 * PTO},
        {"Ethernet, a slow moment", 1452, 1452, 2, 1452, 2 * PTO},
        {"Ethernet, a slower one", 1452, 1452, 3, 1347, 5 * PTO},
    };
    EACH_ROW (row, rows) {
        lp_mtu mtu = lp_mtu_start(1200, row->limit);
        CHECK_EQ(discover(&mtu, row->carries, row->limit, row->lost), row->takes);
        CHECK_EQ(mtu.reached, row->reached);
        CHECK(lp_mtu_is_settled(&mtu));
    }
}

TEST(a_probe_has_failed_only_after_the_last_wait)
{
    lp_mtu mtu = lp_mtu_start(1372, 1400);
    for (int try = 0; try < 3; try++)
        lp_mtu_on_probe(&mtu, 1400, PTO, PTO * (lp_time)try);
    lp_mtu_on_reached(&mtu, 1372, 5 * PTO - 1);
    CHECK(!lp_mtu_is_settled(&mtu));
    lp_mtu_on_reached(&mtu, 1372, 5 * PTO);
    CHECK(lp_mtu_is_settled(&mtu));
}

TEST(less_than_before_is_another_path)
{
    lp_mtu mtu = lp_mtu_start(1452, 1452);
    CHECK(lp_mtu_is_settled(&mtu));
    lp_mtu_on_reached(&mtu, 1200, 0);
    CHECK(!lp_mtu_is_settled(&mtu));
}
