#include "app/client/client.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/files.h"
#include "os/service.h"

#define SERVICE_FOLDER_MODE 0700

/* --- service run ------------------------------------------------------------------ */

lp_err lp_client_check_orders(lp_client_app *client, lp_why *why)
{
    const lp_join_options *join = &client->options.join;
    const lp_option_mac *mac = &client->options.virtual_mac;
    if (join->relay.host[0] || join->room || join->link || join->relay_fingerprint ||
        join->relay_ca_cert || join->server_name)
        return lp_explain(
            why, LP_ERR_MALFORMED,
            "service run waits to be told where to: name no relay, room or "
            "link, and ask it to connect (docs/control.md)");
    return lp_join_check_mac(mac, why);
}

/* A folder of its own: its user, whoever that is, writes there. */
static lp_err find_folder(const lp_client_app *client, char *out, size_t out_len,
                          lp_why *why)
{
    char state[512];
    if (!lp_dir_state(state, sizeof state))
        return lp_explain(
            why, LP_ERR_NOT_FOUND,
            "there is no folder to remember sessions in: set HOME, or run "
            "this as root");
    snprintf(out, out_len, "%s/service", state);
    lp_err err = lp_dir_make(state, SERVICE_FOLDER_MODE, why);
    if (!err)
        err = lp_dir_make(out, SERVICE_FOLDER_MODE, why);
    return err ? err : lp_file_give(out, client->options.common.user, why);
}

static void on_secret(void *state, const char *code)
{
    lp_client_app *client = state;
    lp_log_secrets_add(&client->app.kept.secrets, code);
}

static lp_err open_log_file(lp_client_app *client, const char *folder, lp_why *why)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s.log", folder, LP_CLIENT_NAME);
    client->app.kept.is_unheard = true;
    return lp_log_file_open(path, &client->app.kept.file, why);
}

lp_err lp_client_open_seat(lp_client_app *client, lp_why *why)
{
    const lp_client_options *options = &client->options;
    char folder[560];
    lp_err err = find_folder(client, folder, sizeof folder, why);
    if (!err && lp_service_is_unheard())
        err = open_log_file(client, folder, why);
    if (!err)
        err = lp_join_identify(&client->join, LP_CLIENT_NAME, LP_ROLE_CLIENT,
                               &options->join, &options->virtual_mac, &client->app.log,
                               why);
    if (err)
        return err;
    snprintf(client->session_path, sizeof client->session_path, "%s/session.json",
             folder);
    lp_seat_config config = {
        .join = &client->join,
        .options = options->join,
        .tap_name = options->tap,
        .path = client->session_path,
        .log = &client->app.log,
        .frame_log = client->app.frame_log,
        .on_secret = on_secret,
        .state = client,
    };
    return lp_seat_open(&client->app.loop, &config, &client->seat, why);
}

/* --- requests --------------------------------------------------------------------- */

static json_t *connect_to(lp_client_app *client, const lp_control *request, lp_time now)
{
    lp_control_fault fault = {.field = NULL};
    if (lp_seat_connect(client->seat, request, now, &fault) != LP_OK)
        return lp_answer_failure(fault.why.text, fault.field);
    return lp_answer_ok();
}

/* What a killed run changed and could not give back. */
static lp_err repair(size_t *out_restored, lp_why *why)
{
    lp_net *net;
    lp_err err = lp_net_open(&net, why);
    if (err)
        return err;
    err = lp_net_repair(net, out_restored, why);
    lp_net_close(net);
    return err;
}

static json_t *answer_repair(lp_client_app *client)
{
    size_t restored;
    lp_why why;
    if (client->player || lp_seat_is_taken(client->seat))
        return lp_answer_failure("a session runs, and what it changed is needed: "
                                 "disconnect first",
                                 NULL);
    if (repair(&restored, &why) != LP_OK)
        return lp_answer_failure(why.text, NULL);
    return json_pack("{s:b, s:I}", "ok", 1, "restored", (json_int_t)restored);
}

/* Adapters, addresses, routes: what a report on trouble has to hold. */
static json_t *answer_system(void)
{
    static const size_t room = LP_NET_TEXT_MAX;
    lp_net *net;
    lp_why why;
    if (lp_net_open(&net, &why) != LP_OK)
        return lp_answer_failure(why.text, NULL);
    char *text = malloc(room);
    json_t *answer = NULL;
    if (text) {
        lp_net_describe(net, text, room);
        answer =
            json_pack("{s:s+}", "text", LP_CLIENT_NAME " " LP_VERSION "\n\n", text);
    }
    free(text);
    lp_net_close(net);
    return answer ? answer : lp_answer_failure("out of memory", NULL);
}

/* What the health row of that code offers. */
static json_t *answer_fix(lp_client_app *client, const char *code)
{
    lp_player *player =
        client->player || !client->seat ? client->player : lp_seat_player(client->seat);
    lp_why why;
    if (!player)
        return lp_answer_failure("no session runs: connect first", NULL);
    if (lp_player_fix(player, code, &why) != LP_OK)
        return lp_answer_failure(why.text, NULL);
    return lp_answer_ok();
}

json_t *lp_client_order(lp_app *app, const lp_control *request, lp_time now)
{
    lp_client_app *client = (lp_client_app *)app;
    switch (request->verb) {
    case LP_CONTROL_CONNECT:
    case LP_CONTROL_DISCONNECT:
        if (!client->seat)
            return lp_answer_failure(
                "this program takes no orders: it was started for one room, and ends "
                "with "
                "it; stop it, and let `lanparty-client service run` take its place",
                "do");
        if (request->verb == LP_CONTROL_CONNECT)
            return connect_to(client, request, now);
        lp_seat_disconnect(client->seat, now);
        return lp_answer_ok();
    case LP_CONTROL_REPAIR:
        return answer_repair(client);
    case LP_CONTROL_SYSTEM:
        return answer_system();
    case LP_CONTROL_FIX:
        return answer_fix(client, request->code);
    case LP_CONTROL_STATUS:
    case LP_CONTROL_LOG:
        break;
    }
    return lp_answer_failure("this program cannot do that", "do");
}

/* --- commands --------------------------------------------------------------------- */

static const lp_service_about about = {
    .name = LP_CLIENT_NAME,
    .title = "LAN party (softlan)",
    .description =
        "Keeps this machine's seat at a LAN party far away: makes the adapter, "
        "and gives back what it changed.",
    .arguments = "service run",
};

static int complain(const char *why)
{
    fprintf(stderr, "%s: %s\n", LP_CLIENT_NAME, why);
    return 1;
}

/* Who runs knows best whether there is something to repair: he is asked first. */
static int repair_now(lp_client_app *client)
{
    json_t *answer = NULL;
    size_t restored = 0;
    lp_why why;
    lp_err err = client->app.status_path[0]
                     ? lp_answer_ask(client->app.status_path, "{\"do\":\"repair\"}",
                                     &answer, &why)
                     : LP_ERR_NOT_FOUND;
    const char *refusal = json_string_value(json_object_get(answer, "error"));
    if (refusal)
        lp_explain(&why, LP_ERR_IN_USE, "%.400s", refusal);
    if (err == LP_ERR_NOT_FOUND)
        err = repair(&restored, &why);
    else if (!err && refusal)
        err = LP_ERR_IN_USE;
    else
        restored = (size_t)json_integer_value(json_object_get(answer, "restored"));
    json_decref(answer);
    if (err)
        return complain(why.text);
    if (restored == 0)
        printf("nothing to repair: no killed run left anything behind\n");
    else
        printf("gave back what a killed run left: %zu change%s\n", restored,
               restored == 1 ? "" : "s");
    return 0;
}

static int install(void)
{
    lp_why why;
    if (lp_service_install(&about, &why) != LP_OK)
        return complain(why.text);
    printf(
        "the service %s is installed and runs, now and whenever this machine starts\n",
        about.name);
    return 0;
}

static int remove_it(void)
{
    lp_why why;
    if (lp_service_remove(about.name, &why) != LP_OK)
        return complain(why.text);
    printf("the service %s is removed\n", about.name);
    return 0;
}

int lp_client_command_now(lp_client_app *client)
{
    switch (client->command) {
    case LP_CLIENT_INSTALL:
        return install();
    case LP_CLIENT_REMOVE:
        return remove_it();
    case LP_CLIENT_REPAIR:
        return repair_now(client);
    case LP_CLIENT_ADAPTER_CREATE:
        return lp_client_adapter_create();
    case LP_CLIENT_ADAPTER_REMOVE:
        return lp_client_adapter_remove();
    case LP_CLIENT_RUN:
    case LP_CLIENT_CONNECT:
        break;
    }
    return LP_APP_GOES_ON;
}
