/* Pieces of status JSON that every program has. New references; NULL: out of memory. */
#pragma once

#include <jansson.h>

#include "core/stats.h"
#include "quic/endpoint.h"

/* {"frames_rx": 12, ..., "drop_bpdu": 3}: only what is not zero, as in stats messages. */
json_t *lp_describe_stats(const lp_stats *stats);
json_t *lp_describe_reported(const lp_stats_message *message); /* NULL: {} */
json_t *lp_describe_conn(const lp_conn *conn);
json_t *lp_describe_quic(const lp_quic *quic);

json_t *lp_json_ms(lp_duration duration); /* 12.345 */
json_t *lp_json_mac(bool has_mac, lp_mac mac);
json_t *lp_json_addr(const lp_addr *addr);
