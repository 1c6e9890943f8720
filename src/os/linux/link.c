#include "os/linux/link.h"

#include "os/linux/rtnl.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct collected {
    lp_link *links;
    unsigned masters[LP_LINKS_MAX]; /* beside links: whom each serves, 0 for nobody */
    size_t count;
} collected;

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
    collected *all = state;
    lp_bytes attributes[IFLA_MAX + 1];
    const struct ifinfomsg *info = lp_rtnl_header(message, sizeof *info);
    if (message->nlmsg_type != RTM_NEWLINK || !info || all->count == LP_LINKS_MAX)
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
    all->masters[all->count] = lp_rtnl_u32(attributes[IFLA_MASTER]);
    all->links[all->count++] = link;
}

static void name_masters(const collected *all)
{
    for (size_t i = 0; i < all->count; i++)
        for (size_t j = 0; j < all->count && all->masters[i]; j++)
            if (all->links[j].ifindex == all->masters[i])
                memcpy(all->links[i].master, all->links[j].name, LP_LINK_NAME_LEN);
}

lp_err lp_links_read(lp_link out[LP_LINKS_MAX], size_t *out_count)
{
    const struct ifinfomsg any = {.ifi_family = AF_UNSPEC};
    lp_rtnl_request request =
        lp_rtnl_request_of(RTM_GETLINK, NLM_F_DUMP, &any, sizeof any);
    collected all = {.links = out};
    int fd = lp_rtnl_open(0);
    if (fd < 0)
        return LP_ERR_IO;
    int error = lp_rtnl_ask(fd, &request, collect, &all);
    close(fd);
    if (error)
        return LP_ERR_IO;
    name_masters(&all);
    *out_count = all.count;
    return LP_OK;
}

lp_err lp_link_find(const char *name, lp_link *out_link)
{
    size_t count = 0;
    lp_link *links = calloc(LP_LINKS_MAX, sizeof *links);
    if (!links)
        return LP_ERR_NO_MEMORY;
    lp_err err = lp_links_read(links, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(links[i].name, name) != 0)
            continue;
        *out_link = links[i];
        free(links);
        return LP_OK;
    }
    free(links);
    return err ? err : LP_ERR_NOT_FOUND;
}
