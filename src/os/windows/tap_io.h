/*
 * Frames in and out of a TAP device that is open: reads wait in the driver, writes do not
 * wait for each other.
 *
 * A thread gathers what was read; the loop hears of it (lp_tap_io_fd) and takes frames in
 * their order. The driver ends reads when media goes down, and when the machine falls
 * asleep: as long as media should be up, the thread begins them again.
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

/* Media is up, or down: reads begin, or stay ended. */
void lp_tap_io_set_link(lp_tap_io *io, bool up);

/* LP_ERR_WOULD_BLOCK, LP_ERR_TOO_BIG (it is gone), LP_ERR_IO: the device broke, or has
 * ended every read, LP_TAP_IO_RETRIES times in a row, although media should be up. */
#define LP_TAP_IO_RETRY_MS 100
#define LP_TAP_IO_RETRIES  50
LP_MUST_USE lp_err lp_tap_io_read(lp_tap_io *io, lp_space space, size_t *out_len);
/* Copied. LP_ERR_WOULD_BLOCK: too many are under way, or media is down; it is lost. */
LP_MUST_USE lp_err lp_tap_io_write(lp_tap_io *io, lp_bytes frame);

/* Frames that were taken, and lost by the driver later; since the last call. */
uint64_t lp_tap_io_take_lost(lp_tap_io *io);
