#include "quic/internal.h"

#include <assert.h>
#include <stdlib.h>

/* How a call of the library's that writes can end. */
typedef struct packet {
    lp_conn *conn;
    lp_space space;
    lp_time ts, clock; /* the library's */
    ngtcp2_path_storage storage;
} packet;

enum { MAX_VIEWS = 4 }; /* chunks of the outbox that one packet gathers */

#define ACK_PATIENCE  LP_MS(20)
#define IDLE_PATIENCE LP_MS(5) /* to look for losses, with nothing else to do */
/* Octets that wait for an acknowledgement. Less than half of the least congestion window,
 * so that nobody stands still for want of it, and less than one full datagram: the
 * governor at the other end lives on what bulk's round trips tell. */
#define THIN 1200
/* Octets under way: more than BBR leaves in its silence, whatever the path. */
#define LOADED 6000

/* More than that, up to what the least congestion window of four packets lets through
 * without an answer, waits for the next packet after BUSY_SOON, or so long where none
 * comes. Where the round trip is short the library would acknowledge within microseconds,
 * and an alarm that near costs more than the packet; an alarm at all, a wake-up. */
#define BUSY          4800
#define BUSY_SOON     LP_MS(1)
#define BUSY_PATIENCE LP_MS(5)
/* How much later than due, when a datagram waits that will take it along. */
#define HELD_PATIENCE LP_MS(3)

static bool is_quiet(const lp_conn *conn)
{
    return conn->is_up && conn->state == CONN_ALIVE && !conn->has_open_packet &&
           conn->outbox.unsent == 0 && conn->told_settled &&
           conn->validating.family == 0 && !conn->wants_ping;
}

/*
 * The library acknowledges after an eighth of the round trip, so a game that sends and
 * hears 60 packets a second would have twice that many, and where the way is short every
 * packet would have one of its own. The next datagram takes the acknowledgement along if
 * that may wait: less than the 25 ms that we promise (RFC 9000 section 13.2.1), and only
 * while little is waiting. Bulk is paced by what it hears. What else the library may want
 * within that time it can want a little later: to look for losses.
 */
static bool may_answer_late(const lp_conn *conn, lp_time now, lp_time *out_until)
{
    bool is_thin = conn->unanswered <= THIN;
    bool is_near = conn->felt.smoothed / 8 < BUSY_SOON;
    lp_duration soon = is_thin ? ACK_PATIENCE : BUSY_SOON;
    *out_until = lp_time_after(conn->unanswered_since,
                               !is_thin && is_near ? BUSY_PATIENCE : soon);
    return conn->unanswered > 0 && conn->unanswered <= BUSY && !conn->is_blocked &&
           is_quiet(conn) && lp_time_until(conn->unanswered_since, now) < soon;
}

static lp_write pause_burst(lp_conn *conn, lp_time now)
{
    lp_time at = lp_conn_deadline(conn, now), patient = now;
    /* The library's next wish would be the acknowledgement; or where it has nothing to
     * acknowledge, to look for losses. */
    if (conn->unanswered == 0 && !conn->is_blocked && is_quiet(conn))
        patient = lp_time_after(now, IDLE_PATIENCE);
    else if (!may_answer_late(conn, now, &patient))
        patient = now;
    lp_timers_set(&conn->quic->timers, &conn->slot->timer, at > patient ? at : patient);
    return LP_WRITE_NOTHING;
}

/* A walk that finds nothing to send tells congestion control that it is us who send no
 * more. It holds for a round trip; without it the rate of a game would be taken for all
 * that the path can carry. */
static bool knows_of_silence(const lp_conn *conn, lp_time now)
{
    return lp_time_until(conn->walked_at, now) < conn->felt.smoothed;
}

bool lp_conn_rest(lp_conn *conn, lp_time now)
{
    bool may_rest = is_quiet(conn) && knows_of_silence(conn, now);
    if (may_rest)
        pause_burst(conn, now);
    return may_rest;
}

bool lp_conn_may_hold(const lp_conn *conn, lp_time now, lp_time *out_until)
{
    return conn->is_due_to_answer && may_answer_late(conn, now, out_until);
}

bool lp_conn_hold(lp_conn *conn, lp_time next, lp_time now)
{
    lp_time until =
        lp_time_after(conn->unanswered_since, conn->felt.smoothed / 8 + HELD_PATIENCE);
    if (conn->unanswered == 0 || conn->unanswered > BUSY || !is_quiet(conn) ||
        now >= until || !knows_of_silence(conn, now))
        return false;
    conn->is_blocked = true;
    lp_time at = lp_conn_deadline(conn, now);
    lp_timers_set(&conn->quic->timers, &conn->slot->timer,
                  lp_time_min(next, at > until ? at : until));
    return true;
}

/* A packet takes an acknowledgement along only when it is due: ngtcp2 1.24 waits for the
 * least of max_ack_delay and an eighth of the round trip. */
static void notice_answer(lp_conn *conn, lp_time now)
{
    ngtcp2_conn_info info;
    if (conn->unanswered == 0)
        return;
    ngtcp2_conn_get_conn_info(conn->ngtcp2, &info);
    if (lp_time_until(conn->unanswered_since, now) >= info.smoothed_rtt / 8)
        conn->unanswered = 0;
}

static lp_write hand_over(lp_conn *conn, const packet *out, size_t len,
                          lp_udp_packet *out_packet)
{
    conn->touched_at = out->ts;
    notice_answer(conn, out->ts);
    conn->quic->stats.packets_out++;
    *out_packet = (lp_udp_packet){
        .local = lp_path_addr(&out->storage.path.local),
        .remote = lp_path_addr(&out->storage.path.remote),
        .ecn = conn->packet_info.ecn,
        .payload = lp_bytes_of(out->space.at, len),
    };
    return LP_WRITE_PACKET;
}

/* --- CONNECTION_CLOSE ------------------------------------------------------------- */

static bool is_flushed(const lp_conn *conn, lp_time now)
{
    return conn->outbox.unsent == 0 || !conn->is_up || now >= conn->close_by;
}

static lp_write write_close(lp_conn *conn, packet *out, lp_udp_packet *out_packet)
{
    ngtcp2_ssize len = ngtcp2_conn_write_connection_close(
        conn->ngtcp2, &out->storage.path, &conn->packet_info, out->space.at,
        LP_UDP_PAYLOAD_MAX, &conn->close, out->clock);
    conn->state = CONN_ENDED;
    lp_quic_make_due(conn);
    if (len <= 0)
        return LP_WRITE_NOTHING;
    conn->last_words = malloc((size_t)len); /* without it they are said only once */
    if (conn->last_words) {
        memcpy(conn->last_words, out->space.at, (size_t)len);
        conn->last_words_len = (size_t)len;
    }
    return hand_over(conn, out, (size_t)len, out_packet);
}

/* --- frames ----------------------------------------------------------------------- */

static ngtcp2_ssize call_writev_stream(packet *out, int64_t stream, bool more,
                                       const ngtcp2_vec *views, size_t count,
                                       ngtcp2_ssize *out_taken)
{
    lp_conn *conn = out->conn;
    return ngtcp2_conn_writev_stream(
        conn->ngtcp2, &out->storage.path, &conn->packet_info, out->space.at,
        LP_UDP_PAYLOAD_MAX, out_taken,
        more ? NGTCP2_WRITE_STREAM_FLAG_MORE : NGTCP2_WRITE_STREAM_FLAG_NONE, stream,
        views, count, out->clock);
}

/* Whatever the library has to say, or the packet that is open. */
static ngtcp2_ssize write_rest(packet *out)
{
    return call_writev_stream(out, -1, false, NULL, 0, NULL);
}

static bool open_stream(lp_conn *conn)
{
    if (conn->stream < 0 && conn->is_client && conn->is_up && conn->outbox.unsent)
        ngtcp2_conn_open_bidi_stream(conn->ngtcp2, &conn->stream, NULL);
    return conn->stream >= 0;
}

/*
 * Control octets, as many as fit. NGTCP2_ERR_WRITE_MORE: the packet has room, for what
 * `more` announced or because nothing could be put into it.
 */
static ngtcp2_ssize write_control(packet *out, bool more)
{
    lp_conn *conn = out->conn;
    lp_bytes views[MAX_VIEWS];
    ngtcp2_vec vecs[MAX_VIEWS];
    ngtcp2_ssize taken = -1;
    if (conn->outbox.unsent == 0 || !open_stream(conn))
        return NGTCP2_ERR_WRITE_MORE;
    size_t count = lp_outbox_look(&conn->outbox, views, MAX_VIEWS);
    for (size_t i = 0; i < count; i++) /* the library does not write to it */
        vecs[i] = (ngtcp2_vec){(uint8_t *)(uintptr_t)views[i].at, views[i].len};
    ngtcp2_ssize len = call_writev_stream(out, conn->stream, more, vecs, count, &taken);
    if (taken > 0) {
        lp_outbox_on_sent(&conn->outbox, (size_t)taken);
        lp_ack_watch_on_sent(&conn->ack_watch, (size_t)taken, out->ts);
    }
    /* Flow control holds the stream, not the connection. */
    return len == NGTCP2_ERR_STREAM_DATA_BLOCKED ? NGTCP2_ERR_WRITE_MORE : len;
}

static ngtcp2_ssize write_datagram(packet *out, lp_bytes datagram, bool more,
                                   bool *out_taken)
{
    lp_conn *conn = out->conn;
    ngtcp2_vec vec = {(uint8_t *)(uintptr_t)datagram.at, datagram.len};
    int taken = 0;
    ngtcp2_ssize len = ngtcp2_conn_writev_datagram(
        conn->ngtcp2, &out->storage.path, &conn->packet_info, out->space.at,
        LP_UDP_PAYLOAD_MAX, &taken,
        more ? NGTCP2_WRITE_DATAGRAM_FLAG_MORE : NGTCP2_WRITE_DATAGRAM_FLAG_NONE, 0,
        &vec, 1, out->clock);
    *out_taken = taken;
    return len;
}

static ngtcp2_ssize write_frames(packet *out, lp_bytes datagram, bool more,
                                 bool *out_taken)
{
    const lp_conn *conn = out->conn;
    bool has_datagram = datagram.len > 0 && datagram.len <= lp_conn_budget(conn);
    ngtcp2_ssize len = NGTCP2_ERR_WRITE_MORE;
    if (!conn->has_open_packet)
        len = write_control(out, has_datagram);
    if (len != NGTCP2_ERR_WRITE_MORE)
        return len;
    return has_datagram ? write_datagram(out, datagram, more, out_taken)
                        : write_rest(out);
}

/* --- all of it -------------------------------------------------------------------- */

/* Larger than the path is known to carry: only a probe is. */
static void notice_probe(lp_conn *conn, size_t len, size_t path_max, lp_time now)
{
    if (len > path_max)
        lp_mtu_on_probe(&conn->mtu, len, ngtcp2_conn_get_pto(conn->ngtcp2), now);
}

/* The keep-alive that lp_conn_ping shortened goes with the first packet that is later
 * than the last one; then it is as it was. */
static void finish_ping(lp_conn *conn, lp_time now)
{
    lp_duration keep_alive = conn->quic->config.keep_alive;
    if (!conn->wants_ping || now <= conn->touched_at)
        return;
    conn->wants_ping = false;
    ngtcp2_conn_set_keep_alive_timeout(conn->ngtcp2,
                                       keep_alive ? keep_alive : UINT64_MAX);
}

lp_write lp_conn_write(lp_conn *conn, lp_bytes datagram, bool more_follow,
                       lp_space space, lp_time now, bool *out_taken,
                       lp_udp_packet *out_packet)
{
    packet out = {
        conn, space, conn->has_open_packet ? conn->packet_ts : now, 0, {{{0}}}};
    assert(space.len >= LP_UDP_PAYLOAD_MAX);
    *out_taken = false;
    conn->is_blocked = datagram.len > 0;
    if (conn->state == CONN_ENDED)
        return LP_WRITE_NOTHING;
    ngtcp2_path_storage_zero(&out.storage);
    if (!conn->has_open_packet) {
        out.clock = lp_hush_clock(&conn->hush, out.ts);
        if (conn->state == CONN_CLOSING && is_flushed(conn, now))
            return write_close(conn, &out, out_packet);
    }
    if (!conn->has_open_packet && datagram.len > 0 && conn->felt.in_flight > LOADED)
        lp_hush_on_packet(&conn->hush, conn->felt.smoothed, now);
    out.clock = lp_hush_clock(&conn->hush, out.ts);
    size_t path_max = ngtcp2_conn_get_path_max_tx_udp_payload_size(conn->ngtcp2);
    ngtcp2_ssize len = write_frames(&out, datagram, more_follow, out_taken);
    conn->has_open_packet = len == NGTCP2_ERR_WRITE_MORE;
    conn->packet_ts = out.ts;
    conn->is_blocked &= !*out_taken;
    if (conn->has_open_packet)
        return LP_WRITE_MORE;
    if (len > 0) {
        notice_probe(conn, (size_t)len, path_max, out.ts);
        finish_ping(conn, out.ts);
        return hand_over(conn, &out, (size_t)len, out_packet);
    }
    if (len == 0) {
        conn->walked_at = now;
        return pause_burst(conn, now);
    }
    lp_conn_fail(conn, (int)len, now);
    return conn->state == CONN_CLOSING ? write_close(conn, &out, out_packet)
                                       : LP_WRITE_NOTHING;
}
