/* QUIC application error codes with which either side closes (docs/protocol.md). */
#pragma once

enum {
    LP_CLOSE_NORMAL = 0,    /* shut down, left */
    LP_CLOSE_REJECTED = 1,  /* after a reject message */
    LP_CLOSE_PROTOCOL = 2,  /* a control message that cannot be read, or out of order */
    LP_CLOSE_MALFORMED = 3, /* too many malformed datagrams */
    LP_CLOSE_TIMEOUT = 4,   /* no hello in time */
    LP_CLOSE_REPLACED = 5,  /* the same identity joined again from elsewhere */
    LP_CLOSE_OVERLOADED = 6, /* limits reached */
    LP_CLOSE_INTERNAL = 7,   /* the closing side's own fault */
};
