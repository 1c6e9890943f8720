/* What bridge.c (the story), bridge_frames.c and bridge_status.c share. */
#pragma once

#include "core/glue.h"
#include "core/moderation.h"
#include "core/repair.h"
#include "os/service.h"
#include "runtime/bridge.h"

#define LP_BRIDGE_TICK          LP_SECONDS(1)
#define LP_BRIDGE_OVERRUN_SHOWS LP_SECONDS(10) /* after frames were lost */
#define LP_BRIDGE_ROOM          (LP_DATAGRAM_HEADER_LEN + 65536 + 64) /* any frame, GRO's too */

struct lp_bridge {
    lp_bridge_config config;
    uv_loop_t *loop;
    lp_uplink *uplink;
    lp_gateway *gateway;
    lp_repair repair;
    lp_health health;

    uv_poll_t lan_poll;
    bool lan_polled;
    lp_moderation moderation; /* of the wire */
    bool is_joined, has_lost_lan;

    lp_time next_tick, next_snapshot;
    char lost_why[LP_WHY_MAX];
    uint64_t kernel_drops;
    lp_time
        overrun_until; /* a health row that comes and goes every second helps nobody */
    char told[LP_SERVICE_STATUS_MAX]; /* to the service manager */

    /* Frames, each with room for a datagram's header before it: a batch as the kernel gave
     * it; one of those that a super-frame becomes; a piece of either, or a mended copy. */
    uint8_t *captured, *segment, *fragment;
    lp_glue *glue; /* segments on their way to the wire */
};

/* --- bridge.c --------------------------------------------------------------------- */
/* Told once: "the LAN interface NAME ..." */
void lp_bridge_lose_lan(lp_bridge *bridge, const char *what);

/* --- bridge_frames.c -------------------------------------------------------------- */
/* And how long not to read then. False: the wire is gone, told already. */
bool lp_bridge_read_lan(lp_bridge *bridge, lp_time now, lp_duration *out_pause);
void lp_bridge_on_datagram(lp_bridge *bridge, lp_bytes datagram, lp_time now);
void lp_bridge_on_datagrams_end(lp_bridge *bridge);
void lp_bridge_refresh_cam(lp_bridge *bridge, lp_time now);

/* --- bridge_status.c -------------------------------------------------------------- */
void lp_bridge_check_health(lp_bridge *bridge, lp_time now);
void lp_bridge_snapshot(lp_bridge *bridge, lp_time now);
