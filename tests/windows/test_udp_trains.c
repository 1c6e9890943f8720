/*
 * What Windows has and Wine has not: trains of packets (USO) and ECN, and their refusal by
 * a way out that cannot. WSASendMsg is ours here: the linker gives the module's imports to
 * the test (--wrap=__imp_..., see tests/meson.build).
 */
#include "os/udp.h"
#include "os/windows/winsock.h"
#include "test.h"

static struct {
    bool uso, ecn, source; /* what is refused */
    char calls[200];
} system_here;

static char *note(char what)
{
    size_t len = strlen(system_here.calls);
    if (len + 1 < sizeof system_here.calls)
        system_here.calls[len] = what;
    return system_here.calls;
}

/* For each call: t a train or p a packet; e with ECN, s with a source; ! refused. */
static int WSAAPI send_here(SOCKET it, WSAMSG *message, DWORD flags, DWORD *out_sent,
                            WSAOVERLAPPED *overlapped,
                            LPWSAOVERLAPPED_COMPLETION_ROUTINE done)
{
    bool uso = false, ecn = false, source = false;
    for (WSACMSGHDR *cmsg = WSA_CMSG_FIRSTHDR(message); cmsg;
         cmsg = WSA_CMSG_NXTHDR(message, cmsg)) {
        uso |= cmsg->cmsg_level == IPPROTO_UDP &&
               cmsg->cmsg_type == UDP_SEND_MSG_SIZE &&
               *(DWORD *)WSA_CMSG_DATA(cmsg) == 300;
        ecn |= cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_ECN &&
               *(int *)WSA_CMSG_DATA(cmsg) == 2;
        source |= cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO;
    }
    bool refused = (uso && system_here.uso) || (ecn && system_here.ecn) ||
                   (source && system_here.source);
    note(uso ? 't' : 'p');
    if (ecn)
        note('e');
    if (source)
        note('s');
    note(refused ? '!' : ' ');
    *out_sent = message->lpBuffers->len;
    WSASetLastError(refused ? WSAEINVAL : 0);
    return refused ? SOCKET_ERROR : 0;
}

extern __typeof__(WSAIoctl) *__real___imp_WSAIoctl;
extern __typeof__(setsockopt) *__real___imp_setsockopt;

static int WSAAPI ioctl_here(SOCKET it, DWORD code, void *in, DWORD in_len, void *out,
                             DWORD out_len, DWORD *got, WSAOVERLAPPED *overlapped,
                             LPWSAOVERLAPPED_COMPLETION_ROUTINE done)
{
    static const GUID send_id = WSAID_WSASENDMSG;
    LPFN_WSASENDMSG ours = send_here;
    if (code != SIO_GET_EXTENSION_FUNCTION_POINTER ||
        memcmp(in, &send_id, sizeof send_id) != 0)
        return __real___imp_WSAIoctl(it, code, in, in_len, out, out_len, got,
                                     overlapped, done);
    memcpy(out, &ours, sizeof ours);
    return 0;
}

static int WSAAPI setsockopt_here(SOCKET it, int level, int name, const char *value,
                                  int len)
{
    return level == IPPROTO_UDP && name == UDP_SEND_MSG_SIZE
               ? 0
               : __real___imp_setsockopt(it, level, name, value, len);
}

extern __typeof__(WSAIoctl) *__wrap___imp_WSAIoctl;
extern __typeof__(setsockopt) *__wrap___imp_setsockopt;
__typeof__(WSAIoctl) *__wrap___imp_WSAIoctl = ioctl_here;
__typeof__(setsockopt) *__wrap___imp_setsockopt = setsockopt_here;

static void send_train(lp_udp *udp)
{
    static uint8_t payloads[1000];
    lp_udp_train train = {.local = lp_udp_local(udp),
                          .remote = lp_udp_local(udp),
                          .ecn = 2,
                          .payloads = lp_bytes_of(payloads, sizeof payloads),
                          .segment_len = 300};
    size_t sent = 0;
    CHECK_EQ(lp_udp_send(udp, &train, 1, &sent), LP_OK);
    CHECK_EQ(sent, 1);
}

TEST(what_a_system_refuses_is_asked_once)
{
    static const struct {
        const char *name;
        bool uso, ecn, source;
        const char *first, *second;
    } rows[] = {
        {"it takes everything", false, false, false, "tes ", "tes "},
        {"no trains", true, false, false, "tes!ts!pes pes pes pes ",
         "pes pes pes pes "},
        {"no ECN", false, true, false, "tes!ts ", "ts "},
        {"neither", true, true, false, "tes!ts!pes!ps ps ps ps ", "ps ps ps ps "},
        /* An address comes back, or the connection moves: that is not remembered. */
        {"not from this address", false, false, true, "tes!ts!pes!ps!pe pe pe pe ",
         "tes!ts!pes!ps!pe pe pe pe "},
    };
    lp_addr at = {.family = 4, .ip = {127, 0, 0, 1}};
    lp_why why;
    EACH_ROW (row, rows) {
        lp_udp *udp = NULL;
        CHECK_EQ(lp_udp_open(&at, false, &udp, &why), LP_OK);
        memset(&system_here, 0, sizeof system_here);
        system_here.uso = row->uso;
        system_here.ecn = row->ecn;
        system_here.source = row->source;
        send_train(udp);
        CHECK_STR(system_here.calls, row->first);
        memset(system_here.calls, 0, sizeof system_here.calls);
        send_train(udp);
        CHECK_STR(system_here.calls, row->second);
        lp_udp_close(udp);
    }
}
