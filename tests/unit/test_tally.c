#include "base/tally.h"

#include "test.h"

TEST(a_tally_ends_at_its_limit_and_goes_on_after_what_is_given_back)
{
    lp_tally tally = {.limit = 2};
    CHECK(lp_tally_take(&tally));
    CHECK(!lp_tally_is_full(&tally));
    CHECK(lp_tally_take(&tally));
    CHECK(lp_tally_is_full(&tally));
    CHECK(!lp_tally_take(&tally));
    lp_tally_give(&tally);
    CHECK(!lp_tally_is_full(&tally));
    CHECK(lp_tally_take(&tally));
    CHECK(!lp_tally_take(&tally));
}
