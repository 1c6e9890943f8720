/*
 * A stand-in for iphlpapi.dll, beside the program under test, with the machine of
 * machine.h: what Wine 8 has no answer for. It refuses what Windows documents to refuse
 * (learn.microsoft.com, netioapi.h), and says in LP_CALLS what it was asked (calls.h).
 *
 * LP_SOURCE is this machine's address.
 */
#include <winsock2.h>
#include <ws2ipdef.h>

#include <windows.h>

#include <iphlpapi.h>
#include <netioapi.h>
#include <ws2tcpip.h>

#include "machine.h"

#define EXPORT      __declspec(dllexport)
#define MAX_CALLS   32 /* names of calls */
#define LEAST_MTU_6 1280
#define DRIVER_MTU  1500

/* --- what is told ----------------------------------------------------------------- */

static int count_of(const char *name)
{
    static struct {
        const char *name;
        int count;
    } seen[MAX_CALLS];
    int at = 0;
    while (seen[at].name && strcmp(seen[at].name, name) != 0)
        at++;
    seen[at].name = name;
    return ++seen[at].count;
}

/* Within lock_machine, so that one line is one call. Returns what the call returns. */
static DWORD tell(DWORD result, const char *name, BOOL changes, const char *fmt, ...)
{
    static int all_changes;
    char line[256], what[200];
    va_list args;
    all_changes += changes;
    if (call_fails(name, count_of(name), changes ? all_changes : 0))
        result = ERROR_GEN_FAILURE;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    snprintf(line, sizeof line, "%s%s %s -> %lu\n", changes ? "" : "- ", name, what,
             result);
    call_note(line);
    return result;
}

/* --- interfaces ------------------------------------------------------------------- */

EXPORT void NETIOAPI_API_ InitializeIpInterfaceEntry(MIB_IPINTERFACE_ROW *row)
{
    memset(row, 0, sizeof *row);
}

static MIB_IPINTERFACE_ROW *find_interface(const MIB_IPINTERFACE_ROW *row,
                                           DWORD *out_error)
{
    BOOL is_named = row->InterfaceLuid.Value || row->InterfaceIndex;
    NET_IFINDEX index =
        row->InterfaceLuid.Value ? index_of(&row->InterfaceLuid) : row->InterfaceIndex;
    interface_now *found = interface_of(index);
    BOOL is_ip = row->Family == AF_INET || row->Family == AF_INET6;
    *out_error = !is_ip || !is_named ? ERROR_INVALID_PARAMETER
                 : !found            ? ERROR_FILE_NOT_FOUND
                                     : NO_ERROR;
    return *out_error ? NULL : &found->ip[row->Family == AF_INET6];
}

EXPORT DWORD NETIOAPI_API_ GetIpInterfaceEntry(MIB_IPINTERFACE_ROW *row)
{
    DWORD error;
    HANDLE lock = lock_machine();
    const MIB_IPINTERFACE_ROW *found = find_interface(row, &error);
    error = call_fails("GetIpInterfaceEntry", count_of("GetIpInterfaceEntry"), 0)
                ? ERROR_GEN_FAILURE
                : error;
    if (!error)
        *row = *found;
    unlock_machine(lock, FALSE);
    return error;
}

static DWORD check_interface(const MIB_IPINTERFACE_ROW *row)
{
    if (row->Family == AF_INET && row->SitePrefixLength != 0)
        return ERROR_INVALID_PARAMETER; /* as Windows does with what it said itself */
    if (row->SitePrefixLength > 128 || row->NlMtu > DRIVER_MTU ||
        (row->Family == AF_INET6 && row->NlMtu < LEAST_MTU_6))
        return ERROR_INVALID_PARAMETER;
    return NO_ERROR;
}

EXPORT DWORD NETIOAPI_API_ SetIpInterfaceEntry(MIB_IPINTERFACE_ROW *row)
{
    DWORD error;
    HANDLE lock = lock_machine();
    MIB_IPINTERFACE_ROW *found = find_interface(row, &error);
    if (!error)
        error = check_interface(row);
    error =
        tell(error, "SetIpInterfaceEntry", TRUE,
             "IPv%d if=%lu mtu=%lu metric=%lu automatic=%d no-defaults=%d",
             row->Family == AF_INET ? 4 : 6, index_of(&row->InterfaceLuid), row->NlMtu,
             row->Metric, row->UseAutomaticMetric, row->DisableDefaultRoutes);
    if (!error) {
        *found = *row;
        found->SitePrefixLength = 64;
        if (found->UseAutomaticMetric)
            found->Metric = 25;
    }
    unlock_machine(lock, !error);
    return error;
}

/* --- routes ----------------------------------------------------------------------- */

static BOOL is_same_ip(const SOCKADDR_INET *a, const SOCKADDR_INET *b)
{
    return a->si_family == b->si_family && strcmp(text_of(a), text_of(b)) == 0;
}

static BOOL is_same_prefix(const MIB_IPFORWARD_ROW2 *a, const MIB_IPFORWARD_ROW2 *b)
{
    return a->DestinationPrefix.PrefixLength == b->DestinationPrefix.PrefixLength &&
           is_same_ip(&a->DestinationPrefix.Prefix, &b->DestinationPrefix.Prefix) &&
           index_of(&a->InterfaceLuid) == index_of(&b->InterfaceLuid);
}

static ULONG find_route(const MIB_IPFORWARD_ROW2 *row)
{
    ULONG at = 0;
    while (at < now.route_count &&
           !(is_same_prefix(&now.routes[at], row) &&
             is_same_ip(&now.routes[at].NextHop, &row->NextHop)))
        at++;
    return at;
}

/* "An illegal value" of these means: as Windows likes. */
EXPORT void NETIOAPI_API_ InitializeIpForwardEntry(MIB_IPFORWARD_ROW2 *row)
{
    memset(row, 0, sizeof *row);
    row->ValidLifetime = row->PreferredLifetime = INFINITE;
    row->Loopback = row->AutoconfigureAddress = row->Immortal = TRUE;
    row->SitePrefixLength = 255;
    row->Metric = INFINITE;
    row->Protocol = MIB_IPPROTO_NETMGMT;
}

static DWORD check_route(const MIB_IPFORWARD_ROW2 *row)
{
    ADDRESS_FAMILY family = row->DestinationPrefix.Prefix.si_family;
    UCHAR max = family == AF_INET ? 32 : 128;
    if ((family != AF_INET && family != AF_INET6) || row->NextHop.si_family != family ||
        row->DestinationPrefix.PrefixLength > max ||
        (!row->InterfaceLuid.Value && !row->InterfaceIndex) ||
        row->PreferredLifetime > row->ValidLifetime)
        return ERROR_INVALID_PARAMETER;
    return interface_of(index_of(&row->InterfaceLuid)) ? NO_ERROR : ERROR_NOT_FOUND;
}

static DWORD tell_route(DWORD error, const char *name, BOOL changes,
                        const MIB_IPFORWARD_ROW2 *row)
{
    return tell(error, name, changes, "%s/%d via %s if=%lu metric=%ld",
                text_of(&row->DestinationPrefix.Prefix),
                row->DestinationPrefix.PrefixLength, text_of(&row->NextHop),
                index_of(&row->InterfaceLuid), (long)row->Metric);
}

EXPORT DWORD NETIOAPI_API_ GetIpForwardEntry2(MIB_IPFORWARD_ROW2 *row)
{
    HANDLE lock = lock_machine();
    ULONG at = find_route(row);
    DWORD error = tell_route(at == now.route_count ? ERROR_NOT_FOUND : NO_ERROR,
                             "GetIpForwardEntry2", FALSE, row);
    if (!error)
        *row = now.routes[at];
    unlock_machine(lock, FALSE);
    return error;
}

/* As documented: one route per destination and interface, whatever its next hop. */
EXPORT DWORD NETIOAPI_API_ CreateIpForwardEntry2(const MIB_IPFORWARD_ROW2 *row)
{
    HANDLE lock = lock_machine();
    DWORD error = check_route(row);
    for (ULONG i = 0; i < now.route_count && !error; i++)
        if (is_same_prefix(&now.routes[i], row))
            error = ERROR_OBJECT_ALREADY_EXISTS;
    if (now.route_count == MAX_ROUTES)
        error = ERROR_NOT_ENOUGH_MEMORY;
    error = tell_route(error, "CreateIpForwardEntry2", TRUE, row);
    if (!error) {
        MIB_IPFORWARD_ROW2 *added = &now.routes[now.route_count++];
        *added = *row;
        added->Loopback = FALSE;
        added->InterfaceIndex = index_of(&row->InterfaceLuid);
    }
    unlock_machine(lock, !error);
    return error;
}

EXPORT DWORD NETIOAPI_API_ DeleteIpForwardEntry2(const MIB_IPFORWARD_ROW2 *row)
{
    HANDLE lock = lock_machine();
    ULONG at = find_route(row);
    DWORD error = tell_route(at == now.route_count ? ERROR_NOT_FOUND : NO_ERROR,
                             "DeleteIpForwardEntry2", TRUE, row);
    if (!error)
        now.routes[at] = now.routes[--now.route_count];
    unlock_machine(lock, !error);
    return error;
}

EXPORT DWORD NETIOAPI_API_ GetIpForwardTable2(ADDRESS_FAMILY family,
                                              MIB_IPFORWARD_TABLE2 **out_table)
{
    HANDLE lock = lock_machine();
    MIB_IPFORWARD_TABLE2 *table = calloc(1, sizeof *table + sizeof now.routes);
    DWORD error = call_fails("GetIpForwardTable2", count_of("GetIpForwardTable2"), 0)
                      ? ERROR_GEN_FAILURE
                      : NO_ERROR;
    for (ULONG i = 0; i < now.route_count; i++)
        if (family == AF_UNSPEC ||
            now.routes[i].DestinationPrefix.Prefix.si_family == family)
            table->Table[table->NumEntries++] = now.routes[i];
    unlock_machine(lock, FALSE);
    *out_table = error ? NULL : table;
    if (error)
        free(table);
    return error;
}

static BOOL holds(const MIB_IPFORWARD_ROW2 *row, const SOCKADDR_INET *to)
{
    const BYTE *a, *b;
    UCHAR bits = row->DestinationPrefix.PrefixLength;
    if (row->DestinationPrefix.Prefix.si_family != to->si_family)
        return FALSE;
    BOOL is_4 = to->si_family == AF_INET;
    a = is_4 ? (const BYTE *)&row->DestinationPrefix.Prefix.Ipv4.sin_addr
             : (const BYTE *)&row->DestinationPrefix.Prefix.Ipv6.sin6_addr;
    b = is_4 ? (const BYTE *)&to->Ipv4.sin_addr : (const BYTE *)&to->Ipv6.sin6_addr;
    for (int i = 0; i < bits; i++)
        if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8))
            return FALSE;
    return TRUE;
}

/* Longest prefix, then the route's and its interface's metric; only where a cable is. */
static const MIB_IPFORWARD_ROW2 *best_route(const SOCKADDR_INET *to)
{
    const MIB_IPFORWARD_ROW2 *best = NULL;
    ULONG best_metric = 0;
    for (ULONG i = 0; i < now.route_count; i++) {
        const MIB_IPFORWARD_ROW2 *row = &now.routes[i];
        const MIB_IPINTERFACE_ROW *ip =
            &interface_of(row->InterfaceIndex)->ip[to->si_family == AF_INET6];
        ULONG metric = row->Metric + ip->Metric;
        UCHAR len = row->DestinationPrefix.PrefixLength;
        if (!ip->Connected || !holds(row, to))
            continue;
        if (!best || len > best->DestinationPrefix.PrefixLength ||
            (len == best->DestinationPrefix.PrefixLength && metric < best_metric)) {
            best = row;
            best_metric = metric;
        }
    }
    return best;
}

EXPORT DWORD NETIOAPI_API_ GetBestRoute2(NET_LUID *luid, NET_IFINDEX index,
                                         const SOCKADDR_INET *source,
                                         const SOCKADDR_INET *destination,
                                         ULONG options, MIB_IPFORWARD_ROW2 *row,
                                         SOCKADDR_INET *best)
{
    char text[64] = "127.0.0.1";
    HANDLE lock = lock_machine();
    const MIB_IPFORWARD_ROW2 *found = best_route(destination);
    DWORD error = found ? NO_ERROR : ERROR_NETWORK_UNREACHABLE;
    if (call_fails("GetBestRoute2", count_of("GetBestRoute2"), 0))
        error = ERROR_GEN_FAILURE;
    if (!error) {
        *row = *found;
        GetEnvironmentVariableA("LP_SOURCE", text, sizeof text);
        *best = name_of(text);
    }
    unlock_machine(lock, FALSE);
    return error;
}

/* --- names, addresses, news ------------------------------------------------------- */

static GUID guid_of(NET_IFINDEX index)
{
    WCHAR wide[40];
    GUID guid = {.Data1 = index};
    MultiByteToWideChar(CP_UTF8, 0, FAKETAP_ID, -1, wide, 40);
    if (index == ADAPTER)
        CLSIDFromString(wide, &guid);
    return guid;
}

EXPORT DWORD NETIOAPI_API_ ConvertInterfaceGuidToLuid(const GUID *guid, NET_LUID *luid)
{
    *luid = luid_of(ADAPTER);
    return NO_ERROR;
}

EXPORT DWORD NETIOAPI_API_ ConvertInterfaceLuidToGuid(const NET_LUID *luid, GUID *guid)
{
    *guid = guid_of(index_of(luid));
    return NO_ERROR;
}

EXPORT DWORD NETIOAPI_API_ ConvertInterfaceLuidToIndex(const NET_LUID *luid,
                                                       NET_IFINDEX *index)
{
    *index = index_of(luid);
    return NO_ERROR;
}

EXPORT DWORD NETIOAPI_API_ ConvertInterfaceIndexToLuid(NET_IFINDEX index,
                                                       NET_LUID *luid)
{
    *luid = luid_of(index);
    return NO_ERROR;
}

EXPORT DWORD NETIOAPI_API_ ConvertInterfaceLuidToAlias(const NET_LUID *luid,
                                                       WCHAR *alias, SIZE_T count)
{
    const WCHAR *name = alias_of(index_of(luid));
    if (wcslen(name) >= count)
        return ERROR_NOT_ENOUGH_MEMORY;
    wcscpy(alias, name);
    return NO_ERROR;
}

EXPORT DWORD NETIOAPI_API_ ConvertInterfaceLuidToNameW(const NET_LUID *luid,
                                                       WCHAR *alias, SIZE_T count)
{
    return ConvertInterfaceLuidToAlias(luid, alias, count);
}

EXPORT DWORD NETIOAPI_API_
GetUnicastIpAddressTable(ADDRESS_FAMILY family, MIB_UNICASTIPADDRESS_TABLE **out_table)
{
    HANDLE lock = lock_machine();
    MIB_UNICASTIPADDRESS_TABLE *table = calloc(1, sizeof *table + sizeof now.addresses);
    table->NumEntries = now.address_count;
    memcpy(table->Table, now.addresses, sizeof now.addresses);
    unlock_machine(lock, FALSE);
    *out_table = table;
    return NO_ERROR;
}

EXPORT void NETIOAPI_API_ FreeMibTable(void *table)
{
    free(table);
}

/* Nobody tells: the program has to look by itself, too. */
EXPORT DWORD NETIOAPI_API_ NotifyRouteChange2(ADDRESS_FAMILY family,
                                              PIPFORWARD_CHANGE_CALLBACK callback,
                                              void *state, BOOLEAN first,
                                              HANDLE *handle)
{
    return ERROR_NOT_SUPPORTED;
}

EXPORT DWORD NETIOAPI_API_ NotifyUnicastIpAddressChange(
    ADDRESS_FAMILY family, PUNICAST_IPADDRESS_CHANGE_CALLBACK callback, void *state,
    BOOLEAN first, HANDLE *handle)
{
    return ERROR_NOT_SUPPORTED;
}

EXPORT DWORD NETIOAPI_API_
NotifyIpInterfaceChange(ADDRESS_FAMILY family, PIPINTERFACE_CHANGE_CALLBACK callback,
                        void *state, BOOLEAN first, HANDLE *handle)
{
    return ERROR_NOT_SUPPORTED;
}

EXPORT DWORD NETIOAPI_API_ CancelMibChangeNotify2(HANDLE handle)
{
    return NO_ERROR;
}

/* --- adapters, and their leases --------------------------------------------------- */

typedef struct adapter_entry {
    IP_ADAPTER_ADDRESSES adapter;
    IP_ADAPTER_UNICAST_ADDRESS addresses[MAX_ADDRESSES];
    SOCKADDR_INET names[MAX_ADDRESSES];
} adapter_entry;

static void fill_adapter(adapter_entry *out, const interface_now *from)
{
    IP_ADAPTER_ADDRESSES *adapter = &out->adapter;
    IP_ADAPTER_UNICAST_ADDRESS **tail = &adapter->FirstUnicastAddress;
    adapter->IfIndex = from->ip[0].InterfaceIndex;
    adapter->Luid = from->ip[0].InterfaceLuid;
    adapter->FriendlyName = (WCHAR *)alias_of(adapter->IfIndex);
    adapter->Description = (WCHAR *)L"of the doubles";
    adapter->Flags = from->has_dhcp ? IP_ADAPTER_DHCP_ENABLED : 0;
    adapter->OperStatus = from->ip[0].Connected ? IfOperStatusUp : IfOperStatusDown;
    adapter->Mtu = from->ip[0].NlMtu;
    adapter->PhysicalAddressLength = 6;
    adapter->PhysicalAddress[5] = (BYTE)adapter->IfIndex;
    for (ULONG i = 0; i < now.address_count; i++) {
        if (now.addresses[i].InterfaceIndex != adapter->IfIndex)
            continue;
        out->names[i] = now.addresses[i].Address;
        out->addresses[i].Address.lpSockaddr = (SOCKADDR *)&out->names[i];
        out->addresses[i].Address.iSockaddrLength = sizeof out->names[i];
        out->addresses[i].OnLinkPrefixLength = now.addresses[i].OnLinkPrefixLength;
        out->addresses[i].DadState = IpDadStatePreferred;
        *tail = &out->addresses[i];
        tail = &out->addresses[i].Next;
    }
}

EXPORT ULONG WINAPI GetAdaptersAddresses(ULONG family, ULONG flags, void *reserved,
                                         IP_ADAPTER_ADDRESSES *addresses, ULONG *len)
{
    adapter_entry *all = (adapter_entry *)addresses;
    ULONG need = MAX_INTERFACES * sizeof *all, given = *len;
    *len = need;
    if (!addresses || given < need)
        return ERROR_BUFFER_OVERFLOW;
    memset(all, 0, need);
    HANDLE lock = lock_machine();
    for (int i = 0; i < MAX_INTERFACES; i++) {
        fill_adapter(&all[i], &now.interfaces[i]);
        if (i > 0)
            all[i - 1].adapter.Next = &all[i].adapter;
    }
    unlock_machine(lock, FALSE);
    return NO_ERROR;
}

EXPORT DWORD WINAPI GetInterfaceInfo(IP_INTERFACE_INFO *out, ULONG *len)
{
    ULONG need = sizeof *out + MAX_INTERFACES * sizeof out->Adapter[0], given = *len;
    *len = need;
    if (!out || given < need)
        return ERROR_INSUFFICIENT_BUFFER;
    memset(out, 0, need);
    HANDLE lock = lock_machine();
    for (int i = 0; i < MAX_INTERFACES; i++) {
        IP_ADAPTER_INDEX_MAP *map = &out->Adapter[out->NumAdapters++];
        map->Index = now.interfaces[i].ip[0].InterfaceIndex;
        wcscpy(map->Name, L"\\DEVICE\\TCPIP_");
        wcscat(map->Name, alias_of(map->Index));
    }
    unlock_machine(lock, FALSE);
    return NO_ERROR;
}

EXPORT DWORD WINAPI IpRenewAddress(IP_ADAPTER_INDEX_MAP *map)
{
    HANDLE lock = lock_machine();
    const interface_now *found = interface_of(map->Index);
    DWORD error = !found             ? ERROR_INVALID_PARAMETER
                  : !found->has_dhcp ? ERROR_INVALID_HANDLE
                                     : NO_ERROR;
    error = tell(error, "IpRenewAddress", TRUE, "if=%lu", map->Index);
    unlock_machine(lock, FALSE);
    return error;
}
