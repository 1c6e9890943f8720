#include "runtime/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/stats.h"

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

/* A word, or what older programs say instead: yes or no. */
static const char *word(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? json_string_value(value) : yes_no(object, name);
}

/* --- counters --------------------------------------------------------------------- */

static const char drop_prefix[] = "drop_";

static bool is_drop(const char *name)
{
    return strncmp(name, drop_prefix, sizeof drop_prefix - 1) == 0;
}

/* What a newer program calls a reason has no meaning here yet. */
static const char *meaning_of(const char *reason)
{
    for (int i = 0; i < LP_REASON_COUNT; i++)
        if (strcmp(reason, lp_reason_name((lp_reason)i)) == 0)
            return lp_reason_meaning((lp_reason)i);
    return "";
}

static void show_drops(const json_t *counters)
{
    const char *name;
    json_t *value;
    bool is_first = true;
    json_object_foreach((json_t *)counters, name, value)
    {
        if (!is_drop(name))
            continue;
        const char *reason = name + sizeof drop_prefix - 1;
        printf("%s%12" PRId64 "  %-22s %s\n", is_first ? "dropped\n" : "",
               (int64_t)json_integer_value(value), reason, meaning_of(reason));
        is_first = false;
    }
    if (is_first)
        printf("dropped nothing\n");
}

static void show_counters(const json_t *counters)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)counters, name, value) if (!is_drop(name))
        printf("%12" PRId64 "  %s\n", (int64_t)json_integer_value(value), name);
}

static int64_t drops_of(const json_t *counters)
{
    const char *name;
    json_t *value;
    int64_t sum = 0;
    json_object_foreach((json_t *)counters, name, value) if (is_drop(name)) sum +=
        json_integer_value(value);
    return sum;
}

/* --- gauges ----------------------------------------------------------------------- */

static double ms(const json_t *gauges, const char *name)
{
    return (double)number(gauges, name) / 1000;
}

static double lost_percent(const json_t *gauges)
{
    int64_t sent = number(gauges, "packets_sent");
    return sent > 0 ? 100.0 * (double)number(gauges, "packets_lost") / (double)sent : 0;
}

static void show_connection(const json_t *live)
{
    printf("  round trip     %.1f ms, at best %.1f ms; %.2f %% of %" PRId64
           " packets lost, control sent again %" PRId64 " times\n",
           ms(live, "rtt_us"), ms(live, "rtt_min_us"), lost_percent(live),
           number(live, "packets_sent"), number(live, "control_late"));
    printf(
        "  waiting here   %.1f ms or less for half of all datagrams, %.1f ms for 99 in "
        "100; %" PRId64 " now, %" PRId64 " octets\n",
        ms(live, "queue_p50_us"), ms(live, "queue_p99_us"),
        number(live, "queue_datagrams"), number(live, "queue_octets"));
    printf("  window         %" PRId64 " octets, %" PRId64 " of them on their way\n",
           number(live, "cwnd"), number(live, "in_flight"));
}

static void show_batches(const json_t *live)
{
    printf("batches (half are up to / 99 in 100 are up to)\n");
    printf("  %5" PRId64 " /%4" PRId64 "  packets per read\n",
           number(live, "packets_per_read_p50"), number(live, "packets_per_read_p99"));
    printf("  %5" PRId64 " /%4" PRId64 "  packets per send\n",
           number(live, "packets_per_send_p50"), number(live, "packets_per_send_p99"));
    printf("  %5" PRId64 " /%4" PRId64 "  frames per packet\n",
           number(live, "frames_per_packet_p50"),
           number(live, "frames_per_packet_p99"));
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

static const char peer_columns[] =
    "rtt ms  lost %  waits ms (its own)  waiting  dropped (its own)";

/* What becomes of datagrams to it here, and in brackets what it says itself of those that
 * it sends: 99 in 100 wait at most so long. */
static void show_peer(const json_t *peer, int width)
{
    const json_t *counters = json_object_get(peer, "counters");
    const json_t *live = json_object_get(peer, "live");
    const json_t *its_own = json_object_get(peer, "reported");
    printf("  %-10" PRId64 " %-8s %-18s %-*s %6.1f %7.2f %9.1f (%7.1f) %8" PRId64
           " %8" PRId64 " (%7" PRId64 ") %10" PRId64 " %10" PRId64 " %9.0f\n",
           number(peer, "peer_id"), text(peer, "role"), text(peer, "mac"), width,
           text(peer, "address"), real(peer, "rtt_ms"), lost_percent(live),
           ms(live, "queue_p99_us"), ms(its_own, "queue_p99_us"),
           number(live, "queue_datagrams"), drops_of(counters), drops_of(its_own),
           number(counters, "datagrams_rx"), number(counters, "datagrams_tx"),
           real(peer, "last_seen_ms"));
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
    printf("  %-10s %-8s %-18s %-*s %s %10s %10s %9s\n", "peer", "role", "mac", width,
           "address", peer_columns, "from it", "to it", "seen ms");
    json_array_foreach(json_object_get(room, "peers"), i, peer) show_peer(peer, width);
}

/* The longest that datagrams to one of its peers wait: where someone's game suffers. */
static int64_t worst_wait(const json_t *room)
{
    size_t i;
    json_t *peer;
    int64_t worst = 0;
    json_array_foreach(json_object_get(room, "peers"), i, peer)
    {
        int64_t wait = number(json_object_get(peer, "live"), "queue_p99_us");
        worst = wait > worst ? wait : worst;
    }
    return worst;
}

/* The room with the longest wait that has not been shown yet; -1: none is left. */
static int worst_room(const json_t *rooms, const bool *shown)
{
    int found = -1;
    int64_t worst = -1;
    for (size_t i = 0; i < json_array_size(rooms); i++) {
        int64_t wait = shown[i] ? -1 : worst_wait(json_array_get(rooms, i));
        if (wait > worst) {
            worst = wait;
            found = (int)i;
        }
    }
    return found;
}

/* The worst first, and no more than a person reads. */
static void show_rooms(const json_t *rooms)
{
    size_t count = json_array_size(rooms), done = 0;
    bool *shown = calloc(count + 1, sizeof *shown);
    for (int next; shown && done < LP_SHOW_ROOMS_MAX; done++) {
        next = worst_room(rooms, shown);
        if (next < 0)
            break;
        shown[next] = true;
        show_room(json_array_get(rooms, (size_t)next));
    }
    free(shown);
    if (count > done)
        printf("\n... and %zu rooms more, whose datagrams wait less; --json has all\n",
               count - done);
}

static void show_workers(const json_t *workers)
{
    size_t i;
    json_t *worker;
    if (json_array_size(workers) < 2)
        return;
    printf("\n%-8s %8s %12s %14s %14s %10s %10s\n", "worker", "rooms", "connections",
           "packets in", "packets out", "astray", "moved in");
    json_array_foreach(workers, i, worker)
        printf("%-8" PRId64 " %8" PRId64 " %12" PRId64 " %14" PRId64 " %14" PRId64
               " %10" PRId64 " %10" PRId64 "\n",
               number(worker, "worker"), number(worker, "rooms"),
               number(worker, "connections"), number(worker, "packets_in"),
               number(worker, "packets_out"), number(worker, "astray"),
               number(worker, "moved_in"));
}

void lp_show_relay(const json_t *state)
{
    const json_t *rooms = json_object_get(state, "rooms");
    const json_t *quic = json_object_get(state, "quic");
    size_t room_count = json_array_size(rooms);
    int64_t conns = number(quic, "connections");
    printf("%s %s on %s: %zu room%s, %" PRId64 " connection%s\n",
           text(state, "program"), text(state, "version"), text(state, "listen"),
           room_count, room_count == 1 ? "" : "s", conns, conns == 1 ? "" : "s");
    show_rooms(rooms);
    show_workers(json_object_get(state, "workers"));
    printf("\n");
    show_drops(json_object_get(state, "counters"));
    show_batches(json_object_get(state, "live"));
    printf("counters\n");
    show_counters(json_object_get(state, "counters"));
    printf("quic\n");
    show_counters(quic);
}

/* --- gateway and client ----------------------------------------------------------- */

/* Why there is no connection, and what comes of it. */
static void show_next_try(const json_t *state)
{
    const json_t *next = json_object_get(state, "next_try_ms");
    printf("not connected");
    if (next)
        printf(", the next try in %.1f s", json_number_value(next) / 1000);
    printf("\n");
    if (json_is_string(json_object_get(state, "last_error")))
        printf("  why            %s\n", text(state, "last_error"));
}

static void show_duration(const json_t *ms)
{
    int64_t seconds = (int64_t)(json_number_value(ms) / 1000);
    printf("  connected      for %" PRId64 " h %02" PRId64 " min %02" PRId64 " s\n",
           seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static void show_uplink(const json_t *state)
{
    const json_t *relay = json_object_get(state, "relay");
    printf("%s %s: %s\n", text(state, "program"), text(state, "version"),
           text(state, "state"));
    show_health(state); /* before all numbers: what to do */
    printf("  relay          %s (%s), ", text(relay, "name"), text(relay, "address"));
    if (json_is_false(json_object_get(relay, "reachable")))
        show_next_try(state);
    else
        printf("datagram budget %" PRId64 "\n", number(relay, "datagram_budget"));
    printf("  room           %s, ", text(state, "room"));
    if (strcmp(text(state, "state"), "joined") != 0) {
        printf("not joined\n");
        return;
    }
    printf("mtu %" PRId64 ", we are peer %" PRId64 "\n", number(state, "tap_mtu"),
           number(state, "peer_id"));
    printf("  LAN gateway    %s\n", yes_no(state, "gateway_present"));
    if (json_object_get(state, "connected_ms"))
        show_duration(json_object_get(state, "connected_ms"));
    show_connection(json_object_get(state, "live"));
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
    show_drops(json_object_get(state, "counters"));
    show_batches(json_object_get(state, "live"));
    printf("counters\n");
    show_counters(json_object_get(state, "counters"));
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
    if (strcmp(text(state, "state"), "idle") == 0) {
        printf("%s %s: idle, waits to be told where to connect\n",
               text(state, "program"), text(state, "version"));
        return;
    }
    show_uplink(state);
    if (!tap && json_is_true(json_object_get(state, "waits_for_orders")))
        return; /* it does not get that far: the adapter is missing, say */
    printf("  adapter        %s, %s, address %s, up %s\n", text(tap, "name"),
           text(tap, "mac"), text(tap, "ip"), yes_no(tap, "up"));
    printf("  broadcast      %s, way to the relay pinned %s\n",
           text(state, "broadcast"), word(state, "route_pinned"));
    json_array_foreach(json_object_get(state, "says"), i, line)
        printf("  * %s\n", json_is_string(line) ? json_string_value(line) : "-");
    show_rest(state);
}
