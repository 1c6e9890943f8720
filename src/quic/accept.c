#include "quic/internal.h"

#include <ngtcp2/ngtcp2_crypto.h>

#define RETRY_TOKEN_LIFETIME  LP_SECONDS(10)
#define MAX_RESETS_PER_SECOND 100

/* --- answers without a connection ------------------------------------------------- */

void lp_accept_version(lp_quic *quic, const lp_udp_packet *packet,
                       const ngtcp2_version_cid *ids)
{
    static const uint32_t versions[] = {NGTCP2_PROTO_VER_V1};
    /* Smaller ones could not have opened a connection: no amplifier for spoofers. */
    if (!quic->config.accepts || packet->payload.len < NGTCP2_MAX_UDP_PAYLOAD_SIZE) {
        quic->stats.garbage++;
        return;
    }
    lp_stateless *out = lp_quic_stateless_space(quic, &packet->local, &packet->remote);
    if (out)
        lp_quic_queue(quic, ngtcp2_pkt_write_version_negotiation(
                                out->packet, sizeof out->packet,
                                (uint8_t)lp_random_u32(quic->config.random), ids->scid,
                                ids->scidlen, ids->dcid, ids->dcidlen, versions, 1));
}

static void refuse(lp_quic *quic, const lp_first_packet *first, uint64_t code,
                   const char *reason)
{
    const ngtcp2_pkt_hd *header = &first->header;
    lp_stateless *out =
        lp_quic_stateless_space(quic, &first->udp->local, &first->udp->remote);
    if (out)
        lp_quic_queue(quic, ngtcp2_crypto_write_connection_close(
                                out->packet, sizeof out->packet, header->version,
                                &header->scid, &header->dcid, code,
                                (const uint8_t *)reason, strlen(reason)));
}

static void demand_retry(lp_quic *quic, const lp_first_packet *first, lp_time now)
{
    const ngtcp2_pkt_hd *header = &first->header;
    const lp_udp_packet *udp = first->udp;
    uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2];
    ngtcp2_path_storage storage;
    /* Twice as long as ours, so that it is never taken for one that names a slot. */
    ngtcp2_cid scid = {.datalen = 2 * LP_QUIC_CID_LEN};
    lp_random_fill(quic->config.random, scid.data, scid.datalen);
    scid.data[0] = header->dcid.data[0]; /* its lane: the client comes back here */
    const ngtcp2_path *path = lp_path_fill(&storage, &udp->local, &udp->remote);
    ngtcp2_ssize token_len = ngtcp2_crypto_generate_retry_token2(
        token, quic->config.secret, sizeof quic->config.secret, header->version,
        path->remote.addr, path->remote.addrlen, &scid, &header->dcid, now);
    lp_stateless *out = lp_quic_stateless_space(quic, &udp->local, &udp->remote);
    if (token_len < 0 || !out)
        return;
    quic->stats.retries++;
    lp_quic_queue(quic,
                  ngtcp2_crypto_write_retry(out->packet, sizeof out->packet,
                                            header->version, &header->scid, &scid,
                                            &header->dcid, token, (size_t)token_len));
}

static bool may_reset(lp_quic *quic, lp_time now)
{
    if (now >= lp_time_after(quic->resets_since, LP_SECONDS(1))) {
        quic->resets_since = now;
        quic->resets = 0;
    }
    return quic->resets++ < MAX_RESETS_PER_SECOND;
}

/*
 * RFC 9000 section 10.3. Always smaller than what caused it, or two endpoints that both
 * forgot could reset each other's resets for ever. Not for ids of other workers, which
 * know better: the connection may live.
 */
static void reset(lp_quic *quic, const lp_udp_packet *packet,
                  const ngtcp2_version_cid *ids, lp_time now)
{
    enum {
        RESET_MAX = 42,
        RESET_MIN = NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN
    };
    uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN], noise[RESET_MAX];
    size_t len =
        packet->payload.len - 1 < RESET_MAX ? packet->payload.len - 1 : RESET_MAX;
    ngtcp2_cid cid;
    bool is_ours =
        lp_lane_worker(ids->dcid[0], quic->config.workers) == quic->config.worker;
    if (!is_ours || len < RESET_MIN || !may_reset(quic, now))
        return;
    ngtcp2_cid_init(&cid, ids->dcid, ids->dcidlen);
    lp_stateless *out = lp_quic_stateless_space(quic, &packet->local, &packet->remote);
    if (!out || ngtcp2_crypto_generate_stateless_reset_token(
                    token, quic->config.secret, sizeof quic->config.secret, &cid))
        return;
    lp_random_fill(quic->config.random, noise, sizeof noise);
    quic->stats.resets++;
    lp_quic_queue(
        quic, ngtcp2_pkt_write_stateless_reset(out->packet, len, token, noise,
                                               len - NGTCP2_STATELESS_RESET_TOKENLEN));
}

/* --- a new connection ------------------------------------------------------------- */

/* False: refused. A token that is none of ours is as good as none (RFC 9000 8.1.3). */
static bool check_token(lp_quic *quic, lp_first_packet *first, lp_time now)
{
    const ngtcp2_pkt_hd *header = &first->header;
    ngtcp2_path_storage storage;
    const ngtcp2_path *path =
        lp_path_fill(&storage, &first->udp->local, &first->udp->remote);
    first->original_dcid = header->dcid;
    if (header->tokenlen == 0 || header->token[0] != NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2)
        return header->dcid.datalen >= NGTCP2_MIN_INITIAL_DCIDLEN;
    if (ngtcp2_crypto_verify_retry_token2(
            &first->original_dcid, header->token, header->tokenlen, quic->config.secret,
            sizeof quic->config.secret, header->version, path->remote.addr,
            path->remote.addrlen, &header->dcid, RETRY_TOKEN_LIFETIME, now) != 0) {
        refuse(quic, first, NGTCP2_INVALID_TOKEN, "");
        return false;
    }
    first->is_validated = true;
    return true;
}

static lp_conn *make_conn(lp_quic *quic, const lp_first_packet *first, lp_time now)
{
    const ngtcp2_cid *dcid = &first->header.dcid;
    lp_slot *slot = lp_quic_take_slot(quic);
    lp_conn *conn = slot ? lp_conn_accept(quic, slot, first, now) : NULL;
    lp_err err = LP_ERR_FULL;
    if (conn)
        err = lp_keymap_put(quic->foreign_ids, lp_bytes_of(dcid->data, dcid->datalen),
                            (uint32_t)(slot - quic->slots));
    if (!err)
        return conn;
    lp_conn_free(conn);
    if (slot)
        lp_quic_give_slot(quic, slot);
    return NULL;
}

static void open_conn(lp_quic *quic, const lp_first_packet *first, lp_time now)
{
    const lp_addr *from = &first->udp->remote;
    lp_conn *conn = make_conn(quic, first, now);
    if (!conn) {
        lp_census_settle(quic->census, from);
        lp_census_leave(quic->census, from);
        quic->stats.refused_limits++;
        refuse(quic, first, NGTCP2_CONNECTION_REFUSED, "no room");
        return;
    }
    lp_quic_adopt(quic, conn, now);
    lp_conn_on_packet(conn, first->udp, now);
}

static void accept_initial(lp_quic *quic, const lp_udp_packet *packet, lp_time now)
{
    lp_first_packet first = {.udp = packet};
    if (ngtcp2_accept(&first.header, packet->payload.at, packet->payload.len) != 0) {
        quic->stats.garbage++;
        return;
    }
    if (!check_token(quic, &first, now))
        return;
    lp_census_mood mood = lp_census_look(quic->census, &packet->remote);
    if (mood == LP_CENSUS_BUSY && !first.is_validated) {
        demand_retry(quic, &first, now);
    } else if (lp_census_enter(quic->census, &packet->remote) != LP_OK) {
        quic->stats.refused_limits++;
        refuse(quic, &first, NGTCP2_CONNECTION_REFUSED, "too many connections");
    } else {
        open_conn(quic, &first, now);
    }
}

void lp_accept_packet(lp_quic *quic, const lp_udp_packet *packet, lp_time now)
{
    enum { LONG_FORM = 0x80 };
    ngtcp2_version_cid ids;
    lp_bytes payload = packet->payload;
    if (ngtcp2_pkt_decode_version_cid(&ids, payload.at, payload.len, LP_QUIC_CID_LEN)) {
        quic->stats.garbage++;
    } else if (!(payload.at[0] & LONG_FORM)) {
        quic->stats.garbage++;
        reset(quic, packet, &ids, now);
    } else if (ids.version != NGTCP2_PROTO_VER_V1) { /* the library knows others */
        lp_accept_version(quic, packet, &ids);
    } else {
        accept_initial(quic, packet, now);
    }
}
