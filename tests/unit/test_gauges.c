#include "core/gauges.h"

#include "core/stats.h"
#include "test.h"

TEST(every_gauge_has_a_name_for_the_wire_and_a_meaning)
{
    for (int i = 0; i < LP_GAUGE_COUNT; i++) {
        const char *name = lp_gauge_name((lp_gauge)i);
        CHECK(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name));
        CHECK(*name && strlen(name) <= LP_STAT_NAME_MAX);
        CHECK(*lp_gauge_meaning((lp_gauge)i));
    }
}

TEST(no_gauge_shares_its_name_with_another_or_with_a_counter)
{
    for (int i = 0; i < LP_GAUGE_COUNT; i++) {
        for (int j = 0; j < i; j++)
            CHECK(strcmp(lp_gauge_name((lp_gauge)i), lp_gauge_name((lp_gauge)j)));
        for (int j = 0; j < LP_STAT_COUNT; j++)
            CHECK(strcmp(lp_gauge_name((lp_gauge)i), lp_stat_name((lp_stat_code)j)));
    }
}
