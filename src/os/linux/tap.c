#include "os/tap.h"

#include "os/linux/errors.h"
#include "os/linux/vnet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20 /* since the headers of Linux 6.2 */
#define TUN_F_USO6 0x40
#endif

struct lp_tap {
    int fd;      /* frames */
    int control; /* any socket: interface ioctls want one */
    char name[LP_IFNAME_LEN];
    unsigned ifindex;
    bool ignores_routers, cuts_udp;
};

_Static_assert(LP_IFNAME_LEN == IFNAMSIZ, "names are copied to and from the kernel");

static lp_err open_device(lp_tap *tap, lp_why *why)
{
    tap->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tap->fd >= 0)
        return LP_OK;
    if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
        return lp_explain(
            why, LP_ERR_UNSUPPORTED,
            "this system has no /dev/net/tun: run `modprobe tun`, or give "
            "the container this device");
    return lp_explain(
        why, lp_err_of_errno(errno),
        "cannot open /dev/net/tun: %s; start as root or with CAP_NET_ADMIN",
        strerror(errno));
}

static lp_err create(lp_tap *tap, const char *name, lp_why *why)
{
    /* TUN_EXCL: a persistent device of that name would outlive us. */
    struct ifreq request = {
        .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL)};
    if (strlen(name) >= sizeof request.ifr_name)
        return lp_explain(why, LP_ERR_TOO_BIG,
                          "%s: an adapter's name has 15 letters at most", name);
    strcpy(request.ifr_name, name);
    if (ioctl(tap->fd, TUNSETIFF, &request) == 0) {
        memcpy(tap->name, request.ifr_name, sizeof tap->name);
        return LP_OK;
    }
    if (errno == EBUSY)
        return lp_explain(
            why, LP_ERR_IN_USE,
            "cannot create the adapter %s: an interface of that name exists; "
            "choose another name",
            name);
    if (errno == EINVAL)
        return lp_explain(why, LP_ERR_MALFORMED,
                          "%s: not a name that an adapter can have", name);
    if (errno == EPERM)
        return lp_explain(why, LP_ERR_DENIED,
                          "cannot create the adapter %s: start as root or with "
                          "CAP_NET_ADMIN",
                          name);
    return lp_explain(why, lp_err_of_errno(errno), "cannot create the adapter %s: %s",
                      name, strerror(errno));
}

/* Whatever the kernel does not know, it goes on doing by itself. */
static void offer_offloads(lp_tap *tap)
{
    static const unsigned long tcp =
        TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    tap->cuts_udp = ioctl(tap->fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) == 0;
    if (!tap->cuts_udp)
        (void)ioctl(tap->fd, TUNSETOFFLOAD, tcp);
}

static struct ifreq request_for(const lp_tap *tap)
{
    struct ifreq request = {0};
    memcpy(request.ifr_name, tap->name, sizeof request.ifr_name);
    return request;
}

static lp_err set_mac(lp_tap *tap, lp_mac mac, lp_why *why)
{
    struct ifreq request = request_for(tap);
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(request.ifr_hwaddr.sa_data, mac.octet, sizeof mac.octet);
    if (ioctl(tap->control, SIOCSIFHWADDR, &request) == 0)
        return LP_OK;
    char text[LP_MAC_TEXT_LEN];
    return lp_explain(why, lp_err_of_errno(errno), "cannot give %s the address %s: %s",
                      tap->name, lp_mac_write(mac, text), strerror(errno));
}

/* False where the setting exists and cannot be changed. */
static bool write_ipv6_setting(const char *name, const char *setting, const char *value)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/%s", name, setting);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT; /* no IPv6, nothing to fear */
    bool done = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
    close(fd);
    return done;
}

/* The party's router advertises itself to all; the player's internet is elsewhere. */
static bool ignore_routers(const char *name)
{
    bool no_default = write_ipv6_setting(name, "accept_ra_defrtr", "0");
    bool no_others = write_ipv6_setting(name, "accept_ra_rt_info_max_plen", "0");
    return no_default && no_others;
}

lp_err lp_tap_open(const char *name, lp_mac mac, lp_tap **out_tap, lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
    lp_tap *tap = calloc(1, sizeof *tap);
    if (!tap)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    tap->fd = -1;
    tap->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (tap->control < 0) {
        err = lp_explain(why, lp_err_of_errno(errno), "cannot make a socket: %s",
                         strerror(errno));
        goto done;
    }
    err = open_device(tap, why);
    if (err)
        goto done;
    err = create(tap, name ? name : "lan%d", why);
    if (err)
        goto done;
    offer_offloads(tap);
    err = set_mac(tap, mac, why);
    if (err)
        goto done;
    tap->ifindex = if_nametoindex(tap->name);
    tap->ignores_routers = ignore_routers(tap->name);

    *out_tap = tap;
    tap = NULL; /* the caller's now */
done:
    lp_tap_close(tap);
    return err;
}

void lp_tap_close(lp_tap *tap)
{
    if (!tap)
        return;
    if (tap->fd >= 0)
        close(tap->fd);
    if (tap->control >= 0)
        close(tap->control);
    free(tap);
}

lp_fd lp_tap_fd(const lp_tap *tap)
{
    return tap->fd;
}

const char *lp_tap_name(const lp_tap *tap)
{
    return tap->name;
}

unsigned lp_tap_ifindex(const lp_tap *tap)
{
    return tap->ifindex;
}

bool lp_tap_ignores_routers(const lp_tap *tap)
{
    return tap->ignores_routers;
}

size_t lp_tap_list(lp_tap_choice *out, size_t max)
{
    return 0;
}

lp_err lp_tap_create(lp_tap_choice *out_made, lp_why *why)
{
    return lp_explain(why, LP_ERR_UNSUPPORTED,
                      "on Linux the adapter is made when the client starts, and goes "
                      "when it ends: nothing to do");
}

lp_err lp_tap_remove(size_t *out_count, lp_why *why)
{
    return lp_tap_create(NULL, why);
}

const char *lp_tap_driver(const lp_tap *tap)
{
    return "";
}

bool lp_tap_cuts_tcp(const lp_tap *tap)
{
    return true;
}

bool lp_tap_cuts_udp(const lp_tap *tap)
{
    return tap->cuts_udp;
}

lp_err lp_tap_set_mtu(lp_tap *tap, unsigned mtu, lp_why *why)
{
    struct ifreq request = request_for(tap);
    request.ifr_mtu = (int)mtu;
    if (ioctl(tap->control, SIOCSIFMTU, &request) == 0)
        return LP_OK;
    return lp_explain(why, lp_err_of_errno(errno), "cannot set the MTU of %s to %u: %s",
                      tap->name, mtu, strerror(errno));
}

static bool bring_up(const lp_tap *tap)
{
    struct ifreq request = request_for(tap);
    if (ioctl(tap->control, SIOCGIFFLAGS, &request) != 0)
        return false;
    if (request.ifr_flags & IFF_UP)
        return true;
    request.ifr_flags |= IFF_UP;
    return ioctl(tap->control, SIOCSIFFLAGS, &request) == 0;
}

void lp_tap_rest(lp_tap *tap)
{
}

lp_err lp_tap_set_link(lp_tap *tap, bool up, lp_why *why)
{
    int carrier = up;
    /* The carrier first: nobody shall see an adapter that is up with a stale cable. */
    if (ioctl(tap->fd, TUNSETCARRIER, &carrier) == 0 && (!up || bring_up(tap)))
        return LP_OK;
    return lp_explain(why, lp_err_of_errno(errno), "cannot set the link of %s %s: %s",
                      tap->name, up ? "up" : "down", strerror(errno));
}

lp_err lp_tap_read(lp_tap *tap, lp_space space, size_t *out_len,
                   lp_offload *out_offload)
{
    struct virtio_net_hdr vnet;
    struct iovec pieces[2] = {{&vnet, sizeof vnet}, {space.at, space.len}};
    ssize_t len;
    do
        len = readv(tap->fd, pieces, 2);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return errno == EAGAIN ? LP_ERR_WOULD_BLOCK : LP_ERR_IO;
    *out_len = (size_t)len - sizeof vnet; /* the kernel never gives less than it */
    *out_offload = lp_vnet_read(&vnet);
    return LP_OK;
}

lp_err lp_tap_write(lp_tap *tap, lp_bytes frame, const lp_offload *offload)
{
    struct virtio_net_hdr vnet;
    lp_vnet_write(offload, &vnet);
    struct iovec pieces[2] = {{&vnet, sizeof vnet},
                              {(void *)(uintptr_t)frame.at, frame.len}};
    ssize_t len;
    do
        len = writev(tap->fd, pieces, 2);
    while (len < 0 && errno == EINTR);
    if (len >= 0)
        return LP_OK;
    /* EBADFD: the adapter was deleted. The rest passes, EIO too: someone set it down.
     */
    return errno == EBADFD ? LP_ERR_IO : LP_ERR_WOULD_BLOCK;
}

uint64_t lp_tap_take_lost(lp_tap *tap)
{
    return 0;
}
