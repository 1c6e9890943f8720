#include "quic/internal.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>

lp_quic_config lp_quic_default_config(void)
{
    return (lp_quic_config){
        .accepts = true,
        .workers = 1,
        .max_conns = 4096,
        .max_conns_per_ip = 256,
        .max_handshakes = 512,
        .max_handshakes_per_ip = 64,
        .idle_timeout = LP_QUIC_IDLE_TIMEOUT,
        .keep_alive = LP_QUIC_KEEP_ALIVE,
    };
}

lp_census_limits lp_quic_census_limits(const lp_quic_config *config)
{
    return (lp_census_limits){
        .max_conns = config->max_conns,
        .max_conns_there = config->max_conns_per_ip,
        .max_handshakes = config->max_handshakes,
        .max_handshakes_there = config->max_handshakes_per_ip,
    };
}

/* --- new and free ----------------------------------------------------------------- */

/* Tombs keep their slots for a while; room for them beside the living. */
static size_t slots_for(size_t max_conns)
{
    return max_conns + max_conns / 2 + 16;
}

static void free_all_slots(lp_quic *quic)
{
    for (size_t i = quic->slot_count; i-- > 0;) {
        quic->slots[i].next_free = quic->free_slots;
        quic->free_slots = &quic->slots[i];
        /* Not from zero: ids of the program's last run shall not fit. */
        quic->slots[i].generation = (uint8_t)lp_random_u32(quic->config.random);
    }
}

static lp_census *census_of_one(const lp_quic_config *config, const uint8_t key[16])
{
    lp_census_limits limits = lp_quic_census_limits(config);
    return lp_census_new(&limits, key);
}

static lp_err make_maps(lp_quic *quic, const uint8_t key[16])
{
    lp_sip_key hash_key = lp_sip_key_of(key);
    size_t max = quic->config.max_conns;
    if (!quic->config.accepts)
        return LP_OK;
    size_t ids_each = quic->config.workers > 1 ? 1 + LP_QUIC_OLD_IDS_MAX : 1;
    quic->foreign_ids = lp_keymap_new(max * ids_each, hash_key);
    quic->census = quic->config.census;
    if (!quic->census)
        quic->census = census_of_one(&quic->config, key);
    return quic->foreign_ids && quic->census ? LP_OK : LP_ERR_NO_MEMORY;
}

/* One secret, several uses: each gets a key of its own. */
static lp_err derive_keys(lp_quic *quic)
{
    static const char label[] = "softlan connection ids";
    uint8_t input[sizeof quic->config.secret + sizeof label], keys[32];
    memcpy(input, quic->config.secret, sizeof quic->config.secret);
    memcpy(input + sizeof quic->config.secret, label, sizeof label);
    if (EVP_Digest(input, sizeof input, keys, NULL, EVP_sha256(), NULL) != 1)
        return LP_ERR_CRYPTO;
    quic->cids = (lp_cid_codec){lp_sip_key_of(keys), quic->config.worker};
    return make_maps(quic, keys + 16);
}

lp_err lp_quic_new(const lp_quic_config *config, lp_quic **out_quic, lp_why *why)
{
    lp_err err = LP_ERR_NO_MEMORY;
    size_t slot_count = slots_for(config->max_conns);
    assert(config->accepts == lp_tls_is_server(config->tls));
    assert(config->workers >= 1 && config->workers <= LP_MAX_WORKERS);
    if (slot_count > LP_CID_MAX_SLOTS)
        return lp_explain(why, LP_ERR_TOO_BIG,
                          "%zu connections are more than one endpoint can name (%u)",
                          config->max_conns, LP_CID_MAX_SLOTS * 2 / 3 - 16);
    lp_quic *quic = calloc(1, sizeof *quic);
    if (!quic)
        goto done;
    quic->config = *config;
    quic->last_due = &quic->first_due;
    quic->slots = calloc(slot_count, sizeof *quic->slots);
    if (!quic->slots)
        goto done;
    quic->slot_count = slot_count;
    free_all_slots(quic);
    err = lp_timers_init(&quic->timers, slot_count);
    if (!err)
        err = derive_keys(quic);
    if (err)
        goto done;
    *out_quic = quic;
    quic = NULL; /* the caller's now */
done:
    lp_quic_free(quic);
    return err ? lp_explain(why, err, "the QUIC endpoint does not start: %s",
                            lp_err_text(err))
               : LP_OK;
}

void lp_quic_free(lp_quic *quic)
{
    if (!quic)
        return;
    for (size_t i = 0; i < quic->slot_count; i++) {
        lp_conn_free(quic->slots[i].conn);
        free(quic->slots[i].tomb);
        free(quic->slots[i].past);
    }
    lp_keymap_free(quic->foreign_ids);
    if (!quic->config.census)
        lp_census_free(quic->census);
    lp_timers_fini(&quic->timers);
    free(quic->slots);
    free(quic);
}

/* --- slots ------------------------------------------------------------------------ */

lp_slot *lp_quic_take_slot(lp_quic *quic)
{
    lp_slot *slot = quic->free_slots;
    if (slot)
        quic->free_slots = slot->next_free;
    return slot;
}

void lp_quic_give_slot(lp_quic *quic, lp_slot *slot)
{
    lp_timers_set(&quic->timers, &slot->timer, LP_NEVER);
    if (slot->past)
        lp_quic_drop_past(quic, slot);
    free(slot->tomb);
    slot->conn = NULL;
    slot->tomb = NULL;
    slot->is_stub = false;
    slot->generation++; /* ids of the last connection name nobody now */
    slot->next_free = quic->free_slots;
    quic->free_slots = slot;
}

lp_place lp_quic_place_of(const lp_quic *quic, const lp_slot *slot)
{
    return (lp_place){(uint16_t)(slot - quic->slots), slot->generation};
}

void lp_quic_adopt(lp_quic *quic, lp_conn *conn, lp_time now)
{
    conn->slot->conn = conn;
    quic->conn_count++;
    lp_timers_set(&quic->timers, &conn->slot->timer, lp_conn_deadline(conn, now));
    lp_quic_make_due(conn);
}

void lp_quic_on_handshake_over(lp_conn *conn)
{
    if (!conn->is_client)
        lp_census_settle(conn->quic->census, &conn->counted_as);
}

/* --- packets in ------------------------------------------------------------------- */

/* Ids that we gave out name their slot; those that clients made up must be looked up.
 */
static lp_slot *slot_of(lp_quic *quic, lp_bytes dcid)
{
    lp_place place;
    if (lp_cid_read(&quic->cids, dcid, &place) && place.slot < quic->slot_count) {
        lp_slot *slot = &quic->slots[place.slot];
        bool is_used = slot->conn || slot->tomb || slot->is_stub;
        if (slot->generation == place.generation && is_used)
            return slot;
    }
    const uint32_t *found =
        quic->config.accepts ? lp_keymap_find(quic->foreign_ids, dcid) : NULL;
    return found ? &quic->slots[*found] : NULL;
}

/*
 * A stateless reset looks like a packet for nobody: only its last octets tell. A dialling
 * endpoint has few connections, and those to the sender may look at it.
 */
static void offer_reset(lp_quic *quic, const lp_udp_packet *packet, lp_time now)
{
    quic->stats.garbage++;
    for (size_t i = 0; i < quic->slot_count; i++) {
        lp_conn *conn = quic->slots[i].conn;
        if (conn && lp_addr_equal(&conn->remote, &packet->remote))
            lp_conn_on_packet(conn, packet, now);
    }
}

static void pass_on(lp_quic *quic, uint8_t worker, const lp_udp_packet *packet)
{
    const lp_quic_handler *handler = &quic->config.handler;
    quic->stats.astray++;
    handler->on_astray(handler->state, worker, packet);
}

/* The worker that has to know the id, if anyone does. */
static uint8_t worker_of(const lp_quic *quic, lp_bytes dcid)
{
    return dcid.len > 0 ? (uint8_t)lp_lane_worker(dcid.at[0], quic->config.workers)
                        : quic->config.worker;
}

/* For a packet that another worker passed on, only a stub knows yet another. */
static void take_packet(lp_quic *quic, const lp_udp_packet *packet, bool was_astray,
                        lp_time now)
{
    ngtcp2_version_cid ids;
    int liberr = NGTCP2_ERR_INVALID_ARGUMENT;
    if (packet->payload.len > 0)
        liberr = ngtcp2_pkt_decode_version_cid(&ids, packet->payload.at,
                                               packet->payload.len, LP_QUIC_CID_LEN);
    if (liberr == NGTCP2_ERR_VERSION_NEGOTIATION) {
        lp_accept_version(quic, packet, &ids);
        return;
    }
    if (liberr) {
        quic->stats.garbage++;
        return;
    }
    lp_bytes dcid = lp_bytes_of(ids.dcid, ids.dcidlen);
    lp_slot *slot = slot_of(quic, dcid);
    bool is_alone = quic->config.workers == 1 || was_astray;
    if (!slot && !quic->config.accepts)
        offer_reset(quic, packet, now);
    else if (!slot && !is_alone && worker_of(quic, dcid) != quic->config.worker)
        pass_on(quic, worker_of(quic, dcid), packet);
    else if (!slot)
        lp_accept_packet(quic, packet, now);
    else if (slot->conn)
        lp_conn_on_packet(slot->conn, packet, now);
    else if (slot->is_stub)
        pass_on(quic, slot->moved_to, packet);
    else
        lp_tomb_on_packet(quic, slot->tomb);
}

void lp_quic_on_packet(lp_quic *quic, const lp_udp_packet *packet, lp_time now)
{
    quic->stats.packets_in++;
    take_packet(quic, packet, false, now);
}

void lp_quic_on_astray(lp_quic *quic, const lp_udp_packet *packet, lp_time now)
{
    take_packet(quic, packet, true, now);
}

void lp_quic_set_lane(lp_quic *quic, uint8_t lane)
{
    quic->lane = lane;
}

lp_err lp_quic_dial(lp_quic *quic, const lp_addr *local, const lp_addr *remote,
                    lp_time now, lp_conn **out_conn)
{
    assert(!quic->config.accepts);
    lp_slot *slot =
        quic->conn_count < quic->config.max_conns ? lp_quic_take_slot(quic) : NULL;
    if (!slot)
        return LP_ERR_FULL;
    lp_conn *conn = lp_conn_dial(quic, slot, local, remote, now);
    if (!conn) {
        lp_quic_give_slot(quic, slot);
        return LP_ERR_NO_MEMORY;
    }
    lp_quic_adopt(quic, conn, now);
    *out_conn = conn;
    return LP_OK;
}

/* --- what is due ------------------------------------------------------------------ */

void lp_quic_make_due(lp_conn *conn)
{
    lp_quic *quic = conn->quic;
    bool is_buried = conn->slot->conn != conn;
    conn->is_due_to_answer = false;
    if (conn->is_due || is_buried)
        return;
    conn->is_due = true;
    conn->next_due = NULL;
    *quic->last_due = conn;
    quic->last_due = &conn->next_due;
}

void lp_quic_make_not_due(lp_conn *conn)
{
    lp_quic *quic = conn->quic;
    lp_conn **at = &quic->first_due;
    if (!conn->is_due)
        return;
    while (*at != conn)
        at = &(*at)->next_due;
    *at = conn->next_due;
    if (quic->last_due == &conn->next_due)
        quic->last_due = at;
    conn->is_due = false;
}

void lp_quic_make_due_to_answer(lp_conn *conn)
{
    bool has_more_to_say = conn->is_due && !conn->is_due_to_answer;
    lp_quic_make_due(conn);
    conn->is_due_to_answer = !has_more_to_say;
}

static void drop_first_due(lp_quic *quic)
{
    quic->first_due->is_due = false;
    quic->first_due = quic->first_due->next_due;
    if (!quic->first_due)
        quic->last_due = &quic->first_due;
}

static lp_slot *slot_of_timer(lp_timer *timer)
{
    return (lp_slot *)(void *)((char *)timer - offsetof(lp_slot, timer));
}

static void run_timers(lp_quic *quic, lp_time now)
{
    lp_timer *timer;
    while ((timer = lp_timers_take_due(&quic->timers, now))) {
        lp_slot *slot = slot_of_timer(timer);
        lp_conn *conn = slot->conn;
        if (!conn) {
            lp_quic_give_slot(quic, slot);
            continue;
        }
        lp_quic_make_due_to_answer(conn);
    }
}

static void set_timer(lp_quic *quic, lp_conn *conn, lp_time at)
{
    lp_timers_set(&quic->timers, &conn->slot->timer, at);
}

lp_conn *lp_quic_next_due(lp_quic *quic, lp_time now)
{
    lp_conn *conn;
    lp_time until;
    run_timers(quic, now);
    while ((conn = quic->first_due)) {
        lp_conn_on_timer(conn, now); /* still listed, so it cannot list itself again */
        drop_first_due(quic);
        if (conn->state == CONN_ENDED) {
            lp_conn_bury(conn, now);
            continue;
        }
        if (lp_conn_may_hold(conn, now, &until)) {
            set_timer(quic, conn, until);
            continue;
        }
        /* lp_conn_write sets it anew; this is for a caller that stops halfway. */
        if (conn->slot->timer.place == 0)
            set_timer(quic, conn, lp_conn_deadline(conn, now));
        return conn;
    }
    return NULL;
}

lp_time lp_quic_deadline(const lp_quic *quic)
{
    return quic->first_due ? 0 : lp_timers_next(&quic->timers);
}

bool lp_quic_has_more_to_say(const lp_quic *quic)
{
    const lp_conn *conn = quic->first_due;
    while (conn && conn->is_due_to_answer)
        conn = conn->next_due;
    return conn != NULL;
}

/* --- packets without a connection ------------------------------------------------- */

lp_stateless *lp_quic_stateless_space(lp_quic *quic, const lp_addr *local,
                                      const lp_addr *remote)
{
    if (quic->stateless_count == LP_STATELESS_MAX)
        return NULL;
    size_t at = (quic->stateless_first + quic->stateless_count) % LP_STATELESS_MAX;
    lp_stateless *out = &quic->stateless[at];
    out->local = *local;
    out->remote = *remote;
    return out;
}

void lp_quic_queue(lp_quic *quic, ngtcp2_ssize len)
{
    size_t at = (quic->stateless_first + quic->stateless_count) % LP_STATELESS_MAX;
    if (len <= 0)
        return;
    quic->stateless[at].len = (size_t)len;
    quic->stateless_count++;
}

bool lp_quic_next_stateless(lp_quic *quic, lp_udp_packet *out_packet)
{
    if (quic->stateless_count == 0)
        return false;
    const lp_stateless *next = &quic->stateless[quic->stateless_first];
    quic->stateless_first = (quic->stateless_first + 1) % LP_STATELESS_MAX;
    quic->stateless_count--;
    quic->stats.packets_out++;
    *out_packet = (lp_udp_packet){
        .local = next->local,
        .remote = next->remote,
        .payload = lp_bytes_of(next->packet, next->len),
    };
    return true;
}

const lp_quic_stats *lp_quic_stats_of(const lp_quic *quic)
{
    return &quic->stats;
}

size_t lp_quic_conn_count(const lp_quic *quic)
{
    return quic->conn_count;
}
