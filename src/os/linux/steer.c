#include "os/steer.h"

#include "os/linux/bpf_call.h"
#include "os/linux/errors.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A program on the SO_REUSEPORT group, which sees the UDP payload and answers with a
 * socket's place in the group: in the order of binding, so a worker's number.
 *
 *   long header   octet 0 has its top bit, the destination id begins at octet 6
 *   short header  the destination id begins at octet 1
 *
 * With the right to load eBPF it looks the id up among the exceptions first; without,
 * the classic kind does the rest, and needs no right at all.
 */
enum { LONG_FORM = 0x80, LONG_ID_AT = 6, SHORT_ID_AT = 1, LANE_MASK = LP_LANES - 1 };

#define MAX_PINS 65536 /* eight ids for each connection that was handed over */

struct lp_steer {
    int pins; /* the map of exceptions; -1: there can be none */
};

static lp_err attach_classic(int fd, unsigned workers, lp_why *why)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, LONG_FORM, 2, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SHORT_ID_AT),
        BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, LONG_ID_AT),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, LANE_MASK),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, workers),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
                   sizeof program) == 0)
        return LP_OK;
    return lp_explain(why, LP_ERR_UNSUPPORTED,
                      "the kernel does not steer packets by connection id: %s",
                      strerror(errno));
}

/* --- with exceptions -------------------------------------------------------------- */

static int make_map(void)
{
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.map_type = BPF_MAP_TYPE_HASH;
    attributes.key_size = LP_STEER_ID_LEN;
    attributes.value_size = sizeof(uint32_t);
    attributes.max_entries = MAX_PINS;
    attributes.map_flags = BPF_F_NO_PREALLOC;
    return (int)lp_bpf(BPF_MAP_CREATE, &attributes, sizeof attributes);
}

/* clang-format off: one instruction a line */
#define R(n) BPF_REG_##n
#define MOVE(to, from)                                                          \
    {                                                                           \
        .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (from) \
    }
#define DO(what, to, k)                                                 \
    {                                                                   \
        .code = BPF_ALU64 | (what) | BPF_K, .dst_reg = (to), .imm = (k) \
    }
#define READ(to, from)                                                        \
    {                                                                         \
        .code = BPF_LDX | BPF_W | BPF_MEM, .dst_reg = (to), .src_reg = (from) \
    }
#define CALL(function)                                \
    {                                                 \
        .code = BPF_JMP | BPF_CALL, .imm = (function) \
    }
#define RETURN                     \
    {                              \
        .code = BPF_JMP | BPF_EXIT \
    }
#define SKIP(n)                              \
    {                                        \
        .code = BPF_JMP | BPF_JA, .off = (n) \
    }
/* To skip n instructions if register 0 has that relation to k. */
#define SKIP_IF(relation, k, n)                                      \
    {                                                                \
        .code = BPF_JMP | (relation) | BPF_K, .imm = (k), .off = (n) \
    }
/* Into register 0, from the packet that register 6 holds; one too short for it ends the
 * program with 0. */
#define OCTET(at)                                     \
    {                                                 \
        .code = BPF_LD | BPF_B | BPF_ABS, .imm = (at) \
    }
/* A constant of 64 bits takes two places. */
#define MAP(to, fd)                     \
    {.code = BPF_LD | BPF_DW | BPF_IMM, \
     .dst_reg = (to),                   \
     .src_reg = BPF_PSEUDO_MAP_FD,      \
     .imm = (fd)},                      \
    {                                   \
        0                               \
    }
/* clang-format on */

/* The program's file descriptor, or -1. */
static int load(int pins, unsigned workers)
{
    static const char license[] = "GPL";
    enum { ID_ON_STACK = -8 };
    /* clang-format off */
    const struct bpf_insn code[] = {
        MOVE(R(6), R(1)),
        OCTET(0),
        SKIP_IF(BPF_JSET, LONG_FORM, 15),    /* to A */

        MOVE(R(1), R(6)),                    /* the id, onto the stack */
        DO(BPF_MOV, R(2), SHORT_ID_AT),
        MOVE(R(3), R(10)),
        DO(BPF_ADD, R(3), ID_ON_STACK),
        DO(BPF_MOV, R(4), LP_STEER_ID_LEN),
        CALL(BPF_FUNC_skb_load_bytes),
        SKIP_IF(BPF_JNE, 0, 10),             /* to B: it is shorter than an id */
        MAP(R(1), pins),
        MOVE(R(2), R(10)),
        DO(BPF_ADD, R(2), ID_ON_STACK),
        CALL(BPF_FUNC_map_lookup_elem),
        SKIP_IF(BPF_JEQ, 0, 4),              /* to B: it is no exception */
        READ(R(0), R(0)),
        RETURN,

        OCTET(LONG_ID_AT),                   /* A */
        SKIP(1),
        OCTET(SHORT_ID_AT),                  /* B */
        DO(BPF_AND, R(0), LANE_MASK),
        DO(BPF_MOD, R(0), (int)workers),
        RETURN,
    };
    /* clang-format on */
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    attributes.insns = (uintptr_t)code;
    attributes.insn_cnt = sizeof code / sizeof *code;
    attributes.license = (uintptr_t)license;
    return (int)lp_bpf(BPF_PROG_LOAD, &attributes, sizeof attributes);
}

static bool attach_extended(int fd, int pins, unsigned workers)
{
    int program = load(pins, workers);
    if (program < 0)
        return false;
    bool works = setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &program,
                            sizeof program) == 0;
    close(program); /* the sockets keep it */
    return works;
}

/* --- life ------------------------------------------------------------------------- */

lp_err lp_steer_open(const lp_udp *udp, unsigned workers, lp_steer **out_steer,
                     lp_why *why)
{
    int fd = lp_udp_fd(udp);
    lp_steer *steer = calloc(1, sizeof *steer);
    if (!steer)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    steer->pins = make_map();
    if (steer->pins >= 0 && attach_extended(fd, steer->pins, workers)) {
        *out_steer = steer;
        return LP_OK;
    }
    if (steer->pins >= 0)
        close(steer->pins);
    steer->pins = -1;
    lp_err err = attach_classic(fd, workers, why);
    if (err)
        free(steer);
    else
        *out_steer = steer;
    return err;
}

void lp_steer_close(lp_steer *steer)
{
    if (!steer)
        return;
    if (steer->pins >= 0)
        close(steer->pins);
    free(steer);
}

/* --- exceptions ------------------------------------------------------------------- */

static union bpf_attr about(const lp_steer *steer, const uint8_t *id)
{
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.map_fd = (uint32_t)steer->pins;
    attributes.key = (uintptr_t)id;
    return attributes;
}

lp_err lp_steer_pin(lp_steer *steer, const uint8_t id[LP_STEER_ID_LEN], unsigned worker)
{
    uint32_t value = worker;
    if (steer->pins < 0)
        return LP_ERR_DENIED;
    union bpf_attr attributes = about(steer, id);
    attributes.value = (uintptr_t)&value;
    attributes.flags = BPF_ANY;
    if (lp_bpf(BPF_MAP_UPDATE_ELEM, &attributes, sizeof attributes) == 0)
        return LP_OK;
    return errno == E2BIG ? LP_ERR_FULL : lp_err_of_errno(errno);
}

void lp_steer_unpin(lp_steer *steer, const uint8_t id[LP_STEER_ID_LEN])
{
    if (steer->pins < 0)
        return;
    union bpf_attr attributes = about(steer, id);
    (void)lp_bpf(BPF_MAP_DELETE_ELEM, &attributes,
                 sizeof attributes); /* or it was not there */
}
