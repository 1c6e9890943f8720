#include "base/addr.h"

#include "test.h"

static lp_addr ip(const char *text, uint16_t port)
{
    lp_addr addr = {0};
    CHECK_EQ(lp_addr_read_ip(text, port, &addr), LP_OK);
    return addr;
}

TEST(ip_literals_are_read_and_written_in_their_shortest_form) /* RFC 4291, RFC 5952 */
{
    static const struct {
        const char *name;
        const char *written;
        int family;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", 4},
        {"0.0.0.0", "0.0.0.0", 4},
        {"255.255.255.255", "255.255.255.255", 4},
        {"::", "::", 6},
        {"::1", "::1", 6},
        {"1::", "1::", 6},
        {"[2001:db8::1]", "2001:db8::1", 6},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", 6},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 6},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1", 6},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 6},
        {"0:0:3:4:5:6:0:0", "::3:4:5:6:0:0", 6},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", 6},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", 6},
        {"::ffff:192.0.2.1", "::ffff:c000:201", 6},
        {"1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201", 6},
    };
    EACH_ROW (row, rows) {
        char text[LP_ADDR_TEXT_LEN];
        lp_addr addr = ip(row->name, 443);
        CHECK_EQ(addr.family, row->family);
        CHECK_EQ(addr.port, 443);
        CHECK_STR(lp_addr_write_ip(&addr, text), row->written);
        lp_addr again = ip(text, 443);
        CHECK(lp_addr_equal(&addr, &again));
    }
}

TEST(what_is_no_ip_literal_is_refused_and_changes_nothing)
{
    static const struct {
        const char *name;
    } rows[] = {
        {""},
        {"192.0.2"},
        {"192.0.2.256"},
        {"192.0.2.1.1"},
        {"192.0.2.01"},
        {"192.0.2.1 "},
        {" 192.0.2.1"},
        {"192.0.2.-1"},
        {"192..2.1"},
        {"99999999999999999999.0.2.1"},
        {":"},
        {":1"},
        {"1:"},
        {"1:2"},
        {":::"},
        {"1::2::3"},
        {"1:2:3:4:5:6:7"},
        {"1:2:3:4:5:6:7:8:9"},
        {"1:2:3:4:5:6:7:8::"},
        {"::1:2:3:4:5:6:7:8"},
        {"12345::"},
        {"::g"},
        {"::192.0.2"},
        {"::192.0.2.1:1"},
        {"1:2:3:4:5:6:7:192.0.2.1"},
        {"[::1"},
        {"::1]"},
        {"[]"},
        {"[192.0.2.1]"},
        {"fe80::1%eth0"},
        {"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]"},
        {"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"},
    };
    EACH_ROW (row, rows) {
        lp_addr addr = ip("192.0.2.7", 7), before = addr;
        CHECK_EQ(lp_addr_read_ip(row->name, 443, &addr), LP_ERR_MALFORMED);
        CHECK(lp_addr_equal(&addr, &before));
    }
}

TEST(an_address_is_written_with_its_port)
{
    char text[LP_ADDR_TEXT_LEN];
    lp_addr v4 = ip("192.0.2.1", 443), v6 = ip("2001:db8::1", 65535), none = {0};
    CHECK_STR(lp_addr_write(&v4, text), "192.0.2.1:443");
    CHECK_STR(lp_addr_write(&v6, text), "[2001:db8::1]:65535");
    CHECK_STR(lp_addr_write_ip(&none, text), "none");
}

TEST(addresses_differ_by_octets_family_scope_and_port)
{
    lp_addr a = ip("192.0.2.1", 443), other_port = ip("192.0.2.1", 444);
    lp_addr other_ip = ip("192.0.2.2", 443), v6 = ip("fe80::1", 443), scoped = v6;
    scoped.scope_id = 2;
    CHECK(lp_addr_equal(&a, &a));
    CHECK(!lp_addr_equal(&a, &other_port));
    CHECK(lp_addr_same_ip(&a, &other_port));
    CHECK(!lp_addr_same_ip(&a, &other_ip));
    CHECK(!lp_addr_same_ip(&a, &v6));
    CHECK(!lp_addr_same_ip(&v6, &scoped));
}

TEST(only_the_zero_addresses_mean_any)
{
    lp_addr v4 = ip("0.0.0.0", 1), v6 = ip("::", 1);
    lp_addr not_v4 = ip("0.0.0.1", 1), not_v6 = ip("::1", 1);
    CHECK(lp_addr_is_any(&v4));
    CHECK(lp_addr_is_any(&v6));
    CHECK(!lp_addr_is_any(&not_v4));
    CHECK(!lp_addr_is_any(&not_v6));
}

TEST(a_relay_is_named_with_or_without_a_port) /* N-001, N-002, N-004 */
{
    static const struct {
        const char *name;
        const char *host;
        int port;
    } rows[] = {
        {"relay.example", "relay.example", 443},
        {"relay.example.", "relay.example.", 443},
        {"relay.example:4433", "relay.example", 4433},
        {"localhost", "localhost", 443},
        {"my_relay-2:1", "my_relay-2", 1},
        {"3com.example:65535", "3com.example", 65535},
        {"192.0.2.1", "192.0.2.1", 443},
        {"192.0.2.1:4433", "192.0.2.1", 4433},
        {"2001:db8::1", "2001:db8::1", 443},
        {"[2001:db8::1]", "2001:db8::1", 443},
        {"[2001:db8::1]:4433", "2001:db8::1", 4433},
    };
    EACH_ROW (row, rows) {
        lp_endpoint_name name;
        CHECK_EQ(lp_endpoint_name_read(row->name, &name), LP_OK);
        CHECK_STR(name.host, row->host);
        CHECK_EQ(name.port, row->port);
    }
}

TEST(what_cannot_name_a_relay_is_refused) /* N-001 */
{
    static const struct {
        const char *name;
    } rows[] = {
        {""},
        {":443"},
        {"relay.example:"},
        {"relay.example:0"},
        {"relay.example:65536"},
        {"relay.example:0443"},
        {"relay.example:44x"},
        {"relay.example:+443"},
        {"relay example"},
        {"relay.example/"},
        {"https://relay.example"},
        {".example"},
        {"relay..example"},
        {"-relay"},
        {"r\xc3\xa9lay.example"},
        {"192.0.2.300"},
        {"10.1"},
        {"1"},
        {"[relay.example]:443"},
        {"[192.0.2.1]:443"},
        {"[::1]443"},
        {"[::1]:"},
        {"[::1"},
        {"[]:443"},
    };
    EACH_ROW (row, rows) {
        lp_endpoint_name name = {.host = "before", .port = 7};
        CHECK_EQ(lp_endpoint_name_read(row->name, &name), LP_ERR_MALFORMED);
        CHECK_STR(name.host, "before");
    }
}

TEST(a_relay_name_has_at_most_253_characters)
{
    char text[LP_HOST_MAX + 2];
    lp_endpoint_name name;
    memset(text, 'a', sizeof text);
    text[LP_HOST_MAX] = '\0';
    CHECK_EQ(lp_endpoint_name_read(text, &name), LP_OK);
    CHECK_EQ(strlen(name.host), LP_HOST_MAX);
    text[LP_HOST_MAX] = 'a';
    text[LP_HOST_MAX + 1] = '\0';
    CHECK_EQ(lp_endpoint_name_read(text, &name), LP_ERR_MALFORMED);
}

TEST(where_to_listen_is_an_address_or_just_a_port) /* L-001 */
{
    static const struct {
        const char *name;
        const char *written;
    } rows[] = {
        {"443/udp", "[::]:443"},
        {"443", "[::]:443"},
        {"0.0.0.0:443", "0.0.0.0:443"},
        {"0.0.0.0:443/udp", "0.0.0.0:443"},
        {"192.0.2.1:4433", "192.0.2.1:4433"},
        {"[::]:443", "[::]:443"},
        {"[2001:db8::1]:1", "[2001:db8::1]:1"},
    };
    EACH_ROW (row, rows) {
        char text[LP_ADDR_TEXT_LEN];
        lp_addr addr;
        CHECK_EQ(lp_addr_read_listen(row->name, &addr), LP_OK);
        CHECK_STR(lp_addr_write(&addr, text), row->written);
    }
}

TEST(nobody_listens_at_a_name_or_without_a_port) /* L-001 */
{
    static const struct {
        const char *name;
    } rows[] = {
        {""},
        {"/udp"},
        {"443/tcp"},
        {"443/udp/udp"},
        {"0"},
        {"65536"},
        {":443"},
        {"0.0.0.0"},
        {"::"},
        {"[::]"},
        {"relay.example:443"},
        {"00000000000000000000000000000000000000000000000000000000000000000000000000000"
         "000"},
    };
    EACH_ROW (row, rows) {
        lp_addr addr;
        CHECK_EQ(lp_addr_read_listen(row->name, &addr), LP_ERR_MALFORMED);
    }
}
