#include "os/linux/rtnl.h"

#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_LEN 32768 /* what the kernel fills at most in one part of a dump */

/* --- requests --------------------------------------------------------------------- */

static struct nlmsghdr *header_of(lp_rtnl_request *request)
{
    return (struct nlmsghdr *)(void *)request->bytes;
}

static void append(lp_rtnl_request *request, const void *value, size_t len)
{
    assert(request->len + NLMSG_ALIGN(len) <= sizeof request->bytes);
    memcpy(request->bytes + request->len, value, len);
    request->len += NLMSG_ALIGN(len);
}

lp_rtnl_request lp_rtnl_request_of(uint16_t type, uint16_t flags, const void *header,
                                   size_t header_len)
{
    lp_rtnl_request request = {0};
    const struct nlmsghdr start = {.nlmsg_type = type,
                                   .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags)};
    append(&request, &start, sizeof start);
    append(&request, header, header_len);
    return request;
}

void lp_rtnl_put(lp_rtnl_request *request, uint16_t type, const void *value, size_t len)
{
    const struct rtattr attribute = {.rta_type = type,
                                     .rta_len = (unsigned short)RTA_LENGTH(len)};
    append(request, &attribute, sizeof attribute);
    append(request, value, len);
}

void lp_rtnl_put_u32(lp_rtnl_request *request, uint16_t type, uint32_t value)
{
    lp_rtnl_put(request, type, &value, sizeof value);
}

/* --- asking ----------------------------------------------------------------------- */

int lp_rtnl_open(uint32_t groups)
{
    const struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = groups};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (groups ? SOCK_NONBLOCK : 0),
                    NETLINK_ROUTE);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&name, sizeof name) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        fd = -1;
    }
    return fd;
}

typedef struct conversation {
    uint32_t sequence;
    bool is_dump, is_over;
    int error;
} conversation;

/* One message of an answer. */
static void hear(conversation *talk, const struct nlmsghdr *message,
                 lp_rtnl_visit *visit, void *state)
{
    const struct nlmsgerr *verdict;
    switch (message->nlmsg_type) {
    case NLMSG_NOOP:
        break;
    case NLMSG_DONE:
        talk->is_over = true;
        break;
    case NLMSG_ERROR: /* 0 in it is an acknowledgement */
        verdict = lp_rtnl_header(message, sizeof *verdict);
        talk->error = verdict ? -verdict->error : EIO;
        talk->is_over = true;
        break;
    default:
        if (visit)
            visit(state, message);
        if (!talk->is_dump)
            talk->is_over = !(message->nlmsg_flags & NLM_F_MULTI);
    }
}

static void hear_all(conversation *talk, const uint8_t *at, size_t len,
                     lp_rtnl_visit *visit, void *state)
{
    const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)at;
    for (; NLMSG_OK(message, len) && !talk->is_over; message = NLMSG_NEXT(message, len))
        if (message->nlmsg_seq == talk->sequence)
            hear(talk, message, visit, state);
}

int lp_rtnl_ask(int fd, lp_rtnl_request *request, lp_rtnl_visit *visit, void *state)
{
    static _Thread_local uint32_t last_sequence;
    _Alignas(struct nlmsghdr) uint8_t answer[ANSWER_LEN];
    struct nlmsghdr *header = header_of(request);
    conversation talk = {.sequence = ++last_sequence,
                         .is_dump = (header->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP};
    /* Answers come by themselves; mere orders are acknowledged on demand. */
    if (!visit)
        header->nlmsg_flags |= NLM_F_ACK;
    header->nlmsg_seq = talk.sequence;
    header->nlmsg_len = (uint32_t)request->len;
    if (send(fd, request->bytes, request->len, 0) < 0)
        return errno;
    while (!talk.is_over) {
        ssize_t len = recv(fd, answer, sizeof answer, 0);
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return errno;
        hear_all(&talk, answer, (size_t)len, visit, state);
    }
    return talk.error;
}

/* --- answers ---------------------------------------------------------------------- */

const void *lp_rtnl_header(const struct nlmsghdr *message, size_t header_len)
{
    return message->nlmsg_len >= NLMSG_LENGTH(header_len) ? NLMSG_DATA(message) : NULL;
}

void lp_rtnl_nested(lp_bytes attribute, lp_bytes *out, size_t count)
{
    memset(out, 0, count * sizeof *out);
    while (attribute.len >= sizeof(struct rtattr)) {
        struct rtattr head;
        memcpy(&head, attribute.at, sizeof head);
        unsigned type = head.rta_type & NLA_TYPE_MASK;
        size_t step = RTA_ALIGN(head.rta_len);
        if (head.rta_len < RTA_LENGTH(0) || head.rta_len > attribute.len)
            return;
        if (type < count)
            out[type] =
                lp_bytes_of(attribute.at + RTA_LENGTH(0), head.rta_len - RTA_LENGTH(0));
        if (step > attribute.len)
            return;
        attribute = lp_bytes_after(attribute, step);
    }
}

void lp_rtnl_attributes(const struct nlmsghdr *message, size_t header_len,
                        lp_bytes *out, size_t count)
{
    size_t before = NLMSG_SPACE(header_len);
    lp_bytes all = {0};
    if (message->nlmsg_len > before)
        all =
            lp_bytes_of((const uint8_t *)message + before, message->nlmsg_len - before);
    lp_rtnl_nested(all, out, count);
}

uint32_t lp_rtnl_u32(lp_bytes attribute)
{
    uint32_t value = 0;
    if (attribute.len == sizeof value)
        memcpy(&value, attribute.at, sizeof value);
    return value;
}

uint8_t lp_rtnl_u8(lp_bytes attribute)
{
    return attribute.len == 1 ? attribute.at[0] : 0;
}

void lp_rtnl_text(lp_bytes attribute, char *out, size_t out_len)
{
    size_t len = attribute.len;
    if (len > 0 && attribute.at[len - 1] == '\0')
        len--;
    if (len >= out_len)
        len = 0;
    if (len > 0)
        memcpy(out, attribute.at, len);
    out[len] = '\0';
}
