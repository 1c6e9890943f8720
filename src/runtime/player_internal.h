/* What player.c (frames), player_net.c (routes) and player_status.c share. */
#pragma once

#include "core/glue.h"
#include "core/moderation.h"
#include "os/service.h"
#include "runtime/player.h"

#define LP_PLAYER_TICK     LP_SECONDS(1)
#define LP_PLAYER_LINE_MAX 8 /* short lines for people, D-009 to D-015 */
#define LP_PLAYER_LINE_LEN 160

typedef struct lp_player_line {
    char text[LP_PLAYER_LINE_LEN];
} lp_player_line;

/* What became of the host route to the relay (W-038). */
typedef enum lp_pin {
    LP_PIN_NO,
    LP_PIN_OURS,
    LP_PIN_FOUND, /* it was there, and is not ours to remove */
} lp_pin;

struct lp_player {
    lp_player_config config;
    uv_loop_t *loop;
    lp_tap *tap;
    lp_client client;
    lp_uplink *uplink;
    lp_health health;

    uv_poll_t tap_poll;
    bool tap_polled;
    bool is_bridging; /* the adapter is up and read */
    bool has_lost_tap;
    bool is_asleep;           /* between lp_player_sleep and lp_player_wake */
    lp_moderation moderation; /* of the adapter */
    bool was_alone;           /* the adapter's last wake-up brought one frame */

    lp_time next_tick, next_snapshot, link_down_at, wakes_at;
    lp_addr relay; /* the address dialled last */
    lp_route way;  /* to the relay, not through the adapter */
    lp_pin pin;
    bool has_way, told_of_pin;
    lp_err told_pin_err;
    lp_time next_pin, next_trust, renew_from;
    uint64_t defaults_dropped;
    lp_addr address; /* the adapter's, family 0 while it has none */
    unsigned prefix_len;
    char lost_why[LP_WHY_MAX];
    lp_time joined_at;                       /* last; 0: never yet */
    lp_player_line said[LP_PLAYER_LINE_MAX]; /* the lines that were said last */
    size_t said_count;
    char told[LP_SERVICE_STATUS_MAX]; /* to the service manager */

    /* Frames, each with room for a datagram's header before it: as the kernel gave it, and
     * one of those that a super-frame becomes. */
    uint8_t *captured, *segment;
    lp_glue *glue; /* segments on their way to the adapter */
};

/* --- player_net.c ----------------------------------------------------------------- */
void lp_player_remember_way(lp_player *player, const lp_addr *relay);
/* Before the adapter is up: what must hold by then (W-012, W-014, W-019). */
void lp_player_pin_early(lp_player *player, lp_time now);
void lp_player_take_broadcasts(lp_player *player);
void lp_player_leave_broadcasts(lp_player *player);
void lp_player_guard_routes(lp_player *player, lp_time now);
void lp_player_unpin(lp_player *player);
/* The firewall's view of the party is as it was; waits so long at most. */
void lp_player_distrust(lp_player *player, lp_duration patience);
void lp_player_look_at_address(lp_player *player, lp_time now);
/* Asks the party's DHCP server, where that is ours to do (Windows). */
void lp_player_renew(lp_player *player);
void lp_player_renew_if_none(lp_player *player, lp_time now);

/* --- player_status.c -------------------------------------------------------------- */
void lp_player_check_health(lp_player *player, lp_time now);
size_t lp_player_lines(const lp_player *player, lp_time now,
                       lp_player_line out[LP_PLAYER_LINE_MAX]);
void lp_player_say_news(lp_player *player, lp_time now);
void lp_player_snapshot(lp_player *player, lp_time now);
