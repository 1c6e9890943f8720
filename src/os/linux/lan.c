#include "os/lan.h"

#include "os/linux/errors.h"
#include "os/linux/lan_filter.h"
#include "os/linux/lan_host.h"
#include "os/linux/lan_pick.h"
#include "os/linux/link.h"
#include "os/linux/vnet.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SOCKET_BUFFER (8 << 20)

/* Frames in a row that we cannot use before others get their turn. */
#define MAX_SKIPPED 64

/* What comes with a frame. */
typedef struct lan_slot {
    struct virtio_net_hdr vnet;
    struct sockaddr_ll from;
    _Alignas(
        struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    struct iovec pieces[2];
} lan_slot;

struct lp_lan {
    int fd;
    int host_program; /* -1: frames cannot be handed to this host */
    lp_lan_info info;
    uint64_t too_big; /* frames that the reader's space could not hold */
    struct sock_filter filter[LP_LAN_FILTER_MAX_LEN];
    lan_slot slots[LP_LAN_BATCH];
    struct mmsghdr messages[LP_LAN_BATCH];
};

_Static_assert(LP_LAN_NAME_LEN == LP_LINK_NAME_LEN, "names are copied between the two");

/* --- the filter ------------------------------------------------------------------- */

/* The kernel exchanges filters between two frames: there is no gap. */
static int attach(lp_lan *lan, size_t len)
{
    const struct sock_fprog program = {.len = (unsigned short)len,
                                       .filter = lan->filter};
    bool done = setsockopt(lan->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                           sizeof program) == 0;
    return done ? 0 : errno;
}

static lp_err attach_open(lp_lan *lan)
{
    int error = attach(lan, lp_lan_filter_write_open(lan->filter));
    return error ? lp_err_of_errno(error) : LP_OK;
}

lp_err lp_lan_set_members(lp_lan *lan, const lp_mac *members, size_t count)
{
    if (count > LP_LAN_MAX_MEMBERS)
        return attach_open(lan);
    int error = attach(lan, lp_lan_filter_write(members, count, lan->filter));
    if (error == ENOMEM) {
        /* Old and new program share net.core.optmem_max, 20 KiB before Linux 6.8: make
         * the old one small first. If that is not enough, user space decides. */
        lp_err err = attach_open(lan);
        if (err)
            return err;
        error = attach(lan, lp_lan_filter_write(members, count, lan->filter));
    }
    return error && error != ENOMEM ? lp_err_of_errno(error) : LP_OK;
}

/* --- opening ---------------------------------------------------------------------- */

static lp_err check(const char *name, lp_lan *lan, lp_why *why)
{
    lp_link link;
    lp_err err = lp_link_find(name, &link);
    if (err == LP_ERR_NOT_FOUND)
        return lp_explain(
            why, err, "there is no interface %s on this machine; `ip link` lists them",
            name);
    if (err)
        return lp_explain(why, err, "the kernel does not say what %s is", name);
    err = lp_lan_explain(lp_lan_trap_of(&link), &link, why);
    if (err)
        return err;
    memcpy(lan->info.name, link.name, sizeof lan->info.name);
    lan->info.ifindex = link.ifindex;
    lan->info.mac = link.mac;
    lan->info.mtu = link.mtu;
    return LP_OK;
}

/* Protocol 0 hears nothing: everything is in place before the first frame comes. */
static int make_socket(lp_lan *lan)
{
    int one = 1, buffer = SOCKET_BUFFER;
    lan->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (lan->fd < 0)
        return errno;
    if (setsockopt(lan->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        (void)setsockopt(lan->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (setsockopt(lan->fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) != 0 ||
        setsockopt(lan->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one) != 0)
        return errno;
    return attach(lan, lp_lan_filter_write(NULL, 0, lan->filter));
}

/* The membership, unlike the interface's flag, ends with the socket (G-002). */
static int start_capture(lp_lan *lan)
{
    const struct sockaddr_ll name = {.sll_family = AF_PACKET,
                                     .sll_protocol = htons(ETH_P_ALL),
                                     .sll_ifindex = (int)lan->info.ifindex};
    const struct packet_mreq all = {.mr_ifindex = (int)lan->info.ifindex,
                                    .mr_type = PACKET_MR_PROMISC};
    if (bind(lan->fd, (const struct sockaddr *)&name, sizeof name) != 0 ||
        setsockopt(lan->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) != 0)
        return errno;
    return 0;
}

lp_err lp_lan_open(const char *name, lp_lan **out_lan, lp_why *why)
{
    lp_lan *lan = calloc(1, sizeof *lan);
    if (!lan)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    lan->fd = lan->host_program = -1;
    lp_err err = check(name, lan, why);
    if (err)
        goto done;
    int error = make_socket(lan);
    if (!error)
        error = start_capture(lan);
    if (error == EPERM || error == EACCES) {
        err = lp_explain(why, LP_ERR_DENIED,
                         "cannot capture on %s: start as root or with CAP_NET_RAW and "
                         "CAP_NET_ADMIN",
                         name);
        goto done;
    }
    if (error) {
        err = lp_explain(why, lp_err_of_errno(error), "cannot capture on %s: %s", name,
                         strerror(error));
        goto done;
    }
    lan->host_program = lp_lan_host_open(lan->info.ifindex);
    lan->info.can_reach_host = lan->host_program >= 0;
    lan->info.cuts_udp = lp_vnet_cuts_udp();

    *out_lan = lan;
    lan = NULL; /* the caller's now */
done:
    lp_lan_close(lan);
    return err;
}

void lp_lan_close(lp_lan *lan)
{
    if (!lan)
        return;
    if (lan->fd >= 0)
        close(lan->fd);
    if (lan->host_program >= 0)
        close(lan->host_program);
    free(lan);
}

int lp_lan_fd(const lp_lan *lan)
{
    return lan->fd;
}

const lp_lan_info *lp_lan_look(const lp_lan *lan)
{
    return &lan->info;
}

bool lp_lan_has_carrier(const lp_lan *lan)
{
    lp_link link;
    return lp_link_find(lan->info.name, &link) == LP_OK && link.is_up &&
           link.has_carrier;
}

bool lp_lan_is_there(const lp_lan *lan)
{
    char name[IF_NAMESIZE];
    return if_indextoname(lan->info.ifindex, name) != NULL;
}

/* --- reading ---------------------------------------------------------------------- */

static void read_auxdata(struct msghdr *message, lp_lan_frame *frame)
{
    struct tpacket_auxdata aux;
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(message); cmsg;
         cmsg = CMSG_NXTHDR(message, cmsg)) {
        if (cmsg->cmsg_level != SOL_PACKET || cmsg->cmsg_type != PACKET_AUXDATA ||
            cmsg->cmsg_len < CMSG_LEN(sizeof aux))
            continue;
        memcpy(&aux, CMSG_DATA(cmsg), sizeof aux);
        frame->has_tag = aux.tp_status & TP_STATUS_VLAN_VALID;
        frame->tag = frame->has_tag ? aux.tp_vlan_tci : 0;
    }
}

typedef enum verdict { TAKE_THEM, SKIP_THEM, NONE_NOW, GONE, BROKEN } verdict;

static verdict judge_failure(const lp_lan *lan, int error)
{
    switch (error) {
    case EAGAIN:
        return NONE_NOW;
    case ENETDOWN: /* said once; after that the socket is silent until the link is back
                    */
        return lp_lan_is_there(lan) ? SKIP_THEM : GONE;
    case EINTR:
    case EINVAL: /* an offload that a virtio-net header cannot express: SCTP, tunnels */
    case ENOBUFS:
        return SKIP_THEM;
    default:
        return BROKEN;
    }
}

static void prepare_read(lp_lan *lan, const lp_lan_frame *frames, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lan_slot *slot = &lan->slots[i];
        slot->pieces[0] = (struct iovec){&slot->vnet, sizeof slot->vnet};
        slot->pieces[1] = (struct iovec){frames[i].space.at, frames[i].space.len};
        lan->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &slot->from,
            .msg_namelen = sizeof slot->from,
            .msg_iov = slot->pieces,
            .msg_iovlen = 2,
            .msg_control = slot->control,
            .msg_controllen = sizeof slot->control,
        };
    }
}

/* False: it did not fit, and is lost. */
static bool take_frame(lp_lan *lan, size_t at, lp_lan_frame *frame)
{
    struct mmsghdr *message = &lan->messages[at];
    const lan_slot *slot = &lan->slots[at];
    bool is_cut = message->msg_hdr.msg_flags & MSG_TRUNC;
    lan->too_big += is_cut;
    if (is_cut || message->msg_len < sizeof slot->vnet)
        return false;
    *frame = (lp_lan_frame){.space = frame->space,
                            .len = message->msg_len - sizeof slot->vnet,
                            .from_own_host = slot->from.sll_pkttype == PACKET_OUTGOING,
                            .offload = lp_vnet_read(&slot->vnet)};
    read_auxdata(&message->msg_hdr, frame);
    return true;
}

static verdict read_some(lp_lan *lan, lp_lan_frame *frames, size_t count,
                         size_t *out_count)
{
    size_t kept = 0;
    prepare_read(lan, frames, count);
    int got = recvmmsg(lan->fd, lan->messages, (unsigned)count, 0, NULL);
    if (got < 0)
        return judge_failure(lan, errno);
    for (size_t i = 0; i < (size_t)got; i++) {
        if (!take_frame(lan, i, &frames[i]))
            continue;
        if (kept != i) {
            lp_space free_space = frames[kept].space;
            frames[kept] = frames[i];
            frames[i].space = free_space;
        }
        kept++;
    }
    *out_count = kept;
    return kept > 0 ? TAKE_THEM : SKIP_THEM;
}

lp_err lp_lan_read(lp_lan *lan, lp_lan_frame *frames, size_t count, size_t *out_count)
{
    assert(count > 0 && count <= LP_LAN_BATCH);
    for (int i = 0; i < MAX_SKIPPED; i++) {
        switch (read_some(lan, frames, count, out_count)) {
        case TAKE_THEM:
            return LP_OK;
        case SKIP_THEM:
            break;
        case NONE_NOW:
            return LP_ERR_WOULD_BLOCK;
        case GONE:
            return LP_ERR_NOT_FOUND;
        case BROKEN:
            return LP_ERR_IO;
        }
    }
    return LP_ERR_WOULD_BLOCK;
}

uint64_t lp_lan_take_kernel_drops(lp_lan *lan)
{
    struct tpacket_stats stats = {0};
    socklen_t len = sizeof stats;
    uint64_t too_big = lan->too_big;
    lan->too_big = 0;
    /* Reading them sets them to zero. */
    if (getsockopt(lan->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) != 0)
        return too_big;
    return too_big + stats.tp_drops;
}

/* --- writing ---------------------------------------------------------------------- */

/* The socket that sends does not hear itself, so our injections do not come back. */
lp_err lp_lan_write(lp_lan *lan, lp_bytes frame, const lp_offload *offload)
{
    struct virtio_net_hdr vnet;
    lp_vnet_write(offload, &vnet);
    struct iovec pieces[2] = {{&vnet, sizeof vnet},
                              {(void *)(uintptr_t)frame.at, frame.len}};
    ssize_t sent;
    do
        sent = writev(lan->fd, pieces, 2);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return LP_OK;
    switch (errno) {
    case EAGAIN:
    case ENOBUFS: /* the queue is full */
    case ENOMEM:
    case ENETDOWN: /* the cable is out */
        return LP_ERR_WOULD_BLOCK;
    case EMSGSIZE:
        return LP_ERR_TOO_BIG;
    default:
        return LP_ERR_IO;
    }
}

lp_err lp_lan_write_to_host(lp_lan *lan, lp_bytes frame)
{
    return lp_lan_host_write(lan->host_program, lan->info.ifindex, frame);
}
