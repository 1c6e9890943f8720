#include "os/service.h"

#include "test.h"

#include <windows.h>

static DWORD count_privileges(void)
{
    HANDLE token;
    DWORD len;
    struct {
        TOKEN_PRIVILEGES first;
        LUID_AND_ATTRIBUTES others[64];
    } had = {0};
    CHECK(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    CHECK(GetTokenInformation(token, TokenPrivileges, &had, sizeof had, &len));
    CloseHandle(token);
    return had.first.PrivilegeCount;
}

TEST(what_is_given_up_is_gone)
{
    lp_why why;
    CHECK(count_privileges() > 2);
    CHECK_EQ(lp_privileges_drop(NULL, LP_KEEP_NET_ADMIN, &why), LP_OK);
    CHECK(count_privileges() <= 2);
    CHECK_EQ(lp_privileges_drop("softlan", LP_KEEP_NOTHING, &why), LP_OK);
    CHECK(count_privileges() <= 1);
}
