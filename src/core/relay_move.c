#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "core/relay_internal.h"

enum { PREFIX_LEN = 4 }; /* of a control message, as wire/message.h has it */

bool lp_relay_is_home(const lp_relay *relay, const char *room)
{
    return relay->config.workers == 1 ||
           lp_lane_worker(lp_lane_of_room(room), relay->config.workers) ==
               relay->config.worker;
}

void lp_relay_add_said(lp_relay *relay, lp_session *session, lp_bytes octets)
{
    if (octets.len == 0)
        return;
    if (octets.len > LP_RELAY_MAX_SAID - session->said_len) {
        lp_session_dismiss(relay, session, LP_CLOSE_PROTOCOL,
                           "too much was said before the welcome");
        return;
    }
    uint8_t *said = realloc(session->said, session->said_len + octets.len);
    if (!said) {
        lp_session_end(relay, session, LP_CLOSE_INTERNAL, "the relay is out of memory");
        return;
    }
    memcpy(said + session->said_len, octets.at, octets.len);
    session->said = said;
    session->said_len += octets.len;
}

void lp_relay_start_move(lp_relay *relay, lp_session *session, const char *room,
                         lp_bytes json, lp_time now)
{
    uint8_t prefix[PREFIX_LEN];
    snprintf(session->wanted, sizeof session->wanted, "%s", room);
    lp_set_u32(prefix, (uint32_t)json.len);
    lp_session_enter(session, &relay->moving, LP_SESSION_MOVING, now);
    lp_relay_add_said(relay, session, lp_bytes_of(prefix, sizeof prefix));
    if (session->state == LP_SESSION_MOVING)
        lp_relay_add_said(relay, session, json);
}

bool lp_relay_next_move(lp_relay *relay, lp_relay_move *out_move)
{
    lp_node *first = lp_list_first(&relay->moving);
    if (!first)
        return false;
    lp_session *session = LP_OWNER(first, lp_session, node);
    *out_move = (lp_relay_move){
        .link = session->link,
        .worker =
            lp_lane_worker(lp_lane_of_room(session->wanted), relay->config.workers),
        .said = lp_bytes_of(session->said, session->said_len),
    };
    lp_session_enter(session, NULL, LP_SESSION_CLOSED, session->since);
    return true;
}
