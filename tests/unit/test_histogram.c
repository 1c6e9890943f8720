#include "core/histogram.h"

#include "test.h"

static lp_histogram of_one(uint64_t value)
{
    lp_histogram histogram = {0};
    lp_histogram_add(&histogram, value);
    return histogram;
}

TEST(an_empty_histogram_says_nothing)
{
    lp_histogram histogram = {0};
    CHECK_EQ(lp_histogram_percentile(&histogram, 50), 0);
    CHECK_EQ(lp_histogram_percentile(&histogram, 100), 0);
}

TEST(a_value_is_told_to_a_quarter_and_never_too_small)
{
    for (uint32_t value = 0; value <= LP_HISTOGRAM_MAX; value += 1 + value / 97) {
        lp_histogram histogram = of_one(value);
        uint32_t said = lp_histogram_percentile(&histogram, 50);
        CHECK(said >= value && said <= value + value / 4);
    }
}

TEST(bounds_of_buckets)
{
    static const struct {
        const char *name;
        uint64_t value;
        uint32_t said;
    } rows[] = {
        {"nothing", 0, 0},
        {"the last that is exact", 7, 7},
        {"the first that is not", 8, 9},
        {"the same bucket", 9, 9},
        {"just below a power of two", 1023, 1023},
        {"a power of two", 1024, 1279},
        {"the largest", LP_HISTOGRAM_MAX, LP_HISTOGRAM_MAX},
        {"beyond the largest", UINT64_MAX, LP_HISTOGRAM_MAX},
    };
    EACH_ROW (row, rows) {
        lp_histogram histogram = of_one(row->value);
        CHECK_EQ(lp_histogram_percentile(&histogram, 99), row->said);
    }
}

TEST(percentiles_count_from_the_smallest)
{
    lp_histogram histogram = {0};
    for (unsigned i = 0; i < 98; i++)
        lp_histogram_add(&histogram, 1);
    lp_histogram_add(&histogram, 5);
    lp_histogram_add(&histogram, 1000);
    CHECK_EQ(lp_histogram_percentile(&histogram, 50), 1);
    CHECK_EQ(lp_histogram_percentile(&histogram, 98), 1);
    CHECK_EQ(lp_histogram_percentile(&histogram, 99), 5);
    CHECK_EQ(lp_histogram_percentile(&histogram, 100), 1023);
}

/* An evening's quiet hours must not hide the storm of the last minute. */
TEST(what_was_long_ago_is_forgotten)
{
    lp_histogram histogram = {0};
    for (unsigned i = 0; i < 10 * LP_HISTOGRAM_MEMORY; i++)
        lp_histogram_add(&histogram, 1);
    for (unsigned i = 0; i < LP_HISTOGRAM_MEMORY; i++)
        lp_histogram_add(&histogram, 100);
    CHECK_EQ(lp_histogram_percentile(&histogram, 50), 111);
    for (unsigned i = 0; i < 20 * LP_HISTOGRAM_MEMORY; i++)
        lp_histogram_add(&histogram, 2);
    CHECK_EQ(lp_histogram_percentile(&histogram, 100), 2);
}
