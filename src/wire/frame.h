/*
 * The Ethernet header, as a view.
 *
 *   destination  6
 *   source       6
 *   ethertype    2   or, below 1536, the length of an IEEE 802.3 frame
 *   payload      *   to the end; the frame check sequence is never carried
 */
#pragma once

#include "base/error.h"
#include "base/mac.h"

#define LP_FRAME_HEADER_LEN 14
#define LP_FRAME_MIN_LEN    60   /* what a wire pads to (without the FCS) */
#define LP_FRAME_MAX_LEN    1518 /* header, one tag, 1500 octets; beyond it is jumbo */
#define LP_ETHERTYPE_MIN    1536 /* smaller values are lengths, IEEE 802.3 3.2.6 */

enum {
    LP_ETHERTYPE_IPV4 = 0x0800,
    LP_ETHERTYPE_ARP = 0x0806,
    LP_ETHERTYPE_VLAN = 0x8100, /* IEEE 802.1Q customer tag */
    LP_ETHERTYPE_IPV6 = 0x86dd,
    LP_ETHERTYPE_SLOW = 0x8809,  /* LACP, marker, OAM */
    LP_ETHERTYPE_EAPOL = 0x888e, /* IEEE 802.1X */
    LP_ETHERTYPE_SVLAN = 0x88a8, /* IEEE 802.1ad service tag */
    LP_ETHERTYPE_LOCAL = 0x88b5, /* local experimental 1, IEEE 802: our CAM refresh */
    LP_ETHERTYPE_LLDP = 0x88cc,
    LP_ETHERTYPE_QINQ_OLD = 0x9100, /* before 802.1ad */
    LP_ETHERTYPE_QINQ_OLD2 = 0x9200,
};

typedef struct lp_frame {
    lp_mac destination;
    lp_mac source;
    uint16_t ethertype; /* as on the wire: a tag's own type for tagged frames */
    lp_bytes payload;   /* borrowed from what was read */
} lp_frame;

/* LP_ERR_TRUNCATED below 14 octets: a runt. */
LP_MUST_USE lp_err lp_frame_read(lp_bytes bytes, lp_frame *out_frame);

/* Is this the ethertype of any kind of VLAN tag? */
bool lp_ethertype_is_tag(uint16_t ethertype);
