#include <stdlib.h>

#include "core/relay_internal.h"

static void take_hello(lp_relay *relay, lp_session *session, const lp_hello *hello,
                       lp_time now)
{
    session->role = hello->role;
    session->mac = hello->mac;
    session->hello_budget = hello->datagram_budget;
    memcpy(session->wanted, hello->room, sizeof session->wanted);
    memcpy(session->software, hello->software, sizeof session->software);
    lp_session_enter(session, &relay->held, LP_SESSION_HELD, now);
    if (lp_relay_knows_enough(relay, session))
        lp_relay_admit(relay, session, now);
}

/* L-028: the newest is kept; where there is no memory for it, nothing is lost but that.
 */
static void keep_stats(lp_session *session, const lp_stats_message *stats)
{
    if (!session->reported)
        session->reported = malloc(sizeof *session->reported);
    if (session->reported)
        *session->reported = *stats;
}

static void take_message(lp_relay *relay, lp_session *session,
                         const lp_message *message)
{
    switch (message->type) {
    case LP_MESSAGE_UNKNOWN: /* of a newer protocol */
        lp_relay_note(relay, LP_RELAY_MESSAGE_UNKNOWN, session);
        break;
    case LP_MESSAGE_STATS:
        keep_stats(session, &message->stats);
        break;
    case LP_MESSAGE_DISCONNECT: /* C-014: its reason is what the others hear */
        lp_session_end(relay, session, LP_CLOSE_NORMAL,
                       message->disconnect.reason[0] ? message->disconnect.reason
                                                     : "left");
        break;
    case LP_MESSAGE_HELLO:
        lp_session_dismiss(relay, session, LP_CLOSE_PROTOCOL, "a second hello");
        break;
    case LP_MESSAGE_WELCOME:
    case LP_MESSAGE_REJECT:
    case LP_MESSAGE_PEER_JOINED:
    case LP_MESSAGE_PEER_LEFT:
    case LP_MESSAGE_LATENCY:
        lp_session_dismiss(relay, session, LP_CLOSE_PROTOCOL,
                           "a message that only a relay may send");
        break;
    }
}

static void on_message(lp_relay *relay, lp_session *session, lp_bytes json, lp_time now)
{
    if (!lp_bucket_take(&session->messages, 1, now)) {
        lp_session_dismiss(relay, session, LP_CLOSE_PROTOCOL,
                           "too many control messages");
        return;
    }
    lp_message message;
    lp_why why;
    lp_err err = lp_message_read(json, &message, &why);
    if (err == LP_ERR_NO_MEMORY)
        lp_session_end(relay, session, LP_CLOSE_INTERNAL, "the relay is out of memory");
    else if (session->state == LP_SESSION_SILENT &&
             (err || message.type != LP_MESSAGE_HELLO))
        lp_relay_refuse(relay, session, lp_reject_code_of_hello(json),
                        err ? why.text : "the first message has to be a hello");
    else if (session->state == LP_SESSION_SILENT &&
             !lp_relay_is_home(relay, message.hello.room))
        lp_relay_start_move(relay, session, message.hello.room, json, now);
    else if (session->state == LP_SESSION_SILENT)
        take_hello(relay, session, &message.hello, now);
    else if (err)
        lp_session_dismiss(relay, session, LP_CLOSE_PROTOCOL, why.text);
    else
        take_message(relay, session, &message);
}

void lp_relay_on_control(lp_relay *relay, lp_link link, lp_bytes octets, lp_time now)
{
    lp_session *session = lp_relay_session(relay, link);
    if (!session)
        return;
    session->last_seen = now;
    while (lp_session_is_live(session) && session->state != LP_SESSION_MOVING) {
        lp_bytes json;
        lp_err err = lp_message_stream_next(&session->stream, &octets, &json);
        if (err == LP_ERR_WOULD_BLOCK)
            break;
        if (err == LP_ERR_NO_MEMORY)
            lp_session_end(relay, session, LP_CLOSE_INTERNAL,
                           "the relay is out of memory");
        else if (err)
            lp_session_dismiss(relay, session, LP_CLOSE_PROTOCOL,
                               "the length of a control message is out of range");
        else
            on_message(relay, session, json, now);
    }
    if (session->state == LP_SESSION_MOVING)
        lp_relay_add_said(relay, session, octets);
    lp_relay_sweep(relay);
}
