#include "os/linux/bpf_call.h"

#include <sys/syscall.h>
#include <unistd.h>

long lp_bpf(int command, void *attributes, size_t len)
{
    return syscall(SYS_bpf, command, attributes, len);
}
