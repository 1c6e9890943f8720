/*
 * Local talk between a program and the people who ask it things: a UNIX stream socket
 * (a named pipe on Windows). One short request line, one answer, closed.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"
#include "base/time.h"
#include "os/fd.h"

typedef struct lp_pipe lp_pipe; /* a listening one */

/* Where a program of this name answers unless told otherwise. False: there is no place. */
bool lp_pipe_place(const char *program, char *out, size_t out_len);
/* Makes the folder that these places are in, if they are in one. */
LP_MUST_USE lp_err lp_pipe_make_folder(lp_why *why);

/* Linux: replaces a stale socket file; mode 0600, from its first moment (lp_file_give
 * hands it to another owner). Windows: admits administrators, the owner and who sits at
 * the machine; nobody from the network.
 *   LP_ERR_IN_USE  someone answers there, or it is no socket */
LP_MUST_USE lp_err lp_pipe_listen(const char *path, lp_pipe **out_pipe, lp_why *why);
void lp_pipe_close(lp_pipe *pipe); /* removes the file where it may; NULL is fine */
lp_fd lp_pipe_fd(const lp_pipe *pipe);

/* Accepts one; -1: nobody waits. A descriptor of the C library, non-blocking (Windows: for
 * overlapped use); the caller closes it. */
int lp_pipe_accept(lp_pipe *pipe);

/* The asking side, blocking: sends `request` and a newline, reads to the end.
 * *out_answer is the caller's to free. LP_ERR_NOT_FOUND: nobody answers there;
 * LP_ERR_DENIED; LP_ERR_TIMEOUT; LP_ERR_CLOSED midway; LP_ERR_TOO_BIG over max_len.
 * Windows, where anybody may take a name that is free: LP_ERR_UNTRUSTED, and nothing was
 * said, where neither the system, an administrator nor our own user made the pipe. */
LP_MUST_USE lp_err lp_pipe_ask(const char *path, const char *request,
                               lp_duration timeout, size_t max_len, char **out_answer,
                               lp_why *why);
