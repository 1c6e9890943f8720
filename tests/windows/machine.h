/*
 * The machine that the doubles play: its interfaces, addresses, routes, and the network
 * that its adapter is in. It lasts in the registry from run to run; machine.exe changes it
 * from without, as cables, leases and other programs do.
 */
#pragma once

#include "calls.h"
#include "faketap.h"

#define WIRE           5  /* interface indices: what leads to the internet, */
#define WIFI           6  /* what could, were it in reach, */
#define ADAPTER        42 /* and the fake adapter */
#define MAX_INTERFACES 3
#define MAX_ADDRESSES  8
#define MAX_ROUTES     32
#define WIRE_GATEWAY   "192.0.2.254"
#define NETWORK_ID     "{0A5E10C0-0000-4000-8000-000000000042}"

typedef struct interface_now {
    MIB_IPINTERFACE_ROW ip[2]; /* IPv4, IPv6 */
    BOOL has_dhcp;
} interface_now;

typedef struct machine {
    interface_now interfaces[MAX_INTERFACES];
    MIB_UNICASTIPADDRESS_ROW addresses[MAX_ADDRESSES];
    ULONG address_count;
    MIB_IPFORWARD_ROW2 routes[MAX_ROUTES];
    ULONG route_count;
    LONG category; /* of the adapter's network; -1: it is in none */
} machine;

static machine now;

static inline NET_LUID luid_of(NET_IFINDEX index)
{
    NET_LUID luid = {.Value = (ULONG64)index << 24 | (ULONG64)6 << 48};
    return luid;
}

static inline NET_IFINDEX index_of(const NET_LUID *luid)
{
    return (NET_IFINDEX)(luid->Value >> 24 & 0xffffff);
}

static inline const WCHAR *alias_of(NET_IFINDEX index)
{
    return index == WIRE ? L"Ethernet" : index == WIFI ? L"Wi-Fi" : L"LAN party";
}

static inline interface_now *interface_of(NET_IFINDEX index)
{
    for (int i = 0; i < MAX_INTERFACES; i++)
        if (now.interfaces[i].ip[0].InterfaceIndex == index)
            return &now.interfaces[i];
    return NULL;
}

static inline const char *text_of(const SOCKADDR_INET *name)
{
    static __thread char texts[4][64];
    static __thread int next;
    char *text = texts[next++ % 4];
    text[0] = '\0';
    inet_ntop(name->si_family,
              name->si_family == AF_INET ? (const void *)&name->Ipv4.sin_addr
                                         : (const void *)&name->Ipv6.sin6_addr,
              text, sizeof texts[0]);
    return text;
}

static inline SOCKADDR_INET name_of(const char *text)
{
    SOCKADDR_INET name;
    memset(&name, 0, sizeof name);
    name.si_family = strchr(text, ':') ? AF_INET6 : AF_INET;
    inet_pton(name.si_family, text,
              name.si_family == AF_INET ? (void *)&name.Ipv4.sin_addr
                                        : (void *)&name.Ipv6.sin6_addr);
    return name;
}

/* --- what lasts ------------------------------------------------------------------- */

static inline void put_route(const char *prefix, UCHAR len, const char *hop,
                             NET_IFINDEX index, ULONG metric)
{
    MIB_IPFORWARD_ROW2 *row = &now.routes[now.route_count++];
    memset(row, 0, sizeof *row);
    row->InterfaceIndex = index;
    row->InterfaceLuid = luid_of(index);
    row->DestinationPrefix.Prefix = name_of(prefix);
    row->DestinationPrefix.PrefixLength = len;
    row->NextHop = name_of(hop);
    row->Metric = metric;
}

static inline void begin_machine(void)
{
    static const NET_IFINDEX indices[] = {WIRE, WIFI, ADAPTER};
    memset(&now, 0, sizeof now);
    for (int i = 0; i < MAX_INTERFACES; i++)
        for (int v6 = 0; v6 < 2; v6++)
            now.interfaces[i].ip[v6] =
                (MIB_IPINTERFACE_ROW){.Family = v6 ? AF_INET6 : AF_INET,
                                      .InterfaceLuid = luid_of(indices[i]),
                                      .InterfaceIndex = indices[i],
                                      .Connected = indices[i] != WIFI,
                                      .UseAutomaticMetric = TRUE,
                                      .Metric = 25,
                                      .NlMtu = 1500,
                                      .SitePrefixLength = 64};
    interface_of(ADAPTER)->has_dhcp = TRUE;
    put_route("0.0.0.0", 0, WIRE_GATEWAY, WIRE, 0);
    put_route("255.255.255.255", 32, "0.0.0.0", WIRE, 256);
}

static inline HANDLE lock_machine(void)
{
    HANDLE lock = CreateMutexA(NULL, FALSE, "softlan-test-machine");
    DWORD len = sizeof now;
    WaitForSingleObject(lock, INFINITE);
    if (RegGetValueA(HKEY_CURRENT_USER, TEST_KEY, "machine", RRF_RT_REG_BINARY, NULL,
                     &now, &len) != 0 ||
        len != sizeof now)
        begin_machine();
    return lock;
}

static inline void unlock_machine(HANDLE lock, BOOL save)
{
    if (save)
        RegSetKeyValueA(HKEY_CURRENT_USER, TEST_KEY, "machine", REG_BINARY, &now,
                        sizeof now);
    ReleaseMutex(lock);
    CloseHandle(lock);
}
