#include "os/service.h"

#include "test.h"

TEST(a_console_has_no_manager_that_watches)
{
    CHECK_EQ(lp_service_watchdog(), 0);
}

TEST(a_hang_up_is_the_console_closing)
{
    CHECK(!lp_service_hangup_reloads());
}
