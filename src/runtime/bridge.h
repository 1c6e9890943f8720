/*
 * The gateway: the party's wire on one side, an uplink on the other. What the card left
 * undone is finished, what does not fit is repaired, and the switch is kept knowing
 * where players are.
 */
#pragma once

#include <jansson.h>
#include <uv.h>

#include "core/gateway.h"
#include "os/lan.h"
#include "runtime/health.h"
#include "runtime/join.h"

typedef struct lp_bridge lp_bridge;

typedef struct lp_bridge_config {
    lp_endpoint_name relay;
    lp_join *join; /* borrowed */
    lp_lan *lan;   /* borrowed; open already (G-002) */
    bool repairs;  /* false: --oversize drop */
    lp_duration snapshot;
    const lp_log_sink *log;
    lp_frame_log frame_log;
    void (*on_failed)(void *state, const char *why);
    void *state;
} lp_bridge_config;

LP_MUST_USE lp_err lp_bridge_open(uv_loop_t *loop, const lp_bridge_config *config,
                                  lp_bridge **out_bridge, lp_why *why);
void lp_bridge_start(lp_bridge *bridge, lp_time now);
void lp_bridge_leave(lp_bridge *bridge, const char *reason, lp_time now);
bool lp_bridge_is_over(const lp_bridge *bridge);
void lp_bridge_close(lp_bridge *bridge); /* NULL is fine */

json_t *lp_bridge_describe(const lp_bridge *bridge, lp_time now);
