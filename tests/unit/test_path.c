#include "quic/path.h"
#include "test.h"

TEST(addresses_survive_the_way_to_the_library_and_back)
{
    static const struct {
        const char *name, *ip;
        uint16_t port;
        uint32_t scope_id;
    } rows[] = {
        {"IPv4", "192.0.2.1", 443, 0},
        {"any IPv4", "0.0.0.0", 1, 0},
        {"IPv6", "2001:db8::1", 65535, 0},
        {"link-local", "fe80::1", 443, 7},
    };
    EACH_ROW (row, rows) {
        ngtcp2_path_storage storage;
        lp_addr addr, other, back;
        CHECK_EQ(lp_addr_read_ip(row->ip, row->port, &addr), LP_OK);
        CHECK_EQ(lp_addr_read_ip("198.51.100.1", 9, &other), LP_OK);
        addr.scope_id = row->scope_id;
        const ngtcp2_path *path = lp_path_fill(&storage, &addr, &other);
        back = lp_path_addr(&path->local);
        CHECK(lp_addr_equal(&back, &addr));
        back = lp_path_addr(&path->remote);
        CHECK(lp_addr_equal(&back, &other));
        path = lp_path_fill(&storage, &other, &addr);
        back = lp_path_addr(&path->remote);
        CHECK(lp_addr_equal(&back, &addr));
    }
}
