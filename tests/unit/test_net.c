#include "netns.h"
#include "os/net.h"
#include "os/service.h"
#include "ready.h"
#include "test.h"

#include <net/if.h>
#include <sys/wait.h>
#include <unistd.h>

static lp_addr addr(const char *ip)
{
    lp_addr out = {0};
    CHECK_EQ(lp_addr_read_ip(ip, 0, &out), LP_OK);
    return out;
}

/* "wan" leads to the internet, "lan0" to the party; no addresses yet. */
static lp_net *open_net(void)
{
    lp_net *net = NULL;
    lp_why why;
    enter_new_network();
    CHECK(sh("ip link add wan type veth peer name isp && "
             "ip link add lan0 type veth peer name party && "
             "for i in wan isp lan0 party; do "
             "echo 0 > /proc/sys/net/ipv6/conf/$i/accept_dad; "
             "ip link set $i addrgenmode none up; done"));
    CHECK_EQ(lp_net_open(&net, &why), LP_OK);
    return net;
}

static unsigned index_of(const char *name)
{
    return if_nametoindex(name);
}

static const char *ip_text(const lp_addr *of)
{
    static char text[LP_ADDR_TEXT_LEN];
    return lp_addr_write_ip(of, text);
}

/* --- watching --------------------------------------------------------------------- */

TEST(each_kind_of_change_is_noticed_once)
{
    static const struct {
        const char *name, *change;
    } rows[] = {
        {"link", "ip link set party down"},
        {"IPv4 address", "ip address add 192.0.2.1/24 dev wan"},
        {"IPv6 address", "ip address add 2001:db8::1/64 dev wan"},
        {"IPv4 route", "ip route add 198.51.100.0/24 dev wan"},
        {"IPv6 route", "ip route add 2001:db8:7::/64 dev wan"},
        {"a route goes", "ip route delete 198.51.100.0/24 dev wan"},
        {"more news than the socket holds", "for i in $(seq 3000); do echo route add "
                                            "10.$((i/256)).$((i%256)).0/24 dev wan; "
                                            "done | ip -batch -"},
    };
    lp_net *net = open_net();
    lp_net_changed(net);
    EACH_ROW (row, rows) {
        CHECK(sh("%s", row->change));
        CHECK(wait_readable(lp_net_fd(net)));
        CHECK(lp_net_changed(net));
        while (lp_net_changed(net)) /* neighbours of a change may follow it */
            ;
        CHECK(!lp_net_changed(net));
    }
    lp_net_close(net);
}

/* --- looking up ------------------------------------------------------------------- */

/* W-013 */
TEST(the_way_to_an_address_is_found)
{
    static const struct {
        const char *name, *to, *through, *source, *gateway;
        uint32_t metric;
        const char *prefix;
        unsigned prefix_len;
    } rows[] = {
        {"on the link", "192.0.2.9", "wan", "192.0.2.1", "none", 0, "192.0.2.0", 24},
        {"by the default route", "8.8.8.8", "wan", "192.0.2.1", "192.0.2.254", 100,
         "0.0.0.0", 0},
        {"the party", "10.73.42.9", "lan0", "10.73.42.51", "none", 0, "10.73.42.0", 24},
        {"IPv6 on the link", "2001:db8::9", "wan", "2001:db8::1", "none", 256,
         "2001:db8::", 64},
        {"IPv6 by the default route", "2001:4860::8", "wan", "2001:db8::1",
         "2001:db8::fe", 50, "::", 0},
        {"IPv4 by an IPv6 gateway", "203.0.113.5", "wan", "192.0.2.1", "2001:db8::fe",
         0, "203.0.113.0", 24},
    };
    lp_net *net = open_net();
    CHECK(sh("ip address add 192.0.2.1/24 dev wan && "
             "ip address add 2001:db8::1/64 dev wan && "
             "ip address add 10.73.42.51/24 dev lan0 && "
             "ip route add default via 192.0.2.254 metric 100 && "
             "ip -6 route add default via 2001:db8::fe metric 50 && "
             "ip route add 203.0.113.0/24 via inet6 2001:db8::fe dev wan"));
    EACH_ROW (row, rows) {
        lp_route route = {0};
        lp_addr to = addr(row->to);
        CHECK_EQ(lp_net_route_to(net, &to, &route), LP_OK);
        CHECK_EQ(route.ifindex, index_of(row->through));
        CHECK_STR(ip_text(&route.source), row->source);
        CHECK_STR(ip_text(&route.gateway), row->gateway);
        CHECK_EQ(route.metric, row->metric);
        CHECK_STR(ip_text(&route.prefix), row->prefix);
        CHECK_EQ(route.prefix_len, row->prefix_len);
    }
    lp_net_close(net);
}

TEST(where_no_way_leads_it_says_so)
{
    static const struct {
        const char *name, *to;
    } rows[] = {
        {"no route", "8.8.8.8"},
        {"no IPv6 route", "2001:4860::8"},
        {"unreachable", "198.51.100.1"},
        {"prohibited", "2001:db8:9::1"},
    };
    lp_net *net = open_net();
    CHECK(sh("ip route add unreachable 198.51.100.0/24 && "
             "ip -6 route add prohibit 2001:db8:9::/64"));
    EACH_ROW (row, rows) {
        lp_route route;
        lp_addr to = addr(row->to);
        CHECK_EQ(lp_net_route_to(net, &to, &route), LP_ERR_NOT_FOUND);
    }
    lp_net_close(net);
}

/* --- default routes (W-019, D-014) ------------------------------------------------ */

TEST(default_routes_of_the_party_go_and_all_others_stay)
{
    lp_net *net = open_net();
    CHECK(sh("ip address add 192.0.2.1/24 dev wan && ip address add 10.73.42.51/24 dev "
             "lan0 && "
             "ip address add 2001:db8::1/64 dev lan0 && "
             "ip route add default via 192.0.2.254 metric 100 && "
             "ip -6 route add default via fe80::1 dev wan metric 100"));
    CHECK_EQ(lp_net_drop_defaults(net, index_of("lan0")), 0);
    CHECK(sh("ip route add default via 10.73.42.1 && "
             "ip route add default via 10.73.42.1 metric 5 && "
             "ip route add default dev lan0 metric 6 && "
             "ip -6 route add default via 2001:db8::fe && "
             "ip -6 route add default via 2001:db8::fd metric 7 proto ra expires 100"));
    CHECK_EQ(lp_net_drop_defaults(net, index_of("lan0")), 5);
    CHECK_EQ(lp_net_drop_defaults(net, index_of("lan0")), 0);
    CHECK(!sh("ip route show default dev lan0 | grep -q ."));
    CHECK(!sh("ip -6 route show default dev lan0 | grep -q ."));
    CHECK(sh("ip route show default | grep -q 'via 192.0.2.254 dev wan'"));
    CHECK(sh("ip -6 route show default | grep -q 'via fe80::1 dev wan'"));
    CHECK(sh("ip route show | grep -q '10.73.42.0/24 dev lan0'"));
    CHECK(sh("ip -6 route show | grep -q '2001:db8::/64 dev lan0'"));
    lp_net_close(net);
}

/* What DHCP option 121 can bring instead of a default route. */
TEST(routes_that_amount_to_a_default_go_too_and_the_partys_own_stay)
{
    lp_net *net = open_net();
    CHECK(sh("ip address add 10.73.42.51/24 dev lan0 && "
             "ip address add 2001:db8::1/64 dev lan0 && "
             "ip route add 0.0.0.0/1 via 10.73.42.1 && "
             "ip route add 128.0.0.0/1 via 10.73.42.1 && "
             "ip -6 route add 2000::/3 via 2001:db8::fe && "
             "ip route add 10.0.0.0/8 via 10.73.42.1 && "
             "ip route add 224.0.0.0/4 dev lan0"));
    CHECK_EQ(lp_net_drop_defaults(net, index_of("lan0")), 3);
    CHECK(sh("ip route show | grep -q '^10.0.0.0/8 via 10.73.42.1 dev lan0'"));
    CHECK(sh("ip route show | grep -q '^224.0.0.0/4 dev lan0'"));
    CHECK(sh("ip route show | grep -q '^10.73.42.0/24 dev lan0'"));
    lp_net_close(net);
}

TEST(a_default_route_made_of_a_nexthop_object_goes_too)
{
    lp_net *net = open_net();
    CHECK(sh(
        "ip address add 10.73.42.51/24 dev lan0 && "
        "ip nexthop add id 9 via 10.73.42.1 dev lan0 && ip route add default nhid 9"));
    CHECK_EQ(lp_net_drop_defaults(net, index_of("lan0")), 1);
    CHECK(!sh("ip route show default | grep -q ."));
    lp_net_close(net);
}

TEST(more_default_routes_than_one_pass_takes_all_go)
{
    lp_net *net = open_net();
    CHECK(sh("for i in $(seq 70); do echo route add default dev lan0 metric $i; done | "
             "ip -batch -"));
    CHECK_EQ(lp_net_drop_defaults(net, index_of("lan0")), 70);
    CHECK(!sh("ip route show default | grep -q ."));
    lp_net_close(net);
}

TEST(a_default_route_whose_link_is_down_goes_too)
{
    lp_net *net = open_net();
    CHECK(sh("ip address add 10.73.42.51/24 dev lan0 && "
             "ip route add default via 10.73.42.1 && ip link set party down"));
    CHECK_EQ(lp_net_drop_defaults(net, index_of("lan0")), 1);
    lp_net_close(net);
}

TEST(it_needs_no_more_than_one_capability)
{
    lp_net *net = open_net();
    CHECK(sh("ip address add 10.73.42.51/24 dev lan0 && "
             "ip route add default via 10.73.42.1"));
    pid_t child = fork();
    if (child == 0) {
        lp_why why;
        lp_addr relay = addr("198.51.100.1");
        lp_route along = {.ifindex = index_of("lan0"), .gateway = addr("10.73.42.1")};
        bool ok = lp_privileges_drop("nobody", LP_KEEP_NET_ADMIN, &why) == LP_OK &&
                  lp_net_drop_defaults(net, index_of("lan0")) == 1 &&
                  lp_net_pin(net, &relay, &along, &why) == LP_OK;
        _exit(ok ? 0 : 1);
    }
    int status = -1;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    lp_net_close(net);
}

/* --- pinning (W-014, W-015) ------------------------------------------------------- */

TEST(a_pinned_route_is_ours_and_goes_when_unpinned)
{
    static const struct {
        const char *name, *to, *gateway, *shown;
    } rows[] = {
        {"by a gateway", "198.51.100.1", "192.0.2.254",
         "198.51.100.1 via 192.0.2.254 dev wan proto 76"},
        {"on the link", "198.51.100.2", NULL,
         "198.51.100.2 dev wan proto 76 scope link"},
        {"IPv6 by a gateway", "2001:db8:5::1", "2001:db8::fe",
         "2001:db8:5::1 via 2001:db8::fe dev wan proto 76"},
        {"IPv6 by a link-local gateway", "2001:db8:5::2", "fe80::1",
         "2001:db8:5::2 via fe80::1 dev wan proto 76"},
        {"IPv4 by an IPv6 gateway", "198.51.100.3", "fe80::1",
         "198.51.100.3 via inet6 fe80::1 dev wan proto 76"},
    };
    lp_net *net = open_net();
    CHECK(sh("ip address add 192.0.2.1/24 dev wan && ip address add 2001:db8::1/64 dev "
             "wan"));
    EACH_ROW (row, rows) {
        lp_why why = {""};
        lp_addr to = addr(row->to);
        lp_route along = {.ifindex = index_of("wan")};
        if (row->gateway)
            along.gateway = addr(row->gateway);
        CHECK_EQ(lp_net_pin(net, &to, &along, &why), LP_OK);
        CHECK_STR(why.text, "");
        CHECK(sh("(ip route; ip -6 route) | grep -q '^%s'", row->shown));
        CHECK_EQ(lp_net_pin(net, &to, &along, &why), LP_OK); /* again: it is ours */
        lp_net_unpin(net, &to);
        CHECK(!sh("(ip route; ip -6 route) | grep -q '^%s'", row->to));
        lp_net_unpin(net, &to);
    }
    lp_net_close(net);
}

TEST(someone_elses_route_is_used_and_never_removed)
{
    lp_net *net = open_net();
    lp_why why = {""};
    lp_addr to = addr("198.51.100.1");
    lp_route along = {.ifindex = index_of("wan"), .gateway = addr("192.0.2.254")};
    CHECK(sh("ip address add 192.0.2.1/24 dev wan && "
             "ip route add 198.51.100.1 via 192.0.2.254"));
    CHECK_EQ(lp_net_pin(net, &to, &along, &why), LP_ERR_IN_USE);
    CHECK_HAS(why.text, "198.51.100.1");
    lp_net_unpin(net, &to);
    CHECK(sh("ip route | grep -q '^198.51.100.1 via'"));
    lp_net_close(net);
}

TEST(a_pin_follows_a_new_gateway)
{
    lp_net *net = open_net();
    lp_why why;
    lp_addr to = addr("198.51.100.1");
    lp_route along = {.ifindex = index_of("wan"), .gateway = addr("192.0.2.254")};
    CHECK(sh("ip address add 192.0.2.1/24 dev wan"));
    CHECK_EQ(lp_net_pin(net, &to, &along, &why), LP_OK);
    along.gateway = addr("192.0.2.253");
    CHECK_EQ(lp_net_pin(net, &to, &along, &why), LP_OK);
    CHECK(sh("test $(ip route | grep -c '^198.51.100.1') = 1"));
    CHECK(sh("ip route | grep -q '^198.51.100.1 via 192.0.2.253'"));
    lp_net_close(net);
}

TEST(what_a_killed_run_pinned_is_found_and_removed)
{
    lp_net *net = open_net();
    lp_why why;
    lp_addr four = addr("198.51.100.1"), six = addr("2001:db8:5::1");
    lp_route along = {.ifindex = index_of("wan"), .gateway = addr("192.0.2.254")};
    lp_route along_six = {.ifindex = index_of("wan")};
    CHECK(sh("ip address add 192.0.2.1/24 dev wan && ip address add 2001:db8::1/64 dev "
             "wan && "
             "ip route add 198.51.100.9 via 192.0.2.254"));
    CHECK_EQ(lp_net_pin(net, &four, &along, &why), LP_OK);
    CHECK_EQ(lp_net_pin(net, &six, &along_six, &why), LP_OK);
    lp_net_close(net);

    CHECK_EQ(lp_net_open(&net, &why), LP_OK);
    size_t restored;
    CHECK_EQ(lp_net_repair(net, &restored, &why), LP_OK);
    CHECK_EQ(restored, 2);
    CHECK_EQ(lp_net_repair(net, &restored, &why), LP_OK);
    CHECK_EQ(restored, 0);
    CHECK(sh("ip route | grep -q '^198.51.100.9 via'"));
    lp_net_close(net);
}

/* W-016: where a pin should lead, whatever the party's routes and our own pins say. */
TEST(the_way_around_the_tunnel_is_the_best_of_the_others)
{
    static const struct {
        const char *name, *change, *through, *gateway;
    } rows[] = {
        {"by default", "true", "wan", "192.0.2.254"},
        {"not into the party, which is nearer",
         "ip route add 198.51.100.0/24 via 10.73.42.1", "wan", "192.0.2.254"},
        {"a lower metric", "ip route add default via 192.0.2.253 metric 10", "wan",
         "192.0.2.253"},
        {"not where we pinned it", "ip route add 198.51.100.1 via 192.0.2.9 proto 76",
         "wan", "192.0.2.253"},
        {"a host route of somebody's",
         "ip route add 198.51.100.1/32 via 192.0.2.7 "
         "metric 5",
         "wan", "192.0.2.7"},
        {"another one's link",
         "ip route add 198.51.100.0/30 dev isp metric 1 && "
         "ip route delete 198.51.100.1 via 192.0.2.7",
         "isp", "none"},
    };
    lp_net *net = open_net();
    lp_addr to = addr("198.51.100.1");
    lp_route way;
    CHECK(sh("ip address add 192.0.2.1/24 dev wan && "
             "ip address add 10.73.42.51/24 dev lan0"));
    CHECK_EQ(lp_net_way_around(net, &to, index_of("lan0"), &way), LP_ERR_NOT_FOUND);
    CHECK(sh("ip route add default via 192.0.2.254 metric 100"));
    EACH_ROW (row, rows) {
        CHECK(sh("%s", row->change));
        CHECK_EQ(lp_net_way_around(net, &to, index_of("lan0"), &way), LP_OK);
        CHECK_EQ(way.ifindex, index_of(row->through));
        CHECK_STR(ip_text(&way.gateway), row->gateway);
    }
    lp_net_close(net);
}

TEST(a_pin_that_cannot_be_is_named)
{
    lp_net *net = open_net();
    lp_why why = {""};
    lp_addr to = addr("198.51.100.1");
    lp_route along = {.ifindex = index_of("wan"), .gateway = addr("203.0.113.1")};
    CHECK(lp_net_pin(net, &to, &along, &why) != LP_OK);
    CHECK_HAS(why.text, "198.51.100.1");
    lp_net_close(net);
}

/* --- addresses (D-003) ------------------------------------------------------------ */

TEST(the_address_a_person_would_name_is_shown)
{
    /* "nodad": accept_dad is looked at by a kernel worker, which may come late. */
    static const struct {
        const char *name, *add, *want;
        unsigned prefix_len;
    } rows[] = {
        {"IPv6 link-local only", "fe80::7/64 nodad", "fe80::7", 64},
        {"IPv4 link-local beats it", "169.254.3.4/16", "169.254.3.4", 16},
        {"global IPv6 beats both", "2001:db8::7/64 nodad", "2001:db8::7", 64},
        {"a lease beats all", "10.73.42.51/24", "10.73.42.51", 24},
        {"a second one changes nothing", "10.73.43.1/24", "10.73.42.51", 24},
    };
    lp_net *net = open_net();
    lp_addr found;
    unsigned prefix_len;
    CHECK(sh("ip address add 192.0.2.1/24 dev wan"));
    CHECK_EQ(lp_net_address_of(net, index_of("lan0"), &found, &prefix_len),
             LP_ERR_NOT_FOUND);
    EACH_ROW (row, rows) {
        CHECK(sh("ip address add %s dev lan0", row->add));
        CHECK_EQ(lp_net_address_of(net, index_of("lan0"), &found, &prefix_len), LP_OK);
        CHECK_STR(ip_text(&found), row->want);
        CHECK_EQ(prefix_len, row->prefix_len);
    }
    lp_net_close(net);
}

/* W-033 */
TEST(a_subnet_that_is_already_elsewhere_is_noticed)
{
    static const struct {
        const char *name, *elsewhere, *says;
    } rows[] = {
        {"another subnet", "192.168.2.5/24", ""},
        {"the same", "192.168.1.5/24", "wan"},
        {"a part of it", "192.168.1.128/28", "wan"},
        {"all around it", "192.168.77.1/16", "wan"},
        {"one address in it", "192.168.1.9/32", "wan"},
        {"a neighbour by one bit", "192.168.0.5/24", ""},
    };
    lp_net *net = open_net();
    char name[LP_NET_NAME_LEN] = "?";
    CHECK(sh("ip address add 192.168.1.51/24 dev lan0"));
    EACH_ROW (row, rows) {
        CHECK(sh("ip address flush dev wan && ip address add %s dev wan",
                 row->elsewhere));
        lp_net_overlap(net, index_of("lan0"), name);
        CHECK_STR(name, row->says);
    }
    lp_net_overlap(net, index_of("party"), name); /* it has no address at all */
    CHECK_STR(name, "");
    lp_net_close(net);
}

/* --- what a person reads ---------------------------------------------------------- */

/* W-021 */
TEST(a_report_names_interfaces_addresses_and_routes)
{
    static const struct {
        const char *name, *line;
    } rows[] = {
        {"an interface", "\nwan: index "},
        {"an address", "\n192.0.2.1/24 on wan\n"},
        {"a default route",
         "\nIPv4 default/0 by 192.0.2.254 on wan metric 100 protocol 3\n"},
        {"a pinned one",
         "\nIPv4 198.51.100.1/32 by 192.0.2.254 on wan metric 0 protocol 76\n"},
        {"IPv6", "\nIPv6 2001:db8::/64 directly on wan metric 256 protocol 2\n"},
    };
    static char text[LP_NET_TEXT_MAX];
    lp_net *net = open_net();
    CHECK(sh("ip address add 192.0.2.1/24 dev wan && "
             "ip address add 2001:db8::1/64 dev wan && "
             "ip route add default via 192.0.2.254 metric 100 && "
             "ip route add 198.51.100.1 via 192.0.2.254 proto 76"));
    CHECK_EQ(lp_net_describe(net, text, sizeof text), strlen(text));
    EACH_ROW (row, rows)
        CHECK_HAS(text, row->line);
    CHECK(lp_net_describe(net, text, 100) < 100);
    CHECK_EQ(lp_net_describe(net, text, 1), 0);
    lp_net_close(net);
}

TEST(on_linux_a_lease_is_a_dhcp_clients_business)
{
    lp_net *net = open_net();
    lp_why why;
    lp_net_note note;
    CHECK_EQ(lp_net_renew(net, index_of("lan0"), &why), LP_ERR_UNSUPPORTED);
    CHECK_HAS(why.text, "dhclient lan0");
    lp_net_trust(net, index_of("lan0"));
    CHECK(!lp_net_next_note(net, &note));
    lp_net_close(net);
}

TEST(running_out_of_memory_is_told)
{
    lp_why why;
    lp_net *net = NULL;
    lp_addr found;
    unsigned prefix_len;
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_net_open(&net, &why), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
    net = open_net();
    CHECK(sh("ip address add 192.0.2.1/24 dev wan"));
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_net_address_of(net, index_of("wan"), &found, &prefix_len),
             LP_ERR_NOT_FOUND);
    CHECK(lp_test_allocation_failed());
    lp_net_close(net);
}
