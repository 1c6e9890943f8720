#include "os/windows/wake.h"

#include "ready.h"
#include "test.h"

#include <windows.h>

static lp_wake *open_wake(void)
{
    lp_wake *wake = NULL;
    lp_why why;
    CHECK_EQ(lp_wake_open(&wake, &why), LP_OK);
    return wake;
}

TEST(it_rings_until_it_is_cleared)
{
    lp_wake *wake = open_wake();
    CHECK(!is_readable_within(lp_wake_fd(wake), 0));
    lp_wake_ring(wake);
    lp_wake_ring(wake);
    CHECK(wait_readable(lp_wake_fd(wake)));
    CHECK(is_readable_within(lp_wake_fd(wake), 0));
    lp_wake_clear(wake);
    CHECK(!is_readable_within(lp_wake_fd(wake), 0));
    lp_wake_ring(wake);
    CHECK(wait_readable(lp_wake_fd(wake)));
    lp_wake_close(wake);
}

static DWORD WINAPI ring(void *wake)
{
    lp_wake_ring(wake);
    return 0;
}

TEST(any_thread_may_ring_and_no_ring_is_lost)
{
    lp_wake *wake = open_wake();
    for (int i = 0; i < 100; i++) {
        HANDLE thread = CreateThread(NULL, 0, ring, wake, 0, NULL);
        CHECK(wait_readable(lp_wake_fd(wake)));
        lp_wake_clear(wake);
        WaitForSingleObject(thread, INFINITE);
        CloseHandle(thread);
        lp_wake_clear(wake); /* the thread may have rung after the first time */
    }
    lp_wake_close(wake);
}

TEST(without_memory_there_is_no_bell)
{
    lp_wake *wake = NULL;
    lp_why why;
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_wake_open(&wake, &why), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
    CHECK(!wake);
    lp_wake_close(wake);
}
