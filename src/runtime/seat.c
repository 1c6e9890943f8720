#include "runtime/seat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/files.h"
#include "runtime/describe.h"

#define GOODBYE_POLL_MS 20
#define GOODBYE_POLLS   50 /* one second, as lp_life has it */
#define RETRY_FIRST     LP_SECONDS(2)
#define RETRY_MAX       LP_SECONDS(60)

typedef enum seat_state {
    SEAT_EMPTY,   /* nobody sits: nothing is wanted, or the next try waits */
    SEAT_TAKEN,   /* the player plays */
    SEAT_FAILED,  /* the player cannot go on, and does not know yet that it is left */
    SEAT_LEAVING, /* goodbye is being said */
    SEAT_CLOSING, /* libuv lets go */
} seat_state;

struct lp_seat {
    lp_seat_config config;
    uv_loop_t *loop;
    uv_timer_t timer; /* of the state: the next try, or the next look at a goodbye */
    bool has_timer;
    seat_state state;
    lp_player *player;
    unsigned polls;

    bool is_wanted; /* `wish` is what was asked for, and not taken back */
    lp_control wish;
    bool is_refused; /* for good, by the relay */
    lp_time next_try;
    lp_duration patience; /* between tries */
    char why[LP_WHY_MAX]; /* the last failure; "": none */

    lp_time sleeps_until; /* 0: awake. Should nobody tell that the machine woke up */
    bool is_ending, is_closing;
};

/* --- what is remembered ----------------------------------------------------------- */

static void remember(lp_seat *seat)
{
    char text[2 * LP_CONTROL_CA_MAX + 2048];
    lp_why why;
    size_t len =
        lp_control_write(&seat->wish, lp_space_of((uint8_t *)text, sizeof text));
    if (!seat->config.path || len == 0)
        return;
    text[len] = '\n';
    if (lp_file_write(seat->config.path, lp_bytes_of(text, len + 1), 0600, false,
                      &why) != LP_OK)
        lp_log(seat->config.log, LP_WARN,
               "this session will not be taken up again after a restart",
               F_STR("why", why.text));
}

static void forget(lp_seat *seat)
{
    uv_fs_t request;
    seat->is_wanted = seat->is_refused = false;
    seat->why[0] = '\0';
    if (!seat->config.path)
        return;
    int result = uv_fs_unlink(NULL, &request, seat->config.path, NULL);
    uv_fs_req_cleanup(&request);
    if (result != 0 && result != UV_ENOENT)
        lp_log(seat->config.log, LP_WARN, "the session is not forgotten",
               F_STR("file", seat->config.path), F_STR("why", uv_strerror(result)));
}

/* True: there is something to take up again. */
static bool recall(lp_seat *seat)
{
    lp_file_content content = {0};
    lp_control_fault fault;
    if (!seat->config.path)
        return false;
    lp_err err =
        lp_file_read(seat->config.path, LP_CONTROL_MAX + 1, &content, &fault.why);
    if (err == LP_ERR_NOT_FOUND)
        return false;
    if (!err) {
        const char *text = (const char *)content.at;
        err = lp_control_read(lp_bytes_of(text, strcspn(text, "\n")), &seat->wish,
                              &fault);
        if (!err && seat->wish.verb != LP_CONTROL_CONNECT)
            err = lp_explain(&fault.why, LP_ERR_MALFORMED, "it holds no session");
    }
    lp_file_content_fini(&content);
    if (err)
        lp_log(seat->config.log, LP_WARN, "the last session is not taken up again",
               F_STR("file", seat->config.path), F_STR("why", fault.why.text));
    return err == LP_OK;
}

/* --- opening ---------------------------------------------------------------------- */

static lp_join_options options_of(const lp_seat *seat, const lp_control *wish)
{
    const lp_invite *party = &wish->party;
    lp_join_options options = seat->config.options;
    options.relay = party->relay;
    options.room = party->room;
    options.relay_fingerprint = party->fingerprint[0] ? party->fingerprint : NULL;
    options.server_name = party->server_name[0] ? party->server_name : NULL;
    options.ca_cert = wish->ca_cert[0] ? wish->ca_cert : NULL;
    options.relay_ca_cert = NULL;
    return options;
}

static void on_turn(uv_timer_t *timer);

/* The state is looked at again after `rest`, and never in the middle of something. */
static void look_after(lp_seat *seat, lp_duration rest)
{
    uv_timer_start(&seat->timer, on_turn, (rest + LP_MS(1) - 1) / LP_MS(1), 0);
}

static void leave(lp_seat *seat, const char *reason)
{
    seat->state = SEAT_LEAVING;
    seat->polls = 0;
    lp_player_leave(seat->player, reason, lp_clock_now());
    look_after(seat, 0);
}

static void wait_for_next_try(lp_seat *seat)
{
    seat->patience = seat->patience == 0              ? RETRY_FIRST
                     : 2 * seat->patience < RETRY_MAX ? 2 * seat->patience
                                                      : RETRY_MAX;
    seat->next_try = lp_time_after(lp_clock_now(), seat->patience);
}

/* The player cannot go on. From anywhere inside of it: it is left with the next turn. */
static void on_failed(void *state, const char *why)
{
    lp_seat *seat = state;
    if (seat->state != SEAT_TAKEN)
        return;
    snprintf(seat->why, sizeof seat->why, "%s", why);
    seat->is_refused = lp_player_is_refused(seat->player);
    if (lp_player_was_joined(seat->player))
        seat->patience = 0;
    wait_for_next_try(seat);
    lp_log(seat->config.log, LP_ERROR, "the session cannot go on", F_STR("why", why));
    seat->state = SEAT_FAILED;
    look_after(seat, 0);
}

static void on_closed(void *state);

static lp_err open_player(lp_seat *seat, lp_why *why)
{
    lp_join_options options = options_of(seat, &seat->wish);
    lp_player_config config = {
        .relay = seat->wish.party.relay,
        .join = seat->config.join,
        .tap_name = seat->config.tap_name,
        .snapshot = options.snapshot,
        .log = seat->config.log,
        .frame_log = seat->config.frame_log,
        .on_failed = on_failed,
        .on_closed = on_closed,
        .state = seat,
    };
    if (seat->config.on_secret)
        seat->config.on_secret(seat->config.state, seat->wish.party.room);
    lp_err err = lp_join_aim(seat->config.join, &options, why);
    return err ? err : lp_player_open(seat->loop, &config, &seat->player, why);
}

static void sit_down(lp_seat *seat, lp_time now)
{
    lp_why why;
    if (open_player(seat, &why) == LP_OK) {
        seat->state = SEAT_TAKEN;
        seat->why[0] = '\0';
        lp_player_start(seat->player, now);
        return;
    }
    wait_for_next_try(seat);
    bool is_news = strcmp(seat->why, why.text) != 0;
    snprintf(seat->why, sizeof seat->why, "%s", why.text);
    lp_log(seat->config.log, is_news ? LP_ERROR : LP_DEBUG, "cannot connect",
           F_STR("why", why.text), F_MS("next_try", seat->patience));
    look_after(seat, seat->patience);
}

/* --- the turn --------------------------------------------------------------------- */

static void free_if_done(lp_seat *seat)
{
    if (seat->is_closing && !seat->has_timer && seat->state == SEAT_EMPTY)
        free(seat);
}

/* The adapter is free again. */
static void on_closed(void *state)
{
    lp_seat *seat = state;
    seat->state = SEAT_EMPTY;
    lp_join_rest(seat->config.join);
    lp_log(seat->config.log, LP_INFO, "left");
    if (seat->is_closing)
        free_if_done(seat);
    else
        look_after(seat, 0);
}

static void close_player(lp_seat *seat)
{
    lp_player *player = seat->player;
    seat->state = SEAT_CLOSING;
    seat->player = NULL;
    lp_player_close(player);
}

static void on_turn(uv_timer_t *timer)
{
    lp_seat *seat = timer->data;
    lp_time now = lp_clock_now();
    if (seat->state == SEAT_FAILED) {
        leave(seat, seat->why);
    } else if (seat->state == SEAT_LEAVING && !seat->is_ending) {
        if (seat->polls++ >= GOODBYE_POLLS || lp_player_is_over(seat->player))
            close_player(seat);
        else
            look_after(seat, LP_MS(GOODBYE_POLL_MS));
    } else if (seat->state == SEAT_EMPTY && seat->is_wanted && !seat->is_refused &&
               !seat->is_ending) {
        lp_time at =
            seat->sleeps_until > seat->next_try ? seat->sleeps_until : seat->next_try;
        if (at <= now)
            sit_down(seat, now);
        else
            look_after(seat, lp_time_until(now, at));
    }
}

/* --- orders ----------------------------------------------------------------------- */

static void begin(lp_seat *seat)
{
    seat->is_wanted = true;
    seat->is_refused = false;
    seat->patience = 0;
    seat->next_try = 0;
    seat->why[0] = '\0';
    if (seat->state == SEAT_TAKEN)
        leave(seat, "going to another party");
    else if (seat->state == SEAT_EMPTY)
        look_after(seat, 0);
}

lp_err lp_seat_connect(lp_seat *seat, const lp_control *request, lp_time now,
                       lp_control_fault *fault)
{
    lp_join_options options = options_of(seat, request);
    fault->field = "ca_cert";
    lp_err err = lp_join_check_ca(&options, &fault->why);
    if (err)
        return err;
    seat->wish = *request;
    if (seat->config.on_secret)
        seat->config.on_secret(seat->config.state, seat->wish.party.room);
    lp_log(seat->config.log, LP_INFO, "asked to connect",
           F_STR("relay", request->party.relay.host),
           F_UINT("port", request->party.relay.port),
           F_STR("room", request->party.room));
    remember(seat);
    begin(seat);
    return LP_OK;
}

void lp_seat_disconnect(lp_seat *seat, lp_time now)
{
    if (seat->is_wanted)
        lp_log(seat->config.log, LP_INFO, "asked to disconnect");
    forget(seat);
    if (seat->state == SEAT_TAKEN)
        leave(seat, "disconnected");
}

void lp_seat_sleep(lp_seat *seat, lp_time now)
{
    seat->sleeps_until = lp_time_after(now, LP_PLAYER_DOZE);
    if (seat->state == SEAT_TAKEN)
        lp_player_sleep(seat->player, now);
}

void lp_seat_wake(lp_seat *seat, lp_time now)
{
    seat->sleeps_until = 0;
    if (seat->state == SEAT_TAKEN)
        lp_player_wake(seat->player, now);
    else if (seat->state == SEAT_EMPTY)
        look_after(seat, 0);
}

bool lp_seat_is_taken(const lp_seat *seat)
{
    return seat->state != SEAT_EMPTY;
}

lp_player *lp_seat_player(lp_seat *seat)
{
    return seat->state == SEAT_TAKEN ? seat->player : NULL;
}

/* --- life ------------------------------------------------------------------------- */

lp_err lp_seat_open(uv_loop_t *loop, const lp_seat_config *config, lp_seat **out_seat,
                    lp_why *why)
{
    lp_seat *seat = calloc(1, sizeof *seat);
    if (!seat)
        return lp_explain(why, LP_ERR_NO_MEMORY, "out of memory");
    seat->config = *config;
    seat->loop = loop;
    uv_timer_init(loop, &seat->timer);
    seat->timer.data = seat;
    seat->has_timer = true;
    *out_seat = seat;
    return LP_OK;
}

void lp_seat_start(lp_seat *seat, lp_time now)
{
    if (!recall(seat))
        return;
    lp_log(seat->config.log, LP_INFO, "taking up the last session again");
    begin(seat);
}

void lp_seat_leave(lp_seat *seat, const char *reason, lp_time now)
{
    seat->is_ending = true;
    if (seat->state == SEAT_TAKEN || seat->state == SEAT_FAILED)
        leave(seat, reason);
}

bool lp_seat_is_over(const lp_seat *seat)
{
    return !seat->player || lp_player_is_over(seat->player);
}

static void on_timer_closed(uv_handle_t *handle)
{
    lp_seat *seat = handle->data;
    seat->has_timer = false;
    free_if_done(seat);
}

void lp_seat_close(lp_seat *seat)
{
    if (!seat)
        return;
    seat->is_closing = true;
    if (seat->player)
        close_player(seat);
    uv_close((uv_handle_t *)&seat->timer, on_timer_closed);
}

/* --- what holds ------------------------------------------------------------------- */

/* Nobody sits, and it is not for want of asking. */
static void describe_wish(const lp_seat *seat, json_t *state, lp_time now)
{
    json_t *relay = json_object();
    lp_tell_text(relay, "name", seat->wish.party.relay.host);
    lp_tell_uint(relay, "port", seat->wish.party.relay.port);
    lp_tell_bool(relay, "reachable", false);
    lp_tell_take(state, "relay", relay);
    lp_tell_text(state, "room", seat->wish.party.room);
    lp_tell_text(state, "last_error", seat->why[0] ? seat->why : NULL);
    if (!seat->is_refused)
        lp_tell_ms(state, "next_try_ms", lp_time_until(now, seat->next_try));
}

json_t *lp_seat_describe(lp_seat *seat, lp_time now)
{
    json_t *state;
    if (seat->state == SEAT_TAKEN) {
        state = lp_player_describe(seat->player, now);
    } else {
        state = json_object();
        lp_tell_text(state, "state",
                     !seat->is_wanted   ? "idle"
                     : seat->is_refused ? "refused"
                                        : "offline");
        if (seat->is_wanted)
            describe_wish(seat, state, now);
    }
    lp_tell_bool(state, "waits_for_orders", true);
    return state;
}
