#include "netns.h"
#include "os/linux/lan_pick.h"
#include "test.h"

#include <linux/if_arp.h>

#define PAIR(a, b)                                                  \
    "ip link add " a " type veth peer name " b " && ip link set " a \
    " up && ip link set " b " up"

TEST(the_only_suitable_interface_is_picked)
{
    static const struct {
        const char *name, *prepare;
        lp_err err;
        const char *says; /* the name picked, or parts of the sentence */
        const char *says_too;
    } rows[] = {
        {"nothing but loopback", "true", LP_ERR_NOT_FOUND, "lo (loopback)",
         "--interface"},
        {"one of a pair, the other in a bridge",
         PAIR("eth0",
              "port0") " && ip link add br0 type bridge && ip link set br0 up && "
                       "ip link set port0 master br0",
         LP_OK, "eth0", ""},
        {"both ends of a pair", PAIR("eth0", "eth1"), LP_ERR_IN_USE, "eth0", "eth1"},
        {"no cable", PAIR("eth0", "eth1") " && ip link set eth1 down", LP_ERR_NOT_FOUND,
         "eth0 (no cable)", "eth1 (down)"},
        {"virtual ones",
         "ip tuntap add mode tap name tap0 && ip link set tap0 up && "
         "ip tuntap add mode tun name tun0 && ip link set tun0 up && "
         "ip link add br0 type bridge && ip link set br0 up",
         LP_ERR_NOT_FOUND, "tun0 (not Ethernet)", "br0 ("},
    };
    EACH_ROW (row, rows) {
        char name[LP_LAN_NAME_LEN] = "";
        lp_why why = {""};
        enter_new_network();
        CHECK(sh("%s", row->prepare));
        CHECK_EQ(lp_lan_pick(name, &why), row->err);
        CHECK_HAS(row->err ? why.text : name, row->says);
        CHECK_HAS(row->err ? why.text : name, row->says_too);
    }
}

#define SOUND .hardware = ARPHRD_ETHER, .is_up = true, .has_carrier = true

/* G-004 to G-006 */
TEST(each_trap_is_seen_and_named)
{
    static const struct {
        const char *name;
        lp_link link;
        lp_lan_trap trap;
        lp_err err;
        const char *says;
    } rows[] = {
        {"a card", {.name = "no0", SOUND}, LP_LAN_SOUND, LP_OK, ""},
        {"a bridge", {.name = "no0", SOUND, .kind = "bridge"}, LP_LAN_SOUND, LP_OK, ""},
        {"in a VRF",
         {.name = "no0", SOUND, .master = "blue", .master_kind = "vrf"},
         LP_LAN_SOUND,
         LP_OK,
         ""},
        {"loopback",
         {.name = "no0", SOUND, .is_loopback = true},
         LP_LAN_LOOPBACK,
         LP_ERR_UNSUPPORTED,
         "loopback"},
        {"InfiniBand",
         {.name = "no0",
          .hardware = ARPHRD_INFINIBAND,
          .is_up = true,
          .has_carrier = true},
         LP_LAN_NOT_ETHERNET,
         LP_ERR_UNSUPPORTED,
         "not an Ethernet"},
        {"bridge port",
         {.name = "no0", SOUND, .master = "vmbr0", .master_kind = "bridge"},
         LP_LAN_BRIDGE_PORT,
         LP_ERR_UNSUPPORTED,
         "name vmbr0 instead"},
        {"bridge port whose bridge cannot be seen",
         {.name = "no0", SOUND, .master_kind = "bridge"},
         LP_LAN_BRIDGE_PORT,
         LP_ERR_UNSUPPORTED,
         "its master"},
        {"bond member",
         {.name = "no0", SOUND, .master = "bond0", .master_kind = "bond"},
         LP_LAN_BOND_MEMBER,
         LP_ERR_UNSUPPORTED,
         "name bond0 instead"},
        {"team member",
         {.name = "no0", SOUND, .master = "team0", .master_kind = "team"},
         LP_LAN_BOND_MEMBER,
         LP_ERR_UNSUPPORTED,
         "name team0 instead"},
        {"down",
         {.name = "no0", .hardware = ARPHRD_ETHER},
         LP_LAN_DOWN,
         LP_ERR_IO,
         "ip link set no0 up"},
        {"no cable",
         {.name = "no0", .hardware = ARPHRD_ETHER, .is_up = true},
         LP_LAN_NO_CARRIER,
         LP_ERR_IO,
         "cable"},
    };
    EACH_ROW (row, rows) {
        lp_why why = {""};
        CHECK_EQ(lp_lan_trap_of(&row->link), row->trap);
        CHECK_EQ(lp_lan_explain(row->trap, &row->link, &why), row->err);
        CHECK_HAS(why.text, row->says);
    }
}

TEST(a_machine_with_many_interfaces_gets_a_sentence_that_fits)
{
    char name[LP_LAN_NAME_LEN];
    lp_why why;
    enter_new_network();
    CHECK(sh(
        "for i in $(seq 100); do echo link add name a-long-name-$i type bridge; done "
        "| ip -batch -"));
    CHECK_EQ(lp_lan_pick(name, &why), LP_ERR_NOT_FOUND);
    CHECK_HAS(why.text, "a-long-name-1 (");
    CHECK_HAS(why.text, "--interface");
}

TEST(running_out_of_memory_is_told)
{
    char name[LP_LAN_NAME_LEN];
    lp_why why;
    lp_test_fail_allocation(1);
    CHECK_EQ(lp_lan_pick(name, &why), LP_ERR_NO_MEMORY);
    CHECK(lp_test_allocation_failed());
}
