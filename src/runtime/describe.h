/*
 * Status as JSON: setters that read like a table, and the pieces that every program has.
 *
 * Functions that give a json_t give a new reference, or NULL when memory ran out; the
 * setters take NULL as jansson does: what cannot be made is left out.
 */
#pragma once

#include <jansson.h>

#include "core/stats.h"
#include "quic/endpoint.h"

void lp_tell_uint(json_t *object, const char *name, uint64_t value);
void lp_tell_text(json_t *object, const char *name, const char *value);
void lp_tell_bool(json_t *object, const char *name, bool value);
void lp_tell_ms(json_t *object, const char *name, lp_duration value); /* 12.345 */
void lp_tell_mac(json_t *object, const char *name, bool has_mac, lp_mac mac);
void lp_tell_addr(json_t *object, const char *name, const lp_addr *addr);
void lp_tell_ip(json_t *object, const char *name, const lp_addr *addr);
void lp_tell_take(json_t *object, const char *name,
                  json_t *value); /* value is theirs */

/* {"frames_rx": 12, ..., "drop_bpdu": 3}: only what is not zero, as in stats messages. */
json_t *lp_describe_stats(const lp_stats *stats);
json_t *lp_describe_reported(const lp_stats_message *message); /* NULL: {} */
/* {"rtt_us": 12345, ...}: those whose scope is in `scopes`, an or of LP_OF_*. */
#define LP_OF_CONNECTION (1u << LP_GAUGE_CONNECTION)
#define LP_OF_SOCKET     (1u << LP_GAUGE_SOCKET)
json_t *lp_describe_gauges(const lp_gauges *gauges, unsigned scopes);
json_t *lp_describe_conn(const lp_conn *conn);
json_t *lp_describe_quic(const lp_quic *quic);
