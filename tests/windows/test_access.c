#include "os/windows/access.h"

#include "test.h"

#include <sddl.h>
#include <stdlib.h>

/* Does the list, written out, hold this rule? */
static bool has_rule(lp_access access, const char *rule)
{
    lp_access_list list;
    char *text = NULL;
    CHECK(lp_access_open(access, &list));
    CHECK(ConvertSecurityDescriptorToStringSecurityDescriptorA(
        list.descriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text, NULL));
    bool found = text && strstr(text, rule);
    LocalFree(text);
    lp_access_close(&list);
    return found;
}

TEST(keys_are_for_their_owner_administrators_and_the_system)
{
    CHECK(has_rule(LP_ACCESS_OWNER, "D:P"));
    CHECK(has_rule(LP_ACCESS_OWNER, "FA;;;SY)"));
    CHECK(has_rule(LP_ACCESS_OWNER, "FA;;;BA)"));
    CHECK(!has_rule(LP_ACCESS_OWNER, ";;;IU)"));
}

TEST(pipes_admit_the_console_too_but_nobody_from_the_network)
{
    CHECK(has_rule(LP_ACCESS_CONSOLE, "(D;;FA;;;NU)"));
    CHECK(has_rule(LP_ACCESS_CONSOLE, "0x12019b;;;IU)"));
}

TEST(what_is_inherited_needs_no_list)
{
    lp_access_list list;
    CHECK(lp_access_open(LP_ACCESS_INHERITED, &list));
    CHECK(!list.attributes.lpSecurityDescriptor);
    lp_access_close(&list);
}
