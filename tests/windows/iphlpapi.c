/*
 * A stand-in for iphlpapi.dll, beside the program under test: the machine's routes and the
 * adapter's IP interface as a table that lasts in the registry from run to run, and a line
 * in the file LP_CALLS for each call that changes something. What Wine 8 has no answer for.
 *
 * LP_SOURCE is this machine's address. LP_FAIL=n makes the n-th changing call fail.
 */
#include <winsock2.h>
#include <ws2ipdef.h>

#include <windows.h>

#include <iphlpapi.h>
#include <netioapi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ws2tcpip.h>

#define EXPORT     __declspec(dllexport)
#define WIRE       5  /* interface indices: what leads to the internet, */
#define ADAPTER    42 /* and the fake adapter */
#define MAX_ROUTES 32
#define STATE_KEY  "Software\\softlan-test"

typedef struct machine {
    MIB_IPINTERFACE_ROW interfaces[2]; /* the adapter's: IPv4, IPv6 */
    MIB_IPFORWARD_ROW2 routes[MAX_ROUTES];
    ULONG route_count;
} machine;

static machine now;

static NET_LUID luid_of(NET_IFINDEX index)
{
    NET_LUID luid = {.Value = (ULONG64)index << 24 | (ULONG64)6 << 48};
    return luid;
}

static NET_IFINDEX index_of(const NET_LUID *luid)
{
    return (NET_IFINDEX)(luid->Value >> 24 & 0xffffff);
}

/* --- what lasts ------------------------------------------------------------------- */

static void begin(void)
{
    MIB_IPFORWARD_ROW2 *gateway = &now.routes[0];
    memset(&now, 0, sizeof now);
    for (int i = 0; i < 2; i++)
        now.interfaces[i] = (MIB_IPINTERFACE_ROW){.Family = i ? AF_INET6 : AF_INET,
                                                  .InterfaceLuid = luid_of(ADAPTER),
                                                  .InterfaceIndex = ADAPTER,
                                                  .UseAutomaticMetric = TRUE,
                                                  .Metric = 25,
                                                  .NlMtu = 1500,
                                                  .SitePrefixLength = 64};
    gateway->InterfaceIndex = WIRE;
    gateway->InterfaceLuid = luid_of(WIRE);
    gateway->DestinationPrefix.Prefix.si_family = gateway->NextHop.si_family = AF_INET;
    inet_pton(AF_INET, "192.0.2.254", &gateway->NextHop.Ipv4.sin_addr);
    now.route_count = 1;
}

static void load(void)
{
    DWORD len = sizeof now;
    if (RegGetValueA(HKEY_CURRENT_USER, STATE_KEY, "machine", RRF_RT_REG_BINARY, NULL,
                     &now, &len) != 0 ||
        len != sizeof now)
        begin();
}

static void save(void)
{
    RegSetKeyValueA(HKEY_CURRENT_USER, STATE_KEY, "machine", REG_BINARY, &now,
                    sizeof now);
}

/* --- what is told ----------------------------------------------------------------- */

/* One line; true: this call is the one that has to fail. */
static BOOL note(const char *fmt, ...)
{
    static int calls;
    char path[MAX_PATH], number[16];
    va_list args;
    BOOL fails = GetEnvironmentVariableA("LP_FAIL", number, sizeof number) &&
                 ++calls == atoi(number);
    FILE *file = GetEnvironmentVariableA("LP_CALLS", path, sizeof path)
                     ? fopen(path, "a")
                     : NULL;
    if (!file)
        return fails;
    va_start(args, fmt);
    vfprintf(file, fmt, args);
    va_end(args);
    fprintf(file, "%s\n", fails ? " fails" : "");
    fclose(file);
    return fails;
}

static const char *text_of(const SOCKADDR_INET *name)
{
    static char texts[4][64];
    static int next;
    char *text = texts[next++ % 4];
    inet_ntop(name->si_family,
              name->si_family == AF_INET ? (const void *)&name->Ipv4.sin_addr
                                         : (const void *)&name->Ipv6.sin6_addr,
              text, sizeof texts[0]);
    return text;
}

/* --- interfaces ------------------------------------------------------------------- */

EXPORT void NETIOAPI_API_ InitializeIpInterfaceEntry(MIB_IPINTERFACE_ROW *row)
{
    memset(row, 0, sizeof *row);
}

EXPORT DWORD NETIOAPI_API_ GetIpInterfaceEntry(MIB_IPINTERFACE_ROW *row)
{
    load();
    if (index_of(&row->InterfaceLuid) != ADAPTER)
        return ERROR_NOT_FOUND;
    *row = now.interfaces[row->Family == AF_INET6];
    return NO_ERROR;
}

EXPORT DWORD NETIOAPI_API_ SetIpInterfaceEntry(MIB_IPINTERFACE_ROW *row)
{
    load();
    if (index_of(&row->InterfaceLuid) != ADAPTER)
        return ERROR_NOT_FOUND;
    if (row->Family == AF_INET && row->SitePrefixLength != 0)
        return ERROR_INVALID_PARAMETER; /* as Windows does with what it said itself */
    if (note("interface IPv%d mtu %lu metric %lu automatic %d no-defaults %d",
             row->Family == AF_INET ? 4 : 6, row->NlMtu, row->Metric,
             row->UseAutomaticMetric, row->DisableDefaultRoutes))
        return ERROR_GEN_FAILURE;
    now.interfaces[row->Family == AF_INET6] = *row;
    now.interfaces[row->Family == AF_INET6].SitePrefixLength = 64;
    save();
    return NO_ERROR;
}

/* --- routes ----------------------------------------------------------------------- */

static BOOL is_same_ip(const SOCKADDR_INET *a, const SOCKADDR_INET *b)
{
    return a->si_family == b->si_family && strcmp(text_of(a), text_of(b)) == 0;
}

static ULONG find_route(const MIB_IPFORWARD_ROW2 *row)
{
    ULONG at = 0;
    while (at < now.route_count &&
           !(now.routes[at].DestinationPrefix.PrefixLength ==
                 row->DestinationPrefix.PrefixLength &&
             is_same_ip(&now.routes[at].DestinationPrefix.Prefix,
                        &row->DestinationPrefix.Prefix) &&
             index_of(&now.routes[at].InterfaceLuid) == index_of(&row->InterfaceLuid)))
        at++;
    return at;
}

EXPORT void NETIOAPI_API_ InitializeIpForwardEntry(MIB_IPFORWARD_ROW2 *row)
{
    memset(row, 0, sizeof *row);
}

EXPORT DWORD NETIOAPI_API_ GetIpForwardEntry2(MIB_IPFORWARD_ROW2 *row)
{
    load();
    ULONG at = find_route(row);
    if (at == now.route_count)
        return ERROR_NOT_FOUND;
    *row = now.routes[at];
    return NO_ERROR;
}

EXPORT DWORD NETIOAPI_API_ CreateIpForwardEntry2(const MIB_IPFORWARD_ROW2 *row)
{
    load();
    if (find_route(row) < now.route_count)
        return ERROR_OBJECT_ALREADY_EXISTS;
    if (note("add route %s/%d interface %lu", text_of(&row->DestinationPrefix.Prefix),
             row->DestinationPrefix.PrefixLength, index_of(&row->InterfaceLuid)) ||
        now.route_count == MAX_ROUTES)
        return ERROR_GEN_FAILURE;
    now.routes[now.route_count] = *row;
    now.routes[now.route_count++].InterfaceIndex = index_of(&row->InterfaceLuid);
    save();
    return NO_ERROR;
}

EXPORT DWORD NETIOAPI_API_ DeleteIpForwardEntry2(const MIB_IPFORWARD_ROW2 *row)
{
    load();
    ULONG at = find_route(row);
    if (at == now.route_count)
        return ERROR_NOT_FOUND;
    if (note("remove route %s/%d interface %lu",
             text_of(&row->DestinationPrefix.Prefix),
             row->DestinationPrefix.PrefixLength, index_of(&row->InterfaceLuid)))
        return ERROR_GEN_FAILURE;
    now.routes[at] = now.routes[--now.route_count];
    save();
    return NO_ERROR;
}

EXPORT DWORD NETIOAPI_API_ GetIpForwardTable2(ADDRESS_FAMILY family,
                                              MIB_IPFORWARD_TABLE2 **out_table)
{
    load();
    *out_table = calloc(1, sizeof **out_table + sizeof now.routes);
    (*out_table)->NumEntries = now.route_count;
    memcpy((*out_table)->Table, now.routes, sizeof now.routes);
    return NO_ERROR;
}

/* Everything is reached by the wire, but what has a host route. */
EXPORT DWORD NETIOAPI_API_ GetBestRoute2(NET_LUID *luid, NET_IFINDEX index,
                                         const SOCKADDR_INET *source,
                                         const SOCKADDR_INET *destination,
                                         ULONG options, MIB_IPFORWARD_ROW2 *row,
                                         SOCKADDR_INET *best)
{
    char text[64] = "127.0.0.1";
    load();
    if (destination->si_family != AF_INET)
        return ERROR_NETWORK_UNREACHABLE;
    *row = now.routes[0];
    memset(best, 0, sizeof *best);
    best->si_family = AF_INET;
    GetEnvironmentVariableA("LP_SOURCE", text, sizeof text);
    inet_pton(AF_INET, text, &best->Ipv4.sin_addr);
    return NO_ERROR;
}

/* --- names, addresses, news ------------------------------------------------------- */

EXPORT DWORD NETIOAPI_API_ ConvertInterfaceGuidToLuid(const GUID *guid, NET_LUID *luid)
{
    *luid = luid_of(ADAPTER);
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
    return ERROR_NOT_SUPPORTED;
}

EXPORT DWORD NETIOAPI_API_ ConvertInterfaceLuidToNameW(const NET_LUID *luid,
                                                       WCHAR *alias, SIZE_T count)
{
    return ERROR_NOT_SUPPORTED;
}

EXPORT DWORD NETIOAPI_API_
GetUnicastIpAddressTable(ADDRESS_FAMILY family, MIB_UNICASTIPADDRESS_TABLE **out_table)
{
    *out_table = calloc(1, sizeof **out_table);
    return NO_ERROR;
}

EXPORT void NETIOAPI_API_ FreeMibTable(void *table)
{
    free(table);
}

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

EXPORT ULONG WINAPI GetAdaptersAddresses(ULONG family, ULONG flags, void *reserved,
                                         IP_ADAPTER_ADDRESSES *addresses, ULONG *len)
{
    return ERROR_NO_DATA;
}
