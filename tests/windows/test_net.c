/* With the machine of machine.h for Windows' own: see iphlpapi.c and netlist.c. */
#include <winsock2.h>
#include <ws2ipdef.h>

#include <iphlpapi.h>
#include <netioapi.h>
#include <ws2tcpip.h>

#include "folder.h"
#include "os/files.h"
#include "os/net.h"
#include "os/windows/journal.h"

#include "machine.h" /* its `now` would stand in the way of theirs */

#define WAIT_MS 5000
#define POLL_MS 10

static lp_net *net;
static lp_why why;

static lp_addr addr(const char *ip)
{
    lp_addr out = {0};
    CHECK_EQ(lp_addr_read_ip(ip, 0, &out), LP_OK);
    return out;
}

static const char *ip_text(const lp_addr *of)
{
    static char text[LP_ADDR_TEXT_LEN];
    return lp_addr_write_ip(of, text);
}

/* Where it is claimed once it stays, and a folder with an open file in it would, too. */
static void claim_elsewhere(void)
{
    char base[MAX_PATH];
    GetTempPathA(sizeof base, base);
    SetEnvironmentVariableA("ProgramData", base);
    SetEnvironmentVariableA("LOCALAPPDATA", base);
    CHECK_EQ(lp_journal_claim(&why), LP_OK);
}

static void begin(void)
{
    claim_elsewhere();
    new_folder();
    SetEnvironmentVariableA("ProgramData", folder);
    SetEnvironmentVariableA("LOCALAPPDATA", folder);
    SetEnvironmentVariableA("LP_CALLS", in_folder("calls"));
    SetEnvironmentVariableA("LP_SOURCE", "192.0.2.7");
    SetEnvironmentVariableA("LP_FAIL", NULL);
    HANDLE lock = lock_machine();
    begin_machine();
    unlock_machine(lock, TRUE);
    CHECK_EQ(lp_net_open(&net, &why), LP_OK);
}

static void with_route(const char *prefix, UCHAR len, const char *hop,
                       NET_IFINDEX index, ULONG metric)
{
    HANDLE lock = lock_machine();
    put_route(prefix, len, hop, index, metric);
    unlock_machine(lock, TRUE);
}

static void with_cable(NET_IFINDEX index, BOOL is_in)
{
    HANDLE lock = lock_machine();
    interface_of(index)->ip[0].Connected = is_in;
    unlock_machine(lock, TRUE);
}

static void with_address(NET_IFINDEX index, const char *ip, UCHAR len,
                         NL_DAD_STATE state)
{
    HANDLE lock = lock_machine();
    MIB_UNICASTIPADDRESS_ROW *row = &now.addresses[now.address_count++];
    *row = (MIB_UNICASTIPADDRESS_ROW){.Address = name_of(ip),
                                      .InterfaceIndex = index,
                                      .InterfaceLuid = luid_of(index),
                                      .OnLinkPrefixLength = len,
                                      .DadState = state};
    unlock_machine(lock, TRUE);
}

static const char *calls(void)
{
    static char text[8192];
    lp_file_content content = {0};
    text[0] = '\0';
    if (lp_file_read(in_folder("calls"), sizeof text - 1, &content, &why) == LP_OK)
        snprintf(text, sizeof text, "%s", (const char *)content.at);
    lp_file_content_fini(&content);
    return text;
}

/* --- looking up ------------------------------------------------------------------- */

/* W-013 */
TEST(the_way_to_an_address_is_found)
{
    static const struct {
        const char *name, *to, *gateway, *prefix;
        unsigned ifindex, prefix_len;
        uint32_t metric;
    } rows[] = {
        {"by the default route", "8.8.8.8", WIRE_GATEWAY, "0.0.0.0", WIRE, 0, 25},
        {"on the link", "10.73.42.9", "none", "10.73.42.0", ADAPTER, 24, 281},
        {"a longer prefix", "10.73.42.200", "10.73.42.1", "10.73.42.128", ADAPTER, 25,
         27},
    };
    begin();
    with_route("10.73.42.0", 24, "0.0.0.0", ADAPTER, 256);
    with_route("10.73.42.128", 25, "10.73.42.1", ADAPTER, 2);
    EACH_ROW (row, rows) {
        lp_route route = {0};
        lp_addr to = addr(row->to);
        CHECK_EQ(lp_net_route_to(net, &to, &route), LP_OK);
        CHECK_EQ(route.ifindex, row->ifindex);
        CHECK_EQ(route.luid, lp_net_luid(row->ifindex));
        CHECK_STR(ip_text(&route.source), "192.0.2.7");
        CHECK_STR(ip_text(&route.gateway), row->gateway);
        CHECK_STR(ip_text(&route.prefix), row->prefix);
        CHECK_EQ(route.prefix_len, row->prefix_len);
        CHECK_EQ(route.metric, row->metric);
    }
    lp_route none;
    lp_addr six = addr("2001:db8::1");
    CHECK_EQ(lp_net_route_to(net, &six, &none), LP_ERR_NOT_FOUND);
    lp_net_close(net);
}

/* W-014, W-016 */
TEST(the_way_around_the_tunnel_is_the_best_of_the_others)
{
    lp_addr relay = addr("198.51.100.10");
    lp_route way, party = {.ifindex = ADAPTER, .gateway = addr("10.73.42.1")};
    begin();
    with_route("198.51.100.0", 24, "10.73.42.1", ADAPTER, 0);
    CHECK_EQ(lp_net_way_around(net, &relay, ADAPTER, &way), LP_OK);
    CHECK_EQ(way.ifindex, WIRE);
    CHECK_STR(ip_text(&way.gateway), WIRE_GATEWAY);

    CHECK_EQ(lp_net_pin(net, &relay, &way, &why), LP_OK);
    with_route("0.0.0.0", 0, "172.20.10.1", WIFI, 0);
    CHECK_EQ(lp_net_way_around(net, &relay, ADAPTER, &way), LP_OK);
    CHECK_EQ(way.ifindex, WIRE); /* nothing is in reach of Wi-Fi */
    CHECK_EQ(way.prefix_len, 0); /* and our own pin is not looked at */
    with_cable(WIFI, TRUE);
    with_cable(WIRE, FALSE);
    CHECK_EQ(lp_net_way_around(net, &relay, ADAPTER, &way), LP_OK);
    CHECK_EQ(way.ifindex, WIFI);
    with_cable(WIFI, FALSE);
    CHECK_EQ(lp_net_way_around(net, &relay, ADAPTER, &way), LP_ERR_NOT_FOUND);
    CHECK_EQ(lp_net_pin(net, &relay, &party, &why), LP_OK);
    lp_net_close(net);
}

/* --- pinning ---------------------------------------------------------------------- */

TEST(a_pin_moves_and_goes_with_the_net)
{
    lp_addr relay = addr("198.51.100.10");
    lp_route one = {.ifindex = WIRE, .gateway = addr(WIRE_GATEWAY)};
    lp_route two = {.ifindex = WIFI, .gateway = addr("172.20.10.1")};
    begin();
    CHECK_EQ(lp_net_pin(net, &relay, &one, &why), LP_OK);
    CHECK_EQ(lp_net_pin(net, &relay, &two, &why), LP_OK);
    lp_net_close(net);
    CHECK_HAS(
        calls(),
        "CreateIpForwardEntry2 198.51.100.10/32 via 192.0.2.254 if=5 metric=0 -> 0\n"
        "DeleteIpForwardEntry2 198.51.100.10/32 via 192.0.2.254 if=5 metric=0 -> "
        "0\n"
        "- GetIpForwardEntry2 198.51.100.10/32 via 172.20.10.1 if=6 metric=0 -> "
        "1168\n"
        "CreateIpForwardEntry2 198.51.100.10/32 via 172.20.10.1 if=6 metric=0 -> "
        "0\n"
        "DeleteIpForwardEntry2 198.51.100.10/32 via 172.20.10.1 if=6 metric=0 -> "
        "0\n");
}

/* W-015 */
TEST(someone_elses_route_is_used_and_never_removed)
{
    lp_addr relay = addr("198.51.100.10");
    lp_route along = {.ifindex = WIRE, .gateway = addr(WIRE_GATEWAY)};
    begin();
    with_route("198.51.100.10", 32, WIRE_GATEWAY, WIRE, 3);
    CHECK_EQ(lp_net_pin(net, &relay, &along, &why), LP_ERR_IN_USE);
    lp_net_unpin(net, &relay);
    lp_net_close(net);
    CHECK(!strstr(calls(), "CreateIp"));
    CHECK(!strstr(calls(), "DeleteIp"));
}

TEST(a_pin_is_written_down_before_it_is_made)
{
    lp_addr relay = addr("198.51.100.10");
    lp_route along = {.ifindex = WIRE, .gateway = addr(WIRE_GATEWAY)};
    begin();
    /* Where the journal should be, a folder is: nothing can be noted, nothing is done. */
    CreateDirectoryA(in_folder("softlan"), NULL);
    CreateDirectoryA(in_folder("softlan\\undo.journal"), NULL);
    CHECK(lp_net_pin(net, &relay, &along, &why) != LP_OK);
    CHECK(!strstr(calls(), "CreateIp"));
    lp_net_close(net);
}

TEST(what_a_killed_run_pinned_is_removed_and_what_cannot_be_stays_written)
{
    static const lp_undo pin = {
        .kind = LP_UNDO_ROUTE,
        .luid = (uint64_t)6 << 48 | (uint64_t)WIRE << 24,
        .destination = {.family = 4, .ip = {198, 51, 100, 10}},
        .gateway = {.family = 4, .ip = {192, 0, 2, 254}},
    };
    size_t restored;
    begin();
    CHECK_EQ(lp_journal_note(&pin, &why), LP_OK);
    with_route("198.51.100.10", 32, WIRE_GATEWAY, WIRE, 0);
    SetEnvironmentVariableA("LP_FAIL", "DeleteIpForwardEntry2:*");
    CHECK_EQ(lp_net_repair(net, &restored, &why), LP_ERR_IO);
    CHECK_EQ(restored, 0);
    CHECK_HAS(why.text, "1 changes");
    SetEnvironmentVariableA("LP_FAIL", NULL);
    CHECK_EQ(lp_net_repair(net, &restored, &why), LP_OK);
    CHECK_EQ(restored, 1);
    CHECK_EQ(lp_net_repair(net, &restored, &why), LP_OK);
    CHECK_EQ(restored, 0);
    lp_net_close(net);
}

/* An adapter that is gone took what was changed on it along. */
TEST(what_was_changed_on_an_adapter_that_is_gone_is_forgotten)
{
    static const lp_undo lost[] = {
        {.kind = LP_UNDO_INTERFACE, .luid = 99u << 24, .ip_version = 4, .mtu = 1500},
        {.kind = LP_UNDO_ROUTE,
         .luid = 99u << 24,
         .destination = {.family = 4, .ip = {198, 51, 100, 10}}},
        {.kind = LP_UNDO_PROFILE, .network = "{0A5E10C0-0000-4000-8000-000000000099}"},
    };
    size_t restored;
    begin();
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
        CHECK_EQ(lp_journal_note(&lost[i], &why), LP_OK);
    CHECK_EQ(lp_net_repair(net, &restored, &why), LP_OK);
    CHECK_EQ(restored, 3);
    lp_net_close(net);
}

/* --- default routes, broadcasts --------------------------------------------------- */

TEST(default_routes_of_the_adapter_go_and_all_others_stay)
{
    begin();
    with_route("0.0.0.0", 0, "10.73.42.1", ADAPTER, 0);
    with_route("128.0.0.0", 1, "10.73.42.1", ADAPTER, 0);
    with_route("::", 0, "fe80::1", ADAPTER, 0);
    with_route("224.0.0.0", 4, "0.0.0.0", ADAPTER, 256);
    with_route("10.73.42.0", 24, "0.0.0.0", ADAPTER, 256);
    CHECK(lp_net_takes_defaults(net, ADAPTER));
    CHECK_EQ(lp_net_drop_defaults(net, ADAPTER), 3);
    CHECK_EQ(lp_net_drop_defaults(net, ADAPTER), 0);
    lp_net_close(net);
}

TEST(broadcasts_leave_by_the_lowest_metric)
{
    static const struct {
        const char *name;
        ULONG metric;
        const char *says;
    } rows[] = {
        {"the only one", 0, "Ethernet"},
        {"one of a higher metric", 300, "Ethernet"},
        {"one of a lower metric", 255, "LAN party"},
    };
    char name[LP_NET_NAME_LEN];
    unsigned ifindex;
    EACH_ROW (row, rows) {
        begin();
        if (row->metric)
            with_route("255.255.255.255", 32, "0.0.0.0", ADAPTER, row->metric);
        CHECK_EQ(lp_net_broadcasts_leave_by(net, &ifindex, name), LP_OK);
        CHECK_STR(name, row->says);
        lp_net_close(net);
    }
}

/* --- addresses -------------------------------------------------------------------- */

TEST(the_address_a_person_would_name_is_shown)
{
    static const struct {
        const char *name, *add;
        UCHAR len;
        NL_DAD_STATE state;
        const char *want;
    } rows[] = {
        {"one that is not in use yet", "10.73.42.9", 24, IpDadStateTentative, "none"},
        {"IPv6 link-local only", "fe80::7", 64, IpDadStatePreferred, "fe80::7"},
        {"IPv4 link-local beats it", "169.254.3.4", 16, IpDadStatePreferred,
         "169.254.3.4"},
        {"a lease beats all", "10.73.42.51", 24, IpDadStatePreferred, "10.73.42.51"},
    };
    begin();
    EACH_ROW (row, rows) {
        lp_addr found = {0};
        unsigned prefix_len;
        with_address(ADAPTER, row->add, row->len, row->state);
        lp_err err = lp_net_address_of(net, ADAPTER, &found, &prefix_len);
        CHECK_EQ(err, found.family ? LP_OK : LP_ERR_NOT_FOUND);
        CHECK_STR(ip_text(&found), row->want);
    }
    lp_net_close(net);
}

/* W-033 */
TEST(an_overlap_is_told_by_the_name_that_people_see)
{
    char name[LP_NET_NAME_LEN];
    begin();
    with_address(ADAPTER, "192.168.1.51", 24, IpDadStatePreferred);
    lp_net_overlap(net, ADAPTER, name);
    CHECK_STR(name, "");
    with_address(WIFI, "192.168.1.5", 24, IpDadStatePreferred);
    lp_net_overlap(net, ADAPTER, name);
    CHECK_STR(name, "Wi-Fi");
    lp_net_close(net);
}

/* --- what takes its time ---------------------------------------------------------- */

static bool wait_for_note(lp_net_note *out)
{
    for (int waited = 0; waited < WAIT_MS; waited += POLL_MS) {
        if (lp_net_next_note(net, out))
            return true;
        Sleep(POLL_MS);
    }
    return false;
}

TEST(a_lease_is_asked_for_where_the_adapter_uses_dhcp)
{
    lp_net_note note;
    begin();
    CHECK_EQ(lp_net_renew(net, ADAPTER, &why), LP_OK);
    CHECK(wait_for_note(&note));
    CHECK_EQ(note.what, LP_NET_RENEWED);
    CHECK_EQ(note.err, LP_OK);
    CHECK_HAS(calls(), "IpRenewAddress if=42 -> 0\n");

    SetEnvironmentVariableA("LP_FAIL", "IpRenewAddress:*");
    CHECK_EQ(lp_net_renew(net, ADAPTER, &why), LP_OK);
    CHECK(wait_for_note(&note));
    CHECK(note.err != LP_OK);
    CHECK_HAS(note.why.text, "is the gateway in the room");

    HANDLE lock = lock_machine();
    interface_of(ADAPTER)->has_dhcp = FALSE;
    unlock_machine(lock, TRUE);
    CHECK_EQ(lp_net_renew(net, ADAPTER, &why), LP_ERR_UNSUPPORTED);
    CHECK_HAS(why.text, "set by hand");
    CHECK_EQ(lp_net_renew(net, 99, &why), LP_ERR_NOT_FOUND);
    lp_net_close(net);
}

#define NETWORK_LIST \
    "Software\\Classes\\CLSID\\{DCB00C01-570F-4A9B-8D69-199FDBA5723B}\\InprocServer32"

/* netlist.dll is beside this program. */
static void enroll_networks(void)
{
    char path[MAX_PATH];
    GetModuleFileNameA(NULL, path, sizeof path);
    snprintf(strrchr(path, '\\'), 16, "\\netlist.dll");
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, NETWORK_LIST, NULL, REG_SZ, path,
                    (DWORD)strlen(path) + 1);
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, NETWORK_LIST, "ThreadingModel", REG_SZ, "Both",
                    5);
}

static LONG category(void)
{
    HANDLE lock = lock_machine();
    LONG is = now.category;
    unlock_machine(lock, FALSE);
    return is;
}

static void set_category(LONG to)
{
    HANDLE lock = lock_machine();
    now.category = to;
    unlock_machine(lock, TRUE);
}

TEST(a_public_network_is_made_private_and_given_back)
{
    static const struct {
        const char *name;
        LONG before, meanwhile, after;
    } rows[] = {
        {"public", 0, 1, 0},
        {"private already", 1, 1, 1},
        {"a domain's", 2, 2, 2},
        {"gone meanwhile", 0, -1, -1},
    };
    lp_net_note note;
    enroll_networks();
    EACH_ROW (row, rows) {
        begin();
        set_category(row->before);
        lp_net_trust(net, ADAPTER);
        CHECK(wait_for_note(&note));
        CHECK_EQ(note.what, LP_NET_TRUSTED);
        CHECK_EQ(note.err, LP_OK);
        CHECK_EQ(category(), row->meanwhile < 0 ? 1 : row->meanwhile);
        set_category(row->meanwhile);
        lp_net_distrust(net, LP_SECONDS(3));
        CHECK_EQ(category(), row->after);
        size_t restored;
        CHECK_EQ(lp_net_repair(net, &restored, &why), LP_OK);
        CHECK_EQ(restored, 0);
        lp_net_close(net);
    }
}

TEST(a_network_that_must_not_be_private_is_told)
{
    lp_net_note note;
    begin();
    enroll_networks();
    SetEnvironmentVariableA("LP_DENIED", "1");
    lp_net_trust(net, ADAPTER);
    CHECK(wait_for_note(&note));
    CHECK_EQ(note.err, LP_ERR_DENIED);
    CHECK_HAS(note.why.text, "private");
    SetEnvironmentVariableA("LP_DENIED", NULL);
    CHECK_EQ(category(), 0);
    lp_net_close(net);
    CHECK_EQ(category(), 0);
}

/* --- what a person reads ---------------------------------------------------------- */

/* W-021 */
TEST(a_report_names_adapters_addresses_and_routes)
{
    static const struct {
        const char *name, *line;
    } rows[] = {
        {"an adapter", "LAN party (of the doubles)\n    index 42, LUID 600002a000000"},
        {"its metrics", "    IPv4: metric 25 (automatic), MTU 1500\n"},
        {"no cable", "    IPv6: metric 25 (automatic), MTU 1500, no cable\n"},
        {"its address", "    address 10.73.42.51/24\n"},
        {"a route", "\n0.0.0.0/0 by 192.0.2.254 on Ethernet metric 0+25\n"},
        {"on the link", "\n255.255.255.255/32 directly on Ethernet metric 256+25\n"},
    };
    static char text[LP_NET_TEXT_MAX];
    begin();
    with_address(ADAPTER, "10.73.42.51", 24, IpDadStatePreferred);
    CHECK_EQ(lp_net_describe(net, text, sizeof text), strlen(text));
    EACH_ROW (row, rows)
        CHECK_HAS(text, row->line);
    CHECK(lp_net_describe(net, text, 60) < 60);
    lp_net_close(net);
}
