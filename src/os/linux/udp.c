#include "os/udp.h"

#include "os/linux/errors.h"
#include "os/linux/udp_cmsg.h"
#include "os/sockaddr.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A GRO train fills up to 64 KiB. The extra lines keep the starts of neighbouring slots
 * in different cache sets; pages that no train ever reached cost no memory.
 */
#define SLOT_LEN    (65536 + 17 * 64)
#define MAX_PACKETS (LP_UDP_BATCH * 128) /* the kernel's UDP_MAX_SEGMENTS */

#define SOCKET_BUFFER (4 << 20)

/* An ICMP error is told once per call; more in a row mean that something else is wrong.
 */
#define MAX_ERRORS_IN_A_ROW 16

typedef struct udp_slot {
    struct sockaddr_storage name;
    struct iovec piece;
    LP_CMSG_ALIGN uint8_t control[LP_UDP_CONTROL_LEN];
} udp_slot;

typedef struct udp_messages {
    udp_slot slots[LP_UDP_BATCH];
    struct mmsghdr headers[LP_UDP_BATCH];
} udp_messages;

struct lp_udp {
    int fd;
    int family; /* AF_INET or AF_INET6 */
    lp_addr local;
    bool has_gso;
    uint8_t *arena;     /* LP_UDP_BATCH slots to receive into */
    lp_udp_in *packets; /* MAX_PACKETS */
    udp_messages in, out;
    size_t used_count; /* of `in`, since they were made ready: the kernel wrote there */
};

/* --- opening ---------------------------------------------------------------------- */

static void set(int fd, int level, int name, int value)
{
    /* Every option here makes things better where the kernel has it. */
    (void)setsockopt(fd, level, name, &value, sizeof value);
}

/* FORCE may exceed the system's limit and needs CAP_NET_ADMIN. */
static void enlarge_buffers(int fd)
{
    int len = SOCKET_BUFFER;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &len, sizeof len) != 0)
        set(fd, SOL_SOCKET, SO_RCVBUF, len);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &len, sizeof len) != 0)
        set(fd, SOL_SOCKET, SO_SNDBUF, len);
}

static void configure(int fd, int family, bool reuse_port)
{
    enlarge_buffers(fd);
    if (family == AF_INET6) {
        set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
        set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
        set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
    }
    /* An IPv6 socket carries IPv4 too, and takes these for it. */
    set(fd, IPPROTO_IP, IP_PKTINFO, 1);
    set(fd, IPPROTO_IP, IP_RECVTOS, 1);
    set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
    set(fd, IPPROTO_UDP, UDP_GRO, 1);
    if (reuse_port)
        set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

static lp_err explain_bind(const lp_addr *bind_to, int error, lp_why *why)
{
    char text[LP_ADDR_TEXT_LEN];
    lp_addr_write(bind_to, text);
    switch (error) {
    case EADDRINUSE:
        return lp_explain(why, LP_ERR_IN_USE,
                          "cannot listen on %s: another program has this port; stop it "
                          "or choose another port",
                          text);
    case EACCES:
    case EPERM:
        return lp_explain(why, LP_ERR_DENIED,
                          "cannot listen on %s: ports below 1024 need root or "
                          "CAP_NET_BIND_SERVICE",
                          text);
    case EADDRNOTAVAIL:
        return lp_explain(
            why, LP_ERR_NOT_FOUND,
            "cannot listen on %s: this machine does not have that address", text);
    default:
        return lp_explain(why, lp_err_of_errno(error), "cannot listen on %s: %s", text,
                          strerror(error));
    }
}

/* A kernel without IPv6 still serves "every address". */
static int make_socket(const lp_addr *bind_to, int *out_family)
{
    int flags = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    *out_family = bind_to->family == 6 ? AF_INET6 : AF_INET;
    int fd = socket(*out_family, flags, 0);
    if (fd < 0 && errno == EAFNOSUPPORT && lp_addr_is_any(bind_to)) {
        *out_family = AF_INET;
        fd = socket(AF_INET, flags, 0);
    }
    return fd;
}

static lp_err open_socket(lp_udp *udp, const lp_addr *bind_to, bool reuse_port,
                          lp_why *why)
{
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    udp->fd = make_socket(bind_to, &udp->family);
    if (udp->fd < 0)
        return lp_explain(why, lp_err_of_errno(errno), "cannot make a UDP socket: %s",
                          strerror(errno));
    configure(udp->fd, udp->family, reuse_port);

    lp_addr wanted = *bind_to;
    if (udp->family == AF_INET)
        wanted.family = 4; /* any address stays any address */
    unsigned wanted_len = lp_sockaddr_write(&wanted, udp->family, &name);
    if (bind(udp->fd, (struct sockaddr *)&name, wanted_len) != 0)
        return explain_bind(bind_to, errno, why);
    if (getsockname(udp->fd, (struct sockaddr *)&name, &len) != 0)
        return lp_explain(why, LP_ERR_IO, "cannot read a socket's name: %s",
                          strerror(errno));
    udp->local = lp_sockaddr_read((struct sockaddr *)&name);
    return LP_OK;
}

/* Zero pages that cost nothing until used; NULL when there are none. */
static void *map_pages(size_t len)
{
    void *at =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : at;
}

lp_err lp_udp_open(const lp_addr *bind_to, bool reuse_port, lp_udp **out_udp,
                   lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
    lp_udp *udp = calloc(1, sizeof *udp);
    if (!udp)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    udp->fd = -1;
    udp->has_gso = true;
    udp->used_count = LP_UDP_BATCH;
    udp->arena = map_pages((size_t)LP_UDP_BATCH * SLOT_LEN);
    udp->packets = map_pages(MAX_PACKETS * sizeof *udp->packets);
    if (!udp->arena || !udp->packets) {
        err = lp_explain(why, LP_ERR_NO_MEMORY, "no memory for a UDP socket's buffers");
        goto done;
    }
    err = open_socket(udp, bind_to, reuse_port, why);
    if (err)
        goto done;

    *out_udp = udp;
    udp = NULL; /* the caller's now */
done:
    lp_udp_close(udp);
    return err;
}

void lp_udp_close(lp_udp *udp)
{
    if (!udp)
        return;
    if (udp->fd >= 0)
        close(udp->fd);
    if (udp->arena)
        munmap(udp->arena, (size_t)LP_UDP_BATCH * SLOT_LEN);
    if (udp->packets)
        munmap(udp->packets, MAX_PACKETS * sizeof *udp->packets);
    free(udp);
}

lp_fd lp_udp_fd(const lp_udp *udp)
{
    return udp->fd;
}

lp_addr lp_udp_local(const lp_udp *udp)
{
    return udp->local;
}

/* --- receiving -------------------------------------------------------------------- */

/* Those that are as they were need not be touched: a lone packet costs one, not all. */
static void prepare_receive(lp_udp *udp)
{
    for (size_t i = 0; i < udp->used_count; i++) {
        udp_slot *slot = &udp->in.slots[i];
        slot->piece = (struct iovec){udp->arena + i * SLOT_LEN, 65536};
        udp->in.headers[i].msg_hdr = (struct msghdr){
            .msg_name = &slot->name,
            .msg_namelen = sizeof slot->name,
            .msg_iov = &slot->piece,
            .msg_iovlen = 1,
            .msg_control = slot->control,
            .msg_controllen = sizeof slot->control,
        };
    }
    udp->used_count = 0;
}

/* Cuts what GRO glued; the number of packets there are now. */
static size_t cut_train(lp_udp *udp, size_t at, size_t count)
{
    const udp_slot *slot = &udp->in.slots[at];
    const struct mmsghdr *message = &udp->in.headers[at];
    size_t segment_len = 0;
    lp_udp_in in = {.remote = lp_sockaddr_read((const struct sockaddr *)&slot->name)};
    lp_udp_cmsg_read(&message->msg_hdr, &in, &segment_len);
    in.local.port = udp->local.port;
    if (in.local.family == 0)
        in.local = udp->local;
    if (segment_len == 0)
        segment_len = message->msg_len;

    lp_bytes rest = lp_bytes_of(slot->piece.iov_base, message->msg_len);
    while (rest.len > 0 && count < MAX_PACKETS) {
        size_t len = rest.len < segment_len ? rest.len : segment_len;
        in.payload = lp_bytes_of(rest.at, len);
        udp->packets[count++] = in;
        rest = lp_bytes_after(rest, len);
    }
    return count;
}

/* What an ICMP message or a firewall does to a packet: it is lost, the socket is well.
 */
static bool is_loss(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EMSGSIZE:
    case EPROTO:
    case ENOPROTOOPT:
    case EACCES:
    case EPERM:
    case EINTR:
        return true;
    default:
        return false;
    }
}

lp_err lp_udp_receive(lp_udp *udp, const lp_udp_in **out_packets, size_t *out_count)
{
    int got;
    int errors = 0;
    do {
        prepare_receive(udp);
        got = recvmmsg(udp->fd, udp->in.headers, LP_UDP_BATCH, 0, NULL);
    } while (got < 0 && is_loss(errno) && ++errors < MAX_ERRORS_IN_A_ROW);
    if (got < 0)
        return errno == EAGAIN || errno == ENOMEM || errno == ENOBUFS
                   ? LP_ERR_WOULD_BLOCK
                   : LP_ERR_IO;
    udp->used_count = (size_t)got;
    size_t count = 0;
    for (size_t i = 0; i < (size_t)got; i++)
        count = cut_train(udp, i, count);
    *out_packets = udp->packets;
    *out_count = count;
    return LP_OK;
}

/* --- sending ---------------------------------------------------------------------- */

static bool is_train(const lp_udp_train *train)
{
    return train->segment_len > 0 && train->segment_len < train->payloads.len;
}

typedef enum send_how { AS_IT_IS, FROM_ANY_ADDRESS } send_how;

/* One message: `payload` in the direction of the train. segment_len 0: one packet. */
static void fill_message(lp_udp *udp, size_t at, const lp_udp_train *train,
                         lp_bytes payload, size_t segment_len, send_how how)
{
    udp_slot *slot = &udp->out.slots[at];
    lp_addr from = how == AS_IT_IS ? train->local : (lp_addr){0};
    slot->piece = (struct iovec){(void *)(uintptr_t)payload.at, payload.len};
    struct msghdr *message = &udp->out.headers[at].msg_hdr;
    *message = (struct msghdr){
        .msg_name = &slot->name,
        .msg_namelen = lp_sockaddr_write(&train->remote, udp->family, &slot->name),
        .msg_iov = &slot->piece,
        .msg_iovlen = 1,
        .msg_control = slot->control,
        .msg_controllen = sizeof slot->control,
    };
    lp_udp_cmsg_write(message, train->remote.family, &from, train->ecn, segment_len);
}

static int flush(lp_udp *udp, size_t count)
{
    int sent;
    do
        sent = sendmmsg(udp->fd, udp->out.headers, (unsigned)count, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

/*
 * For devices that cannot cut trains. WOULD_BLOCK only when nothing went out: the rest
 * of a train that was begun is lost, as on a full wire.
 */
static lp_err send_cut(lp_udp *udp, const lp_udp_train *train, send_how how)
{
    size_t step = is_train(train) ? train->segment_len : train->payloads.len;
    size_t count = 0, done = 0;
    for (lp_bytes rest = train->payloads; rest.len > 0; count++) {
        size_t len = rest.len < step ? rest.len : step;
        fill_message(udp, count, train, lp_bytes_of(rest.at, len), 0, how);
        rest = lp_bytes_after(rest, len);
    }
    while (done < count) {
        memmove(udp->out.headers, udp->out.headers + done,
                (count - done) * sizeof *udp->out.headers);
        count -= done;
        int sent = flush(udp, count);
        if (sent < 0 && errno == EAGAIN)
            return done == 0 ? LP_ERR_WOULD_BLOCK : LP_OK;
        done = sent < 0 ? 1 : (size_t)sent;
    }
    return LP_OK;
}

/* The first train was refused with `error`: is there another way? */
static lp_err send_otherwise(lp_udp *udp, const lp_udp_train *train, int error)
{
    bool gso_refused = is_train(train) && (error == EIO || error == EINVAL);
    bool source_gone = error == EINVAL || error == EADDRNOTAVAIL ||
                       error == ENETUNREACH || error == ENODEV;
    if (gso_refused && error == EIO)
        udp->has_gso =
            false; /* the way out has no checksum offload; it will not grow one */
    if (source_gone && train->local.family != 0)
        return send_cut(udp, train, FROM_ANY_ADDRESS);
    if (gso_refused)
        return send_cut(udp, train, AS_IT_IS);
    return LP_OK; /* lost */
}

/* As many as fit one call. Counts those that are done with. */
static lp_err send_batch(lp_udp *udp, const lp_udp_train *trains, size_t count,
                         size_t *out_sent)
{
    size_t filled = 0;
    *out_sent = 0;
    for (; filled < count && filled < LP_UDP_BATCH; filled++) {
        const lp_udp_train *train = &trains[filled];
        assert(train->payloads.len <= LP_UDP_TRAIN_BYTES);
        assert(!is_train(train) ||
               train->payloads.len <= train->segment_len * LP_UDP_TRAIN_SEGMENTS);
        if (is_train(train) && !udp->has_gso)
            break;
        fill_message(udp, filled, train, train->payloads,
                     is_train(train) ? train->segment_len : 0, AS_IT_IS);
    }
    if (filled == 0) {
        lp_err err = send_cut(udp, trains, AS_IT_IS);
        *out_sent = err ? 0 : 1;
        return err;
    }
    int sent = flush(udp, filled);
    if (sent < 0 && errno == EAGAIN)
        return LP_ERR_WOULD_BLOCK;
    lp_err err = sent < 0 ? send_otherwise(udp, trains, errno) : LP_OK;
    if (!err)
        *out_sent = sent < 0 ? 1 : (size_t)sent;
    return err;
}

lp_err lp_udp_send(lp_udp *udp, const lp_udp_train *trains, size_t count,
                   size_t *out_sent)
{
    lp_err err = LP_OK;
    *out_sent = 0;
    while (*out_sent < count && !err) {
        size_t sent;
        err = send_batch(udp, trains + *out_sent, count - *out_sent, &sent);
        *out_sent += sent;
    }
    return err;
}
