#include "os/net.h"

#include "os/sockaddr.h"
#include "os/windows/errors.h"
#include "os/windows/journal.h"
#include "os/windows/text.h"
#include "os/windows/wake.h"
#include "os/windows/winsock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <iphlpapi.h>
#include <netioapi.h>

#define WIDEST_PREFIX 8
#define MAX_PINS      8 /* the relay, and 255.255.255.255; room for more */
#define MAX_SUBNETS   64

struct lp_net {
    lp_wake *wake;
    atomic_bool has_changed;
    HANDLE routes, addresses, interfaces; /* what tells us; NULL: nobody does */
    lp_journal_entry pins[MAX_PINS];
    size_t pin_count;
};

/* --- watching --------------------------------------------------------------------- */

static void ring(lp_net *net)
{
    atomic_store(&net->has_changed, true);
    lp_wake_ring(net->wake);
}

static void CALLBACK on_route(void *net, MIB_IPFORWARD_ROW2 *row,
                              MIB_NOTIFICATION_TYPE kind)
{
    ring(net);
}

static void CALLBACK on_address(void *net, MIB_UNICASTIPADDRESS_ROW *row,
                                MIB_NOTIFICATION_TYPE kind)
{
    ring(net);
}

static void CALLBACK on_interface(void *net, MIB_IPINTERFACE_ROW *row,
                                  MIB_NOTIFICATION_TYPE kind)
{
    ring(net);
}

lp_err lp_net_open(lp_net **out_net, lp_why *why)
{
    lp_net *net = calloc(1, sizeof *net);
    if (!net)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    lp_err err = lp_wake_open(&net->wake, why);
    if (err) {
        lp_net_close(net);
        return err;
    }
    /* Whoever needs the news looks by himself now and then, too. */
    NotifyRouteChange2(AF_UNSPEC, on_route, net, FALSE, &net->routes);
    NotifyUnicastIpAddressChange(AF_UNSPEC, on_address, net, FALSE, &net->addresses);
    NotifyIpInterfaceChange(AF_UNSPEC, on_interface, net, FALSE, &net->interfaces);
    *out_net = net;
    return LP_OK;
}

void lp_net_close(lp_net *net)
{
    if (!net)
        return;
    HANDLE *told[] = {&net->routes, &net->addresses, &net->interfaces};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (*told[i])
            CancelMibChangeNotify2(*told[i]); /* waits for its last call */
    while (net->pin_count > 0)
        lp_net_unpin(net, &net->pins[0].destination);
    lp_wake_close(net->wake);
    free(net);
}

lp_fd lp_net_fd(const lp_net *net)
{
    return lp_wake_fd(net->wake);
}

bool lp_net_changed(lp_net *net)
{
    lp_wake_clear(net->wake);
    return atomic_exchange(&net->has_changed, false);
}

/* --- routes ----------------------------------------------------------------------- */

static SOCKADDR_INET socket_name(const lp_addr *addr)
{
    struct sockaddr_storage name = {0};
    SOCKADDR_INET out = {0};
    lp_sockaddr_write(addr, addr->family == 4 ? AF_INET : AF_INET6, &name);
    memcpy(&out, &name, sizeof out);
    return out;
}

static lp_addr address_in(const SOCKADDR_INET *name)
{
    return lp_sockaddr_read((const struct sockaddr *)name);
}

lp_err lp_net_route_to(lp_net *net, const lp_addr *destination, lp_route *out_route)
{
    SOCKADDR_INET to = socket_name(destination), from;
    MIB_IPFORWARD_ROW2 row;
    if (GetBestRoute2(NULL, 0, NULL, &to, 0, &row, &from) != NO_ERROR)
        return LP_ERR_NOT_FOUND;
    *out_route = (lp_route){.ifindex = row.InterfaceIndex,
                            .source = address_in(&from),
                            .gateway = address_in(&row.NextHop),
                            .metric = row.Metric};
    if (lp_addr_is_any(&out_route->gateway))
        out_route->gateway = (lp_addr){0};
    return LP_OK;
}

static bool is_wide_unicast(const MIB_IPFORWARD_ROW2 *row)
{
    lp_addr prefix = address_in(&row->DestinationPrefix.Prefix);
    bool is_multicast = prefix.family == 4 ? prefix.ip[0] >= 224 : prefix.ip[0] == 0xff;
    return row->DestinationPrefix.PrefixLength < WIDEST_PREFIX && !is_multicast;
}

size_t lp_net_drop_defaults(lp_net *net, unsigned ifindex)
{
    MIB_IPFORWARD_TABLE2 *table;
    size_t dropped = 0;
    if (GetIpForwardTable2(AF_UNSPEC, &table) != NO_ERROR)
        return 0;
    for (ULONG i = 0; i < table->NumEntries; i++) {
        const MIB_IPFORWARD_ROW2 *row = &table->Table[i];
        if (row->InterfaceIndex == ifindex && is_wide_unicast(row))
            dropped += DeleteIpForwardEntry2(row) == NO_ERROR;
    }
    FreeMibTable(table);
    return dropped;
}

/* --- host routes ------------------------------------------------------------------ */

static MIB_IPFORWARD_ROW2 host_route(const lp_journal_entry *entry)
{
    MIB_IPFORWARD_ROW2 row;
    const lp_addr nowhere = {.family = entry->destination.family};
    InitializeIpForwardEntry(&row);
    row.InterfaceLuid.Value = entry->luid;
    row.DestinationPrefix.Prefix = socket_name(&entry->destination);
    row.DestinationPrefix.PrefixLength = entry->destination.family == 4 ? 32 : 128;
    row.NextHop = socket_name(entry->gateway.family ? &entry->gateway : &nowhere);
    row.Metric = 0;
    return row;
}

lp_err lp_net_pin(lp_net *net, const lp_addr *destination, const lp_route *along,
                  lp_why *why)
{
    char name[LP_ADDR_TEXT_LEN], text[LP_WINDOWS_TEXT_LEN];
    NET_LUID luid = {0};
    ConvertInterfaceIndexToLuid(along->ifindex, &luid);
    lp_journal_entry entry = {.kind = LP_JOURNAL_ROUTE,
                              .luid = luid.Value,
                              .destination = *destination,
                              .gateway = along->gateway};
    entry.destination.port = entry.gateway.port = 0;
    MIB_IPFORWARD_ROW2 row = host_route(&entry), found = row;
    if (GetIpForwardEntry2(&found) == NO_ERROR)
        return lp_explain(why, LP_ERR_IN_USE, "there is such a route already");
    if (net->pin_count == MAX_PINS)
        return lp_explain(why, LP_ERR_FULL, "too many routes are pinned already");
    lp_err err = lp_journal_note(&entry, why);
    if (err)
        return err;
    DWORD error = CreateIpForwardEntry2(&row);
    if (error == NO_ERROR) {
        net->pins[net->pin_count++] = entry;
        return LP_OK;
    }
    lp_journal_strike(&entry);
    if (error == ERROR_OBJECT_ALREADY_EXISTS)
        return lp_explain(why, LP_ERR_IN_USE, "there is such a route already");
    return lp_explain(why, lp_err_of_windows(error), "cannot add a route to %s: %s",
                      lp_addr_write_ip(destination, name),
                      lp_windows_text(error, text));
}

bool lp_journal_undo_route(const lp_journal_entry *entry)
{
    MIB_IPFORWARD_ROW2 row = host_route(entry);
    DWORD error = DeleteIpForwardEntry2(&row);
    return error == NO_ERROR || error == ERROR_NOT_FOUND ||
           error == ERROR_FILE_NOT_FOUND;
}

void lp_net_unpin(lp_net *net, const lp_addr *destination)
{
    size_t at = 0;
    while (at < net->pin_count &&
           !lp_addr_same_ip(&net->pins[at].destination, destination))
        at++;
    if (at == net->pin_count)
        return;
    if (lp_journal_undo_route(&net->pins[at]))
        lp_journal_strike(&net->pins[at]);
    net->pins[at] = net->pins[--net->pin_count];
}

size_t lp_net_unpin_stale(lp_net *net)
{
    lp_why ignored;
    /* Where another one runs, it is its journal. */
    return lp_journal_claim(&ignored) == LP_OK ? lp_journal_undo_all() : 0;
}

/* --- addresses -------------------------------------------------------------------- */

typedef struct subnet {
    lp_addr addr;
    unsigned prefix_len, ifindex;
} subnet;

/* Those that are usable, of both versions. How many. */
static size_t read_subnets(subnet out[MAX_SUBNETS])
{
    MIB_UNICASTIPADDRESS_TABLE *table;
    size_t count = 0;
    if (GetUnicastIpAddressTable(AF_UNSPEC, &table) != NO_ERROR)
        return 0;
    for (ULONG i = 0; i < table->NumEntries && count < MAX_SUBNETS; i++) {
        const MIB_UNICASTIPADDRESS_ROW *row = &table->Table[i];
        if (row->DadState == IpDadStatePreferred ||
            row->DadState == IpDadStateDeprecated)
            out[count++] = (subnet){address_in(&row->Address), row->OnLinkPrefixLength,
                                    row->InterfaceIndex};
    }
    FreeMibTable(table);
    return count;
}

/* D-003: the address that a person would name; higher is better. */
static int rank(const lp_addr *addr)
{
    bool link_local4 = addr->ip[0] == 169 && addr->ip[1] == 254;
    bool link_local6 = addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80;
    if (addr->family == 4)
        return link_local4 ? 2 : 4;
    return link_local6 ? 1 : 3;
}

lp_err lp_net_address_of(lp_net *net, unsigned ifindex, lp_addr *out_addr,
                         unsigned *out_prefix_len)
{
    subnet found[MAX_SUBNETS];
    size_t count = read_subnets(found);
    int best = 0;
    for (size_t i = 0; i < count; i++) {
        if (found[i].ifindex != ifindex || rank(&found[i].addr) <= best)
            continue;
        best = rank(&found[i].addr);
        *out_addr = found[i].addr;
        *out_prefix_len = found[i].prefix_len;
    }
    return best > 0 ? LP_OK : LP_ERR_NOT_FOUND;
}

static bool overlap(const subnet *a, const subnet *b)
{
    unsigned len = a->prefix_len < b->prefix_len ? a->prefix_len : b->prefix_len;
    if (a->addr.family != 4 || b->addr.family != 4 || len == 0 || len > 32)
        return false;
    uint32_t ip_a, ip_b;
    memcpy(&ip_a, a->addr.ip, 4);
    memcpy(&ip_b, b->addr.ip, 4);
    return (ntohl(ip_a) ^ ntohl(ip_b)) >> (32 - len) == 0;
}

static void name_of(unsigned ifindex, char out_name[16])
{
    NET_LUID luid;
    wchar_t wide[NDIS_IF_MAX_STRING_SIZE + 1];
    char name[4 * NDIS_IF_MAX_STRING_SIZE + 1];
    if (ConvertInterfaceIndexToLuid(ifindex, &luid) == NO_ERROR &&
        ConvertInterfaceLuidToAlias(&luid, wide, NDIS_IF_MAX_STRING_SIZE + 1) ==
            NO_ERROR &&
        lp_text_of_wide(wide, name, sizeof name))
        snprintf(out_name, 16, "%.15s", name);
    else
        snprintf(out_name, 16, "interface %u", ifindex % 10000);
}

void lp_net_overlap(lp_net *net, unsigned ifindex, char out_name[16])
{
    subnet found[MAX_SUBNETS];
    size_t count = read_subnets(found);
    out_name[0] = '\0';
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count && found[i].ifindex == ifindex; j++)
            if (found[j].ifindex != ifindex && overlap(&found[i], &found[j])) {
                name_of(found[j].ifindex, out_name);
                return;
            }
}
