#include "os/windows/journal.h"
#include "os/windows/net_internal.h"
#include "os/windows/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SUBNETS      64
#define CLOSING_PATIENCE LP_SECONDS(3)

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
    if (!err && !(net->chores = lp_chores_new(net->wake)))
        err = lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
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
    if (net->chores)
        lp_net_distrust(net, CLOSING_PATIENCE);
    while (net->pin_count > 0)
        lp_net_unpin(net, &net->pins[0].destination);
    lp_chores_leave(net->chores);
    if (net->has_claim)
        lp_journal_release();
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
            out[count++] = (subnet){lp_net_address_in(&row->Address),
                                    row->OnLinkPrefixLength, row->InterfaceIndex};
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

const char *lp_net_alias(unsigned ifindex, char out[LP_NET_NAME_LEN])
{
    NET_LUID luid;
    wchar_t wide[NDIS_IF_MAX_STRING_SIZE + 1];
    if (ConvertInterfaceIndexToLuid(ifindex, &luid) != NO_ERROR ||
        ConvertInterfaceLuidToAlias(&luid, wide, NDIS_IF_MAX_STRING_SIZE + 1) !=
            NO_ERROR ||
        !lp_text_of_wide(wide, out, LP_NET_NAME_LEN))
        snprintf(out, LP_NET_NAME_LEN, "interface %u", ifindex);
    return out;
}

uint64_t lp_net_luid(unsigned ifindex)
{
    NET_LUID luid;
    return ConvertInterfaceIndexToLuid(ifindex, &luid) == NO_ERROR ? luid.Value : 0;
}

void lp_net_overlap(lp_net *net, unsigned ifindex, char out_name[LP_NET_NAME_LEN])
{
    subnet found[MAX_SUBNETS];
    size_t count = read_subnets(found);
    out_name[0] = '\0';
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count && found[i].ifindex == ifindex; j++)
            if (found[j].ifindex != ifindex && overlap(&found[i], &found[j])) {
                lp_net_alias(found[j].ifindex, out_name);
                return;
            }
}
