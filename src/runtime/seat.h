/*
 * A seat at some party, kept on orders (docs/control.md): at most one session, which is
 * opened when someone asks to connect and left when someone asks to disconnect.
 *
 * What was asked for last is remembered in a file, and taken up again after a restart of
 * the machine or a crash. What fails to open is tried again; a relay that refuses for good
 * is not.
 */
#pragma once

#include <jansson.h>

#include "runtime/player.h"
#include "wire/control.h"

typedef struct lp_seat lp_seat;

typedef struct lp_seat_config {
    lp_join *join;           /* identified; borrowed */
    lp_join_options options; /* of every session: all but where to */
    const char *tap_name;
    const char *path; /* where the session is remembered; borrowed. NULL: nowhere */
    const lp_log_sink *log;
    lp_frame_log frame_log;
    /* A room's code is about to be used: logs should not keep it. NULL: nobody cares. */
    void (*on_secret)(void *state, const char *code);
    void *state;
} lp_seat_config;

LP_MUST_USE lp_err lp_seat_open(uv_loop_t *loop, const lp_seat_config *config,
                                lp_seat **out_seat, lp_why *why);
/* Takes up again what the file remembers, if there is something. */
void lp_seat_start(lp_seat *seat, lp_time now);

/*
 * Begins; a session that there is, is left first. What happens then, lp_seat_describe
 * tells. Nothing changes when it fails:
 *   LP_ERR_MALFORMED  the certificate is none
 */
LP_MUST_USE lp_err lp_seat_connect(lp_seat *seat, const lp_control *request,
                                   lp_time now, lp_control_fault *fault);
void lp_seat_disconnect(lp_seat *seat, lp_time now); /* and forgets */

/* The machine is about to sleep: a session gives back what it changed, and none begins. */
void lp_seat_sleep(lp_seat *seat, lp_time now);
void lp_seat_wake(lp_seat *seat, lp_time now);

bool lp_seat_is_taken(const lp_seat *seat); /* a session runs, or is being left */
lp_player *lp_seat_player(lp_seat *seat);   /* NULL: none */

/* The program ends: says goodbye, and remembers. Then lp_seat_close a moment later. */
void lp_seat_leave(lp_seat *seat, const char *reason, lp_time now);
bool lp_seat_is_over(const lp_seat *seat); /* goodbye is said */
void lp_seat_close(lp_seat *seat); /* freed once libuv has let go; NULL is fine */

json_t *lp_seat_describe(lp_seat *seat, lp_time now);
