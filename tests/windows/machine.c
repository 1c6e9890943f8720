/*
 * Changes the machine that the doubles play, as cables, leases and other programs do:
 *
 *   machine.exe add PREFIX/LEN NEXTHOP IF METRIC      a route, without asking anybody
 *   machine.exe remove PREFIX/LEN IF
 *   machine.exe cable IF 0|1
 *   machine.exe address IF IP/LEN     and the routes that Windows makes for it
 *   machine.exe dhcp IF 0|1
 *   machine.exe category -1|0|1|2     of the adapter's network; -1: it is in none
 *   machine.exe show
 *   machine.exe register DLL          the class of the Network List Manager
 *   machine.exe sleep                 whoever wants to know is told (powrprof.c), and
 *   machine.exe wake                  what he does is waited for
 */
#include <winsock2.h>
#include <ws2ipdef.h>

#include <windows.h>

#include <iphlpapi.h>
#include <netioapi.h>
#include <ws2tcpip.h>

#include "machine.h"
#include "power.h"

#define HEARING_MS 10000

#define CLASS \
    "Software\\Classes\\CLSID\\{DCB00C01-570F-4A9B-8D69-199FDBA5723B}\\InprocServer32"

static void split(const char *word, char out[64], UCHAR *out_len)
{
    snprintf(out, 64, "%s", word);
    char *slash = strchr(out, '/');
    *out_len = slash ? (UCHAR)atoi(slash + 1) : 32;
    if (slash)
        *slash = '\0';
}

static void add(char **words)
{
    char prefix[64];
    UCHAR len;
    split(words[0], prefix, &len);
    put_route(prefix, len, words[1], (NET_IFINDEX)atoi(words[2]),
              (ULONG)atoi(words[3]));
}

static void drop(char **words)
{
    char prefix[64];
    UCHAR len;
    split(words[0], prefix, &len);
    for (ULONG i = now.route_count; i-- > 0;)
        if (strcmp(text_of(&now.routes[i].DestinationPrefix.Prefix), prefix) == 0 &&
            now.routes[i].DestinationPrefix.PrefixLength == len &&
            now.routes[i].InterfaceIndex == (NET_IFINDEX)atoi(words[1]))
            now.routes[i] = now.routes[--now.route_count];
}

static void cable(char **words)
{
    interface_now *found = interface_of((NET_IFINDEX)atoi(words[0]));
    for (int v6 = 0; v6 < 2; v6++)
        found->ip[v6].Connected = atoi(words[1]) != 0;
}

static void address(char **words)
{
    char ip[64], subnet[64];
    UCHAR len;
    NET_IFINDEX index = (NET_IFINDEX)atoi(words[0]);
    split(words[1], ip, &len);
    MIB_UNICASTIPADDRESS_ROW *row = &now.addresses[now.address_count++];
    memset(row, 0, sizeof *row);
    row->Address = name_of(ip);
    row->InterfaceIndex = index;
    row->InterfaceLuid = luid_of(index);
    row->OnLinkPrefixLength = len;
    row->DadState = IpDadStatePreferred;
    SOCKADDR_INET net = row->Address;
    net.Ipv4.sin_addr.s_addr &= htonl(len ? ~0u << (32 - len) : 0);
    snprintf(subnet, sizeof subnet, "%s", text_of(&net));
    put_route(subnet, len, "0.0.0.0", index, 256);
    put_route(ip, 32, "0.0.0.0", index, 256);
    put_route("224.0.0.0", 4, "0.0.0.0", index, 256);
}

static void dhcp(char **words)
{
    interface_of((NET_IFINDEX)atoi(words[0]))->has_dhcp = atoi(words[1]) != 0;
}

static void category(char **words)
{
    now.category = atoi(words[0]);
}

static void show(char **words)
{
    for (ULONG i = 0; i < now.route_count; i++)
        printf("route %s/%d via %s if=%lu metric=%lu\n",
               text_of(&now.routes[i].DestinationPrefix.Prefix),
               now.routes[i].DestinationPrefix.PrefixLength,
               text_of(&now.routes[i].NextHop), now.routes[i].InterfaceIndex,
               now.routes[i].Metric);
    for (int i = 0; i < MAX_INTERFACES; i++)
        for (int v6 = 0; v6 < 2; v6++) {
            const MIB_IPINTERFACE_ROW *row = &now.interfaces[i].ip[v6];
            printf(
                "interface %lu IPv%d mtu=%lu metric=%lu automatic=%d no-defaults=%d\n",
                row->InterfaceIndex, v6 ? 6 : 4, row->NlMtu, row->Metric,
                row->UseAutomaticMetric, row->DisableDefaultRoutes);
        }
    printf("category %ld\n", now.category);
}

static void enroll(char **words)
{
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, CLASS, NULL, REG_SZ, words[0],
                    (DWORD)strlen(words[0]) + 1);
    RegSetKeyValueA(HKEY_LOCAL_MACHINE, CLASS, "ThreadingModel", REG_SZ, "Both", 5);
}

/* --- sleep ------------------------------------------------------------------------ */

static int tell_of(const char *news)
{
    HANDLE heard = OpenEventA(SYNCHRONIZE, FALSE, POWER_HEARD);
    HANDLE event = OpenEventA(EVENT_MODIFY_STATE, FALSE, news);
    if (heard && event && SetEvent(event) &&
        WaitForSingleObject(heard, HEARING_MS) == WAIT_OBJECT_0)
        return 0;
    fprintf(stderr, "machine: nobody hears\n");
    return 1;
}

/* --- words ------------------------------------------------------------------------ */

static const struct {
    const char *name;
    int words;
    void (*run)(char **words);
} commands[] = {
    {"add", 4, add},         {"remove", 2, drop},     {"cable", 2, cable},
    {"address", 2, address}, {"dhcp", 2, dhcp},       {"category", 1, category},
    {"show", 0, show},       {"register", 1, enroll},
};

int main(int argc, char **argv)
{
    WSADATA data;
    WSAStartup(MAKEWORD(2, 2), &data);
    if (argc == 2 && strcmp(argv[1], "sleep") == 0)
        return tell_of(POWER_SLEEP); /* who hears it changes the machine */
    if (argc == 2 && strcmp(argv[1], "wake") == 0)
        return tell_of(POWER_WAKE);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (argc != commands[i].words + 2 || strcmp(argv[1], commands[i].name) != 0)
            continue;
        HANDLE lock = lock_machine();
        commands[i].run(argv + 2);
        unlock_machine(lock, TRUE);
        return 0;
    }
    fprintf(stderr, "machine: what?\n");
    return 2;
}
