/*
 * Tests that need root make a network of their own, which ends with the process: the
 * machine's network is neither seen nor touched, and a crash leaves nothing behind.
 */
#pragma once

#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>

#define LP_TEST_SKIPPED 77 /* what meson takes for "skipped" */

/* A fresh network, with loopback up; the whole test is skipped where that is denied. */
static inline void enter_new_network(void)
{
    if (unshare(CLONE_NEWNET) != 0) {
        puts("skipped: needs root");
        exit(LP_TEST_SKIPPED);
    }
    if (system("ip link set lo up") != 0)
        abort();
}

/* /sys then shows the new network, and what the test mounts is its own. */
static inline void enter_new_mounts(void)
{
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        puts("skipped: needs root");
        exit(LP_TEST_SKIPPED);
    }
    if (mount("sysfs", "/sys", "sysfs", 0, NULL) != 0)
        abort();
}

/* Runs one command of the shell; true when it succeeded. */
__attribute__((format(printf, 1, 2))) static inline bool sh(const char *fmt, ...)
{
    char command[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(command, sizeof command, fmt, args);
    va_end(args);
    return system(command) == 0;
}
