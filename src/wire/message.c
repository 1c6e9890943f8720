#include "wire/message.h"

#include <assert.h>

#include "base/cursor.h"
#include "wire/json.h"

#define COUNT_OF(table) (sizeof(table) / sizeof *(table))
#define PREFIX_LEN      4

_Static_assert(LP_AUTH_MAX <= LP_JSON_TEXT_MAX, "our longest text is written whole");

static const char *const type_names[] = {
    [LP_MESSAGE_UNKNOWN] = "",
    [LP_MESSAGE_HELLO] = "hello",
    [LP_MESSAGE_WELCOME] = "welcome",
    [LP_MESSAGE_REJECT] = "reject",
    [LP_MESSAGE_PEER_JOINED] = "peer_joined",
    [LP_MESSAGE_PEER_LEFT] = "peer_left",
    [LP_MESSAGE_LATENCY] = "latency",
    [LP_MESSAGE_STATS] = "stats",
    [LP_MESSAGE_DISCONNECT] = "disconnect",
};

static const char *const role_names[] = {
    [LP_ROLE_CLIENT] = "client",
    [LP_ROLE_GATEWAY] = "gateway",
};

static const char *const mode_names[] = {
    [LP_MODE_RELAY] = "relay",
    [LP_MODE_DIRECT_P2P] = "direct-p2p",
    [LP_MODE_DIRECT_FAILED_RELAY_FALLBACK] = "direct-failed-relay-fallback",
};

static const char *const reject_code_names[] = {
    [LP_REJECT_OTHER] = "other",
    [LP_REJECT_VERSION] = "version",
    [LP_REJECT_BAD_ROOM] = "bad_room",
    [LP_REJECT_BAD_ROLE_OR_MAC] = "bad_role_or_mac",
    [LP_REJECT_DUPLICATE_MAC] = "duplicate_mac",
    [LP_REJECT_SECOND_GATEWAY] = "second_gateway",
    [LP_REJECT_ROOM_FULL] = "room_full",
    [LP_REJECT_RELAY_FULL] = "relay_full",
    [LP_REJECT_BUDGET_TOO_SMALL] = "budget_too_small",
    [LP_REJECT_AUTH] = "auth",
    [LP_REJECT_MALFORMED] = "malformed",
};

/* --- reading ---------------------------------------------------------------------- */

static lp_role read_role(lp_json *json)
{
    size_t role = lp_json_name(json, "role", role_names, COUNT_OF(role_names));
    if (role < COUNT_OF(role_names))
        return (lp_role)role;
    lp_json_refuse(json, "role", "must be \"client\" or \"gateway\"");
    return LP_ROLE_CLIENT;
}

static lp_peer read_peer(lp_json *json, const char *field)
{
    return lp_json_u32(json, field, 1, LP_EVERYONE - 1);
}

static uint32_t read_optional_u32(lp_json *json, const char *field)
{
    return lp_json_has(json, field) ? lp_json_u32(json, field, 1, UINT32_MAX) : 0;
}

static void read_optional_text(lp_json *json, const char *field, char *out,
                               size_t out_len)
{
    if (lp_json_has(json, field))
        lp_json_copy_text(json, field, out, out_len);
}

static void read_hello(lp_json *json, lp_hello *hello)
{
    hello->version = lp_json_u32(json, "version", 1, UINT32_MAX);
    hello->role = read_role(json);
    if (lp_room_code_read(lp_json_text(json, "room"), hello->room) != LP_OK)
        lp_json_refuse(json, "room", "must be 1 to 32 letters, digits, '-' or '_'");

    hello->has_mac = hello->role == LP_ROLE_CLIENT;
    if (hello->has_mac)
        hello->mac = lp_json_identity_mac(json, "mac");
    else if (lp_json_has(json, "mac"))
        lp_json_refuse(json, "mac", "a gateway has none");

    hello->datagram_budget = lp_json_u32(json, "datagram_budget", 0, UINT32_MAX);
    read_optional_text(json, "software", hello->software, sizeof hello->software);
    read_optional_text(json, "auth", hello->auth, sizeof hello->auth);
}

static void read_welcome(lp_json *json, lp_welcome *welcome)
{
    welcome->version = lp_json_u32(json, "version", 1, UINT32_MAX);
    size_t mode = lp_json_name(json, "mode", mode_names, COUNT_OF(mode_names));
    if (mode == COUNT_OF(mode_names))
        lp_json_refuse(json, "mode", "unknown");
    welcome->mode = (lp_mode)mode;
    welcome->peer_id = read_peer(json, "peer_id");
    welcome->room_id = lp_json_u32(json, "room_id", 0, UINT32_MAX);
    welcome->tap_mtu = lp_json_u32(json, "tap_mtu", LP_TAP_MTU_MIN, LP_TAP_MTU_MAX);
    welcome->gateway_present = lp_json_bool(json, "gateway_present");
    if (lp_json_has(json, "gateway_peer_id"))
        welcome->gateway_peer_id = read_peer(json, "gateway_peer_id");
    if (welcome->gateway_peer_id && !welcome->gateway_present)
        lp_json_refuse(json, "gateway_peer_id", "given, but no gateway is present");
    welcome->datagram_budget = read_optional_u32(json, "datagram_budget");
    welcome->stamps = lp_json_has(json, "stamps") && lp_json_bool(json, "stamps");
    read_optional_text(json, "software", welcome->software, sizeof welcome->software);
}

static void read_reason(lp_json *json, char out[LP_REASON_MAX + 1])
{
    lp_sentence_copy(lp_json_text(json, "reason"), out, LP_REASON_MAX + 1);
}

static void read_reject(lp_json *json, lp_reject *reject)
{
    size_t count = COUNT_OF(reject_code_names);
    size_t code = lp_json_name(json, "code", reject_code_names, count);
    reject->code = code < count ? (lp_reject_code)code : LP_REJECT_OTHER;
    read_reason(json, reject->reason);
    reject->room_mtu = read_optional_u32(json, "room_mtu");
    reject->peer_mtu = read_optional_u32(json, "peer_mtu");
}

static void read_peer_joined(lp_json *json, lp_peer_joined *joined)
{
    joined->peer_id = read_peer(json, "peer_id");
    joined->role = read_role(json);
    joined->has_mac = lp_json_has(json, "mac");
    if (joined->has_mac)
        joined->mac = lp_json_identity_mac(json, "mac");
}

static void read_peer_left(lp_json *json, lp_peer_left *left)
{
    left->peer_id = read_peer(json, "peer_id");
    read_reason(json, left->reason);
}

static void read_latency(lp_json *json, lp_latency *latency)
{
    latency->peer_id = read_peer(json, "peer_id");
    latency->rtt_us = lp_json_u32(json, "rtt_us", 0, UINT32_MAX);
}

static bool is_stat_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return name[len] == '\0' && len > 0 && len <= LP_STAT_NAME_MAX;
}

static bool is_stat_value(const json_t *value)
{
    json_int_t number = json_integer_value(value);
    return json_is_integer(value) && number >= 0 && number <= LP_STAT_MAX;
}

/* A newer peer counts more, or counts otherwise: keep what we understand. */
static void read_stats(lp_json *json, lp_stats_message *stats)
{
    json_t *counters = json_object_get(json->object, "counters");
    if (!json_is_object(counters))
        lp_json_refuse(json, "counters", "must be an object of numbers");

    const char *name;
    json_t *value;
    json_object_foreach(counters, name, value)
    {
        if (stats->count == LP_STATS_MAX)
            break;
        if (!is_stat_name(name) || !is_stat_value(value))
            continue;
        lp_stat *stat = &stats->stats[stats->count++];
        memcpy(stat->name, name, strlen(name) + 1);
        stat->value = (uint64_t)json_integer_value(value);
    }
}

static lp_message_type read_type(lp_json *json)
{
    size_t type = lp_json_name(json, "type", type_names, COUNT_OF(type_names));
    return type < COUNT_OF(type_names) ? (lp_message_type)type : LP_MESSAGE_UNKNOWN;
}

static void read_body(lp_json *json, lp_message *message)
{
    switch (message->type) {
    case LP_MESSAGE_UNKNOWN:
        return;
    case LP_MESSAGE_HELLO:
        read_hello(json, &message->hello);
        return;
    case LP_MESSAGE_WELCOME:
        read_welcome(json, &message->welcome);
        return;
    case LP_MESSAGE_REJECT:
        read_reject(json, &message->reject);
        return;
    case LP_MESSAGE_PEER_JOINED:
        read_peer_joined(json, &message->peer_joined);
        return;
    case LP_MESSAGE_PEER_LEFT:
        read_peer_left(json, &message->peer_left);
        return;
    case LP_MESSAGE_LATENCY:
        read_latency(json, &message->latency);
        return;
    case LP_MESSAGE_STATS:
        read_stats(json, &message->stats);
        return;
    case LP_MESSAGE_DISCONNECT:
        read_reason(json, message->disconnect.reason);
        return;
    }
}

lp_err lp_message_read(lp_bytes json, lp_message *out_message, lp_why *why)
{
    if (json.len > LP_MESSAGE_MAX)
        return lp_explain(why, LP_ERR_TOO_BIG, "json: longer than %d octets",
                          LP_MESSAGE_MAX);
    lp_message message = {.type = LP_MESSAGE_UNKNOWN};
    lp_json fields;
    lp_err err = lp_json_open(json, &fields, why);
    if (!err) {
        message.type = read_type(&fields);
        read_body(&fields, &message);
        err = lp_json_result(&fields);
    }
    if (!err)
        *out_message = message;
    lp_json_close(&fields);
    return err;
}

static lp_reject_code reject_code_of(lp_json *json)
{
    lp_hello hello;
    if (read_type(json) != LP_MESSAGE_HELLO)
        return LP_REJECT_MALFORMED;
    read_hello(json, &hello);
    const char *bad = json->bad ? json->bad : "";
    if (strcmp(bad, "version") == 0 || hello.version > LP_PROTOCOL_VERSION)
        return LP_REJECT_VERSION;
    if (strcmp(bad, "room") == 0)
        return LP_REJECT_BAD_ROOM;
    if (strcmp(bad, "role") == 0 || strcmp(bad, "mac") == 0)
        return LP_REJECT_BAD_ROLE_OR_MAC;
    return LP_REJECT_MALFORMED;
}

lp_reject_code lp_reject_code_of_hello(lp_bytes json)
{
    lp_json fields;
    lp_why why;
    lp_reject_code code = LP_REJECT_MALFORMED;
    if (json.len > LP_MESSAGE_MAX)
        return code;
    if (lp_json_open(json, &fields, &why) == LP_OK)
        code = reject_code_of(&fields);
    lp_json_close(&fields);
    return code;
}

/* --- writing ---------------------------------------------------------------------- */

/* The order of the calls is the documented order of the fields. */

static void put_optional_u32(lp_json_writer *out, const char *field, uint32_t value)
{
    if (value)
        lp_json_put_number(out, field, value);
}

static void put_optional_text(lp_json_writer *out, const char *field, const char *text)
{
    if (text[0])
        lp_json_put_text(out, field, text);
}

static void put_optional_mac(lp_json_writer *out, bool has_mac, lp_mac mac)
{
    char text[LP_MAC_TEXT_LEN];
    if (has_mac)
        lp_json_put_text(out, "mac", lp_mac_write(mac, text));
}

static void write_hello(lp_json_writer *out, const lp_hello *hello)
{
    lp_json_put_number(out, "version", hello->version);
    lp_json_put_text(out, "role", lp_role_name(hello->role));
    lp_json_put_text(out, "room", hello->room);
    put_optional_mac(out, hello->has_mac, hello->mac);
    lp_json_put_number(out, "datagram_budget", hello->datagram_budget);
    put_optional_text(out, "software", hello->software);
    put_optional_text(out, "auth", hello->auth);
}

static void write_welcome(lp_json_writer *out, const lp_welcome *welcome)
{
    lp_json_put_number(out, "version", welcome->version);
    lp_json_put_text(out, "mode", lp_mode_name(welcome->mode));
    lp_json_put_number(out, "peer_id", welcome->peer_id);
    lp_json_put_number(out, "room_id", welcome->room_id);
    lp_json_put_number(out, "tap_mtu", welcome->tap_mtu);
    lp_json_put_bool(out, "gateway_present", welcome->gateway_present);
    put_optional_u32(out, "gateway_peer_id", welcome->gateway_peer_id);
    put_optional_u32(out, "datagram_budget", welcome->datagram_budget);
    if (welcome->stamps)
        lp_json_put_bool(out, "stamps", true);
    put_optional_text(out, "software", welcome->software);
}

static void write_reject(lp_json_writer *out, const lp_reject *reject)
{
    lp_json_put_text(out, "code", lp_reject_code_name(reject->code));
    lp_json_put_text(out, "reason", reject->reason);
    put_optional_u32(out, "room_mtu", reject->room_mtu);
    put_optional_u32(out, "peer_mtu", reject->peer_mtu);
}

static void write_peer_joined(lp_json_writer *out, const lp_peer_joined *joined)
{
    lp_json_put_number(out, "peer_id", joined->peer_id);
    lp_json_put_text(out, "role", lp_role_name(joined->role));
    put_optional_mac(out, joined->has_mac, joined->mac);
}

static void write_peer_left(lp_json_writer *out, const lp_peer_left *left)
{
    lp_json_put_number(out, "peer_id", left->peer_id);
    lp_json_put_text(out, "reason", left->reason);
}

static void write_latency(lp_json_writer *out, const lp_latency *latency)
{
    lp_json_put_number(out, "peer_id", latency->peer_id);
    lp_json_put_number(out, "rtt_us", latency->rtt_us);
}

static void write_stats(lp_json_writer *out, const lp_stats_message *stats)
{
    lp_json_begin(out, "counters");
    for (size_t i = 0; i < stats->count; i++) {
        const lp_stat *stat = &stats->stats[i];
        uint64_t value = stat->value < LP_STAT_MAX ? stat->value : LP_STAT_MAX;
        lp_json_put_number(out, stat->name, value);
    }
    lp_json_end(out);
}

static void write_body(lp_json_writer *out, const lp_message *message)
{
    switch (message->type) {
    case LP_MESSAGE_UNKNOWN:
        assert(!"a message that is sent has a type");
        return;
    case LP_MESSAGE_HELLO:
        write_hello(out, &message->hello);
        return;
    case LP_MESSAGE_WELCOME:
        write_welcome(out, &message->welcome);
        return;
    case LP_MESSAGE_REJECT:
        write_reject(out, &message->reject);
        return;
    case LP_MESSAGE_PEER_JOINED:
        write_peer_joined(out, &message->peer_joined);
        return;
    case LP_MESSAGE_PEER_LEFT:
        write_peer_left(out, &message->peer_left);
        return;
    case LP_MESSAGE_LATENCY:
        write_latency(out, &message->latency);
        return;
    case LP_MESSAGE_STATS:
        write_stats(out, &message->stats);
        return;
    case LP_MESSAGE_DISCONNECT:
        lp_json_put_text(out, "reason", message->disconnect.reason);
        return;
    }
}

size_t lp_message_write(const lp_message *message, lp_space space)
{
    if (space.len < PREFIX_LEN)
        return 0;
    size_t room = space.len - PREFIX_LEN;
    if (room > LP_MESSAGE_MAX)
        room = LP_MESSAGE_MAX;
    lp_json_writer json = {.out.rest = lp_space_of(space.at + PREFIX_LEN, room)};
    lp_json_begin(&json, NULL);
    lp_json_put_text(&json, "type", type_names[message->type]);
    write_body(&json, message);
    lp_json_end(&json);
    if (json.out.failed)
        return 0;
    lp_set_u32(space.at, (uint32_t)json.out.len);
    return PREFIX_LEN + json.out.len;
}

/* --- names ------------------------------------------------------------------------ */

static bool is_room_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

lp_err lp_room_code_read(const char *text, lp_room_code out_room)
{
    lp_room_code room = {0};
    size_t len = strlen(text);
    if (len == 0 || len > LP_ROOM_MAX)
        return LP_ERR_MALFORMED;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        room[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        if (!is_room_char(room[i]))
            return LP_ERR_MALFORMED;
    }
    memcpy(out_room, room, sizeof room);
    return LP_OK;
}

const char *lp_role_name(lp_role role)
{
    return role_names[role];
}

const char *lp_mode_name(lp_mode mode)
{
    return mode_names[mode];
}

const char *lp_reject_code_name(lp_reject_code code)
{
    return reject_code_names[code];
}
