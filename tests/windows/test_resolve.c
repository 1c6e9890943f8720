#include "os/resolve.h"
#include "ready.h"
#include "test.h"

static lp_endpoint_name name_of(const char *text)
{
    lp_endpoint_name name = {0};
    CHECK_EQ(lp_endpoint_name_read(text, &name), LP_OK);
    return name;
}

TEST(a_literal_is_its_own_address)
{
    lp_endpoint_name name = name_of("[2001:db8::1]:4433");
    lp_addr found[4];
    size_t count = 0;
    lp_why why;
    char text[LP_ADDR_TEXT_LEN];
    CHECK_EQ(lp_resolve(&name, found, 4, &count, &why), LP_OK);
    CHECK_EQ(count, 1);
    CHECK_STR(lp_addr_write(&found[0], text), "[2001:db8::1]:4433");
}

TEST(a_look_up_tells_when_it_is_done)
{
    lp_endpoint_name name = name_of("localhost:4433");
    lp_lookup *lookup = NULL;
    lp_addr found[4];
    size_t count = 0;
    lp_why why;
    CHECK_EQ(lp_lookup_start(&name, &lookup), LP_OK);
    CHECK(wait_readable(lp_lookup_fd(lookup)));
    CHECK_EQ(lp_lookup_answer(lookup, found, 4, &count, &why), LP_OK);
    CHECK(count >= 1);
    CHECK_EQ(found[0].port, 4433);
    CHECK(found[0].family == 4 ? found[0].ip[0] == 127 : found[0].ip[15] == 1);
    lp_lookup_drop(lookup);
}

TEST(a_look_up_may_be_left_behind)
{
    lp_endpoint_name name = name_of("localhost:4433");
    for (int i = 0; i < 20; i++) {
        lp_lookup *lookup = NULL;
        CHECK_EQ(lp_lookup_start(&name, &lookup), LP_OK);
        lp_lookup_drop(lookup);
    }
    lp_lookup_drop(NULL);
}

TEST(a_name_that_nobody_has_is_told)
{
    lp_endpoint_name name = name_of("nobody.invalid");
    lp_addr found[4];
    size_t count = 0;
    lp_why why = {""};
    CHECK(lp_resolve(&name, found, 4, &count, &why) != LP_OK);
    CHECK_HAS(why.text, "nobody.invalid");
}
