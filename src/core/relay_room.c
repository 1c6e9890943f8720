#include "core/relay_room.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/relay_internal.h"

lp_room *lp_room_new(const char *code, uint32_t id, uint32_t mtu, size_t max_clients,
                     uint32_t seed)
{
    size_t seats = max_clients + 1; /* and the gateway */
    lp_room *room = calloc(1, sizeof *room);
    if (!room)
        return NULL;
    room->members = calloc(seats, sizeof *room->members);
    room->links = calloc(seats, sizeof *room->links);
    room->sw = lp_switch_new(max_clients, LP_RELAY_MAX_STATIONS, seed);
    if (!room->members || !room->links || !room->sw) {
        lp_room_free(room);
        return NULL;
    }
    snprintf(room->code, sizeof room->code, "%s", code);
    room->id = id;
    room->mtu = mtu;
    return room;
}

void lp_room_free(lp_room *room)
{
    if (!room)
        return;
    lp_node_remove(&room->tick);
    lp_switch_free(room->sw);
    free(room->links);
    free(room->members);
    free(room);
}

void lp_room_add(lp_room *room, lp_session *session)
{
    if (session->role == LP_ROLE_GATEWAY) {
        assert(!room->gateway);
        room->gateway = session;
    } else {
        lp_err err = lp_switch_pin(room->sw, session->mac, session->peer_id);
        assert(err == LP_OK);
        (void)err;
    }
    session->room = room;
    session->seat = room->member_count++;
    room->members[session->seat] = session;
    room->links[session->seat] = session->link;
}

void lp_room_remove(lp_room *room, lp_session *session)
{
    if (session->role == LP_ROLE_GATEWAY) {
        lp_switch_forget(room->sw, session->peer_id);
        room->gateway = NULL;
    } else {
        lp_switch_unpin(room->sw, session->mac);
    }
    lp_session *last = room->members[--room->member_count];
    last->seat = session->seat;
    room->members[last->seat] = last;
    room->links[last->seat] = last->link;
    session->room = NULL;
}

size_t lp_room_clients(const lp_room *room)
{
    return room->member_count - (room->gateway ? 1 : 0);
}

size_t lp_room_others(const lp_room *room, const lp_session *sender, lp_link *out_links)
{
    size_t before = sender->seat, after = room->member_count - before - 1;
    memcpy(out_links, room->links, before * sizeof *out_links);
    memcpy(out_links + before, room->links + before + 1, after * sizeof *out_links);
    return before + after;
}
