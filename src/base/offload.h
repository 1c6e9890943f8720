/*
 * What a network card is still to do to a frame: finish its checksum, cut it into
 * segments. The words of a virtio-net header (linux/virtio_net.h), in ours: os/ hears
 * and says them, core/offload.h does the work, core/glue.h leaves it to the card.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum lp_gso {
    LP_GSO_NONE,
    LP_GSO_TCP4,
    LP_GSO_TCP6,
    LP_GSO_UDP,   /* of either IP version */
    LP_GSO_OTHER, /* what we do not know how to cut */
} lp_gso;

typedef struct lp_offload {
    bool needs_checksum;
    uint16_t checksum_start;  /* from the frame's start */
    uint16_t checksum_offset; /* from checksum_start */
    lp_gso gso;
    uint16_t segment_len; /* payload octets in each segment */
    uint16_t header_len;  /* a hint; the walk of the headers decides */
} lp_offload;

/* The frame is whole: nothing is left to do. */
#define LP_OFFLOAD_NONE (&(const lp_offload){0})
