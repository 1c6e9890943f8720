#include "os/linux/link.h"

#include "os/linux/rtnl.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <unistd.h>

typedef struct link_list {
    lp_link *at;
    size_t count, room;
} link_list;

static void read_kinds(lp_bytes info, lp_link *link)
{
    lp_bytes parts[IFLA_INFO_MAX + 1];
    lp_rtnl_nested(info, parts, IFLA_INFO_MAX + 1);
    lp_rtnl_text(parts[IFLA_INFO_KIND], link->kind, sizeof link->kind);
    lp_rtnl_text(parts[IFLA_INFO_SLAVE_KIND], link->master_kind,
                 sizeof link->master_kind);
}

static void collect(void *state, const struct nlmsghdr *message)
{
    link_list *list = state;
    lp_bytes attributes[IFLA_MAX + 1];
    const struct ifinfomsg *info = lp_rtnl_header(message, sizeof *info);
    if (message->nlmsg_type != RTM_NEWLINK || !info || list->count == list->room)
        return;
    lp_rtnl_attributes(message, sizeof *info, attributes, IFLA_MAX + 1);
    lp_link link = {
        .ifindex = (unsigned)info->ifi_index,
        .hardware = info->ifi_type,
        .mtu = lp_rtnl_u32(attributes[IFLA_MTU]),
        .is_loopback = info->ifi_flags & IFF_LOOPBACK,
        .is_up = info->ifi_flags & IFF_UP,
        .has_carrier = lp_rtnl_u8(attributes[IFLA_CARRIER]),
    };
    lp_rtnl_text(attributes[IFLA_IFNAME], link.name, sizeof link.name);
    if (attributes[IFLA_ADDRESS].len == sizeof link.mac)
        memcpy(&link.mac, attributes[IFLA_ADDRESS].at, sizeof link.mac);
    read_kinds(attributes[IFLA_LINKINFO], &link);
    if (!if_indextoname(lp_rtnl_u32(attributes[IFLA_MASTER]), link.master))
        link.master[0] = '\0';
    list->at[list->count++] = link;
}

static int ask(lp_rtnl_request *request, link_list *list)
{
    int fd = lp_rtnl_open(0);
    if (fd < 0)
        return errno;
    int error = lp_rtnl_ask(fd, request, collect, list);
    close(fd);
    return error;
}

static const struct ifinfomsg any_link = {.ifi_family = AF_UNSPEC};

lp_err lp_links_read(lp_link out[LP_LINKS_MAX], size_t *out_count)
{
    lp_rtnl_request request =
        lp_rtnl_request_of(RTM_GETLINK, NLM_F_DUMP, &any_link, sizeof any_link);
    link_list list = {.at = out, .room = LP_LINKS_MAX};
    if (ask(&request, &list) != 0)
        return LP_ERR_IO;
    *out_count = list.count;
    return LP_OK;
}

lp_err lp_link_find(const char *name, lp_link *out_link)
{
    lp_rtnl_request request =
        lp_rtnl_request_of(RTM_GETLINK, 0, &any_link, sizeof any_link);
    link_list list = {.at = out_link, .room = 1};
    if (strlen(name) >= LP_LINK_NAME_LEN)
        return LP_ERR_NOT_FOUND;
    lp_rtnl_put(&request, IFLA_IFNAME, name, strlen(name) + 1);
    int error = ask(&request, &list);
    if (error == 0)
        return list.count == 1 ? LP_OK : LP_ERR_NOT_FOUND;
    return error == ENODEV ? LP_ERR_NOT_FOUND : LP_ERR_IO;
}
