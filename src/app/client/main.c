/* lanparty-client: a player's machine, far from the party. */
#include "app/client/client.h"

#include <stdio.h>

#include "os/clock.h"
#include "os/service.h"
#include "runtime/show.h"

#define MAX_TAPS 16

/* clang-format off */
static const lp_option options[] = {
    LP_JOIN_ROWS(lp_client_options, join),
    {.name = "virtual-mac", .value = "MAC", .kind = LP_OPTION_MAC,
     .offset = offsetof(lp_client_options, virtual_mac),
     .help = "instead of the identity's, for tests"},
    {.name = "tap", .alias = "tap-name", .value = "NAME", .kind = LP_OPTION_TEXT,
     .offset = offsetof(lp_client_options, tap),
     .help = "what the virtual adapter is called: Linux makes one, lan0 if nothing is "
             "said; Windows takes the one of that name, or the only one there is"},
    {.name = "tap-instance-id", .value = "ID", .kind = LP_OPTION_TEXT,
     .offset = offsetof(lp_client_options, tap),
     .help = "the same, by the id that --list-tap-adapters shows; \"any\" takes the first "
             "that opens"},
    {.name = "list-tap-adapters", .kind = LP_OPTION_FLAG,
     .offset = offsetof(lp_client_options, list_taps),
     .help = "show the adapters that there are (Windows), and exit"},
    LP_COMMON_ROWS(lp_client_options, common),
};
/* clang-format on */

static const lp_command commands[] = {
    [LP_CLIENT_RUN] = {"service run",
                       "wait to be told where to connect (a window does)"},
    [LP_CLIENT_INSTALL] = {"service install",
                           "have that run with this machine (Windows)"},
    [LP_CLIENT_REMOVE] = {"service remove", "undo that"},
    [LP_CLIENT_REPAIR] = {"repair",
                          "give back what a killed run changed in this system"},
    [LP_CLIENT_ADAPTER_CREATE] = {"adapter create",
                                  "make a TAP adapter of our own (Windows)"},
    [LP_CLIENT_ADAPTER_REMOVE] = {"adapter remove", "remove those that were made so"},
};

static const lp_program program = {
    .name = LP_CLIENT_NAME,
    .purpose =
        "join a LAN party from afar: makes an adapter that is a port of its switch",
    .example = LP_CLIENT_NAME " --relay relay.example --room PARTY",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .commands = commands,
    .command_count = sizeof commands / sizeof *commands,
    .link_option = "link",
};

static bool waits(const lp_client_app *client)
{
    return client->command == LP_CLIENT_RUN;
}

static lp_err check_options(lp_app *app, lp_why *why)
{
    lp_client_app *client = (lp_client_app *)app;
    if (waits(client))
        return lp_client_check_orders(client, why);
    lp_err err = lp_join_take_link(&client->options.join, why);
    return err ? err
               : lp_join_check_options(&client->options.join,
                                       &client->options.virtual_mac, why);
}

static lp_err open_join(lp_client_app *client, lp_why *why)
{
    return lp_join_init(&client->join, LP_CLIENT_NAME, LP_ROLE_CLIENT,
                        &client->options.join, &client->options.virtual_mac,
                        &client->app.log, why);
}

static lp_err start(lp_app *app, lp_why *why)
{
    lp_client_app *client = (lp_client_app *)app;
    if (waits(client))
        return lp_client_open_seat(client, why);
    lp_err err = open_join(client, why);
    if (err)
        return err;
    lp_log_secrets_add(&app->kept.secrets, client->join.member.room);
    lp_player_config config = {
        .relay = client->options.join.relay,
        .join = &client->join,
        .tap_name = client->options.tap,
        .snapshot = client->options.join.snapshot,
        .log = &app->log,
        .frame_log = app->frame_log,
        .on_failed = lp_app_fail,
        .state = app,
    };
    return lp_player_open(&app->loop, &config, &client->player, why);
}

static void started(lp_app *app)
{
    lp_client_app *client = (lp_client_app *)app;
    if (!client->seat) {
        lp_player_start(client->player, lp_clock_now());
        return;
    }
    lp_log(&app->log, LP_INFO, "waits to be told where to connect",
           F_STR("at", app->status_path),
           F_STR("ends_with", lp_service_is_unheard() ? NULL : "Ctrl-C"));
    lp_seat_start(client->seat, lp_clock_now());
}

static void stop(lp_app *app, const char *reason)
{
    lp_client_app *client = (lp_client_app *)app;
    if (client->seat)
        lp_seat_leave(client->seat, reason, lp_clock_now());
    else
        lp_player_leave(client->player, reason, lp_clock_now());
}

/* Not `sleep`: POSIX has that. */
static void go_to_sleep(lp_app *app)
{
    lp_client_app *client = (lp_client_app *)app;
    if (client->seat)
        lp_seat_sleep(client->seat, lp_clock_now());
    else
        lp_player_sleep(client->player, lp_clock_now());
}

static void wake(lp_app *app)
{
    lp_client_app *client = (lp_client_app *)app;
    if (client->seat)
        lp_seat_wake(client->seat, lp_clock_now());
    else
        lp_player_wake(client->player, lp_clock_now());
}

static bool is_done(lp_app *app)
{
    lp_client_app *client = (lp_client_app *)app;
    return client->seat ? lp_seat_is_over(client->seat)
                        : lp_player_is_over(client->player);
}

static void end(lp_app *app)
{
    lp_client_app *client = (lp_client_app *)app;
    lp_seat_close(client->seat);
    lp_player_close(client->player);
}

static void fini(lp_app *app)
{
    lp_join_fini(&((lp_client_app *)app)->join);
}

static json_t *describe(lp_app *app, lp_time now)
{
    lp_client_app *client = (lp_client_app *)app;
    return client->seat ? lp_seat_describe(client->seat, now)
                        : lp_player_describe(client->player, now);
}

static lp_err check_waiting(lp_client_app *client, lp_why *why)
{
    client->options.join.use = LP_FILES_LOOK;
    lp_err err = lp_join_identify(&client->join, LP_CLIENT_NAME, LP_ROLE_CLIENT,
                                  &client->options.join, &client->options.virtual_mac,
                                  &client->app.log, why);
    if (!err)
        printf("configuration is fine\n  identity  %s%s\n", client->join.identity_path,
               client->join.is_new ? " (will be made)" : "");
    return err;
}

static lp_err check(lp_app *app, lp_why *why)
{
    lp_client_app *client = (lp_client_app *)app;
    const lp_join *join = &client->join;
    char mac[LP_MAC_TEXT_LEN], key[LP_KEY_HASH_TEXT_LEN];
    if (waits(client))
        return check_waiting(client, why);
    client->options.join.use = LP_FILES_LOOK;
    lp_err err = open_join(client, why);
    if (err)
        return err;
    printf("configuration is fine\n  relay     %s port %u\n  room      %s\n"
           "  identity  %s%s\n",
           client->options.join.relay.host, client->options.join.relay.port,
           join->member.room, join->identity_path,
           join->is_new ? " (will be made)" : "");
    lp_key_hash hash = lp_credentials_hash(join->credentials);
    if (!join->is_new)
        printf("  mac       %s\n  key       %s\n", lp_mac_write(join->member.mac, mac),
               lp_key_hash_write(&hash, key));
    return LP_OK;
}

/* --list-tap-adapters (W-004) */
static int list_taps(void)
{
    lp_tap_choice found[MAX_TAPS];
    size_t count = lp_tap_list(found, MAX_TAPS);
    for (size_t i = 0; i < count; i++)
        printf("%s  %s\n", found[i].id, found[i].name);
    if (count == 0)
        printf("there is no adapter to choose\n");
    return 0;
}

static int answer(lp_app *app)
{
    lp_client_app *client = (lp_client_app *)app;
    return client->options.list_taps ? list_taps() : lp_client_command_now(client);
}

static const lp_app_parts parts = {
    .program = &program,
    .keep = LP_KEEP_NET_ADMIN, /* the adapter's MTU and link, routes */
    .keeps_log = true,
    .answer = answer,
    .check_options = check_options,
    .start = start,
    .started = started,
    .stop = stop,
    .sleep = go_to_sleep,
    .wake = wake,
    .is_done = is_done,
    .end = end,
    .fini = fini,
    .check = check,
    .describe = describe,
    .order = lp_client_order,
    .show = lp_show_client,
};

typedef struct call {
    int argc;
    char **argv;
} call;

static lp_client_app client;

static int run(void *state)
{
    const call *it = state;
    return lp_app_main(&client.app, &parts, it->argc, it->argv, &client.options,
                       &client.options.common);
}

int main(int argc, char **argv)
{
    client.command = (lp_client_command)lp_options_take_command(&program, &argc, argv);
    call it = {argc, argv};
    return waits(&client) ? lp_service_run(LP_CLIENT_NAME, run, &it) : run(&it);
}
