#include "base/lane.h"

#include "test.h"

/* Clients and relays of any version must agree: these are in docs/protocol.md. */
TEST(a_room_has_the_lane_that_the_protocol_says)
{
    static const struct {
        const char *name;
        uint8_t lane;
    } rows[] = {{"PARTY", 5}, {"QUAKE", 15}, {"DOOM", 7}, {"A", 10}};
    EACH_ROW (row, rows)
        CHECK_EQ(lp_lane_of_room(row->name), row->lane);
}

TEST(rooms_spread_over_all_lanes)
{
    unsigned rooms_in[LP_LANES] = {0};
    char code[16];
    for (unsigned i = 0; i < 100 * LP_LANES; i++) {
        snprintf(code, sizeof code, "ROOM%u", i);
        rooms_in[lp_lane_of_room(code)]++;
    }
    for (unsigned lane = 0; lane < LP_LANES; lane++) {
        CHECK(rooms_in[lane] > 50);
        CHECK(rooms_in[lane] < 150);
    }
}

TEST(every_octet_belongs_to_a_worker_and_every_worker_to_itself)
{
    for (unsigned workers = 1; workers <= LP_MAX_WORKERS; workers++) {
        for (unsigned octet = 0; octet < 256; octet++)
            CHECK(lp_lane_worker((uint8_t)octet, workers) < workers);
        for (unsigned worker = 0; worker < workers; worker++)
            CHECK_EQ(lp_lane_worker((uint8_t)worker, workers), worker);
    }
}
