/* lanparty-gateway: a Linux PC plugged into the party's switch. */
#include <stdio.h>

#include "os/clock.h"
#include "os/service.h"
#include "runtime/app.h"
#include "runtime/bridge.h"
#include "runtime/show.h"

#define NAME "lanparty-gateway"

enum { OVERSIZE_REPAIR, OVERSIZE_DROP };
static const char *const oversize_choices[] = {
    [OVERSIZE_REPAIR] = "repair", [OVERSIZE_DROP] = "drop", NULL};

struct config {
    lp_common_options common;
    lp_join_options join;
    const char *interface;
    int oversize;
};

/* clang-format off */
static const lp_option options[] = {
    LP_JOIN_ROWS(struct config, join),
    {.name = "interface", .alias = "iface", .value = "NAME", .kind = LP_OPTION_TEXT,
     .offset = offsetof(struct config, interface),
     .help = "the wired LAN interface; found if only one"},
    {.name = "oversize", .value = "WHAT", .kind = LP_OPTION_CHOICE,
     .offset = offsetof(struct config, oversize), .default_text = "repair",
     .choices = oversize_choices, .help = "LAN frames above the room's MTU: repair, drop"},
    LP_COMMON_ROWS(struct config, common),
};
/* clang-format on */

static const lp_program program = {
    .name = NAME,
    .purpose =
        "plug a LAN into a relay's room, so that far players get a port of its switch",
    .example = NAME " --relay relay.example --room PARTY --interface eth0",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .link_option = "link",
};

typedef struct gateway_app {
    lp_app app; /* first */
    struct config config;
    lp_join join;
    lp_lan *lan;
    lp_bridge *bridge;
} gateway_app;

static lp_err check_options(lp_app *app, lp_why *why)
{
    gateway_app *gateway = (gateway_app *)app;
    lp_err err = lp_join_take_link(&gateway->config.join, why);
    return err ? err : lp_join_check_options(&gateway->config.join, NULL, why);
}

static lp_err open_join(gateway_app *gateway, lp_why *why)
{
    return lp_join_init(&gateway->join, NAME, LP_ROLE_GATEWAY, &gateway->config.join,
                        NULL, &gateway->app.log, why);
}

/* G-002: the wire first. An interface that cannot bridge must never show as a gateway. */
static lp_err open_lan(gateway_app *gateway, lp_why *why)
{
    const lp_log_sink *log = &gateway->app.log;
    char picked[LP_LAN_NAME_LEN];
    const char *name = gateway->config.interface;
    if (!name) {
        lp_err err = lp_lan_pick(picked, why);
        if (err)
            return err;
        name = picked;
        lp_log(log, LP_INFO, "chose the only wired interface there is",
               F_STR("interface", name));
    }
    lp_err err = lp_lan_open(name, &gateway->lan, why);
    if (err)
        return err;
    const lp_lan_info *info = lp_lan_look(gateway->lan);
    lp_log(log, LP_INFO, "capturing", F_STR("interface", info->name),
           F_MAC("mac", info->mac), F_UINT("mtu", info->mtu),
           F_STR("reaches_own_host", info->can_reach_host ? "yes" : "no"));
    return LP_OK;
}

static lp_err start(lp_app *app, lp_why *why)
{
    gateway_app *gateway = (gateway_app *)app;
    lp_err err = open_join(gateway, why);
    if (!err)
        err = open_lan(gateway, why);
    if (err)
        return err;
    lp_bridge_config config = {
        .relay = gateway->config.join.relay,
        .join = &gateway->join,
        .lan = gateway->lan,
        .repairs = gateway->config.oversize == OVERSIZE_REPAIR,
        .snapshot = gateway->config.join.snapshot,
        .log = &app->log,
        .frame_log = app->frame_log,
        .on_failed = lp_app_fail,
        .state = app,
    };
    return lp_bridge_open(&app->loop, &config, &gateway->bridge, why);
}

static void started(lp_app *app)
{
    lp_bridge_start(((gateway_app *)app)->bridge, lp_clock_now());
}

static void stop(lp_app *app, const char *reason)
{
    lp_bridge_leave(((gateway_app *)app)->bridge, reason, lp_clock_now());
}

static bool is_done(lp_app *app)
{
    return lp_bridge_is_over(((gateway_app *)app)->bridge);
}

static void end(lp_app *app)
{
    lp_bridge_close(((gateway_app *)app)->bridge);
}

static void fini(lp_app *app)
{
    gateway_app *gateway = (gateway_app *)app;
    lp_lan_close(gateway->lan);
    lp_join_fini(&gateway->join);
}

static json_t *describe(lp_app *app, lp_time now)
{
    return lp_bridge_describe(((gateway_app *)app)->bridge, now);
}

static lp_err check(lp_app *app, lp_why *why)
{
    gateway_app *gateway = (gateway_app *)app;
    char mac[LP_MAC_TEXT_LEN];
    gateway->config.join.use = LP_FILES_LOOK;
    lp_err err = open_join(gateway, why);
    if (!err)
        err = open_lan(gateway, why);
    if (err)
        return err;
    const lp_lan_info *info = lp_lan_look(gateway->lan);
    printf("configuration is fine\n  relay      %s port %u\n  room       %s\n"
           "  identity   %s%s\n  interface  %s, %s\n",
           gateway->config.join.relay.host, gateway->config.join.relay.port,
           gateway->join.member.room, gateway->join.identity_path,
           gateway->join.is_new ? " (will be made)" : "", info->name,
           lp_mac_write(info->mac, mac));
    return LP_OK;
}

static const lp_app_parts parts = {
    .program = &program,
    .keep =
        LP_KEEP_NET_ADMIN | LP_KEEP_NET_RAW, /* the wire again after a cable was out */
    .check_options = check_options,
    .start = start,
    .started = started,
    .stop = stop,
    .is_done = is_done,
    .end = end,
    .fini = fini,
    .check = check,
    .describe = describe,
    .show = lp_show_gateway,
};

int main(int argc, char **argv)
{
    static gateway_app gateway;
    return lp_app_main(&gateway.app, &parts, argc, argv, &gateway.config,
                       &gateway.config.common);
}
