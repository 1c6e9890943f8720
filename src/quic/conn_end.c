#include "quic/internal.h"

#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TOMB_MAX LP_SECONDS(5)

/* A reason phrase is UTF-8 (RFC 9000 19.19); a full buffer may end within a character. */
static void drop_cut_character(char *text)
{
    size_t len = strlen(text), lead = len;
    while (lead > 0 && len - lead < 3 && ((uint8_t)text[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead == 0)
        return;
    uint8_t first = (uint8_t)text[lead - 1];
    size_t wanted = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (len - (lead - 1) < wanted)
        text[lead - 1] = '\0';
}

static void set_end(lp_conn *conn, lp_err err, uint64_t code, const char *fmt, ...)
    __attribute__((format(LP_PRINTF, 4, 5)));

static void set_end(lp_conn *conn, lp_err err, uint64_t code, const char *fmt, ...)
{
    va_list args;
    conn->end.err = err;
    conn->end.code = code;
    va_start(args, fmt);
    vsnprintf(conn->end.reason, sizeof conn->end.reason, fmt, args);
    va_end(args);
    drop_cut_character(conn->end.reason);
}

/* --- we end it -------------------------------------------------------------------- */

static void say_goodbye(lp_conn *conn, lp_time close_by)
{
    conn->close.reason = (const uint8_t *)conn->end.reason;
    conn->close.reasonlen = strlen(conn->end.reason);
    conn->close_by = close_by;
    conn->state = CONN_CLOSING;
    lp_quic_make_due(conn);
}

void lp_conn_close(lp_conn *conn, uint64_t code, const char *reason)
{
    if (conn->state != CONN_ALIVE)
        return;
    set_end(conn, LP_ERR_CLOSED, code, "%s", reason);
    ngtcp2_ccerr_set_application_error(&conn->close, code, NULL, 0);
    say_goodbye(conn, LP_NEVER); /* lp_conn_on_timer knows the time */
}

void lp_conn_abort(lp_conn *conn, lp_err err, uint64_t transport_code,
                   const char *reason, lp_time now)
{
    if (conn->state != CONN_ALIVE)
        return;
    set_end(conn, err, 0, "%s", reason);
    ngtcp2_ccerr_set_transport_error(&conn->close, transport_code, NULL, 0);
    say_goodbye(conn, now);
}

/* --- the peer ended it ------------------------------------------------------------ */

/* Control characters in a stranger's words would reach somebody's terminal: ASCII only. */
static void copy_words(const uint8_t *at, size_t len, char *out, size_t out_len)
{
    size_t used = 0;
    for (size_t i = 0; i < len && used + 1 < out_len; i++)
        out[used++] = at[i] >= ' ' && at[i] < 0x7f ? (char)at[i] : '?';
    out[used] = '\0';
}

static void end_by_alert(lp_conn *conn, uint8_t alert)
{
    enum { CERTIFICATE_REQUIRED = 116, NO_APPLICATION_PROTOCOL = 120 };
    const char *who = conn->is_client ? "the relay" : "the other side";
    if (alert == NO_APPLICATION_PROTOCOL)
        set_end(conn, LP_ERR_REFUSED, 0,
                "%s speaks another protocol than %s (no_application_protocol)", who,
                LP_ALPN);
    else if (alert == CERTIFICATE_REQUIRED)
        set_end(conn, LP_ERR_REFUSED, 0,
                "%s wants to know who we are, and we showed no certificate "
                "(certificate_required)",
                who);
    else
        set_end(conn, LP_ERR_REFUSED, 0, "%s refused our side of TLS: alert %u, %s",
                who, alert, SSL_alert_desc_string_long(alert));
}

static void end_by_peer(lp_conn *conn)
{
    char words[200];
    const ngtcp2_ccerr *theirs = ngtcp2_conn_get_ccerr(conn->ngtcp2);
    uint64_t code = theirs->error_code;
    copy_words(theirs->reason, theirs->reasonlen, words, sizeof words);
    if (conn->was_reset)
        set_end(conn, LP_ERR_IO, 0,
                "the other side has forgotten this connection: it was started anew");
    else if (theirs->type == NGTCP2_CCERR_TYPE_APPLICATION || code == NGTCP2_NO_ERROR)
        set_end(conn, LP_OK, code, "%s", words);
    else if (code >= NGTCP2_CRYPTO_ERROR && code <= (NGTCP2_CRYPTO_ERROR | 0xff))
        end_by_alert(conn, (uint8_t)code);
    else if (code == NGTCP2_CONNECTION_REFUSED)
        set_end(conn, LP_ERR_REFUSED, 0, "the other side refused the connection: %s",
                words);
    else
        set_end(conn, LP_ERR_IO, 0, "the other side found an error, 0x%llx: %s",
                (unsigned long long)code, words);
}

/* --- the library ended it --------------------------------------------------------- */

static void end_silently(lp_conn *conn)
{
    conn->state = CONN_ENDED;
    lp_quic_make_due(conn);
}

static void end_by_tls(lp_conn *conn, lp_time now)
{
    enum { INTERNAL_ERROR = 80 };
    uint8_t alert = ngtcp2_conn_get_tls_alert(conn->ngtcp2);
    bool is_untrusted = conn->session.verdict[0] != '\0';
    if (is_untrusted) /* the verdict is the reason already; it is not the peer's to read
                       */
        conn->end.err = LP_ERR_UNTRUSTED;
    else
        set_end(conn, LP_ERR_IO, 0, "TLS failed on our side: alert %u, %s", alert,
                SSL_alert_desc_string_long(alert));
    ngtcp2_ccerr_set_tls_alert(&conn->close, alert ? alert : INTERNAL_ERROR, NULL, 0);
    conn->close_by = now;
    conn->state = CONN_CLOSING;
    lp_quic_make_due(conn);
}

static void end_by_timeout(lp_conn *conn)
{
    if (conn->is_up)
        set_end(conn, LP_ERR_TIMEOUT, 0,
                "nothing was heard from the other side for %u s",
                (unsigned)(conn->quic->config.idle_timeout / LP_SECONDS(1)));
    else
        set_end(conn, LP_ERR_TIMEOUT, 0,
                "no answer: nobody there, or UDP is blocked on the way");
    end_silently(conn);
}

void lp_conn_fail(lp_conn *conn, int liberr, lp_time now)
{
    if (conn->state != CONN_ALIVE) { /* it has its reason */
        end_silently(conn);
        return;
    }
    switch (liberr) {
    case NGTCP2_ERR_DRAINING:
        end_by_peer(conn);
        end_silently(conn);
        break;
    case NGTCP2_ERR_IDLE_CLOSE:
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
        end_by_timeout(conn);
        break;
    case NGTCP2_ERR_CRYPTO:
        end_by_tls(conn, now);
        break;
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
        set_end(conn, LP_ERR_REFUSED, 0,
                "the other side speaks another version of QUIC");
        end_silently(conn);
        break;
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY: /* tokens are checked before a connection exists */
        set_end(conn, LP_ERR_IO, 0, "the first packet was not usable");
        end_silently(conn);
        break;
    default:
        lp_conn_abort(conn, LP_ERR_IO,
                      ngtcp2_err_infer_quic_transport_error_code(liberr),
                      ngtcp2_strerror(liberr), now);
    }
}

/* --- afterwards ------------------------------------------------------------------- */

static bool leaves_a_tomb(const lp_conn *conn)
{
    return conn->last_words || ngtcp2_conn_in_draining_period(conn->ngtcp2);
}

/* RFC 9000 section 10.2: for three probe timeouts late packets are answered or ignored,
 * but not taken for a stranger's. */
static void erect_tomb(const lp_conn *conn, lp_slot *slot, lp_time now)
{
    lp_quic *quic = conn->quic;
    const ngtcp2_path *path = ngtcp2_conn_get_path(conn->ngtcp2);
    lp_duration time = 3 * ngtcp2_conn_get_pto(conn->ngtcp2);
    lp_tomb *tomb = malloc(sizeof *tomb + conn->last_words_len);
    if (!tomb) {
        lp_quic_give_slot(quic, slot);
        return;
    }
    *tomb = (lp_tomb){.local = lp_path_addr(&path->local),
                      .remote = lp_path_addr(&path->remote),
                      .len = conn->last_words_len};
    if (tomb->len)
        memcpy(tomb->packet, conn->last_words, tomb->len);
    slot->tomb = tomb;
    lp_timers_set(&quic->timers, &slot->timer,
                  lp_time_after(now, time < TOMB_MAX ? time : TOMB_MAX));
}

void lp_conn_bury(lp_conn *conn, lp_time now)
{
    lp_quic *quic = conn->quic;
    lp_slot *slot = conn->slot;
    const lp_quic_handler *handler = &quic->config.handler;
    bool is_known = conn->is_up || conn->is_client;
    if (!conn->is_up) {
        quic->stats.handshakes_failed++;
        lp_quic_on_handshake_over(conn);
    }
    if (!conn->is_client) {
        lp_keymap_remove(quic->foreign_ids,
                         lp_bytes_of(conn->first_dcid.data, conn->first_dcid.datalen));
        lp_census_leave(quic->census, &conn->counted_as);
    }
    quic->conn_count--;
    slot->conn = NULL;
    if (leaves_a_tomb(conn))
        erect_tomb(conn, slot, now);
    else
        lp_quic_give_slot(quic, slot);
    if (is_known)
        handler->on_ended(handler->state, conn, &conn->end, now);
    lp_conn_free(conn);
}

void lp_tomb_on_packet(lp_quic *quic, lp_tomb *tomb)
{
    uint32_t before = tomb->heard++;
    bool is_power_of_two = (before & tomb->heard) == 0;
    if (tomb->len == 0 ||
        !is_power_of_two) /* ever more rarely, as section 10.2.1 says */
        return;
    lp_stateless *out = lp_quic_stateless_space(quic, &tomb->local, &tomb->remote);
    if (!out)
        return;
    memcpy(out->packet, tomb->packet, tomb->len);
    lp_quic_queue(quic, (ngtcp2_ssize)tomb->len);
}
