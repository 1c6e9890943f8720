/* What a report says about this machine's network. */
#include "os/report.h"
#include "os/sockaddr.h"
#include "os/windows/net_internal.h"
#include "os/windows/text.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(const wchar_t *wide, char out[LP_NET_NAME_LEN])
{
    return wide && lp_text_of_wide(wide, out, LP_NET_NAME_LEN) ? out : "?";
}

/* --- interfaces ------------------------------------------------------------------- */

static void say_ip(lp_report *report, NET_LUID luid, ADDRESS_FAMILY family)
{
    MIB_IPINTERFACE_ROW row;
    if (!lp_net_interface(luid, family, &row))
        return;
    lp_report_say(report, "    IPv%d: metric %lu%s, MTU %lu%s%s\n",
                  family == AF_INET ? 4 : 6, row.Metric,
                  row.UseAutomaticMetric ? " (automatic)" : "", row.NlMtu,
                  row.DisableDefaultRoutes ? ", takes no default route" : "",
                  row.Connected ? "" : ", no cable");
}

static void say_addresses(lp_report *report, const IP_ADAPTER_ADDRESSES *adapter)
{
    char text[LP_ADDR_TEXT_LEN];
    for (const IP_ADAPTER_UNICAST_ADDRESS *at = adapter->FirstUnicastAddress; at;
         at = at->Next) {
        lp_addr address = lp_sockaddr_read(at->Address.lpSockaddr);
        lp_report_say(report, "    address %s/%u%s\n", lp_addr_write_ip(&address, text),
                      at->OnLinkPrefixLength,
                      at->DadState == IpDadStatePreferred ? "" : " (not in use)");
    }
}

static void say_adapter(lp_report *report, const IP_ADAPTER_ADDRESSES *adapter)
{
    char name[LP_NET_NAME_LEN], what[LP_NET_NAME_LEN];
    lp_report_say(report, "%s (%s)\n    index %lu, LUID %llx, %s%s\n",
                  text_of(adapter->FriendlyName, name),
                  text_of(adapter->Description, what),
                  adapter->IfIndex ? adapter->IfIndex : adapter->Ipv6IfIndex,
                  (unsigned long long)adapter->Luid.Value,
                  adapter->OperStatus == IfOperStatusUp ? "up" : "down",
                  adapter->Flags & IP_ADAPTER_DHCP_ENABLED ? ", DHCP" : "");
    if (adapter->PhysicalAddressLength == 6)
        lp_report_say(report, "    MAC %02x:%02x:%02x:%02x:%02x:%02x\n",
                      adapter->PhysicalAddress[0], adapter->PhysicalAddress[1],
                      adapter->PhysicalAddress[2], adapter->PhysicalAddress[3],
                      adapter->PhysicalAddress[4], adapter->PhysicalAddress[5]);
    say_ip(report, adapter->Luid, AF_INET);
    say_ip(report, adapter->Luid, AF_INET6);
    say_addresses(report, adapter);
}

#define TRIES 3 /* the list may grow between asking how long it is and asking for it */

static void say_adapters(lp_report *report)
{
    const ULONG flags =
        GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER;
    IP_ADAPTER_ADDRESSES *all = NULL;
    ULONG len = 0, error = ERROR_BUFFER_OVERFLOW;
    for (int i = 0; i < TRIES && error == ERROR_BUFFER_OVERFLOW; i++) {
        free(all);
        all = len > 0 ? calloc(1, len) : NULL;
        error = GetAdaptersAddresses(AF_UNSPEC, flags, NULL, all, &len);
    }
    if (error == NO_ERROR)
        for (const IP_ADAPTER_ADDRESSES *at = all; at; at = at->Next)
            say_adapter(report, at);
    else
        lp_report_say(report, "cannot be told: error %lu\n", error);
    free(all);
}

/* --- routes ----------------------------------------------------------------------- */

static void say_route(lp_report *report, const MIB_IPFORWARD_ROW2 *row)
{
    char prefix[LP_ADDR_TEXT_LEN], gateway[LP_ADDR_TEXT_LEN], name[LP_NET_NAME_LEN];
    MIB_IPINTERFACE_ROW iface;
    lp_addr to = lp_net_address_in(&row->DestinationPrefix.Prefix);
    lp_addr via = lp_net_address_in(&row->NextHop);
    ULONG own = lp_net_interface(row->InterfaceLuid,
                                 row->DestinationPrefix.Prefix.si_family, &iface)
                    ? iface.Metric
                    : 0;
    lp_report_say(report, "%s/%u %s%s on %s metric %lu+%lu\n",
                  lp_addr_write_ip(&to, prefix), row->DestinationPrefix.PrefixLength,
                  lp_addr_is_any(&via) ? "directly" : "by ",
                  lp_addr_is_any(&via) ? "" : lp_addr_write_ip(&via, gateway),
                  lp_net_alias(row->InterfaceIndex, name), row->Metric, own);
}

static void say_routes(lp_report *report)
{
    MIB_IPFORWARD_TABLE2 *table;
    if (GetIpForwardTable2(AF_UNSPEC, &table) != NO_ERROR) {
        lp_report_say(report, "cannot be told\n");
        return;
    }
    for (ULONG i = 0; i < table->NumEntries; i++)
        say_route(report, &table->Table[i]);
    FreeMibTable(table);
}

size_t lp_net_describe(lp_net *net, char *out, size_t out_len)
{
    lp_report report = lp_report_start(out, out_len);
    lp_report_say(&report, "Adapters\n\n");
    say_adapters(&report);
    lp_report_say(&report, "\nRoutes (metric: the route's + its adapter's)\n\n");
    say_routes(&report);
    return report.len;
}
