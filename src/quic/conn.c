#include "quic/internal.h"

#include "quic/keys.h"

#include <assert.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <stdlib.h>

/* What a peer may have under way on the control stream. Octets are handed over as they
 * come, so more would only be memory for what arrives out of order. */
#define STREAM_WINDOW (64 * 1024)

#define HANDSHAKE_TIMEOUT LP_SECONDS(10)
#define INITIAL_RTT       LP_MS(100) /* the library's 333 ms make a lost Initial cost 1 s */
#define ACK_THRESH        64         /* acknowledgements cost a packet each */
#define SPARE_CIDS        4          /* for migrations, RFC 9000 section 9.5 */
#define FLUSH_PATIENCE    LP_SECONDS(1) /* for control octets before CONNECTION_CLOSE */

/* 1-RTT header (1 octet, id, packet number up to 4), tag, DATAGRAM type and length */
#define PACKET_OVERHEAD(cid_len) (1 + (cid_len) + 4 + 16 + DATAGRAM_OVERHEAD)
#define DATAGRAM_OVERHEAD        3

/* --- callbacks -------------------------------------------------------------------- */

static void fill_random(uint8_t *at, size_t len, const ngtcp2_rand_ctx *ctx)
{
    const lp_conn *conn = ctx->native_handle; /* its endpoint may change */
    lp_random_fill(conn->quic->config.random, at, len);
}

static int new_connection_id(ngtcp2_conn *ngtcp2, ngtcp2_cid *cid, uint8_t *token,
                             size_t cid_len, void *user)
{
    const lp_conn *conn = user;
    const lp_quic *quic = conn->quic;
    cid->datalen = LP_QUIC_CID_LEN;
    lp_cid_write(&quic->cids, lp_quic_place_of(quic, conn->slot), quic->config.random,
                 cid->data);
    if (ngtcp2_crypto_generate_stateless_reset_token(token, quic->config.secret,
                                                     sizeof quic->config.secret, cid))
        return NGTCP2_ERR_CALLBACK_FAILURE;
    return 0;
}

static void start_discovery(lp_conn *conn)
{
    const ngtcp2_transport_params *theirs =
        ngtcp2_conn_get_remote_transport_params(conn->ngtcp2);
    uint64_t limit = theirs->max_udp_payload_size;
    conn->mtu = lp_mtu_start(ngtcp2_conn_get_path_max_tx_udp_payload_size(conn->ngtcp2),
                             limit < LP_UDP_PAYLOAD_MAX ? limit : LP_UDP_PAYLOAD_MAX);
}

static void abort_unknown_peer(lp_conn *conn, lp_err err, lp_time now)
{
    enum { NO_APPLICATION_PROTOCOL = 120, BAD_CERTIFICATE = 42 };
    bool is_stranger = err == LP_ERR_VERSION;
    uint8_t alert = is_stranger ? NO_APPLICATION_PROTOCOL : BAD_CERTIFICATE;
    lp_conn_abort(conn, is_stranger ? LP_ERR_REFUSED : LP_ERR_UNTRUSTED,
                  NGTCP2_CRYPTO_ERROR | alert,
                  is_stranger ? "the other side speaks another protocol than " LP_ALPN
                              : "the other side's certificate cannot be read",
                  now);
}

/*
 * A relay's TLS is over with the handshake: it sends no tickets, keys are updated
 * without it (RFC 9001 section 6), and what a client might still say through it QUIC
 * forbids. It is a third of a connection's memory.
 */
static int on_crypto_data(ngtcp2_conn *ngtcp2, ngtcp2_encryption_level level,
                          uint64_t offset, const uint8_t *at, size_t len, void *user)
{
    enum { UNEXPECTED_MESSAGE = 10 };
    lp_conn *conn = user;
    if (conn->session.ssl)
        return lp_handshake_hear(&conn->session, lp_bytes_of(at, len));
    ngtcp2_conn_set_tls_alert(ngtcp2, UNEXPECTED_MESSAGE);
    return NGTCP2_ERR_CRYPTO;
}

static int on_client_begins(ngtcp2_conn *ngtcp2, void *user)
{
    lp_conn *conn = user;
    return lp_handshake_begin(&conn->session);
}

/* A server's first packet from a client, a client's Retry: from here on the id is new. */
static int on_client_initial(ngtcp2_conn *ngtcp2, const ngtcp2_cid *dcid, void *user)
{
    return lp_keys_install_initial(ngtcp2, dcid) ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_retry(ngtcp2_conn *ngtcp2, const ngtcp2_pkt_hd *header, void *user)
{
    return on_client_initial(ngtcp2, &header->scid, user);
}

/* Never asked for: accept.c turns other versions away, and we dial with this one. */
static int refuse_version(ngtcp2_conn *ngtcp2, uint32_t version, const ngtcp2_cid *dcid,
                          void *user)
{
    return NGTCP2_ERR_CALLBACK_FAILURE;
}

/* Not from within TLS, which calls on_handshake_completed. */
static void let_go_of_tls(lp_conn *conn)
{
    if (conn->is_client || !conn->is_up || !conn->session.ssl)
        return;
    lp_tls_session_end(&conn->session);
}

static int on_handshake_completed(ngtcp2_conn *ngtcp2, void *user)
{
    lp_conn *conn = user;
    const lp_quic_config *config = &conn->quic->config;
    const lp_quic_handler *handler = &config->handler;
    lp_time now = conn->touched_at;
    lp_err err = lp_tls_session_peer(&conn->session, &conn->identity);
    if (err) {
        abort_unknown_peer(conn, err, now);
        return 0;
    }
    conn->is_up = true;
    conn->quic->stats.handshakes++;
    lp_quic_on_handshake_over(conn);
    if (config->keep_alive)
        ngtcp2_conn_set_keep_alive_timeout(ngtcp2, config->keep_alive);
    start_discovery(conn);
    if (!handler->on_connected(handler->state, conn, now))
        lp_conn_abort(conn, LP_ERR_CLOSED, NGTCP2_CONNECTION_REFUSED, "refused", now);
    lp_conn_tell_budget(conn, now);
    return 0;
}

/* The library has checked that the peer may open it: the first and only one. */
static int on_stream_open(ngtcp2_conn *ngtcp2, int64_t stream, void *user)
{
    lp_conn *conn = user;
    conn->stream = stream;
    return 0;
}

static int on_stream_data(ngtcp2_conn *ngtcp2, uint32_t flags, int64_t stream,
                          uint64_t offset, const uint8_t *at, size_t len, void *user,
                          void *stream_user)
{
    lp_conn *conn = user;
    const lp_quic_handler *handler = &conn->quic->config.handler;
    ngtcp2_conn_extend_max_stream_offset(ngtcp2, stream, len);
    ngtcp2_conn_extend_max_offset(ngtcp2, len);
    if (conn->state == CONN_ALIVE && len > 0)
        handler->on_stream(handler->state, conn, lp_bytes_of(at, len),
                           conn->touched_at);
    return 0;
}

static int on_stream_acked(ngtcp2_conn *ngtcp2, int64_t stream, uint64_t offset,
                           uint64_t len, void *user, void *stream_user)
{
    lp_conn *conn = user;
    lp_outbox_on_acked(&conn->outbox, (size_t)len);
    lp_ack_watch_on_acked(&conn->ack_watch, (size_t)len, ngtcp2_conn_get_pto(ngtcp2),
                          conn->touched_at);
    return 0;
}

/* Ending one's side of the control stream is fine; cutting it off is not. */
static int on_stream_reset(ngtcp2_conn *ngtcp2, int64_t stream, uint64_t final_size,
                           uint64_t code, void *user, void *stream_user)
{
    lp_conn *conn = user;
    lp_conn_abort(conn, LP_ERR_IO, NGTCP2_PROTOCOL_VIOLATION,
                  "the other side cut off the control stream", conn->touched_at);
    return 0;
}

static int on_datagram(ngtcp2_conn *ngtcp2, uint32_t flags, const uint8_t *at,
                       size_t len, void *user)
{
    lp_conn *conn = user;
    const lp_quic_handler *handler = &conn->quic->config.handler;
    if (conn->unanswered == 0)
        conn->unanswered_since = conn->touched_at;
    conn->unanswered += len + PACKET_OVERHEAD(LP_QUIC_CID_LEN);
    conn->brought_datagrams = true;
    if (conn->state == CONN_ALIVE && conn->is_up)
        handler->on_datagram(handler->state, conn, lp_bytes_of(at, len),
                             conn->touched_at);
    return 0;
}

static int on_datagram_acked(ngtcp2_conn *ngtcp2, uint64_t id, void *user)
{
    lp_conn *conn = user;
    conn->brought_datagrams = true;
    return 0;
}

static int on_path_validation_begun(ngtcp2_conn *ngtcp2, uint32_t flags,
                                    const ngtcp2_path *path,
                                    const ngtcp2_path *old_path, void *user)
{
    lp_conn *conn = user;
    /* Once the new path is good, the library tries the old one, and never says how that
     * went. */
    if (ngtcp2_path_eq(path, ngtcp2_conn_get_path(ngtcp2)))
        conn->validating = lp_path_addr(&path->remote);
    return 0;
}

static int on_path_validation_done(ngtcp2_conn *ngtcp2, uint32_t flags,
                                   const ngtcp2_path *path, const ngtcp2_path *old_path,
                                   ngtcp2_path_validation_result result, void *user)
{
    lp_conn *conn = user;
    conn->validating = (lp_addr){0};
    if (result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS && conn->is_up)
        start_discovery(conn);
    return 0;
}

static int on_stateless_reset(ngtcp2_conn *ngtcp2,
                              const ngtcp2_pkt_stateless_reset *reset, void *user)
{
    lp_conn *conn = user;
    conn->was_reset = true;
    return 0;
}

static const ngtcp2_callbacks callbacks = {
    .client_initial = on_client_begins,
    .recv_client_initial = on_client_initial,
    .recv_crypto_data = on_crypto_data,
    .encrypt = lp_keys_encrypt,
    .decrypt = lp_keys_decrypt,
    .hp_mask = lp_keys_mask,
    .recv_retry = on_retry,
    .update_key = lp_keys_on_update,
    .delete_crypto_aead_ctx = lp_keys_free_aead,
    .delete_crypto_cipher_ctx = lp_keys_free_mask,
    .version_negotiation = refuse_version,
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
    .rand = fill_random,
    .get_new_connection_id = new_connection_id,
    .handshake_completed = on_handshake_completed,
    .stream_open = on_stream_open,
    .recv_stream_data = on_stream_data,
    .acked_stream_data_offset = on_stream_acked,
    .stream_reset = on_stream_reset,
    .recv_datagram = on_datagram,
    .ack_datagram = on_datagram_acked,
    .begin_path_validation = on_path_validation_begun,
    .path_validation = on_path_validation_done,
    .recv_stateless_reset = on_stateless_reset,
};

/* --- new and free ----------------------------------------------------------------- */

static const ngtcp2_cc_algo algorithms[] = {
    [LP_CONGESTION_BBR] = NGTCP2_CC_ALGO_BBR,
    [LP_CONGESTION_CUBIC] = NGTCP2_CC_ALGO_CUBIC,
    [LP_CONGESTION_RENO] = NGTCP2_CC_ALGO_RENO,
};

static ngtcp2_settings settings_for(lp_conn *conn, lp_time now)
{
    ngtcp2_settings settings;
    ngtcp2_settings_default(&settings);
    settings.cc_algo = algorithms[conn->quic->config.congestion];
    settings.initial_ts = now;
    settings.initial_rtt = INITIAL_RTT;
    settings.handshake_timeout = HANDSHAKE_TIMEOUT;
    settings.ack_thresh = ACK_THRESH;
    settings.max_tx_udp_payload_size = LP_UDP_PAYLOAD_MAX;
    settings.pmtud_probes = lp_mtu_probes;
    settings.pmtud_probeslen = lp_mtu_probe_count;
    settings.rand_ctx.native_handle = conn;
    return settings;
}

static ngtcp2_transport_params params_for(const lp_quic *quic, bool is_client)
{
    ngtcp2_transport_params params;
    ngtcp2_transport_params_default(&params);
    params.initial_max_stream_data_bidi_local = STREAM_WINDOW;
    params.initial_max_stream_data_bidi_remote = STREAM_WINDOW;
    params.initial_max_data = STREAM_WINDOW;
    params.initial_max_streams_bidi = is_client ? 0 : 1;
    params.max_idle_timeout = quic->config.idle_timeout;
    params.active_connection_id_limit = SPARE_CIDS;
    params.max_datagram_frame_size = 65535;
    return params;
}

static lp_conn *new_conn(lp_quic *quic, lp_slot *slot, const lp_addr *remote,
                         lp_time now)
{
    lp_conn *conn = calloc(1, sizeof *conn);
    if (!conn)
        return NULL;
    conn->quic = quic;
    conn->slot = slot;
    conn->stream = -1;
    conn->remote = conn->counted_as = *remote;
    conn->touched_at = now;
    conn->close_by = LP_NEVER;
    conn->session.verdict = conn->end.reason;
    if (lp_tls_session_start(&conn->session, quic->config.tls) == LP_OK)
        return conn;
    lp_conn_free(conn);
    return NULL;
}

_Static_assert(sizeof((lp_quic_end){0}.reason) >= LP_VERDICT_MAX,
               "the verdict is a reason");

static ngtcp2_cid our_first_id(const lp_conn *conn)
{
    ngtcp2_cid cid = {.datalen = LP_QUIC_CID_LEN};
    lp_cid_write(&conn->quic->cids, lp_quic_place_of(conn->quic, conn->slot),
                 conn->quic->config.random, cid.data);
    return cid;
}

static lp_conn *ready_or_free(lp_conn *conn, int liberr)
{
    if (liberr) {
        lp_conn_free(conn);
        return NULL;
    }
    conn->session.ngtcp2 = conn->ngtcp2;
    return conn;
}

lp_conn *lp_conn_dial(lp_quic *quic, lp_slot *slot, const lp_addr *local,
                      const lp_addr *remote, lp_time now)
{
    ngtcp2_path_storage storage;
    ngtcp2_transport_params params = params_for(quic, true);
    lp_conn *conn = new_conn(quic, slot, remote, now);
    if (!conn)
        return NULL;
    ngtcp2_settings settings = settings_for(conn, now);
    conn->is_client = true;
    ngtcp2_cid ours = our_first_id(conn), theirs = {.datalen = NGTCP2_MAX_CIDLEN};
    lp_random_fill(quic->config.random, theirs.data, theirs.datalen);
    theirs.data[0] = (uint8_t)((theirs.data[0] & ~(LP_LANES - 1)) | quic->lane);
    int liberr = ngtcp2_conn_client_new(
        &conn->ngtcp2, &theirs, &ours, lp_path_fill(&storage, local, remote),
        NGTCP2_PROTO_VER_V1, &callbacks, &settings, &params, NULL, conn);
    return ready_or_free(conn, liberr);
}

lp_conn *lp_conn_accept(lp_quic *quic, lp_slot *slot, const lp_first_packet *first,
                        lp_time now)
{
    ngtcp2_path_storage storage;
    const ngtcp2_pkt_hd *header = &first->header;
    ngtcp2_transport_params params = params_for(quic, false);
    lp_conn *conn = new_conn(quic, slot, &first->udp->remote, now);
    if (!conn)
        return NULL;
    ngtcp2_settings settings = settings_for(conn, now);
    conn->first_dcid = header->dcid;
    params.original_dcid = first->original_dcid;
    params.original_dcid_present = 1;
    if (first->is_validated) {
        params.retry_scid = header->dcid;
        params.retry_scid_present = 1;
        settings.token = header->token;
        settings.tokenlen = header->tokenlen;
        settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
    }
    ngtcp2_cid ours = our_first_id(conn);
    params.stateless_reset_token_present = 1;
    int liberr = ngtcp2_crypto_generate_stateless_reset_token(
        params.stateless_reset_token, quic->config.secret, sizeof quic->config.secret,
        &ours);
    if (!liberr)
        liberr = ngtcp2_conn_server_new(
            &conn->ngtcp2, &header->scid, &ours,
            lp_path_fill(&storage, &first->udp->local, &first->udp->remote),
            header->version, &callbacks, &settings, &params, NULL, conn);
    return ready_or_free(conn, liberr);
}

void lp_conn_free(lp_conn *conn)
{
    if (!conn)
        return;
    ngtcp2_conn_del(conn->ngtcp2);
    lp_tls_session_end(&conn->session);
    lp_outbox_fini(&conn->outbox);
    free(conn->last_words);
    free(conn);
}

/* --- events ----------------------------------------------------------------------- */

/* The library goes to a new address at once and validates it then, except for one that it
 * remembers as valid: only comparing shows that. */
static void notice_migration(lp_conn *conn, lp_time now)
{
    const lp_quic_handler *handler = &conn->quic->config.handler;
    lp_addr remote = lp_path_addr(&ngtcp2_conn_get_path(conn->ngtcp2)->remote);
    if (!conn->is_up || lp_addr_equal(&remote, &conn->remote) ||
        lp_addr_equal(&remote, &conn->validating))
        return;
    conn->remote = remote;
    if (conn->state == CONN_ALIVE)
        handler->on_migrated(handler->state, conn, &conn->remote, now);
}

/* With less under way the peer may keep an acknowledgement for long (lp_conn_may_hold).
 * Where the rest would be less than it ever saw, the library does not take that off: such
 * a round trip says nothing, unless it is short all the same. */
#define THIN_FLIGHT 3600
#define SHORT_STAY  LP_MS(1)

static bool is_telling(lp_duration rtt, const ngtcp2_conn_info *info)
{
    return info->bytes_in_flight > THIN_FLIGHT || rtt + LP_US(1) < info->latest_rtt ||
           rtt < info->min_rtt + SHORT_STAY;
}

/* The library tells the newest round trip only with the peer's delay in it, but takes it
 * off before smoothing (RFC 9002 section 5.3): that is undone here. */
static lp_duration newest_rtt(lp_duration before, const ngtcp2_conn_info *info)
{
    lp_duration after = info->smoothed_rtt;
    if (before == 0 || 8 * after < 7 * before)
        return info->min_rtt;
    lp_duration rtt = 8 * after - 7 * before;
    return rtt < info->min_rtt      ? info->min_rtt
           : rtt > info->latest_rtt ? info->latest_rtt
                                    : rtt;
}

/* Round trips can be the same to the nanosecond, where time is virtual. */
static bool has_news(const lp_conn *conn, const ngtcp2_conn_info *info)
{
    return info->latest_rtt != conn->felt.latest ||
           info->smoothed_rtt != conn->felt.smoothed ||
           info->bytes_in_flight < conn->felt.in_flight;
}

/* After each packet: an acknowledgement in between would blur what was smoothed. */
static void feel_rtt(lp_conn *conn, lp_time now)
{
    ngtcp2_conn_info info;
    ngtcp2_conn_get_conn_info(conn->ngtcp2, &info);
    bool is_known = info.min_rtt != UINT64_MAX;
    bool is_new = has_news(conn, &info);
    conn->felt.in_flight = info.bytes_in_flight;
    if (!is_known) {
        conn->felt.is_new_path = true;
        conn->felt.smoothed = conn->felt.latest = 0;
        conn->hush = (lp_hush){.clock = conn->hush.clock};
    } else if (is_new) {
        lp_duration rtt = newest_rtt(conn->felt.smoothed, &info);
        if (is_telling(rtt, &info))
            conn->felt.rtt = rtt;
        lp_hush_on_rtt(&conn->hush, info.latest_rtt, now);
        conn->felt.latest = info.latest_rtt;
        conn->felt.smoothed = info.smoothed_rtt;
    }
}

void lp_conn_on_packet(lp_conn *conn, const lp_udp_packet *packet, lp_time now)
{
    ngtcp2_path_storage storage;
    ngtcp2_pkt_info info = {.ecn = packet->ecn};
    if (conn->state == CONN_ENDED)
        return;
    assert(!conn->has_open_packet); /* see lp_conn_write */
    /* A client knows better than its socket, which may be bound to any address, where
     * it sends from. */
    lp_addr local = conn->is_client
                        ? lp_path_addr(&ngtcp2_conn_get_path(conn->ngtcp2)->local)
                        : packet->local;
    conn->touched_at = now;
    conn->brought_datagrams = false;
    int liberr = ngtcp2_conn_read_pkt(
        conn->ngtcp2, lp_path_fill(&storage, &local, &packet->remote), &info,
        packet->payload.at, packet->payload.len, lp_hush_clock(&conn->hush, now));
    let_go_of_tls(conn);
    if (liberr) {
        lp_conn_fail(conn, liberr, now);
    } else {
        feel_rtt(conn, now);
        notice_migration(conn, now);
        lp_conn_tell_budget(conn, now);
    }
    if (conn->brought_datagrams && !liberr)
        lp_quic_make_due_to_answer(conn);
    else
        lp_quic_make_due(conn);
}

/* A timer that went off is not set any more; to ask the library each time is dear. */
static bool has_expired(const lp_conn *conn, lp_time now)
{
    return conn->slot->timer.place == 0 && ngtcp2_conn_get_expiry(conn->ngtcp2) <= now;
}

void lp_conn_on_timer(lp_conn *conn, lp_time now)
{
    if (conn->state == CONN_ENDED)
        return;
    if (has_expired(conn, now)) {
        int liberr =
            ngtcp2_conn_handle_expiry(conn->ngtcp2, lp_hush_clock(&conn->hush, now));
        if (liberr)
            lp_conn_fail(conn, liberr, now);
    }
    if (conn->state == CONN_CLOSING && conn->close_by == LP_NEVER)
        conn->close_by = lp_time_after(now, FLUSH_PATIENCE);
    lp_conn_tell_budget(conn, now);
}

/* What the library wants "now" it has just been given: the least wait keeps it from
 * turning into a busy loop. */
lp_time lp_conn_deadline(const lp_conn *conn, lp_time now)
{
    lp_time at = lp_time_min(ngtcp2_conn_get_expiry(conn->ngtcp2), conn->close_by);
    return at > now ? at : lp_time_after(now, LP_MS(1));
}

void lp_conn_tell_budget(lp_conn *conn, lp_time now)
{
    const lp_quic_handler *handler = &conn->quic->config.handler;
    if (!conn->is_up || conn->state != CONN_ALIVE)
        return;
    lp_mtu_on_reached(&conn->mtu,
                      ngtcp2_conn_get_path_max_tx_udp_payload_size(conn->ngtcp2), now);
    size_t budget = lp_conn_budget(conn);
    if (budget == conn->told_budget && conn->told_settled)
        return;
    bool is_settled = lp_mtu_is_settled(&conn->mtu);
    if (budget == conn->told_budget && !is_settled)
        return;
    conn->told_budget = budget;
    conn->told_settled = is_settled;
    handler->on_budget(handler->state, conn, budget, is_settled, now);
}

/* --- what the caller may ask ------------------------------------------------------ */

void lp_conn_set_user(lp_conn *conn, void *user)
{
    conn->user = user;
}

void *lp_conn_user(const lp_conn *conn)
{
    return conn->user;
}

const lp_key_hash *lp_conn_identity(const lp_conn *conn)
{
    return &conn->identity;
}

const lp_addr *lp_conn_remote(const lp_conn *conn)
{
    return &conn->remote;
}

lp_duration lp_conn_rtt(const lp_conn *conn)
{
    return lp_conn_look(conn).rtt;
}

size_t lp_conn_budget(const lp_conn *conn)
{
    if (!conn->is_up)
        return 0;
    size_t payload = ngtcp2_conn_get_path_max_tx_udp_payload_size(conn->ngtcp2);
    size_t room =
        payload - PACKET_OVERHEAD(ngtcp2_conn_get_dcid(conn->ngtcp2)->datalen);
    uint64_t frame =
        ngtcp2_conn_get_remote_transport_params(conn->ngtcp2)->max_datagram_frame_size;
    if (frame <= DATAGRAM_OVERHEAD)
        return 0;
    return frame - DATAGRAM_OVERHEAD < room ? (size_t)frame - DATAGRAM_OVERHEAD : room;
}

lp_err lp_conn_send(lp_conn *conn, lp_bytes octets)
{
    if (conn->state != CONN_ALIVE)
        return LP_ERR_CLOSED;
    lp_err err = lp_outbox_put(&conn->outbox, octets);
    if (!err)
        lp_quic_make_due(conn);
    return err;
}

void lp_conn_want_write(lp_conn *conn)
{
    lp_quic_make_due(conn);
}

void lp_conn_want_write_at(lp_conn *conn, lp_time at, lp_time now)
{
    conn->is_blocked = true;
    if (conn->slot->conn == conn)
        lp_timers_set(&conn->quic->timers, &conn->slot->timer,
                      lp_time_min(at, lp_conn_deadline(conn, now)));
}

lp_conn_pulse lp_conn_feel(lp_conn *conn)
{
    ngtcp2_conn_info info;
    ngtcp2_conn_get_conn_info(conn->ngtcp2, &info);
    lp_conn_pulse pulse = {
        .rtt = conn->felt.rtt,
        .in_flight = info.bytes_in_flight,
        .cwnd = info.cwnd,
        .is_new_path = conn->felt.is_new_path,
    };
    conn->felt.rtt = 0;
    conn->felt.is_new_path = false;
    return pulse;
}

lp_err lp_conn_migrate(lp_conn *conn, const lp_addr *local, lp_time now)
{
    ngtcp2_path_storage storage;
    if (conn->state != CONN_ALIVE)
        return LP_ERR_CLOSED;
    assert(conn->is_client && !conn->has_open_packet);
    lp_addr remote = lp_path_addr(&ngtcp2_conn_get_path(conn->ngtcp2)->remote);
    int liberr = ngtcp2_conn_initiate_immediate_migration(
        conn->ngtcp2, lp_path_fill(&storage, local, &remote),
        lp_hush_clock(&conn->hush, now));
    switch (liberr) {
    case 0:
        lp_conn_tell_budget(conn, now);
        lp_conn_ping(
            conn); /* the relay follows a packet, and we may have none to send */
        return LP_OK;
    case NGTCP2_ERR_INVALID_ARGUMENT: /* it is there already */
        return LP_ERR_IN_USE;
    case NGTCP2_ERR_INVALID_STATE: /* the handshake is not confirmed yet */
    case NGTCP2_ERR_CONN_ID_BLOCKED:
        return LP_ERR_WOULD_BLOCK;
    default:
        return LP_ERR_NO_MEMORY;
    }
}

void lp_conn_ping(lp_conn *conn)
{
    if (!conn->is_up || conn->state != CONN_ALIVE || conn->has_open_packet)
        return;
    /* The library pings when a keep-alive is overdue, and only then. */
    ngtcp2_conn_set_keep_alive_timeout(conn->ngtcp2, 1);
    conn->wants_ping = true;
    lp_quic_make_due(conn);
}

lp_conn_view lp_conn_look(const lp_conn *conn)
{
    ngtcp2_conn_info info;
    ngtcp2_conn_get_conn_info(conn->ngtcp2, &info);
    bool has_rtt = info.min_rtt != UINT64_MAX;
    return (lp_conn_view){
        .rtt = has_rtt ? info.smoothed_rtt : 0,
        .rtt_min = has_rtt ? info.min_rtt : 0,
        .cwnd = info.cwnd,
        .in_flight = info.bytes_in_flight,
        .packets_sent = info.pkt_sent,
        .packets_received = info.pkt_recv,
        .packets_lost = info.pkt_lost,
        .control_late = conn->ack_watch.late,
        .budget = lp_conn_budget(conn),
        .udp_payload_max = ngtcp2_conn_get_path_max_tx_udp_payload_size(conn->ngtcp2),
    };
}
