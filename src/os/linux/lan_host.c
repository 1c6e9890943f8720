#include "os/linux/lan_host.h"

#include "os/linux/bpf_call.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <unistd.h>

/* What a page holds beside the kernel's own bookkeeping; XDP frames have one page. */
#define LIVE_FRAME_MAX 3400

static int load(enum xdp_action verdict)
{
    static const char license[] = "GPL";
    const struct bpf_insn program[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = verdict},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes); /* all of it: see lp_bpf */
    attributes.prog_type = BPF_PROG_TYPE_XDP;
    attributes.insns = (uintptr_t)program;
    attributes.insn_cnt = sizeof program / sizeof *program;
    attributes.license = (uintptr_t)license;
    return (int)lp_bpf(BPF_PROG_LOAD, &attributes, sizeof attributes);
}

static bool run(int program, unsigned ifindex, lp_bytes frame)
{
    struct xdp_md arrival = {.data_end = (uint32_t)frame.len,
                             .ingress_ifindex = ifindex};
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.test.prog_fd = (uint32_t)program;
    attributes.test.data_in = (uintptr_t)frame.at;
    attributes.test.data_size_in = (uint32_t)frame.len;
    attributes.test.ctx_in = (uintptr_t)&arrival;
    attributes.test.ctx_size_in = sizeof arrival;
    attributes.test.repeat = 1;
    attributes.test.batch_size = 1;
    attributes.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    return lp_bpf(BPF_PROG_TEST_RUN, &attributes, sizeof attributes) == 0;
}

int lp_lan_host_open(unsigned ifindex)
{
    static const uint8_t nothing[ETH_ZLEN];
    int trial = load(XDP_DROP);
    if (trial < 0)
        return -1;
    bool works = run(trial, ifindex, lp_bytes_of(nothing, sizeof nothing));
    close(trial);
    return works ? load(XDP_PASS) : -1;
}

lp_err lp_lan_host_write(int program, unsigned ifindex, lp_bytes frame)
{
    uint8_t padded[ETH_ZLEN] = {0};
    if (program < 0)
        return LP_ERR_UNSUPPORTED;
    if (frame.len < ETH_HLEN || frame.len > LIVE_FRAME_MAX)
        return LP_ERR_TOO_BIG;
    if (frame.len < sizeof padded) {
        /* A wire brings no shorter frames, and XDP takes none below the header. */
        memcpy(padded, frame.at, frame.len);
        frame = lp_bytes_of(padded, sizeof padded);
    }
    if (run(program, ifindex, frame))
        return LP_OK;
    return errno == EAGAIN || errno == EINTR || errno == ENOMEM ? LP_ERR_WOULD_BLOCK
                                                                : LP_ERR_IO;
}
