#include "quic/internal.h"

#include <assert.h>
#include <stdlib.h>

/* --- leaving ---------------------------------------------------------------------- */

/* The ids that the peer may use for a while yet; new ones will be the next endpoint's. */
static void note_ids(const lp_conn *conn, lp_quic_past *past)
{
    ngtcp2_cid ids[LP_QUIC_OLD_IDS_MAX];
    size_t count = ngtcp2_conn_get_scid2(conn->ngtcp2, NULL);
    assert(count <= LP_QUIC_OLD_IDS_MAX); /* the library keeps eight */
    ngtcp2_conn_get_scid2(conn->ngtcp2, ids);
    for (size_t i = 0; i < count; i++)
        memcpy(past->ids[i].octet, ids[i].data, LP_QUIC_CID_LEN);
    past->id_count = count;
}

lp_err lp_quic_part(lp_quic *quic, lp_conn *conn, uint8_t worker)
{
    lp_slot *slot = conn->slot;
    lp_place place = lp_quic_place_of(quic, slot);
    assert(conn->is_up && !slot->past && !conn->has_open_packet && !conn->is_client);
    lp_quic_past *past = calloc(1, sizeof *past);
    if (!past)
        return LP_ERR_NO_MEMORY;
    past->stub = (lp_quic_stub){quic->config.worker, place.generation, place.slot};
    note_ids(conn, past);

    lp_keymap_remove(quic->foreign_ids,
                     lp_bytes_of(conn->first_dcid.data, conn->first_dcid.datalen));
    lp_quic_make_not_due(conn);
    lp_timers_set(&quic->timers, &slot->timer, LP_NEVER);
    slot->conn = NULL;
    slot->is_stub = true;
    slot->moved_to = worker;
    quic->conn_count--;
    conn->past = past;
    conn->quic = NULL;
    conn->slot = NULL;
    return LP_OK;
}

void lp_quic_forget(lp_quic *quic, lp_quic_stub stub)
{
    lp_slot *slot = &quic->slots[stub.slot];
    assert(stub.slot < quic->slot_count && slot->is_stub &&
           slot->generation == stub.generation);
    lp_quic_give_slot(quic, slot);
}

void lp_quic_discard(lp_conn *conn)
{
    free(conn->past);
    lp_conn_free(conn);
}

/* --- arriving --------------------------------------------------------------------- */

static lp_bytes octets_of(const lp_quic_id *id)
{
    return lp_bytes_of(id->octet, sizeof id->octet);
}

/* The map has room for them: no endpoint has more connections than the census allows. */
static void know_ids(lp_quic *quic, const lp_quic_past *past, const lp_slot *slot)
{
    for (size_t i = 0; i < past->id_count; i++) {
        lp_err err = lp_keymap_put(quic->foreign_ids, octets_of(&past->ids[i]),
                                   (uint32_t)(slot - quic->slots));
        assert(err == LP_OK);
        (void)err;
    }
}

static void tell_forget(const lp_quic *quic, const lp_quic_past *past)
{
    const lp_quic_handler *handler = &quic->config.handler;
    handler->on_forget(handler->state, past);
}

lp_err lp_quic_join(lp_quic *quic, lp_conn *conn, lp_time now)
{
    lp_slot *slot = lp_quic_take_slot(quic);
    if (!slot) {
        lp_census_leave(quic->census, &conn->counted_as);
        tell_forget(quic, conn->past);
        lp_quic_discard(conn);
        return LP_ERR_FULL;
    }
    conn->quic = quic;
    conn->slot = slot;
    slot->past = conn->past;
    conn->past = NULL;
    know_ids(quic, slot->past, slot);
    conn->told_budget = 0; /* the new handler has not heard of it */
    conn->told_settled = false;
    quic->stats.moved_in++;
    lp_quic_adopt(quic, conn, now);
    return LP_OK;
}

const lp_quic_past *lp_conn_past(const lp_conn *conn)
{
    return conn->slot->past;
}

void lp_quic_drop_past(lp_quic *quic, lp_slot *slot)
{
    lp_quic_past *past = slot->past;
    for (size_t i = 0; i < past->id_count; i++)
        lp_keymap_remove(quic->foreign_ids, octets_of(&past->ids[i]));
    tell_forget(quic, past);
    free(past);
    slot->past = NULL;
}
