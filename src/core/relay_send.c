#include <stdlib.h>

#include "core/relay_internal.h"

lp_octets *lp_octets_of(lp_relay *relay, const lp_message *message)
{
    lp_space scratch = lp_space_of(relay->scratch, sizeof relay->scratch);
    size_t len = lp_message_write(message, scratch);
    lp_octets *octets = len > 0 ? malloc(sizeof *octets + len) : NULL;
    if (!octets)
        return NULL;
    octets->refs = 1;
    octets->len = len;
    memcpy(octets->at, relay->scratch, len);
    return octets;
}

void lp_octets_release(lp_octets *octets)
{
    if (octets && --octets->refs == 0)
        free(octets);
}

static bool grow_outbox(lp_relay *relay)
{
    size_t size = relay->outbox_size > 0 ? relay->outbox_size * 2 : 64;
    lp_letter *outbox = calloc(size, sizeof *outbox);
    if (!outbox)
        return false;
    for (size_t i = 0; i < relay->outbox_count; i++)
        outbox[i] = relay->outbox[(relay->outbox_first + i) & (relay->outbox_size - 1)];
    free(relay->outbox);
    relay->outbox = outbox;
    relay->outbox_size = size;
    relay->outbox_first = 0;
    return true;
}

void lp_relay_post(lp_relay *relay, lp_session *to, lp_octets *octets)
{
    if (!lp_session_is_live(to))
        return;
    bool is_full = to->queued == LP_RELAY_MAX_QUEUED_EACH ||
                   relay->outbox_count == LP_RELAY_MAX_QUEUED;
    if (is_full) {
        lp_session_end(relay, to, LP_CLOSE_OVERLOADED, "too many messages wait for it");
        return;
    }
    bool has_room = relay->outbox_count < relay->outbox_size;
    if (!octets || (!has_room && !grow_outbox(relay))) {
        lp_session_end(relay, to, LP_CLOSE_INTERNAL, "the relay is out of memory");
        return;
    }
    size_t at =
        (relay->outbox_first + relay->outbox_count++) & (relay->outbox_size - 1);
    relay->outbox[at] = (lp_letter){to, octets};
    octets->refs++;
    to->queued++;
}

void lp_relay_send_to(lp_relay *relay, lp_session *to, const lp_message *message)
{
    lp_octets *octets = lp_octets_of(relay, message);
    lp_relay_post(relay, to, octets);
    lp_octets_release(octets);
}

void lp_relay_send_all(lp_relay *relay, const lp_room *room, const lp_session *but,
                       const lp_message *message)
{
    lp_octets *octets = lp_octets_of(relay, message);
    for (size_t i = 0; i < room->member_count; i++) {
        if (room->members[i] != but)
            lp_relay_post(relay, room->members[i], octets);
    }
    lp_octets_release(octets);
}

bool lp_relay_next_send(lp_relay *relay, lp_relay_send *out_send)
{
    lp_octets_release(relay->sending);
    relay->sending = NULL;
    while (relay->outbox_count > 0) {
        lp_letter letter = relay->outbox[relay->outbox_first];
        relay->outbox_first = (relay->outbox_first + 1) & (relay->outbox_size - 1);
        relay->outbox_count--;
        letter.to->queued--;
        if (letter.to->state != LP_SESSION_GONE) {
            relay->sending = letter.octets;
            out_send->link = letter.to->link;
            out_send->octets = lp_bytes_of(letter.octets->at, letter.octets->len);
            return true;
        }
        lp_octets_release(letter.octets);
        if (letter.to->queued == 0)
            lp_session_free(letter.to);
    }
    return false;
}

bool lp_relay_next_close(lp_relay *relay, lp_relay_close *out_close)
{
    lp_node *first = lp_list_first(&relay->closing);
    lp_session *session = first ? LP_OWNER(first, lp_session, node) : NULL;
    if (!session || session->queued > 0)
        return false;
    out_close->link = session->link;
    out_close->code = session->close_code;
    memcpy(out_close->reason, session->farewell, sizeof out_close->reason);
    lp_session_enter(session, NULL, LP_SESSION_CLOSED, session->since);
    return true;
}

/* --- events ----------------------------------------------------------------------- */

lp_relay_event *lp_relay_note(lp_relay *relay, lp_relay_event_kind kind,
                              const lp_session *session)
{
    if (relay->event_count == LP_RELAY_MAX_EVENTS) {
        relay->first_event = (relay->first_event + 1) % LP_RELAY_MAX_EVENTS;
        relay->event_count--;
    }
    size_t at = (relay->first_event + relay->event_count++) % LP_RELAY_MAX_EVENTS;
    lp_relay_event *event = &relay->events[at];
    *event = (lp_relay_event){
        .kind = kind,
        .link = session->link,
        .peer = session->peer_id,
        .role = session->role,
        .has_mac = session->role == LP_ROLE_CLIENT && !lp_mac_is_zero(session->mac),
        .mac = session->mac,
        .from = session->from,
        .mtu = session->room ? session->room->mtu : 0,
    };
    memcpy(event->room, session->wanted, sizeof event->room);
    return event;
}

bool lp_relay_next_event(lp_relay *relay, lp_relay_event *out_event)
{
    if (relay->event_count == 0)
        return false;
    *out_event = relay->events[relay->first_event];
    relay->first_event = (relay->first_event + 1) % LP_RELAY_MAX_EVENTS;
    relay->event_count--;
    return true;
}
