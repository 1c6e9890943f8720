#include "os/resolve.h"
#include "ready.h"
#include "test.h"

#include <sched.h>

static lp_endpoint_name name_of(const char *text)
{
    lp_endpoint_name name = {0};
    CHECK_EQ(lp_endpoint_name_read(text, &name), LP_OK);
    return name;
}

/* N-001, N-002 */
TEST(a_literal_is_its_own_address)
{
    static const struct {
        const char *name, *want;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1:443"},
        {"192.0.2.1:4433", "192.0.2.1:4433"},
        {"2001:db8::1", "[2001:db8::1]:443"},
        {"[2001:db8::1]:4433", "[2001:db8::1]:4433"},
    };
    EACH_ROW (row, rows) {
        lp_endpoint_name name = name_of(row->name);
        lp_addr found[4];
        size_t count = 0;
        lp_why why;
        char text[LP_ADDR_TEXT_LEN];
        CHECK_EQ(lp_resolve(&name, found, 4, &count, &why), LP_OK);
        CHECK_EQ(count, 1);
        CHECK_STR(lp_addr_write(&found[0], text), row->want);
    }
}

TEST(a_name_becomes_addresses_with_its_port)
{
    lp_endpoint_name name = name_of("localhost:4433");
    lp_addr found[8];
    size_t count = 0;
    lp_why why;
    CHECK_EQ(lp_resolve(&name, found, 8, &count, &why), LP_OK);
    CHECK(count >= 1);
    for (size_t i = 0; i < count; i++) {
        CHECK_EQ(found[i].port, 4433);
        CHECK(found[i].family == 4 ? found[i].ip[0] == 127 : found[i].ip[15] == 1);
    }
    CHECK_EQ(lp_resolve(&name, found, 1, &count, &why), LP_OK);
    CHECK_EQ(count, 1);
}

TEST(a_look_up_tells_when_it_is_done)
{
    lp_endpoint_name name = name_of("localhost:4433");
    lp_lookup *lookup = NULL;
    lp_addr found[1];
    size_t count = 0;
    lp_why why;
    CHECK_EQ(lp_lookup_start(&name, &lookup), LP_OK);
    CHECK(wait_readable(lp_lookup_fd(lookup)));
    CHECK_EQ(lp_lookup_answer(lookup, found, 1, &count, &why), LP_OK);
    CHECK_EQ(count, 1);
    CHECK_EQ(found[0].port, 4433);
    lp_lookup_drop(lookup);
}

TEST(a_look_up_may_be_left_behind)
{
    lp_endpoint_name name = name_of("localhost:4433");
    lp_lookup *lookup = NULL;
    CHECK_EQ(lp_lookup_start(&name, &lookup), LP_OK);
    lp_lookup_drop(lookup);
    lp_lookup_drop(NULL);
}

/* In a network without a way out, where that is allowed: no name server is asked. */
TEST(a_name_that_cannot_be_found_is_named)
{
    lp_endpoint_name name = name_of("relay.invalid");
    lp_addr found[1];
    size_t count;
    lp_why why;
    (void)!unshare(CLONE_NEWNET);
    lp_err err = lp_resolve(&name, found, 1, &count, &why);
    CHECK(err == LP_ERR_TIMEOUT || err == LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, "relay.invalid");

    lp_lookup *lookup = NULL;
    CHECK_EQ(lp_lookup_start(&name, &lookup), LP_OK);
    CHECK(wait_readable(lp_lookup_fd(lookup)));
    CHECK_EQ(lp_lookup_answer(lookup, found, 1, &count, &why), err);
    CHECK_HAS(why.text, "relay.invalid");
    lp_lookup_drop(lookup);
}
