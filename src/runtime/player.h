/*
 * The player: an adapter on one side, an uplink on the other, and the care that
 * the adapter takes nothing but the party (W-012 to W-036).
 *
 * Start-up order (W-012): resolve, join, remember the way to the relay, adapter up,
 * verify the way, bridge.
 */
#pragma once

#include <jansson.h>
#include <uv.h>

#include "core/client.h"
#include "os/tap.h"
#include "runtime/health.h"
#include "runtime/join.h"

typedef struct lp_player lp_player;

/* A machine that told us to sleep, and has not slept half a minute later, does not. The
 * clock counts time asleep: one that did wakes us up with this, should it tell nothing. */
#define LP_PLAYER_DOZE LP_SECONDS(30)

typedef struct lp_player_config {
    lp_endpoint_name relay;
    lp_join *join; /* borrowed */
    const char *tap_name;
    lp_duration snapshot; /* 0: never */
    const lp_log_sink *log;
    lp_frame_log frame_log;
    void (*on_failed)(void *state, const char *why); /* this player should end */
    void (*on_closed)(
        void *state); /* after lp_player_close: the adapter is free again. NULL is
                                     * fine */
    void *state;
} lp_player_config;

LP_MUST_USE lp_err lp_player_open(uv_loop_t *loop, const lp_player_config *config,
                                  lp_player **out_player, lp_why *why);
void lp_player_start(lp_player *player, lp_time now);
/*
 * The machine is about to sleep: what was changed in this system is given back, and the
 * relay is told, who has our place ready when we come back. So nothing of ours is left where
 * a machine never wakes up again as the one it was: its battery runs empty, or it is put
 * down at home and taken up in an office. The adapter stays open, with its MAC, and gets its
 * cable back when we have joined again: as with any card, that makes the system confirm the
 * lease that it has.
 */
void lp_player_sleep(lp_player *player, lp_time now);
/* It slept, or did not after all. */
void lp_player_wake(lp_player *player, lp_time now);
void lp_player_leave(lp_player *player, const char *reason, lp_time now);
bool lp_player_is_over(const lp_player *player);
void lp_player_close(lp_player *player); /* removes the adapter; NULL is fine */

bool lp_player_is_refused(const lp_player *player); /* by the relay, for good */
bool lp_player_was_joined(const lp_player *player); /* at some time */

const lp_tap *lp_player_tap(const lp_player *player);
/*
 * Begins what can be done about the health row of that code; how it ends is in the log.
 *   LP_ERR_UNKNOWN      nothing can be done about that by a program
 *   LP_ERR_UNSUPPORTED  this system leaves it to a person: `why` says what to do
 *   LP_ERR_IN_USE       it is being done
 */
LP_MUST_USE lp_err lp_player_fix(lp_player *player, const char *code, lp_why *why);
json_t *lp_player_describe(const lp_player *player, lp_time now);
