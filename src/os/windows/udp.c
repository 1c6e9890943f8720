#include "os/udp.h"

#include "os/sockaddr.h"
#include "os/windows/errors.h"
#include "os/windows/udp_cmsg.h"

#include <assert.h>
#include <stdlib.h>

#define SLOT_LEN      65536
#define MAX_PACKETS   (LP_UDP_BATCH * 64)
#define MAX_COALESCED (SLOT_LEN - 1)
#define SOCKET_BUFFER (4 << 20)

/* What a refused packet leaves behind is told once per call; more in a row mean that
 * something else is wrong. */
#define MAX_ERRORS_IN_A_ROW 16

struct lp_udp {
    SOCKET socket;
    int family; /* AF_INET or AF_INET6 */
    lp_addr local;
    bool has_uso, refuses_ecn;
    LPFN_WSARECVMSG receive;
    LPFN_WSASENDMSG send;
    uint8_t *arena;     /* LP_UDP_BATCH slots to receive into */
    lp_udp_in *packets; /* MAX_PACKETS */
};

/* --- opening ---------------------------------------------------------------------- */

static bool set(SOCKET it, int level, int name, DWORD value)
{
    return setsockopt(it, level, name, (char *)&value, sizeof value) == 0;
}

static void switch_off(SOCKET it, DWORD code)
{
    BOOL no = FALSE;
    DWORD ignored;
    WSAIoctl(it, code, &no, sizeof no, NULL, 0, &ignored, NULL, NULL);
}

static bool find(SOCKET it, GUID id, void *out_function, DWORD len)
{
    DWORD ignored;
    return WSAIoctl(it, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id,
                    out_function, len, &ignored, NULL, NULL) == 0;
}

static void set_both(SOCKET it, int family, int name4, int name6, DWORD value)
{
    if (family == AF_INET6)
        set(it, IPPROTO_IPV6, name6, value);
    /* An IPv6 socket carries IPv4 too, and takes these for it. */
    set(it, IPPROTO_IP, name4, value);
}

/* Every option here makes things better where the system has it. */
static void configure(lp_udp *udp)
{
    SOCKET it = udp->socket;
    u_long non_blocking = 1;
    ioctlsocket(it, FIONBIO, &non_blocking);
    /* A refused packet is that packet's affair: without these, reading fails for it. */
    switch_off(it, SIO_UDP_CONNRESET);
    switch_off(it, SIO_UDP_NETRESET);
    set(it, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
    set(it, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
    if (udp->family == AF_INET6)
        set(it, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_both(it, udp->family, IP_PKTINFO, IPV6_PKTINFO, 1);
    set_both(it, udp->family, IP_ECN, IPV6_ECN, 1);
    set_both(it, udp->family, IP_DONTFRAGMENT, IPV6_DONTFRAG, 1);
    set(it, IPPROTO_UDP, UDP_RECV_MAX_COALESCED_SIZE, MAX_COALESCED);
    /* 0 leaves every packet as it is: it asks whether the system knows the option. */
    udp->has_uso = set(it, IPPROTO_UDP, UDP_SEND_MSG_SIZE, 0);
}

static lp_err explain_bind(const lp_addr *bind_to, int error, lp_why *why)
{
    char name[LP_ADDR_TEXT_LEN], text[LP_WINDOWS_TEXT_LEN];
    lp_addr_write(bind_to, name);
    switch (error) {
    case WSAEADDRINUSE:
    case WSAEACCES: /* who holds it does not share it */
        return lp_explain(why, LP_ERR_IN_USE,
                          "cannot listen on %s: another program has this port; stop it "
                          "or choose another port",
                          name);
    case WSAEADDRNOTAVAIL:
        return lp_explain(
            why, LP_ERR_NOT_FOUND,
            "cannot listen on %s: this machine does not have that address", name);
    default:
        return lp_explain(why, lp_err_of_windows((unsigned long)error),
                          "cannot listen on %s: %s", name,
                          lp_windows_text((unsigned long)error, text));
    }
}

/* A system without IPv6 still serves "every address". */
static void make_socket(lp_udp *udp, const lp_addr *bind_to)
{
    udp->family = bind_to->family == 6 ? AF_INET6 : AF_INET;
    udp->socket = socket(udp->family, SOCK_DGRAM, IPPROTO_UDP);
    if (udp->socket != INVALID_SOCKET || WSAGetLastError() != WSAEAFNOSUPPORT ||
        !lp_addr_is_any(bind_to))
        return;
    udp->family = AF_INET;
    udp->socket = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
}

static lp_err bind_socket(lp_udp *udp, const lp_addr *bind_to, lp_why *why)
{
    struct sockaddr_storage name;
    int len = sizeof name;
    lp_addr wanted = *bind_to;
    if (udp->family == AF_INET)
        wanted.family = 4; /* any address stays any address */
    int wanted_len = (int)lp_sockaddr_write(&wanted, udp->family, &name);
    if (bind(udp->socket, (struct sockaddr *)&name, wanted_len) != 0 ||
        getsockname(udp->socket, (struct sockaddr *)&name, &len) != 0)
        return explain_bind(bind_to, WSAGetLastError(), why);
    udp->local = lp_sockaddr_read((struct sockaddr *)&name);
    return LP_OK;
}

static lp_err open_socket(lp_udp *udp, const lp_addr *bind_to, lp_why *why)
{
    char text[LP_WINDOWS_TEXT_LEN];
    make_socket(udp, bind_to);
    if (udp->socket == INVALID_SOCKET ||
        !find(udp->socket, (GUID)WSAID_WSARECVMSG, &udp->receive,
              sizeof udp->receive) ||
        !find(udp->socket, (GUID)WSAID_WSASENDMSG, &udp->send, sizeof udp->send)) {
        unsigned long error = (unsigned long)WSAGetLastError();
        return lp_explain(why, lp_err_of_windows(error), "cannot make a UDP socket: %s",
                          lp_windows_text(error, text));
    }
    configure(udp);
    return bind_socket(udp, bind_to, why);
}

lp_err lp_udp_open(const lp_addr *bind_to, bool reuse_port, lp_udp **out_udp,
                   lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
    if (reuse_port)
        return lp_explain(why, LP_ERR_UNSUPPORTED,
                          "Windows does not share one port between workers");
    lp_udp *udp = calloc(1, sizeof *udp);
    if (!udp)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    udp->socket = INVALID_SOCKET;
    udp->arena = malloc((size_t)LP_UDP_BATCH * SLOT_LEN);
    udp->packets = malloc(MAX_PACKETS * sizeof *udp->packets);
    if (!udp->arena || !udp->packets) {
        lp_explain(why, LP_ERR_NO_MEMORY, "no memory for a UDP socket's buffers");
        goto done;
    }
    lp_winsock_start();
    err = open_socket(udp, bind_to, why);
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
    if (udp->socket != INVALID_SOCKET)
        closesocket(udp->socket);
    free(udp->arena);
    free(udp->packets);
    free(udp);
}

lp_fd lp_udp_fd(const lp_udp *udp)
{
    return (lp_fd)udp->socket;
}

lp_addr lp_udp_local(const lp_udp *udp)
{
    return udp->local;
}

/* --- receiving -------------------------------------------------------------------- */

/* What an ICMP message or a firewall does to a packet: it is lost, the socket is well. */
static bool is_loss(int error)
{
    switch (error) {
    case WSAECONNRESET:
    case WSAENETRESET:
    case WSAEMSGSIZE:
    case WSAEHOSTUNREACH:
    case WSAENETUNREACH:
    case WSAEHOSTDOWN:
    case WSAENETDOWN:
    case WSAEADDRNOTAVAIL:
    case WSAEINVAL: /* a source address that went away with its adapter */
    case WSAEACCES:
    case WSAEINTR:
        return true;
    default:
        return false;
    }
}

/* One message into slot `at`, cut into packets where the system glued several. */
static lp_err receive_one(lp_udp *udp, size_t at, size_t *count)
{
    struct sockaddr_storage name;
    _Alignas(WSACMSGHDR) char control[LP_UDP_CONTROL_LEN];
    WSABUF piece = {SLOT_LEN, (char *)udp->arena + at * SLOT_LEN};
    WSAMSG message = {.name = (struct sockaddr *)&name,
                      .namelen = sizeof name,
                      .lpBuffers = &piece,
                      .dwBufferCount = 1,
                      .Control = {sizeof control, control}};
    DWORD len;
    size_t segment_len = 0;
    int error, errors = 0;
    do {
        message.namelen = sizeof name; /* also after one that was lost */
        message.Control.len = sizeof control;
        error = udp->receive(udp->socket, &message, &len, NULL, NULL) == 0
                    ? 0
                    : WSAGetLastError();
    } while (is_loss(error) && ++errors < MAX_ERRORS_IN_A_ROW);
    if (error)
        return error == WSAEWOULDBLOCK || error == WSAENOBUFS ? LP_ERR_WOULD_BLOCK
                                                              : LP_ERR_IO;
    lp_udp_in in = {.remote = lp_sockaddr_read((struct sockaddr *)&name)};
    lp_udp_cmsg_read(&message, &in, &segment_len);
    in.local.port = udp->local.port;
    if (in.local.family == 0)
        in.local = udp->local;
    if (segment_len == 0)
        segment_len = len;
    lp_bytes rest = lp_bytes_of(piece.buf, len);
    while (rest.len > 0 && *count < MAX_PACKETS) {
        in.payload =
            lp_bytes_of(rest.at, rest.len < segment_len ? rest.len : segment_len);
        udp->packets[(*count)++] = in;
        rest = lp_bytes_after(rest, in.payload.len);
    }
    return LP_OK;
}

lp_err lp_udp_receive(lp_udp *udp, const lp_udp_in **out_packets, size_t *out_count)
{
    size_t count = 0;
    lp_err err = LP_OK;
    for (size_t at = 0; at < LP_UDP_BATCH && !err; at++)
        err = receive_one(udp, at, &count);
    *out_packets = udp->packets;
    *out_count = count;
    return count > 0 ? LP_OK : err ? err : LP_ERR_WOULD_BLOCK;
}

/* --- sending ---------------------------------------------------------------------- */

/* 0, or the error. segment_len 0: one packet. */
static int send_message(lp_udp *udp, const lp_udp_train *train, const lp_addr *from,
                        uint8_t ecn, lp_bytes payload, size_t segment_len)
{
    struct sockaddr_storage name;
    _Alignas(WSACMSGHDR) char control[LP_UDP_CONTROL_LEN];
    WSABUF piece = {(ULONG)payload.len, (char *)(uintptr_t)payload.at};
    WSAMSG message = {.name = (struct sockaddr *)&name,
                      .namelen =
                          (int)lp_sockaddr_write(&train->remote, udp->family, &name),
                      .lpBuffers = &piece,
                      .dwBufferCount = 1,
                      .Control = {0, control}};
    DWORD sent;
    lp_udp_cmsg_write(&message, train->remote.family, from, ecn, segment_len);
    if (message.Control.len == 0)
        message.Control.buf = NULL;
    return udp->send(udp->socket, &message, 0, &sent, NULL, NULL) == 0
               ? 0
               : WSAGetLastError();
}

/* What a system says to a control message that it does not know, or does not grant. */
static bool is_refusal(int error)
{
    return error == WSAEINVAL || error == WSAEOPNOTSUPP || error == WSAENOPROTOOPT;
}

/* The same; without ECN where that was what the system refused (Windows 10). */
static int send_one(lp_udp *udp, const lp_udp_train *train, const lp_addr *from,
                    lp_bytes payload, size_t segment_len)
{
    uint8_t ecn = udp->refuses_ecn ? 0 : train->ecn;
    int error = send_message(udp, train, from, ecn, payload, segment_len);
    if (!ecn || !is_refusal(error))
        return error;
    error = send_message(udp, train, from, 0, payload, segment_len);
    udp->refuses_ecn = error == 0;
    return error;
}

/* Packet by packet; the first one's error. That of a later one is its own affair: it is
 * lost, as on a full wire. */
static int send_cut(lp_udp *udp, const lp_udp_train *train, const lp_addr *from)
{
    size_t step = train->segment_len ? train->segment_len : train->payloads.len;
    for (lp_bytes rest = train->payloads; rest.len > 0;) {
        lp_bytes packet = lp_bytes_of(rest.at, rest.len < step ? rest.len : step);
        int error = send_one(udp, train, from, packet, 0);
        if (error && rest.len == train->payloads.len)
            return error;
        if (error == WSAEWOULDBLOCK)
            break;
        rest = lp_bytes_after(rest, packet.len);
    }
    return 0;
}

static bool is_train(const lp_udp_train *train)
{
    return train->segment_len > 0 && train->segment_len < train->payloads.len;
}

static int send_train(lp_udp *udp, const lp_udp_train *train)
{
    static const lp_addr nowhere;
    int error = WSAEINVAL;
    assert(train->payloads.len <= LP_UDP_TRAIN_BYTES);
    if (udp->has_uso || !is_train(train))
        error = send_one(udp, train, &train->local, train->payloads,
                         is_train(train) ? train->segment_len : 0);
    if (is_train(train) && is_refusal(error)) {
        error = send_cut(udp, train, &train->local);
        udp->has_uso &= error != 0; /* it is the train that was refused */
    }
    if (error == 0 || error == WSAEWOULDBLOCK || train->local.family == 0)
        return error;
    return send_cut(udp, train, &nowhere); /* our address went away: from any other */
}

lp_err lp_udp_send(lp_udp *udp, const lp_udp_train *trains, size_t count,
                   size_t *out_sent)
{
    for (*out_sent = 0; *out_sent < count; ++*out_sent)
        if (send_train(udp, &trains[*out_sent]) == WSAEWOULDBLOCK)
            return LP_ERR_WOULD_BLOCK;
    return LP_OK;
}
