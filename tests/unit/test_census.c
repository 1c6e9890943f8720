#include "quic/census.h"

#include "test.h"

static const uint8_t key[16] = "sixteen octets.";

static lp_addr at(const char *ip)
{
    lp_addr addr;
    CHECK_EQ(lp_addr_read_ip(ip, 443, &addr), LP_OK);
    return addr;
}

static lp_census *census_of(lp_census_limits limits)
{
    lp_census *census = lp_census_new(&limits, key);
    CHECK(census != NULL);
    return census;
}

TEST(the_limit_on_connections_holds_whoever_comes)
{
    lp_census *census = census_of((lp_census_limits){.max_conns = 2});
    lp_addr alice = at("192.0.2.1"), bob = at("192.0.2.2"), carol = at("2001:db8::1");
    CHECK_EQ(lp_census_enter(census, &alice), LP_OK);
    CHECK_EQ(lp_census_look(census, &bob), LP_CENSUS_QUIET);
    CHECK_EQ(lp_census_enter(census, &bob), LP_OK);
    CHECK_EQ(lp_census_look(census, &carol), LP_CENSUS_FULL);
    CHECK_EQ(lp_census_enter(census, &carol), LP_ERR_FULL);
    CHECK_EQ(lp_census_conns(census), 2);
    lp_census_settle(census, &alice);
    CHECK_EQ(lp_census_enter(census, &carol), LP_ERR_FULL);
    lp_census_leave(census, &alice);
    CHECK_EQ(lp_census_enter(census, &carol), LP_OK);
    lp_census_free(census);
}

TEST(a_source_has_limits_of_its_own)
{
    lp_census *census = census_of((lp_census_limits){
        .max_conns = 9, .max_conns_there = 2, .max_handshakes_there = 9});
    static const struct {
        const char *name, *ip;
        lp_err err;
    } rows[] = {
        {"the first from there", "2001:db8:0:1::1", LP_OK},
        {"the same /64", "2001:db8:0:1:ffff::2", LP_OK},
        {"one too many", "2001:db8:0:1::3", LP_ERR_FULL},
        {"the next /64", "2001:db8:0:2::1", LP_OK},
        {"IPv4", "192.0.2.1", LP_OK},
        {"the same address", "192.0.2.1", LP_OK},
        {"one too many there", "192.0.2.1", LP_ERR_FULL},
        {"its neighbour", "192.0.2.2", LP_OK},
    };
    EACH_ROW (row, rows) {
        lp_addr from = at(row->ip);
        CHECK_EQ(lp_census_enter(census, &from), row->err);
    }
    lp_census_free(census);
}

TEST(from_half_of_the_handshakes_on_it_is_busy_until_they_are_over)
{
    static const struct {
        const char *name;
        lp_census_limits limits;
        const char *other;
        lp_census_mood mood; /* towards the other */
    } rows[] = {
        {"in all", {.max_conns = 9, .max_handshakes = 4}, "192.0.2.2", LP_CENSUS_BUSY},
        {"of one source",
         {.max_conns = 9, .max_handshakes_there = 4},
         "192.0.2.2",
         LP_CENSUS_QUIET},
        {"of one source, asked there",
         {.max_conns = 9, .max_handshakes_there = 4},
         "192.0.2.1",
         LP_CENSUS_BUSY},
    };
    lp_addr alice = at("192.0.2.1");
    EACH_ROW (row, rows) {
        lp_addr other = at(row->other);
        lp_census *census = census_of(row->limits);
        CHECK_EQ(lp_census_enter(census, &alice), LP_OK);
        CHECK_EQ(lp_census_look(census, &alice), LP_CENSUS_QUIET);
        CHECK_EQ(lp_census_enter(census, &alice), LP_OK);
        CHECK_EQ(lp_census_look(census, &other), row->mood);
        lp_census_settle(census, &alice);
        CHECK_EQ(lp_census_look(census, &other), LP_CENSUS_QUIET);
        lp_census_free(census);
    }
}
