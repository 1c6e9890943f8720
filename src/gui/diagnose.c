#include "gui/diagnose.h"

#include "gui/text.h"
#include "wire/json.h"

#include <inttypes.h>

#define NONE "\xe2\x80\x93" /* an en dash: not known, or there is none */

static lp_diagnosis_row *add_row(lp_diagnosis *out, const char *name)
{
    static lp_diagnosis_row beyond; /* what does not fit is written there, unread */
    lp_diagnosis_row *row =
        out->count < LP_DIAGNOSIS_MAX ? &out->row[out->count++] : &beyond;
    *row = (lp_diagnosis_row){0};
    lp_sentence_copy(name, row->name, sizeof row->name);
    return row;
}

static void add_heading(lp_diagnosis *out, const char *name)
{
    add_row(out, name)->is_heading = true;
}

/* Whatever it is, as a person reads it. */
static void put_value(lp_diagnosis_row *row, const json_t *value, const char *unit)
{
    size_t len = sizeof row->value;
    if (json_is_string(value) && json_string_value(value)[0])
        lp_sentence_copy(json_string_value(value), row->value, len);
    else if (json_is_boolean(value))
        lp_put_text(row->value, len, json_is_true(value) ? "yes" : "no");
    else if (json_is_integer(value))
        lp_put_text(row->value, len, "%" PRId64 "%s",
                    (int64_t)json_integer_value(value), unit);
    else if (json_is_real(value))
        lp_put_text(row->value, len, "%.1f%s", json_real_value(value), unit);
    else
        lp_put_text(row->value, len, NONE);
}

/* Something that the service told at a place like "relay.rtt_ms". */
static const json_t *at_place(const json_t *state, const char *place)
{
    const char *dot = strchr(place, '.');
    char first[24] = "";
    if (!dot)
        return json_object_get(state, place);
    lp_put_text(first, sizeof first, "%.*s", (int)(dot - place), place);
    return json_object_get(json_object_get(state, first), dot + 1);
}

typedef struct line {
    const char *name, *place, *unit;
} line;

static void add_lines(lp_diagnosis *out, const json_t *state, const line *lines,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_value(add_row(out, lines[i].name), at_place(state, lines[i].place),
                  lines[i].unit);
}
#define ADD_LINES(out, state, lines) \
    add_lines((out), (state), (lines), sizeof(lines) / sizeof *(lines))

static void add_texts(lp_diagnosis *out, const json_t *texts)
{
    size_t i;
    json_t *text;
    json_array_foreach(texts, i, text)
        put_value(add_row(out, i == 0 ? "In short" : ""), text, "");
}

static void add_health(lp_diagnosis *out, const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        char clean[256];
        lp_diagnosis_row *made = add_row(out, "Problem");
        static const char *const parts[] = {"title", "detail", "remedy"};
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
            const char *text = json_string_value(json_object_get(row, parts[p]));
            if (!text || !text[0])
                continue;
            lp_sentence_copy(text, clean, sizeof clean);
            lp_add_text(made->value, sizeof made->value, "%s%s",
                        made->value[0] ? "; " : "", clean);
        }
    }
}

static void add_peers(lp_diagnosis *out, const json_t *peers)
{
    size_t i;
    json_t *peer;
    add_heading(out, "In the room");
    json_array_foreach(peers, i, peer)
    {
        char name[48], mac[32], trip[32];
        lp_diagnosis_row parts = {0}, *row;
        put_value(&parts, json_object_get(peer, "peer_id"), "");
        row = add_row(out, lp_put_text(name, sizeof name, "Peer %s", parts.value));
        put_value(&parts, json_object_get(peer, "mac"), "");
        lp_put_text(mac, sizeof mac, "%s", parts.value);
        put_value(&parts, json_object_get(peer, "rtt_ms"), " ms");
        lp_put_text(trip, sizeof trip, "%s", parts.value);
        put_value(&parts, json_object_get(peer, "role"), "");
        lp_put_text(row->value, sizeof row->value, "%.40s, %s, %s", parts.value, mac,
                    trip);
    }
}

/* --- counters --------------------------------------------------------------------- */

static bool is_drop(const char *name)
{
    return strncmp(name, "drop_", 5) == 0;
}

static void add_drops(lp_diagnosis *out, json_t *counters)
{
    const char *name;
    json_t *value;
    json_int_t all = 0;
    lp_diagnosis_row *total = add_row(out, "Frames dropped");
    json_object_foreach(counters, name, value)
    {
        json_int_t count = json_integer_value(value);
        if (!is_drop(name) || count <= 0)
            continue;
        all = all > INT64_MAX - count ? INT64_MAX : all + count;
        put_value(add_row(out, name), value, "");
    }
    lp_put_text(total->value, sizeof total->value, "%" PRId64, (int64_t)all);
}

/* What the table of the page names is not repeated among the rest. */
static void add_rest(lp_diagnosis *out, const char *heading, json_t *numbers)
{
    const char *name;
    json_t *value;
    if (json_object_size(numbers) == 0)
        return;
    add_heading(out, heading);
    json_object_foreach(numbers, name, value)
    {
        if (!is_drop(name) && json_is_number(value))
            put_value(add_row(out, name), value, "");
    }
}

/* --- what needs a word of its own ------------------------------------------------- */

/* D-002. A relay that answers and leaves no room for a datagram has none. */
static void add_datagrams(lp_diagnosis *out, const json_t *state)
{
    const json_t *budget = at_place(state, "relay.datagram_budget");
    bool answers = json_is_true(at_place(state, "relay.reachable"));
    lp_diagnosis_row *row = add_row(out, "QUIC datagrams");
    lp_put_text(row->value, sizeof row->value, "%s",
                !answers || !json_is_integer(budget) ? NONE
                : json_integer_value(budget) > 0     ? "yes"
                                                 : "no: the relay cannot carry a LAN");
    put_value(add_row(out, "QUIC datagram budget"), budget, " octets");
}

/* D-003 */
static void add_found(lp_diagnosis *out, const json_t *state)
{
    const char *name = json_string_value(at_place(state, "tap.name"));
    lp_put_text(add_row(out, "Adapter found")->value, sizeof out->row->value, "%s",
                name && name[0] ? "yes" : "no");
}

/* D-008: one way is no way for games that look for each other. */
static void add_broadcast(lp_diagnosis *out, const json_t *state)
{
    static const struct {
        const char *code, *words;
    } of[] = {
        {"none", "nothing seen yet"},
        {"to_lan", "one way, only to the LAN"},
        {"from_lan", "one way, only from the LAN"},
        {"both", "both ways"},
    };
    const json_t *flow = json_object_get(state, "broadcast");
    const char *code = json_string_value(flow);
    lp_diagnosis_row *row = add_row(out, "Broadcast flow");
    put_value(row, flow, ""); /* a word of a newer service stays as it is */
    for (size_t i = 0; code && i < sizeof of / sizeof *of; i++) {
        if (strcmp(code, of[i].code) == 0)
            lp_put_text(row->value, sizeof row->value, "%s", of[i].words);
    }
}

/* --- the page --------------------------------------------------------------------- */

static void diagnose(const json_t *state, lp_diagnosis *out)
{
    static const line program[] = {{"State", "state", ""},
                                   {"Service version", "version", ""},
                                   {"Last error", "last_error", ""}};
    static const line relay[] = {
        {"Relay reachable", "relay.reachable", ""},
        {"Relay", "relay.name", ""},
        {"Port", "relay.port", ""},
        {"Address", "relay.address", ""},
        {"Round trip", "relay.rtt_ms", " ms"},
    };
    static const line route[] = {{"Route to the relay pinned", "route_pinned", ""}};
    static const line lan[] = {
        {"Gateway present", "gateway_present", ""},
        {"Gateway latency", "gateway_latency_ms", " ms"},
    };
    static const line tap[] = {
        {"Adapter", "tap.name", ""},    {"Driver", "tap.driver", ""},
        {"MAC address", "tap.mac", ""}, {"MTU", "tap.mtu", " octets"},
        {"Address", "tap.ip", ""},      {"Up", "tap.up", ""},
    };
    static const line frames[] = {
        {"Frames from the adapter", "counters.frames_rx", ""},
        {"Frames to the adapter", "counters.frames_tx", ""},
        {"Datagrams received", "counters.datagrams_rx", ""},
        {"Datagrams sent", "counters.datagrams_tx", ""},
    };
    add_heading(out, "Summary");
    ADD_LINES(out, state, program);
    add_texts(out, json_object_get(state, "says"));
    add_health(out, json_object_get(state, "health"));
    add_heading(out, "Relay");
    ADD_LINES(out, state, relay);
    add_datagrams(out, state);
    ADD_LINES(out, state, route);
    add_heading(out, "Party LAN");
    ADD_LINES(out, state, lan);
    add_broadcast(out, state);
    add_heading(out, "Network adapter");
    add_found(out, state);
    ADD_LINES(out, state, tap);
    add_peers(out, json_object_get(state, "peers"));
    add_heading(out, "Traffic");
    ADD_LINES(out, state, frames);
    add_drops(out, json_object_get(state, "counters"));
    add_rest(out, "Counters", json_object_get(state, "counters"));
    add_rest(out, "Right now", json_object_get(state, "live"));
}

void lp_diagnose(lp_bytes state, lp_diagnosis *out)
{
    lp_json json;
    lp_why why;
    out->count = 0;
    if (lp_json_open(state, &json, &why) != LP_OK) {
        lp_diagnosis_row *row = add_row(out, "Service");
        lp_put_text(row->value, sizeof row->value,
                    "it has not answered yet, so nothing is known");
    } else {
        diagnose(json.object, out);
    }
    lp_json_close(&json);
}

char *lp_diagnosis_text(const lp_diagnosis *diagnosis, char out[LP_DIAGNOSIS_TEXT_MAX])
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < diagnosis->count; i++) {
        const lp_diagnosis_row *row = &diagnosis->row[i];
        if (row->is_heading)
            lp_put_text(out + at, LP_DIAGNOSIS_TEXT_MAX - at, "%s[%s]\r\n",
                        i ? "\r\n" : "", row->name);
        else
            lp_put_text(out + at, LP_DIAGNOSIS_TEXT_MAX - at, "%s%s%s\r\n", row->name,
                        row->name[0] ? ": " : "", row->value);
        at += strlen(out + at);
    }
    return out;
}
