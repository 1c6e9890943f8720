/*
 * Frames in and out of a TAP device that is open: reads wait in the driver, writes do not
 * wait for each other.
 *
 * A thread gathers what was read; the loop hears of it (lp_tap_io_fd) and takes frames in
 * their order. Media that is down ends reads; lp_tap_io_resume begins them again.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"
#include "os/fd.h"

#include <windows.h>

typedef struct lp_tap_io lp_tap_io;

/* `device` is opened for overlapped use, and stays the caller's: close it after. */
LP_MUST_USE lp_err lp_tap_io_open(HANDLE device, lp_tap_io **out_io, lp_why *why);
void lp_tap_io_close(lp_tap_io *io); /* ends what is under way; NULL is fine */
lp_fd lp_tap_io_fd(const lp_tap_io *io);

/* Media is up: every read that is not under way begins. */
void lp_tap_io_resume(lp_tap_io *io);

/* LP_ERR_WOULD_BLOCK, LP_ERR_TOO_BIG (it is gone), LP_ERR_IO: the device broke. */
LP_MUST_USE lp_err lp_tap_io_read(lp_tap_io *io, lp_space space, size_t *out_len);
/* Copied. LP_ERR_WOULD_BLOCK: too many are under way, or media is down; it is lost. */
LP_MUST_USE lp_err lp_tap_io_write(lp_tap_io *io, lp_bytes frame);
