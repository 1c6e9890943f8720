/*
 * Routes, as the tables of IP helper have them. What a route costs is its own metric and
 * its interface's together; the longest prefix comes first.
 */
#include "os/sockaddr.h"
#include "os/windows/errors.h"
#include "os/windows/journal.h"
#include "os/windows/net_internal.h"

#include <string.h>

#define WIDEST_PREFIX 8

SOCKADDR_INET lp_net_name_of(const lp_addr *addr)
{
    struct sockaddr_storage name = {0};
    SOCKADDR_INET out = {0};
    lp_sockaddr_write(addr, addr->family == 4 ? AF_INET : AF_INET6, &name);
    memcpy(&out, &name, sizeof out);
    return out;
}

/* A row names its interface by itself, so a scope would say nothing new. */
lp_addr lp_net_address_in(const SOCKADDR_INET *name)
{
    lp_addr addr = lp_sockaddr_read((const struct sockaddr *)name);
    addr.port = 0;
    addr.scope_id = 0;
    return addr;
}

bool lp_net_interface(NET_LUID luid, ADDRESS_FAMILY family, MIB_IPINTERFACE_ROW *out)
{
    InitializeIpInterfaceEntry(out);
    out->Family = family;
    out->InterfaceLuid = luid;
    return GetIpInterfaceEntry(out) == NO_ERROR;
}

/* --- looking up ------------------------------------------------------------------- */

static uint32_t metric_of(const MIB_IPFORWARD_ROW2 *row)
{
    MIB_IPINTERFACE_ROW iface;
    bool known = lp_net_interface(row->InterfaceLuid,
                                  row->DestinationPrefix.Prefix.si_family, &iface);
    return row->Metric + (known ? iface.Metric : 0);
}

static lp_route route_of(const MIB_IPFORWARD_ROW2 *row)
{
    lp_route route = {.ifindex = row->InterfaceIndex,
                      .luid = row->InterfaceLuid.Value,
                      .gateway = lp_net_address_in(&row->NextHop),
                      .prefix = lp_net_address_in(&row->DestinationPrefix.Prefix),
                      .prefix_len = row->DestinationPrefix.PrefixLength,
                      .metric = metric_of(row)};
    if (lp_addr_is_any(&route.gateway))
        route.gateway = (lp_addr){0};
    return route;
}

lp_err lp_net_route_to(lp_net *net, const lp_addr *destination, lp_route *out_route)
{
    SOCKADDR_INET to = lp_net_name_of(destination), from;
    MIB_IPFORWARD_ROW2 row;
    if (GetBestRoute2(NULL, 0, NULL, &to, 0, &row, &from) != NO_ERROR)
        return LP_ERR_NOT_FOUND;
    *out_route = route_of(&row);
    out_route->source = lp_sockaddr_read((const struct sockaddr *)&from);
    return LP_OK;
}

static bool holds(const MIB_IPFORWARD_ROW2 *row, const lp_addr *address)
{
    lp_addr prefix = lp_net_address_in(&row->DestinationPrefix.Prefix);
    unsigned bits = row->DestinationPrefix.PrefixLength;
    if (prefix.family != address->family || bits > (prefix.family == 4 ? 32u : 128u))
        return false;
    unsigned whole = bits / 8, rest = bits % 8;
    return memcmp(prefix.ip, address->ip, whole) == 0 &&
           (rest == 0 || (prefix.ip[whole] ^ address->ip[whole]) >> (8 - rest) == 0);
}

static bool is_pin(const lp_net *net, const lp_route *route)
{
    for (size_t i = 0; i < net->pin_count; i++) {
        const lp_undo *pin = &net->pins[i];
        if (pin->luid == route->luid &&
            lp_addr_same_ip(&pin->gateway, &route->gateway) &&
            lp_addr_same_ip(&pin->destination, &route->prefix) &&
            route->prefix_len == (route->prefix.family == 4 ? 32 : 128))
            return true;
    }
    return false;
}

static bool has_cable(const MIB_IPFORWARD_ROW2 *row)
{
    MIB_IPINTERFACE_ROW iface;
    return lp_net_interface(row->InterfaceLuid, row->DestinationPrefix.Prefix.si_family,
                            &iface) &&
           iface.Connected;
}

static bool is_better(const lp_route *a, const lp_route *b)
{
    if (!b->ifindex || a->prefix_len != b->prefix_len)
        return !b->ifindex || a->prefix_len > b->prefix_len;
    return a->metric < b->metric;
}

lp_err lp_net_way_around(lp_net *net, const lp_addr *destination, unsigned inside,
                         lp_route *out_route)
{
    MIB_IPFORWARD_TABLE2 *table;
    lp_route best = {0};
    if (GetIpForwardTable2(destination->family == 4 ? AF_INET : AF_INET6, &table) !=
        NO_ERROR)
        return LP_ERR_NOT_FOUND;
    for (ULONG i = 0; i < table->NumEntries; i++) {
        const MIB_IPFORWARD_ROW2 *row = &table->Table[i];
        if (row->InterfaceIndex == inside || !holds(row, destination))
            continue;
        lp_route route = route_of(row);
        if (!is_pin(net, &route) && is_better(&route, &best) && has_cable(row))
            best = route;
    }
    FreeMibTable(table);
    if (!best.ifindex)
        return LP_ERR_NOT_FOUND;
    *out_route = best;
    return LP_OK;
}

/* --- default routes --------------------------------------------------------------- */

static bool is_wide_unicast(const MIB_IPFORWARD_ROW2 *row)
{
    lp_addr prefix = lp_net_address_in(&row->DestinationPrefix.Prefix);
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

bool lp_net_takes_defaults(lp_net *net, unsigned ifindex)
{
    static const ADDRESS_FAMILY families[] = {AF_INET, AF_INET6};
    MIB_IPINTERFACE_ROW iface;
    NET_LUID luid;
    if (ConvertInterfaceIndexToLuid(ifindex, &luid) != NO_ERROR)
        return false;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (lp_net_interface(luid, families[i], &iface) && !iface.DisableDefaultRoutes)
            return true;
    return false;
}

/* --- host routes ------------------------------------------------------------------ */

/* Whatever the party's subnet is, Windows may hear of it before we see it: a lease can
 * arrive and take the relay's address into the tunnel between two looks. */
bool lp_net_always_pins(void)
{
    return true;
}

static MIB_IPFORWARD_ROW2 host_route(const lp_undo *entry)
{
    MIB_IPFORWARD_ROW2 row;
    const lp_addr nowhere = {.family = entry->destination.family};
    InitializeIpForwardEntry(&row);
    row.InterfaceLuid.Value = entry->luid;
    row.DestinationPrefix.Prefix = lp_net_name_of(&entry->destination);
    row.DestinationPrefix.PrefixLength = entry->destination.family == 4 ? 32 : 128;
    row.NextHop = lp_net_name_of(entry->gateway.family ? &entry->gateway : &nowhere);
    row.Metric = 0;
    return row;
}

/* Without port and scope, which a line of the journal does not have. */
static lp_addr bare(const lp_addr *addr)
{
    lp_addr out = *addr;
    out.port = 0;
    out.scope_id = 0;
    return out;
}

lp_err lp_net_pin(lp_net *net, const lp_addr *destination, const lp_route *along,
                  lp_why *why)
{
    char name[LP_ADDR_TEXT_LEN], text[LP_WINDOWS_TEXT_LEN];
    NET_LUID luid = {0};
    ConvertInterfaceIndexToLuid(along->ifindex, &luid);
    const lp_undo entry = {.kind = LP_UNDO_ROUTE,
                           .luid = luid.Value,
                           .destination = bare(destination),
                           .gateway = bare(&along->gateway)};
    lp_net_unpin(net, destination); /* ours may lead the way of yesterday */
    MIB_IPFORWARD_ROW2 row = host_route(&entry), found = row;
    if (GetIpForwardEntry2(&found) == NO_ERROR)
        return lp_explain(why, LP_ERR_IN_USE, "there is such a route already");
    if (net->pin_count == LP_NET_PINS_MAX)
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

/* True also where the interface is gone: Windows took its routes with it. */
bool lp_journal_undo_route(const lp_undo *entry)
{
    MIB_IPFORWARD_ROW2 row = host_route(entry);
    DWORD error = DeleteIpForwardEntry2(&row);
    return error == NO_ERROR || error == ERROR_NOT_FOUND ||
           error == ERROR_FILE_NOT_FOUND;
}

void lp_net_unpin(lp_net *net, const lp_addr *destination)
{
    const lp_addr wanted = bare(destination);
    size_t at = 0;
    while (at < net->pin_count && !lp_addr_same_ip(&net->pins[at].destination, &wanted))
        at++;
    if (at == net->pin_count)
        return;
    if (lp_journal_undo_route(&net->pins[at]))
        lp_journal_strike(&net->pins[at]);
    net->pins[at] = net->pins[--net->pin_count];
}

/* --- 255.255.255.255 -------------------------------------------------------------- */

/*
 * Every interface with an IPv4 address has a route of Windows' own to 255.255.255.255/32,
 * of metric 256, and such packets leave by the one that wins, as any others do (the README
 * of github.com/dechamps/WinIPBroadcast explains it at length). So the interface's metric
 * decides, and the adapter's is 1. One more route with the same destination, interface and
 * next hop cannot be made: ERROR_OBJECT_ALREADY_EXISTS.
 */
lp_err lp_net_broadcasts_leave_by(lp_net *net, unsigned *out_ifindex,
                                  char out_name[LP_NET_NAME_LEN])
{
    const lp_addr everyone = {.family = 4, .ip = {255, 255, 255, 255}};
    MIB_IPFORWARD_TABLE2 *table;
    lp_route best = {0};
    if (GetIpForwardTable2(AF_INET, &table) != NO_ERROR)
        return LP_ERR_NOT_FOUND;
    for (ULONG i = 0; i < table->NumEntries; i++) {
        const MIB_IPFORWARD_ROW2 *row = &table->Table[i];
        lp_route route = route_of(row);
        if (!row->Loopback && holds(row, &everyone) && is_better(&route, &best) &&
            has_cable(row))
            best = route;
    }
    FreeMibTable(table);
    if (!best.ifindex)
        return LP_ERR_NOT_FOUND;
    *out_ifindex = best.ifindex;
    lp_net_alias(best.ifindex, out_name);
    return LP_OK;
}

/* --- what a killed run left ------------------------------------------------------- */

lp_err lp_net_repair(lp_net *net, size_t *out_restored, lp_why *why)
{
    size_t left;
    *out_restored = 0;
    lp_err err = net->has_claim ? LP_OK : lp_journal_claim(why);
    if (err)
        return err;
    net->has_claim = true; /* until lp_net_close */
    *out_restored = lp_journal_undo_all(&left);
    if (left > 0)
        return lp_explain(
            why, LP_ERR_IO,
            "%zu changes that a killed run left cannot be given back now; "
            "start as administrator, or restart Windows and try again",
            left);
    return LP_OK;
}
