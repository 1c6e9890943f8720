/* The bpf(2) system call, for which the C library has no function. */
#pragma once

#include <stddef.h>

/*
 * `attributes` is a union bpf_attr, and `len` its size. The kernel wants zeros behind the
 * fields in use; an initialiser of one member of a union does not promise them, and clang
 * leaves garbage there: memset all of it.
 */
long lp_bpf(int command, void *attributes, size_t len);
