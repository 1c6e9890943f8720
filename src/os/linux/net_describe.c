/* What a report says about this machine's network. */
#include "os/linux/rtnl.h"
#include "os/net.h"
#include "os/report.h"
#include "os/sockaddr.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <unistd.h>

#define OPERATIONAL 6 /* IF_OPER_UP of <linux/if.h>, which fights with <net/if.h> */

static const char *address_text(lp_bytes attribute, char out[LP_ADDR_TEXT_LEN])
{
    lp_addr address = attribute.len == 4    ? lp_addr_of_ip4(attribute.at, 0)
                      : attribute.len == 16 ? lp_addr_of_ip6(attribute.at, 0, 0)
                                            : (lp_addr){0};
    return address.family ? lp_addr_write_ip(&address, out) : NULL;
}

static const char *name_of(unsigned ifindex, char out[IF_NAMESIZE])
{
    return if_indextoname(ifindex, out) ? out : "?";
}

static void say_link(void *state, const struct nlmsghdr *message)
{
    lp_report *report = state;
    lp_bytes attribute[IFLA_MAX + 1];
    char name[IF_NAMESIZE];
    const struct ifinfomsg *header = lp_rtnl_header(message, sizeof *header);
    if (message->nlmsg_type != RTM_NEWLINK || !header)
        return;
    lp_rtnl_attributes(message, sizeof *header, attribute, IFLA_MAX + 1);
    lp_rtnl_text(attribute[IFLA_IFNAME], name, sizeof name);
    lp_report_say(report, "%s: index %d, MTU %u, %s%s", name, header->ifi_index,
                  lp_rtnl_u32(attribute[IFLA_MTU]),
                  header->ifi_flags & IFF_UP ? "up" : "down",
                  header->ifi_flags & IFF_RUNNING ||
                          lp_rtnl_u8(attribute[IFLA_OPERSTATE]) == OPERATIONAL
                      ? ""
                      : ", no carrier");
    const uint8_t *mac = attribute[IFLA_ADDRESS].at;
    if (attribute[IFLA_ADDRESS].len == 6)
        lp_report_say(report, ", MAC %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
                      mac[2], mac[3], mac[4], mac[5]);
    lp_report_say(report, "\n");
}

static void say_address(void *state, const struct nlmsghdr *message)
{
    lp_bytes attribute[IFA_MAX + 1];
    char text[LP_ADDR_TEXT_LEN], name[IF_NAMESIZE];
    const struct ifaddrmsg *header = lp_rtnl_header(message, sizeof *header);
    if (message->nlmsg_type != RTM_NEWADDR || !header)
        return;
    lp_rtnl_attributes(message, sizeof *header, attribute, IFA_MAX + 1);
    const char *address = address_text(
        attribute[attribute[IFA_LOCAL].at ? IFA_LOCAL : IFA_ADDRESS], text);
    if (address)
        lp_report_say(state, "%s/%u on %s%s\n", address, header->ifa_prefixlen,
                      name_of(header->ifa_index, name),
                      header->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)
                          ? " (not in use)"
                          : "");
}

static void say_route(void *state, const struct nlmsghdr *message)
{
    lp_bytes attribute[RTA_MAX + 1];
    char to[LP_ADDR_TEXT_LEN], via[LP_ADDR_TEXT_LEN], name[IF_NAMESIZE];
    const struct rtmsg *header = lp_rtnl_header(message, sizeof *header);
    if (message->nlmsg_type != RTM_NEWROUTE || !header)
        return;
    lp_rtnl_attributes(message, sizeof *header, attribute, RTA_MAX + 1);
    if (lp_rtnl_u32(attribute[RTA_TABLE]) != RT_TABLE_MAIN ||
        header->rtm_flags & RTM_F_CLONED)
        return;
    const char *destination = address_text(attribute[RTA_DST], to);
    const char *gateway = address_text(attribute[RTA_GATEWAY], via);
    lp_report_say(state, "IPv%d %s/%u %s%s on %s metric %u protocol %u\n",
                  header->rtm_family == AF_INET ? 4 : 6,
                  destination ? destination : "default", header->rtm_dst_len,
                  gateway ? "by " : "directly", gateway ? gateway : "",
                  name_of(lp_rtnl_u32(attribute[RTA_OIF]), name),
                  lp_rtnl_u32(attribute[RTA_PRIORITY]), header->rtm_protocol);
}

/* `header` is the family's own, all zero but for the family. */
static void say_all(lp_report *report, int fd, uint16_t type, const void *header,
                    size_t header_len, lp_rtnl_visit *visit)
{
    lp_rtnl_request request = lp_rtnl_request_of(type, NLM_F_DUMP, header, header_len);
    if (lp_rtnl_ask(fd, &request, visit, report) != 0)
        lp_report_say(report, "cannot be told\n");
}

size_t lp_net_describe(lp_net *net, char *out, size_t out_len)
{
    const struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
    const struct ifaddrmsg address = {.ifa_family = AF_UNSPEC};
    const struct rtmsg routes[] = {{.rtm_family = AF_INET}, {.rtm_family = AF_INET6}};
    lp_report report = lp_report_start(out, out_len);
    int fd = lp_rtnl_open(0);
    lp_report_say(&report, "Interfaces\n\n");
    say_all(&report, fd, RTM_GETLINK, &link, sizeof link, say_link);
    lp_report_say(&report, "\nAddresses\n\n");
    say_all(&report, fd, RTM_GETADDR, &address, sizeof address, say_address);
    lp_report_say(&report, "\nRoutes (protocol 76: pinned by softlan)\n\n");
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        say_all(&report, fd, RTM_GETROUTE, &routes[i], sizeof *routes, say_route);
    if (fd >= 0)
        close(fd);
    return report.len;
}
