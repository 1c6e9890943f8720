#include "gui/state.h"

#include "wire/json.h"

static void copy_text(const json_t *object, const char *field, char *out, size_t len)
{
    const char *text = json_string_value(json_object_get(object, field));
    lp_sentence_copy(text ? text : "", out, len);
}

/* Not negative, and small enough for everything that is done with it. */
static double number_of(const json_t *object, const char *field, double otherwise)
{
    const json_t *value = json_object_get(object, field);
    double number = json_number_value(value);
    bool is_sound = json_is_number(value) && number >= 0 && number < 1e15;
    return is_sound ? number : otherwise;
}

static bool is_true(const json_t *object, const char *field)
{
    return json_is_true(json_object_get(object, field));
}

/* A round trip that is not known yet is told as zero. */
static double trip_of(const json_t *object, const char *field)
{
    double trip = number_of(object, field, 0);
    return trip > 0 ? trip : LP_STATE_UNKNOWN_MS;
}

/* The index of the text in `names`; `count` where it is none of them. */
static size_t word_of(const json_t *object, const char *field, const char *const *names,
                      size_t count)
{
    const char *text = json_string_value(json_object_get(object, field));
    size_t i = text ? 0 : count;
    while (i < count && strcmp(text, names[i]) != 0)
        i++;
    return i;
}

static lp_phase phase_of(const json_t *object)
{
    static const char *const names[] = {"idle",    "offline", "connecting", "measuring",
                                        "joining", "joined",  "refused",    "ended"};
    return (lp_phase)word_of(object, "state", names, LP_PHASE_STRANGE);
}

static lp_broadcast broadcast_of(const json_t *object)
{
    static const char *const names[] = {"none", "to_lan", "from_lan", "both"};
    size_t at = word_of(object, "broadcast", names, LP_BROADCAST_BOTH + 1);
    return at > LP_BROADCAST_BOTH ? LP_BROADCAST_NONE : (lp_broadcast)at;
}

static void read_relay(const json_t *relay, lp_state *state)
{
    copy_text(relay, "name", state->relay, sizeof state->relay);
    copy_text(relay, "address", state->address, sizeof state->address);
    state->port = (uint16_t)number_of(relay, "port", 0);
    if (number_of(relay, "port", 0) > UINT16_MAX)
        state->port = 0;
    state->relay_ms = trip_of(relay, "rtt_ms");
}

static void read_peers(const json_t *peers, lp_state *state)
{
    size_t i;
    json_t *peer;
    json_array_foreach(peers, i, peer)
    {
        if (state->peer_count == LP_STATE_PEERS_MAX) {
            state->peers_beyond++;
            continue;
        }
        lp_state_peer *one = &state->peer[state->peer_count++];
        const char *role = json_string_value(json_object_get(peer, "role"));
        double id = number_of(peer, "peer_id", 0);
        one->id = id <= UINT32_MAX ? (uint32_t)id : 0;
        one->is_gateway = role && strcmp(role, "gateway") == 0;
        copy_text(peer, "mac", one->mac, sizeof one->mac);
        one->rtt_ms = trip_of(peer, "rtt_ms");
    }
}

static void read_health(const json_t *rows, lp_state *state)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        lp_state_row *one = &state->health[state->health_count];
        const char *severity = json_string_value(json_object_get(row, "severity"));
        if (state->health_count == LP_STATE_HEALTH_MAX)
            break;
        copy_text(row, "code", one->code, sizeof one->code);
        copy_text(row, "title", one->title, sizeof one->title);
        copy_text(row, "detail", one->detail, sizeof one->detail);
        copy_text(row, "remedy", one->remedy, sizeof one->remedy);
        copy_text(row, "fix", one->fix, sizeof one->fix);
        one->is_error = severity && strcmp(severity, "error") == 0;
        state->health_count += one->title[0] != '\0';
    }
}

static void read_object(const json_t *object, lp_state *state)
{
    const json_t *tap = json_object_get(object, "tap");
    state->phase = phase_of(object);
    state->waits_for_orders = is_true(object, "waits_for_orders");
    copy_text(object, "version", state->version, sizeof state->version);
    copy_text(object, "room", state->room, sizeof state->room);
    copy_text(object, "last_error", state->last_error, sizeof state->last_error);
    state->next_try_ms = number_of(object, "next_try_ms", LP_STATE_UNKNOWN_MS);
    state->connected_ms = number_of(object, "connected_ms", LP_STATE_UNKNOWN_MS);
    state->has_gateway = is_true(object, "gateway_present");
    state->gateway_ms = trip_of(object, "gateway_latency_ms");
    state->broadcast = broadcast_of(object);
    copy_text(tap, "ip", state->ip, sizeof state->ip);
    copy_text(tap, "name", state->adapter, sizeof state->adapter);
    read_relay(json_object_get(object, "relay"), state);
    read_peers(json_object_get(object, "peers"), state);
    read_health(json_object_get(object, "health"), state);
}

lp_err lp_state_read(lp_bytes text, lp_state *out_state, lp_why *why)
{
    lp_json json;
    if (text.len > LP_STATE_TEXT_MAX)
        return lp_explain(why, LP_ERR_TOO_BIG, "the answer is too long");
    lp_err err = lp_json_open(text, &json, why);
    if (!err) {
        *out_state = (lp_state){0};
        read_object(json.object, out_state);
    }
    lp_json_close(&json);
    return err;
}

bool lp_state_is_busy(const lp_state *state)
{
    return state->phase != LP_PHASE_IDLE && state->phase != LP_PHASE_REFUSED &&
           state->phase != LP_PHASE_ENDED;
}
