/*
 * What a window or a shell asks a program of ours on the same machine (docs/control.md):
 * one line, the word `status` or a JSON object whose `do` names what is wanted.
 *
 *     {"do":"connect","relay":"relay.example","room":"PARTY"}
 *
 * Pure. Whoever may open the pipe writes these, so they are read as a stranger's.
 */
#pragma once

#include "wire/invite.h"

#define LP_CONTROL_MAX      32768 /* octets of a request, without its line feed */
#define LP_CONTROL_CA_MAX   16384
#define LP_CONTROL_CODE_MAX 32

typedef enum lp_control_verb {
    LP_CONTROL_STATUS,
    LP_CONTROL_CONNECT,
    LP_CONTROL_DISCONNECT,
    LP_CONTROL_LOG,
    LP_CONTROL_SYSTEM,
    LP_CONTROL_FIX,
    LP_CONTROL_REPAIR,
} lp_control_verb;

typedef struct lp_control {
    lp_control_verb verb;
    /* connect */
    lp_invite party;
    char
        ca_cert[LP_CONTROL_CA_MAX + 1]; /* PEM; "": none. A text, never a file's name */
    uint32_t after;                     /* log: lines newer than this one */
    char code[LP_CONTROL_CODE_MAX + 1]; /* fix: of a health row */
} lp_control;

/* What is wrong with a request: a sentence, and the member that is to blame. */
typedef struct lp_control_fault {
    lp_why why;
    const char *field; /* NULL: none by itself */
} lp_control_fault;

/* One line without its end. `fault` is filled when it fails.
 *   LP_ERR_TOO_BIG, LP_ERR_MALFORMED, LP_ERR_UNKNOWN, LP_ERR_NO_MEMORY */
LP_MUST_USE lp_err lp_control_read(lp_bytes line, lp_control *out_request,
                                   lp_control_fault *fault);

/* The line without its end, NUL-terminated; its octets, 0 if it does not fit. */
size_t lp_control_write(const lp_control *request, lp_space space);
