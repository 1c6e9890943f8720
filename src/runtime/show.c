#include "runtime/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a newer or older program does not say prints as nothing, never as a crash. */
static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "-";
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static double real(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static const char *yes_no(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name)) ? "yes" : "no";
}

static void show_counters(const json_t *counters, const char *indent)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)counters, name, value) printf(
        "%s%-28s %12" PRId64 "\n", indent, name, (int64_t)json_integer_value(value));
}

static void show_health(const json_t *state)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(state, "health"), i, row)
    {
        const char *detail = text(row, "detail");
        printf("%s: %s%s%s%s\n      -> %s\n", text(row, "severity"), text(row, "title"),
               *detail ? " (" : "", detail, *detail ? ")" : "", text(row, "remedy"));
    }
}

/* --- relay ------------------------------------------------------------------------ */

static int address_width(const json_t *peers)
{
    size_t i, widest = sizeof "address" - 1;
    json_t *peer;
    json_array_foreach(peers, i, peer)
    {
        size_t len = strlen(text(peer, "address"));
        widest = len > widest ? len : widest;
    }
    return (int)widest;
}

static void show_room(const json_t *room)
{
    size_t i;
    json_t *peer;
    int width = address_width(json_object_get(room, "peers"));
    printf("\nroom %s  mtu %" PRId64 "  gateway %s  players %" PRId64
           "  LAN stations %" PRId64 "\n",
           text(room, "room"), number(room, "mtu"), yes_no(room, "gateway_present"),
           number(room, "clients"), number(room, "stations"));
    printf("  %-10s %-8s %-18s %-*s %8s %7s %9s %10s %10s\n", "peer", "role", "mac",
           width, "address", "rtt ms", "budget", "seen ms", "from it", "to it");
    json_array_foreach(json_object_get(room, "peers"), i, peer)
    {
        const json_t *counters = json_object_get(peer, "counters");
        printf("  %-10" PRId64 " %-8s %-18s %-*s %8.1f %7" PRId64 " %9.0f %10" PRId64
               " %10" PRId64 "\n",
               number(peer, "peer_id"), text(peer, "role"), text(peer, "mac"), width,
               text(peer, "address"), real(peer, "rtt_ms"),
               number(peer, "datagram_budget"), real(peer, "last_seen_ms"),
               number(counters, "datagrams_rx"), number(counters, "datagrams_tx"));
    }
}

void lp_show_relay(const json_t *state)
{
    size_t i;
    json_t *room;
    const json_t *rooms = json_object_get(state, "rooms");
    const json_t *quic = json_object_get(state, "quic");
    size_t room_count = json_array_size(rooms);
    int64_t conns = number(quic, "connections");
    printf("%s %s on %s: %zu room%s, %" PRId64 " connection%s\n",
           text(state, "program"), text(state, "version"), text(state, "listen"),
           room_count, room_count == 1 ? "" : "s", conns, conns == 1 ? "" : "s");
    json_array_foreach(rooms, i, room) show_room(room);
    printf("\ncounters\n");
    show_counters(json_object_get(state, "counters"), "  ");
    printf("quic\n");
    show_counters(quic, "  ");
}

/* --- gateway and client ----------------------------------------------------------- */

static void show_uplink(const json_t *state)
{
    const json_t *relay = json_object_get(state, "relay");
    printf("%s %s: %s\n", text(state, "program"), text(state, "version"),
           text(state, "state"));
    printf("  relay          %s (%s), ", text(relay, "name"), text(relay, "address"));
    if (json_is_false(json_object_get(relay, "reachable")))
        printf("not connected\n");
    else
        printf("rtt %.1f ms, datagram budget %" PRId64 "\n", real(relay, "rtt_ms"),
               number(relay, "datagram_budget"));
    printf("  room           %s, ", text(state, "room"));
    if (strcmp(text(state, "state"), "joined") != 0) {
        printf("not joined\n");
        return;
    }
    printf("mtu %" PRId64 ", we are peer %" PRId64 "\n", number(state, "tap_mtu"),
           number(state, "peer_id"));
    printf("  LAN gateway    %s\n", yes_no(state, "gateway_present"));
}

static void show_peers(const json_t *state)
{
    size_t i;
    json_t *peer;
    json_array_foreach(json_object_get(state, "peers"), i, peer)
        printf("  peer           %" PRId64 " %s %s\n", number(peer, "peer_id"),
               text(peer, "role"), text(peer, "mac"));
}

static void show_rest(const json_t *state)
{
    show_peers(state);
    show_health(state);
    printf("counters\n");
    show_counters(json_object_get(state, "counters"), "  ");
}

void lp_show_gateway(const json_t *state)
{
    const json_t *lan = json_object_get(state, "lan");
    show_uplink(state);
    printf("  interface      %s, %s, carrier %s, this host reachable %s\n",
           text(lan, "interface"), text(lan, "mac"), yes_no(lan, "carrier"),
           yes_no(lan, "reaches_own_host"));
    show_rest(state);
}

void lp_show_client(const json_t *state)
{
    size_t i;
    json_t *line;
    const json_t *tap = json_object_get(state, "tap");
    show_uplink(state);
    printf("  adapter        %s, %s, address %s, up %s\n", text(tap, "name"),
           text(tap, "mac"), text(tap, "ip"), yes_no(tap, "up"));
    json_array_foreach(json_object_get(state, "says"), i, line)
        printf("  * %s\n", json_is_string(line) ? json_string_value(line) : "-");
    show_rest(state);
}
