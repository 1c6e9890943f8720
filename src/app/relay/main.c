/* lanparty-relay: options in, workers, out again. */
#include <stdio.h>

#include "os/clock.h"
#include "os/service.h"
#include "runtime/app.h"
#include "runtime/relay_crew.h"
#include "runtime/relay_tls.h"
#include "runtime/show.h"
#include "wire/invite.h"

#define NAME            "lanparty-relay"
#define HOUSEKEEPING_MS 5000

struct config {
    lp_common_options common;
    lp_addr listen;
    const char *cert, *key, *state_dir, *dev_cert_der_out;
    uint64_t room_mtu, max_clients, max_rooms, max_peers;
    uint64_t workers, max_peers_per_ip, max_handshakes, max_handshakes_per_ip;
    uint64_t client_rate, client_burst, broadcast_rate, broadcast_burst;
};

#define COUNT_ROW(option, field, low, high, usual, words)                            \
    {                                                                                \
        .name = option, .value = "N", .kind = LP_OPTION_COUNT,                       \
        .offset = offsetof(struct config, field), .default_text = usual, .min = low, \
        .max = high, .help = words                                                   \
    }
#define SIZE_ROW(option, field, low, high, usual, words)                             \
    {                                                                                \
        .name = option, .value = "SIZE", .kind = LP_OPTION_SIZE,                     \
        .offset = offsetof(struct config, field), .default_text = usual, .min = low, \
        .max = high, .help = words                                                   \
    }

/* clang-format off */
static const lp_option options[] = {
    {.name = "listen", .value = "ADDR", .kind = LP_OPTION_LISTEN,
     .offset = offsetof(struct config, listen), .default_text = "443/udp",
     .help = "443/udp, 192.0.2.1:443, [::]:443"},
    {.name = "cert", .value = "FILE", .kind = LP_OPTION_PATH,
     .offset = offsetof(struct config, cert),
     .help = "certificate chain, PEM; reloaded on change"},
    {.name = "key", .value = "FILE", .kind = LP_OPTION_PATH,
     .offset = offsetof(struct config, key), .help = "its private key, PEM"},
    {.name = "state-dir", .value = "DIR", .kind = LP_OPTION_PATH,
     .offset = offsetof(struct config, state_dir),
     .help = "keeps the generated certificate and secrets"},
    {.name = "dev-cert-der-out", .value = "FILE", .kind = LP_OPTION_PATH,
     .offset = offsetof(struct config, dev_cert_der_out),
     .help = "write the certificate for --relay-ca-cert"},
    COUNT_ROW("room-mtu", room_mtu, LP_RELAY_ROOM_MTU_MIN, 9000, "1280",
              "the most that a room's MTU becomes"),
    COUNT_ROW("max-clients", max_clients, 1, 1024, "64", "players in one room"),
    COUNT_ROW("max-rooms", max_rooms, 1, 100000, "1024", "rooms on this relay"),
    COUNT_ROW("workers", workers, 1, LP_MAX_WORKERS, "1",
              "threads that carry rooms, each its own"),
    COUNT_ROW("max-peers", max_peers, 1, 60000, "4096", "connections in all"),
    COUNT_ROW("max-peers-per-ip", max_peers_per_ip, 0, 60000, "256",
              "connections from one address; 0: any"),
    COUNT_ROW("max-handshakes", max_handshakes, 1, 60000, "512",
              "unfinished handshakes; Retry from half of it"),
    COUNT_ROW("max-handshakes-per-ip", max_handshakes_per_ip, 1, 60000, "64",
              "of them from one address"),
    SIZE_ROW("client-rate", client_rate, 1024, UINT32_MAX, "125M",
             "octets a second from one player"),
    SIZE_ROW("client-burst", client_burst, 65536, UINT32_MAX, "16M",
             "octets at once from one player"),
    COUNT_ROW("broadcast-rate", broadcast_rate, 1, 1000000, "256",
              "broadcasts a second from one player"),
    COUNT_ROW("broadcast-burst", broadcast_burst, 1, 1000000, "1024", "broadcasts at once from one player"),
    LP_COMMON_ROWS(struct config, common),
};
/* clang-format on */

static const lp_program program = {
    .name = NAME,
    .purpose =
        "carry LAN parties: rooms, switching and safety for players and gateways",
    .example = NAME " --listen 443/udp",
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

typedef struct relay_app {
    lp_app app; /* first */
    struct config config;
    lp_relay_tls tls;
    lp_relay_crew *crew;
    uv_timer_t housekeeping;
    char told[LP_SERVICE_STATUS_MAX]; /* to the service manager */
    bool keeps_house;                 /* the timer is libuv's */
} relay_app;

static lp_err open_tls(relay_app *relay, lp_files_use use, uint8_t secret[32],
                       lp_why *why)
{
    lp_relay_files files = {
        .use = use,
        .cert = relay->config.cert,
        .key = relay->config.key,
        .state_dir = relay->config.state_dir,
        .cert_der_out = relay->config.dev_cert_der_out,
        .owner = relay->config.common.user,
    };
    return lp_relay_tls_open(&relay->tls, &files, &relay->app.log, secret, why);
}

static void reload(lp_app *app)
{
    lp_relay_tls_reload(&((relay_app *)app)->tls);
}

static void on_housekeeping(uv_timer_t *timer)
{
    relay_app *relay = timer->data;
    char status[LP_SERVICE_STATUS_MAX];
    lp_relay_tls_watch(&relay->tls);
    size_t peers = lp_relay_crew_members(relay->crew);
    snprintf(status, sizeof status, "%zu peer%s connected", peers,
             peers == 1 ? "" : "s");
    lp_service_tell(relay->told, status);
}

/* --- life ------------------------------------------------------------------------- */

static lp_relay_worker_config worker_config(relay_app *relay)
{
    const struct config *config = &relay->config;
    lp_relay_worker_config worker = {
        .listen = config->listen,
        .quic = lp_quic_default_config(),
        .relay = lp_relay_default_config(),
        .log = &relay->app.log,
        .frame_log = relay->app.frame_log,
        .on_failed = lp_app_fail,
        .state = relay,
    };
    worker.quic.tls = relay->tls.tls;
    worker.quic.max_conns_per_ip = config->max_peers_per_ip;
    worker.quic.max_handshakes = config->max_handshakes;
    worker.quic.max_handshakes_per_ip = config->max_handshakes_per_ip;
    worker.relay.max_links = config->max_peers;
    worker.relay.max_rooms = config->max_rooms;
    worker.relay.max_clients = config->max_clients;
    worker.relay.room_mtu = (uint32_t)config->room_mtu;
    worker.relay.limits.bytes_rate = config->client_rate;
    worker.relay.limits.bytes_burst = config->client_burst;
    worker.relay.limits.broadcast_rate = config->broadcast_rate;
    worker.relay.limits.broadcast_burst = config->broadcast_burst;
    return worker;
}

static lp_err check_options(lp_app *app, lp_why *why)
{
    const struct config *config = &((relay_app *)app)->config;
    if (!config->cert == !config->key)
        return LP_OK;
    return lp_explain(why, LP_ERR_MALFORMED,
                      "cert and key belong together: name both, or neither");
}

static lp_err start(lp_app *app, lp_why *why)
{
    relay_app *relay = (relay_app *)app;
    uint8_t secret[32];
    uv_timer_init(&app->loop, &relay->housekeeping);
    relay->housekeeping.data = relay;
    relay->keeps_house = true;
    lp_err err = open_tls(relay, LP_FILES_KEEP, secret, why);
    if (err)
        return err;
    lp_relay_worker_config config = worker_config(relay);
    memcpy(config.quic.secret, secret, sizeof secret);
    return lp_relay_crew_open(&app->loop, &config, (unsigned)relay->config.workers,
                              &relay->crew, why);
}

/* The next thing that the host of a party needs: lines to paste. */
static void print_invitation(const relay_app *relay)
{
    lp_addr local = lp_relay_crew_local(relay->crew);
    char ip[LP_ADDR_TEXT_LEN], where[LP_ADDR_TEXT_LEN + 16], link[LP_INVITE_MAX + 1];
    lp_invite invite = {.relay = {"ADDRESS-OF-THIS-SERVER", local.port},
                        .room = "PARTY"};
    if (!lp_addr_is_any(&local))
        snprintf(invite.relay.host, sizeof invite.relay.host, "%s",
                 lp_addr_write_ip(&local, ip));
    snprintf(invite.fingerprint, sizeof invite.fingerprint, "%s",
             relay->tls.fingerprint);
    bool brackets = strchr(invite.relay.host, ':') != NULL;
    snprintf(where, sizeof where, "%s%.60s%s:%u", brackets ? "[" : "",
             invite.relay.host, brackets ? "]" : "", local.port);
    fprintf(
        stderr,
        "\nOn the gateway, plugged into the party's switch (choose a room code):\n"
        "  lanparty-gateway --relay %s --relay-fingerprint %s --room PARTY\n"
        "On each player's machine:\n"
        "  lanparty-client --relay %s --relay-fingerprint %s --room PARTY\n"
        "Or all of that in one link, to paste into a chat and behind either program:\n"
        "  %s\n\n",
        where, relay->tls.fingerprint, where, relay->tls.fingerprint,
        lp_invite_write(&invite, link));
}

static void started(lp_app *app)
{
    relay_app *relay = (relay_app *)app;
    lp_addr local = lp_relay_crew_local(relay->crew);
    lp_why why;
    if (lp_relay_crew_start(relay->crew, &why) != LP_OK) {
        lp_app_fail(app, why.text);
        return;
    }
    lp_log(&app->log, LP_INFO, "relay is up", F_ADDR("listen", &local),
           F_STR("fingerprint", relay->tls.fingerprint),
           F_UINT("workers", relay->config.workers));
    if (!app->log.json && lp_log_wants(&app->log, LP_INFO))
        print_invitation(relay);
    uv_timer_start(&relay->housekeeping, on_housekeeping, 0, HOUSEKEEPING_MS);
}

static void stop(lp_app *app, const char *reason)
{
    lp_relay_crew_leave(((relay_app *)app)->crew, "the relay is shutting down",
                        lp_clock_now());
}

static bool is_done(lp_app *app)
{
    return lp_relay_crew_is_over(((relay_app *)app)->crew);
}

static void end(lp_app *app)
{
    relay_app *relay = (relay_app *)app;
    if (relay->keeps_house)
        uv_close((uv_handle_t *)&relay->housekeeping, NULL);
    lp_relay_crew_close(relay->crew);
}

static void fini(lp_app *app)
{
    lp_relay_crew_free(((relay_app *)app)->crew);
    lp_relay_tls_fini(&((relay_app *)app)->tls);
}

static json_t *describe(lp_app *app, lp_time now)
{
    relay_app *relay = (relay_app *)app;
    lp_addr local = lp_relay_crew_local(relay->crew);
    char text[LP_ADDR_TEXT_LEN];
    json_t *all = lp_relay_crew_describe(relay->crew, now);
    json_object_set_new(all, "listen", json_string(lp_addr_write(&local, text)));
    json_object_set_new(all, "fingerprint", json_string(relay->tls.fingerprint));
    return all;
}

static lp_err check(lp_app *app, lp_why *why)
{
    relay_app *relay = (relay_app *)app;
    uint8_t secret[32];
    char listen[LP_ADDR_TEXT_LEN];
    lp_err err = open_tls(relay, LP_FILES_LOOK, secret, why);
    if (err)
        return err;
    printf("configuration is fine\n  listen       %s\n  certificate  %s%s\n"
           "  state        %s\n",
           lp_addr_write(&relay->config.listen, listen), relay->tls.files.cert_path,
           relay->tls.tls ? "" : " (will be made)", relay->tls.files.state);
    if (relay->tls.tls)
        printf("  fingerprint  %s\n", relay->tls.fingerprint);
    return LP_OK;
}

static const lp_app_parts parts = {
    .program = &program,
    .keep = LP_KEEP_NOTHING,
    .check_options = check_options,
    .start = start,
    .started = started,
    .stop = stop,
    .is_done = is_done,
    .end = end,
    .fini = fini,
    .reload = reload,
    .check = check,
    .describe = describe,
    .show = lp_show_relay,
};

int main(int argc, char **argv)
{
    static relay_app relay;
    return lp_app_main(&relay.app, &parts, argc, argv, &relay.config,
                       &relay.config.common);
}
