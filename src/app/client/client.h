/* What lanparty-client is made of: main.c connects at once, orders.c waits to be told. */
#pragma once

#include "runtime/app.h"
#include "runtime/join.h"
#include "runtime/player.h"
#include "runtime/seat.h"

#define LP_CLIENT_NAME "lanparty-client"

typedef enum lp_client_command {
    LP_CLIENT_RUN, /* service run */
    LP_CLIENT_INSTALL,
    LP_CLIENT_REMOVE,
    LP_CLIENT_REPAIR,
    LP_CLIENT_ADAPTER_CREATE,
    LP_CLIENT_ADAPTER_REMOVE,
    LP_CLIENT_CONNECT, /* no word at all: the usual work */
} lp_client_command;

typedef struct lp_client_options {
    lp_common_options common;
    lp_join_options join;
    lp_option_mac virtual_mac;
    const char *tap;
    bool list_taps;
} lp_client_options;

typedef struct lp_client_app {
    lp_app app; /* first */
    lp_client_options options;
    lp_client_command command;
    lp_join join;
    lp_player *player; /* LP_CLIENT_CONNECT */
    lp_seat *seat;     /* LP_CLIENT_RUN */
    char session_path[640];
} lp_client_app;

/* --- adapter.c --------------------------------------------------------------------- */

/* An adapter of our own without a party: for installers, and for whom another program takes
 * the only one. Exit codes. */
int lp_client_adapter_create(void);
int lp_client_adapter_remove(void);

/* --- orders.c --------------------------------------------------------------------- */

/* Commands that are done at once; the exit code, or LP_APP_GOES_ON. */
int lp_client_command_now(lp_client_app *client);

/* `service run`: options that make no sense there, and the seat in its order of life. */
lp_err lp_client_check_orders(lp_client_app *client, lp_why *why);
lp_err lp_client_open_seat(lp_client_app *client, lp_why *why);

/* Every request but status and log. */
json_t *lp_client_order(lp_app *app, const lp_control *request, lp_time now);
