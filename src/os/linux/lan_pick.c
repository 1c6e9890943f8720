#include "os/linux/lan_pick.h"

#include <linux/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Drivers of either kind of Wi-Fi stack leave one of these; nobody else does. */
static bool is_wifi(const char *name)
{
    static const char *const marks[] = {"phy80211", "wireless"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        char path[64];
        snprintf(path, sizeof path, "/sys/class/net/%s/%s", name, marks[i]);
        if (access(path, F_OK) == 0)
            return true;
    }
    return false;
}

lp_lan_trap lp_lan_trap_of(const lp_link *link)
{
    if (link->is_loopback)
        return LP_LAN_LOOPBACK;
    if (is_wifi(link->name))
        return LP_LAN_WIFI;
    if (link->hardware != ARPHRD_ETHER)
        return LP_LAN_NOT_ETHERNET;
    if (strcmp(link->master_kind, "bridge") == 0)
        return LP_LAN_BRIDGE_PORT;
    if (strcmp(link->master_kind, "bond") == 0 ||
        strcmp(link->master_kind, "team") == 0)
        return LP_LAN_BOND_MEMBER;
    if (!link->is_up)
        return LP_LAN_DOWN;
    if (!link->has_carrier)
        return LP_LAN_NO_CARRIER;
    return LP_LAN_SOUND;
}

lp_err lp_lan_explain(lp_lan_trap trap, const lp_link *link, lp_why *why)
{
    const char *name = link->name,
               *master = link->master[0] ? link->master : "its master";
    switch (trap) {
    case LP_LAN_SOUND:
        return LP_OK;
    case LP_LAN_LOOPBACK:
        return lp_explain(
            why, LP_ERR_UNSUPPORTED,
            "%s is the loopback interface, no wire: name the interface that "
            "the party's cable is plugged into",
            name);
    case LP_LAN_NOT_ETHERNET:
        return lp_explain(why, LP_ERR_UNSUPPORTED,
                          "%s is not an Ethernet interface: name one that is", name);
    case LP_LAN_WIFI:
        return lp_explain(why, LP_ERR_UNSUPPORTED,
                          "%s is Wi-Fi, whose access points refuse frames of other "
                          "stations: use a cable",
                          name);
    case LP_LAN_BRIDGE_PORT:
        return lp_explain(why, LP_ERR_UNSUPPORTED,
                          "%s is a port of the bridge %s and sees only part of its "
                          "traffic: name %s instead",
                          name, master, master);
    case LP_LAN_BOND_MEMBER:
        return lp_explain(why, LP_ERR_UNSUPPORTED,
                          "%s is a member of the bond %s: name %s instead", name,
                          master, master);
    case LP_LAN_DOWN:
        return lp_explain(why, LP_ERR_IO, "%s is down: run `ip link set %s up`", name,
                          name);
    case LP_LAN_NO_CARRIER:
        return lp_explain(why, LP_ERR_IO,
                          "%s has no link: plug in the cable, or check the switch",
                          name);
    }
    return LP_ERR_IO;
}

/* --- picking ---------------------------------------------------------------------- */

/* NULL where it may be picked without being named. */
static const char *reason_against(const lp_link *link)
{
    switch (lp_lan_trap_of(link)) {
    case LP_LAN_LOOPBACK:
        return "loopback";
    case LP_LAN_NOT_ETHERNET:
        return "not Ethernet";
    case LP_LAN_WIFI:
        return "Wi-Fi";
    case LP_LAN_BRIDGE_PORT:
        return "bridge port";
    case LP_LAN_BOND_MEMBER:
        return "bond member";
    case LP_LAN_DOWN:
        return "down";
    case LP_LAN_NO_CARRIER:
        return "no cable";
    case LP_LAN_SOUND:
        break;
    }
    /* Bridges, bonds, VLANs and tunnels serve those who name them. A veth is how test
     * labs and containers are wired. */
    if (link->kind[0] == '\0' || strcmp(link->kind, "veth") == 0)
        return NULL;
    return strcmp(link->kind, "tun") == 0 ? "tunnel" : link->kind;
}

/* ", eth0 (down)"; cut where the sentence is full. */
static void add_to_list(char *list, size_t list_len, const char *name,
                        const char *remark)
{
    size_t at = strlen(list);
    const char *comma = at > 0 ? ", " : "";
    if (remark)
        snprintf(list + at, list_len - at, "%s%s (%s)", comma, name, remark);
    else
        snprintf(list + at, list_len - at, "%s%s", comma, name);
}

static lp_err pick(const lp_link *links, size_t count, char out_name[LP_LAN_NAME_LEN],
                   lp_why *why)
{
    char suitable[300] = "", others[300] = "";
    size_t suitable_count = 0;
    const lp_link *chosen = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *reason = reason_against(&links[i]);
        if (reason) {
            add_to_list(others, sizeof others, links[i].name, reason);
            continue;
        }
        add_to_list(suitable, sizeof suitable, links[i].name, NULL);
        chosen = &links[i];
        suitable_count++;
    }
    if (suitable_count > 1)
        return lp_explain(
            why, LP_ERR_IN_USE,
            "several interfaces could be the party's wire: %s; name one with "
            "--interface",
            suitable);
    if (!chosen)
        return lp_explain(
            why, LP_ERR_NOT_FOUND,
            "no interface can be the party's wire; seen: %s; plug in a cable "
            "or name one with --interface",
            others[0] ? others : "none");
    memcpy(out_name, chosen->name, LP_LAN_NAME_LEN);
    return LP_OK;
}

lp_err lp_lan_pick(char out_name[LP_LAN_NAME_LEN], lp_why *why)
{
    size_t count = 0;
    lp_link *links = calloc(LP_LINKS_MAX, sizeof *links);
    if (!links)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    lp_err err = lp_links_read(links, &count);
    err = err ? lp_explain(why, err, "the kernel does not list its interfaces")
              : pick(links, count, out_name, why);
    free(links);
    return err;
}
