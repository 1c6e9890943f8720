#include "os/net.h"

#include "os/linux/errors.h"
#include "os/linux/rtnl.h"
#include "os/sockaddr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUR_PROTOCOL 76 /* of routes: nobody's in /etc/iproute2/rt_protos */

#define FOUND_MAX 32 /* routes or addresses looked at in one go */

struct lp_net {
    int watch; /* hears changes */
    int ask;   /* asks and is answered, so that a change never gets in between */
};

lp_err lp_net_open(lp_net **out_net, lp_why *why)
{
    lp_err err = LP_OK;
    lp_net *net = calloc(1, sizeof *net);
    if (!net)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    net->watch = lp_rtnl_open(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                              RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE);
    net->ask = lp_rtnl_open(0);
    if (net->watch < 0 || net->ask < 0) {
        err = lp_explain(why, lp_err_of_errno(errno),
                         "cannot watch this machine's addresses and routes: %s",
                         strerror(errno));
        goto done;
    }
    *out_net = net;
    net = NULL; /* the caller's now */
done:
    lp_net_close(net);
    return err;
}

void lp_net_close(lp_net *net)
{
    if (!net)
        return;
    if (net->watch >= 0)
        close(net->watch);
    if (net->ask >= 0)
        close(net->ask);
    free(net);
}

lp_fd lp_net_fd(const lp_net *net)
{
    return net->watch;
}

bool lp_net_changed(lp_net *net)
{
    char news[8192];
    bool changed = false;
    for (;;) {
        ssize_t len = recv(net->watch, news, sizeof news, 0);
        if (len < 0 && errno == EINTR)
            continue;
        /* ENOBUFS: there was more news than room for it. */
        if (len < 0 && errno != ENOBUFS)
            return changed;
        changed = true;
    }
}

/* --- addresses as netlink has them ------------------------------------------------ */

static int family_of(const lp_addr *addr)
{
    return addr->family == 4 ? AF_INET : AF_INET6;
}

static size_t ip_len(const lp_addr *addr)
{
    return addr->family == 4 ? 4 : 16;
}

/* Family 0 where the attribute is missing. */
static lp_addr addr_of(lp_bytes attribute, unsigned ifindex)
{
    if (attribute.len == 4)
        return lp_addr_of_ip4(attribute.at, 0);
    if (attribute.len == 16)
        return lp_addr_of_ip6(attribute.at, ifindex, 0);
    return (lp_addr){0};
}

/* --- looking routes up ------------------------------------------------------------ */

typedef struct found_route {
    bool is_there;
    lp_route route;
} found_route;

static lp_addr gateway_of(const lp_bytes *attributes, unsigned ifindex)
{
    lp_bytes via =
        attributes[RTA_VIA]; /* an IPv6 gateway of an IPv4 route: family, address */
    if (via.len == 2 + 16 || via.len == 2 + 4)
        return addr_of(lp_bytes_after(via, 2), ifindex);
    return addr_of(attributes[RTA_GATEWAY], ifindex);
}

static void take_route(void *state, const struct nlmsghdr *message)
{
    found_route *found = state;
    lp_bytes attributes[RTA_MAX + 1];
    const struct rtmsg *header = lp_rtnl_header(message, sizeof *header);
    if (message->nlmsg_type != RTM_NEWROUTE || !header)
        return;
    lp_rtnl_attributes(message, sizeof *header, attributes, RTA_MAX + 1);
    unsigned ifindex = lp_rtnl_u32(attributes[RTA_OIF]);
    found->is_there = ifindex != 0;
    found->route = (lp_route){
        .ifindex = ifindex,
        .source = addr_of(attributes[RTA_PREFSRC], ifindex),
        .gateway = gateway_of(attributes, ifindex),
        .prefix = addr_of(attributes[RTA_DST], 0),
        .prefix_len = header->rtm_dst_len,
        .metric = lp_rtnl_u32(attributes[RTA_PRIORITY]),
    };
    if (!found->route.prefix.family) /* 0.0.0.0/0 and ::/0 are not written out */
        found->route.prefix.family = header->rtm_family == AF_INET ? 4 : 6;
}

static int look_up(lp_net *net, const lp_addr *destination, unsigned flags,
                   found_route *out_found)
{
    const struct rtmsg header = {.rtm_family = (unsigned char)family_of(destination),
                                 .rtm_dst_len =
                                     (unsigned char)(ip_len(destination) * 8),
                                 .rtm_flags = flags};
    lp_rtnl_request request =
        lp_rtnl_request_of(RTM_GETROUTE, 0, &header, sizeof header);
    lp_rtnl_put(&request, RTA_DST, destination->ip, ip_len(destination));
    if (destination->scope_id)
        lp_rtnl_put_u32(&request, RTA_OIF, destination->scope_id);
    *out_found = (found_route){0};
    return lp_rtnl_ask(net->ask, &request, take_route, out_found);
}

lp_err lp_net_route_to(lp_net *net, const lp_addr *destination, lp_route *out_route)
{
    found_route way, entry;
    if (look_up(net, destination, 0, &way) != 0 || !way.is_there)
        return LP_ERR_NOT_FOUND;
    /* The way names no metric and no prefix; the table's entry that it follows does. */
    way.route.prefix = (lp_addr){0};
    if (look_up(net, destination, RTM_F_FIB_MATCH, &entry) == 0 && entry.is_there) {
        way.route.metric = entry.route.metric;
        way.route.prefix = entry.route.prefix;
        way.route.prefix_len = entry.route.prefix_len;
    }
    *out_route = way.route;
    return LP_OK;
}

/* --- the way around the tunnel ---------------------------------------------------- */

typedef struct way_search {
    const lp_addr *destination;
    unsigned inside;
    found_route best;
} way_search;

static bool holds(const lp_route *route, const lp_addr *address)
{
    unsigned whole = route->prefix_len / 8, rest = route->prefix_len % 8;
    return route->prefix.family == address->family &&
           memcmp(route->prefix.ip, address->ip, whole) == 0 &&
           (rest == 0 ||
            (route->prefix.ip[whole] ^ address->ip[whole]) >> (8 - rest) == 0);
}

static bool is_better(const lp_route *a, const found_route *b)
{
    if (!b->is_there || a->prefix_len != b->route.prefix_len)
        return !b->is_there || a->prefix_len > b->route.prefix_len;
    return a->metric < b->route.metric;
}

static void take_way(void *state, const struct nlmsghdr *message)
{
    way_search *search = state;
    lp_bytes attributes[RTA_MAX + 1];
    found_route found = {0};
    const struct rtmsg *header = lp_rtnl_header(message, sizeof *header);
    if (message->nlmsg_type != RTM_NEWROUTE || !header ||
        header->rtm_protocol == OUR_PROTOCOL || header->rtm_type != RTN_UNICAST ||
        header->rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD | RTNH_F_LINKDOWN))
        return;
    lp_rtnl_attributes(message, sizeof *header, attributes, RTA_MAX + 1);
    take_route(&found, message);
    if (found.is_there && lp_rtnl_u32(attributes[RTA_TABLE]) == RT_TABLE_MAIN &&
        found.route.ifindex != search->inside &&
        holds(&found.route, search->destination) &&
        is_better(&found.route, &search->best))
        search->best = found;
}

lp_err lp_net_way_around(lp_net *net, const lp_addr *destination, unsigned inside,
                         lp_route *out_route)
{
    const struct rtmsg header = {.rtm_family = (unsigned char)family_of(destination)};
    way_search search = {.destination = destination, .inside = inside};
    lp_rtnl_request request =
        lp_rtnl_request_of(RTM_GETROUTE, NLM_F_DUMP, &header, sizeof header);
    if (lp_rtnl_ask(net->ask, &request, take_way, &search) != 0 ||
        !search.best.is_there)
        return LP_ERR_NOT_FOUND;
    search.best.route.source = (lp_addr){0};
    *out_route = search.best.route;
    return LP_OK;
}

/* --- removing routes -------------------------------------------------------------- */

/* What names one route of the main table exactly. */
typedef struct table_route {
    struct rtmsg header;
    uint8_t destination[16];
    size_t destination_len;
    uint32_t metric, ifindex, nexthop_id;
} table_route;

typedef struct table_search {
    unsigned ifindex; /* default routes through this interface... */
    uint8_t protocol; /* ...or, where it is 0, every route of this protocol */
    table_route found[FOUND_MAX];
    size_t count;
} table_search;

/* A default route, or so wide that it is as good as one. 224.0.0.0/4 is for multicast. */
static bool is_wide(const struct rtmsg *header, lp_bytes destination)
{
    bool is_multicast = header->rtm_family == AF_INET && destination.len == 4 &&
                        destination.at[0] >= 224;
    return header->rtm_dst_len < 8 && !is_multicast;
}

static bool is_wanted(const table_search *search, const struct rtmsg *header,
                      uint32_t ifindex, lp_bytes destination)
{
    if (search->ifindex)
        return ifindex == search->ifindex && is_wide(header, destination);
    return header->rtm_protocol == search->protocol;
}

static void match_route(void *state, const struct nlmsghdr *message)
{
    table_search *search = state;
    lp_bytes attributes[RTA_MAX + 1];
    const struct rtmsg *header = lp_rtnl_header(message, sizeof *header);
    if (message->nlmsg_type != RTM_NEWROUTE || !header || search->count == FOUND_MAX)
        return;
    lp_rtnl_attributes(message, sizeof *header, attributes, RTA_MAX + 1);
    uint32_t ifindex = lp_rtnl_u32(attributes[RTA_OIF]);
    lp_bytes destination = attributes[RTA_DST];
    if (lp_rtnl_u32(attributes[RTA_TABLE]) != RT_TABLE_MAIN ||
        (header->rtm_flags & RTM_F_CLONED) || destination.len > 16 ||
        !is_wanted(search, header, ifindex, destination))
        return;
    table_route *route = &search->found[search->count++];
    *route = (table_route){.header = *header,
                           .destination_len = destination.len,
                           .metric = lp_rtnl_u32(attributes[RTA_PRIORITY]),
                           .ifindex = ifindex,
                           .nexthop_id = lp_rtnl_u32(attributes[RTA_NH_ID])};
    if (destination.len > 0)
        memcpy(route->destination, destination.at, destination.len);
}

static bool delete_route(lp_net *net, const table_route *route)
{
    struct rtmsg header = route->header;
    header.rtm_flags = 0; /* the state of its link, which a request must not hold */
    lp_rtnl_request request =
        lp_rtnl_request_of(RTM_DELROUTE, 0, &header, sizeof header);
    if (route->destination_len)
        lp_rtnl_put(&request, RTA_DST, route->destination, route->destination_len);
    lp_rtnl_put_u32(&request, RTA_PRIORITY, route->metric);
    if (route->nexthop_id) /* it stands for interface and gateway */
        lp_rtnl_put_u32(&request, RTA_NH_ID, route->nexthop_id);
    else
        lp_rtnl_put_u32(&request, RTA_OIF, route->ifindex);
    return lp_rtnl_ask(net->ask, &request, NULL, NULL) == 0;
}

/* A pass takes FOUND_MAX at most, and goes on while all that it took are gone. */
static size_t delete_routes(lp_net *net, int family, unsigned ifindex, uint8_t protocol)
{
    const struct rtmsg header = {.rtm_family = (unsigned char)family};
    size_t deleted = 0, before;
    table_search search;
    do {
        lp_rtnl_request request =
            lp_rtnl_request_of(RTM_GETROUTE, NLM_F_DUMP, &header, sizeof header);
        search = (table_search){.ifindex = ifindex, .protocol = protocol};
        before = deleted;
        if (lp_rtnl_ask(net->ask, &request, match_route, &search) != 0)
            return deleted;
        for (size_t i = 0; i < search.count; i++)
            deleted += delete_route(net, &search.found[i]);
    } while (search.count == FOUND_MAX && deleted - before == FOUND_MAX);
    return deleted;
}

size_t lp_net_drop_defaults(lp_net *net, unsigned ifindex)
{
    return delete_routes(net, AF_INET, ifindex, 0) +
           delete_routes(net, AF_INET6, ifindex, 0);
}

bool lp_net_takes_defaults(lp_net *net, unsigned ifindex)
{
    return false;
}

lp_err lp_net_repair(lp_net *net, size_t *out_restored, lp_why *why)
{
    *out_restored = delete_routes(net, AF_INET, 0, OUR_PROTOCOL) +
                    delete_routes(net, AF_INET6, 0, OUR_PROTOCOL);
    return LP_OK;
}

/* --- pinning ---------------------------------------------------------------------- */

bool lp_net_always_pins(void)
{
    return false;
}

static struct rtmsg host_route_to(const lp_addr *destination)
{
    return (struct rtmsg){.rtm_family = (unsigned char)family_of(destination),
                          .rtm_dst_len = (unsigned char)(ip_len(destination) * 8),
                          .rtm_table = RT_TABLE_MAIN,
                          .rtm_protocol = OUR_PROTOCOL,
                          .rtm_scope = RT_SCOPE_UNIVERSE,
                          .rtm_type = RTN_UNICAST};
}

static void put_gateway(lp_rtnl_request *request, const lp_addr *destination,
                        const lp_addr *gateway)
{
    struct {
        uint16_t family;
        uint8_t ip[16];
    } via = {.family = AF_INET6};
    if (gateway->family == 0)
        return;
    if (gateway->family == destination->family) {
        lp_rtnl_put(request, RTA_GATEWAY, gateway->ip, ip_len(gateway));
        return;
    }
    memcpy(via.ip, gateway->ip, sizeof via.ip);
    lp_rtnl_put(request, RTA_VIA, &via, sizeof via);
}

lp_err lp_net_pin(lp_net *net, const lp_addr *destination, const lp_route *along,
                  lp_why *why)
{
    char text[LP_ADDR_TEXT_LEN];
    struct rtmsg header = host_route_to(destination);
    if (along->gateway.family == 0)
        header.rtm_scope = RT_SCOPE_LINK;
    lp_rtnl_request request = lp_rtnl_request_of(
        RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header);
    lp_rtnl_put(&request, RTA_DST, destination->ip, ip_len(destination));
    lp_rtnl_put_u32(&request, RTA_OIF, along->ifindex);
    put_gateway(&request, destination, &along->gateway);
    lp_net_unpin(net, destination); /* ours may lead the way of yesterday */
    int error = lp_rtnl_ask(net->ask, &request, NULL, NULL);
    if (error == 0)
        return LP_OK;
    lp_addr_write_ip(destination, text);
    if (error == EEXIST)
        return lp_explain(why, LP_ERR_IN_USE,
                          "a route to %s exists and is left as it is", text);
    return lp_explain(why, lp_err_of_errno(error), "cannot pin the route to %s: %s",
                      text, strerror(error));
}

void lp_net_unpin(lp_net *net, const lp_addr *destination)
{
    struct rtmsg header = host_route_to(destination);
    header.rtm_scope = RT_SCOPE_NOWHERE; /* whichever it has */
    lp_rtnl_request request =
        lp_rtnl_request_of(RTM_DELROUTE, 0, &header, sizeof header);
    lp_rtnl_put(&request, RTA_DST, destination->ip, ip_len(destination));
    (void)lp_rtnl_ask(net->ask, &request, NULL, NULL); /* none there is as good */
}

/* --- addresses -------------------------------------------------------------------- */

typedef struct interface_address {
    unsigned ifindex, prefix_len;
    lp_addr addr;
} interface_address;

typedef struct address_list {
    interface_address *at;
    size_t count, room;
} address_list;

static void collect_address(void *state, const struct nlmsghdr *message)
{
    address_list *list = state;
    lp_bytes attributes[IFA_MAX + 1];
    const struct ifaddrmsg *header = lp_rtnl_header(message, sizeof *header);
    if (message->nlmsg_type != RTM_NEWADDR || !header || list->count == list->room)
        return;
    lp_rtnl_attributes(message, sizeof *header, attributes, IFA_MAX + 1);
    /* On a point-to-point link IFA_ADDRESS is the other end. */
    lp_bytes own = attributes[attributes[IFA_LOCAL].at ? IFA_LOCAL : IFA_ADDRESS];
    lp_addr addr = addr_of(own, header->ifa_index);
    if (addr.family == 0 || (header->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)))
        return;
    list->at[list->count++] = (interface_address){.ifindex = header->ifa_index,
                                                  .prefix_len = header->ifa_prefixlen,
                                                  .addr = addr};
}

#define ADDRESSES_MAX 512

/* False: nothing is known. The caller frees list->at. */
static bool read_addresses(lp_net *net, int family, address_list *list)
{
    const struct ifaddrmsg header = {.ifa_family = (unsigned char)family};
    lp_rtnl_request request =
        lp_rtnl_request_of(RTM_GETADDR, NLM_F_DUMP, &header, sizeof header);
    *list = (address_list){.at = calloc(ADDRESSES_MAX, sizeof *list->at),
                           .room = ADDRESSES_MAX};
    return list->at && lp_rtnl_ask(net->ask, &request, collect_address, list) == 0;
}

static void name_of(unsigned ifindex, char out[LP_NET_NAME_LEN])
{
    char name[IF_NAMESIZE];
    snprintf(out, LP_NET_NAME_LEN, "%s", if_indextoname(ifindex, name) ? name : "?");
}

/* What a person would rather name: the higher, the better. */
static int rank(const lp_addr *addr)
{
    bool is_link_local = addr->family == 4
                             ? addr->ip[0] == 169 && addr->ip[1] == 254
                             : addr->ip[0] == 0xfe && addr->ip[1] >> 6 == 2;
    if (is_link_local)
        return addr->family == 4 ? 2 : 1;
    return addr->family == 4 ? 4 : 3;
}

lp_err lp_net_address_of(lp_net *net, unsigned ifindex, lp_addr *out_addr,
                         unsigned *out_prefix_len)
{
    address_list list;
    int best = 0;
    bool known = read_addresses(net, AF_UNSPEC, &list);
    for (size_t i = 0; known && i < list.count; i++) {
        const interface_address *one = &list.at[i];
        if (one->ifindex != ifindex || rank(&one->addr) <= best)
            continue;
        best = rank(&one->addr);
        *out_addr = one->addr;
        *out_prefix_len = one->prefix_len;
    }
    free(list.at);
    return best > 0 ? LP_OK : LP_ERR_NOT_FOUND;
}

static bool overlap(const interface_address *a, const interface_address *b)
{
    unsigned bits = a->prefix_len < b->prefix_len ? a->prefix_len : b->prefix_len;
    for (unsigned i = 0; i < bits && i < 32; i++) {
        uint8_t bit = (uint8_t)(0x80 >> i % 8);
        if ((a->addr.ip[i / 8] & bit) != (b->addr.ip[i / 8] & bit))
            return false;
    }
    return true;
}

void lp_net_overlap(lp_net *net, unsigned ifindex, char out_name[LP_NET_NAME_LEN])
{
    address_list list;
    out_name[0] = '\0';
    bool known = read_addresses(net, AF_INET, &list);
    for (size_t i = 0; known && i < list.count; i++)
        for (size_t j = 0; list.at[i].ifindex == ifindex && j < list.count; j++)
            if (list.at[j].ifindex != ifindex && overlap(&list.at[i], &list.at[j]))
                name_of(list.at[j].ifindex, out_name);
    free(list.at);
}

uint64_t lp_net_luid(unsigned ifindex)
{
    return 0;
}

lp_err lp_net_broadcasts_leave_by(lp_net *net, unsigned *out_ifindex,
                                  char out_name[LP_NET_NAME_LEN])
{
    const lp_addr everyone = {.family = 4, .ip = {255, 255, 255, 255}};
    lp_route route;
    lp_err err = lp_net_route_to(net, &everyone, &route);
    if (err)
        return err;
    *out_ifindex = route.ifindex;
    name_of(route.ifindex, out_name);
    return LP_OK;
}

/* --- what other programs do here -------------------------------------------------- */

const char *lp_net_advice(lp_net_trouble trouble)
{
    switch (trouble) {
    case LP_NET_NO_LEASE:
        return "start a DHCP client on the adapter (for example: dhclient ADAPTER), or "
               "set an address of the party's subnet";
    case LP_NET_STRAY_BROADCASTS:
        return "`ip route get 255.255.255.255` shows the route that comes first: "
               "remove it, or raise its metric";
    case LP_NET_IS_PUBLIC:
        break;
    }
    return NULL;
}

bool lp_net_can_renew(void)
{
    return false;
}

lp_err lp_net_renew(lp_net *net, unsigned ifindex, lp_why *why)
{
    char name[LP_NET_NAME_LEN];
    name_of(ifindex, name);
    return lp_explain(why, LP_ERR_UNSUPPORTED,
                      "on Linux a DHCP client of your choice asks for addresses: "
                      "dhclient %s, or dhcpcd %s",
                      name, name);
}

void lp_net_trust(lp_net *net, unsigned ifindex)
{
}

void lp_net_distrust(lp_net *net, lp_duration patience)
{
}

bool lp_net_next_note(lp_net *net, lp_net_note *out_note)
{
    return false;
}
