/* lanparty-client: a player's machine, far from the party. */
#include <stdio.h>

#include "os/clock.h"
#include "os/service.h"
#include "runtime/app.h"
#include "runtime/player.h"
#include "runtime/show.h"

#define NAME     "lanparty-client"
#define MAX_TAPS 16

struct config {
    lp_common_options common;
    lp_join_options join;
    lp_option_mac virtual_mac;
    const char *tap;
    bool list_taps;
};

/* clang-format off */
static const lp_option options[] = {
    LP_JOIN_ROWS(struct config, join),
    {.name = "virtual-mac", .value = "MAC", .kind = LP_OPTION_MAC,
     .offset = offsetof(struct config, virtual_mac),
     .help = "instead of the identity's, for tests"},
    {.name = "tap", .alias = "tap-name", .value = "NAME", .kind = LP_OPTION_TEXT,
     .offset = offsetof(struct config, tap),
     .help = "what the virtual adapter is called: Linux makes one, lan0 if nothing is "
             "said; Windows takes the one of that name, or the only one there is"},
    {.name = "tap-instance-id", .value = "ID", .kind = LP_OPTION_TEXT,
     .offset = offsetof(struct config, tap),
     .help = "the same, by the id that --list-tap-adapters shows"},
    {.name = "list-tap-adapters", .kind = LP_OPTION_FLAG,
     .offset = offsetof(struct config, list_taps),
     .help = "show the adapters that there are (Windows), and exit"},
    LP_COMMON_ROWS(struct config, common),
};
/* clang-format on */

static const lp_program program = {
    .name = NAME,
    .purpose =
        "join a LAN party from afar: makes an adapter that is a port of its switch",
    .example = NAME " --relay relay.example --room PARTY",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

typedef struct client_app {
    lp_app app; /* first */
    struct config config;
    lp_join join;
    lp_player *player;
} client_app;

static lp_err check_options(lp_app *app, lp_why *why)
{
    client_app *client = (client_app *)app;
    return lp_join_check_options(&client->config.join, &client->config.virtual_mac,
                                 why);
}

static lp_err open_join(client_app *client, lp_why *why)
{
    return lp_join_init(&client->join, NAME, LP_ROLE_CLIENT, &client->config.join,
                        &client->config.virtual_mac, &client->app.log, why);
}

static lp_err start(lp_app *app, lp_why *why)
{
    client_app *client = (client_app *)app;
    lp_err err = open_join(client, why);
    if (err)
        return err;
    lp_player_config config = {
        .relay = client->config.join.relay,
        .join = &client->join,
        .tap_name = client->config.tap,
        .snapshot = client->config.join.snapshot,
        .log = &app->log,
        .frame_log = app->frame_log,
        .on_failed = lp_app_fail,
        .state = app,
    };
    return lp_player_open(&app->loop, &config, &client->player, why);
}

static void started(lp_app *app)
{
    lp_player_start(((client_app *)app)->player, lp_clock_now());
}

static void stop(lp_app *app, const char *reason)
{
    lp_player_leave(((client_app *)app)->player, reason, lp_clock_now());
}

static bool is_done(lp_app *app)
{
    return lp_player_is_over(((client_app *)app)->player);
}

static void end(lp_app *app)
{
    lp_player_close(((client_app *)app)->player);
}

static void fini(lp_app *app)
{
    lp_join_fini(&((client_app *)app)->join);
}

static json_t *describe(lp_app *app, lp_time now)
{
    return lp_player_describe(((client_app *)app)->player, now);
}

static lp_err check(lp_app *app, lp_why *why)
{
    client_app *client = (client_app *)app;
    const lp_join *join = &client->join;
    char mac[LP_MAC_TEXT_LEN], key[LP_KEY_HASH_TEXT_LEN];
    client->config.join.use = LP_FILES_LOOK;
    lp_err err = open_join(client, why);
    if (err)
        return err;
    printf("configuration is fine\n  relay     %s port %u\n  room      %s\n"
           "  identity  %s%s\n",
           client->config.join.relay.host, client->config.join.relay.port,
           join->member.room, join->identity_path,
           join->is_new ? " (will be made)" : "");
    lp_key_hash hash = lp_credentials_hash(join->credentials);
    if (!join->is_new)
        printf("  mac       %s\n  key       %s\n", lp_mac_write(join->member.mac, mac),
               lp_key_hash_write(&hash, key));
    return LP_OK;
}

/* --list-tap-adapters (W-004) */
static bool answer(lp_app *app)
{
    lp_tap_choice found[MAX_TAPS];
    if (!((client_app *)app)->config.list_taps)
        return false;
    size_t count = lp_tap_list(found, MAX_TAPS);
    for (size_t i = 0; i < count; i++)
        printf("%s  %s\n", found[i].id, found[i].name);
    if (count == 0)
        printf("there is no adapter to choose\n");
    return true;
}

static const lp_app_parts parts = {
    .program = &program,
    .keep = LP_KEEP_NET_ADMIN, /* the adapter's MTU and link, routes */
    .answer = answer,
    .check_options = check_options,
    .start = start,
    .started = started,
    .stop = stop,
    .is_done = is_done,
    .end = end,
    .fini = fini,
    .check = check,
    .describe = describe,
    .show = lp_show_client,
};

int main(int argc, char **argv)
{
    static client_app client;
    return lp_app_main(&client.app, &parts, argc, argv, &client.config,
                       &client.config.common);
}
