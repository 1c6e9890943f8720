/*
 * A QUIC peer that does as it is told, however rude: the lab's hostile player, and its
 * hostile relay. It knows nothing of the protocol above QUIC; tests/lab/rawpeer.py
 * does.
 *
 *     rawpeer dial ADDRESS:PORT FINGERPRINT [COUNT [LANE]]
 *                          COUNT connections from one socket, all with this lane's hint
 *     rawpeer mute ADDRESS:PORT FINGERPRINT COUNT     says the first word, hears
 * nothing rawpeer listen ADDRESS:PORT
 *
 * Commands come on stdin, events go to stdout, one a line; WHO is a connection's
 * number, from 0 in order of their making, or * for all of them.
 *
 *     control WHO HEX           octets for the control stream
 *     datagram WHO HEX [TIMES]
 *     close WHO
 *
 *     fingerprint sha256:...    (listen)
 *     connected WHO | budget WHO OCTETS | stream WHO HEX | datagram WHO HEX
 *     ended WHO REASON
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/random.h"
#include "os/udp.h"
#include "quic/endpoint.h"

#define PEERS_MAX 4096
#define LINE_LEN  65536

typedef struct outgoing {
    struct outgoing *next;
    unsigned long times;
    size_t len;
    uint8_t octet[];
} outgoing;

typedef struct peer {
    lp_conn *conn; /* NULL once it has ended */
    outgoing *first, **last;
} peer;

static peer peers[PEERS_MAX];
static size_t peer_count;
static lp_quic *quic;
static lp_udp *udp;

_Noreturn static void give_up(const char *what, const lp_why *why)
{
    fprintf(stderr, "rawpeer: %s: %s\n", what, why ? why->text : "");
    exit(1);
}

/* --- hexadecimal ------------------------------------------------------------------ */

static void print_hex(const char *event, const lp_conn *conn, lp_bytes octets)
{
    printf("%s %zu ", event, (size_t)((const peer *)lp_conn_user(conn) - peers));
    for (size_t i = 0; i < octets.len; i++)
        printf("%02x", octets.at[i]);
    putchar('\n');
}

static size_t read_hex(const char *text, uint8_t *out)
{
    size_t len = 0;
    for (unsigned octet; sscanf(text, "%2x", &octet) == 1 && text[1]; text += 2)
        out[len++] = (uint8_t)octet;
    return len;
}

/* --- events ----------------------------------------------------------------------- */

static peer *add_peer(lp_conn *conn)
{
    if (peer_count == PEERS_MAX)
        give_up("too many connections", NULL);
    peer *p = &peers[peer_count++];
    *p = (peer){.conn = conn, .last = &p->first};
    lp_conn_set_user(conn, p);
    return p;
}

static bool on_connected(void *state, lp_conn *conn, lp_time now)
{
    if (!lp_conn_user(conn)) /* an accepted one */
        add_peer(conn);
    printf("connected %zu\n", (size_t)((peer *)lp_conn_user(conn) - peers));
    return true;
}

static void on_stream(void *state, lp_conn *conn, lp_bytes octets, lp_time now)
{
    print_hex("stream", conn, octets);
}

static void on_datagram(void *state, lp_conn *conn, lp_bytes datagram, lp_time now)
{
    print_hex("datagram", conn, datagram);
}

static void on_budget(void *state, lp_conn *conn, size_t budget, bool settled,
                      lp_time now)
{
    if (settled && lp_conn_user(conn))
        printf("budget %zu %zu\n", (size_t)((peer *)lp_conn_user(conn) - peers),
               budget);
}

static void on_migrated(void *state, lp_conn *conn, const lp_addr *remote, lp_time now)
{
}

static void on_ended(void *state, lp_conn *conn, const lp_quic_end *end, lp_time now)
{
    peer *p = lp_conn_user(conn);
    if (!p)
        return;
    p->conn = NULL;
    printf("ended %zu code %" PRIu64 " %s: %s\n", (size_t)(p - peers), end->code,
           lp_err_text(end->err), end->reason);
}

/* --- commands --------------------------------------------------------------------- */

static void queue_datagram(peer *p, const uint8_t *octets, size_t len,
                           unsigned long times)
{
    outgoing *out = malloc(sizeof *out + len);
    if (!out)
        give_up("out of memory", NULL);
    *out = (outgoing){.times = times, .len = len};
    memcpy(out->octet, octets, len);
    *p->last = out;
    p->last = &out->next;
    lp_conn_want_write(p->conn);
}

static void obey_for(peer *p, const char *verb, const uint8_t *octets, size_t len,
                     unsigned long times)
{
    if (!p->conn)
        return;
    if (strcmp(verb, "control") == 0) {
        if (lp_conn_send(p->conn, lp_bytes_of(octets, len)))
            printf("refused %zu: the control stream is full or closed\n",
                   (size_t)(p - peers));
    } else if (strcmp(verb, "datagram") == 0 && len > 0) {
        queue_datagram(p, octets, len, times);
    } else if (strcmp(verb, "close") == 0) {
        lp_conn_close(p->conn, 0, "asked to");
    }
}

static void obey(const char *line)
{
    static char hex[LINE_LEN];
    static uint8_t octets[LINE_LEN / 2];
    char verb[16], who[16];
    unsigned long times = 1;
    hex[0] = '\0';
    if (sscanf(line, "%15s %15s %65535s %lu", verb, who, hex, &times) < 2)
        return;
    size_t len = read_hex(hex, octets);
    for (size_t i = 0; i < peer_count; i++)
        if (who[0] == '*' || strtoul(who, NULL, 10) == i)
            obey_for(&peers[i], verb, octets, len, times);
}

/* False: stdin is closed. */
static bool read_commands(void)
{
    static char pending[LINE_LEN];
    static size_t len;
    ssize_t got = read(STDIN_FILENO, pending + len, sizeof pending - 1 - len);
    if (got <= 0)
        return false;
    len += (size_t)got;
    pending[len] = '\0';
    char *line = pending;
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        obey(line);
    }
    len -= (size_t)(line - pending);
    memmove(pending, line, len);
    return true;
}

/* --- packets ---------------------------------------------------------------------- */

static void send_packet(const lp_udp_packet *packet)
{
    lp_udp_train train = {packet->local, packet->remote, packet->ecn, packet->payload,
                          0};
    size_t sent;
    if (lp_udp_send(udp, &train, 1, &sent))
        return; /* lost, as on any network */
}

static void write_all(lp_conn *conn, lp_time now)
{
    peer *p = lp_conn_user(conn);
    uint8_t space[LP_UDP_PAYLOAD_MAX];
    for (;;) {
        outgoing *out = p ? p->first : NULL;
        lp_bytes datagram =
            out ? lp_bytes_of(out->octet, out->len) : lp_bytes_of("", 0);
        lp_udp_packet packet;
        bool taken = false;
        lp_write wrote =
            lp_conn_write(conn, datagram, false, lp_space_of(space, sizeof space), now,
                          &taken, &packet);
        if (taken && out && --out->times == 0) {
            p->first = out->next;
            if (!p->first)
                p->last = &p->first;
            free(out);
        }
        if (wrote == LP_WRITE_NOTHING)
            return;
        if (wrote == LP_WRITE_PACKET)
            send_packet(&packet);
    }
}

static void write_due(lp_time now)
{
    lp_conn *conn;
    while ((conn = lp_quic_next_due(quic, now)))
        write_all(conn, now);
    lp_udp_packet packet;
    while (lp_quic_next_stateless(quic, &packet))
        send_packet(&packet);
}

static void read_packets(void)
{
    const lp_udp_in *packets;
    size_t count;
    while (lp_udp_receive(udp, &packets, &count) == LP_OK)
        for (size_t i = 0; i < count; i++)
            lp_quic_on_packet(quic,
                              &(lp_udp_packet){packets[i].local, packets[i].remote,
                                               packets[i].ecn, packets[i].payload},
                              lp_clock_now());
}

static void run(bool hears)
{
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                            {.fd = hears ? lp_udp_fd(udp) : -1, .events = POLLIN}};
    for (;;) {
        write_due(lp_clock_now());
        fflush(stdout);
        lp_duration wait = lp_time_until(lp_clock_now(), lp_quic_deadline(quic));
        int ms = !hears                 ? 1000
                 : wait > LP_SECONDS(1) ? 1000
                                        : (int)(wait / LP_MS(1)) + 1;
        poll(fds, 2, ms);
        if (fds[0].revents && !read_commands())
            return;
        if (hears)
            read_packets();
    }
}

/* --- setting out ------------------------------------------------------------------ */

static void open_endpoint(const lp_addr *bind_to, lp_tls *tls, bool accepts)
{
    lp_why why = {""};
    if (lp_udp_open(bind_to, false, &udp, &why))
        give_up("socket", &why);
    lp_quic_config config = lp_quic_default_config();
    config.tls = tls;
    config.accepts = accepts;
    config.max_conns = PEERS_MAX;
    config.random = lp_os_random();
    lp_random_fill(config.random, config.secret, sizeof config.secret);
    config.handler = (lp_quic_handler){.on_connected = on_connected,
                                       .on_stream = on_stream,
                                       .on_datagram = on_datagram,
                                       .on_budget = on_budget,
                                       .on_migrated = on_migrated,
                                       .on_ended = on_ended};
    if (lp_quic_new(&config, &quic, &why))
        give_up("endpoint", &why);
}

static void dial(const lp_addr *relay, const char *fingerprint, size_t count,
                 uint8_t lane)
{
    uint8_t seed[32];
    lp_random_fill(lp_os_random(), seed, sizeof seed);
    lp_credentials *credentials;
    lp_key_hash hash;
    lp_tls *tls;
    lp_why why = {""};
    if (lp_credentials_of_seed(seed, "rawpeer", &credentials, &why))
        give_up("credentials", &why);
    if (lp_key_hash_read(fingerprint, &hash))
        give_up("fingerprint", NULL);
    lp_trust trust = {.fingerprint = &hash, .server_name = LP_DEV_SERVER_NAME};
    if (lp_tls_client_new(credentials, &trust, &tls, &why))
        give_up("TLS", &why);

    lp_addr anywhere = {.family = relay->family};
    open_endpoint(&anywhere, tls, false);
    lp_quic_set_lane(quic, lane);
    lp_addr local = lp_udp_local(udp);
    for (size_t i = 0; i < count; i++) {
        lp_conn *conn;
        if (lp_quic_dial(quic, &local, relay, lp_clock_now(), &conn))
            give_up("dial", NULL);
        add_peer(conn);
    }
}

static void listen_on(const lp_addr *address)
{
    lp_credentials *credentials;
    lp_tls *tls;
    lp_why why = {""};
    if (lp_credentials_generate(LP_DEV_SERVER_NAME, &credentials, &why) ||
        lp_tls_server_new(credentials, &tls, &why))
        give_up("credentials", &why);
    open_endpoint(address, tls, true);
    lp_key_hash hash = lp_credentials_hash(credentials);
    char text[LP_KEY_HASH_TEXT_LEN];
    printf("fingerprint %s\n", lp_key_hash_write(&hash, text));
}

int main(int argc, char **argv)
{
    lp_addr address;
    if (argc < 3 || lp_addr_read_listen(argv[2], &address)) {
        fprintf(stderr, "usage: rawpeer dial|mute|listen ADDRESS:PORT ...\n");
        return 2;
    }
    if (strcmp(argv[1], "listen") == 0)
        listen_on(&address);
    else if (argc > 3)
        dial(&address, argv[3], argc > 4 ? strtoul(argv[4], NULL, 10) : 1,
             argc > 5 ? (uint8_t)(strtoul(argv[5], NULL, 10) % LP_LANES) : 0);
    run(strcmp(argv[1], "mute") != 0);
    /* Ends as a crash would, without a word to anybody. */
    fflush(stdout);
    _exit(0);
}
